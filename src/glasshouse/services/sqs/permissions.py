"""AddPermission and RemovePermission: the short way to write a queue's policy."""

import json
import re

from glasshouse.services.sqs.attributes import MOST_STATEMENTS
from glasshouse.services.sqs.errors import MissingParameter, OverLimit, invalid
from glasshouse.services.sqs.records import Queue

GRANTABLE = (
    "*", "ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ListDeadLetterSourceQueues",
    "PurgeQueue", "ReceiveMessage", "SendMessage",
)  # fmt: skip
MOST_ACTIONS = 7
LABEL = re.compile(r"[A-Za-z0-9_-]{1,80}")
ACCOUNT = re.compile(r"\d{12}")


class Permissions:
    """Statements of a queue's policy, by their labels."""

    def add_permission(self, queue_url: str, label: str, aws_account_ids: list[str], actions: list[str]):
        queue = self._queue(queue_url)
        _check(label, aws_account_ids, actions)
        policy = _policy_of(queue)
        if any(statement.get("Sid") == label for statement in policy["Statement"]):
            raise invalid(label, "Label", "Already exists.")
        principals = [f"arn:aws:iam::{account}:root" for account in aws_account_ids]
        policy["Statement"].append(
            {
                "Sid": label,
                "Effect": "Allow",
                "Principal": {"AWS": _one_or_all(principals)},
                "Action": _one_or_all([f"SQS:{action}" for action in actions]),
                "Resource": queue.arn,
            }
        )
        if len(policy["Statement"]) > MOST_STATEMENTS:
            raise OverLimit(f"{len(policy['Statement'])} Statements were found, maximum allowed is {MOST_STATEMENTS}.")
        self._put_policy(queue, policy)

    def remove_permission(self, queue_url: str, label: str):
        queue = self._queue(queue_url)
        policy = _policy_of(queue)
        kept = [statement for statement in policy["Statement"] if statement.get("Sid") != label]
        if len(kept) == len(policy["Statement"]):
            raise invalid(label, "Label", "can't find label.")
        self._put_policy(queue, policy | {"Statement": kept})

    def _put_policy(self, queue: Queue, policy: dict):
        queue.policy = json.dumps(policy, separators=(",", ":")) if policy["Statement"] else None
        queue.modified = self.now
        self._tables(queue).put(queue)
        self.state("QueueAccessChanged", arn=queue.arn)


def _check(label: str, accounts: list[str], actions: list[str]):
    if not actions:
        raise MissingParameter("The request must contain the parameter Actions.")
    if not accounts:
        raise invalid("[]", "PrincipalId", "Unable to verify.")
    if not LABEL.fullmatch(label):
        raise invalid(
            label,
            "Label",
            "Label can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.",
        )
    if len(actions) > MOST_ACTIONS:
        raise OverLimit(f"{len(actions)} Actions were found, maximum allowed is {MOST_ACTIONS}.")
    for action in actions:
        if action not in GRANTABLE:
            raise invalid(f"SQS:{action}", "ActionName", "Only the queue owner is allowed to invoke this action.")
    for account in accounts:
        if not ACCOUNT.fullmatch(account):
            raise invalid(account, "PrincipalId", "Unable to verify.")


def _policy_of(queue: Queue) -> dict:
    if not queue.policy:
        return {"Version": "2008-10-17", "Id": f"{queue.arn}/SQSDefaultPolicy", "Statement": []}
    policy = json.loads(queue.policy)
    if isinstance(policy["Statement"], dict):
        policy["Statement"] = [policy["Statement"]]
    return policy


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
