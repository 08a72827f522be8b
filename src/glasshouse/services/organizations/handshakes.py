"""Handshakes: an account is invited into an organization, and says yes or no.

Differs from AWS: an invitation by e-mail address goes to the account whose owner has that address here; it expires
after 15 days by the cloud's clock, when somebody looks.
"""

from glasshouse.core import ids
from glasshouse.core.errors import NotSupported
from glasshouse.services.organizations.errors import (
    AccessDeniedException,
    DuplicateHandshakeException,
    HandshakeAlreadyInStateException,
    HandshakeConstraintViolationException,
    HandshakeNotFoundException,
    InvalidHandshakeTransitionException,
    InvalidInputException,
)
from glasshouse.services.organizations.records import Handshake, Organization
from glasshouse.services.organizations.structure import PAGE

EXPIRY_S = 15 * 86_400
OPEN = ("REQUESTED", "OPEN")


class Handshakes:
    """The operations on invitations."""

    def invite_account_to_organization(self, target: dict, notes: str | None = None, tags: list | None = None):
        organization = self._own()
        account = self._invited(target)
        if self.members.get(account):
            raise HandshakeConstraintViolationException(
                "The account is already a member of an organization.", Reason="ALREADY_IN_AN_ORGANIZATION"
            )
        if tags:
            raise NotSupported("Tags of invited accounts are not supported by Glasshouse yet")
        for handshake in self._handshakes():
            if handshake.management == organization.management and handshake.account == account:
                self._refuse_open(handshake)
        number = "h-" + ids.token(16, ids.LOWER)
        handshake = Handshake(
            number, organization.arn("handshake", "invite", number), organization.management, organization.id, account,
            self.now, self.now + EXPIRY_S, notes=notes,
        )  # fmt: skip
        self.handshakes.put(handshake)
        return {"Handshake": self._handshake_shown(handshake)}

    def accept_handshake(self, handshake_id: str):
        handshake = self._move(handshake_id, "ACCEPTED", by_target=True)
        if self.members.get(handshake.account):
            raise HandshakeConstraintViolationException(
                "The account is already a member of an organization.", Reason="ALREADY_IN_AN_ORGANIZATION"
            )
        organization = self.organizations.get(handshake.management)
        if organization is None or organization.id != handshake.organization:
            raise HandshakeNotFoundException()
        account = handshake.account
        self._admit(organization, account, self.cloud.mail.owner(account), f"Account {account}", "INVITED")
        self._changed(organization)
        return {"Handshake": self._handshake_shown(handshake)}

    def decline_handshake(self, handshake_id: str):
        return {"Handshake": self._handshake_shown(self._move(handshake_id, "DECLINED", by_target=True))}

    def cancel_handshake(self, handshake_id: str):
        return {"Handshake": self._handshake_shown(self._move(handshake_id, "CANCELED", by_target=False))}

    def describe_handshake(self, handshake_id: str):
        return {"Handshake": self._handshake_shown(self._handshake(handshake_id))}

    def list_handshakes_for_account(
        self, filter: dict | None = None, max_results: int = PAGE, next_token: str | None = None
    ):
        account = self.call.account
        return self._listed(filter, max_results, next_token, lambda handshake: handshake.account == account)

    def list_handshakes_for_organization(
        self, filter: dict | None = None, max_results: int = PAGE, next_token: str | None = None
    ):
        organization = self._own()
        return self._listed(
            filter, max_results, next_token, lambda handshake: handshake.organization == organization.id
        )

    # Within

    def _listed(self, given: dict | None, max_results: int, next_token: str | None, of) -> dict:
        invitations = (given or {}).get("ActionType") in (None, "INVITE")
        page = self.handshakes.page(max_results, next_token, where=lambda one: invitations and of(one))
        return {"Handshakes": [self._handshake_shown(one) for one in page.records], "NextToken": page.next_token}

    def _invited(self, target: dict) -> str:
        """The account that an invitation is for."""
        name, kind = target["Id"], target["Type"]
        if kind == "ACCOUNT":
            if not (name.isdigit() and len(name) == 12):
                raise InvalidInputException("You specified an invalid target.", Reason="INVALID_PATTERN_TARGET_ID")
            return name
        if kind == "EMAIL":
            account = self.cloud.mail.account_of(name)
            if account:
                return account
            raise InvalidInputException("No account has this address.", Reason="INVALID_EMAIL_ADDRESS_TARGET")
        raise InvalidInputException("You specified an invalid party type.", Reason="INVALID_PARTY_TYPE_TARGET")

    def _handshakes(self) -> list[Handshake]:
        return list(self.handshakes.list())

    def _refuse_open(self, handshake: Handshake):
        if self._state_of(handshake) in OPEN:
            raise DuplicateHandshakeException()

    def _handshake(self, handshake_id: str) -> Handshake:
        """One that the caller is a party of."""
        handshake = self.handshakes.get(handshake_id)
        if handshake is None or self.call.account not in (handshake.account, handshake.management):
            raise HandshakeNotFoundException()
        return handshake

    def _state_of(self, handshake: Handshake) -> str:
        return "EXPIRED" if handshake.state in OPEN and self.now >= handshake.expiration_timestamp else handshake.state

    def _move(self, handshake_id: str, state: str, by_target: bool) -> Handshake:
        handshake = self._handshake(handshake_id)
        if self.call.account != (handshake.account if by_target else handshake.management):
            raise AccessDeniedException()
        present = self._state_of(handshake)
        if present == state:
            raise HandshakeAlreadyInStateException()
        if present not in OPEN:
            raise InvalidHandshakeTransitionException()
        handshake.state = state
        self.handshakes.put(handshake)
        return handshake

    def _handshake_shown(self, handshake: Handshake) -> dict:
        organization: Organization | None = self.organizations.get(handshake.management)
        about = [
            {"Type": "MASTER_EMAIL", "Value": self.cloud.mail.owner(handshake.management)},
            {"Type": "MASTER_NAME", "Value": f"Account {handshake.management}"},
            {"Type": "ORGANIZATION_FEATURE_SET", "Value": organization.feature_set if organization else "ALL"},
        ]
        resources = [
            {"Type": "ORGANIZATION", "Value": handshake.organization, "Resources": about},
            {"Type": "ACCOUNT", "Value": handshake.account},
        ]
        if handshake.notes:
            resources.append({"Type": "NOTES", "Value": handshake.notes})
        parties = [
            {"Id": handshake.organization.removeprefix("o-"), "Type": "ORGANIZATION"},
            {"Id": handshake.account, "Type": "ACCOUNT"},
        ]
        shown = {**vars(handshake), "State": self._state_of(handshake), "Action": "INVITE"}
        shown.pop("state")
        return shown | {"Parties": parties, "Resources": resources}
