"""Finding keys: by id, ARN or alias, in a state that suits the operation, with their material unsealed."""

import re

from glasshouse.core import Page
from glasshouse.core.call import arn as make_arn
from glasshouse.core.errors import ValidationException
from glasshouse.services.kms import ciphertext, material
from glasshouse.services.kms.errors import (
    AccessDeniedException,
    DisabledException,
    DryRunOperationException,
    InvalidArnException,
    InvalidGrantTokenException,
    InvalidKeyUsageException,
    KMSInvalidStateException,
    NotFoundException,
    UnsupportedOperationException,
)
from glasshouse.services.kms.managed import MANAGED, MANAGED_PREFIX, managed_policy
from glasshouse.services.kms.records import Alias, Family, Key, Material
from glasshouse.services.kms.specs import SYMMETRIC, algorithms

_KEY_ID = re.compile(r"mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ARN = re.compile(r"arn:[\w\-]+:kms:([\w\-]*):(\d*):(key|alias)/(.+)", re.ASCII)
_STATES = {
    "PendingDeletion": "is pending deletion.",
    "PendingReplicaDeletion": "is pending replica deletion.",
    "PendingImport": "is pending import.",
}


class Finding:
    """What the operations look keys up with."""

    # Which key

    def _key(self, reference: str, aliases: bool = False) -> Key:
        """The key of an id or ARN, and if so said, of an alias. Raises NotFoundException."""
        account, kind, name = self.call.account, "key", reference
        if reference.startswith("arn:"):
            account, kind, name = self._taken_apart(reference)
        elif reference.startswith("alias/"):
            kind, name = "alias", reference.removeprefix("alias/")
        if kind == "alias":
            if not aliases:
                raise NotFoundException(f"Invalid keyId '{reference}'")
            name = self._aliased(account, f"alias/{name}")
        if not _KEY_ID.fullmatch(name):
            raise NotFoundException(f"Invalid keyId '{name}'")
        key = self.keys.within(account).get(name)
        if key is None:
            arn = make_arn("kms", f"key/{name}", self.call.region, account)
            raise NotFoundException(f"Key '{arn}' does not exist")
        return key

    def _taken_apart(self, reference: str) -> tuple[str, str, str]:
        parts = _ARN.fullmatch(reference)
        if not parts:
            raise InvalidArnException(f"Invalid ARN {reference}")
        region, account, kind, name = parts.groups()
        if region != self.call.region:
            raise NotFoundException(f"Invalid arn {region}")
        return account, kind, name

    def _aliased(self, account: str, name: str) -> str:
        """The id of the key that an alias stands for; the keys that AWS manages are made when first asked for."""
        alias = self.aliases.within(account).get(name)
        if alias:
            return alias.target_key_id
        service = name.removeprefix(MANAGED_PREFIX)
        if name.startswith(MANAGED_PREFIX) and service in MANAGED and account == self.call.account:
            return self._make_managed(service).key_id
        arn = make_arn("kms", name, self.call.region, account)
        raise NotFoundException(f"Alias {arn} is not found.")

    def _known(self, reference: str) -> Key | None:
        """The key, if there is one, without making any: for whoever decides about access."""
        arn = _ARN.fullmatch(reference)
        account = arn[2] if arn else self.call.account
        name = f"{arn[3]}/{arn[4]}" if arn else reference
        if name.startswith("alias/"):
            alias = self.aliases.within(account).get(name)
            return self.keys.within(account).get(alias.target_key_id) if alias else None
        return self.keys.within(account).get(name.removeprefix("key/"))

    def _make_managed(self, service: str) -> Key:
        what = MANAGED[service]
        policy = managed_policy(service, self.call.region, self.call.account)
        description = f"Default key that protects my {what} when no other key is defined"
        key = self._make(SYMMETRIC, "ENCRYPT_DECRYPT", policy, description, manager="AWS")
        name = MANAGED_PREFIX + service
        self.aliases.put(Alias(name, self.call.arn(name), key.key_id, self.now, self.now))
        self._start_rotation(key, 365)
        return key

    # Whether it can be used

    def _for_use(
        self,
        reference: str,
        operation: str,
        usage: str,
        algorithm: str | None = None,
        context: dict[str, str] | None = None,
    ) -> Key:
        """A key for a cryptographic operation. Raises what AWS raises of a key that does not suit it."""
        key = self._key(reference, aliases=True)
        self._suit(key, operation, usage, algorithm, context)
        return key

    def _suit(self, key: Key, operation: str, usage: str, algorithm: str | None, context: dict[str, str] | None):
        self._check_foreign(key, operation, context)
        shown = operation.removesuffix("From").removesuffix("To")
        if key.key_usage != usage:
            raise InvalidKeyUsageException(f"{key.arn} key usage is {key.key_usage} which is not valid for {shown}.")
        if algorithm and algorithm not in algorithms(key.key_spec, usage):
            raise InvalidKeyUsageException(f"Algorithm {algorithm} is incompatible with key spec {key.key_spec}.")
        self._check_enabled(key)

    @staticmethod
    def _check_enabled(key: Key):
        if key.key_state == "Disabled":
            raise DisabledException(f"{key.arn} is disabled.")
        if key.key_state != "Enabled":
            raise KMSInvalidStateException(f"{key.arn} {_STATES[key.key_state]}")

    @staticmethod
    def _check_not_deleted(key: Key):
        if key.key_state in ("PendingDeletion", "PendingReplicaDeletion"):
            raise KMSInvalidStateException(f"{key.arn} {_STATES[key.key_state]}")

    def _own_key(self, reference: str, operation: str) -> Key:
        """A key to be changed: one of the account's own, not managed by AWS, and not on its way out."""
        key = self._key(reference)
        if key.is_managed or key.aws_account_id != self.call.account:
            raise self._refusal(key, operation)
        self._check_not_deleted(key)
        return key

    def _refusal(self, key: Key, operation: str) -> AccessDeniedException:
        return AccessDeniedException(
            f"User: {self.call.principal.arn} is not authorized to perform: kms:{operation} on resource: {key.arn}"
            f" because no resource-based policy allows the kms:{operation} action"
        )

    def _symmetric_key(self, reference: str, operation: str) -> Key:
        key = self._own_key(reference, operation)
        if not key.is_symmetric:
            raise UnsupportedOperationException(f"{key.arn} key spec {key.key_spec} is not valid for this operation.")
        return key

    def _check_grant_tokens(self, tokens: list[str] | None):
        for token in tokens or ():
            if self._grant_of_token(token) is None:
                raise InvalidGrantTokenException()

    @staticmethod
    def _stop_if_dry(dry_run: bool | None):
        if dry_run:
            raise DryRunOperationException()

    @staticmethod
    def _check_context(key: Key, context: dict[str, str] | None):
        if context and not key.is_symmetric:
            raise ValidationException("EncryptionContext is supported for symmetric encryption KMS keys only.")

    # Its material

    def _materials(self, key: Key):
        return self.materials.within(key.aws_account_id, key.region)

    def _material(self, key: Key, number: int | None = None) -> Material:
        found = self._materials(key).get(key.key_id, number or key.current)
        if found is None or found.sealed is None:
            raise KMSInvalidStateException(f"{key.arn} {_STATES['PendingImport']}")
        return found

    def _secret(self, key: Key, number: int | None = None) -> bytes:
        return self._unsealed(self._material(key, number))

    def _unsealed(self, kept: Material) -> bytes:
        return self.cloud.seal.open(kept.sealed, _seal_context(kept.key_id, kept.number))

    def _keep_material(self, key: Key, number: int, secret: bytes, **details) -> Material:
        return self._materials(key).put(
            Material(
                key_id=key.key_id,
                number=number,
                key_material_id=material.identify(key.key_id, secret),
                sealed=self.cloud.seal.close(secret, _seal_context(key.key_id, number)),
                public_key=material.public_bytes(key.key_spec, secret),
                **details,
            )
        )

    def _key_that_made(self, blob: bytes) -> Key:
        """The symmetric key whose ciphertext it is. Raises InvalidCiphertextException and AccessDeniedException."""
        made = ciphertext.read(blob)
        key = self.keys.within(made.account).get(made.key_id)
        if key is None:
            raise AccessDeniedException(
                "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or"
                " you are not allowed to access."
            )
        return key

    # Several Regions

    def _family(self, key: Key) -> Family | None:
        return self.families.within(key.aws_account_id).get(key.key_id) if key.multi_region else None

    def _relatives(self, key: Key) -> list[Key]:
        """The key itself first, then the same key in other Regions."""
        family = self._family(key)
        others = [region for region in family.regions if region != key.region] if family else []
        found = [self.keys.within(key.aws_account_id, region).get(key.key_id) for region in others]
        return [key, *(other for other in found if other)]

    def _put(self, key: Key) -> Key:
        """Keep a key where it is, which may be in another Region than the call."""
        return self.keys.within(key.aws_account_id, key.region).put(key)

    @staticmethod
    def _listed(page: Page, name: str, entries: list | None = None) -> dict:
        shown = page.records if entries is None else entries
        return {name: shown, "NextMarker": page.next_token, "Truncated": page.next_token is not None}


def _seal_context(key_id: str, number: int) -> bytes:
    return f"kms material {number} of {key_id}".encode()
