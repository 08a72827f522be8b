"""The pytest plugin: a fixture `cloud`, an ephemeral one for each test that asks for it.

    def test_upload(cloud):
        s3 = cloud.client("s3")

A project that has a fixture of this name keeps its own.
"""

import pytest


@pytest.fixture
def cloud():
    """A running cloud: see `glasshouse.testing.Aws`."""
    from glasshouse.testing.aws import cloud as run  # pytest loads this plugin in every project that has Glasshouse

    with run() as aws:
        yield aws
