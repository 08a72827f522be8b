"""Mail: a mailbox for everything the cloud's services send by e-mail.

Nothing leaves the machine: letters are kept in the store, and beside it as files of RFC 5322 text under `mail/`, for a
mail reader to open. A user who wants them delivered names a server, to which each is forwarded after it was kept.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from glasshouse.core.seal import Seal
from glasshouse.core.store import Store

SETTING = "mail relay"
COLUMNS = "number, kept, sender, recipients, subject, content"
SCHEMA = """
CREATE TABLE IF NOT EXISTS mail (
    number INTEGER PRIMARY KEY AUTOINCREMENT, kept REAL NOT NULL, sender TEXT NOT NULL, recipients TEXT NOT NULL,
    subject TEXT NOT NULL, content TEXT NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """`content` is the whole text, headers and body, as a mail server would take it."""

    number: int
    kept: float
    sender: str
    recipients: list[str]
    subject: str
    content: str


@dataclass(frozen=True, slots=True)
class Relay:
    """A user's mail server: `security` is "none", "starttls" or "tls"."""

    host: str
    port: int = 25
    security: str = "none"
    user: str | None = None
    password: str | None = None


class Mail:
    """The mailbox of a cloud."""

    def __init__(self, store: Store, seal: Seal, directory: Path):
        self._store, self._seal, self.directory = store, seal, directory / "mail"
        store.add_schema(SCHEMA)

    def keep(self, sender: str, recipients: Sequence[str], subject: str, text: str, now: float) -> int:
        """Put a letter of plain text into the mailbox, with the transaction, and return its number."""
        content = _compose(sender, recipients, subject, text, now)
        row = (now, sender, msgspec.json.encode(list(recipients)).decode(), subject, content)
        number = self._store.write(
            "INSERT INTO mail (kept, sender, recipients, subject, content) VALUES (?, ?, ?, ?, ?)", row
        ).lastrowid
        assert number is not None
        self._store.after_commit(lambda: self._write(number, content))
        return number

    def get(self, number: int) -> Letter | None:
        row = self._store.read(f"SELECT {COLUMNS} FROM mail WHERE number = ?", (number,)).fetchone()
        return _letter(row) if row else None

    def letters(self, recipient: str | None = None) -> list[Letter]:
        """All of them, or those to somebody, in the order in which they came."""
        letters = map(_letter, self._store.read(f"SELECT {COLUMNS} FROM mail ORDER BY number").fetchall())
        return [letter for letter in letters if recipient is None or recipient in letter.recipients]

    @property
    def relay(self) -> Relay | None:
        """The server to which letters are forwarded, if the user named one."""
        sealed = self._store.setting(SETTING, None)
        return msgspec.json.decode(self._seal.open(b64decode(sealed)), type=Relay) if sealed else None

    @relay.setter
    def relay(self, relay: Relay | None):
        sealed = b64encode(self._seal.close(msgspec.json.encode(relay))).decode() if relay else None
        self._store.keep_setting(SETTING, sealed)

    def owner(self, account: str) -> str:
        """The address of an account's owner: as named, else one that no mail server knows (RFC 2606)."""
        return self._store.setting(f"owner of {account}", f"root@{account}.example")

    def name_owner(self, account: str, address: str):
        self._store.keep_setting(f"owner of {account}", address)
        self._store.keep_setting(f"account of {address.lower()}", account)

    def account_of(self, address: str) -> str | None:
        """The account whose owner has an address."""
        unnamed = re.fullmatch(r"root@(\d{12})\.example", address)
        return unnamed[1] if unnamed else self._store.setting(f"account of {address.lower()}", None)

    def clear(self):
        """Remove the files; the letters are the store's."""
        for path in self.directory.glob("*.eml"):
            path.unlink()

    def write_all(self):
        """Lay the files anew: after a snapshot was loaded."""
        self.clear()
        for letter in self.letters():
            self._write(letter.number, letter.content)

    def _write(self, number: int, content: str):
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.directory / f"{number:06d}.eml").write_text(content, encoding="utf-8", newline="")


def forward(letter: Letter, relay: Relay):
    """Hand a letter to a mail server. Raises OSError and smtplib's SMTPException."""
    import smtplib
    import ssl

    client: smtplib.SMTP
    if relay.security == "tls":
        client = smtplib.SMTP_SSL(relay.host, relay.port, timeout=30, context=ssl.create_default_context())
    else:
        client = smtplib.SMTP(relay.host, relay.port, timeout=30)
    with client:
        if relay.security == "starttls":
            client.starttls(context=ssl.create_default_context())
        if relay.user:
            client.login(relay.user, relay.password or "")
        client.sendmail(_address(letter.sender), letter.recipients, letter.content.encode())


def _compose(sender: str, recipients: Sequence[str], subject: str, text: str, now: float) -> str:
    from email import policy
    from email.message import EmailMessage
    from email.utils import formatdate

    message = EmailMessage(policy=policy.SMTP.clone(utf8=False))
    message["From"], message["To"], message["Subject"] = sender, ", ".join(recipients), subject
    message["Date"] = formatdate(now)
    message.set_content(text, cte="quoted-printable")
    return message.as_string()


def _address(sender: str) -> str:
    from email.utils import parseaddr

    return parseaddr(sender)[1]


def _letter(row: tuple) -> Letter:
    number, kept, sender, recipients, subject, content = row
    return Letter(number, kept, sender, msgspec.json.decode(recipients), subject, content)
