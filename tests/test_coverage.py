"""Branch coverage as `.ci/run` measures it: by fast tests only, and with a floor."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from coverage import Coverage, CoverageData
from coverage.cmdline import FAIL_UNDER

from .conftest import pytest_runtest_protocol, unmeasured

ROOT = Path(__file__).resolve().parents[1]


def before():
    return "before"


def meanwhile():
    return "meanwhile"


def after():
    return "after"


@pytest.fixture
def measured():
    """Measure coverage of this file; return a function that gives what has run of it."""
    coverage = Coverage(data_file=None, config_file=False, include=[__file__])

    def ran():
        coverage.stop()
        lines = coverage.get_data().lines(__file__)
        functions = (before, meanwhile, after)
        return [f.__name__ for f in functions if f.__code__.co_firstlineno + 1 in lines]

    coverage.start()
    yield ran
    coverage.stop()


def test_measuring_stops_and_goes_on(measured):
    before()
    with unmeasured():
        meanwhile()
    after()
    assert measured() == ["before", "after"]


def test_processes_are_not_measured_meanwhile(measured, monkeypatch):
    monkeypatch.setenv("COVERAGE_PROCESS_START", "pyproject.toml")
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
    with unmeasured():
        assert "COVERAGE_PROCESS_START" not in os.environ
    assert os.environ["COVERAGE_PROCESS_START"] == "pyproject.toml"
    assert "COVERAGE_PROCESS_CONFIG" not in os.environ
    assert measured() == []


@pytest.mark.parametrize(
    ("wanted", "marked", "ran"),
    [
        ("fast", "", ["before", "meanwhile", "after"]),
        ("fast", "slow", ["before", "after"]),
        ("", "slow", ["before", "meanwhile", "after"]),
    ],
)
def test_slow_tests_are_left_out_where_that_is_wanted(
    wanted, marked, ran, measured, monkeypatch
):
    monkeypatch.setenv("LAB_COVERAGE", wanted)
    item = SimpleNamespace(get_closest_marker=lambda name: name == marked or None)
    before()
    protocol = pytest_runtest_protocol(item)
    next(protocol)
    meanwhile()
    with pytest.raises(StopIteration):
        next(protocol)
    after()
    assert measured() == ran


def test_a_report_below_the_floor_fails(tmp_path):
    data = CoverageData(str(tmp_path / "data"))
    data.add_arcs({str(ROOT / "tester/text.py"): [(-1, 1)]})
    data.write()
    options = [f"--rcfile={ROOT}/pyproject.toml", f"--data-file={tmp_path}/data"]
    # In a process of its own: a report lets a measurement under way save nothing.
    command = [sys.executable, "-m", "coverage", "report", *options]
    with unmeasured():
        done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == FAIL_UNDER
    assert "is less than fail-under" in done.stdout
