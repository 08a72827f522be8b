"""Pages of other sites. A browser sends what a page asks it to send, and the secret of `test` is no secret.

On AWS a page cannot sign without a secret. Here any page could sign as root, and a request that needs no preflight
would be carried out although the page may not read the answer. So a request that a foreign page sends with a key that
everybody knows does nothing, unless the bucket says by its CORS rules that it may. Pages from this machine, such as a
front end under development, are no strangers.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from glasshouse.gateway.loopback import is_own_host


def is_foreign(headers: Mapping[str, str]) -> bool:
    """Whether a page of another site sent this. Only browsers say so, and only they can be made to."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site") == "cross-site"
    try:
        return not is_own_host(urlsplit(origin).netloc)
    except ValueError:
        return True
