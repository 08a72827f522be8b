"""Queries in the language of jq that make an object of names and values out of a record.

    check("{id: .customer, year: .time | strftime(\"%Y\")}")    # raises InvalidQuery
    extracted(query, [b'{"customer": 7, "time": 1}'])           # [{"id": "7", "year": "1970"}]

The engine is jq itself. A query may run for ever or use up all memory, so whoever has it from a stranger runs this
module as a process of its own, with limits: `python -m glasshouse.engines.jq <input file> <output file>`, where the
input is a JSON object of `query` and `records` (base64) and the output what `extracted` returns.
"""

from .extracting import InvalidQuery, check, extracted, keys

__all__ = ["InvalidQuery", "check", "extracted", "keys"]
