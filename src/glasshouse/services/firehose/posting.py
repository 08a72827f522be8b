"""Delivery to an HTTP endpoint: one request for each buffer, tried again for as long as the destination says, and then
laid into the bucket beside it.

https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html
Differs from AWS: the pauses between attempts double from one second, without jitter; a request is held in memory.
"""

import gzip
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any

from glasshouse.core import documents, ids
from glasshouse.core.web import Asked, Fetched, fetch, trusted
from glasshouse.services.firehose.buffers import Buffer, Item
from glasshouse.services.firehose.encryption import opened
from glasshouse.services.firehose.errors import InvalidArgumentException
from glasshouse.services.firehose.records import DeliveryStream
from glasshouse.services.firehose.writing import NAMESPACE

FAILED = "http-endpoint-failed"
TIMEOUT_S = 180
LONGEST_PAUSE_S = 120
TOO_LARGE = 413
SHOWN_BYTES = 1024
HEADER = "x-amz-firehose-"
INVALID = (
    "HttpEndpoint.InvalidResponseFromDestination", "The response received from the specified endpoint is invalid.",
)  # fmt: skip
Reason = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Parcel:
    """A sealed buffer on its way to an endpoint."""

    number: int
    request_id: str
    moment: float
    url: str
    headers: dict[str, str]
    is_compressed: bool
    cipher: Any


class Posting:
    """The way to an endpoint."""

    def _planned_post(self, stream: DeliveryStream, buffer: Buffer, cipher: Any) -> Parcel:
        """Raises ServiceError, if the access key cannot be read."""
        if buffer.name is None:
            buffer.name = ids.uuid()  # the same in each attempt
            self._buffers.keep(buffer)
        destination = stream.destination
        request = destination["RequestConfiguration"]
        headers = {
            "content-type": "application/json",
            "user-agent": "Amazon Kinesis Data Firehose Agent/1.0",
            f"{HEADER}protocol-version": "1.0",
            f"{HEADER}request-id": buffer.name,
            f"{HEADER}source-arn": stream.delivery_stream_arn,
        }
        if attributes := request["CommonAttributes"]:
            common = {one["AttributeName"]: one["AttributeValue"] for one in attributes}
            headers[f"{HEADER}common-attributes"] = json.dumps({"commonAttributes": common}, separators=(",", ":"))
        if (key := self._access_key(stream)) is not None:
            headers[f"{HEADER}access-key"] = key
        is_compressed = request["ContentEncoding"] == "GZIP"
        if is_compressed:
            headers["content-encoding"] = "gzip"
        url = destination["EndpointConfiguration"]["Url"]
        return Parcel(buffer.id, buffer.name, self.now, url, headers, is_compressed, cipher)

    def _access_key(self, stream: DeliveryStream) -> str | None:
        secret = stream.destination["SecretsManagerConfiguration"]
        if secret.get("Enabled"):
            role = secret.get("RoleARN") or stream.destination.get("RoleARN")
            reader = self.aws.as_role(role) if role else self.aws.as_service(stream.delivery_stream_arn)
            kept = reader.secretsmanager.get_secret_value(SecretId=secret["SecretARN"])
            return _key_in(kept.get("SecretString") or "")
        if stream.access_key is None:
            return None
        return self.cloud.seal.open(b64decode(stream.access_key), stream.delivery_stream_arn.encode()).decode()

    def _post(self, parcel: Parcel):
        """One attempt. In a thread."""
        body = self._parcel_body(parcel)
        asked = Asked("POST", parcel.url, parcel.headers, body, TIMEOUT_S, self.cloud.url)
        fetched = fetch(asked, lambda: trusted(self.cloud))
        reason = _reason_against(fetched, parcel.request_id)
        is_final = fetched.status == TOO_LARGE
        self.inside("_posted", number=parcel.number, size=len(body), reason=reason, is_final=is_final)

    def _parcel_body(self, parcel: Parcel) -> bytes:
        pieces = [f'{{"requestId":"{parcel.request_id}","timestamp":{int(parcel.moment * 1000)},"records":['.encode()]
        separator = b""
        for portion in self._portions(parcel.number):
            for item in portion:
                data = opened(parcel.cipher, item.data)
                pieces.append(separator + b'{"data":"' + b64encode(data) + b'"}')
                separator = b","
        body = b"".join([*pieces, b"]}"])
        return gzip.compress(body, mtime=0) if parcel.is_compressed else body

    def _posted(self, number: int, size: int, reason: Reason | None, is_final: bool):
        """Forget the records, or see to it that they are sent again."""
        found = self._of_buffer(number)
        if found is None:
            return
        buffer, stream = found
        buffer.attempts += 1
        name = {"DeliveryStreamName": stream.delivery_stream_name}
        self.metric(NAMESPACE, "DeliveryToHttpEndpoint.Success", int(reason is None), "Count", name)
        self.metric(NAMESPACE, "DeliveryToHttpEndpoint.ProcessedBytes", size, "Bytes", name)
        self.metric(NAMESPACE, "DeliveryToHttpEndpoint.ProcessedRecords", buffer.records, "Count", name)
        if reason is None:
            self._count_post(buffer, name)
            self._buffers.drop(buffer)
        else:
            self._not_posted(stream, buffer, reason, is_final)

    def _not_posted(self, stream: DeliveryStream, buffer: Buffer, reason: Reason, is_final: bool):
        if buffer.begun is None:
            buffer.begun = self.now
        self._report_of_destination(stream, *reason)
        longest = stream.destination["RetryOptions"]["DurationInSeconds"]
        pause = min(2 ** (buffer.attempts - 1), LONGEST_PAUSE_S)
        if not is_final and self.now + pause - buffer.begun <= longest:
            self._buffers.keep(buffer)
            self.later("_deliver", after=pause, number=buffer.id)
            return
        self._lay_aside(stream, buffer, reason)

    def _lay_aside(self, stream: DeliveryStream, buffer: Buffer, reason: Reason):
        """What an endpoint does not take goes into the bucket, as records of a failure."""
        cipher, after = self._cipher(stream, buffer), 0
        while portion := self._portion(buffer.id, after):
            told = [_told(opened(cipher, item.data), item, reason, buffer.attempts, self.now) for item in portion]
            self._fill(stream, FAILED, told)
            after += len(portion)
        self._buffers.drop(buffer)

    def _count_post(self, buffer: Buffer, name: dict[str, str]):
        self.metric(NAMESPACE, "DeliveryToHttpEndpoint.Bytes", buffer.size, "Bytes", name)
        self.metric(NAMESPACE, "DeliveryToHttpEndpoint.Records", buffer.records, "Count", name)
        freshness = max(0.0, self.now - buffer.oldest)
        self.metric(NAMESPACE, "DeliveryToHttpEndpoint.DataFreshness", freshness, "Seconds", name)


