"""API keys at work, and how often and how many times their holders may call: throttles by token buckets, quotas by
periods, both by the cloud's clock.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html. Buckets are in memory,
as they are soon full again; what counts for quotas is in the store.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from glasshouse.services.apigateway.exchanges import Exchange
from glasshouse.services.apigateway.keys import digest
from glasshouse.services.apigateway.records import ApiKey, UsagePlan
from glasshouse.services.apigateway.refusals import Refused
from glasshouse.services.apigateway.traffic import Traffic

RATE, BURST = 10_000.0, 5_000.0  # where only one of the two is set
WEEK_DAYS = 7


class Limits:
    """Counts requests, and refuses those that are too many."""

    def _check_stage_throttle(self, exchange: Exchange):
        """The stage's limits for the method, whoever calls."""
        settings = exchange.settings
        limits = {
            "rateLimit": settings.get("throttlingRateLimit"), "burstLimit": settings.get("throttlingBurstLimit"),
        }  # fmt: skip
        name = f"{exchange.api_id}/{exchange.stage.stage_name}{exchange.resource['path']}/{exchange.verb}"
        self._check_throttle(exchange, name, limits)

    def _check_key(self, exchange: Exchange):
        """Raise Refused unless the caller holds a key, where the method wants one, and may use it now."""
        if not exchange.method.get("apiKeyRequired"):
            return
        by_header = exchange.release.api["api_key_source"] == "HEADER"
        value = exchange.headers.get("x-api-key") if by_header else exchange.usage_key
        known = self.key_values.get(digest(value)) if value else None
        key = self.keys.get(known.key_id) if known else None
        plan = self._plan_of(exchange, key) if key and key.enabled else None
        if value is None or key is None or plan is None:
            exchange.trail.say("API Key %s not authorized for this method", _hidden(value or ""))
            raise Refused("INVALID_API_KEY")
        exchange.api_key = key.id, value
        exchange.trail.say(
            "Usage Plan check succeeded for API Key %s and API Stage %s/%s", _hidden(value), exchange.api_id,
            exchange.stage.stage_name,
        )  # fmt: skip
        self._check_plan_throttle(exchange, plan, key)
        self._count(plan, key)

    def _plan_of(self, exchange: Exchange, key: ApiKey) -> UsagePlan | None:
        """The plan through which a key opens a stage."""
        for plan in self.plans.list():
            if _stage_in(plan, exchange) is not None and self.plan_keys.get(plan.id, key.id):
                return plan
        return None

    def _check_plan_throttle(self, exchange: Exchange, plan: UsagePlan, key: ApiKey):
        stage = _stage_in(plan, exchange) or {}
        own = stage.get("throttle") or {}
        place = f"{exchange.resource['path']}/{exchange.method['httpMethod']}"
        holder = f"{plan.id}/{key.id}/{exchange.api_id}/{exchange.stage.stage_name}"
        if place in own:
            self._check_throttle(exchange, f"{holder}{place}", own[place])
        else:
            self._check_throttle(exchange, holder, plan.throttle)

    def _check_throttle(self, exchange: Exchange, bucket: str, limits: Mapping[str, Any]):
        """Negative limits are none."""
        rate, burst = limits.get("rateLimit"), limits.get("burstLimit")
        if (rate is None and burst is None) or (rate or 0) < 0 or (burst or 0) < 0:
            return
        rate, burst = RATE if rate is None else rate, BURST if burst is None else burst
        if not self.cloud.resident(Traffic).admit(exchange.under_way, bucket, rate, burst, self.now):
            raise Refused("THROTTLED")

    # Quotas

    def _count(self, plan: UsagePlan, key: ApiKey):
        """One request more. Raises Refused if the quota is used up."""
        begun, used, extra = self._period(plan, key.id)
        limit = plan.quota.get("limit")
        if limit is not None and used >= limit + extra:
            raise Refused("QUOTA_EXCEEDED")
        self._keep_period(plan, key.id, begun, used + 1, extra)
        remaining = limit + extra - used - 1 if limit is not None else 0
        self._keep_use(plan, key.id, 1, remaining)

    def _set_remaining(self, plan: UsagePlan, key_id: str, remaining: int):
        """Give a key so many requests in the present period."""
        begun, used, _ = self._period(plan, key_id)
        self._keep_period(plan, key_id, begun, used, remaining + used - plan.quota.get("limit", 0))
        self._keep_use(plan, key_id, 0, remaining)

    def _period(self, plan: UsagePlan, key_id: str) -> tuple[str, int, int]:
        """(the day on which the present period began, requests in it, requests that it has beyond the quota)."""
        begun = _begun(plan.quota, datetime.fromtimestamp(self.now, UTC).date()).isoformat()
        row = self.store.read(
            "SELECT begun, used, extra FROM apigateway_period WHERE plan = ? AND key = ?", (plan.id, key_id)
        ).fetchone()
        return (begun, row[1], row[2]) if row and row[0] == begun else (begun, 0, 0)

    def _keep_period(self, plan: UsagePlan, key_id: str, begun: str, used: int, extra: int):
        self.store.write("REPLACE INTO apigateway_period VALUES (?, ?, ?, ?, ?)", (plan.id, key_id, begun, used, extra))

    def _keep_use(self, plan: UsagePlan, key_id: str, more: int, remaining: int):
        day = datetime.fromtimestamp(self.now, UTC).date().isoformat()
        self.store.write(
            "INSERT INTO apigateway_use VALUES (?, ?, ?, ?, ?) ON CONFLICT (plan, key, day) DO UPDATE SET"
            " used = used + ?, remaining = excluded.remaining",
            (plan.id, key_id, day, more, remaining, more),
        )


def _stage_in(plan: UsagePlan, exchange: Exchange) -> dict[str, Any] | None:
    wanted = (exchange.api_id, exchange.stage.stage_name)
    return next((one for one in plan.api_stages if (one["apiId"], one["stage"]) == wanted), None)


def _begun(quota: Mapping[str, Any], today: date) -> date:
    """The first day of the present period of a quota. Weeks begin with Sunday, months with their first, and so many
    days (`offset`) later."""
    period, offset = quota.get("period"), quota.get("offset", 0)
    if period == "WEEK":
        since = (today.isoweekday() - offset) % WEEK_DAYS
        return today - timedelta(days=since)
    if period == "MONTH":
        if today.day > offset:
            return today.replace(day=1 + offset)
        last_month = today.replace(day=1) - timedelta(days=1)
        return last_month.replace(day=1 + offset)
    return today


def _hidden(key: str) -> str:
    """All but the end of a key."""
    return "*" * max(0, len(key) - 6) + key[-6:]
