"""Talking to S3 in tests: a client and a bucket, what was refused, what came back."""

import base64
import hashlib

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

HELLO = b"hello, world"
MD5 = hashlib.md5(HELLO).hexdigest()


def with_a_box(aws):
    """A client that adds no checksums of its own, and the bucket `box`."""
    plain = Config(request_checksum_calculation="when_required", response_checksum_validation="when_required")
    client = aws("s3", "us-east-1", plain)
    client.create_bucket(Bucket="box")
    return client


def refused(call, *args, **params) -> dict:
    """The error with which a call is refused, its HTTP status and headers among it."""
    with pytest.raises(ClientError) as refusal:
        call(*args, **params)
    response = refusal.value.response
    meta = response["ResponseMetadata"]
    return response["Error"] | {"Status": meta["HTTPStatusCode"], "Headers": meta["HTTPHeaders"]}


def said(error: dict) -> tuple[str, int]:
    return error["Code"], error["Status"]


def body(answer: dict) -> bytes:
    return answer["Body"].read()


def base64_of(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


class Uploading:
    """An upload in parts to the key `key` of the box."""

    def __init__(self, s3, **params):
        self.s3 = s3
        self.begun = s3.create_multipart_upload(Bucket="box", Key="key", **params)
        self.named = {"Bucket": "box", "Key": "key", "UploadId": self.begun["UploadId"]}

    def put(self, number: int, content: bytes, **params) -> dict:
        put = self.s3.upload_part(**self.named, PartNumber=number, Body=content, **params)
        checksums = {name: value for name, value in put.items() if name.startswith("Checksum") and "Type" not in name}
        return {"PartNumber": number, "ETag": put["ETag"]} | checksums

    def complete(self, *parts: dict, **params) -> dict:
        listed = [{name: value for name, value in part.items() if name != "ChecksumCRC64NVME"} for part in parts]
        return self.s3.complete_multipart_upload(**self.named, MultipartUpload={"Parts": listed}, **params)
