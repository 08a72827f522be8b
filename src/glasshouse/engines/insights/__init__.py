"""Logs Insights queries: a pipeline of commands over log events.

`parse(text)` gives a Query; `query.run(rows)` the result rows, each a dict of field names and values. Done are fields,
display, filter, parse, stats, sort, limit and dedup with the functions of `functions.py`; the other commands
(pattern, diff, unmask, unnest, anomaly, SOURCE, joins and subqueries) are refused by name.
Source: CloudWatch Logs user guide, "CloudWatch Logs Insights language query syntax".
"""

from glasshouse.engines.insights.commands import Query, parse
from glasshouse.engines.insights.errors import InvalidQuery
from glasshouse.engines.insights.rows import Row

__all__ = ["InvalidQuery", "Query", "Row", "parse"]
