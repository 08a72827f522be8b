"""Findings on policies, written out: for people, as JSON in the words of the API, and as SARIF for code scanning."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from glasshouse.engines.policy.checks import Finding, Location
from glasshouse.engines.policy.document import Step

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"ERROR": "error", "SECURITY_WARNING": "warning", "WARNING": "warning", "SUGGESTION": "note"}
GROUPS = (
    ("SECURITY_WARNING", "Security"),
    ("ERROR", "Errors"),
    ("WARNING", "Warnings"),
    ("SUGGESTION", "Suggestions"),
)
"""The four groups in which the IAM console shows findings."""
GRAVE = ("ERROR", "SECURITY_WARNING")


@dataclass(frozen=True)
class Checked:
    """A policy that was checked; `name` is its file."""

    name: str
    findings: Sequence[Finding]

    @property
    def is_grave(self) -> bool:
        return any(finding.finding_type in GRAVE for finding in self.findings)


def text(checked: Sequence[Checked]) -> str:
    """A line for each finding, as compilers write them, and a summary."""
    lines = [_line(one.name, finding) for one in checked for finding in one.findings]
    return "\n".join([*lines, _summary(checked)])


def _line(name: str, finding: Finding) -> str:
    where = f"{name}:{place(finding)}" if finding.locations else name
    return f"{where}: {finding.finding_type} {finding.issue_code}: {finding.details}"


def place(finding: Finding) -> str:
    """Line and column, both counted from 1 as editors do."""
    start = finding.locations[0].span.start
    return f"{start.line}:{start.column + 1}"


def _summary(checked: Sequence[Checked]) -> str:
    counts = Counter(finding.finding_type for one in checked for finding in one.findings)
    words = [(kind, kind.lower().replace("_", " ")) for kind, _ in GROUPS]
    told = [f"{counts[kind]} {word}{'' if counts[kind] == 1 else 's'}" for kind, word in words if counts[kind]]
    documents = f"{len(checked)} {'policy' if len(checked) == 1 else 'policies'}"
    return f"{documents}: {', '.join(told) if told else 'no findings'}"


def as_json(checked: Sequence[Checked]) -> str:
    """The findings of each file as ValidatePolicy gives them."""
    told = [{"file": one.name, "findings": [_api(finding) for finding in one.findings]} for one in checked]
    return json.dumps(told, indent=2)


def _api(finding: Finding) -> dict:
    return {
        "findingType": finding.finding_type,
        "issueCode": finding.issue_code,
        "findingDetails": finding.details,
        "learnMoreLink": finding.learn_more_link,
        "locations": [_api_location(location) for location in finding.locations],
    }


def _api_location(location: Location) -> dict:
    ends = {"start": location.span.start, "end": location.span.end}
    span = {name: {"line": at.line, "column": at.column, "offset": at.offset} for name, at in ends.items()}
    return {"path": [_api_step(step) for step in location.path], "span": span}


def _api_step(step: Step) -> dict:
    if isinstance(step.value, tuple):
        return {"substring": {"start": step.value[0], "length": step.value[1]}}
    return {step.kind: step.value}


def as_sarif(checked: Sequence[Checked]) -> str:
    """SARIF 2.1.0 (OASIS): one run, a rule for each check that found something, a region for each place."""
    found = [finding for one in checked for finding in one.findings]
    codes = list(dict.fromkeys(finding.issue_code for finding in found))
    by_code = {finding.issue_code: finding for finding in reversed(found)}
    driver = {"name": "glasshouse policy check", "rules": [_rule(by_code[code]) for code in codes]}
    results = [_result(one.name, finding, codes) for one in checked for finding in one.findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(finding: Finding) -> dict:
    tags = ["security"] if finding.finding_type == "SECURITY_WARNING" else []
    return {
        "id": finding.issue_code,
        "name": finding.issue_code.title().replace("_", ""),
        "shortDescription": {"text": finding.issue_code.replace("_", " ").capitalize()},
        "helpUri": finding.learn_more_link,
        "defaultConfiguration": {"level": LEVELS[finding.finding_type]},
        "properties": {"tags": tags, "findingType": finding.finding_type},
    }


def _result(name: str, finding: Finding, codes: list[str]) -> dict:
    return {
        "ruleId": finding.issue_code,
        "ruleIndex": codes.index(finding.issue_code),
        "level": LEVELS[finding.finding_type],
        "message": {"text": finding.details},
        "locations": list(_regions(name, finding)),
    }


def _regions(name: str, finding: Finding) -> Iterator[dict]:
    for location in finding.locations:
        start, end = location.span.start, location.span.end
        region = {
            "startLine": start.line, "startColumn": start.column + 1, "endLine": end.line, "endColumn": end.column + 1,
            "charOffset": start.offset, "charLength": end.offset - start.offset,
        }  # fmt: skip
        yield {"physicalLocation": {"artifactLocation": {"uri": name}, "region": region}}
