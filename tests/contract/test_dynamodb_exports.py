"""DynamoDB: exports to S3 and imports from there."""

import gzip
import hashlib
import json
from base64 import b64encode

import pytest
from botocore.exceptions import ClientError

from tests.contract.cloudwatch_metrics import at
from tests.contract.dynamodb_tables import index, make_table, refusal

BUCKET, HOUR = "exports", 3600


@pytest.fixture
def dynamodb(aws):
    return aws("dynamodb")


@pytest.fixture
def s3(aws):
    client = aws("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return client


@pytest.fixture
def still(cloud):
    """The clock stands still, at a full second: clients tell whole seconds."""
    cloud.clock.freeze()
    cloud.clock.set(int(cloud.clock.now()) + 1)


def recoverable(dynamodb, name: str = "things") -> str:
    """The ARN of a table that can be recovered to any point in time."""
    arn = make_table(dynamodb, name)["TableArn"]
    dynamodb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    return arn


def put(dynamodb, key: str, **more):
    dynamodb.put_item(TableName="things", Item={"p": {"S": key}, **more})


def export(cloud, dynamodb, arn: str, **more) -> dict:
    begun = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=BUCKET, **more)["ExportDescription"]
    cloud.settle()
    return dynamodb.describe_export(ExportArn=begun["ExportArn"])["ExportDescription"]


def read(s3, key: str) -> bytes:
    return s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()


def lines(s3, key: str) -> list[dict]:
    return [json.loads(line) for line in gzip.decompress(read(s3, key)).splitlines()]


def exported(s3, told: dict) -> list[dict]:
    """The lines of all data files of an export."""
    summary = json.loads(read(s3, told["ExportManifest"]))
    files = [json.loads(line) for line in read(s3, summary["manifestFilesS3Key"]).splitlines()]
    return [line for file in files for line in lines(s3, file["dataFileS3Key"])]


