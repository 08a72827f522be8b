"""The models: the index is fresh, shapes come when they are asked for, overlays are laid over."""

import subprocess
import sys

import pytest

from glasshouse.protocol import generate_index, model
from tests.protocol import client


def test_the_index_is_what_the_generator_writes():
    written = model.INDEX_FILE.read_bytes()
    assert written == generate_index.generate(), "run: python -m glasshouse.protocol.generate_index"


def test_the_index_knows_services_by_every_name():
    index = model.index()
    assert len(index.services) > 400
    assert [held.name for held in index.by_signing_name["sqs"]] == ["sqs"]
    assert {held.name for held in index.by_signing_name["execute-api"]} >= {"apigatewaymanagementapi"}
    assert [held.name for held in index.by_target_prefix["AmazonSSM"]] == ["ssm"]
    assert index.by_endpoint_prefix["monitoring"][0].name == "cloudwatch"
    assert index.get("cloudwatch").protocols == ("smithy-rpc-v2-cbor", "json", "query")
    assert index.get("sqs").protocols == ("json", "query")
    assert index.get("iam").global_endpoint == "iam.amazonaws.com"
    assert "no-such-service" not in index and index.get("no-such-service") is None


def test_what_is_unknown_is_a_key_error():
    for name in ("no-such-service", "../sqs", ""):
        with pytest.raises(KeyError):
            model.service(name)
    with pytest.raises(KeyError):
        model.operation("sqs", "NoSuchOperation")


@pytest.mark.parametrize("name", client.SERVICES.split())
def test_operations_are_botocores(name):
    ours, theirs = model.service(name), client.service(name, "json" if name != "sqs" else "none")
    assert set(theirs.operation_names) <= set(ours.operation_names)
    for operation in theirs.operation_names:
        held, known = ours.operation(operation), theirs.operation_model(operation)
        assert list(held.arguments) == list(known.input_shape.members if known.input_shape else ())
        assert (held.streaming_input is not None) == known.has_streaming_input
        assert (held.streaming_output is not None) == known.has_streaming_output
        assert (held.event_stream_output is not None) == known.has_event_stream_output
        assert held.checksum == known.http_checksum


def test_an_operation_knows_its_names():
    operation = model.operation("ssm", "GetParametersByPath")
    assert operation.method == "get_parameters_by_path" and operation.required == {"Path"}
    assert operation.arguments["WithDecryption"] == "with_decryption"
    assert model.service("ssm").methods["put_parameter"] == "PutParameter"
    assert model.operation("s3", "PutObject").streaming_input == "Body"
    assert model.operation("s3", "GetObject").streaming_output == "Body"
    assert model.operation("kinesis", "SubscribeToShard").event_stream_output == "EventStream"
    assert model.operation("s3", "WriteGetObjectResponse").host_prefix == "{RequestRoute}."


def test_documentation_is_not_kept():
    shapes = model.service("ec2").shapes
    kept = sum(len(bytes(text)) for text in shapes._definitions.values() if not isinstance(text, dict))
    assert b"<p>" not in bytes(next(iter(shapes._definitions.values()))) and kept < 3_000_000


def test_shapes_are_resolved_as_they_are_asked_for():
    service = model.Service("glue", model.described("glue"))
    assert not service.shapes._resolved
    assert service.operation("GetTable").input_shape.members["Name"].type_name == "string"
    assert len(service.shapes._resolved) < 30


def test_a_member_adds_traits_to_its_shape():
    members = model.operation("s3", "PutObject").input_shape.members
    key = members["Key"]
    assert key.location == "uri" and key.traits["min"] == 1 and model.service("s3").shapes["ObjectKey"].location is None


def test_error_shapes_are_found_by_name_and_by_code():
    service = model.service("iam")
    assert service.error_shape("NoSuchEntityException").name == "NoSuchEntityException"
    assert service.error_shape("NoSuchEntity").name == "NoSuchEntityException"
    assert service.error_shape("CreateUserRequest") is None and service.error_shape("Nope") is None


def test_an_overlay_is_laid_over_and_removes_by_null():
    description = model.described("ssm")
    overlay = {
        "metadata": {"protocols": ["json", "query"]},
        "shapes": {"PSParameterName": {"max": None, "min": 3}, "New": {"type": "string"}},
        "operations": {"GetParameter": {"http": {"responseCode": 201}}},
    }
    model.merge(description, overlay)
    service = model.Service("ssm", description)
    assert service.protocols == ["json", "query"] and service.shapes["New"].type_name == "string"
    traits = service.shapes["PSParameterName"].traits
    assert traits["min"] == 3 and "max" not in traits
    assert service.operation("GetParameter").response_code == 201
    assert service.operation("GetParameter").input_shape.required == ["Name"]


def test_routing_needs_no_model_and_no_botocore_session():
    script = """
import sys
from glasshouse.protocol import http, model, wire
assert model.index().by_signing_name["sqs"] and model.service.cache_info().currsize == 0
print(*(name for name in sys.modules if name.startswith("botocore.")))
"""
    loaded = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert not {"botocore.session", "botocore.model", "botocore.utils", "botocore.loaders"} & set(loaded.split())
