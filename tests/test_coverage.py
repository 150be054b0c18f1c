"""Branch coverage as `.ci/run` can measure it: by fast tests only, and with a floor."""

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


@pytest.fixture
def calls(monkeypatch):
    """Put what notes its calls in the place of a measurement under way.

    A real one inside of `.ci/run`'s would keep that from saving what it has.
    """
    noted = []
    running = SimpleNamespace(
        stop=lambda: noted.append("stop"), start=lambda: noted.append("start")
    )
    monkeypatch.setattr(Coverage, "current", lambda: running)
    return noted


def test_measuring_stops_and_goes_on(calls):
    with unmeasured():
        assert calls == ["stop"]
    assert calls == ["stop", "start"]


def test_where_nothing_is_measured_nothing_stops(calls, monkeypatch):
    monkeypatch.setattr(Coverage, "current", lambda: None)
    with unmeasured():
        pass
    assert calls == []


def test_processes_are_not_measured_meanwhile(calls, monkeypatch):
    monkeypatch.setenv("COVERAGE_PROCESS_START", "pyproject.toml")
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
    with unmeasured():
        assert "COVERAGE_PROCESS_START" not in os.environ
    assert os.environ["COVERAGE_PROCESS_START"] == "pyproject.toml"
    assert "COVERAGE_PROCESS_CONFIG" not in os.environ


@pytest.mark.parametrize(
    ("wanted", "marked", "stops"),
    [
        ("fast", "", []),
        ("fast", "slow", ["stop"]),
        ("fast", "points", ["stop"]),
        ("fast", "unmeasured", ["stop"]),
        ("", "slow", []),
    ],
)
def test_what_is_marked_is_left_out_where_that_is_wanted(
    wanted, marked, stops, calls, monkeypatch
):
    monkeypatch.setenv("LAB_COVERAGE", wanted)
    item = SimpleNamespace(get_closest_marker=lambda name: name == marked or None)
    protocol = pytest_runtest_protocol(item)
    next(protocol)
    assert calls == stops
    with pytest.raises(StopIteration):
        next(protocol)
    assert len(calls) == 2 * len(stops)


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
