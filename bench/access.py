"""What enforcement costs: microseconds that the question of access takes of a call, in process.

    python -m bench.access

Asked are typical calls of a user with one inline policy, of a role's session with a managed and an inline policy, and
of root, with and without a policy on the resource.
"""

import json
import time
from statistics import median

from glasshouse.app import Settings, make_cloud
from glasshouse.core.access import Principal
from glasshouse.core.call import Call, Source
from glasshouse.core.cloud import Cloud

ACCOUNT, REGION = "000000000000", "us-east-1"
CALLS, ROUNDS = 2000, 5
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}],
}


def main():
    cloud = make_cloud(Settings())
    cloud.witness = None
    root = cloud.root()
    user, session = prepare(cloud, root)
    queue = f"http://localhost/{ACCOUNT}/bench"
    cases = [
        ("root, SQS SendMessage", "sqs", "SendMessage", {"QueueUrl": queue, "MessageBody": "x"}, root),
        ("user, SQS SendMessage", "sqs", "SendMessage", {"QueueUrl": queue, "MessageBody": "x"}, user),
        ("user, SSM GetParameter", "ssm", "GetParameter", {"Name": "/bench/a"}, user),
        ("session, S3 GetObject", "s3", "GetObject", {"Bucket": "bench-plain", "Key": "a"}, session),
        ("root, S3 GetObject, bucket with a policy", "s3", "GetObject", {"Bucket": "bench", "Key": "a"}, root),
        ("session, S3 GetObject, bucket with a policy", "s3", "GetObject", {"Bucket": "bench", "Key": "a"}, session),
    ]
    for name, service, operation, params, principal in cases:
        print(f"{name:48}{measure(cloud, service, operation, params, principal):8.1f} µs")


def prepare(cloud: Cloud, root: Principal) -> tuple[Principal, Principal]:
    """A user and a role's session that may do something, a queue, a parameter, buckets with and without a policy."""

    def do(service: str, operation: str, **params):
        return cloud.perform(Call(service, operation, params, ACCOUNT, REGION, root))

    allow = {"Effect": "Allow", "Action": ["sqs:*", "ssm:GetParameter", "s3:Get*"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    made = do("iam", "CreateUser", UserName="bench")["User"]
    do("iam", "PutUserPolicy", UserName="bench", PolicyName="p", PolicyDocument=document)
    role = do("iam", "CreateRole", RoleName="bench", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
    do("iam", "PutRolePolicy", RoleName="bench", PolicyName="p", PolicyDocument=document)
    read_only = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    do("iam", "AttachRolePolicy", RoleName="bench", PolicyArn=read_only)
    do("sqs", "CreateQueue", QueueName="bench")
    do("ssm", "PutParameter", Name="/bench/a", Value="v", Type="String")
    for bucket in ("bench", "bench-plain"):
        do("s3", "CreateBucket", Bucket=bucket)
    deny = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::bench/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    do("s3", "PutBucketPolicy", Bucket="bench", Policy=policy)
    session = {"role_arn": role["Arn"], "role_name": "bench", "issued": cloud.clock.now()}
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/bench/session"
    user = Principal("user", ACCOUNT, made["Arn"], made["UserId"])
    return user, Principal("role", ACCOUNT, arn, f"{role['RoleId']}:session", session)


def measure(cloud: Cloud, service: str, operation: str, params: dict, principal: Principal) -> float:
    call = Call(service, operation, params, ACCOUNT, REGION, principal, source=Source())
    model = cloud.model.operation(service, operation)
    kind = cloud.service_class(service)
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(CALLS):
            cloud.access.authorize(kind(cloud, call), model)
        taken.append((time.perf_counter() - start) * 1e6 / CALLS)
    return median(taken)


if __name__ == "__main__":
    main()
