"""Event patterns as a library: JSON that describes JSON, as EventBridge rules and SNS filter policies use it.

    pattern = compile_pattern({"source": ["shop"], "detail": {"price": [{"numeric": [">", 100]}]}})
    pattern.matches({"source": "shop", "detail": {"price": 120}})

A field of a pattern lists what its value may be: literals, or one of the operators prefix, suffix,
equals-ignore-case, anything-but, wildcard, numeric, exists and cidr. All fields must match (`$or` offers
alternatives); fields under one array must match within one element of it. `rules` knows the operators, `compile` the
structure, `match` events; an `Index` finds out of many patterns those that match, and `reading` the place of an error.
"""

from .compile import InvalidPattern, Pattern, compile_pattern, compile_text
from .index import Index
from .wildcards import MOST_COMPLEX

__all__ = ["MOST_COMPLEX", "Index", "InvalidPattern", "Pattern", "compile_pattern", "compile_text"]
