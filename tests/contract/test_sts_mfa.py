"""Sessions shown with a code of a device, and sessions that were revoked."""

import base64
import hmac
import json
import time

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"


def code(seed, step):
    digest = hmac.digest(base64.b32decode(seed), step.to_bytes(8), "sha1")
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4]) & 0x7FFFFFFF) % 1_000_000:06d}"


def allow(action, **condition):
    statement = {"Effect": "Allow", "Action": action, "Resource": "*", "Condition": condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(**condition):
    principal = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def keys(given):
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given.get("SessionToken"),
    }


def refused(action, code):
    with pytest.raises(ClientError) as failure:
        action()
    assert failure.value.response["Error"]["Code"] == code
    return failure.value.response["Error"]["Message"]


PRESENT = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
WRONG = "MultiFactorAuthentication failed with invalid MFA one time pass code."


class Device:
    """Bob's device: `next()` is a code that was not used yet and is still good."""

    def __init__(self, iam):
        made = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
        self.serial, self.seed = made["SerialNumber"], made["Base32StringSeed"]
        step = int(time.time()) // 30
        iam.enable_mfa_device(
            UserName="bob", SerialNumber=self.serial,
            AuthenticationCode1=code(self.seed, step - 2), AuthenticationCode2=code(self.seed, step - 1),
        )  # fmt: skip
        self.step = step

    def next(self):
        self.step += 1
        return {"SerialNumber": self.serial, "TokenCode": code(self.seed, self.step - 1)}

    def wrong(self):
        right = int(self.next()["TokenCode"])
        self.step -= 1
        return {"SerialNumber": self.serial, "TokenCode": f"{(right + 1) % 1_000_000:06d}"}


@pytest.fixture
def bob(aws):
    iam = aws("iam")
    iam.create_user(UserName="bob")
    iam.put_user_policy(UserName="bob", PolicyName="sts", PolicyDocument=allow("sts:*"))
    return keys(iam.create_access_key(UserName="bob")["AccessKey"])


@pytest.fixture
def device(aws, bob):
    return Device(aws("iam"))


# What is refused


def test_a_wrong_code_gets_no_session(aws, bob, device):
    sts = aws("sts", **bob)
    assert refused(lambda: sts.get_session_token(**device.wrong()), "AccessDenied") == WRONG
    other = {**device.next(), "SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/absent"}
    assert refused(lambda: sts.get_session_token(**other), "AccessDenied") == WRONG
    aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust(**PRESENT))
    assume = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r", "RoleSessionName": "web"}
    assert refused(lambda: sts.assume_role(**assume, **device.wrong()), "AccessDenied") == WRONG
    refused(lambda: sts.assume_role(**assume), "AccessDenied")


def test_a_code_is_good_once(aws, bob, device):
    shown = device.next()
    aws("sts", **bob).get_session_token(**shown)
    assert refused(lambda: aws("sts", **bob).get_session_token(**shown), "AccessDenied") == WRONG


# What is done


def test_a_session_shown_with_a_code_says_so(aws, bob, device):
    aws("iam").put_user_policy(UserName="bob", PolicyName="ssm", PolicyDocument=allow("ssm:*", **PRESENT))
    refused(aws("ssm", **bob).describe_parameters, "AccessDeniedException")
    plain = keys(aws("sts", **bob).get_session_token()["Credentials"])
    refused(aws("ssm", **plain).describe_parameters, "AccessDeniedException")
    strong = keys(aws("sts", **bob).get_session_token(**device.next())["Credentials"])
    assert aws("ssm", **strong).describe_parameters()["Parameters"] == []


def test_a_trust_policy_may_ask_for_a_code(aws, bob, device):
    aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust(**PRESENT))
    aws("iam").put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=allow("ssm:*", **PRESENT))
    answer = aws("sts", **bob).assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/r", RoleSessionName="web", **device.next()
    )
    assert aws("ssm", **keys(answer["Credentials"])).describe_parameters()["Parameters"] == []


# What happens next


def test_the_age_of_a_code_is_a_condition(aws, bob, device, cloud):
    young = {"NumericLessThan": {"aws:MultiFactorAuthAge": "600"}}
    aws("iam").put_user_policy(UserName="bob", PolicyName="ssm", PolicyDocument=allow("ssm:*", **young))
    strong = keys(aws("sts", **bob).get_session_token(**device.next())["Credentials"])
    aws("ssm", **strong).describe_parameters()
    cloud.clock.advance(601)
    refused(aws("ssm", **strong).describe_parameters, "AccessDeniedException")


def test_older_sessions_are_revoked_by_the_time_of_their_issue(aws, bob, cloud):
    iam, role = aws("iam"), f"arn:aws:iam::{ACCOUNT}:role/r"
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust())
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=allow("ssm:*"))

    def session():
        answer = aws("sts", **bob).assume_role(RoleArn=role, RoleSessionName="web")
        return aws("ssm", **keys(answer["Credentials"]))

    old = session()
    old.describe_parameters()
    cloud.clock.advance(60)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(cloud.clock.now()))
    statement = {
        "Effect": "Deny", "Action": ["*"], "Resource": ["*"],
        "Condition": {"DateLessThan": {"aws:TokenIssueTime": now}},
    }  # fmt: skip
    revoke = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="r", PolicyName="AWSRevokeOlderSessions", PolicyDocument=revoke)
    assert "explicit deny" in refused(old.describe_parameters, "AccessDeniedException")
    cloud.clock.advance(60)
    assert session().describe_parameters()["Parameters"] == []
