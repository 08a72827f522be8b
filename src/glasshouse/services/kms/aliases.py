"""Aliases: names for keys, which may be pointed at others of the same kind."""

from glasshouse.core.errors import ValidationException
from glasshouse.core.table import Page, make_token, read_token
from glasshouse.services.kms.errors import (
    AlreadyExistsException,
    LimitExceededException,
    NotAuthorizedException,
    NotFoundException,
)
from glasshouse.services.kms.managed import MANAGED_PREFIX, READY
from glasshouse.services.kms.records import Alias, Key

MOST_ALIASES = 50


class Aliases:
    """The operations on aliases."""

    def create_alias(self, alias_name: str, target_key_id: str):
        self._check_alias_name(alias_name)
        key = self._target(target_key_id, "CreateAlias")
        arn = self.call.arn(alias_name)
        if self.aliases.get(alias_name):
            raise AlreadyExistsException(f"An alias with the name {arn} already exists")
        if len(self._aliases_of(key)) >= MOST_ALIASES:
            raise LimitExceededException(f"The key {key.arn} has {MOST_ALIASES} aliases already")
        self.aliases.put(Alias(alias_name, arn, key.key_id, self.now, self.now))

    def update_alias(self, alias_name: str, target_key_id: str):
        self._check_alias_name(alias_name)
        key = self._target(target_key_id, "UpdateAlias")
        alias = self._alias(alias_name)
        before = self.keys.get(alias.target_key_id)
        if before and (_kind(before), before.key_usage) != (_kind(key), key.key_usage):
            raise ValidationException(
                "The current and new KMS key must be the same type (both symmetric or both asymmetric or both HMAC),"
                " and they must have the same key usage."
            )
        alias.target_key_id, alias.last_updated_date = key.key_id, self.now
        self.aliases.put(alias)

    def delete_alias(self, alias_name: str):
        self._check_alias_name(alias_name)
        self.aliases.delete(self._alias(alias_name))

    def list_aliases(self, key_id: str | None = None, limit: int = 50, marker: str | None = None):
        """The aliases of one key; or all, with those that AWS has ready for keys that are made once they are used."""
        wanted, after = self._key(key_id).key_id if key_id else None, read_token(marker)
        found = [alias for alias in self.aliases.list() if wanted in (None, alias.target_key_id)]
        if wanted is None:
            taken = {alias.alias_name for alias in found}
            names = [MANAGED_PREFIX + service for service in READY]
            found += [Alias(name, self.call.arn(name)) for name in names if name not in taken]
        rest = sorted((alias for alias in found if alias.alias_name > after), key=lambda alias: alias.alias_name)
        token = make_token(rest[limit - 1].alias_name) if len(rest) > limit else None
        return self._listed(Page(rest[:limit], token), "Aliases")

    def _target(self, reference: str, operation: str) -> Key:
        if "alias/" in reference:
            raise ValidationException("Aliases must refer to keys. Not aliases")
        return self._own_key(reference, operation)

    def _alias(self, name: str) -> Alias:
        alias = self.aliases.get(name)
        if alias is None:
            raise NotFoundException(f"Alias {self.call.arn(name)} is not found.")
        return alias

    def _aliases_of(self, key: Key) -> list[Alias]:
        rows = self.aliases.within(key.aws_account_id, key.region)
        return [alias for alias in rows.list() if alias.target_key_id == key.key_id]

    @staticmethod
    def _check_alias_name(name: str):
        if not name.startswith("alias/") or name == "alias/":
            raise ValidationException(
                'Alias must start with the prefix "alias/". Please see'
                " https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
            )
        if ":" in name:
            raise ValidationException(f"{name} contains invalid characters for an alias")
        if name.startswith(MANAGED_PREFIX):
            raise NotAuthorizedException("")


def _kind(key: Key) -> str:
    if key.is_symmetric:
        return "symmetric"
    return "HMAC" if key.key_spec.startswith("HMAC") else "asymmetric"
