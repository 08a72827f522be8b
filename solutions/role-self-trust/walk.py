"""The walk of role self-trust: see README.md for what each step is about."""

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

from botocore.exceptions import ClientError

POLICIES = Path(__file__).with_name("policies")
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
BEFORE, CHANGE, GRACE, AFTER = "2022-09-01", "2022-09-21", "2022-12-01", "2023-02-16"
ADMINISTERS = (  # all that the administrator may do
    {
        "Effect": "Allow",
        "Action": [
            *("iam:CreateRole", "iam:GetRole", "iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy"),
            *("iam:DeleteRolePolicy", "iam:TagRole", "iam:UntagRole", "iam:DeleteRole", "sts:AssumeRole"),
        ],
        "Resource": [f"{ROLE}RoleA", f"{ROLE}RoleB", f"{ROLE}RoleC"],
    },
    {
        "Effect": "Allow",
        "Action": [
            "iam:ListRoles",
            "cloudtrail:LookupEvents",
            "health:DescribeEvents",
            "health:DescribeAffectedEntities",
        ],
        "Resource": "*",
    },
)
PROJECT = [{"Key": "project", "Value": "BlueSkyProject"}]


def walk(step, aws):
    stage = Stage(aws.as_user("administrator", *ADMINISTERS))
    prepare(step, stage)
    before(step, stage)
    noticed(step, stage)
    grace(step, stage)
    after(step, stage)
    tagged(step, stage)
    beside(step, stage)
    recorded(step, stage)
    remove(step, stage)
    aws.remove_user("administrator")


