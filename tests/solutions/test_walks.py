"""Each walk goes as its solution says."""

import shutil

import pytest

from glasshouse.cli import walk

# Small forms of walks that can be as large as one likes.
OPTIONS = {"onchain-analytics": ["--days", "2", "--per-minute", "0.15", "--quick"]}


@pytest.mark.parametrize("name", walk.names())
def test_the_walk_goes_to_its_end(name):
    told: list[str] = []
    report = walk.Report(told.append)
    walk.run(name, report, OPTIONS.get(name, ()))
    assert len(report.steps) >= 5
    silent = [step.text for step in report.steps if not step.seen]
    assert silent == [], "each step says what was seen"
    if shutil.which("npm"):
        assert not any("not installed" in line for line in told)
    if shutil.which("chromium") or shutil.which("google-chrome"):
        assert not any("is left out" in line for line in told)


def test_an_unknown_walk_is_refused_by_name():
    with pytest.raises(walk.Misunderstood, match="There is no walk nowhere"):
        walk.run("nowhere", walk.Report())


def test_options_of_a_walk_that_takes_none_are_refused():
    with pytest.raises(walk.Misunderstood, match="signed-notifications takes no options, and was given: --days 2"):
        walk.run("signed-notifications", walk.Report(), ["--days", "2"])
