"""`glasshouse policy`: check policies, and write them with their findings in view. No cloud needs to run."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from glasshouse.cli.failures import Misunderstood

app = typer.Typer(help="Check policies, and write them. No cloud needs to run.", no_args_is_help=True)

ROLE_TRUST = "AWS::IAM::AssumeRolePolicyDocument"
RESOURCE_TYPES = (
    "AWS::S3::Bucket",
    "AWS::S3::AccessPoint",
    "AWS::S3::MultiRegionAccessPoint",
    "AWS::S3ObjectLambda::AccessPoint",
    ROLE_TRUST,
    "AWS::DynamoDB::Table",
)


class PolicyType(StrEnum):
    identity = "identity"
    resource = "resource"
    trust = "trust"
    scp = "scp"
    rcp = "rcp"


class Format(StrEnum):
    text = "text"
    json = "json"
    sarif = "sarif"


KINDS = {
    PolicyType.identity: "IDENTITY_POLICY",
    PolicyType.resource: "RESOURCE_POLICY",
    PolicyType.trust: "RESOURCE_POLICY",
    PolicyType.scp: "SERVICE_CONTROL_POLICY",
    PolicyType.rcp: "RESOURCE_CONTROL_POLICY",
}
TYPE = typer.Option("--type", help="What the policy is; else guessed: one with principals is a resource's.")


@app.command()
def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Policies in JSON; - is standard input.")],
    type: Annotated[PolicyType | None, TYPE] = None,
    resource_type: Annotated[
        str | None, typer.Option(help="The type of the resource, such as AWS::S3::Bucket; for --type resource.")
    ] = None,
    format: Annotated[Format, typer.Option(help="How to write the findings.")] = Format.text,
):
    """Check policies with the checks of IAM Access Analyzer. Exit code 1 if there are errors or security warnings."""
    from glasshouse.cli import policy_reports as reports

    _check_resource_type(type, resource_type)
    checked = []
    for name in files:
        text = _read(name)
        checked.append(reports.Checked(name, findings(text, type or guess(text), resource_type)))
    write = {Format.text: reports.text, Format.json: reports.as_json, Format.sarif: reports.as_sarif}[format]
    print(write(checked))
    if any(one.is_grave for one in checked):
        raise typer.Exit(1)


@app.command()
def edit(
    file: Annotated[Path, typer.Argument(help="The policy; it is made if it is not there.")],
    type: Annotated[PolicyType, TYPE] = PolicyType.trust,
    account: Annotated[
        str, typer.Option(help="The account that the policy is for: all others are outside in the preview.")
    ] = "000000000000",
):
    """Write a policy: its findings are shown as it changes, and who from outside it would let in."""
    from glasshouse.cli.policy_document import PolicyDocument, template
    from glasshouse.cli.policy_editor import Editor

    if len(account) != 12 or not account.isdigit():
        raise Misunderstood(f"--account takes twelve digits, not {account}")
    text = _read(str(file)) if file.exists() else template(type)
    Editor(PolicyDocument(text), file, type, account).run()


def findings(text: str, type: PolicyType, resource_type: str | None = None) -> list:
    """What the checks say of a policy."""
    from glasshouse.engines.policy.checks import PolicyKind, validate

    return validate(text, PolicyKind(KINDS[type]), ROLE_TRUST if type is PolicyType.trust else resource_type)


def guess(text: str) -> PolicyType:
    """A policy whose statements name principals is a resource's; the checks themselves see which is a role's."""
    from glasshouse.engines.policy import parse

    elements = {name for statement in parse(text).statements for name in statement.elements}
    return PolicyType.resource if elements & {"Principal", "NotPrincipal"} else PolicyType.identity


def _check_resource_type(type: PolicyType | None, resource_type: str | None):
    if resource_type is None:
        return
    if resource_type not in RESOURCE_TYPES:
        raise Misunderstood(f"--resource-type takes one of {', '.join(RESOURCE_TYPES)}, not {resource_type}")
    if type is not PolicyType.resource:
        raise Misunderstood("--resource-type goes with --type resource")


def _read(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except OSError as failure:
        raise Misunderstood(f"Cannot read {name}: {failure.strerror}") from None
    except UnicodeDecodeError:
        raise Misunderstood(f"Cannot read {name}: it is not UTF-8") from None
