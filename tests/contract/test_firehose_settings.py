"""What a delivery stream may be told: buckets, prefixes, partitions and processors that make no sense are refused."""

import pytest

from tests.contract.firehose_box import FUNCTION, Box, refusal

INVALID = "InvalidArgumentException"
ELSEWHERE = "arn:aws:kms:us-east-1:012345678901:key/k"
CONSTRAINT = "Ths supplied prefix(es) do not satisfy the following constraint: "
ERRORS = "errors/!{firehose:error-output-type}/"


@pytest.fixture
def box(aws):
    return Box(aws)


# What is refused


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"BucketARN": "arn:aws:s3:eu-west-1:1:lake"}, r"arn:.*:s3:::[\w\.\-]{1,255}"),
        ({"CompressionFormat": "SNAPPY"}, "Member must satisfy enum value set"),
        ({"FileExtension": "json"}, "Member must satisfy regular expression pattern"),
        ({"BufferingHints": {"SizeInMBs": 129, "IntervalInSeconds": 60}}, "less than or equal to 128"),
        ({"BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 901}}, "less than or equal to 900"),
        ({"BufferingHints": {"SizeInMBs": 1}}, "Both SizeInMBs and IntervalInSeconds"),
        ({"CloudWatchLoggingOptions": {"Enabled": True}}, "CloudWatch Log Group Name is required"),
        ({"CloudWatchLoggingOptions": {"Enabled": True, "LogGroupName": "g"}}, "Log Stream Name is required"),
        ({"EncryptionConfiguration": {}}, "Exactly one of NoEncryptionConfig or KMSEncryptionConfig"),
        (
            {"EncryptionConfiguration": {"KMSEncryptionConfig": {"AWSKMSKeyARN": ELSEWHERE}}},
            "does not exist in the same region as the S3 bucket",
        ),
        ({"S3BackupMode": "Enabled"}, "S3 backup destination configuration is required when enabling S3 backup."),
        ({"CustomTimeZone": "CET"}, "Provided custom time zone is not supported."),
        ({"CustomTimeZone": "Europe/Atlantis"}, "Provided custom time zone is not supported."),
    ],
)  # fmt: skip
def test_a_bucket_must_make_sense(box, settings, words):
    code, message = refusal(box.make, **settings)
    assert code in (INVALID, "ValidationException") and words in message
    assert box.firehose.list_delivery_streams()["DeliveryStreamNames"] == []


@pytest.mark.parametrize(
    ("prefix", "error_prefix", "words"),
    [
        ("!{timestamp:yyyy}/", "", "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions"),
        (
            "!{firehose:error-output-type}/", ERRORS,
            "Prefix must not contain any occurrence of !{firehose:error-output-type}",
        ),
        (
            "a/", "!{timestamp:yyyy}/",
            "ErrorOutputPrefix must contain at least one occurrence of !{firehose:error-output-type}",
        ),
        ("!{time:yyyy}/", ERRORS, "Namespace to the left of colon (time) is an invalid keyword!"),
        ("!{timestamp:yyyy", ERRORS, "Invalid expression usage"),
        (
            "!{timestamp:TT}/", ERRORS, "Invalid conversion character used in the value of the expression in Prefix",
        ),
        (
            "a/", "!{firehose:error}",
            "Invalid conversion character used in the value of the expression in ErrorOutputPrefix",
        ),
        ("a" * 513, "", "Length of evaluated prefix cannot be greater than 512"),
        ("", "a" * 513, "Length of evaluated ErrorOutputPrefix cannot be greater than 512"),
    ],
)  # fmt: skip
def test_prefixes_must_make_sense(box, prefix, error_prefix, words):
    assert refusal(box.make, Prefix=prefix, ErrorOutputPrefix=error_prefix) == (INVALID, CONSTRAINT + words)


