"""What an administrator does once: a user who may deploy, and do nothing else: `python administer.py --prefix onchain`.

All roles that this user makes are bounded by policies/boundary.json, so that none of them may do more than the
deployment needs, whatever is written into its policy. With --remove the user and both policies are taken away.
"""

import argparse
import json

import boto3
from names import Names


def make(names: Names, session: boto3.Session) -> dict[str, str]:
    """Returns the user's access key, as environment variables."""
    iam, tags = session.client("iam"), [{"Key": "Project", "Value": names.prefix}]
    user = f"{names.prefix}-deployer"
    for name in ("boundary", "deployer"):
        iam.create_policy(PolicyName=f"{names.prefix}-{name}", PolicyDocument=packed(names.policy(name)), Tags=tags)
    iam.create_user(UserName=user, Tags=tags)
    iam.attach_user_policy(UserName=user, PolicyArn=names.arn("iam", f"policy/{user}"))
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def remove(names: Names, session: boto3.Session):
    iam, user = session.client("iam"), f"{names.prefix}-deployer"
    for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    iam.detach_user_policy(UserName=user, PolicyArn=names.arn("iam", f"policy/{user}"))
    iam.delete_user(UserName=user)
    for name in ("boundary", "deployer"):
        iam.delete_policy(PolicyArn=names.arn("iam", f"policy/{names.prefix}-{name}"))


def packed(policy: str) -> str:
    """Without the spaces: the policy of a user may have 6,144 other characters."""
    return json.dumps(json.loads(policy), separators=(",", ":"))


def main():
    it = argparse.ArgumentParser("administer.py", description="Make a user who may deploy the analytics of a chain.")
    it.add_argument("--prefix", default="onchain", help="what all names begin with (default: %(default)s)")
    it.add_argument("--remove", action="store_true", help="take the user away again")
    told, session = it.parse_args(), boto3.Session()
    account = session.client("sts").get_caller_identity()["Account"]
    names = Names(told.prefix, account, session.region_name)
    if told.remove:
        remove(names, session)
        return
    for name, value in make(names, session).items():
        print(f"export {name}={value}")


if __name__ == "__main__":
    main()
