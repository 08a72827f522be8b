"""Imports point one way: cli -> app -> gateway -> protocol -> core <- services -> engines -> libraries."""

import subprocess
import sys
import tomllib

from tests.architecture.sources import ROOT, imports, nobody, package

MAY_IMPORT = {
    "core": {"core"},
    "protocol": {"protocol", "core"},
    "gateway": {"gateway", "protocol", "core"},
    "engines": {"engines"},
    "services": {"services", "core", "engines"},
    "console": {"console"},
    "app": {"core", "engines", "gateway", "protocol", "services", "console"},
    "cli": {"cli", "app", "engines"},
    "testing": {"testing", "app"},
}
ALONE = {"engines": "an engine", "services": "a service"}
INSTEAD = {
    "services": "ask it with self.aws.<service>.<operation>(...), or hear what it states with @on",
    "engines": "an engine stands alone: pass in what it needs, or move what both need into a third",
    "protocol": "the kernel speaks the wire; return a record and let the model say the rest",
    "gateway": "a service that needs a socket declares a door",
    "core": "engines and the console know nothing of the cloud; pass in plain values",
}
MODULES = {"pyjwt": "jwt", "pyyaml": "yaml"}
# What a cloud that has answered nothing yet has no use for: each costs tens of milliseconds or megabytes.
HEAVY = (
    "boto3", "botocore.session", "cryptography", "awscrt", "typer", "rich", "duckdb", "pyarrow", "numpy", "lxml", "jwt",
)  # fmt: skip


def test_imports_point_one_way():
    nobody(
        f"{source.at(node)}: {source.layer} may not import {module}: "
        + INSTEAD.get(module.split(".")[1], "see the table in docs/ARCHITECTURE.md")
        for source in package()
        for node, module in imports(source)
        if module.startswith("glasshouse.")
        and source.layer in MAY_IMPORT
        and module.split(".")[1] not in MAY_IMPORT[source.layer]
    )


def test_no_service_and_no_engine_reaches_into_another():
    nobody(
        f"{source.at(node)}: {ALONE[source.layer]} may not import {module}: {INSTEAD[source.layer]}"
        for source in package()
        if source.layer in ALONE
        for node, module in imports(source)
        if module.startswith(f"glasshouse.{source.layer}.") and module.split(".")[2] != source.part
    )


def test_every_room_of_the_house_is_in_the_table():
    rooms = {source.layer for source in package()} - {"__init__"}
    nobody(
        f"{room}: say in MAY_IMPORT what it may import, and in docs/ARCHITECTURE.md" for room in rooms - {*MAY_IMPORT}
    )


def test_imports_are_absolute_but_within_an_engine():
    """An engine may say `from .parse import ...`: it is a library of its own."""
    nobody(
        f"{source.at(node)}: write out {module}"
        for source in package()
        for node, module in imports(source)
        if getattr(node, "level", 0) and source.layer != "engines"
    )


def test_every_library_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [name for names in project["optional-dependencies"].values() for name in names]
    names = {_name(requirement) for requirement in project["dependencies"] + extras}
    known = {MODULES.get(name, name.replace("-", "_")) for name in names} | sys.stdlib_module_names | {"glasshouse"}
    nobody(
        f"{source.at(node)}: {module} is no dependency in pyproject.toml (and wants its sentence in docs/DECISIONS.md)"
        for source in package()
        for node, module in imports(source)
        if module.split(".")[0] not in known
    )


def test_every_library_has_its_sentence_in_decisions():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [name for names in project["optional-dependencies"].values() for name in names]
    decisions = (ROOT / "docs" / "DECISIONS.md").read_text()
    nobody(
        f"docs/DECISIONS.md: say in a sentence what {name} is for and why it was chosen, as `- **{name}**: ...`"
        for name in sorted({_name(requirement) for requirement in project["dependencies"] + extras})
        if f"- **{name}**: " not in decisions
    )


def test_a_starting_cloud_loads_no_heavy_library():
    script = "import sys, glasshouse.app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    nobody(
        f"import glasshouse.app loads {name}: import it within the function that uses it"
        for name in HEAVY
        if name in loaded
    )


def _name(requirement: str) -> str:
    return requirement.split("[")[0].split(">")[0].split("=")[0].split("<")[0].strip().lower()
