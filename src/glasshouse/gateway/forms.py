"""Uploads from a browser's form to S3: multipart/form-data taken apart as it comes, and the signature of its policy.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-UsingHTTPPOST.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from glasshouse.gateway import errors, sigv2, sigv4
from glasshouse.gateway.rejection import Rejected
from glasshouse.gateway.sigv4 import ALGORITHM, Signer

MULTIPART = "multipart/form-data"
LARGEST_FIELDS_BYTES = 20 * 1024
LONGEST_HEAD_BYTES = 8 * 1024
_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,200})"|([^\s;,]{1,200}))', re.IGNORECASE)
_NAME = re.compile(r'[;\s]name=(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))', re.IGNORECASE)
_FILE_NAME = re.compile(r'[;\s]filename=(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))', re.IGNORECASE)


class FormReader:
    """Fed with the bytes of a form, collects its fields and hands the file on. Raises ServiceError.

    `on_file(fields)` is called when the file begins and returns what takes its bytes.
    """

    def __init__(self, content_type: str, on_file: Callable[[list[tuple[str, str]]], Callable[[bytes], object]]):
        found = _BOUNDARY.search(content_type)
        if not found:
            raise errors.MalformedPOSTRequest()
        self._delimiter = b"\r\n--" + (found[1] or found[2]).encode("latin-1")
        self._on_file = on_file
        self.fields: list[tuple[str, str]] = []
        self.has_file = False
        # The first delimiter has no line end before it, unless something precedes the form.
        self._buffer = bytearray(b"\r\n")
        self._state: Callable[[], bool] | None = self._read_preamble
        self._write: Callable[[bytes], object] | None = None
        self._name, self._value, self._fields_bytes = "", bytearray(), 0

    def feed(self, data: bytes):
        if self._state is not None:
            self._buffer += data
        while self._state and self._state():
            pass

    def finish(self):
        """The body has ended: so must the form have."""
        if self._state is not None:
            raise errors.MalformedPOSTRequest()
        if not self.has_file:
            text = "POST requires exactly one file upload per request."
            raise errors.InvalidArgument(text, ArgumentName="file", ArgumentValue="0")

    def _read_preamble(self) -> bool:
        limit = LONGEST_HEAD_BYTES + len(self._delimiter)
        if len(self._buffer) > limit and self._buffer.find(self._delimiter, 0, limit) < 0:
            raise errors.MalformedPOSTRequest()
        return self._pass_delimiter(lambda content: None)

    def _read_boundary_end(self) -> bool:
        """Behind a delimiter: another part, or the end."""
        if len(self._buffer) < 2:
            return False
        end = bytes(self._buffer[:2])
        if end == b"--":
            self._state = None
            self._buffer.clear()
            return False
        if end != b"\r\n":
            raise errors.MalformedPOSTRequest()
        self._state = self._read_head
        return True

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n", 0, LONGEST_HEAD_BYTES)
        if end < 0:
            if len(self._buffer) > LONGEST_HEAD_BYTES:
                raise errors.MalformedPOSTRequest()
            return False
        head = bytes(self._buffer[2:end]).decode("utf-8", "replace")
        del self._buffer[: end + 4]
        disposition = next((line for line in head.split("\r\n") if line.lower().startswith("content-disposition")), "")
        name = _NAME.search(disposition)
        if not name:
            raise errors.MalformedPOSTRequest()
        self._begin_part(name[1] or name[2] or "", _FILE_NAME.search(disposition))
        return True

    def _begin_part(self, name: str, file_name: re.Match | None):
        # Everything from the file on is the file's: S3 ignores the fields behind it.
        if name.lower() == "file" and not self.has_file:
            self.has_file = True
            self.fields.append(("file", (file_name[1] or file_name[2] or "") if file_name else ""))
            self._write, self._state = self._on_file(self.fields), self._read_file
            return
        self._name, self._value, self._state = name, bytearray(), self._read_field

    def _read_field(self) -> bool:
        return self._pass_delimiter(self._add_to_field)

    def _add_to_field(self, content: bytes):
        if self.has_file:
            return
        self._fields_bytes += len(content)
        if self._fields_bytes > LARGEST_FIELDS_BYTES:
            raise errors.MaxPostPreDataLengthExceededError()
        self._value += content

    def _read_file(self) -> bool:
        assert self._write is not None
        return self._pass_delimiter(self._write)

    def _pass_delimiter(self, write: Callable[[bytes], object]) -> bool:
        """Write what lies before the next delimiter, as far as it is there, and step behind it."""
        end = self._buffer.find(self._delimiter)
        if end < 0:
            sure = len(self._buffer) - len(self._delimiter) + 1
            if sure > 0:
                write(bytes(self._buffer[:sure]))
                del self._buffer[:sure]
            return False
        write(bytes(self._buffer[:end]))
        del self._buffer[: end + len(self._delimiter)]
        if self._state == self._read_field and not self.has_file:
            self.fields.append((self._name, self._value.decode("utf-8", "replace")))
        self._state = self._read_boundary_end
        return True


@dataclass(frozen=True, slots=True)
class FormClaim:
    """Who signed the policy of a form. Without a signer it was signed in the old way."""

    access_key_id: str
    policy: str
    signature: str
    signer: Signer | None

    def check(self, secret: str):
        """Raise Rejected unless this is the signature of the policy."""
        if self.signer:
            expected = sigv4.sign(sigv4.signing_key(self.signer, secret), self.policy)
        else:
            expected = sigv2.sign(secret, self.policy)
        if not sigv4.same(expected, self.signature):
            raise Rejected(
                errors.bad_signature, AWSAccessKeyId=self.access_key_id, StringToSign=self.policy,
                SignatureProvided=self.signature, StringToSignBytes=self.policy.encode().hex(" "),
            )  # fmt: skip


def read_form(fields: Mapping[str, str]) -> FormClaim | None:
    """The claim of a form, by its fields with lower-case names; None of one that has no policy."""
    policy = fields.get("policy")
    if policy is None:
        return None
    if "x-amz-signature" in fields or "x-amz-credential" in fields:
        for name in ("x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"):
            if not fields.get(name):
                raise _lacks(name)
        parts = fields["x-amz-credential"].rsplit("/", 4)
        if len(parts) != 5 or fields["x-amz-algorithm"] != ALGORITHM or parts[4] != sigv4.TERMINATOR:
            raise errors.InvalidArgument("X-Amz-Credential or X-Amz-Algorithm is not of the expected form")
        signer = Signer(parts[0], parts[1], parts[2], parts[3], ())
        return FormClaim(parts[0], policy, fields["x-amz-signature"], signer)
    for name in ("awsaccesskeyid", "signature"):
        if not fields.get(name):
            raise _lacks("AWSAccessKeyId" if name == "awsaccesskeyid" else name)
    return FormClaim(fields["awsaccesskeyid"], policy, fields["signature"], None)


def _lacks(name: str):
    text = (
        f"Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the fields."
    )
    return errors.InvalidArgument(text, ArgumentName=name, ArgumentValue="")
