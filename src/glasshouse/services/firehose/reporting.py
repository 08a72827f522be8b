"""Errors, told in CloudWatch Logs if the destination says so, by its role.

https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html
"""

import json
from typing import Any

from glasshouse.core import ServiceError
from glasshouse.services.firehose.records import HTTP, MAIN, DeliveryStream

TEXTS = {
    "AccessDenied": (
        "Access was denied. Ensure that the trust policy for the provided IAM role allows Firehose to assume the role,"
        " and the access policy allows access to the S3 bucket."
    ),
    "NoSuchBucket": (
        "The specified bucket does not exist. Create the bucket or use a different bucket that does exist."
    ),
    "KMS.NotFoundException": (
        "The Amazon KMS key was not found. If you are using what you believe to be a valid Amazon KMS key with the"
        " correct role, check if there is a problem with the account to which the Amazon KMS key is attached."
    ),
    "KMS.DisabledException": "The provided KMS key is disabled. Enable the key or use a different key.",
}


class Reporting:
    """What goes into the log of a destination."""

    def _report_of_bucket(self, stream: DeliveryStream, kind: str, refusal: ServiceError):
        """That an object could not be made."""
        settings = stream.bucket(kind)
        code = refusal.code.removesuffix("Exception") if "AccessDenied" in refusal.code else refusal.code
        message = TEXTS.get(code, refusal.message or code)
        self._report(stream, settings, settings["BucketARN"], f"S3.{code}", message)

    def _report_of_destination(self, stream: DeliveryStream, code: str, message: str, **more: Any):
        """Any other error of the destination of a stream."""
        settings = stream.destination
        where = settings["EndpointConfiguration"]["Url"] if stream.kind == HTTP else settings["BucketARN"]
        self._report(stream, settings, where, code, message, **more)

    def _report(
        self, stream: DeliveryStream, settings: dict[str, Any], destination: str, code: str, message: str, **more: Any
    ):
        logging = settings["CloudWatchLoggingOptions"]
        role = settings.get("RoleARN") or stream.bucket(MAIN)["RoleARN"]
        if not logging.get("Enabled"):
            return
        told = {
            "deliveryStreamARN": stream.delivery_stream_arn, "destination": destination,
            "deliveryStreamVersionId": stream.version_id, "message": message, "errorCode": code,
            **{name: value for name, value in more.items() if value is not None},
        }  # fmt: skip
        try:
            with self.store.transaction():
                self.aws.as_role(role).logs.put_log_events(
                    logGroupName=logging["LogGroupName"], logStreamName=logging["LogStreamName"],
                    logEvents=[{"timestamp": int(self.now * 1000), "message": json.dumps(told)}],
                )  # fmt: skip
        except ServiceError:
            return  # nobody hears of it, as on AWS
