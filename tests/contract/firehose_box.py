"""What the tests of Data Firehose share: a bucket, a role that may use it, delivery streams, and what they deliver."""

import gzip
import json
from dataclasses import dataclass
from functools import cached_property

import pytest
from botocore.exceptions import ClientError

ACCOUNT, REGION = "000000000000", "eu-west-1"
ARN = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
FAR_AWAY = {"SizeInMBs": 5, "IntervalInSeconds": 900}


def refusal(call, *arguments, **parameters):
    """(code, message) of the error with which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call(*arguments, **parameters)
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


@dataclass
class Box:
    """A cloud with what delivery streams need: `lake` is a bucket, `role` may do everything that is asked of it."""

    aws: object
    cloud: object = None

    def __post_init__(self):
        self.firehose, self.s3 = self.aws("firehose"), self.aws("s3")
        self.s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": REGION})

    @cached_property
    def role(self):
        return self.new_role("deliverer", "s3:*", "kinesis:*", "logs:*", "lambda:*", "kms:*", "secretsmanager:*")

    def new_role(self, name, *actions, service="firehose.amazonaws.com"):
        iam = self.aws("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        if actions:
            self.grant(name, *actions)
        return arn

    def grant(self, name, *actions):
        allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        self.aws("iam").put_role_policy(RoleName=name, PolicyName="granted", PolicyDocument=policy)

    def settings(self, **more):
        """Of a bucket as destination."""
        return {"RoleARN": self.role, "BucketARN": "arn:aws:s3:::lake", **more}

    def make(self, name="events", source=None, **settings):
        """A delivery stream with the bucket as its destination; its ARN."""
        created = self.firehose.create_delivery_stream(
            DeliveryStreamName=name, ExtendedS3DestinationConfiguration=self.settings(**settings), **(source or {})
        )
        return created["DeliveryStreamARN"]

    def processed(self, *processors, name="events", **settings):
        """A delivery stream with processors: each a type and its parameters."""
        listed = [
            {
                "Type": kind,
                "Parameters": [{"ParameterName": one, "ParameterValue": value} for one, value in given.items()],
            }
            for kind, given in processors
        ]
        return self.make(name, ProcessingConfiguration={"Enabled": True, "Processors": listed}, **settings)

    def put(self, *data, name="events"):
        """Records, all at once."""
        records = [{"Data": one} for one in data]
        return self.firehose.put_record_batch(DeliveryStreamName=name, Records=records)

    def describe(self, name="events"):
        return self.firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]

    def destination(self, name="events"):
        return self.describe(name)["Destinations"][0]["ExtendedS3DestinationDescription"]

    def update(self, name="events", **changes):
        self.firehose.update_destination(
            DeliveryStreamName=name, CurrentDeliveryStreamVersionId=self.describe(name)["VersionId"],
            DestinationId="destinationId-000000000001", ExtendedS3DestinationUpdate=changes,
        )  # fmt: skip

    def names(self, bucket="lake"):
        """The names of the objects that have been delivered."""
        return [found["Key"] for found in self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]

    def read(self, key, bucket="lake"):
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def bodies(self, bucket="lake"):
        """What lies in the objects, in the order of their names."""
        return [self.read(key, bucket) for key in self.names(bucket)]

    def failed(self, prefix=""):
        """The failed records that objects tell of, below a prefix."""
        told = [self.read(key) for key in self.names() if key.startswith(prefix)]
        return [json.loads(line) for body in told for line in body.splitlines()]

    def logged(self, group="/firehose", stream="errors"):
        """The messages in a log."""
        events = self.aws("logs").get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)
        return [json.loads(event["message"]) for event in events["events"]]

    def log(self, group="/firehose", stream="errors"):
        """A log, and the options with which a destination uses it."""
        self.aws("logs").create_log_group(logGroupName=group)
        self.aws("logs").create_log_stream(logGroupName=group, logStreamName=stream)
        return {"Enabled": True, "LogGroupName": group, "LogStreamName": stream}


def log_data(*messages):
    """A batch of log events, as CloudWatch Logs sends it."""
    events = [{"id": str(number), "timestamp": 1, "message": text} for number, text in enumerate(messages)]
    batch = {"messageType": "DATA_MESSAGE", "owner": ACCOUNT, "logGroup": "g", "logStream": "s", "logEvents": events}
    return gzip.compress(json.dumps(batch).encode())
