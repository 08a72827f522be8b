"""What tests of EventBridge need: queues and rules that lead to them, and what arrived there."""

import json

from glasshouse.core.access import Credential, root

ACCOUNT, REGION = "000000000000", "eu-west-1"
ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:"
THERE = "111111111111"  # another account
PATTERN = json.dumps({"source": ["shop"]})


def queue(aws, name="seen", principal="events.amazonaws.com", **attributes) -> tuple[str, str]:
    """(URL, ARN) of a queue that lets a service send to it."""
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    statement = {
        "Effect": "Allow", "Principal": {"Service": principal}, "Action": "sqs:SendMessage", "Resource": arn,
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return url, arn


def messages(aws, url) -> list[dict]:
    """Everything in a queue, taken out."""
    sqs, found = aws("sqs"), []
    options = {"MessageAttributeNames": ["All"], "MessageSystemAttributeNames": ["All"], "MaxNumberOfMessages": 10}
    while got := sqs.receive_message(QueueUrl=url, **options).get("Messages"):
        found += got
        for message in got:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def bodies(aws, url) -> list:
    return [json.loads(message["Body"]) for message in messages(aws, url)]


def rule(events, arn, name="r", pattern=PATTERN, bus="default", **target) -> str:
    """A rule with one target; its ARN."""
    made = events.put_rule(Name=name, EventPattern=pattern, EventBusName=bus)["RuleArn"]
    put = events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "t", "Arn": arn, **target}])
    assert put["FailedEntryCount"] == 0
    return made


def entry(detail=None, source="shop", **more) -> dict:
    return {"Source": source, "DetailType": "Order Placed", "Detail": json.dumps(detail or {"id": 1}), **more}


def put(cloud, events, *entries) -> list[dict]:
    """Put events, and wait until they are where they go."""
    result = events.put_events(Entries=list(entries))
    cloud.settle()
    return result["Entries"]


def role(aws, name="deliverer", service="events.amazonaws.com", *statements) -> str:
    """A role that a service may assume, and what it may do."""
    iam = aws("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    made = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    if statements:
        allowed = [{"Effect": "Allow", "Action": action, "Resource": arn} for action, arn in statements]
        document = json.dumps({"Version": "2012-10-17", "Statement": allowed})
        iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=document)
    return made["Role"]["Arn"]


def attributes(message) -> dict[str, str]:
    return {name: it["StringValue"] for name, it in message["MessageAttributes"].items()}


def other_account(cloud, aws):
    """Clients of root in another account."""

    def keep():
        with cloud.cloud.store.transaction():
            cloud.cloud.credentials.put(Credential("AKIATHERE", "secret", root(THERE)))

    cloud.run(keep)
    keys = {"aws_access_key_id": "AKIATHERE", "aws_secret_access_key": "secret"}
    return lambda service, **options: aws(service, **keys, **options)
