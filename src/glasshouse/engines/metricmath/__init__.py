"""Metric math: expressions over time series, as CloudWatch has them, and two ways to find the series.

`parse(text)` gives a node and `evaluate(node, scope)` its value: a number, a series, or a list of series.
`search(text)` reads the query of a SEARCH function, and `read_query(text)` a Metrics Insights query. All raise Invalid.

Source: CloudWatch user guide, "Using math expressions", "Search expression syntax", "Metrics Insights query
components".
"""

from glasshouse.engines.metricmath.evaluate import Scope, evaluate
from glasshouse.engines.metricmath.grammar import Node, names_in, parse
from glasshouse.engines.metricmath.invalid import Invalid, Unsupported
from glasshouse.engines.metricmath.queries import Query, read_query
from glasshouse.engines.metricmath.searches import Search, search
from glasshouse.engines.metricmath.series import Series, Value

__all__ = [
    "Invalid", "Node", "Query", "Scope", "Search", "Series", "Unsupported", "Value", "evaluate", "names_in", "parse",
    "read_query", "search",
]  # fmt: skip
