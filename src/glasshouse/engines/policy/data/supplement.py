"""Makes supplement.tsv: what AWS's own managed policies name that the service authorization reference does not have.

    python -m glasshouse.engines.policy.data.supplement MANAGED_POLICIES_TSV

The managed policies are newer than the reference, and some are of services that it has never had. AWS has validated
them, so what they name exists. A line is a service prefix, what is added (`service`, `action`, `key`, or `supports`: an
action and a condition key that it knows), and its name. Of a service that only the supplement knows, every action is
taken to exist, as nobody here can say which do.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from ..checks import PolicyKind, validate
from ..service_data import service_data

HERE = Path(__file__).parent
TARGET = HERE / "supplement.tsv"
Row = tuple[str, str, str]


def additions(document: str) -> Iterator[Row]:
    """What one policy names and the tables do not have."""
    for finding in validate(document, PolicyKind.IDENTITY):
        spans = [place.span for place in finding.locations]
        texts = [document[span.start.offset : span.end.offset].strip('"') for span in spans]
        prefix, _, name = texts[0].partition(":")
        match finding.issue_code:
            case "INVALID_SERVICE_IN_ACTION" | "INVALID_SERVICE":
                yield prefix, "service", ""
            case "INVALID_ACTION" if not set("*?") & set(name):
                yield prefix, "action", name
            case "INVALID_SERVICE_CONDITION_KEY" | "INVALID_GLOBAL_CONDITION_KEY":
                yield prefix, "key", texts[0]
            case "UNSUPPORTED_ACTION_FOR_CONDITION_KEY":
                *actions, _ = texts  # the last place is the key's
                key = finding.locations[-1].path[-1].value
                yield from ((action.partition(":")[0], "supports", f"{action} {key}") for action in actions)


def main(source: Path) -> None:
    """Look again as long as what was added lets the checks see further."""
    documents = [line.split("\t")[3] for line in source.read_text().splitlines() if not line.startswith("#")]
    rows: set[Row] = set()
    while True:
        TARGET.write_text("".join("\t".join(row) + "\n" for row in sorted(rows)))
        service_data.cache_clear()
        found = {row for document in documents for row in additions(document)}
        if found <= rows:
            return
        rows |= found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
