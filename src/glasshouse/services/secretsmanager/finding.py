"""Finding secrets: by name, full ARN, or an ARN without the six characters at its end."""

import re
from functools import cached_property

from glasshouse.core import ids
from glasshouse.core.call import INSIDE
from glasshouse.core.errors import ServiceError, ValidationException
from glasshouse.services.secretsmanager.errors import (
    InvalidParameterException,
    InvalidRequestException,
    ResourceNotFoundException,
)
from glasshouse.services.secretsmanager.records import Secret

SUFFIX = 6
_NAME = re.compile(r"[\w/+=.@!\-]{1,512}", re.ASCII)
_ARN = re.compile(r"arn:[\w\-]+:secretsmanager:([\w\-]+):(\d{12}):secret:(.+)", re.ASCII)


class Finding:
    """What the operations look secrets up with."""

    def _secret(self, secret_id: str) -> Secret:
        """One that is not about to be deleted. Raises ResourceNotFoundException and InvalidRequestException."""
        secret = self._any_secret(secret_id)
        if secret.deleted_date is not None:
            raise InvalidRequestException(
                "You can't perform this operation on the secret because it was marked for deletion."
            )
        return secret

    def _primary(self, secret_id: str) -> Secret:
        """One that may be changed: no copy of another Region's."""
        secret = self._secret(secret_id)
        if secret.primary_region not in (None, self._region_of(secret)):
            raise InvalidParameterException(
                "Operation not permitted on a replica secret. Call must be made in primary secret's region."
            )
        return secret

    def _any_secret(self, secret_id: str) -> Secret:
        secret = self._lookup(secret_id)
        if secret is None:
            raise ResourceNotFoundException()
        return secret

    def _lookup(self, secret_id: str) -> Secret | None:
        arn = _ARN.fullmatch(secret_id)
        if not arn:
            check_name(secret_id)
            return self.secrets.get(secret_id)
        region, account, tail = arn.groups()
        rows = self.secrets.within(account)
        if region != self.call.region:
            return None
        whole = rows.get(tail[: -SUFFIX - 1]) if tail[-SUFFIX - 1 : -SUFFIX] == "-" else None
        return whole if whole and whole.arn == secret_id else rows.get(tail)

    @staticmethod
    def _account_of(secret: Secret) -> str:
        return secret.arn.split(":")[4]

    @staticmethod
    def _region_of(secret: Secret) -> str:
        return secret.arn.split(":")[3]

    def _put(self, secret: Secret) -> Secret:
        """Keep a secret where it is, which may be in another account than the call."""
        return self.secrets.within(self._account_of(secret)).put(secret)

    def _versions(self, secret: Secret):
        return self.versions.within(self._account_of(secret))

    def _token(self, given: str | None, error: type[ServiceError] = InvalidRequestException) -> str:
        """The version's id. Clients send one; the cloud's own services need not."""
        if given is None and self.call.source is not INSIDE:
            raise error("You must provide a ClientRequestToken value. We recommend a UUID-type value.")
        return given or ids.uuid()

    # What IAM asks

    def resource_policies(self, params: dict) -> list[tuple[str, str]]:
        secret = self._concerned
        return [(secret.arn, secret.policy)] if secret and secret.policy else []

    def resource_arns(self, params: dict) -> list[str] | None:
        secret = self._concerned
        return [secret.arn] if secret else None

    def resource_account(self, params: dict) -> str | None:
        secret = self._concerned
        return self._account_of(secret) if secret else None

    @cached_property
    def _concerned(self) -> Secret | None:
        """The secret that the call names."""
        secret_id = self.call.params.get("SecretId")
        try:
            return self._lookup(secret_id) if secret_id else None
        except ServiceError:
            return None


def check_name(name: str):
    if not _NAME.fullmatch(name):
        raise ValidationException(
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
        )
