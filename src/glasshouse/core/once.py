"""A property that is computed at the first look, and lies in the object from then on.

As functools.cached_property, which until Python 3.12 takes a lock each time and so costs a microsecond more: calls are
performed on one thread, and their objects live for one call.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

Value = TypeVar("Value")


class once(Generic[Value]):
    """Declares the property: `@once` above a method without arguments."""

    def __init__(self, compute: Callable[[Any], Value]):
        self._compute, self.__doc__ = compute, compute.__doc__

    def __set_name__(self, owner, name: str):
        self._name = name

    @overload
    def __get__(self, one: None, owner) -> "once[Value]": ...
    @overload
    def __get__(self, one: object, owner) -> Value: ...
    def __get__(self, one: Any, owner) -> Any:
        if one is None:
            return self
        value = one.__dict__[self._name] = self._compute(one)
        return value