def load(cloud, dynamodb, **more) -> dict:
    """Import a table called `loaded` from the bucket."""
    given = {
        "S3BucketSource": {"S3Bucket": BUCKET, "S3KeyPrefix": "in/"},
        "InputFormat": "DYNAMODB_JSON",
        "TableCreationParameters": {
            "TableName": "loaded",
            "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
        **more,
    }
    begun = dynamodb.import_table(**given)["ImportTableDescription"]
    assert begun["ImportStatus"] == "IN_PROGRESS"
    cloud.settle()
    return dynamodb.describe_import(ImportArn=begun["ImportArn"])["ImportTableDescription"]


# What is refused


def test_an_export_needs_point_in_time_recovery(dynamodb, s3):
    arn = make_table(dynamodb)["TableArn"]
    assert refusal(dynamodb.export_table_to_point_in_time, TableArn=arn, S3Bucket=BUCKET) == (
        "PointInTimeRecoveryUnavailableException",
        "Point in time recovery is not enabled for table 'things'",
    )
    missing = arn.replace("things", "none")
    assert refusal(dynamodb.export_table_to_point_in_time, TableArn=missing, S3Bucket=BUCKET) == (
        "TableNotFoundException",
        "Table not found: arn:aws:dynamodb:eu-west-1:000000000000:table/none",
    )


def test_an_export_lies_within_the_recovery_period(cloud, dynamodb, s3, still):
    arn = recoverable(dynamodb)
    early = at(cloud.clock.now() - HOUR)
    code, message = refusal(dynamodb.export_table_to_point_in_time, TableArn=arn, S3Bucket=BUCKET, ExportTime=early)
    assert (code, message) == (
        "InvalidExportTimeException",
        "The specified ExportTime is outside of the point in time recovery window.",
    )
    span = {"ExportFromTime": at(cloud.clock.now()), "ExportToTime": at(cloud.clock.now() + 60)}
    code, message = refusal(
        dynamodb.export_table_to_point_in_time,
        TableArn=arn, S3Bucket=BUCKET, ExportType="INCREMENTAL_EXPORT", IncrementalExportSpecification=span,
    )  # fmt: skip
    assert (code, "between 15 minutes and 24 hours" in message) == ("ValidationException", True)


def test_formats_that_are_not_done_are_refused_by_name(dynamodb, s3):
    arn = recoverable(dynamodb)
    asked = {"TableArn": arn, "S3Bucket": BUCKET, "ExportFormat": "ION"}
    assert refusal(dynamodb.export_table_to_point_in_time, **asked)[0] == "NotSupported"


def test_what_was_never_begun_is_not_found(dynamodb):
    arn = "arn:aws:dynamodb:eu-west-1:000000000000:table/things/export/01693685827463-2d8752fd"
    assert refusal(dynamodb.describe_export, ExportArn=arn)[0] == "ExportNotFoundException"
    assert refusal(dynamodb.describe_import, ImportArn=arn.replace("export", "import"))[0] == "ImportNotFoundException"


def test_a_token_stands_for_one_request(cloud, dynamodb, s3):
    arn = recoverable(dynamodb)
    first = export(cloud, dynamodb, arn, ClientToken="same")
    again = export(cloud, dynamodb, arn, ClientToken="same")
    assert again["ExportArn"] == first["ExportArn"]
    code, _ = refusal(
        dynamodb.export_table_to_point_in_time, TableArn=arn, S3Bucket=BUCKET, ClientToken="same", S3Prefix="other"
    )
    assert code == "ExportConflictException"


def test_a_table_of_that_name_is_not_imported_into(dynamodb, s3):
    make_table(dynamodb, "loaded")
    with pytest.raises(ClientError) as refused:
        load(None, dynamodb)
    assert refused.value.response["Error"]["Code"] == "ResourceInUseException"


# What is done


def test_a_full_export_is_laid_out_as_on_aws(cloud, dynamodb, s3):
    arn = recoverable(dynamodb)
    put(dynamodb, "a", n={"N": "1.50"}, b={"B": b"\x00\xff"}, m={"M": {"l": {"L": [{"BOOL": True}, {"NULL": True}]}}})
    put(dynamodb, "b", ns={"NS": ["1", "2"]}, bs={"BS": [b"x"]})
    told = export(cloud, dynamodb, arn, S3Prefix="daily", S3SseAlgorithm="AES256")
    number = told["ExportArn"].rpartition("/")[2]
    folder = f"daily/AWSDynamoDB/{number}/"
    assert (told["ExportStatus"], told["ItemCount"], told["ExportType"]) == ("COMPLETED", 2, "FULL_EXPORT")
    assert told["ExportManifest"] == f"{folder}manifest-summary.json"
    keys = [one["Key"].removeprefix(folder) for one in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    fixed = {"_started", "manifest-files.json", "manifest-files.md5", "manifest-summary.json", "manifest-summary.md5"}
    [data] = set(keys) - fixed
    assert set(keys) >= fixed
    assert data.startswith("data/") and data.endswith(".json.gz")
    summary = json.loads(read(s3, told["ExportManifest"]))
    assert summary == {
        **summary, "version": "2020-06-30", "exportArn": told["ExportArn"], "tableArn": arn, "s3Bucket": BUCKET,
        "s3Prefix": "daily", "s3SseAlgorithm": "AES256", "s3SseKmsKeyId": None, "itemCount": 2,
        "manifestFilesS3Key": f"{folder}manifest-files.json", "outputFormat": "DYNAMODB_JSON",
        "exportType": "FULL_EXPORT",
    }  # fmt: skip
    packed = read(s3, folder + data)
    [file] = [json.loads(line) for line in read(s3, f"{folder}manifest-files.json").splitlines()]
    digest = hashlib.md5(packed, usedforsecurity=False)
    assert file == {
        "itemCount": 2, "md5Checksum": b64encode(digest.digest()).decode(), "etag": digest.hexdigest(),
        "dataFileS3Key": folder + data,
    }  # fmt: skip
    assert sorted(lines(s3, folder + data), key=lambda line: line["Item"]["p"]["S"]) == [
        {"Item": {
            "p": {"S": "a"}, "n": {"N": "1.5"}, "b": {"B": "AP8="},
            "m": {"M": {"l": {"L": [{"BOOL": True}, {"NULL": True}]}}},
        }},
        {"Item": {"p": {"S": "b"}, "ns": {"NS": ["1", "2"]}, "bs": {"BS": ["eA=="]}}},
    ]  # fmt: skip
    sums = read(s3, f"{folder}manifest-summary.md5").decode()
    assert sums == b64encode(hashlib.md5(read(s3, told["ExportManifest"]), usedforsecurity=False).digest()).decode()


def test_exports_are_listed(cloud, dynamodb, s3):
    arn = recoverable(dynamodb)
    arns = {export(cloud, dynamodb, arn)["ExportArn"] for _ in range(3)}
    first = dynamodb.list_exports(TableArn=arn, MaxResults=2)
    rest = dynamodb.list_exports(TableArn=arn, MaxResults=2, NextToken=first["NextToken"])
    listed = first["ExportSummaries"] + rest["ExportSummaries"]
    assert {one["ExportArn"] for one in listed} == arns
    assert {one["ExportStatus"] for one in listed} == {"COMPLETED"}


def test_files_of_json_become_a_table(cloud, dynamodb, s3):
    items = [{"Item": {"p": {"S": str(n)}, "n": {"N": str(n)}, "b": {"B": "AP8="}}} for n in range(3)]
    text = "\n".join(map(json.dumps, items))
    s3.put_object(Bucket=BUCKET, Key="in/one.json", Body=text.encode())
    s3.put_object(Bucket=BUCKET, Key="in/two.json", Body=json.dumps(items[0]).encode() + json.dumps(items[1]).encode())
    told = load(cloud, dynamodb)
    counts = [told[name] for name in ("ImportStatus", "ProcessedItemCount", "ImportedItemCount", "ErrorCount")]
    assert counts == ["COMPLETED", 5, 5, 0]
    assert dynamodb.describe_table(TableName="loaded")["Table"]["TableStatus"] == "ACTIVE"
    assert dynamodb.scan(TableName="loaded")["Count"] == 3
    found = dynamodb.get_item(TableName="loaded", Key={"p": {"S": "2"}})["Item"]
    assert found == {"p": {"S": "2"}, "n": {"N": "2"}, "b": {"B": b"\x00\xff"}}
    [summary] = dynamodb.list_imports()["ImportSummaryList"]
    assert (summary["ImportArn"], summary["InputFormat"]) == (told["ImportArn"], "DYNAMODB_JSON")


def test_files_of_csv_have_keys_of_their_types_and_text_for_the_rest(cloud, dynamodb, s3):
    s3.put_object(Bucket=BUCKET, Key="in/a.csv", Body=b'p|number|note\na|7|"x|y"\nb|8|\n')
    parameters = {
        "TableName": "loaded",
        "AttributeDefinitions": [
            {"AttributeName": "p", "AttributeType": "S"},
            {"AttributeName": "number", "AttributeType": "N"},
        ],
        "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "number", "KeyType": "RANGE"}],
        "BillingMode": "PAY_PER_REQUEST",
        "GlobalSecondaryIndexes": [index("by-number", "number")],
    }
    options = {"Csv": {"Delimiter": "|"}}
    load(cloud, dynamodb, InputFormat="CSV", InputFormatOptions=options, TableCreationParameters=parameters)
    items = dynamodb.scan(TableName="loaded", IndexName="by-number")["Items"]
    assert sorted(items, key=lambda item: item["p"]["S"]) == [
        {"p": {"S": "a"}, "number": {"N": "7"}, "note": {"S": "x|y"}},
        {"p": {"S": "b"}, "number": {"N": "8"}},
    ]


@pytest.mark.parametrize("compression", ["GZIP", "ZSTD"])
def test_compressed_files_are_read(cloud, dynamodb, s3, compression):
    import zstandard

    text = json.dumps({"Item": {"p": {"S": "a"}}}).encode()
    packed = gzip.compress(text) if compression == "GZIP" else zstandard.ZstdCompressor().compress(text)
    s3.put_object(Bucket=BUCKET, Key="in/packed", Body=packed)
    assert load(cloud, dynamodb, InputCompressionType=compression)["ImportedItemCount"] == 1


def test_lines_that_are_no_items_are_counted_and_logged(aws, cloud, dynamodb, s3):
    good, bad = {"Item": {"p": {"S": "a"}}}, {"Item": {"q": {"S": "a"}}}
    text = "\n".join([json.dumps(good), json.dumps(bad), "nonsense"])
    s3.put_object(Bucket=BUCKET, Key="in/one.json", Body=text.encode())
    told = load(cloud, dynamodb)
    assert [told[name] for name in ("ImportStatus", "ImportedItemCount", "ErrorCount")] == ["FAILED", 1, 2]
    assert told["FailureCode"] == "ItemValidationError"
    assert dynamodb.describe_table(TableName="loaded")["Table"]["TableStatus"] == "ACTIVE"
    assert told["CloudWatchLogGroupArn"].endswith(":log-group:/aws-dynamodb/imports:*")
    events = aws("logs").filter_log_events(logGroupName="/aws-dynamodb/imports")["events"]
    assert [event["message"] for event in events] == [
        "in/one.json: One or more parameter values were invalid: Missing the key p in the item",
        "in/one.json: The line is not an item in DynamoDB JSON",
    ]


# What happens next


def test_an_export_tells_of_the_moment_that_it_names(cloud, dynamodb, s3, still):
    arn = recoverable(dynamodb)
    put(dynamodb, "before")
    moment = cloud.clock.now()
    cloud.clock.advance(60)
    put(dynamodb, "after")
    told = export(cloud, dynamodb, arn, ExportTime=at(moment))
    assert [line["Item"]["p"]["S"] for line in exported(s3, told)] == ["before"]


@pytest.mark.parametrize("view", ["NEW_AND_OLD_IMAGES", "NEW_IMAGE"])
def test_an_incremental_export_tells_what_changed(cloud, dynamodb, s3, still, view):
    arn = recoverable(dynamodb)
    for key in ("kept", "changed", "gone"):
        put(dynamodb, key, v={"S": "old"})
    cloud.clock.advance(HOUR)
    begin = cloud.clock.now()
    put(dynamodb, "changed", v={"S": "new"})
    put(dynamodb, "come")
    dynamodb.delete_item(TableName="things", Key={"p": {"S": "gone"}})
    cloud.clock.advance(HOUR)
    put(dynamodb, "later")
    span = {"ExportFromTime": at(begin), "ExportToTime": at(cloud.clock.now()), "ExportViewType": view}
    told = export(cloud, dynamodb, arn, ExportType="INCREMENTAL_EXPORT", IncrementalExportSpecification=span)
    found = {line["Keys"]["p"]["S"]: line for line in exported(s3, told)}
    assert sorted(found) == ["changed", "come", "gone"]
    old = {"OldImage": {"p": {"S": "changed"}, "v": {"S": "old"}}} if view == "NEW_AND_OLD_IMAGES" else {}
    assert found["changed"] == {
        "Metadata": {"WriteTimestampMicros": {"N": str(int(begin * 1_000_000))}},
        "Keys": {"p": {"S": "changed"}},
        **old,
        "NewImage": {"p": {"S": "changed"}, "v": {"S": "new"}},
    }
    assert "NewImage" not in found["gone"]
    summary = json.loads(read(s3, told["ExportManifest"]))
    assert (summary["version"], summary["exportType"], summary["outputView"]) == (
        "2023-08-01",
        "INCREMENTAL_EXPORT",
        view,
    )
    assert all(
        key["Key"].startswith("AWSDynamoDB/data/")
        for key in s3.list_objects_v2(Bucket=BUCKET)["Contents"]
        if key["Key"].endswith(".gz")
    )


def test_an_export_to_a_bucket_that_is_not_there_fails(cloud, dynamodb, s3):
    arn = recoverable(dynamodb)
    begun = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket="nowhere")["ExportDescription"]
    cloud.settle()
    told = dynamodb.describe_export(ExportArn=begun["ExportArn"])["ExportDescription"]
    assert (told["ExportStatus"], told["FailureCode"]) == ("FAILED", "S3NoSuchBucket")


def test_an_import_of_files_that_nobody_can_read_fails_and_its_table_goes(cloud, dynamodb, s3):
    source = {"S3Bucket": "nowhere"}
    begun = dynamodb.import_table(
        S3BucketSource=source, InputFormat="DYNAMODB_JSON",
        TableCreationParameters={
            "TableName": "loaded", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
        },
    )["ImportTableDescription"]  # fmt: skip
    cloud.settle()
    told = dynamodb.describe_import(ImportArn=begun["ImportArn"])["ImportTableDescription"]
    assert (told["ImportStatus"], told["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
    assert dynamodb.list_tables()["TableNames"] == []


def test_what_was_exported_can_be_imported(cloud, dynamodb, s3):
    arn = recoverable(dynamodb)
    for number in range(1200):
        put(dynamodb, str(number), n={"N": str(number)})
    export(cloud, dynamodb, arn)
    [data] = [
        one["Key"]
        for one in s3.list_objects_v2(Bucket=BUCKET, Prefix="AWSDynamoDB/")["Contents"]
        if one["Key"].endswith(".gz")
    ]
    source = {"S3Bucket": BUCKET, "S3KeyPrefix": data.rpartition("/")[0]}
    told = load(cloud, dynamodb, S3BucketSource=source, InputCompressionType="GZIP")
    assert told["ImportedItemCount"] == 1200
    assert dynamodb.describe_table(TableName="loaded")["Table"]["ItemCount"] == 1200
