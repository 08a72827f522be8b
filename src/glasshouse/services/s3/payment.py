"""Who pays for requests, and transfer acceleration.

Nothing costs anything here, but where the requester is to pay, others than the owner's account must say that they will:
those who do not, and strangers, are refused as on AWS. Acceleration is invisible on one machine: it is kept and shown.
"""

from glasshouse.services.s3.errors import AccessDenied, InvalidRequest, MalformedXML
from glasshouse.services.s3.records import Bucket

PAYERS = ("BucketOwner", "Requester")
ACCELERATIONS = ("Enabled", "Suspended")
CHARGED = {"RequestCharged": "requester"}


class Payment:
    def put_bucket_request_payment(
        self, bucket: str, request_payment_configuration: dict, content_md5: str | None = None,
        checksum_algorithm: str | None = None, expected_bucket_owner: str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        payer = request_payment_configuration["Payer"]
        if payer not in PAYERS:
            raise MalformedXML()
        found.requester_pays = payer == "Requester"
        self.buckets.put(found)

    def get_bucket_request_payment(self, bucket: str, expected_bucket_owner: str | None = None):
        return {"Payer": PAYERS[self._bucket(bucket, expected_bucket_owner).requester_pays]}

    def put_bucket_accelerate_configuration(
        self, bucket: str, accelerate_configuration: dict, checksum_algorithm: str | None = None,
        expected_bucket_owner: str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        if "." in bucket:
            raise InvalidRequest(
                "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names"
            )
        status = accelerate_configuration.get("Status")
        if status not in ACCELERATIONS:
            raise MalformedXML()
        if status == "Enabled" or self._setting(found, "acceleration"):  # what never was cannot be suspended
            self._keep_setting(found, "acceleration", status)

    def get_bucket_accelerate_configuration(
        self, bucket: str, expected_bucket_owner: str | None = None, request_payer: str | None = None
    ):
        return {"Status": self._setting(self._bucket(bucket, expected_bucket_owner), "acceleration")}

    def _check_payer(self, bucket: Bucket):
        """Called for a bucket whose requesters pay. Raises AccessDenied for those who do not say that they will."""
        call = self.call
        if self._is_free(bucket) or call.params.get("RequestPayer") == "requester":
            return
        try:
            operation = self.cloud.model.operation("s3", call.operation)
        except KeyError:  # a form, which does not say who pays
            raise AccessDenied() from None
        if "RequestPayer" in operation.arguments:
            raise AccessDenied()

    def _charge(self, bucket: Bucket) -> dict[str, str]:
        """What the answer says of a bucket whose requesters pay."""
        return {} if self._is_free(bucket) else CHARGED

    def _is_free(self, bucket: Bucket) -> bool:
        """Whether the owner pays all the same: for the own account, and what the cloud itself does."""
        principal = self.call.principal
        return principal.account == bucket.account or principal.kind == "service"
