"""Tags of buckets and objects."""

from urllib.parse import parse_qsl

from glasshouse.services.s3.errors import InvalidArgument


class Tagging:
    def _tags_of_header(self, tagging: str) -> dict[str, str]:
        """The tags of an `x-amz-tagging` header, which is a query string. Called by everything that makes objects."""
        try:
            return dict(parse_qsl(tagging, keep_blank_values=True, strict_parsing=True))
        except ValueError:
            raise InvalidArgument(
                "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters"
                " without tag name duplicates.", ArgumentName="x-amz-tagging", ArgumentValue=tagging,
            ) from None  # fmt: skip
