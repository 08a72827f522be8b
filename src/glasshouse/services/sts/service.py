"""STS: who is asking, and temporary credentials.

Differs from AWS: root may assume a role whose trust policy lets it, since root is all that a fresh cloud has.
DecodeAuthorizationMessage has nothing to decode, as refusals are worded in full.
"""

from dataclasses import replace

from glasshouse.core import Service, Table, ids
from glasshouse.core.access import Credential, Principal
from glasshouse.core.tags import from_list
from glasshouse.services.sts.errors import AccessDenied, InvalidAuthorizationMessageException, ValidationError
from glasshouse.services.sts.federation import Federation
from glasshouse.services.sts.roles import RoleSessions, SelfAssumption

DAY_S = 24 * 3600
SESSION_S = 12 * 3600
ROOT_SESSION_S = 3600


class Sts(RoleSessions, Federation, Service):
    name = "sts"
    self_assumptions = Table(SelfAssumption, key="role_arn", scope="cloud")

    def get_caller_identity(self):
        principal = self.call.principal
        return {"UserId": principal.user_id, "Account": principal.account, "Arn": principal.arn}

    def get_session_token(
        self, duration_seconds: int = SESSION_S, serial_number: str | None = None, token_code: str | None = None
    ):
        principal = self.call.principal
        if principal.session:
            raise AccessDenied("Cannot call GetSessionToken with session credentials")
        session = {"issued": self.now, "by": "GetSessionToken", **self._shown_mfa(serial_number, token_code)}
        return {"Credentials": self._issue(replace(principal, session=session), self._bounded(duration_seconds))}

    def get_federation_token(
        self,
        name: str,
        policy: str | None = None,
        policy_arns: list | None = None,
        duration_seconds: int = SESSION_S,
        tags: list | None = None,
    ):
        """A user's session under another name: it may do what both the user and the session policies allow."""
        principal = self.call.principal
        if principal.session:
            raise AccessDenied("Cannot call GetFederationToken with session credentials")
        session = {
            "issued": self.now, "by": "GetFederationToken", "tags": from_list(tags), "user_arn": principal.arn,
            "user_name": principal.arn.rpartition("/")[2],
            "policies": self._session_policies(principal.arn, policy, policy_arns) or [],
        }  # fmt: skip
        arn = f"arn:aws:sts::{principal.account}:federated-user/{name}"
        user_id = f"{principal.account}:{name}"
        federated = Principal("federated", principal.account, arn, user_id, session)
        return {
            "Credentials": self._issue(federated, self._bounded(duration_seconds)),
            "FederatedUser": {"FederatedUserId": user_id, "Arn": arn},
        }

    def get_access_key_info(self, access_key_id: str):
        """An access key id says which account it belongs to, whether or not the key still exists."""
        account = ids.account_of_access_key(access_key_id)
        if account is None:
            raise ValidationError(f"Invalid access key ID: {access_key_id}")
        return {"Account": account}

    def decode_authorization_message(self, encoded_message: str):
        raise InvalidAuthorizationMessageException(
            f"Message {encoded_message[:64]} is malformed: it was not encoded by this cloud"
        )

    def _shown_mfa(self, serial_number: str | None, token_code: str | None) -> dict:
        """What a session remembers of a code that the caller showed. Raises AccessDenied for a wrong one."""
        if serial_number is None and token_code is None:
            return {}
        if serial_number is None or token_code is None:
            raise ValidationError("An MFA code is shown with both SerialNumber and TokenCode.")
        caller = self.call.principal
        params = {"user_arn": caller.arn, "serial_number": serial_number, "code": token_code}
        home = self.call.elsewhere(caller.account)
        if caller.kind != "user" or not self.cloud.run_method(home, "iam", "_shown_code_is_right", params):
            raise AccessDenied("MultiFactorAuthentication failed with invalid MFA one time pass code.")
        return {"mfa": self.now}

    def _bounded(self, duration_seconds: int) -> int:
        # "If the duration is longer than one hour, the session for Amazon Web Services account owners defaults to one
        # hour" (STS API reference, GetSessionToken).
        return min(duration_seconds, ROOT_SESSION_S) if self.call.principal.is_root else duration_seconds

    def _issue(self, principal: Principal, duration_seconds: int) -> dict:
        """Temporary credentials of a principal."""
        credential = Credential(
            access_key_id=ids.access_key_id(principal.account, temporary=True),
            secret_access_key=ids.secret_access_key(),
            principal=principal,
            session_token=ids.token(356, ids.BASE64),
            expires=self.now + duration_seconds,
        )
        self.cloud.credentials.put(credential)
        self.later("_forget_expired", after=duration_seconds + DAY_S, key=f"forget {credential.access_key_id}")
        return {
            "AccessKeyId": credential.access_key_id,
            "SecretAccessKey": credential.secret_access_key,
            "SessionToken": credential.session_token,
            "Expiration": credential.expires,
        }

    def _forget_expired(self):
        # A day late, so that a client is told ExpiredToken rather than that it never was.
        self.cloud.credentials.delete_expired(self.now - DAY_S)
