"""AddPermission and RemovePermission: the short way to write a topic's policy."""

import json
import re

from glasshouse.services.sns import topic_attributes
from glasshouse.services.sns.errors import invalid
from glasshouse.services.sns.records import Topic

GRANTABLE = {
    "AddPermission", "DeleteTopic", "GetDataProtectionPolicy", "GetTopicAttributes", "ListSubscriptionsByTopic",
    "ListTagsForResource", "Publish", "PutDataProtectionPolicy", "RemovePermission", "SetTopicAttributes", "Subscribe",
}  # fmt: skip
ACCOUNT = re.compile(r"\d{12}")


class Permissions:
    """Statements of a topic's policy, by their labels."""

    def add_permission(self, topic_arn: str, label: str, aws_account_id: list[str], action_name: list[str]):
        home, topic = self._found(topic_arn, "TopicArn")
        if not aws_account_id or not action_name or not set(action_name) <= GRANTABLE:
            raise invalid("Policy statement action out of service scope!" if aws_account_id else "AWSAccountId")
        if not all(map(ACCOUNT.fullmatch, aws_account_id)):
            raise invalid("Policy Error: PrincipalNotFound")
        policy = _policy_of(topic)
        if any(statement.get("Sid") == label for statement in policy["Statement"]):
            raise invalid("Statement already exists")
        policy["Statement"].append(
            {
                "Sid": label,
                "Effect": "Allow",
                "Principal": {"AWS": _one_or_all([f"arn:aws:iam::{account}:root" for account in aws_account_id])},
                "Action": _one_or_all([f"SNS:{action}" for action in action_name]),
                "Resource": topic.arn,
            }
        )
        home._put_policy(topic, policy)

    def remove_permission(self, topic_arn: str, label: str):
        home, topic = self._found(topic_arn, "TopicArn")
        policy = _policy_of(topic)
        policy["Statement"] = [statement for statement in policy["Statement"] if statement.get("Sid") != label]
        home._put_policy(topic, policy)

    def _put_policy(self, topic: Topic, policy: dict):
        topic.attributes["Policy"] = json.dumps(policy, separators=(",", ":"), ensure_ascii=False)
        self.topics.put(topic)
        self.state("TopicAccessChanged", arn=topic.arn)


def _policy_of(topic: Topic) -> dict:
    policy = json.loads(topic.attributes.get("Policy") or topic_attributes.default_policy(topic))
    if isinstance(policy["Statement"], dict):
        policy["Statement"] = [policy["Statement"]]
    return policy


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
