"""Tags of streams and consumers, by the operations of old for streams and by the general ones."""

import re

from glasshouse.core.tags import to_list
from glasshouse.services.kinesis.errors import (
    InvalidArgumentException,
    LimitExceededException,
    ResourceNotFoundException,
)

MOST_TAGS = 50
ILLEGAL = re.compile(r"[^\w\s./=+\-@:%]")


class Tagging:
    """Both sets of operations."""

    def add_tags_to_stream(self, tags: dict, stream_name: str | None = None, stream_arn: str | None = None):
        self._tag(self._stream(stream_name, stream_arn, living=False).stream_arn, tags)

    def remove_tags_from_stream(
        self, tag_keys: list[str], stream_name: str | None = None, stream_arn: str | None = None
    ):
        self.cloud.tags.remove(self._stream(stream_name, stream_arn, living=False).stream_arn, tag_keys)

    def list_tags_for_stream(
        self,
        stream_name: str | None = None,
        exclusive_start_tag_key: str = "",
        limit: int = MOST_TAGS,
        stream_arn: str | None = None,
    ):
        stream = self._stream(stream_name, stream_arn, living=False)
        tags = to_list(self.cloud.tags.of(stream.stream_arn))
        later = [tag for tag in tags if tag["Key"] > exclusive_start_tag_key]
        return {"Tags": later[:limit], "HasMoreTags": len(later) > limit}

    def tag_resource(self, tags: dict, resource_arn: str):
        self._check_resource(resource_arn)
        self._tag(resource_arn, tags)

    def untag_resource(self, tag_keys: list[str], resource_arn: str):
        self._check_resource(resource_arn)
        self.cloud.tags.remove(resource_arn, tag_keys)

    def list_tags_for_resource(self, resource_arn: str):
        self._check_resource(resource_arn)
        return {"Tags": to_list(self.cloud.tags.of(resource_arn))}

    # Within

    def _tag(self, arn: str, tags: dict | None):
        for text in (*(tags or {}), *(tags or {}).values()):
            if ILLEGAL.search(text):
                raise InvalidArgumentException(
                    "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space,"
                    " _ . / = + - % @ :."
                )
        self.cloud.tags.add(arn, tags)
        if tags and len(self.cloud.tags.of(arn)) > MOST_TAGS:
            account, name = arn.split(":")[4], arn.partition("/")[2]
            raise LimitExceededException(
                f"Failed to add tags to stream {name} under account {account} because a given stream cannot have more"
                f" than {MOST_TAGS} tags associated with it."
            )

    def _check_resource(self, arn: str):
        """Raises ResourceNotFoundException unless a stream, a consumer or a queue bears this ARN."""
        if ":queue/" in arn:
            self._queue(arn)
        elif "/consumer/" in arn:
            if self._consumer(arn) is None:
                raise self._no_consumer(arn)
        elif ":stream/" in arn:
            self._stream(None, arn, living=False)
        else:
            raise ResourceNotFoundException(f"Resource {arn} not found.")
