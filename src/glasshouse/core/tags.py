"""Tags of resources, by ARN, for every service: one place, so that they can be searched across the cloud."""

from collections.abc import Iterable, Mapping

from glasshouse.core.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS tag (
    arn TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (arn, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tag_key ON tag (key, value);
"""


class Tags:
    """A resource's tags read and written as a dict, in the order of their keys."""

    def __init__(self, store: Store):
        self._store = store
        store.add_schema(SCHEMA)

    def of(self, arn: str) -> dict[str, str]:
        return dict(self._store.read("SELECT key, value FROM tag WHERE arn = ? ORDER BY key", (arn,)).fetchall())

    def add(self, arn: str, tags: Mapping[str, str] | None):
        """Add tags, or change the values of those that are there."""
        if tags:
            rows = [(arn, key, value) for key, value in tags.items()]
            self._store.write_many("REPLACE INTO tag VALUES (?, ?, ?)", rows)

    def remove(self, arn: str, keys: Iterable[str]):
        self._store.write_many("DELETE FROM tag WHERE arn = ? AND key = ?", [(arn, key) for key in keys])

    def clear(self, arn: str):
        """To be called when the resource goes."""
        self._store.write("DELETE FROM tag WHERE arn = ?", (arn,))

    def replace(self, arn: str, tags: Mapping[str, str]):
        self.clear(arn)
        self.add(arn, tags)

    def tagged(self, arn_prefix: str = "") -> list[tuple[str, dict[str, str]]]:
        """(ARN, tags) of every tagged resource whose ARN starts so."""
        rows = self._store.read(
            "SELECT arn, key, value FROM tag WHERE arn >= ? AND arn < ? ORDER BY arn, key",
            (arn_prefix, arn_prefix + "\U0010ffff"),
        )
        found: dict[str, dict[str, str]] = {}
        for arn, key, value in rows:
            found.setdefault(arn, {})[key] = value
        return list(found.items())


def from_list(tags: Iterable[Mapping[str, str]] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """AWS's lists of {"Key": ..., "Value": ...} as a dict."""
    return {tag[key]: tag.get(value) or "" for tag in tags or ()}


def to_list(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    return [{key: name, value: content} for name, content in tags.items()]
