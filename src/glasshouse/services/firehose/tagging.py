"""Tags of delivery streams."""

from glasshouse.core.tags import from_list, to_list
from glasshouse.services.firehose.errors import LimitExceededException

MOST_TAGS = 50


class Tagging:
    """The operations on tags."""

    def tag_delivery_stream(self, delivery_stream_name: str, tags: list[dict]):
        self._tag(self._stream(delivery_stream_name).delivery_stream_arn, tags)

    def untag_delivery_stream(self, delivery_stream_name: str, tag_keys: list[str]):
        self.cloud.tags.remove(self._stream(delivery_stream_name).delivery_stream_arn, tag_keys)

    def list_tags_for_delivery_stream(
        self, delivery_stream_name: str, exclusive_start_tag_key: str = "", limit: int = MOST_TAGS
    ):
        tags = to_list(self.cloud.tags.of(self._stream(delivery_stream_name).delivery_stream_arn))
        later = [tag for tag in tags if tag["Key"] > exclusive_start_tag_key]
        return {"Tags": later[:limit], "HasMoreTags": len(later) > limit}

    def _tag(self, arn: str, tags: list[dict] | None):
        self.cloud.tags.add(arn, from_list(tags))
        if tags and len(self.cloud.tags.of(arn)) > MOST_TAGS:
            raise LimitExceededException(f"A delivery stream cannot have more than {MOST_TAGS} tags.")
