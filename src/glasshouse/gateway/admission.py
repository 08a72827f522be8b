"""Who may come in: the access keys of the cloud, and whether a request is signed with one.

Bound to loopback, `test`/`test` is the root key of the cloud's account. Bound elsewhere, a random root key is made and
kept, and `test` is a stranger. An open cloud believes every key: it is root, of the account its twelve digits name.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from glasshouse.core import ids
from glasshouse.core.access import ANONYMOUS, Credential, Principal, root
from glasshouse.core.cloud import Cloud
from glasshouse.gateway import errors, sigv2, sigv4
from glasshouse.gateway.errors import Family
from glasshouse.gateway.forms import read_form
from glasshouse.gateway.sigv2 import OldClaim
from glasshouse.gateway.sigv4 import Claim
from glasshouse.protocol.http import Request

TEST_KEY = "test"
ROOT_FILE = "root.credential"
# Services whose resources can be opened to everybody by a policy; the others want a signature.
PUBLIC = frozenset({"s3", "sqs", "sns"})
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)


class Admission:
    """Judges claims against the keys of a cloud."""

    def __init__(self, cloud: Cloud, loopback: bool = True, is_open: bool = False):
        self._cloud, self.is_open = cloud, is_open
        self._root = _test_key(cloud.account) if loopback else _kept_key(cloud)

    @property
    def root(self) -> Credential:
        """The key that is always root of the cloud's account."""
        return self._root

    def credential(self, access_key_id: str) -> Credential | None:
        if access_key_id == self._root.access_key_id:
            return self._root
        return self._cloud.credentials.get(access_key_id)

    def is_known_to_all(self, access_key_id: str | None) -> bool:
        """Whether anybody can sign with this key."""
        return self.is_open or access_key_id == TEST_KEY

    def admit(self, claim: Claim | OldClaim, sent: Request, path: str, payload_hash: str, family: Family) -> Principal:
        """The principal that signed a request, as `sent`; `path` begins with the bucket, wherever it was named.

        Raises Rejected, or the error in the family's words.
        """
        if self.is_open:
            return self._believed(claim.access_key_id)
        credential = self._checked(claim.access_key_id, claim.token, family)
        now, secret = self._cloud.clock.real(), credential.secret_access_key
        if isinstance(claim, OldClaim):
            sigv2.check(claim, sent, path, secret, now)
        else:
            sigv4.check_time(claim, now)
            sigv4.check_headers_signed(claim, sent.headers)
            sigv4.check(claim, sent, secret, payload_hash, family is Family.S3)
        return credential.principal

    def admit_form(self, fields: Mapping[str, str]) -> Principal:
        """The principal that signed the policy of a browser's upload to S3; without a policy it is anonymous."""
        claim = read_form(fields)
        if claim is None:
            return ANONYMOUS
        if self.is_open:
            return self._believed(claim.access_key_id)
        credential = self._checked(claim.access_key_id, fields.get("x-amz-security-token"), Family.S3)
        claim.check(credential.secret_access_key)
        return credential.principal

    def _checked(self, access_key_id: str, token: str | None, family: Family) -> Credential:
        """A credential that is in force, used with the token that belongs to it."""
        credential = self.credential(access_key_id)
        if credential is None or not credential.active:
            raise errors.unknown_key(family, access_key_id)
        if credential.session_token is None and token is None:
            return credential
        if not sigv4.same(token or "", credential.session_token or ""):
            raise errors.bad_token(family)
        if credential.expires is not None and credential.expires <= self._cloud.clock.now():
            raise errors.expired_token(family)
        return credential

    def anonymous(self, service: str, auth_type: str | None, family: Family) -> Principal:
        """Nobody in particular, where that is allowed to ask at all."""
        if service in PUBLIC or auth_type == "none":
            return ANONYMOUS
        raise errors.missing_authentication(family)

    def _believed(self, access_key_id: str) -> Principal:
        account = access_key_id if _ACCOUNT.fullmatch(access_key_id) else self._cloud.account
        return root(account)


def _test_key(account: str) -> Credential:
    return Credential(TEST_KEY, TEST_KEY, root(account))


def _kept_key(cloud: Cloud) -> Credential:
    """The random root key of a data directory, made on first use and sealed."""
    path = cloud.directory / ROOT_FILE
    if path.exists():
        return msgspec.json.decode(cloud.seal.open(path.read_bytes()), type=Credential)
    credential = Credential(ids.access_key_id(cloud.account), ids.secret_access_key(), root(cloud.account))
    _write(path, cloud.seal.close(msgspec.json.encode(credential)))
    return credential


def _write(path: Path, content: bytes):
    draft = path.with_suffix(".draft")
    draft.touch(0o600)
    draft.write_bytes(content)
    draft.rename(path)
