"""A profile in the AWS configuration file, beside what others wrote there."""

import configparser

import pytest

from glasshouse.cli import profiles

SETTINGS = {
    "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}  # fmt: skip
OTHERS = """\
# mine
[default]
region = eu-west-1

[profile work]  # the office
sso_session = office
s3 =
    max_concurrent_requests = 4
"""


def test_a_profile_goes_behind_what_is_there():
    after = profiles.replaced(OTHERS, "glass", profiles.section("glass", SETTINGS))
    assert after.startswith(OTHERS)
    assert read(after)["profile glass"]["endpoint_url"] == "http://127.0.0.1:4566"


@pytest.mark.parametrize("name", ["default", "work", "glass"])
def test_a_profile_takes_the_place_of_an_earlier_one_and_of_nothing_else(name):
    before = profiles.replaced(OTHERS, "glass", "[profile glass]\nold = yes\n")
    after = profiles.replaced(before, name, profiles.section(name, SETTINGS))
    mine = profiles.header(name).strip("[]")
    assert read(after)[mine]["aws_access_key_id"] == "test" and "old" not in read(after)[mine]
    for other in set(read(before).sections()) - {mine}:
        assert dict(read(after)[other]) == dict(read(before)[other])
    assert profiles.replaced(after, name, profiles.section(name, SETTINGS)) == after


def test_the_file_is_made_readable_for_its_owner_only(tmp_path):
    path = tmp_path / "aws" / "config"
    profiles.write(path, "glass", profiles.section("glass", SETTINGS))
    assert path.stat().st_mode & 0o777 == 0o600


def read(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(inline_comment_prefixes=("#",))
    parser.read_string(text)
    return parser
