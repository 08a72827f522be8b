"""What objects are called: an evaluated prefix, and a suffix that nobody chooses.

https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
A prefix without expressions gets the hour appended; one for errors, the type of the failure before it.
"""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from glasshouse.core import ids
from glasshouse.engines.prefixes import Prefix, Setting, formatted
from glasshouse.services.firehose.buffers import Buffer
from glasshouse.services.firehose.compression import EXTENSIONS
from glasshouse.services.firehose.records import BACKUP, MAIN, DeliveryStream

HOURS, SECONDS = "yyyy/MM/dd/HH/", "yyyy-MM-dd-HH-mm-ss"
RANDOM_CHARACTERS = 11


class Keys(dict):
    """The keys of a partition; those that a prefix has come to ask for since are empty."""

    def __missing__(self, key: Any) -> str:
        return ""


def object_name(stream: DeliveryStream, buffer: Buffer) -> str:
    settings = stream.bucket(buffer.kind)
    zone = stream.destination.get("CustomTimeZone")
    moment = datetime.fromtimestamp(buffer.oldest, UTC)
    if zone:
        moment = moment.astimezone(ZoneInfo(zone))
    setting = Setting(moment, _random, buffer.kind, _keys(buffer.partition))
    extension = EXTENSIONS.get(settings["CompressionFormat"], "")
    if buffer.kind == MAIN:
        extension = settings.get("FileExtension") or extension
    suffix = f"{stream.delivery_stream_name}-{stream.version_id}-{formatted(SECONDS, moment)}-{ids.uuid()}{extension}"
    return _prefix(settings, buffer.kind, setting) + suffix


def partition_text(keys: dict[tuple[str, str], str]) -> str:
    """The keys of a partition as the text that a buffer bears."""
    return json.dumps(sorted([namespace, name, value] for (namespace, name), value in keys.items()))


def _prefix(settings: dict[str, Any], kind: str, setting: Setting) -> str:
    is_error = kind not in (MAIN, BACKUP)
    text = settings.get("Prefix") or ""
    if is_error:
        text = settings.get("ErrorOutputPrefix") or text
    prefix = Prefix.parse(text)
    evaluated = prefix.evaluate(setting)
    if prefix.expressions:
        return evaluated
    return evaluated + (f"{kind}/" if is_error else "") + formatted(HOURS, setting.moment)


def _keys(partition: str) -> Keys:
    return Keys({(namespace, name): value for namespace, name, value in json.loads(partition or "[]")})


def _random() -> str:
    return ids.token(RANDOM_CHARACTERS)
