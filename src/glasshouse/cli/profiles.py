"""A profile in the AWS configuration file, put in or replaced without touching the others."""

import re
from pathlib import Path

HEADER = re.compile(r"^\s*\[")


def section(name: str, settings: dict[str, str]) -> str:
    """The text of a profile. Path-style addresses, since bucket names are no host names here."""
    return f"""\
{header(name)}
region = {settings["AWS_DEFAULT_REGION"]}
endpoint_url = {settings["AWS_ENDPOINT_URL"]}
aws_access_key_id = {settings["AWS_ACCESS_KEY_ID"]}
aws_secret_access_key = {settings["AWS_SECRET_ACCESS_KEY"]}
s3 =
    addressing_style = path
"""


def header(name: str) -> str:
    return "[default]" if name == "default" else f"[profile {name}]"


def write(path: Path, name: str, text: str):
    """Whole or not at all; what else the file holds stays as it is."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    before = path.read_text() if path.exists() else ""
    draft = path.with_name(f"{path.name}.glasshouse")
    draft.touch(0o600)
    draft.write_text(replaced(before, name, text))
    draft.replace(path)


def replaced(config: str, name: str, text: str) -> str:
    """The configuration with the profile in place of an earlier one, or at the end."""
    lines = config.splitlines(keepends=True)
    start = next((at for at, line in enumerate(lines) if line.split("#")[0].strip() == header(name)), None)
    if start is None:
        gap = "" if not config else "\n" if config.endswith("\n") else "\n\n"
        return config + gap + text
    end = next((at for at in range(start + 1, len(lines)) if HEADER.match(lines[at])), len(lines))
    gap = "\n" if end < len(lines) else ""
    return "".join(lines[:start]) + text + gap + "".join(lines[end:])
