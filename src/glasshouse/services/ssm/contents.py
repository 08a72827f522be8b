"""What is written in a document: JSON or YAML of one of the schemas that its type may have.

Source: Systems Manager user guide, "Schemas, features, and examples". Aliases within YAML are refused: a few lines of
them can stand for more than there is room for.
"""

import json
from functools import cache
from typing import Any

from glasshouse.core import documents
from glasshouse.services.ssm.errors import InvalidDocumentContent, InvalidDocumentSchemaVersion

SCHEMAS = {
    "Command": ("1.2", "2.0", "2.2"), "Automation": ("0.3",), "Automation.ChangeTemplate": ("0.3",),
    "Session": ("1.0",), "Policy": ("2.0",), "Package": ("2.0",),
}  # fmt: skip
WITH_STEPS = ("2.2", "0.3")
PARAMETER_TYPES = ("String", "StringList", "Boolean", "Integer", "MapList", "StringMap")
ANYWHERE = ["Windows", "Linux", "MacOS"]
PLATFORMS = {"aws:runShellScript": ["Linux", "MacOS"], "aws:runPowerShellScript": ["Windows", "Linux", "MacOS"]}
TEXT_TYPE = "ChangeCalendar"  # an iCalendar file


def check(text: str, form: str, kind: str):
    """Raises InvalidDocumentContent and InvalidDocumentSchemaVersion."""
    if (form == "TEXT") != (kind == TEXT_TYPE):
        raise InvalidDocumentContent(f"A document of the type {kind} cannot have the format {form}.")
    if form == "TEXT":
        if "BEGIN:VCALENDAR" not in text:
            raise InvalidDocumentContent()
        return
    content = read(text, form)
    if not isinstance(content, dict):
        raise InvalidDocumentContent()
    if kind in SCHEMAS:
        version = _schema(content)
        if version not in SCHEMAS[kind]:
            raise InvalidDocumentSchemaVersion()
        _check_parts(content, version or "")


def read(text: str, form: str) -> Any:
    """Raises InvalidDocumentContent."""
    try:
        return documents.read(text) if form == "JSON" else _read_yaml(text)
    except ValueError:
        raise InvalidDocumentContent() from None


def convert(text: str, form: str, wanted: str) -> str:
    """The same in another format; text that is neither JSON nor YAML stays what it is."""
    if wanted == form or "TEXT" in (form, wanted):
        return text
    content = read(text, form)
    if wanted == "JSON":
        return json.dumps(content, indent=2, ensure_ascii=False)
    import yaml

    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def told(text: str, form: str, kind: str) -> dict:
    """What descriptions tell of a content."""
    content = read(text, form) if form != "TEXT" else {}
    parameters = content.get("parameters") or {}
    return {
        "SchemaVersion": _schema(content),
        "Description": content.get("description"),
        "Parameters": [_parameter(name, one) for name, one in parameters.items()] or None,
        "PlatformTypes": _platforms(content, kind),
    }


def _schema(content: dict) -> str | None:
    version = content.get("schemaVersion")
    return None if version is None else str(version)


def _check_parts(content: dict, version: str):
    parameters = content.get("parameters")
    if parameters is not None and not isinstance(parameters, dict):
        raise InvalidDocumentContent()
    for parameter in (parameters or {}).values():
        if not isinstance(parameter, dict) or parameter.get("type") not in PARAMETER_TYPES:
            raise InvalidDocumentContent()
    if version == "1.2" and not isinstance(content.get("runtimeConfig"), dict):
        raise InvalidDocumentContent()
    if version == "1.0" and not isinstance(content.get("sessionType"), str):
        raise InvalidDocumentContent()
    if version in WITH_STEPS:
        _check_steps(content.get("mainSteps"))


def _check_steps(steps: Any):
    if not isinstance(steps, list) or not steps:
        raise InvalidDocumentContent()
    names = [step.get("name") for step in steps if isinstance(step, dict) and isinstance(step.get("action"), str)]
    if len(names) < len(steps) or len({*map(str, names)}) < len(names) or not all(names):
        raise InvalidDocumentContent()


def _parameter(name: str, parameter: dict) -> dict:
    default = parameter.get("default")
    plain = default is None or isinstance(default, str)
    return {
        "Name": name,
        "Type": parameter.get("type"),
        "Description": parameter.get("description"),
        "DefaultValue": default if plain else json.dumps(default) if isinstance(default, dict | list) else str(default),
    }


def _platforms(content: dict, kind: str) -> list[str] | None:
    """Where a document's steps can run."""
    if kind not in SCHEMAS:
        return None
    steps = content.get("mainSteps") or [{"action": name} for name in content.get("runtimeConfig") or {}]
    found = {platform for step in steps for platform in PLATFORMS.get(step["action"], ANYWHERE)}
    return [platform for platform in ANYWHERE if platform in found or not steps]


@cache
def _loader() -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """Dates stay the text that they are, and nothing stands for what is written elsewhere."""

        def compose_node(self, parent, index):
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("aliases are refused")
            return super().compose_node(parent, index)

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return Loader


def _read_yaml(text: str) -> Any:
    """Raises ValueError. What JSON could not say (keys that are no text, NaN) is refused as well."""
    import yaml

    try:
        content = yaml.load(text, _loader())
        return documents.read(json.dumps(content))
    except (yaml.YAMLError, TypeError, RecursionError) as failure:
        raise ValueError(str(failure)) from None
