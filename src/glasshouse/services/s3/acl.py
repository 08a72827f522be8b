"""Access control lists of buckets and objects."""

from glasshouse.core import NotSupported
from glasshouse.services.s3.records import Bucket

HEADERS = ("ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP")


class Acls:
    def _acl_of_headers(self, bucket: Bucket, params: dict) -> dict | None:
        """What to keep as the ACL of a new object (or bucket) for which these headers (members of the input) ask.

        None is the private one. Called by everything that makes objects, and by CreateBucket.
        """
        asked = [name for name in HEADERS if params.get(name) not in (None, "private", "bucket-owner-full-control")]
        if asked:
            raise NotSupported(f"s3: {', '.join(asked)} is not supported by Glasshouse yet")
        return None
