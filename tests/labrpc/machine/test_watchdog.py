"""The watchdog: what it knows of the thread that it stops."""

import sys
from random import Random
from types import SimpleNamespace

import pytest

from labrpc.errors import SubmissionError
from labrpc.machine import watchdog
from labrpc.machine.watchdog import Watchdog
from labrpc.scheduling.greenlets import level_recursion
from labrpc.scheduling.scheduler import Scheduler


@pytest.fixture
def recursion_limit():
    level_recursion()  # It sets the limit, once for all that follows.
    limit = sys.getrecursionlimit()
    yield limit
    sys.setrecursionlimit(limit)


def test_a_stack_is_too_deep_where_the_usual_limit_cannot_be_put_back(recursion_limit):
    dog = Watchdog(SimpleNamespace(steps=0, stepping=None, warnings={}))

    def deeper_by(frames):
        return deeper_by(frames - 1) if frames else dog._is_too_deep()

    # As after several looks at a thread that recurses without end.
    sys.setrecursionlimit(recursion_limit + 500)
    assert not deeper_by(10)
    assert deeper_by(recursion_limit + 100)
    assert sys.getrecursionlimit() == recursion_limit + 500


@pytest.mark.parametrize(
    ("waits", "code", "words"),
    [
        (False, "runaway-loop", "thread 'ping' has run for"),
        (True, "endless-activity", "threads 'ping', … have taken turns"),
    ],
)
def test_a_thread_that_waits_is_no_runaway_loop_whoever_was_seen(
    waits, code, words, monkeypatch
):
    """Looks are few, and may all find the same thread of two."""
    world = SimpleNamespace(steps=0, stepping=None, warnings={})
    dog, scheduler = Watchdog(world), Scheduler(Random(0), lambda exc, task: True)
    world.stepping = SimpleNamespace(
        server=0, box=SimpleNamespace(runaway=lambda: "play")
    )

    def ping():
        for step_cpu_s_max in (1e9, 1e9, -1.0):
            monkeypatch.setattr(watchdog, "STEP_CPU_S_MAX", step_cpu_s_max)
            dog._look()
            if waits:
                scheduler.wake(other)
                scheduler.park("the ball")

    def pong():
        while True:
            scheduler.wake(first)
            scheduler.park("the ball")

    first = scheduler.spawn(ping, (), "ping")
    other = scheduler.spawn(pong, (), "pong")
    with pytest.raises(SubmissionError, match=words) as stopped:
        scheduler.run(0)
    scheduler.kill()
    assert stopped.value.code.name == code
