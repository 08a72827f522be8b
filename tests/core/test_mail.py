"""The mailbox: what is kept, where it lies, and how it goes on to a user's mail server."""

import socketserver
import threading
from email import message_from_string, policy

import pytest

from glasshouse.core.mail import Relay, forward


@pytest.fixture
def mail(tiny):
    return tiny.cloud.mail


def keep(tiny, **change):
    letter = {
        "sender": "A <a@example.com>",
        "recipients": ["b@example.com"],
        "subject": "Hello",
        "text": "Bonjour, ça va ?\n",
    }
    with tiny.cloud.store.transaction():
        return tiny.cloud.mail.keep(**{**letter, "now": 0.0, **change})


def test_a_letter_is_kept_as_a_mail_server_would_take_it(tiny, mail):
    letter = mail.get(keep(tiny, subject="Grüße"))
    assert letter.recipients == ["b@example.com"]
    parsed = message_from_string(letter.content, policy=policy.default)
    assert (parsed["Subject"], parsed["To"], parsed["From"]) == ("Grüße", "b@example.com", "A <a@example.com>")
    assert parsed["Date"] == "Thu, 01 Jan 1970 00:00:00 -0000"
    assert parsed.get_content().strip() == "Bonjour, ça va ?"
    assert letter.content.isascii()


def test_letters_lie_beside_the_store_as_files(tiny, mail):
    number = keep(tiny)
    (path,) = mail.directory.iterdir()
    assert path.read_bytes().decode() == mail.get(number).content


def test_a_letter_of_a_failed_transaction_was_never_sent(tiny, mail):
    with pytest.raises(ZeroDivisionError), tiny.cloud.store.transaction():
        mail.keep("a@example.com", ["b@example.com"], "s", "t", 0.0)
        raise ZeroDivisionError
    assert mail.letters() == []
    assert not mail.directory.exists()


def test_letters_are_found_by_recipient_and_forgotten_with_everything(tiny, mail):
    keep(tiny)
    keep(tiny, recipients=["c@example.com", "d@example.com"], subject="Second")
    assert [letter.subject for letter in mail.letters()] == ["Hello", "Second"]
    assert [letter.subject for letter in mail.letters("d@example.com")] == ["Second"]
    tiny.cloud.reset()
    assert mail.letters() == []
    assert list(mail.directory.iterdir()) == []


def test_the_password_of_the_mail_server_is_sealed(tiny, mail):
    relay = Relay("localhost", 2525, user="u", password="a password in plain sight")
    with tiny.cloud.store.transaction():
        mail.relay = relay
    assert mail.relay == relay
    ((kept,),) = tiny.cloud.store.read("SELECT value FROM setting WHERE name = 'mail relay'").fetchall()
    assert "plain sight" not in kept
    with tiny.cloud.store.transaction():
        mail.relay = None
    assert mail.relay is None


class Postman(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs."""

    def handle(self):
        self.wfile.write(b"220 ready\r\n")
        while line := self.rfile.readline().strip():
            self.server.heard.append(line.decode())
            if line.upper() == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while (text := self.rfile.readline()) != b".\r\n":
                    self.server.heard.append(text.decode())
            self.wfile.write(b"221 bye\r\n" if line.upper() == b"QUIT" else b"250 fine\r\n")


def test_a_letter_goes_on_to_the_mail_server(tiny, mail):
    letter = mail.get(keep(tiny))
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Postman) as server:
        server.heard, server.daemon_threads = [], True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        forward(letter, Relay("127.0.0.1", server.server_address[1]))
        server.shutdown()
    assert any(line.lower().startswith("mail from:<a@example.com>") for line in server.heard)
    assert "rcpt to:<b@example.com>" in [line.lower() for line in server.heard]
    assert "Subject: Hello\r\n" in server.heard


def test_an_owner_has_the_address_that_was_named(tiny, mail):
    assert mail.owner("111122223333") == "root@111122223333.example"
    assert mail.account_of("root@111122223333.example") == "111122223333"
    with tiny.cloud.store.transaction():
        mail.name_owner("111122223333", "Ann@example.com")
    assert mail.owner("111122223333") == "Ann@example.com"
    assert mail.account_of("ann@example.com") == "111122223333"
    assert mail.account_of("nobody@example.com") is None
