"""Records of sources in events: the shapes that AWS documents."""

from glasshouse.engines.sourcerecords import batch_info, instant, kinesis_data, kinesis_origin, of_change, of_message

QUEUE = "arn:aws:sqs:us-east-2:123456789012:my-queue"
STREAM = "arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream"
CHANGES = "arn:aws:dynamodb:us-east-2:123456789012:table/t/stream/2024-01-01T00:00:00.000"


def test_a_message():
    attributes = {"SenderId": "A", "SentTimestamp": "1545082649183", "ApproximateReceiveCount": "1"}
    message = {
        "MessageId": "m", "ReceiptHandle": "r", "Body": "Test message.", "Attributes": attributes, "MD5OfBody": "d",
        "MD5OfMessageAttributes": "e",
        "MessageAttributes": {
            "text": {"StringValue": "x", "DataType": "String"}, "data": {"BinaryValue": b"x", "DataType": "Binary"},
        },
    }  # fmt: skip
    assert of_message(message, QUEUE) == {
        "messageId": "m", "receiptHandle": "r", "body": "Test message.", "attributes": attributes, "md5OfBody": "d",
        "md5OfMessageAttributes": "e", "eventSource": "aws:sqs", "eventSourceARN": QUEUE, "awsRegion": "us-east-2",
        "messageAttributes": {
            "text": {"stringListValues": [], "binaryListValues": [], "stringValue": "x", "dataType": "String"},
            "data": {"stringListValues": [], "binaryListValues": [], "binaryValue": "eA==", "dataType": "Binary"},
        },
    }  # fmt: skip


def test_a_message_without_attributes():
    event = of_message({"MessageId": "m", "ReceiptHandle": "r", "Body": "b", "MD5OfBody": "d"}, QUEUE)
    assert (event["attributes"], event["messageAttributes"]) == ({}, {})
    assert "md5OfMessageAttributes" not in event


def test_a_record_of_kinesis():
    record = {
        "PartitionKey": "1", "SequenceNumber": "495", "Data": b"Hello", "ApproximateArrivalTimestamp": 1545084650.98712,
    }  # fmt: skip
    assert kinesis_data(record) == {
        "kinesisSchemaVersion": "1.0", "partitionKey": "1", "sequenceNumber": "495", "data": "SGVsbG8=",
        "approximateArrivalTimestamp": 1545084650.987,
    }  # fmt: skip
    assert kinesis_origin(record, STREAM, "shardId-000000000006", "role") == {
        "eventVersion": "1.0", "eventID": "shardId-000000000006:495", "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "role", "eventSource": "aws:kinesis", "eventSourceARN": STREAM, "awsRegion": "us-east-2",
    }  # fmt: skip


def test_a_change_of_a_table():
    dynamodb = {"Keys": {"id": {"N": "1"}}, "NewImage": {"b": {"BS": [b"x"]}}, "ApproximateCreationDateTime": 7.0}
    record = {"eventID": "1", "eventName": "REMOVE", "eventVersion": "1.1", "dynamodb": dynamodb}
    service = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
    told = of_change({**record, "userIdentity": service}, CHANGES)
    assert told["dynamodb"] == {
        "Keys": {"id": {"N": "1"}}, "NewImage": {"b": {"BS": ["eA=="]}}, "ApproximateCreationDateTime": 7.0,
    }  # fmt: skip
    assert told["userIdentity"] == {"principalId": "dynamodb.amazonaws.com", "type": "Service"}
    assert (told["eventSource"], told["eventSourceARN"]) == ("aws:dynamodb", CHANGES)
    assert "userIdentity" not in of_change(record, CHANGES)


def test_what_was_given_up():
    assert instant(1545084650.9876) == "2018-12-17T22:10:50.987Z"
    assert batch_info(STREAM, "shard", ("1", "5"), (0.0, 1.5), 5) == {
        "shardId": "shard", "startSequenceNumber": "1", "endSequenceNumber": "5", "batchSize": 5, "streamArn": STREAM,
        "approximateArrivalOfFirstRecord": "1970-01-01T00:00:00Z",
        "approximateArrivalOfLastRecord": "1970-01-01T00:00:01.500Z",
    }  # fmt: skip
