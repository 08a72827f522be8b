"""Cross-origin requests: an API's rules are checked when they are set, and kept by the gateway itself.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html: the gateway answers preflights, even
where there is no route for them, and puts its own headers in the place of those that a backend sets.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase

from glasshouse.core.visit import Answer
from glasshouse.services.apigatewayv2.checks import within
from glasshouse.services.apigatewayv2.errors import BadRequestException

ANY = "*"


def check(rules: Mapping | None):
    """Raises BadRequestException."""
    if not rules:
        return
    if rules.get("AllowCredentials") and ANY in rules.get("AllowOrigins", ()):
        raise BadRequestException("allow-credentials is not supported if 'allow-origin' is *")
    within(rules.get("MaxAge"), -1, 86_400, "MaxAge")


def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
    return method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers


def preflight(rules: Mapping, headers: Mapping[str, str]) -> Answer:
    """The answer to a browser that asks whether it may; it says nothing to those who may not."""
    origin = _allowed_origin(rules, headers["origin"])
    if origin is None:
        return Answer(204)
    answer = _words(rules, origin)
    if methods := rules.get("AllowMethods"):
        answer["access-control-allow-methods"] = ",".join(methods)
    if allowed := rules.get("AllowHeaders"):
        answer["access-control-allow-headers"] = ",".join(allowed)
    answer["access-control-max-age"] = str(rules.get("MaxAge") or 0)
    return Answer(204, answer)


def dress(rules: Mapping, asked: Mapping[str, str], answer: dict):
    """Take a backend's own words about origins out of its headers, and put those of the API in."""
    for name in [name for name in answer if name.startswith("access-control-")]:
        del answer[name]
    origin = _allowed_origin(rules, asked["origin"]) if "origin" in asked else None
    if origin is not None:
        answer.update(_words(rules, origin))


def _words(rules: Mapping, origin: str) -> dict[str, str]:
    """The headers that preflights and other answers have in common."""
    answer = {"access-control-allow-origin": origin}
    if rules.get("AllowCredentials"):
        answer["access-control-allow-credentials"] = "true"
    if exposed := rules.get("ExposeHeaders"):
        answer["access-control-expose-headers"] = ",".join(exposed)
    return answer


def _allowed_origin(rules: Mapping, origin: str) -> str | None:
    """What the gateway says of an origin: `*` where all are welcome, the origin itself where it matches a rule."""
    allowed = rules.get("AllowOrigins") or []
    if ANY in allowed:
        return ANY
    return origin if any(fnmatchcase(origin.lower(), rule.lower()) for rule in allowed) else None
