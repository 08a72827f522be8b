"""Functions and the cloud with which they share a machine: a function has the rights of its role and no others.

A cloud that was not started by root cannot tell its functions from its user's programs: there nothing is refused.
"""

import os

import boto3
import pytest

from glasshouse.app import LiveCloud, Settings
from tests.contract.lambda_code import grant, zipped
from tests.contract.lambda_hostile import HOSTILE
from tests.contract.lambda_running import invoked, runnable

TELLS = os.geteuid() == 0
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
HINT = "The role's credentials are in its environment"


def hostile(aws):
    """Try what an event of the function names. Its role may make queues."""
    runnable(aws, HOSTILE, Timeout=20)
    grant(aws, "worker-role", "sqs:CreateQueue")
    return lambda attempt: invoked(aws, "worker", attempt)


@pytest.fixture
def attempt(aws):
    return hostile(aws)


@pytest.fixture
def elsewhere():
    """Clouds of other settings, as what makes a client."""
    clouds = []

    def start(**settings):
        cloud = LiveCloud(Settings(port=0, **settings))
        clouds.append(cloud)
        return lambda service: boto3.client(service, "eu-west-1", endpoint_url=cloud.url, **KEYS)

    yield start
    for cloud in clouds:
        cloud.stop()


def queues(aws) -> list[str]:
    return aws("sqs").list_queues().get("QueueUrls", [])


# What is refused


@pytest.mark.parametrize("way", ["in_json", "in_xml", "to_s3"])
def test_a_function_cannot_use_the_key_that_everybody_knows(attempt, way):
    answer = attempt(way)
    assert (answer is not None and answer[:2] == [403, "AccessDenied"] and HINT in answer[2]) is TELLS


@pytest.mark.parametrize("way", ["by_url", "by_form"])
def test_nor_sign_with_it_for_a_browser(aws, attempt, way):
    aws("s3").create_bucket(Bucket="open", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    status, text = attempt(way)
    assert (status == 403 and HINT in text) is TELLS
    assert ("Contents" in aws("s3").list_objects_v2(Bucket="open")) is (way == "by_form" and not TELLS)


@pytest.mark.parametrize("way", ["in_other_clothes", "without_a_name"])
def test_nor_reach_the_cloud_by_another_of_its_addresses(aws, attempt, way):
    assert attempt(way) == f"HTTP/1.1 {'403 Forbidden' if TELLS else '200 OK'}"
    assert bool(queues(aws)) is not TELLS


@pytest.mark.parametrize("way", ["and_leave", "and_cut_off"])
def test_nor_leave_before_it_can_be_seen_who_it_was(aws, cloud, attempt, way):
    attempt(way)
    cloud.settle()
    assert not (TELLS and queues(aws))


@pytest.mark.parametrize("way", ["encrypted", "tunnelled", "relayed"])
def test_nor_hide_behind_the_proxy(elsewhere, way):
    aws = elsewhere(transparent=True, allow_internet=True)
    answer = hostile(aws)(way)
    assert ("403" in str(answer)) is TELLS
    assert bool(queues(aws)) is not TELLS


def test_nor_visit_a_function_as_root(aws, attempt):
    aws("lambda").create_function(
        FunctionName="site", Runtime="python3.11", Handler="app.handler", Code={"ZipFile": zipped()},
        Role=aws("iam").get_role(RoleName="worker-role")["Role"]["Arn"],
    )  # fmt: skip
    url = aws("lambda").create_function_url_config(FunctionName="site", AuthType="AWS_IAM")["FunctionUrl"]
    invoked(aws, "site")
    status, _ = invoked(aws, "worker", ["to_site", url])
    assert status == (403 if TELLS else 200)


def test_the_admin_api_is_not_for_functions(cloud, attempt):
    answers = attempt("to_admin")
    assert all(status == 403 and "not for functions" in text for status, text in answers) is TELLS
    assert cloud.run(lambda: cloud.cloud.clock.frozen) is not TELLS


# What is done


def test_a_function_goes_on_with_the_rights_of_its_role(aws, attempt):
    before, made, after = attempt("in_between")
    assert made == ["rightful-0", "rightful-1"]
    assert (before[1] == after[1] == "AccessDenied") is TELLS
    assert attempt("to_health") == 200


def test_who_started_the_cloud_is_no_function(aws, attempt):
    attempt("in_json")
    assert aws("sts").get_caller_identity()["Arn"].endswith(":root")


def test_an_open_cloud_believes_its_functions_too_but_for_the_admin_api(elsewhere):
    aws = elsewhere(auth="open")
    attempted = hostile(aws)
    assert attempted("in_xml") is None and aws("iam").get_user(UserName="planted")
    assert attempted("in_between")[1] == ["rightful-0", "rightful-1"]
    assert ({status for status, _ in attempted("to_admin")} == {403}) is TELLS
