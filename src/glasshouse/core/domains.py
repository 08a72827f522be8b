"""Host names of the user's own that lead to a site: custom domains of APIs, aliases of distributions.

Who serves a site claims the names that lead to it; `*.example.com` stands for every name one label longer.
"""

from glasshouse.core.store import Store

SETTING = "domains"
NONE: dict[str, str] = {}


def claim(store: Store, name: str, site: str):
    """From the end of this transaction on, requests for a host come to a site ("execute-api", "cloudfront")."""
    store.keep_setting(SETTING, {**store.setting(SETTING, NONE), name.lower(): site})


def release(store: Store, name: str):
    """Give a name up."""
    known = store.setting(SETTING, NONE)
    store.keep_setting(SETTING, {one: site for one, site in known.items() if one != name.lower()})


def are_claimed(store: Store) -> bool:
    """Whether there are such names."""
    return bool(store.setting(SETTING, NONE))


def site_of(store: Store, host: str) -> str | None:
    """The site of a host in lower case."""
    known = store.setting(SETTING, NONE)
    return known.get(host) or known.get(f"*.{host.partition('.')[2]}")
