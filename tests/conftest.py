"""How every test session of the project begins, whoever starts it and wherever."""

import contextlib
import gc
import importlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from labrpc.machine import lab_process
from labrpc.scheduling import greenlets, scheduler
from labrpc.scheduling.greenlets import GreenletExit, getcurrent

_BYTECODE = pytest.StashKey[str]()

# Where one of them is in its environment, a process measures coverage from its start:
# the first for `.ci/run`, the second for a process that `coverage run` has started.
_START_COVERAGE = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")
# Markers of tests that `.ci/run` does not measure; `points` marks graded ones, which
# run through much, and check a Raft, not the lab.
_LEFT_OUT = ("slow", "points", "unmeasured")
_MEASURED = pytest.StashKey[Any]()


def pytest_configure(config: pytest.Config) -> None:
    """Make what the tests start, and what they signal, independent of the caller."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # So it is where a shell started pytest in the background, and processes
        # inherit it: then no Ctrl-C of a test would arrive.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.dont_write_bytecode and not hasattr(config, "workerinput"):
        # Some hundred processes are started, and each would compile the lab anew
        # where the caller wants no byte-code beside the sources.
        folder = tempfile.mkdtemp(prefix="raft-lab-bytecode-")
        config.stash[_BYTECODE] = folder
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = folder
    config.stash[_MEASURED] = measurement_of_fast_tests(config)


def measurement_of_fast_tests(config: pytest.Config) -> Any:
    """Return the measurement of coverage that `.ci/run` has begun in this process.

    What is traced takes twice as long, so it is traced where that finds something: in
    processes that run tests, not in those that tests start, nor in the one that hands
    out tests. What tests import is the same in each worker: the first one traces it.
    """
    running = measurement()
    if running is None or _START_COVERAGE[0] not in os.environ:
        return None
    worker = getattr(config, "workerinput", {}).get("workerid")
    hands_out = worker is None and bool(config.getoption("numprocesses", None))
    if hands_out or worker not in (None, "gw0"):
        running.stop()
    if hands_out:
        return None
    for name in _START_COVERAGE:
        os.environ.pop(name, None)
    return running


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave what pytest has collected out of every later garbage collection.

    It lives as long as the session, and a full collection walks all of it: with it
    in the heap, one takes a quarter of a second.
    """
    gc.collect()
    gc.freeze()
    begun = session.config.stash[_MEASURED]
    if begun is not None and measurement() is None:
        start(begun)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """For `.ci/run`, measure coverage by the lab's own fast tests only."""
    left_out = any(map(item.get_closest_marker, _LEFT_OUT))
    stops = left_out and item.config.stash[_MEASURED] is not None
    with unmeasured() if stops else contextlib.nullcontext():
        return (yield)


def measurement() -> Any:
    """Return the measurement of coverage that is under way, or None."""
    coverage = sys.modules.get("coverage")
    return coverage and coverage.Coverage.current()


def start(measurement: Any) -> None:
    """Start a measurement, and change nothing in what processes inherit."""
    kept = {name: os.environ.get(name) for name in _START_COVERAGE}
    measurement.start()
    for name, value in kept.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


@contextlib.contextmanager
def unmeasured() -> Iterator[None]:
    """Measure no coverage meanwhile, neither here nor in processes that are started."""
    running = measurement()
    if running is None:
        yield
        return
    kept = {name: os.environ.pop(name, None) for name in _START_COVERAGE}
    end_idle_greenlets()
    running.stop()
    try:
        yield
    finally:
        os.environ.update({name: value for name, value in kept.items() if value})
        start(running)


def end_idle_greenlets() -> None:
    """End the greenlets that wait for another thread of a server, and who starts them.

    Their frames keep the tracer under which they began. Once that has stopped, each of
    them would switch off what traces then, be it coverage or a debugger. And a tracer takes
    frames of its own: who starts greenlets has counted some too few.
    """
    starter, greenlets._local.starter = getattr(greenlets._local, "starter", None), None
    for idle in [*scheduler._idle, *([starter] if starter else [])]:
        idle.parent = getcurrent()
        idle.throw(GreenletExit)
    scheduler._idle.clear()


@pytest.fixture
def set_in_children(
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str, str, object], None]:
    """Return a function that sets a constant in each process that the lab starts."""

    def change(module: str, name: str, value: object) -> None:
        assert hasattr(importlib.import_module(module), name)
        first = f"import {module}\n{module}.{name} = {value!r}\n"
        start = lab_process._START.replace("sys.exit(", f"{first}sys.exit(")
        monkeypatch.setattr(lab_process, "_START", start)

    return change


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the byte-code."""
    folder = config.stash.get(_BYTECODE, None)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
