"""A watchdog's looks where there are no interval timers, as on Windows."""

import signal
import threading
from contextlib import contextmanager

import pytest

from labrpc.machine import watchdog_timer
from labrpc.machine.wall_clock import cpu_seconds
from labrpc.machine.watchdog import has_body
from labrpc.machine.watchdog_timer import HangPolicy, looking_in, note_look
from labrpc.scheduling.scheduler import Task


class Found(Exception):
    """What a look raises."""


@pytest.fixture
def no_timers(monkeypatch):
    for name in ("setitimer", "SIGPROF", "SIGVTALRM"):
        monkeypatch.delattr(signal, name)


@contextmanager
def looks_that_raise_after(count):
    looks = []

    def look(signum, frame):
        note_look(None)
        looks.append(frame.f_code.co_name)
        if len(looks) == count:
            raise Found

    with pytest.raises(Found), looking_in(look, None):
        yield
    assert "spin" in looks


def spin():
    while True:
        pass


def test_a_loop_is_looked_at_again_and_again(no_timers):
    before = signal.getsignal(signal.SIGTERM), threading.active_count()
    began_s = cpu_seconds()
    with looks_that_raise_after(3):
        spin()
    assert cpu_seconds() - began_s >= 3 * watchdog_timer.LOOK_EVERY_S
    assert (signal.getsignal(signal.SIGTERM), threading.active_count()) == before


def test_who_sleeps_is_not_looked_at(no_timers):
    looks = []
    with looking_in(lambda signum, frame: looks.append(signum), None):
        threading.Event().wait(4 * watchdog_timer.LOOK_EVERY_S)
    assert looks == []


@pytest.mark.slow
def test_a_call_into_c_that_does_not_return_writes_its_stack(
    no_timers, tmp_path, monkeypatch
):
    monkeypatch.setattr(watchdog_timer, "CALL_REAL_S_MAX", 0.1)
    with (
        (tmp_path / "stack").open("w+") as file,
        looking_in(lambda *_: None, HangPolicy(file.fileno(), ends_process=False)),
    ):
        # It holds the interpreter's lock: no other thread runs until it has ended.
        sum(range(2 * 10**7))
    stack = (tmp_path / "stack").read_text()
    assert "(most recent call first):" in stack
    assert "in test_a_call_into_c" in stack


def test_a_thread_that_has_just_come_to_be_is_not_running_anything():
    """A look between its start and its first body must not break the run."""
    assert not has_body(Task())
