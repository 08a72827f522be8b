"""Dynamic partitioning: records laid into objects by keys that a query or a function finds in them."""

import json
from base64 import b64decode, b64encode

import pytest

from tests.contract.firehose_box import FUNCTION, Box
from tests.contract.lambda_code import made

KEYS = """
import json
from base64 import b64decode

def handler(event, context):
    made = []
    for record in event["records"]:
        payload = json.loads(b64decode(record["data"]))
        keys = {"kind": payload.get("kind")}
        made.append({**record, "result": "Ok", "metadata": {"partitionKeys": keys}})
    return {"records": made}
"""
HINTS = {"SizeInMBs": 64, "IntervalInSeconds": 60}


@pytest.fixture
def box(aws, cloud):
    return Box(aws, cloud)


@pytest.fixture
def partitioned(box):
    """Makes a stream of dynamic partitions."""

    def make(prefix, *processors, **settings):
        settings = {
            "Prefix": prefix, "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/", "BufferingHints": HINTS,
            "DynamicPartitioningConfiguration": {"Enabled": True}, **settings,
        }  # fmt: skip
        box.processed(*processors, **settings)

    return make


def query(text):
    return "MetadataExtraction", {"JsonParsingEngine": "JQ-1.6", "MetadataExtractionQuery": text}


def record(**members):
    return json.dumps(members).encode()


def by_prefix(box):
    """What lies below each prefix."""
    found = {}
    for key in box.names():
        prefix = key.rpartition("/")[0]
        found[prefix] = found.get(prefix, b"") + box.read(key)
    return found


# What is refused


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"no json", "Non JSON record provided"),
        (b'{"id": 1}{"id": 2}', "Non JSON record provided"),
        (b'{"id": null}', "partitionKeys values must not be null or empty"),
        (b'{"id": ""}', "partitionKeys values must not be null or empty"),
        (b"{}", "partitionKeys values must not be null or empty"),
        (b"[]", "Cannot index array"),
    ],
)
def test_a_record_without_keys_is_laid_aside(box, cloud, partitioned, data, words):
    partitioned("!{partitionKeyFromQuery:id}/", query("{id: .id}"), CloudWatchLoggingOptions=box.log())
    box.put(data)
    cloud.clock.advance(61)
    [told] = box.failed("errors/metadata-extraction-failed/")
    assert b64decode(told["rawData"]) == data and words in told["errorMessage"]
    assert told["errorCode"] == "DynamicPartitioning.MetadataExtractionFailed"
    assert box.logged()[0]["errorCode"] == "DynamicPartitioning.MetadataExtractionFailed"


def test_a_query_without_an_end_fails_its_records(box, cloud, partitioned, monkeypatch):
    from glasshouse.core.workers import Limits
    from glasshouse.services.firehose import processing

    monkeypatch.setattr(processing, "QUERY_LIMITS", Limits(wall_s=0.5))
    partitioned("!{partitionKeyFromQuery:id}/", query("{id: last(repeat(1))}"))
    box.put(record(id=1))
    cloud.clock.advance(61)
    assert [told["errorMessage"] for told in box.failed("errors/")] == ["The query has not come to an end."]


def test_a_query_learns_nothing_of_the_machine(box, cloud, partitioned):
    partitioned("!{partitionKeyFromQuery:home}/", query("{home: $ENV.HOME}"))
    box.put(record(id=1))
    cloud.clock.advance(61)
    assert len(box.failed("errors/metadata-extraction-failed/")) == 1


# What is done


def test_a_query_finds_keys(box, cloud, partitioned):
    prefix = "customer=!{partitionKeyFromQuery:customer}/year=!{partitionKeyFromQuery:year}/"
    partitioned(prefix, query('{customer: .customer.id, year: .time | strftime("%Y")}'))
    ann, bob = record(customer={"id": "ann"}, time=1565382027), record(customer={"id": 7}, time=0)
    box.put(ann, bob, ann)
    cloud.clock.advance(61)
    assert by_prefix(box) == {"customer=ann/year=2019": ann + ann, "customer=7/year=1970": bob}


def test_times_and_keys_go_together(box, cloud, partitioned):
    cloud.clock.freeze()
    cloud.clock.set(1_800_000_000)  # 2027-01-15 08:00:00
    partitioned("!{timestamp:yyyy/MM}/!{partitionKeyFromQuery:id}/", query("{id: .id}"))
    box.put(record(id=1))
    cloud.clock.advance(61)
    assert list(by_prefix(box)) == ["2027/01/1"]


def test_a_function_names_keys(box, aws, cloud, partitioned):
    made(aws, "keys", KEYS)
    partitioned("kind=!{partitionKeyFromLambda:kind}/", ("Lambda", {"LambdaArn": f"{FUNCTION}keys"}))
    one, two, none = record(kind="a"), record(kind="b"), record(other=1)
    box.put(one, two, none)
    cloud.clock.advance(121)
    cloud.settle()
    found = by_prefix(box)
    assert (found["kind=a"], found["kind=b"]) == (one, two)
    [told] = box.failed("errors/partitioning-failed/")
    assert b64decode(told["rawData"]) == none
    assert told["errorMessage"] == "partitionKeys values must not be null or empty"


