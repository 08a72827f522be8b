"""Places within an item: what a document path leads to, and changing it."""

from .invalid import Invalid
from .names import Steps
from .values import Item, Value

NO_SUCH_PLACE = "The document path provided in the update expression is invalid for update"


def find(item: Item, steps: Steps) -> Value | None:
    """The value at a path."""
    value = item.get(steps[0])  # type: ignore[arg-type]
    for step in steps[1:]:
        if value is None:
            return None
        if isinstance(step, int):
            elements = value.get("L")
            value = elements[step] if elements is not None and step < len(elements) else None
        else:
            value = value.get("M", {}).get(step)
    return value


def put(item: Item, steps: Steps, value: Value):
    """Set the value at a path whose parent exists; a list grows at its end, however far beyond it the index lies."""
    parent, last = _parent(item, steps)
    if isinstance(last, int):
        if not isinstance(parent, list):
            raise Invalid(NO_SUCH_PLACE)
        if last < len(parent):
            parent[last] = value
        else:
            parent.append(value)
        return
    if not isinstance(parent, dict):
        raise Invalid(NO_SUCH_PLACE)
    parent[last] = value


def remove(item: Item, steps: Steps):
    """Take away what is at a path, if anything is."""
    parent, last = _parent(item, steps)
    if isinstance(last, int):
        if not isinstance(parent, list):
            raise Invalid(NO_SUCH_PLACE)
        del parent[last : last + 1]
        return
    if not isinstance(parent, dict):
        raise Invalid(NO_SUCH_PLACE)
    parent.pop(last, None)


def _parent(item: Item, steps: Steps):
    """What holds the last step: a list, a map of values, or the item."""
    if len(steps) == 1:
        return item, steps[0]
    holder = find(item, steps[:-1])
    if holder is None:
        raise Invalid(NO_SUCH_PLACE)
    [(_, content)] = holder.items()
    return content, steps[-1]
