"""`glasshouse policy`: policies checked for people and for machines, and written in a dialog. No cloud runs."""

import json
import subprocess
import sys

import pytest

PAYMENT = "arn:aws:iam::111122223333:role/PaymentApplication"
GOOD = """{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": {"AWS": "arn:aws:iam::111122223333:role/PaymentApplication"},
      "Action": "sts:AssumeRole"
    }
  ]
}
"""
MISMATCHED = GOOD.replace('"sts:AssumeRole"', '["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"]')


@pytest.fixture
def written(shell):
    """Writes a policy into a file of a name."""

    def write(name: str, text: str) -> str:
        (shell.home / name).write_text(text)
        return name

    return write


@pytest.fixture
def dialog(shell):
    """What the editor says when it is told these lines."""

    def run(*lines: str, file: str = "trust.json", code: int = 0, options: tuple = ()) -> str:
        words = ["policy", "edit", file, *options]
        ran = subprocess.run(
            [sys.executable, "-c", "from glasshouse.cli import main; main()", *words],
            env=shell.environment, cwd=shell.home, input="".join(f"{line}\n" for line in lines), text=True,
            capture_output=True, check=False,
        )  # fmt: skip
        assert ran.returncode == code, (ran.stdout, ran.stderr)
        return ran.stderr if code else ran.stdout

    return run


# What is refused


def test_a_command_line_that_makes_no_sense_is_refused(shell, written):
    good = written("good.json", GOOD)
    for words, said in (
        (["nothing.json"], "Cannot read nothing.json: No such file or directory"),
        ([good, "--type", "bucket"], "Invalid value for '--type'"),
        ([good, "--resource-type", "AWS::S3::Bucket"], "--resource-type goes with --type resource"),
        ([good, "--type", "resource", "--resource-type", "AWS::Moon"], "--resource-type takes one of AWS::S3::Bucket"),
    ):
        assert said in shell.run("policy", "check", *words, code=2)
    assert "--account takes twelve digits, not 12" in shell.run("policy", "edit", "x.json", "--account", "12", code=2)


# What is done: checks


def test_a_policy_without_findings_passes(shell, written):
    assert shell.run("policy", "check", written("good.json", GOOD), "--type", "trust") == "1 policy: no findings\n"


def test_an_error_is_told_with_its_line_and_column_and_fails(shell, written):
    name = written("bad.json", MISMATCHED)
    ran = subprocess.run(
        [sys.executable, "-c", "from glasshouse.cli import main; main()", "policy", "check", name, "--type", "trust"],
        env=shell.environment, cwd=shell.home, capture_output=True, text=True, check=False,
    )  # fmt: skip
    first, summary = ran.stdout.splitlines()
    column = MISMATCHED.splitlines()[6].index('"sts:AssumeRoleWithWebIdentity"') + 1
    assert first.startswith(f"bad.json:7:{column}: ERROR MISMATCHED_ACTION_FOR_PRINCIPAL: ")
    assert (summary, ran.returncode) == ("1 policy: 1 error", 1)


def test_suggestions_do_not_fail(shell, written):
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [], "Resource": "*"}]}
    said = shell.run("policy", "check", written("a.json", json.dumps(policy)))
    assert "SUGGESTION EMPTY_ARRAY_ACTION" in said and said.endswith("1 policy: 1 suggestion\n")


def test_the_type_is_guessed_by_the_principals(shell, written):
    identity = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    )
    assert shell.run("policy", "check", written("a.json", identity), written("b.json", GOOD)).endswith(
        "2 policies: no findings\n"
    )


