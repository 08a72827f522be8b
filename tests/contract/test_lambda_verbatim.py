"""Functions of a transparent cloud: code that names AWS's own hosts reaches the cloud."""

import boto3
import pytest

from glasshouse.app import LiveCloud, Settings
from tests.contract.lambda_running import invoked, runnable

NAMING = """
import boto3

def handler(event, context):
    sts = boto3.client("sts", endpoint_url="https://sts.eu-west-1.amazonaws.com")
    return sts.get_caller_identity()["Arn"]
"""


@pytest.fixture
def aws():
    cloud = LiveCloud(Settings(port=0, transparent=True))
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    yield lambda service: boto3.client(service, "eu-west-1", endpoint_url=cloud.url, **keys)
    cloud.stop()


def test_a_function_that_names_a_host_of_aws_reaches_this_cloud(aws):
    runnable(aws, NAMING)
    assert invoked(aws, "worker").startswith("arn:aws:sts::000000000000:assumed-role/worker-role/")
