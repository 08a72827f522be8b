"""The walk of trust policy authoring: see README.md for what each step is about."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from accounts import Accounts
from botocore.exceptions import ClientError

ACCOUNT = "111122223333"
"""ApplicationHost, as the article has it: the account of the cloud."""

HERE = Path(__file__).parent
PAYMENT = f"arn:aws:iam::{ACCOUNT}:role/PaymentApplication"
ROLE_TRUST = {"policyType": "RESOURCE_POLICY", "validatePolicyResourceType": "AWS::IAM::AssumeRolePolicyDocument"}
BUCKET = "business-data-of-example-corp"
# What the article's examples of checks are, by the policies that show them.
EXAMPLES = {
    "everyone": "ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL",
    "misspelled-provider": "INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY",
    "session-tags": "MISSING_ACTION_FOR_CONDITION_KEY",
    "mismatched": "MISMATCHED_ACTION_FOR_PRINCIPAL",
}


def walk(step, aws):
    with step("Two accounts: ApplicationHost with the PaymentApplication role, BusinessData with a developer") as it:
        accounts = Accounts(aws)
        it.saw(f"ApplicationHost {ACCOUNT}, BusinessData {accounts.business_data}")
        it.saw(accounts.developer("sts").get_caller_identity()["Arn"])
    policy = author(step, accounts)
    validate(step, accounts, policy)
    preview(step, aws, accounts, policy)
    use(step, aws, accounts, policy)
    with step("Tear it all down") as it:
        accounts.developer("accessanalyzer").delete_analyzer(analyzerName="ExampleCorp")
        accounts.close(BUCKET, "ApplicationAccess")
        it.saw("no role, no bucket, no analyzer, no account is left but ApplicationHost")


# Create the role and grant permissions through a role trust policy with the policy editor


def author(step, accounts) -> str:
    with step(
        "Write the trust policy in the editor: the action AssumeRole, then a principal of the type IAM role"
    ) as it:
        with tempfile.TemporaryDirectory() as place:
            file = Path(place, "ApplicationAccess.json")
            told = ["action AssumeRole", "principal", "IAM role", PAYMENT, "preview", "save", "quit"]
            said = edited(file, told, accounts.business_data)
            policy = file.read_text()
        assert "ARN (arn:aws:iam::{Account}:role/{RoleNameWithPath}):" in said, said
        assert "Security: 0  Errors: 0  Warnings: 0  Suggestions: 0" in said.split("policy> ")[2], said
        assert f"External access to a role of the account {accounts.business_data}: 1" in said, said
        assert json.loads(policy) == document("application-access")
        it.saw(json.dumps(document("application-access")["Statement"][0]))
    return policy


def edited(file: Path, lines: list[str], account: str) -> str:
    command = [sys.executable, "-c", "from glasshouse.cli import main; main()", "policy", "edit", str(file)]
    given = "".join(f"{line}\n" for line in lines)
    ran = subprocess.run(
        [*command, "--type", "trust", "--account", account], input=given, capture_output=True, text=True, check=True
    )
    return ran.stdout


# Author secure policies by reviewing policy validation findings


def validate(step, accounts, policy: str):
    analyzer = accounts.developer("accessanalyzer")
    with step("Validate it: no findings") as it:
        assert findings(analyzer, policy) == []
        it.saw("0 findings")
    for name, issue in EXAMPLES.items():
        with step(f"Validate {name}.json") as it:
            found = findings(analyzer, text(name))[0]
            assert (found["findingType"], found["issueCode"]) == ("ERROR", issue), found
            span = found["locations"][0]["span"]
            line, column = span["start"]["line"], span["start"]["column"]
            it.saw(f"{issue} at line {line}, column {column}")
            it.saw(found["findingDetails"])
            it.saw(f"it points at {text(name)[span['start']['offset'] : span['end']['offset']]}")
    with step("Fix the error: remove the action sts:AssumeRoleWithWebIdentity") as it:
        fixed = document("mismatched")
        fixed["Statement"][0]["Action"].remove("sts:AssumeRoleWithWebIdentity")
        assert findings(analyzer, json.dumps(fixed)) == []
        it.saw("0 findings")
    with step("Validate a policy with a comma too many; store one with a principal that is none") as it:
        (found,) = findings(analyzer, policy.replace('"sts:AssumeRole"', '"sts:AssumeRole",'))
        at = found["locations"][0]["span"]["start"]
        assert found["issueCode"] == "JSON_SYNTAX_ERROR" and at["line"] == 10, found
        it.saw(f"JSON_SYNTAX_ERROR at line {at['line']}, column {at['column']}")
        broken = policy.replace(
            PAYMENT, "arn:aws:iam:: 111122223333: role/PaymentApplication"
        )  # as the article prints it
        it.saw(refusal("MalformedPolicyDocument", create_role, accounts, broken))


def findings(analyzer, policy: str) -> list[dict]:
    return analyzer.validate_policy(policyDocument=policy, **ROLE_TRUST)["findings"]


# Preview external access by reviewing cross-account access findings


def preview(step, aws, accounts, policy: str):
    analyzer = accounts.developer("accessanalyzer")
    with step(
        "Look for an analyzer in the Region: there is none, so create one, with the account as zone of trust"
    ) as it:
        assert analyzer.list_analyzers()["analyzers"] == []
        arn = analyzer.create_analyzer(analyzerName="ExampleCorp", type="ACCOUNT")["arn"]
        assert analyzer.get_analyzer(analyzerName="ExampleCorp")["analyzer"]["status"] == "ACTIVE"
        assert accounts.developer("accessanalyzer", region="us-east-1").list_analyzers()["analyzers"] == []
        it.saw(arn)
        it.saw("and none in us-east-1: an analyzer is of one Region")
    with step("Preview: external access is granted to PaymentApplication") as it:
        (found,) = previewed(aws, analyzer, arn, accounts.role_arn, policy)
        assert found["principal"] == {"AWS": PAYMENT} and found["action"] == ["sts:AssumeRole"], found
        assert (found["resource"], found["resourceType"]) == (accounts.role_arn, "AWS::IAM::Role")
        assert (found["status"], found["changeType"], found["isPublic"]) == ("ACTIVE", "NEW", False)
        it.saw(f"{found['changeType']} {found['status']}: {found['principal']['AWS']} may {found['action'][0]}")
    with step("Preview a policy that trusts the role's own account: that is inside the zone of trust") as it:
        inside = policy.replace(PAYMENT, f"arn:aws:iam::{accounts.business_data}:root")
        assert previewed(aws, analyzer, arn, accounts.role_arn, inside) == []
        it.saw("0 findings")


def previewed(aws, analyzer, arn: str, role: str, policy: str) -> list[dict]:
    configurations = {role: {"iamRole": {"trustPolicy": policy}}}
    preview = analyzer.create_access_preview(analyzerArn=arn, configurations=configurations)["id"]
    aws.settle()
    status = analyzer.get_access_preview(accessPreviewId=preview, analyzerArn=arn)["accessPreview"]["status"]
    assert status == "COMPLETED", status
    return analyzer.list_access_preview_findings(accessPreviewId=preview, analyzerArn=arn)["findings"]


# Now the application can use this role to access the BusinessData account


def use(step, aws, accounts, policy: str):
    analyzer, iam = accounts.developer("accessanalyzer"), accounts.developer("iam")
    arn = analyzer.list_analyzers()["analyzers"][0]["arn"]
    with step("Save the role ApplicationAccess with the permissions it needs") as it:
        created = create_role(accounts, policy)
        assert created["Arn"] == accounts.role_arn
        accounts.fill_bucket(BUCKET)
        iam.put_role_policy(RoleName="ApplicationAccess", PolicyName="ReadData", PolicyDocument=reading(BUCKET))
        aws.settle()
        (found,) = found_of(analyzer, arn, accounts.role_arn)
        assert (found["principal"], found["status"]) == ({"AWS": PAYMENT}, "ACTIVE"), found
        it.saw(f"finding {found['id']}: {found['principal']['AWS']}")
        others = {one["resource"] for one in analyzer.list_findings(analyzerArn=arn)["findings"]} - {accounts.role_arn}
        it.saw(f"found too, as it trusts the account that manages the organization: {', '.join(others)}")
    with step("The application assumes ApplicationAccess and reads the data") as it:
        session = accounts.assume("PaymentApplication", accounts.role_arn)
        it.saw(session("sts").get_caller_identity()["Arn"])
        it.saw(session("s3").get_object(Bucket=BUCKET, Key="orders.csv")["Body"].read().decode().strip())
        it.saw(refusal("AccessDenied", session("s3").delete_object, Bucket=BUCKET, Key="orders.csv"))
    with step(
        "Others do not get in: another role of ApplicationHost with the same permission, and the developer"
    ) as it:
        it.saw(refusal("AccessDenied", accounts.assume, "ReportingApplication", accounts.role_arn))
        request = {"RoleArn": accounts.role_arn, "RoleSessionName": "developer"}
        it.saw(refusal("AccessDenied", accounts.developer("sts").assume_role, **request))
    with step("Were it unintended: update the role ARN, and the finding is resolved") as it:
        inside = policy.replace(PAYMENT, f"arn:aws:iam::{accounts.business_data}:root")
        iam.update_assume_role_policy(RoleName="ApplicationAccess", PolicyDocument=inside)
        aws.settle()
        (found,) = found_of(analyzer, arn, accounts.role_arn)
        assert found["status"] == "RESOLVED", found
        it.saw(f"finding {found['id']}: {found['status']}")
        it.saw(refusal("AccessDenied", accounts.assume, "PaymentApplication", accounts.role_arn))


def found_of(analyzer, arn: str, resource: str) -> list[dict]:
    return analyzer.list_findings(analyzerArn=arn, filter={"resource": {"eq": [resource]}})["findings"]


def create_role(accounts, policy: str) -> dict:
    iam = accounts.developer("iam")
    return iam.create_role(RoleName="ApplicationAccess", AssumeRolePolicyDocument=policy)["Role"]


def reading(bucket: str) -> str:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def refusal(code: str, ask, *arguments, **members) -> str:
    """The message of a refusal that is expected."""
    try:
        ask(*arguments, **members)
    except ClientError as failure:
        assert failure.response["Error"]["Code"] == code, failure
        return f"{code}: {failure.response['Error']['Message']}"
    raise AssertionError(f"{code} was expected")


def text(name: str) -> str:
    return (HERE / "policies" / f"{name}.json").read_text()


def document(name: str) -> dict:
    return json.loads(text(name))
