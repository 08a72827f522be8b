"""Each walk goes as its solution says."""

import shutil

import pytest

from glasshouse.cli import walk


@pytest.mark.parametrize("name", walk.names())
def test_the_walk_goes_to_its_end(name):
    told: list[str] = []
    report = walk.Report(told.append)
    walk.run(name, report)
    assert len(report.steps) >= 5
    silent = [step.text for step in report.steps if not step.seen]
    assert silent == [], "each step says what was seen"
    if shutil.which("npm"):
        assert not any("not installed" in line for line in told)


def test_an_unknown_walk_is_refused_by_name():
    with pytest.raises(walk.Misunderstood, match="There is no walk nowhere"):
        walk.run("nowhere", walk.Report())
