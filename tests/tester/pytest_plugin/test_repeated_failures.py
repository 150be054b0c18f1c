"""Failures that are alike are shown in full once."""

from types import SimpleNamespace

import msgspec

from tester.pytest_plugin.repeated_failures import shorten_repeated
from tester.verdict import Run, Verdict


def report(test, seed, code, picture=""):
    """Return a failing report of one run."""
    run = Run(
        submission="mine", part="2A", test=test, seed=seed, points=1, code=code,
        verdict=Verdict.FAILED, reason=f"broken at {seed}", picture=picture, replay=f"replay {seed}",
    )  # fmt: skip
    runs = [msgspec.to_builtins(run)]
    nodeid = f"test_x.py::{test}[seed{seed}]"
    return SimpleNamespace(nodeid=nodeid, lab_runs=runs, longrepr=f"whole {seed}")


def test_one_failure_of_each_test_and_code_stays_whole():
    reports = [
        report("test_a", 1, "two-leaders"),
        report("test_a", 2, "two-leaders", picture="2.html"),
        report("test_a", 3, "no-agreement"),
        report("test_b", 1, "two-leaders"),
        SimpleNamespace(nodeid="test_own.py::test_mine", longrepr="own"),
    ]
    shorten_repeated(reports)
    shown = [report.longrepr for report in reports]
    assert shown[1:] == ["whole 2", "whole 3", "whole 1", "own"]
    assert shown[0].startswith(
        "broken at 1\n\nseed 1: the same code, two-leaders, as at"
    )
    assert shown[0].endswith("replay: replay 1")