def test_partition_keys_are_for_dynamic_partitioning(box):
    assert refusal(box.make, Prefix="!{partitionKeyFromQuery:a}/", ErrorOutputPrefix=ERRORS) == (
        INVALID,
        "Dynamic Partitioning Namespaces can only be part of a prefix expression when Dynamic Partitioning is enabled.",
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"Prefix": "a/"}, "S3 Prefix should contain Dynamic Partitioning namespaces"),
        (
            {"ErrorOutputPrefix": ERRORS + "!{partitionKeyFromLambda:a}"},
            "Dynamic Partitioning Namespaces can't be part of an error prefix expression",
        ),
        (
            {"BufferingHints": {"SizeInMBs": 63, "IntervalInSeconds": 60}},
            "BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled.",
        ),
        (
            {"BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 0}},
            "BufferingHints.IntervalInSeconds must be at least 60 when Dynamic Partitioning is enabled.",
        ),
    ],
)
def test_dynamic_partitioning_must_make_sense(box, settings, words):
    partitioned = {
        "Prefix": "!{partitionKeyFromLambda:a}/", "ErrorOutputPrefix": ERRORS,
        "DynamicPartitioningConfiguration": {"Enabled": True},
    }  # fmt: skip
    code, message = refusal(box.make, **partitioned | settings)
    assert code == INVALID and words in message


@pytest.mark.parametrize(
    ("processors", "words"),
    [
        ([], "A maximum of 5 and a minimum of 1 processor needs to be supplied when processing is enabled."),
        ([("AppendDelimiterToRecord", {})] * 6, "A maximum of 5 and a minimum of 1 processor"),
        ([("Lambda", {})], "LambdaArn is required when Lambda processor is used."),
        ([("Lambda", {"LambdaArn": "arn:aws:lambda:a b"})], "Invalid lambda ARN."),
        ([("Lambda", {"LambdaArn": f"{FUNCTION}f"})] * 2, "Cannot have more than 1 Lambda processor."),
        (
            [("Lambda", {"LambdaArn": f"{FUNCTION}f", "BufferSizeInMBs": "1"})],
            "Both BufferSizeInMBs and BufferIntervalInSeconds are required to configure buffering",
        ),
        (
            [("Lambda", {"LambdaArn": f"{FUNCTION}f", "BufferSizeInMBs": "4", "BufferIntervalInSeconds": "60"})],
            "BufferSizeInMBs for lambda processor must be between 0.2 and 3.",
        ),
        (
            [("Lambda", {"LambdaArn": f"{FUNCTION}f", "BufferSizeInMBs": "1", "BufferIntervalInSeconds": "901"})],
            "BufferIntervalInSeconds for lambda processor must be between 0 and 900.",
        ),
        (
            [("Lambda", {"LambdaArn": f"{FUNCTION}f", "NumberOfRetries": "301"})],
            "Number of retries for lambda must be between 0 and 300.",
        ),
        ([("Lambda", {"LambdaArn": f"{FUNCTION}f", "NumberOfRetries": "many"})], "must be a number"),
        ([("Sorting", {})], "Member must satisfy enum value set"),
        ([("Lambda", {"Size": "1"})], "Member must satisfy enum value set"),
        (
            [("RecordDeAggregation", {"SubRecordType": "JSON"})],
            "RecordDeAggregationProcessor can only be present when Dynamic Partitioning is enabled.",
        ),
        (
            [("MetadataExtraction", {"JsonParsingEngine": "JQ-1.6", "MetadataExtractionQuery": "{a:.a}"})],
            "MetadataExtractionProcessor can only be present when Dynamic Partitioning is enabled.",
        ),
        (
            [("CloudWatchLogProcessing", {"DataMessageExtraction": "true"})],
            "CloudWatchLogProcessingProcessor can only be enabled with DecompressionProcessor",
        ),
        ([("Decompression", {"CompressionFormat": "ZIP"})], "Invalid parameter value for CompressionFormat."),
        (
            [("Decompression", {"CompressionFormat": "GZIP"}), ("CloudWatchLogProcessing", {})],
            "Invalid parameter value for DataMessageExtraction. Allowed values are True and False.",
        ),
    ],
)
def test_processors_must_make_sense(box, processors, words):
    code, message = refusal(box.processed, *processors)
    assert code in (INVALID, "ValidationException") and words in message


