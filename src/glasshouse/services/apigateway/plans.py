"""Usage plans: how often and how many times the holders of keys may call stages. How that is held is in `limits`."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from glasshouse.core import ids
from glasshouse.services.apigateway import errors, patches
from glasshouse.services.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from glasshouse.services.apigateway.finding import by_age, by_youth
from glasshouse.services.apigateway.patches import Patch
from glasshouse.services.apigateway.records import UsagePlan, UsagePlanKey

PERIODS = ("DAY", "WEEK", "MONTH")
LARGEST_OFFSET = {"DAY": 0, "WEEK": 6, "MONTH": 27}
LONGEST_REPORT_DAYS = 90


class Plans:
    def create_usage_plan(
        self, name: str, description: str | None = None, api_stages: list | None = None, throttle: dict | None = None,
        quota: dict | None = None, tags: dict | None = None,
    ):  # fmt: skip
        if not name:
            raise BadRequestException("Usage plan name cannot be empty")
        plan = UsagePlan(ids.token(6, ids.LOWER), name, self.now, description)
        plan.api_stages = [dict(stage) for stage in api_stages or ()]
        plan.throttle = dict(throttle or {})
        plan.quota = {"offset": 0, **quota} if quota else {}
        self._check_plan(plan)
        self.cloud.tags.add(self._arn(f"/usageplans/{plan.id}"), tags)
        return self._shown_plan(self.plans.put(plan), always_tags=False)

    def get_usage_plan(self, usage_plan_id: str):
        return self._shown_plan(self._plan(usage_plan_id))

    def get_usage_plans(self, position: str | None = None, key_id: str | None = None, limit: int | None = None):
        plans = (plan for plan in self.plans.list() if key_id is None or self.plan_keys.get(plan.id, key_id))
        page = self._page(plans, limit, position, lambda plan: by_age(plan.created, plan.id))
        return page | {"items": [self._shown_plan(plan, always_tags=False) for plan in page["items"]]}

    def update_usage_plan(self, usage_plan_id: str, patch_operations: list | None = None):
        plan = self._plan(usage_plan_id)
        for patch in patches.read(patch_operations):
            _patch_plan(plan, patch)
        self._check_plan(plan)
        return self._shown_plan(self.plans.put(plan))

    def delete_usage_plan(self, usage_plan_id: str):
        plan = self._plan(usage_plan_id)
        for link in list(self.plan_keys.list(plan.id)):
            self.plan_keys.delete(link)
        for table in ("apigateway_use", "apigateway_period"):
            self.store.write(f"DELETE FROM {table} WHERE plan = ?", (plan.id,))
        self.cloud.tags.clear(self._arn(f"/usageplans/{plan.id}"))
        self.plans.delete(plan)

    # Keys of plans

    def create_usage_plan_key(self, usage_plan_id: str, key_id: str, key_type: str):
        self._plan(usage_plan_id)
        if key_type != "API_KEY":
            raise BadRequestException("Invalid key type specified. Valid options are: API_KEY")
        self._key(key_id)
        if self.plan_keys.get(usage_plan_id, key_id):
            raise ConflictException("Usage plan already has this API key")
        return self._shown_link(self._link(usage_plan_id, key_id))

    def get_usage_plan_key(self, usage_plan_id: str, key_id: str):
        return self._shown_link(self._plan_key(usage_plan_id, key_id))

    def get_usage_plan_keys(
        self, usage_plan_id: str, position: str | None = None, limit: int | None = None, name_query: str | None = None
    ):
        """Of a plan that is not there, none: AWS does not refuse it."""
        keys = [self._key(link.id) for link in self.plan_keys.list(usage_plan_id)]
        wanted = (key for key in keys if (key.name or "").startswith(name_query or ""))
        page = self._page(wanted, limit, position, lambda key: by_youth(key.created_date, key.id))
        return page | {"items": [self._shown_link(UsagePlanKey(usage_plan_id, key.id)) for key in page["items"]]}

    def delete_usage_plan_key(self, usage_plan_id: str, key_id: str):
        self.plan_keys.delete(self._plan_key(usage_plan_id, key_id))

    # Usage

    def get_usage(
        self, usage_plan_id: str, start_date: str, end_date: str, key_id: str | None = None,
        position: str | None = None, limit: int | None = None,
    ):  # fmt: skip
        plan = self._plan(usage_plan_id)
        days = _days(start_date, end_date)
        links = [link for link in self.plan_keys.list(plan.id) if key_id in (None, link.id)]
        if key_id is not None and not links:
            raise NotFoundException(errors.NO_KEY)
        page = self._page(links, limit, position, lambda link: link.id)
        items = {link.id: self._usage_of(plan, link.id, days) for link in page["items"]}
        return {
            "usagePlanId": plan.id, "startDate": start_date, "endDate": end_date, "position": page["position"],
            "items": items,
        }  # fmt: skip

    def update_usage(self, usage_plan_id: str, key_id: str, patch_operations: list | None = None):
        plan = self._plan(usage_plan_id)
        self._plan_key(plan.id, key_id)
        today = _day(self.now)
        for patch in patches.read(patch_operations):
            if patch.path != "/remaining":
                raise patch.unknown()
            patch.require("replace")
            self._set_remaining(plan, key_id, _whole(patch.value))
        items = {key_id: self._usage_of(plan, key_id, [today])}
        return {"usagePlanId": plan.id, "startDate": today, "endDate": today, "items": items}

    # Within

    def _plan(self, usage_plan_id: str) -> UsagePlan:
        plan = self.plans.get(usage_plan_id)
        if plan is None:
            raise NotFoundException(errors.NO_PLAN)
        return plan

    def _plan_key(self, usage_plan_id: str, key_id: str) -> UsagePlanKey:
        self._key(key_id)
        link = self.plan_keys.get(usage_plan_id, key_id)
        if link is None:
            raise NotFoundException(errors.NO_PLAN)
        return link

    def _link(self, usage_plan_id: str, key_id: str) -> UsagePlanKey:
        return self.plan_keys.put(UsagePlanKey(usage_plan_id, key_id))

    def _check_plan(self, plan: UsagePlan):
        for stage in plan.api_stages:
            if self.stages.get(stage.get("apiId", ""), stage.get("stage", "")) is None:
                raise NotFoundException(f"API Stage not found: {stage.get('apiId')}:{stage.get('stage')}")
        if plan.quota:
            _check_quota(plan.quota)
        if plan.throttle and (plan.throttle.get("rateLimit", 0) < 0 or plan.throttle.get("burstLimit", 0) < 0):
            raise BadRequestException("Throttle limits must be greater than or equal to 0")

    def _usage_of(self, plan: UsagePlan, key_id: str, days: list[str]) -> list[list[int]]:
        """[used, remaining] of each day; a day without requests has what the day before it left."""
        rows = self.store.read(
            "SELECT day, used, remaining FROM apigateway_use WHERE plan = ? AND key = ?", (plan.id, key_id)
        ).fetchall()
        known = {day: [used, remaining] for day, used, remaining in rows}
        left = plan.quota.get("limit", 0)
        found = []
        for day in days:
            used, left = known.get(day, [0, left])
            found.append([used, left])
        return found

    def _shown_plan(self, plan: UsagePlan, always_tags: bool = True) -> dict[str, Any]:
        tags = self._tags(f"/usageplans/{plan.id}")
        return {
            "id": plan.id, "name": plan.name, "description": plan.description, "apiStages": plan.api_stages,
            "throttle": plan.throttle or None, "quota": plan.quota or None, "productCode": plan.product_code,
            "tags": tags if tags or always_tags else None,
        }  # fmt: skip

    def _shown_link(self, link: UsagePlanKey) -> dict[str, Any]:
        key = self._key(link.id)
        return {"id": key.id, "type": link.type, "value": self._value_of(key), "name": key.name}


def _check_quota(quota: dict[str, Any]):
    if quota.get("period") not in PERIODS:
        raise BadRequestException(f"Usage Plan quota period must be one of: {', '.join(PERIODS)}")
    if not quota.get("limit") or quota["limit"] < 1:
        raise BadRequestException("Usage Plan quota limit must be greater than 0")
    if not 0 <= quota.get("offset", 0) <= LARGEST_OFFSET[quota["period"]]:
        raise BadRequestException(
            f"Usage Plan quota offset must be zero in the {quota['period']} period"
            if quota["period"] == "DAY"
            else f"Usage Plan quota offset must be between zero and {LARGEST_OFFSET[quota['period']]} inclusive in the"
            f" {quota['period']} period"
        )


def _patch_plan(plan: UsagePlan, patch: Patch):
    steps = patch.steps
    if patch.path in ("/name", "/description", "/productCode"):
        patch.require("replace", "remove")
        attribute = {"/name": "name", "/description": "description", "/productCode": "product_code"}[patch.path]
        setattr(plan, attribute, patch.value if patch.op == "replace" else None)
    elif steps[:1] in (("throttle",), ("quota",)) and len(steps) <= 2:
        _patch_limits(plan.throttle if steps[0] == "throttle" else plan.quota, patch)
    elif steps == ("apiStages",):
        _patch_stages(plan, patch)
    elif steps[:1] == ("apiStages",) and len(steps) >= 3 and steps[2] == "throttle":
        _patch_stage_throttle(plan, patch)
    else:
        raise patch.unknown()


def _patch_limits(limits: dict[str, Any], patch: Patch):
    patch.require("add", "replace", "remove")
    if len(patch.steps) == 1:
        if patch.op != "remove":
            raise patch.unknown()
        limits.clear()
        return
    convert = {"rateLimit": _rate, "burstLimit": _whole, "limit": _whole, "offset": _whole, "period": str}
    if patch.key not in convert:
        raise patch.unknown()
    if patch.op == "remove":
        limits.pop(patch.key, None)
        return
    limits[patch.key] = convert[patch.key](patch.value)
    if patch.steps[0] == "quota":
        limits.setdefault("offset", 0)


def _patch_stages(plan: UsagePlan, patch: Patch):
    """`value` is `<api>:<stage>`."""
    patch.require("add", "remove")
    api, colon, stage = (patch.value or "").partition(":")
    known = [one for one in plan.api_stages if (one["apiId"], one["stage"]) == (api, stage)]
    if patch.op == "add" and not known:
        plan.api_stages.append({"apiId": api, "stage": stage})
    elif patch.op == "remove":
        if not colon or ":" in stage:
            raise BadRequestException("Invalid API Stage specified")
        if not known:
            raise NotFoundException(
                f"Invalid API Stage {{api: {api}, stage: {stage}}} specified for usageplan {plan.id}"
            )
        plan.api_stages.remove(known[0])


def _patch_stage_throttle(plan: UsagePlan, patch: Patch):
    """`/apiStages/<api>:<stage>/throttle/<path>/<VERB>/rateLimit`, or less of it to be removed."""
    api, _, name = patch.steps[1].partition(":")
    stage = next((one for one in plan.api_stages if (one["apiId"], one["stage"]) == (api, name)), None)
    if stage is None:
        raise NotFoundException(f"API Stage not found: {patch.steps[1]}")
    patch.require("add", "replace", "remove")
    *place, limit = patch.steps[3:] or ("",)
    held = stage.setdefault("throttle", {})
    if limit not in ("rateLimit", "burstLimit"):
        if patch.op != "remove":
            raise patch.unknown()
        # The whole of a method, or of the stage. Slashes of paths come escaped and unescaped.
        held.pop("/".join((*place, limit)), None) if limit else held.clear()
        return
    limits = held.setdefault("/".join(place), {})
    if patch.op == "remove":
        limits.pop(limit, None)
    else:
        limits[limit] = _rate(patch.value) if limit == "rateLimit" else _whole(patch.value)


def _whole(value: str | None) -> int:
    if not (value or "").isdigit():
        raise BadRequestException(f"Invalid number: {value}")
    return int(value or "")


def _rate(value: str | None) -> float:
    try:
        return float(value or "")
    except ValueError:
        raise BadRequestException(f"Invalid number: {value}") from None


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


def _days(start: str, end: str) -> list[str]:
    try:
        first, last = date.fromisoformat(start), date.fromisoformat(end)
    except ValueError:
        raise BadRequestException("Invalid date specified. Dates are to be of the form YYYY-MM-DD") from None
    count = (last - first).days + 1
    if not 1 <= count <= LONGEST_REPORT_DAYS:
        raise BadRequestException("Invalid date range specified")
    return [(first + timedelta(days=number)).isoformat() for number in range(count)]
