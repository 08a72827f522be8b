"""The time is read in core/clock.py and chance is drawn in core/ids.py, so that a user can move the one and we can
change the other."""

import ast

from tests.architecture.sources import PACKAGE, dotted, imports, nobody, of_tests, package

CLOCK, IDS = PACKAGE / "core" / "clock.py", PACKAGE / "core" / "ids.py"
# What runs in the processes of functions, by their own clock.
OF_FUNCTIONS = PACKAGE / "engines" / "functions" / "bootstraps"
TIME = {
    "time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.perf_counter_ns",
    "time.localtime", "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now",
    "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
}  # fmt: skip
WITHOUT_AN_ARGUMENT = {"time.gmtime", "time.strftime", "time.ctime"}
CHANCE = {"os.urandom", "uuid.uuid1", "uuid.uuid4", "uuid.getnode"}
CHANCE_MODULES = {"random", "secrets"}


def test_the_time_is_read_in_one_place():
    nobody(
        f"{source.at(node)}: {name} reads the machine's time: use self.now, cloud.clock.now(), Clock.real() or"
        " core.clock.monotonic()"
        for source in package()
        if source.path != CLOCK and source.path.parent != OF_FUNCTIONS
        for node, name in _names(source.tree)
        if name in TIME
    )


def test_the_time_is_imported_as_a_module():
    """`from time import time` would go unnoticed by the test above."""
    nobody(
        f"{source.at(node)}: from time import {name.name}: read the time through core.clock"
        for source in package()
        if source.path != CLOCK
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and node.module == "time"
        for name in node.names
    )


def test_chance_is_drawn_in_one_place():
    drawn = (
        (source, node, name)
        for source in package()
        if source.path != IDS
        for node, name in [*_names(source.tree), *imports(source)]
    )
    nobody(
        f"{source.at(node)}: {name} draws by chance: use glasshouse.core.ids"
        for source, node, name in drawn
        if name in CHANCE or name.split(".")[0] in CHANCE_MODULES
    )


def test_no_test_waits_by_sleeping():
    nobody(
        f"{source.at(node)}: wait for the event itself, or move the cloud's clock; a sleep is too short or too long"
        for source in of_tests()
        for node, name in _names(source.tree)
        if name == "time.sleep"
    )


def _names(tree: ast.Module):
    """Every dotted name that is used, and calls whose meaning depends on an argument as if they had none."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node, dotted(node)
        elif isinstance(node, ast.Call) and dotted(node.func) in WITHOUT_AN_ARGUMENT and len(node.args) < 1:
            yield node, "time.time"
