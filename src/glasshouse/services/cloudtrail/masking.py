"""Parameters and results as records show them: names with a small first letter, secrets masked, bytes left out."""

from typing import Any

MASK = "HIDDEN_DUE_TO_SECURITY_REASONS"
SECRETS: dict[str, frozenset[str]] = {
    "iam": frozenset(
        {
            "Password",
            "OldPassword",
            "NewPassword",
            "SecretAccessKey",
            "Base32StringSeed",
            "PrivateKey",
            "AuthenticationCode1",
            "AuthenticationCode2",
        }
    ),
    "sts": frozenset({"SecretAccessKey", "WebIdentityToken", "SAMLAssertion", "TokenCode"}),
    "secretsmanager": frozenset({"SecretString", "SecretBinary", "RandomPassword"}),
    "ssm": frozenset({"Value"}),
    "kms": frozenset({"Plaintext", "PrivateKeyPlaintext", "CiphertextBlob", "SharedSecret"}),
    "sns": frozenset({"Message", "Token"}),
    "sqs": frozenset({"MessageBody", "Body"}),
    "lambda": frozenset({"Environment"}),
}
LONGEST_TEXT = 4096


def shown(service: str, values: dict[str, Any]) -> dict[str, Any]:
    secrets = SECRETS.get(service, frozenset())
    return {camel(name): _shown(name, value, secrets) for name, value in values.items() if not _is_left_out(value)}


def camel(name: str) -> str:
    """`QueueUrl` is `queueUrl`, but an abbreviation keeps its capitals: `ACL`."""
    return name if len(name) > 1 and name[1].isupper() else name[:1].lower() + name[1:]


def _shown(name: str, value: Any, secrets: frozenset[str]) -> Any:
    if name in secrets:
        return MASK
    if isinstance(value, dict):
        inner = value.items()
        return {camel(key): _shown(key, item, secrets) for key, item in inner if not _is_left_out(item)}
    if isinstance(value, list):
        return [_shown("", item, secrets) for item in value if not _is_left_out(item)]
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return value[:LONGEST_TEXT]
    return value


def _is_left_out(value: Any) -> bool:
    """Bodies and blobs are not for the record."""
    return value is None or not isinstance(value, str | int | float | bool | dict | list)
