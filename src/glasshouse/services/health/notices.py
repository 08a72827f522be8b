"""Notices that other services give cause for.

Role self-trust: since 2022-09-21 a role assumes itself only if its trust policy says so; accounts with roles that had
relied on the old rule were told by a Health event that lists them, and by an e-mail to the account's owner (AWS
Security Blog, "Announcing an update to IAM role trust policy behavior").
"""

from collections.abc import Sequence

from glasshouse.core import ids, on
from glasshouse.services.health.records import Affected, Awaiting, Event

SENDER = "Amazon Web Services, Inc. <no-reply-aws@amazon.com>"
SELF_TRUST = "AWS_IAM_OPERATIONAL_NOTIFICATION"
SUBJECT = "[Action may be required] AWS Identity and Access Management (IAM): roles that assume themselves"
SELF_TRUST_TEXT = """\
You have IAM roles that have assumed themselves since June 30, 2022, relying on permissions in their identity-based
policies alone. As of September 21, 2022, a role may assume itself only if its trust policy grants that explicitly.

The roles listed below have been added to an allow list, by their ARNs, and keep the former behavior until February 15,
2023. After that date their requests to assume themselves will be denied with AccessDenied, unless you

- change the code that assumes the role it is already running as, which is almost always unnecessary, or
- add the role's own ARN as a principal to its trust policy.

A role created anew, under another ARN, is not on the allow list; neither is one whose trust policy denies itself.
"""


class Notices:
    """Events that Health makes of what other services state."""

    @on("sts.RoleReliedOnSelfTrust")
    def _hear_of_self_trust(self, role_arn: str, notice_from: float, retired: float):
        if self.now < retired and not self._is_known(role_arn):
            self.awaiting.put(Awaiting(role_arn))
            due = max(self.now, notice_from)
            self.later("_give_notice_of_self_trust", at=due, key="self-trust", start=notice_from, retired=retired)

    def _give_notice_of_self_trust(self, start: float, retired: float):
        """One event for the account, and a letter about the roles that are new in it."""
        roles = [waiting.role_arn for waiting in self.awaiting.list()]
        for waiting in list(self.awaiting.list()):
            self.awaiting.delete(waiting)
        if not roles or self.now >= retired:
            return
        event = self._self_trust_event() or self._new_event(
            "IAM", SELF_TRUST, "accountNotification", SELF_TRUST_TEXT, start, retired
        )
        self._affect(event, roles)
        listed = "\n".join(f"    {arn}" for arn in roles)
        text = f"{SELF_TRUST_TEXT}\nAffected roles in the account {self.call.account}:\n\n{listed}\n"
        self.post(SENDER, [self.cloud.mail.owner(self.call.account)], SUBJECT, text)

    def _self_trust_event(self) -> Event | None:
        return next((event for event in self.events.list() if event.event_type_code == SELF_TRUST), None)

    def _is_known(self, role_arn: str) -> bool:
        event = self._self_trust_event()
        return event is not None and self.affected.get(event.arn, role_arn) is not None

    def _new_event(
        self, service: str, code: str, category: str, description: str, start: float, end: float | None
    ) -> Event:
        """An event about the whole account, in no region."""
        arn = f"arn:aws:health:global::event/{service}/{code}/{code}_{ids.token(10, ids.LOWER)}"
        event = Event(
            arn, service, code, category, "global", start, self.now, description, end,
            actionability="ACTION_MAY_BE_REQUIRED", personas=["OPERATIONS", "SECURITY"],
        )  # fmt: skip
        return self.events.put(event)

    def _affect(self, event: Event, arns: Sequence[str]):
        event.last_updated_time = self.now
        self.events.put(event)
        for arn in arns:
            digest = ids.uuid_of(event.arn, arn).replace("-", "")
            entity = f"arn:aws:health:global:{self.call.account}:entity/{digest}"
            self.affected.put(Affected(event.arn, entity, arn, self.call.account, self.now))
        self.state("EventPublished", arn=event.arn)
