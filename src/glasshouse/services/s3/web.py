"""What S3 answers on the web beside its operations: websites, preflights, and uploads from forms."""

from glasshouse.core.visit import Answer, Visit

SITE = "s3-website"


class Web:
    def visit(self, visit: Visit) -> Answer | None:
        if visit.site == SITE:
            return self._serve_site(visit, visit.owner)
        bucket, key = _place(visit)
        if visit.method == "OPTIONS":
            return self._preflight(visit, bucket, key)
        if visit.method == "POST" and bucket and not key:
            return self._upload_form(visit, bucket)
        return None

    def response_headers(self, visit: Visit) -> dict[str, str]:
        return self._cors_headers(visit, visit.owner if visit.site == SITE else _place(visit)[0])


def _place(visit: Visit) -> tuple[str, str]:
    """The bucket and key that a path names."""
    bucket, _, key = visit.path.removeprefix("/").partition("/")
    return bucket, key
