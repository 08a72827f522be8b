"""STS: who is asking, and temporary credentials.

Roles, federation and MFA come with IAM. Until then GetSessionToken takes no MFA code, and no message has been encoded
that DecodeAuthorizationMessage could decode.
"""

from dataclasses import replace

from glasshouse.core import Service, ids
from glasshouse.core.access import Credential
from glasshouse.services.sts.errors import AccessDenied, InvalidAuthorizationMessageException, ValidationError

DAY_S = 24 * 3600
SESSION_S = 12 * 3600
ROOT_SESSION_S = 3600


class Sts(Service):
    name = "sts"

    def get_caller_identity(self):
        principal = self.call.principal
        return {"UserId": principal.user_id, "Account": principal.account, "Arn": principal.arn}

    def get_session_token(self, duration_seconds: int = SESSION_S):
        principal = self.call.principal
        if principal.session:
            raise AccessDenied("Cannot call GetSessionToken with session credentials")
        if principal.is_root:
            # "If the duration is longer than one hour, the session for Amazon Web Services account owners defaults
            # to one hour" (STS API reference, GetSessionToken).
            duration_seconds = min(duration_seconds, ROOT_SESSION_S)
        session = {"issued": self.now, "by": "GetSessionToken"}
        credential = Credential(
            access_key_id=ids.access_key_id(principal.account, temporary=True),
            secret_access_key=ids.secret_access_key(),
            principal=replace(principal, session=session),
            session_token=ids.token(356, ids.BASE64),
            expires=self.now + duration_seconds,
        )
        self.cloud.credentials.put(credential)
        self.later("_forget_expired", after=duration_seconds + DAY_S, key="forget expired credentials")
        return {
            "Credentials": {
                "AccessKeyId": credential.access_key_id,
                "SecretAccessKey": credential.secret_access_key,
                "SessionToken": credential.session_token,
                "Expiration": credential.expires,
            }
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

    def _forget_expired(self):
        # A day late, so that a client is told ExpiredToken rather than that it never was.
        self.cloud.credentials.delete_expired(self.now - DAY_S)