def test_functions_and_queries_go_together(box, aws, cloud, partitioned):
    made(aws, "keys", KEYS)
    prefix = "!{partitionKeyFromLambda:kind}/!{partitionKeyFromQuery:id}/"
    partitioned(prefix, ("Lambda", {"LambdaArn": f"{FUNCTION}keys"}), query("{id: .id}"))
    box.put(record(kind="a", id="x"))
    cloud.clock.advance(121)
    cloud.settle()
    assert list(by_prefix(box)) == ["a/x"]


def test_aggregated_documents_are_taken_apart(box, cloud, partitioned):
    apart = ("RecordDeAggregation", {"SubRecordType": "JSON"})
    partitioned("!{partitionKeyFromQuery:id}/", apart, query("{id: .id}"), ("AppendDelimiterToRecord", {}))
    box.put(b'{"id": 1}{"id": 2}\n{"id":1, "s": "}{"}')
    cloud.clock.advance(61)
    assert by_prefix(box) == {"1": b'{"id": 1}\n{"id":1, "s": "}{"}\n', "2": b'{"id": 2}\n'}


def test_more_than_five_hundred_documents_stay_together(box, cloud, partitioned):
    apart = ("RecordDeAggregation", {"SubRecordType": "JSON"})
    partitioned("!{partitionKeyFromQuery:id}/", apart, query("{id: .id}"))
    box.put(b'{"id": 1}' * 500, b'{"id": 2}' * 501)
    cloud.clock.advance(61)
    found = by_prefix(box)
    assert found["1"] == b'{"id": 1}' * 500
    [told] = box.failed("errors/metadata-extraction-failed/")
    assert b64decode(told["rawData"]) == b'{"id": 2}' * 501


def test_aggregated_lines_are_taken_apart(box, cloud, partitioned):
    apart = ("RecordDeAggregation", {"SubRecordType": "DELIMITED", "Delimiter": b64encode(b"##").decode()})
    partitioned("!{partitionKeyFromQuery:id}/", apart, query("{id: .id}"))
    box.put(b'{"id": 1}##{"id": 2}##')
    cloud.clock.advance(61)
    assert by_prefix(box) == {"1": b'{"id": 1}', "2": b'{"id": 2}'}


def test_each_part_that_fails_is_laid_aside_alone(box, aws, cloud, partitioned):
    made(aws, "keys", KEYS)
    apart = ("RecordDeAggregation", {"SubRecordType": "JSON"})
    partitioned("!{partitionKeyFromLambda:kind}/", apart, ("Lambda", {"LambdaArn": f"{FUNCTION}keys"}))
    box.put(b'{"kind": "a"}{"data": "data3"}')
    cloud.clock.advance(121)
    cloud.settle()
    assert by_prefix(box)["a"] == b'{"kind": "a"}'
    assert [b64decode(told["rawData"]) for told in box.failed("errors/partitioning-failed/")] == [b'{"data": "data3"}']


# What happens next


def test_each_partition_has_a_buffer_of_its_own(box, cloud, partitioned):
    cloud.clock.freeze()
    partitioned("!{partitionKeyFromQuery:id}/", query("{id: .id}"))
    box.put(record(id=1))
    cloud.settle()
    cloud.clock.advance(30)
    box.put(record(id=1), record(id=2))
    cloud.settle()
    cloud.clock.advance(30)
    assert list(by_prefix(box)) == ["1"]
    cloud.clock.advance(30)
    assert list(by_prefix(box)) == ["1", "2"]


def test_five_hundred_partitions_are_open_at_the_most(box, cloud, partitioned):
    partitioned("!{partitionKeyFromQuery:id}/", query("{id: .id}"))
    box.put(*[record(id=number) for number in range(500)])
    cloud.settle()
    box.put(record(id=0), record(id="more"))
    cloud.settle()
    cloud.clock.advance(61)
    [told] = box.failed("errors/partitioning-failed/")
    assert b64decode(told["rawData"]) == record(id="more")
    assert box.s3.list_objects_v2(Bucket="lake")["KeyCount"] == 501


def test_keys_that_a_new_prefix_does_not_ask_for_do_not_matter(box, cloud, partitioned):
    partitioned("!{partitionKeyFromQuery:id}/", query("{id: .id}"))
    box.put(record(id=1, kind="a"))
    cloud.settle()
    processing = box.destination()["ProcessingConfiguration"]
    processing["Processors"][0]["Parameters"][1]["ParameterValue"] = "{kind: .kind}"
    box.update(Prefix="kind=!{partitionKeyFromQuery:kind}/", ProcessingConfiguration=processing)
    box.put(record(id=1, kind="a"))
    cloud.clock.advance(61)
    assert list(by_prefix(box)) == ["kind=", "kind=a"]
