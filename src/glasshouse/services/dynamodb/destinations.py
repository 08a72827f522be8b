"""Kinesis streams as destinations: each change of an item becomes a record of a stream, by a job after the commit.

Source: developer guide, "Using Kinesis Data Streams to capture changes". A record that the stream does not take is
tried again for a quarter of a minute.
"""

import hashlib

import msgspec

from glasshouse.core import ServiceError, ids
from glasshouse.engines.dynamo import Item, measure_item
from glasshouse.services.dynamodb.errors import ValidationException
from glasshouse.services.dynamodb.keys import Place, key_of
from glasshouse.services.dynamodb.records import Destination, DynamoTable

MOST_ACTIVE = 2
PER_SECOND = {"MILLISECOND": 1_000, "MICROSECOND": 1_000_000}
CANNOT = "Table is not in a valid state to {what} Kinesis Streaming Destination: {why}"


class Destinations:
    """Enable-, Disable-, Update- and DescribeKinesisStreamingDestination."""

    def enable_kinesis_streaming_destination(
        self, table_name: str, stream_arn: str, enable_kinesis_streaming_configuration: dict | None = None
    ):
        table = self._described(table_name)
        known = _destination(table, stream_arn)
        if known is not None and known.destination_status != "DISABLED":
            why = "EnableKinesisStreamingDestination must be DISABLED to perform ENABLE operation."
            raise ValidationException(CANNOT.format(what="enable", why=why))
        if len(table.told) >= MOST_ACTIVE:
            raise ValidationException(f"A table can have {MOST_ACTIVE} active Kinesis streaming destinations at most")
        try:
            self.aws.as_caller().kinesis.describe_stream_summary(StreamARN=stream_arn)
        except ServiceError:
            raise ValidationException("User does not have a permission to use kinesis stream") from None
        precision = _precision(enable_kinesis_streaming_configuration) or "MILLISECOND"
        table.destinations = [one for one in table.destinations if one.stream_arn != stream_arn]
        table.destinations.append(Destination(stream_arn, "ENABLING", precision))
        told = {"EnableKinesisStreamingConfiguration": {"ApproximateCreationDateTimePrecision": precision}}
        return self._settle_later(table, stream_arn, "ENABLING", told)

    def disable_kinesis_streaming_destination(
        self, table_name: str, stream_arn: str, enable_kinesis_streaming_configuration: dict | None = None
    ):
        table = self._described(table_name)
        destination = _destination(table, stream_arn)
        if destination is None or destination.destination_status not in ("ACTIVE", "UPDATING"):
            why = "DisableKinesisStreamingDestination must be ACTIVE to perform DISABLE operation."
            raise ValidationException(CANNOT.format(what="disable", why=why))
        destination.destination_status = "DISABLING"
        return self._settle_later(table, stream_arn, "DISABLING", {})

    def update_kinesis_streaming_destination(
        self, table_name: str, stream_arn: str, update_kinesis_streaming_configuration: dict | None = None
    ):
        table = self._described(table_name)
        destination = _destination(table, stream_arn)
        if destination is None or destination.destination_status != "ACTIVE":
            why = f"No streaming destination with streamArn: {stream_arn} found for table with tableName: {table.name}"
            raise ValidationException(CANNOT.format(what="enable", why=why))
        precision = _precision(update_kinesis_streaming_configuration)
        if precision is None:
            raise ValidationException(
                "Streaming destination cannot be updated with given parameters: UpdateKinesisStreamingConfiguration"
                " cannot be null or contain only null values"
            )
        if precision == destination.approximate_creation_date_time_precision:
            raise ValidationException(
                f"Invalid Request: Precision is already set to the desired value of {precision} for tableId:"
                f" {table.id}, kinesisStreamArn: {stream_arn}"
            )
        destination.approximate_creation_date_time_precision = precision
        destination.destination_status = "UPDATING"
        told = {"UpdateKinesisStreamingConfiguration": {"ApproximateCreationDateTimePrecision": precision}}
        return self._settle_later(table, stream_arn, "UPDATING", told)

    def describe_kinesis_streaming_destination(self, table_name: str):
        table = self._described(table_name)
        return {"TableName": table.name, "KinesisDataStreamDestinations": table.destinations}

    # Within

    def _settle_later(self, table: DynamoTable, arn: str, status: str, told: dict) -> dict:
        self._keep(table)
        self.later("_settle_destination", name=table.name, arn=arn)
        return {"TableName": table.name, "StreamArn": arn, "DestinationStatus": status, **told}

    def _settle_destination(self, name: str, arn: str):
        table = self.tables.get(name)
        destination = _destination(table, arn) if table else None
        if table is None or destination is None:
            return
        status = destination.destination_status
        destination.destination_status = {"ENABLING": "ACTIVE", "UPDATING": "ACTIVE", "DISABLING": "DISABLED"}[status]
        self._keep(table)

    def _tell_destinations(self, table: DynamoTable, place: Place, old: Item | None, new: Item | None, expired: bool):
        some = new if new is not None else old
        if some is None or old == new:
            return
        images = {"Keys": key_of(table, some), "NewImage": new, "OldImage": old}
        images = {name: image for name, image in images.items() if image is not None}
        size = sum(map(measure_item, images.values()))
        record = {
            "awsRegion": self.call.region,
            "eventID": ids.uuid(),
            "eventName": "INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
            "userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"} if expired else None,
            "recordFormat": "application/json",
            "tableName": table.name,
        }
        key = hashlib.md5(place[0], usedforsecurity=False).hexdigest()
        for destination in table.told:
            precision = destination.approximate_creation_date_time_precision
            moment = {"ApproximateCreationDateTime": int(self.now * PER_SECOND[precision])}
            if precision == "MICROSECOND":
                moment["ApproximateCreationDateTimePrecision"] = precision
            told = {**record, "dynamodb": {**moment, **images, "SizeBytes": size}, "eventSource": "aws:dynamodb"}
            data = msgspec.json.encode(told).decode()
            self.later("_put_change", arn=destination.stream_arn, data=data, key_text=key)

    def _put_change(self, arn: str, data: str, key_text: str):
        self.aws.kinesis.put_record(StreamARN=arn, Data=data.encode(), PartitionKey=key_text)


def _destination(table: DynamoTable, arn: str) -> Destination | None:
    return next((one for one in table.destinations if one.stream_arn == arn), None)


def _precision(configuration: dict | None) -> str | None:
    return (configuration or {}).get("ApproximateCreationDateTimePrecision")
