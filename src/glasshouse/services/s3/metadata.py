"""User metadata on its way out: headers are ASCII, so other values are written as RFC 2047 says."""

from base64 import b64encode


def shown(metadata: dict[str, str]) -> dict[str, str]:
    return {name: value if value.isascii() else encoded_word(value) for name, value in metadata.items()}


def encoded_word(text: str) -> str:
    return f"=?UTF-8?B?{b64encode(text.encode('utf-8', 'surrogatepass')).decode()}?="
