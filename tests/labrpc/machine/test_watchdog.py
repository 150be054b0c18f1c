"""The watchdog: what it knows of the thread that it stops."""

import sys
from types import SimpleNamespace

import pytest

from labrpc.machine.watchdog import Watchdog
from labrpc.scheduling.greenlets import level_recursion


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
