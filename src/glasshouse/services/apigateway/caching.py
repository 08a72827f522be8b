"""The cache of a stage: answers to GET requests, by the parameters that the integration names, for a while.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html. The size of a cluster is kept,
but bounds nothing.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

from glasshouse.core import ServiceError
from glasshouse.core.visit import Answer
from glasshouse.services.apigateway import mapping
from glasshouse.services.apigateway.authorizing import Invocation, Invoked
from glasshouse.services.apigateway.exchanges import Exchange
from glasshouse.services.apigateway.refusals import Refused

NAMESPACE = "AWS/ApiGateway"
WARNING = '199 apigateway.amazonaws.com "The caller is not permitted to invalidate cache."'


class Invalidation(Invocation):
    name, method = "InvalidateCache", "invalidate_cache"


INVALIDATE = Invalidation()


class Caching:
    """Answers from the cache where a stage has one."""

    def _cached(self, exchange: Exchange, ask: Callable[[], Answer]) -> Answer:
        settings = exchange.settings
        if not self._has_cache(exchange):
            return ask()
        warning = self._invalidated(exchange)
        place = (exchange.api_id, exchange.stage.stage_name, _key(exchange))
        known = None if warning is None else self._known_answer(place)
        self._count_hit(exchange, known is not None)
        answer = known or ask()
        if known is None and answer.status < 400:
            self.store.write("DELETE FROM apigateway_answer WHERE api = ? AND expires < ?", (place[0], self.now))
            self.store.write(
                "REPLACE INTO apigateway_answer VALUES (?, ?, ?, ?, ?)",
                (*place, _packed(answer), self.now + settings["cacheTtlInSeconds"]),
            )
        if warning:
            answer.headers["warning"] = warning
        return answer

    def _has_cache(self, exchange: Exchange) -> bool:
        """Whether the stage keeps answers of the method; those of others than GET only where that is said of it."""
        settings = exchange.settings
        return (
            exchange.stage.cache_cluster_enabled
            and bool(settings.get("cachingEnabled"))
            and bool(settings.get("cacheTtlInSeconds"))
            and (exchange.verb == "GET" or not _is_general(exchange))
        )

    def _invalidated(self, exchange: Exchange) -> str | None:
        """None if the caller has the answer made anew, which not everybody may; else a warning, if there is any."""
        if "max-age=0" not in (exchange.headers.get("cache-control") or "").replace(" ", ""):
            return ""
        if not exchange.settings.get("requireAuthorizationForCacheControl", True) or self._may_invalidate(exchange):
            return None
        strategy = exchange.settings["unauthorizedCacheControlHeaderStrategy"]
        if strategy == "FAIL_WITH_403":
            raise Refused("ACCESS_DENIED", "The caller is not permitted to invalidate cache")
        return WARNING if strategy == "SUCCEED_WITH_RESPONSE_HEADER" else ""

    def _may_invalidate(self, exchange: Exchange) -> bool:
        call = replace(self.call, service="execute-api", operation=INVALIDATE.name, params={})
        invoked = Invoked(self.cloud, call, exchange.arn(exchange.path), exchange.release.api["policy"])
        try:
            self.cloud.access.authorize(invoked, INVALIDATE)
        except ServiceError:
            return False
        return True

    def _known_answer(self, place: tuple[str, str, str]) -> Answer | None:
        row = self.store.read(
            "SELECT answer FROM apigateway_answer WHERE api = ? AND stage = ? AND key = ? AND expires > ?",
            (*place, self.now),
        ).fetchone()
        return _unpacked(row[0]) if row else None

    def _count_hit(self, exchange: Exchange, is_hit: bool):
        name = "CacheHitCount" if is_hit else "CacheMissCount"
        own = {"ApiName": exchange.release.api["name"]}
        for dimensions in (own, own | {"Stage": exchange.stage.stage_name}):
            self.metric(NAMESPACE, name, 1, "Count", dimensions)


def _is_general(exchange: Exchange) -> bool:
    """Whether the method's settings are those of all methods."""
    place = f"{exchange.resource['path'][1:].replace('/', '~1')}/{exchange.method['httpMethod']}"
    return not {place, f"~1{place}"} & set(exchange.stage.method_settings)


def _key(exchange: Exchange) -> str:
    integration = exchange.method["methodIntegration"]
    named = [mapping.of_request(exchange, source, b"") for source in integration.get("cacheKeyParameters") or ()]
    told = json.dumps([integration.get("cacheNamespace"), exchange.resource["path"], exchange.verb, named])
    return sha256(told.encode()).hexdigest()


def _packed(answer: Answer) -> bytes:
    return json.dumps([answer.status, answer.headers, b64encode(answer.body).decode()]).encode()


def _unpacked(packed: bytes) -> Answer:
    status, headers, body = json.loads(packed)
    return Answer(status, headers, b64decode(body))
