"""Branch coverage as `.ci/run` measures it: by fast tests only, and with a floor."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from coverage import Coverage, CoverageData
from coverage.cmdline import FAIL_UNDER

from . import conftest
from .conftest import (
    _MEASURED,
    measurement_of_fast_tests,
    pytest_collection_finish,
    pytest_runtest_protocol,
    unmeasured,
)

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def calls(monkeypatch):
    """Put what notes its calls in the place of a measurement under way.

    A real one inside of `.ci/run`'s would keep that from saving what it has.
    """
    noted, under_way = [], []

    def start():
        noted.append("start")
        under_way.append(running)
        # As it does where processes are to be measured.
        monkeypatch.setenv("COVERAGE_PROCESS_CONFIG", "of a start")

    def stop():
        noted.append("stop")
        under_way.clear()

    running = SimpleNamespace(stop=stop, start=start)
    under_way.append(running)
    monkeypatch.setattr(
        Coverage, "current", lambda: under_way[-1] if under_way else None
    )
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
    ("begun", "marked", "stops"),
    [
        (True, "", []),
        (True, "slow", ["stop"]),
        (True, "points", ["stop"]),
        (True, "unmeasured", ["stop"]),
        (None, "slow", []),
    ],
)
def test_what_is_marked_is_left_out_where_fast_tests_are_measured(
    begun, marked, stops, calls
):
    item = SimpleNamespace(
        get_closest_marker=lambda name: name == marked or None,
        config=SimpleNamespace(stash={_MEASURED: begun}),
    )
    protocol = pytest_runtest_protocol(item)
    next(protocol)
    assert calls == stops
    with pytest.raises(StopIteration):
        next(protocol)
    assert len(calls) == 2 * len(stops)


@pytest.fixture
def session_of(calls, monkeypatch):
    """Return a function that begins a session that `.ci/run` measures, in one process."""
    monkeypatch.setenv("COVERAGE_PROCESS_START", "pyproject.toml")
    monkeypatch.setenv("COVERAGE_PROCESS_CONFIG", "its content")
    nothing = SimpleNamespace(collect=lambda: None, freeze=lambda: None)
    monkeypatch.setattr(conftest, "gc", nothing)

    def begin(worker=None, processes=None):
        config = SimpleNamespace(stash={}, getoption=lambda name, default: processes)
        if worker:
            config.workerinput = {"workerid": worker}
        config.stash[_MEASURED] = measurement_of_fast_tests(config)
        pytest_collection_finish(SimpleNamespace(config=config))
        return config.stash[_MEASURED]

    return begin


@pytest.mark.parametrize(
    ("worker", "calls_expected"), [(None, []), ("gw0", []), ("gw1", ["stop", "start"])]
)
def test_the_first_worker_measures_imports_too_and_no_process_of_a_test_is_measured(
    worker, calls_expected, session_of, calls
):
    assert session_of(worker) is not None
    assert calls == calls_expected
    assert "COVERAGE_PROCESS_START" not in os.environ
    assert "COVERAGE_PROCESS_CONFIG" not in os.environ


def test_who_hands_out_tests_measures_nothing_and_lets_workers_measure(
    session_of, calls
):
    assert session_of(processes=3) is None
    assert calls == ["stop"]
    assert os.environ["COVERAGE_PROCESS_START"] == "pyproject.toml"


def test_what_coverage_run_measures_is_left_to_it(session_of, calls, monkeypatch):
    monkeypatch.delenv("COVERAGE_PROCESS_START")
    assert session_of() is None
    assert calls == []


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