@pytest.mark.parametrize(
    ("processor", "words"),
    [
        (
            ("MetadataExtraction", {"JsonParsingEngine": "JQ-1.7", "MetadataExtractionQuery": "{a:.a}"}),
            "MetaDataExtraction JSON Parsing Engine has to be one of JQ-1.6",
        ),
        (("MetadataExtraction", {"JsonParsingEngine": "JQ-1.6"}), "MetadataExtractionQuery is required"),
        (
            ("MetadataExtraction", {"JsonParsingEngine": "JQ-1.6", "MetadataExtractionQuery": "{a:.a"}),
            "MetaDataExtraction JQ Query is not valid",
        ),
        (
            ("MetadataExtraction", {"JsonParsingEngine": "JQ-1.6", "MetadataExtractionQuery": "{a:.a, b:.b}"}),
            "MetaDataExtraction JQ Query can't contain keys that are not present in the S3 Prefix expression",
        ),
        (("RecordDeAggregation", {"SubRecordType": "CSV"}), "SubRecordType has to be one of JSON, DELIMITED"),
        (("RecordDeAggregation", {"SubRecordType": "DELIMITED"}), "Delimiter should be present for DELIMITED"),
        (("RecordDeAggregation", {"SubRecordType": "DELIMITED", "Delimiter": "#"}), "base64"),
    ],
)
def test_processors_of_partitions_must_make_sense(box, processor, words):
    partitioned = {
        "Prefix": "!{partitionKeyFromQuery:a}/", "ErrorOutputPrefix": ERRORS,
        "DynamicPartitioningConfiguration": {"Enabled": True},
    }  # fmt: skip
    code, message = refusal(box.processed, processor, **partitioned)
    assert code == INVALID and words in message


def test_a_parameter_is_given_once(box):
    twice = [{"ParameterName": "LambdaArn", "ParameterValue": f"{FUNCTION}f"}] * 2
    processing = {"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": twice}]}
    assert refusal(box.make, ProcessingConfiguration=processing) == (
        INVALID,
        "Duplicate ProcessorParameter passed to ProcessingConfiguration.",
    )


# What is done


@pytest.mark.parametrize(
    "settings",
    [
        {"Prefix": "", "ErrorOutputPrefix": ""},
        {"Prefix": "!{timestamp:'y='yyyy}/!{firehose:random-string}/", "ErrorOutputPrefix": "errors/"},
        {"Prefix": "a" * 512},
        {"CustomTimeZone": "UTC", "FileExtension": ""},
        {"BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0}},
        {"CloudWatchLoggingOptions": {"Enabled": True, "LogGroupName": "g", "LogStreamName": "s"}},
        {"ProcessingConfiguration": {"Enabled": False, "Processors": []}},
    ],
)
def test_what_makes_sense_is_kept(box, settings):
    box.make(**settings)
    shown = box.destination()
    assert {name: shown[name] for name in settings} == settings


def test_hints_that_say_nothing_are_none(box):
    partitioned = {"DynamicPartitioningConfiguration": {"Enabled": True}, "Prefix": "!{partitionKeyFromLambda:a}/"}
    box.make("keyed", **partitioned, ErrorOutputPrefix="errors/!{firehose:error-output-type}/", BufferingHints={})
    assert box.destination("keyed")["BufferingHints"] == {"SizeInMBs": 128, "IntervalInSeconds": 300}
    box.make(BufferingHints={}, S3BackupMode="Enabled", S3BackupConfiguration={**box.settings(), "BufferingHints": {}})
    assert box.destination()["BufferingHints"] == {"SizeInMBs": 5, "IntervalInSeconds": 300}
    assert box.destination()["S3BackupDescription"]["BufferingHints"] == {"SizeInMBs": 5, "IntervalInSeconds": 300}


# What happens next


def test_what_was_refused_can_be_made_right(box):
    assert refusal(box.make, Prefix="!{timestamp:yyyy}/")[0] == INVALID
    box.make(Prefix="!{timestamp:yyyy}/", ErrorOutputPrefix=ERRORS)
    assert box.describe()["DeliveryStreamStatus"] == "ACTIVE"