class Stage:
    """Two roles, and how to see who may assume RoleA."""

    def __init__(self, aws):
        self.aws, self.iam = aws, aws("iam")
        self.root = trust(f"arn:aws:iam::{ACCOUNT}:root")

    def on(self, day: str):
        """Go to a day, as `glasshouse clock set` does."""
        self.aws.clock.set(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())

    def make(self, name: str, identity: str | None = None):
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=self.root)
        if identity:
            self.allow(name, identity)

    def allow(self, name: str, policy: str):
        self.iam.put_role_policy(RoleName=name, PolicyName="self", PolicyDocument=policy)

    def session(self, name: str):
        """A session of a role, as a compute service would hand it to the code that it runs."""
        role = self.iam.get_role(RoleName=name)["Role"]
        kept = json.dumps(role["AssumeRolePolicyDocument"])
        self.iam.update_assume_role_policy(RoleName=name, PolicyDocument=self.root)
        answer = self.aws("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="workload")
        self.iam.update_assume_role_policy(RoleName=name, PolicyDocument=kept)
        given = answer["Credentials"]
        return self.aws(
            "sts", aws_access_key_id=given["AccessKeyId"], aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )  # fmt: skip

    def tries(self, who: str, target: str = "RoleA", **more) -> str:
        """What comes of a session of `who` assuming a role: "allowed", or AWS's words."""
        session = self.session(who)
        try:
            session.assume_role(RoleArn=ROLE + target, RoleSessionName="again", **more)
        except ClientError as failure:
            error = failure.response["Error"]
            return f"{error['Code']}: {error['Message']}"
        return "allowed"

    def table(self, it, document: str, **expected: bool):
        """Set RoleA's trust policy, and see that each role may assume RoleA just as expected."""
        self.iam.update_assume_role_policy(RoleName="RoleA", PolicyDocument=document)
        for who, allowed in expected.items():
            told = self.tries(who)
            it.saw(f"{who} assumes RoleA: {told}")
            assert (told == "allowed") is allowed, f"{who}: {told}"
            assert allowed or told.startswith(refusal(who)), told


def refusal(who: str, target: str = "RoleA") -> str:
    return (
        f"AccessDenied: User: arn:aws:sts::{ACCOUNT}:assumed-role/{who}/workload is not authorized to perform:"
        f" sts:AssumeRole on resource: {ROLE}{target}"
    )


def printed(name: str) -> str:
    """A policy as it is printed in the article, or beside it."""
    return (POLICIES / f"{name}.json").read_text()


def trust(*names: str, effect: str = "Allow") -> str:
    statement = {"Effect": effect, "Principal": {"AWS": list(names)}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def prepare(step, stage: Stage):
    with step(f"On {BEFORE}, make RoleA, whose identity policy lets it assume itself, and RoleB") as it:
        stage.on(BEFORE)
        stage.make("RoleA", printed("self"))
        stage.make("RoleB")
        it.saw(", ".join(role["Arn"] for role in stage.iam.list_roles()["Roles"]))


def before(step, stage: Stage):
    with step("Before the change: RoleA trusts RoleB alone, yet it assumes itself too") as it:
        stage.table(it, printed("trust-role-b"), RoleA=True, RoleB=True)
    with step("The conditions in the trust policy bind RoleB, not RoleA, which relies on its identity policy") as it:
        stage.table(it, printed("trust-role-b-tagged"), RoleA=True, RoleB=False)
        stage.iam.tag_role(RoleName="RoleB", Tags=PROJECT)
        stage.table(it, printed("trust-role-b-tagged"), RoleB=True)
        stage.iam.untag_role(RoleName="RoleB", TagKeys=["project"])
    with step("An explicit deny of itself in the trust policy counts, then as ever") as it:
        document = json.loads(printed("trust-role-b"))
        document["Statement"] += json.loads(trust(f"{ROLE}RoleA", effect="Deny"))["Statement"]
        stage.table(it, json.dumps(document), RoleA=False, RoleB=True)


def noticed(step, stage: Stage):
    with step(f"On {CHANGE} the account is told: a Health event lists the roles that relied on the old rule") as it:
        stage.on(CHANGE)
        health = stage.aws("health", "us-east-1")
        (event,) = health.describe_events(filter={"services": ["IAM"], "eventStatusCodes": ["open"]})["events"]
        it.saw(f"{event['eventTypeCategory']} {event['arn']}")
        entities = health.describe_affected_entities(filter={"eventArns": [event["arn"]]})["entities"]
        it.saw([entity["entityValue"] for entity in entities])
        assert [entity["entityValue"] for entity in entities] == [f"{ROLE}RoleA"]
        assert event["endTime"].date().isoformat() == "2023-02-15"
    with step("The account's owner gets it by e-mail as well") as it:
        with urlopen(f"{stage.aws.url}/_glasshouse/mail") as answer:
            (letter,) = json.load(answer)["letters"]
        it.saw(f"to {letter['recipients'][0]}: {letter['subject']}")
        assert f"{ROLE}RoleA" in letter["content"]


def grace(step, stage: Stage):
    with step(f"On {GRACE}, RoleA is on the allow list and goes on as before, past conditions too") as it:
        stage.on(GRACE)
        stage.table(it, printed("trust-role-b"), RoleA=True, RoleB=True)
        stage.table(it, printed("trust-role-b-tagged"), RoleA=True)
    with step("A new role has a new ARN and is not on the list: the new rule holds for it at once") as it:
        stage.make("RoleC", trust_free(f"{ROLE}RoleC"))
        stage.iam.update_assume_role_policy(RoleName="RoleC", PolicyDocument=printed("trust-role-b"))
        told = stage.tries("RoleC", "RoleC")
        it.saw(told)
        assert told.startswith(refusal("RoleC", "RoleC"))
    with step("RoleA is opted out by an explicit deny of itself") as it:
        stage.table(it, trust(f"{ROLE}RoleA", effect="Deny"), RoleA=False)


def trust_free(resource: str) -> str:
    """An identity policy that lets its role assume another."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def after(step, stage: Stage):
    with step(f"On {AFTER} the old behavior is retired: what you see in the trust policy is what you get") as it:
        stage.on(AFTER)
        stage.table(it, printed("trust-role-b"), RoleA=False, RoleB=True)
    with step("With RoleA in its own trust policy it assumes itself, also without any identity policy") as it:
        stage.table(it, printed("trust-both"), RoleA=True, RoleB=True)
        stage.iam.delete_role_policy(RoleName="RoleA", PolicyName="self")
        stage.table(it, printed("trust-both"), RoleA=True)
    with step("Trust in the account's root delegates to identity policies") as it:
        stage.table(it, stage.root, RoleA=False, RoleB=False)
        stage.allow("RoleA", printed("self"))
        stage.table(it, stage.root, RoleA=True, RoleB=False)


def tagged(step, stage: Stage):
    with step("The conditions bind RoleA too, even if its identity policy has none") as it:
        stage.table(it, printed("trust-role-b-tagged"), RoleA=False)
        stage.table(it, printed("trust-both-tagged"), RoleA=False)
        stage.iam.tag_role(RoleName="RoleA", Tags=PROJECT)
        stage.table(it, printed("trust-both-tagged"), RoleA=True)
        stage.table(it, printed("trust-role-b-tagged"), RoleA=False)
    with step("Session tags need sts:TagSession, which only the tagged policies grant") as it:
        for name, allowed in (("trust-both", False), ("trust-both-tagged", True)):
            stage.iam.update_assume_role_policy(RoleName="RoleA", PolicyDocument=printed(name))
            told = stage.tries("RoleA", Tags=[{"Key": "task", "Value": "nightly"}])
            it.saw(f"{name}: {told}")
            assert (told == "allowed") is allowed
            assert allowed or "sts:TagSession" in told


def beside(step, stage: Stage):
    with step("A session scoped down by a policy: a pattern that is no mistake, once RoleA trusts itself") as it:
        stage.iam.update_assume_role_policy(RoleName="RoleA", PolicyDocument=printed("trust-both"))
        scoped = stage.tries("RoleA", Policy=trust_free(f"{ROLE}RoleB"))
        it.saw(scoped)
        assert scoped == "allowed"
    with step("What else is refused: a chained session of more than an hour, a principal that is none") as it:
        told = stage.tries("RoleA", DurationSeconds=3601)
        it.saw(told)
        assert told.startswith("ValidationError")
        try:
            stage.iam.update_assume_role_policy(RoleName="RoleA", PolicyDocument=trust("RoleA"))
        except ClientError as failure:
            it.saw(failure.response["Error"]["Message"])
            assert failure.response["Error"]["Code"] == "MalformedPolicyDocument"
        else:
            raise AssertionError("a principal that is none was taken")


def recorded(step, stage: Stage):
    with step("CloudTrail's event history tells who assumed themselves, and that others were refused") as it:
        stage.aws.settle()
        pages = stage.aws("cloudtrail").get_paginator("lookup_events")
        wanted = [{"AttributeKey": "EventName", "AttributeValue": "AssumeRole"}]
        events = [
            json.loads(event["CloudTrailEvent"])
            for page in pages.paginate(LookupAttributes=wanted)
            for event in page["Events"]
        ]
        selves = [event for event in events if issuer(event) in [one["ARN"] for one in event.get("resources", [])]]
        done = [event for event in selves if "errorCode" not in event]
        it.saw(f"{len(done)} times a role assumed itself, {len(selves) - len(done)} times it was refused")
        assert {issuer(event) for event in done} == {f"{ROLE}RoleA"}
        assert all(event.get("errorCode") in (None, "AccessDenied", "ValidationError") for event in selves)


def remove(step, stage: Stage):
    with step("Clean up") as it:
        for name in ("RoleA", "RoleB", "RoleC"):
            if name != "RoleB":
                stage.iam.delete_role_policy(RoleName=name, PolicyName="self")
            stage.iam.delete_role(RoleName=name)
        assert stage.iam.list_roles()["Roles"] == []
        it.saw("no roles")


def issuer(event: dict) -> str | None:
    """The role whose session made a call."""
    return event["userIdentity"].get("sessionContext", {}).get("sessionIssuer", {}).get("arn")
