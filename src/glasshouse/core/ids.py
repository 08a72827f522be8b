"""Identifiers and randomness: the one place they come from."""

import os
import random
import uuid as _uuid
from base64 import b32decode, b32encode, b64encode
from functools import cache
from hashlib import blake2b

_random = random.SystemRandom()
_drawn: list[str] = []  # UUIDs to come: to ask the system for each would take the most of its time
DRAWN_AT_ONCE = 256
VARIANTS = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))  # what a UUID's digit for the variant is drawn from
os.register_at_fork(after_in_child=_drawn.clear)
HEX = "0123456789abcdef"
LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
ACCOUNT_SHIFT, ACCOUNT_MASK = 7, 0x7FFFFFFFFF80
ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
BASE64 = ALPHANUMERIC + "+/"


def uuid() -> str:
    """A random UUID, as text."""
    # A third of the price of uuid4(), which checks its arguments anew each time.
    try:
        return _drawn.pop()
    except IndexError:
        one, *more = _draw()
        _drawn.extend(more)
        return one


def _draw() -> list[str]:
    """Some random UUIDs."""
    digits = os.urandom(16 * DRAWN_AT_ONCE).hex()
    texts = [digits[start : start + 32] for start in range(0, len(digits), 32)]
    return [f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{VARIANTS[text[16]]}{text[17:20]}-{text[20:]}" for text in texts]


def uuid_after(cause: str, number: int) -> str:
    """A UUID that is the same for the same cause and number, and as good as random."""
    text = blake2b(f"{cause} {number}".encode(), digest_size=16).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def uuid_of(namespace: str, name: str) -> str:
    """A UUID that is the same for the same names (RFC 9562, version 5)."""
    return str(_uuid.uuid5(_uuid.uuid5(_uuid.NAMESPACE_URL, namespace), name))


def token(length: int, alphabet: str = ALPHANUMERIC) -> str:
    """Random characters of an alphabet."""
    letters, unfit = _lot(alphabet)
    found = b""
    while len(found) < length:
        found += os.urandom(2 * length).translate(letters, unfit)
    return found[:length].decode()


@cache
def _lot(alphabet: str) -> tuple[bytes, bytes]:
    """The letter that each byte draws, and the bytes that would favour some letters and draw none."""
    fit = 256 - 256 % len(alphabet)
    return bytes(ord(alphabet[byte % len(alphabet)]) for byte in range(256)), bytes(range(fit, 256))


def random_bytes(length: int) -> bytes:
    return os.urandom(length)


def random_fraction() -> float:
    """A number in [0, 1)."""
    return _random.random()


def choose(options):
    """One of a sequence."""
    return _random.choice(options)


def access_key_id(account: str, temporary: bool = False) -> str:
    """`AKIA...` for long-term keys, `ASIA...` for temporary ones (IAM user guide, "Unique identifiers").

    Sixteen base32 characters follow: ten bytes, whose first six hold the account's number in the bits 7 to 46.
    """
    number = 1 << 47 | int(account) << ACCOUNT_SHIFT | int.from_bytes(os.urandom(1)) & 0x7F
    return ("ASIA" if temporary else "AKIA") + b32encode(number.to_bytes(6) + os.urandom(4)).decode()


def account_of_access_key(access_key_id: str) -> str | None:
    """The account that an access key id names; None if it is not of the form."""
    try:
        number = int.from_bytes(b32decode(access_key_id[4:])[:6])
    except ValueError:
        return None
    return f"{(number & ACCOUNT_MASK) >> ACCOUNT_SHIFT:012d}" if len(access_key_id) == 20 else None


def secret_access_key() -> str:
    return token(40, BASE64)


def host_id(request_id: str) -> str:
    """The second id that S3 gives a request, in the headers of its answer and in the events it causes."""
    return b64encode(request_id.encode() * 3).decode()
