"""What a dashboard's body must be (CloudWatch API reference, "Dashboard Body Structure and Syntax")."""

from collections.abc import Iterator
from typing import Any

MOST_WIDGETS, WIDTH, HEIGHT = 500, 24, 1000
KINDS = ("metric", "text", "log", "alarm", "explorer", "custom")
NEEDED = {"text": ("markdown",), "log": ("region",), "alarm": ("alarms",), "custom": ("endpoint",)}
Finding = dict[str, str]


def findings(body: dict) -> tuple[list[Finding], list[Finding]]:
    """What is wrong with a body, and what is only worth telling."""
    widgets = body.get("widgets")
    if widgets is None:
        return [_found("", "Should have required property 'widgets'")], []
    if not isinstance(widgets, list):
        return [_found("/widgets", "Should be array")], []
    wrong = [_found("/widgets", f"Should NOT have more than {MOST_WIDGETS} items")] * (len(widgets) > MOST_WIDGETS)
    for number, widget in enumerate(widgets):
        wrong += _wrongs(f"/widgets/{number}", widget)
    extras = [
        _found(f"/{name}", "Should NOT have additional properties")
        for name in body
        if name not in ("widgets", "start", "end", "periodOverride", "variables")
    ]
    return wrong, extras


def _found(path: str, message: str) -> Finding:
    return {"dataPath": path, "message": message}


def _wrongs(at: str, widget: Any) -> Iterator[Finding]:
    if not isinstance(widget, dict):
        yield _found(at, "Should be object")
        return
    kind, properties = widget.get("type"), widget.get("properties")
    if kind is None:
        yield _found(at, "Should have required property 'type'")
    elif kind not in KINDS:
        yield _found(f"{at}/type", "Should be equal to one of the allowed values")
    for name, least, most in (("x", 0, WIDTH - 1), ("y", 0, None), ("width", 1, WIDTH), ("height", 1, HEIGHT)):
        yield from _wrong_number(f"{at}/{name}", widget.get(name), least, most)
    if not isinstance(properties, dict):
        told = "Should have required property 'properties'" if properties is None else "Should be object"
        yield _found(at if properties is None else f"{at}/properties", told)
        return
    for name in NEEDED.get(kind, ()) if isinstance(kind, str) else ():
        if name not in properties:
            yield _found(f"{at}/properties", f"Should have required property '{name}'")
    if kind == "metric":
        yield from _wrong_metrics(f"{at}/properties", properties)


def _wrong_number(at: str, value: Any, least: int, most: int | None) -> Iterator[Finding]:
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool):
        yield _found(at, "Should be integer")
    elif value < least:
        yield _found(at, f"Should be >= {least}")
    elif most is not None and value > most:
        yield _found(at, f"Should be <= {most}")


def _wrong_metrics(at: str, properties: dict) -> Iterator[Finding]:
    metrics = properties.get("metrics")
    if metrics is None:
        if not properties.get("annotations"):
            yield _found(at, "Should have required property 'metrics'")
        return
    if not isinstance(metrics, list):
        yield _found(f"{at}/metrics", "Should be array")
        return
    for number, metric in enumerate(metrics):
        if not isinstance(metric, list):
            yield _found(f"{at}/metrics/{number}", "Should be array")
        elif not metric:
            yield _found(f"{at}/metrics/{number}", "Should NOT have fewer than 1 items")