def _key_in(secret: str) -> str:
    """The access key that a secret holds."""
    try:
        return str(documents.read(secret)["api_key"])
    except (ValueError, KeyError, TypeError):
        raise InvalidArgumentException("The secret is not a JSON object with an api_key.") from None


def _reason_against(fetched: Fetched, request_id: str) -> Reason | None:
    """Why an answer is not what it must be."""
    if fetched.timed_out:
        return "HttpEndpoint.RequestTimeout", "The request to the endpoint timed out."
    if not fetched.status:
        return "HttpEndpoint.ConnectionFailed", f"The endpoint could not be reached. {fetched.failure}"
    text = fetched.body[:SHOWN_BYTES].decode("utf-8", "replace")
    if fetched.status != 200:
        return (
            "HttpEndpoint.DestinationException",
            f"Received the following response from the endpoint destination. {fetched.status}: {text}",
        )
    try:
        answer = documents.read(fetched.body)
        is_ours = answer["requestId"] == request_id and isinstance(answer["timestamp"], int)
    except (ValueError, KeyError, TypeError):
        is_ours = False
    return None if is_ours else INVALID


def _told(data: bytes, item: Item, reason: Reason, attempts: int, moment: float) -> Item:
    code, message = reason
    told = {
        "attemptsMade": attempts,
        "arrivalTimestamp": int(item.arrived * 1000),
        "errorCode": code,
        "errorMessage": message,
        "attemptEndingTimestamp": int(moment * 1000),
        "rawData": b64encode(data).decode(),
        "subsequenceNumber": "",
        "dataId": ids.uuid(),
    }
    return Item(json.dumps(told, separators=(",", ":")).encode() + b"\n", item.arrived)
