"""Delivery policies: how often and when a failed delivery is tried again.

Four phases follow the first attempt: retries at once, retries at the least delay, retries with growing delays, retries
at the greatest delay (developer guide, "Amazon SNS message delivery retries"). Differs from AWS: no jitter, so that a
moved clock shows the phases as they are documented; the curves between the delays are ours.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

HEALTHY: dict[str, Any] = {
    "minDelayTarget": 20,
    "maxDelayTarget": 20,
    "numRetries": 3,
    "numMaxDelayRetries": 0,
    "numNoDelayRetries": 0,
    "numMinDelayRetries": 0,
    "backoffFunction": "linear",
}
LONGEST_DELAY_S = LONGEST_IN_ALL_S = 3600
MOST_RETRIES = 100
CONTENT_TYPE = "text/plain; charset=UTF-8"
CONTENT_TYPES = (
    "application/atom+xml", "application/json", "application/octet-stream", "application/soap+xml",
    "application/x-www-form-urlencoded", "application/xhtml+xml", "application/xml", "text/css", "text/csv",
    "text/html", "text/plain", "text/xml",
)  # fmt: skip
# How far the delay has grown from the least to the greatest, after the part `done` of `steps` steps.
GROWTH: dict[str, Callable[[int, int], float]] = {
    "linear": lambda done, steps: done / steps,
    "arithmetic": lambda done, steps: done * (done + 1) / (steps * (steps + 1)),
    "exponential": lambda done, steps: (2**done - 1) / (2**steps - 1),
}
FUNCTIONS = (*GROWTH, "geometric")
Policy = dict[str, Any]


def read_of_topic(text: str) -> Policy:
    """The delivery policy of a topic, as it is kept. Raises ValueError."""
    policy = _object(text)
    if policy.keys() - {"http"} or not isinstance(policy.get("http", {}), dict):
        raise ValueError("DeliveryPolicy: Must be a JSON object with the key http.")
    http = policy.get("http", {})
    _no_others(http, {*TOPIC_PARTS, "disableSubscriptionOverrides"}, "http")
    kept: Policy = {"disableSubscriptionOverrides": _boolean(http.get("disableSubscriptionOverrides", False))}
    for name, check in TOPIC_PARTS.items():
        if http.get(name) is not None:
            kept[name] = check(http[name], f"http.{name}")
    return {"http": kept}


def read_of_subscription(text: str) -> Policy:
    """The delivery policy of a subscription, as it is kept. Raises ValueError."""
    policy = _object(text)
    _no_others(policy, {"healthyRetryPolicy", "sicklyRetryPolicy", "throttlePolicy", "requestPolicy", "guaranteed"}, "")
    healthy, throttle = policy.get("healthyRetryPolicy"), policy.get("throttlePolicy")
    request = policy.get("requestPolicy")
    return {
        "healthyRetryPolicy": None if healthy is None else _healthy(healthy, "healthyRetryPolicy"),
        "sicklyRetryPolicy": None,
        "throttlePolicy": None if throttle is None else _throttle(throttle, "throttlePolicy"),
        "requestPolicy": None if request is None else _request(request, "requestPolicy"),
        "guaranteed": False,
    }


def text(policy: Policy) -> str:
    return json.dumps(policy, separators=(",", ":"))


def effective_of_topic(attributes: Mapping[str, str]) -> Policy:
    given = json.loads(attributes["DeliveryPolicy"])["http"] if "DeliveryPolicy" in attributes else {}
    usual = {
        "defaultHealthyRetryPolicy": HEALTHY,
        "disableSubscriptionOverrides": False,
        "defaultRequestPolicy": {"headerContentType": CONTENT_TYPE},
    }
    return {"http": usual | given}


def effective(topic: Mapping[str, str], subscription: Mapping[str, str]) -> Policy:
    """The delivery policy that holds for a subscription, from its attributes and those of its topic."""
    above = effective_of_topic(topic)["http"]
    inherited = {
        "healthyRetryPolicy": above["defaultHealthyRetryPolicy"],
        "sicklyRetryPolicy": None,
        "throttlePolicy": above.get("defaultThrottlePolicy"),
        "requestPolicy": above["defaultRequestPolicy"],
        "guaranteed": False,
    }
    if "DeliveryPolicy" not in subscription or above["disableSubscriptionOverrides"]:
        return inherited
    own = json.loads(subscription["DeliveryPolicy"])
    return inherited | {name: value for name, value in own.items() if value is not None}


def delays(healthy: Mapping[str, Any]) -> list[float]:
    """The seconds to wait before each retry."""
    least, greatest = healthy["minDelayTarget"], healthy["maxDelayTarget"]
    at_once, at_least, at_most = (
        healthy[name] for name in ("numNoDelayRetries", "numMinDelayRetries", "numMaxDelayRetries")
    )
    growing = max(0, healthy["numRetries"] - at_once - at_least - at_most)
    curve = [_grown(healthy["backoffFunction"], least, greatest, done, growing) for done in range(1, growing + 1)]
    return [0.0] * at_once + [float(least)] * at_least + curve + [float(greatest)] * at_most


def managed_delay(attempt: int) -> float | None:
    """Before retry number `attempt` (from 0) at an endpoint that AWS manages; None when there are no more."""
    return _after(attempt, [0.0] * 3 + [1.0] * 2 + _exponential(1, 20, 10), 20.0, 100_000)


def _after(attempt: int, first: list[float], then: float, times: int) -> float | None:
    if attempt < len(first):
        return first[attempt]
    return then if attempt < len(first) + times else None


def _exponential(least: float, greatest: float, steps: int) -> list[float]:
    return [_grown("exponential", least, greatest, done, steps) for done in range(1, steps + 1)]


def _grown(function: str, least: float, greatest: float, done: int, steps: int) -> float:
    if function == "geometric":
        return least * (greatest / least) ** (done / steps)
    return least + (greatest - least) * GROWTH[function](done, steps)


def _object(text: str) -> dict:
    try:
        policy = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise ValueError(f"DeliveryPolicy: failed to parse JSON. {wrong}") from None
    if not isinstance(policy, dict):
        raise ValueError("DeliveryPolicy: Must be a JSON object.")
    return policy


def _no_others(given: Mapping, known: set[str], place: str):
    for name in given.keys() - known:
        raise ValueError(f"DeliveryPolicy: {place}{'.' if place else ''}{name} is not a part of a delivery policy.")


def _boolean(value: Any) -> bool:
    if value not in (True, False, "true", "false"):
        raise ValueError("DeliveryPolicy: http.disableSubscriptionOverrides must be true or false.")
    return value in (True, "true")


def _part(value: Any, place: str, known: set[str]) -> dict:
    if not isinstance(value, dict):
        raise ValueError(f"DeliveryPolicy: {place} must be a JSON object.")
    _no_others(value, known, place)
    return value


def _healthy(value: Any, place: str) -> Policy:
    policy = HEALTHY | {name: item for name, item in _part(value, place, set(HEALTHY)).items() if item is not None}
    for name, item in policy.items():
        if name != "backoffFunction" and (type(item) is not int or item < 0):
            raise ValueError(f"DeliveryPolicy: {place}.{name} must be an integer that is not negative.")
    if policy["backoffFunction"] not in FUNCTIONS:
        raise ValueError(
            f"DeliveryPolicy: {place}.backoffFunction must be linear, arithmetic, geometric or exponential."
        )
    if not 1 <= policy["minDelayTarget"] <= policy["maxDelayTarget"] <= LONGEST_DELAY_S:
        raise ValueError(
            f"DeliveryPolicy: {place}.minDelayTarget must be at least 1 and at most maxDelayTarget, which must be at"
            f" most {LONGEST_DELAY_S}."
        )
    if policy["numRetries"] > MOST_RETRIES:
        raise ValueError(f"DeliveryPolicy: {place}.numRetries must be less than or equal to {MOST_RETRIES}.")
    parts = ("numNoDelayRetries", "numMinDelayRetries", "numMaxDelayRetries")
    if sum(policy[name] for name in parts) > policy["numRetries"]:
        raise ValueError(f"DeliveryPolicy: {place}.numRetries must be at least the sum of {', '.join(parts)}.")
    if sum(delays(policy)) > LONGEST_IN_ALL_S:
        raise ValueError(f"DeliveryPolicy: {place}: the retries must take at most {LONGEST_IN_ALL_S} seconds in all.")
    return policy


def _throttle(value: Any, place: str) -> Policy:
    policy = _part(value, place, {"maxReceivesPerSecond"})
    rate = policy.get("maxReceivesPerSecond")
    if rate is not None and (type(rate) is not int or rate < 1):
        raise ValueError(f"DeliveryPolicy: {place}.maxReceivesPerSecond must be an integer of at least 1.")
    return policy


def _request(value: Any, place: str) -> Policy:
    policy = _part(value, place, {"headerContentType"})
    kind = str(policy.get("headerContentType", CONTENT_TYPE))
    if kind.partition(";")[0].strip().lower() not in CONTENT_TYPES:
        raise ValueError(f"DeliveryPolicy: {place}.headerContentType must be one of {', '.join(CONTENT_TYPES)}.")
    return {"headerContentType": kind}


TOPIC_PARTS: dict[str, Callable[[Any, str], Policy]] = {
    "defaultHealthyRetryPolicy": _healthy,
    "defaultThrottlePolicy": _throttle,
    "defaultRequestPolicy": _request,
}
