"""DynamoDB's values and expressions as a library: no tables, no requests, only what items and expressions mean.

    names = Names({"#n": "price"}, {":low": {"N": "3"}})
    holds = condition("#n > :low", names, "FilterExpression")
    names.check_all_used()
    holds({"price": {"N": "4"}})                      # True

Values are what DynamoDB's API says: `{"S": "text"}`, `{"N": "12.5"}`, binary as bytes. `values` checks and measures
them, `numbers` prints them, `keys` turns those of keys into bytes that sort alike; `grammar` reads expressions,
`conditions`, `projections`, `updates` and `key_conditions` give them meaning, `legacy` the parameters that were before
expressions. Whatever is not allowed raises Invalid, in DynamoDB's words.
"""

from .conditions import condition
from .key_conditions import KeyRange, key_clauses
from .names import Names
from .projections import Projection, projection
from .updates import Update, update
from .values import Invalid, Item, Value, measure, measure_item

__all__ = [
    "Invalid",
    "Item",
    "KeyRange",
    "Names",
    "Projection",
    "Update",
    "Value",
    "condition",
    "key_clauses",
    "measure",
    "measure_item",
    "projection",
    "update",
]
