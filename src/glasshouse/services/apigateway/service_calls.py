"""Integrations with AWS services: which service an ARN names, and what of a request goes to it.

`arn:aws:apigateway:<region>:<service>:path/<path>` and `...:<subdomain>.<service>:action/<operation>`, see
https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegration.html
"""

import re

from glasshouse.core.visit import Wired
from glasshouse.services.apigateway.outgoing import JSON, Outgoing
from glasshouse.services.apigateway.refusals import misconfigured

URI = re.compile(
    r"arn:[\w-]+:apigateway:(?P<region>[\w-]+):(?:(?P<label>[\w.-]+)\.)?(?P<service>[\w-]+):(?P<kind>path|action)/"
    r"(?P<rest>.*)",
    re.DOTALL,
)


def wired(asked: Outgoing) -> Wired:
    """Raises Refused for an ARN that names none."""
    found = URI.fullmatch(asked.uri)
    if found is None:
        raise misconfigured(f"Invalid ARN: {asked.uri}")
    headers = {"accept": JSON, "content-type": JSON} | asked.joined_headers
    action, path, query = "", "/", asked.query_string
    if found["kind"] == "action":
        action, _, given = found["rest"].partition("&")
    else:
        path, _, given = found["rest"].partition("?")
        path = f"/{path.lstrip('/')}"
    query = "&".join(filter(None, (given, query)))
    return Wired(
        found["service"], found["region"], asked.verb, path, query, headers, asked.body, found["label"] or "", action
    )  # fmt: skip


def address(uri: str) -> str:
    """Where a service would be asked, for those who read what an integration does."""
    found = URI.fullmatch(uri)
    if found is None:
        return uri
    host = ".".join(filter(None, (found["label"], found["service"], found["region"])))
    rest = found["rest"].lstrip("/")
    return f"https://{host}.amazonaws.com/{'?Action=' if found['kind'] == 'action' else ''}{rest}"
