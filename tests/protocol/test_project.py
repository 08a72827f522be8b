"""Projection: what of a record the client sees."""

from collections import ChainMap, namedtuple
from dataclasses import dataclass, field

import pytest

from glasshouse.protocol import model


@dataclass(slots=True)
class Parameter:
    name: str
    value: str
    version: int = 1
    secret: str = "never told"
    last_modified_date: float | None = None

    @property
    def arn(self) -> str:
        return f"arn:{self.name}"

    def type(self) -> str:
        return "a method is no member"


@dataclass
class Answer:
    parameters: list = field(default_factory=list)
    next_token: str | None = None


def project(service: str, operation: str, result):
    return model.operation(service, operation).project(result)


def test_a_record_is_seen_by_its_python_names():
    seen = project("ssm", "GetParameter", {"Parameter": Parameter("n", "v")})
    assert seen == {"Parameter": {"Name": "n", "Value": "v", "Version": 1, "ARN": "arn:n"}}


def test_a_mapping_is_seen_by_wire_names_and_by_python_names():
    assert project("ssm", "PutParameter", {"Version": 3, "tier": "Standard"}) == {"Version": 3, "Tier": "Standard"}
    assert project("ssm", "PutParameter", ChainMap({"Version": 3})) == {"Version": 3}


def test_records_in_lists_show_what_the_shape_has():
    answer = Answer([Parameter("a", "1"), {"Name": "b", "Ghost": 1}])
    seen = project("ssm", "DescribeParameters", answer)
    assert seen == {"Parameters": [{"Name": "a", "ARN": "arn:a", "Version": 1}, {"Name": "b"}]}


def test_any_iterable_is_a_list():
    for records in ((Parameter("a", "1"),), iter([Parameter("a", "1")]), {"x": Parameter("a", "1")}.values()):
        seen = project("ssm", "GetParametersByPath", {"Parameters": records})
        assert seen["Parameters"][0]["Name"] == "a"
    assert project("sqs", "ListQueues", {"QueueUrls": {"u"}}) == {"QueueUrls": ["u"]}


def test_a_text_is_not_a_list():
    with pytest.raises(TypeError):
        project("sqs", "ListQueues", {"QueueUrls": "url"})


def test_nothing_gives_nothing():
    assert project("ssm", "PutParameter", None) == {} == project("ssm", "PutParameter", {})
    assert project("sqs", "DeleteQueue", {"anything": 1}) == {}


def test_maps_keep_their_keys_and_project_their_values():
    seen = project("lambda", "GetFunctionConfiguration", {"environment": {"variables": {"a_b": "c", "none": None}}})
    assert seen == {"Environment": {"Variables": {"a_b": "c"}}}


def test_recursive_shapes():
    inner = {"classification": "inner", "ghost": 1}
    seen = project("emr", "DescribeCluster", {"cluster": {"configurations": [{"configurations": [inner]}]}})
    assert seen == {"Cluster": {"Configurations": [{"Configurations": [{"Classification": "inner"}]}]}}


def test_the_member_that_a_union_has():
    for whole in ({"static": {"statement": "permit", "ghost": 1}}, {"static": {"statement": "permit"}, "other": None}):
        seen = project("verifiedpermissions", "GetPolicy", {"definition": whole})
        assert seen == {"definition": {"static": {"statement": "permit"}}}


def test_what_is_kept_as_it_is_shown_is_not_looked_into():
    item = {"a": {"L": [{"M": {"b": {"S": "x"}}}, {"NULL": True}]}}
    assert project("dynamodb", "GetItem", {"Item": item})["Item"]["a"] is item["a"]


def test_documents_and_streams_stay_as_they_are():
    body = object()
    assert project("s3", "GetObject", {"Body": body})["Body"] is body
    events = iter(())
    assert project("kinesis", "SubscribeToShard", {"EventStream": events})["EventStream"] is events


def test_the_methods_of_a_record_are_no_members():
    pair = namedtuple("pair", ["count", "items"])
    seen = project("dynamodb", "Query", pair(count=2, items=[{"a": {"S": "x"}}]))
    assert seen == {"Count": 2, "Items": [{"a": {"S": "x"}}]}
    bare = namedtuple("bare", ["items"])  # a tuple's own count() does not count
    assert project("dynamodb", "Query", bare([])) == {"Items": []}