def checked(shell, *words: str) -> dict:
    """What a check that fails writes to stdout, as JSON."""
    ran = subprocess.run(
        [sys.executable, "-c", "from glasshouse.cli import main; main()", "policy", "check", *words],
        env=shell.environment, cwd=shell.home, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 1, ran.stderr
    return json.loads(ran.stdout)


def test_json_is_as_the_api_has_it(shell, written):
    (told,) = checked(shell, written("bad.json", MISMATCHED), "--type", "trust", "--format", "json")
    (finding,) = told["findings"]
    assert (told["file"], finding["issueCode"]) == ("bad.json", "MISMATCHED_ACTION_FOR_PRINCIPAL")
    place, principal = finding["locations"]
    assert principal["path"][:3] == [{"value": "Statement"}, {"index": 0}, {"value": "Principal"}]
    assert place["path"] == [{"value": "Statement"}, {"index": 0}, {"value": "Action"}, {"index": 1}]
    start, end = place["span"]["start"]["offset"], place["span"]["end"]["offset"]
    assert MISMATCHED[start:end] == '"sts:AssumeRoleWithWebIdentity"'


def test_sarif_names_rules_and_regions(shell, written):
    told = checked(shell, written("bad.json", MISMATCHED), "--type", "trust", "--format", "sarif")
    assert told["version"] == "2.1.0"
    (run,) = told["runs"]
    (result,) = run["results"]
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert rule["id"] == result["ruleId"] == "MISMATCHED_ACTION_FOR_PRINCIPAL" and result["level"] == "error"
    place = result["locations"][0]["physicalLocation"]
    region = place["region"]
    assert place["artifactLocation"] == {"uri": "bad.json"} and region["startLine"] == region["endLine"] == 7
    line = MISMATCHED.splitlines()[6]
    assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == '"sts:AssumeRoleWithWebIdentity"'
    assert MISMATCHED[region["charOffset"] :][: region["charLength"]] == '"sts:AssumeRoleWithWebIdentity"'


# What happens next: the editor


def test_a_trust_policy_is_written_as_the_article_does(shell, dialog):
    said = dialog("action AssumeRole", "principal", "3", PAYMENT, "preview", "save", "quit")
    assert "IAM role" in said and "ARN (arn:aws:iam::{Account}:role/{RoleNameWithPath}):" in said
    assert "External access to a role of the account 000000000000: 1" in said
    assert f"AWS: {PAYMENT}\n    may sts:AssumeRole\n" in said
    (statement,) = json.loads((shell.home / "trust.json").read_text())["Statement"]
    assert statement == {
        "Sid": "Statement1",
        "Effect": "Allow",
        "Principal": {"AWS": PAYMENT},
        "Action": "sts:AssumeRole",
    }
    assert shell.run("policy", "check", "trust.json", "--type", "trust") == "1 policy: no findings\n"


def test_findings_come_and_go_with_the_changes(written, dialog):
    written("trust.json", GOOD)
    said = dialog("action AssumeRoleWithWebIdentity", "remove action AssumeRoleWithWebIdentity", "quit!")
    before, with_it, without = said.split("policy> ")[:3]
    assert "Security: 0  Errors: 0  Warnings: 0  Suggestions: 0" in before
    assert "Errors: 1" in with_it and "MISMATCHED_ACTION_FOR_PRINCIPAL" in with_it
    assert "Errors: 0" in without and "MISMATCHED" not in without
    marked = [line for line in with_it.splitlines() if line.startswith("E")]
    assert any("sts:AssumeRoleWithWebIdentity" in line for line in marked)


def test_a_condition_is_chosen_among_known_keys_and_operators(shell, written, dialog):
    written("trust.json", GOOD)
    said = dialog(
        "condition", "sts:ExternalId", "1", "one two", "condition aws:SourceIp IpAddress 192.0.2.0/24", "save"
    )
    assert "sts:RoleSessionName" in said and "aws:PrincipalOrgID" in said and "StringNotLike" in said
    (statement,) = json.loads((shell.home / "trust.json").read_text())["Statement"]
    assert statement["Condition"] == {
        "StringEquals": {"sts:ExternalId": ["one", "two"]},
        "IpAddress": {"aws:SourceIp": "192.0.2.0/24"},
    }


def test_a_key_with_a_name_in_it_asks_for_the_name(written, dialog):
    written("trust.json", GOOD)
    said = dialog("condition", "aws:RequestTag/${TagKey}", "team", "StringEquals", "red", "quit!")
    assert '"aws:RequestTag/team": "red"' in said and "MISSING_ACTION_FOR_CONDITION_KEY" in said


def test_what_is_inside_the_account_is_no_external_access(written, dialog):
    written("trust.json", GOOD)
    assert "External access to a role of the account 111122223333: none" in dialog(
        "preview", "quit", options=("--account", "111122223333")
    )


def test_a_text_that_is_no_json_is_mended_by_its_lines(shell, written, dialog):
    written("trust.json", GOOD.replace('"sts:AssumeRole"', '"sts:AssumeRole",,'))
    said = dialog("action TagSession", 'line 7       "Action": "sts:AssumeRole"', "preview", "save", "quit")
    assert "JSON_SYNTAX_ERROR" in said.split("policy> ")[0]
    assert "? This is no JSON, so change its lines" in said
    assert (shell.home / "trust.json").read_text() == GOOD


def test_changes_are_undone_and_statements_added(written, dialog):
    written("trust.json", GOOD)
    said = dialog(
        "statement new",
        "action AssumeRole",
        f"principal AWS {PAYMENT}2",
        "undo",
        "undo",
        "undo",
        "undo",
        "save",
        "quit",
    )
    assert "Statement1" in said and f"{PAYMENT}2" in said and "? There is nothing to undo." in said


def test_mistakes_are_told_and_change_nothing(shell, written, dialog):
    written("trust.json", GOOD)
    said = dialog("fly", "remove action s3:GetObject", "remove principal nobody", "line 99 x", "statement 7", "quit")
    for word in (
        "There is no command fly",
        "has no action s3:GetObject",
        "no principal nobody",
        "no line 99",
        "no statement 7",
    ):
        assert word in said
    assert (shell.home / "trust.json").read_text() == GOOD


def test_what_is_not_saved_is_not_lost_silently(shell, written, dialog):
    written("trust.json", GOOD)
    assert "There are changes: save them first" in dialog("action TagSession", "quit", "quit!")
    assert dialog("action TagSession", code=1) == "glasshouse: trust.json was not saved\n"
    assert (shell.home / "trust.json").read_text() == GOOD
