"""Greenlets: where they start, and which of them are never freed.

This is the only module that imports greenlet.
"""

import ctypes
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from greenlet import GreenletExit as GreenletExit
from greenlet import getcurrent as _getcurrent
from greenlet import greenlet as greenlet

# How many frames a thread may have on its stack: as many as in a program of its own.
FRAMES_MAX = 1000

# How much deeper another thread of the process may stand than the first that starts
# greenlets. Python's limit holds for all threads, so it is set once, with room for them.
FRAMES_BETWEEN_THREADS_MAX = 1000

# In a box's thread the current greenlet is a Task; elsewhere it is not. Callers
# know which, the type checker cannot.
getcurrent: Callable[[], Any] = _getcurrent

_Started = TypeVar("_Started", bound=greenlet)

# The process's threads cannot share greenlets, so each has a starter of its own.
_local = threading.local()


def level_recursion() -> None:
    """Let all threads from now on recurse equally deep, however deep the lab stands.

    A greenlet has as much room as the one that starts it. So one starter, which has
    exactly `FRAMES_MAX` frames left, starts them all. Otherwise a recursion without
    end would stop at another depth in the grader, in pytest, and in a replay.
    """
    if not getattr(_local, "starter", None):
        _local.starter = greenlet(_start_greenlets)
        _local.starter.switch()


def start(kind: type[_Started]) -> _Started:
    """Start a greenlet, and run it until it calls `has_started`."""
    level_recursion()
    started: _Started = _local.starter.switch(kind, getcurrent())
    return started


def has_started() -> None:
    """Let `start` return; called by the greenlet that it has started."""
    _local.starter.switch()


def _start_greenlets() -> None:
    """Stand where `FRAMES_MAX` frames are left, and start greenlets from there."""
    missing = FRAMES_MAX - _frames_left()
    if missing > 0:
        sys.setrecursionlimit(
            sys.getrecursionlimit() + missing + FRAMES_BETWEEN_THREADS_MAX
        )
    own_frames = 2  # Those of the last `_descend` and of `_start_asked`.
    _descend(_frames_left() - FRAMES_MAX - own_frames, _start_asked)


def _descend(frames: int, function: Callable[[], None]) -> None:
    """Call a function that many frames further down the stack."""
    if frames > 0:
        _descend(frames - 1, function)
    else:
        function()


def _start_asked() -> None:
    """Start greenlets, for whoever switches to this one with a kind and itself."""
    kind, asker = _local.starter.parent.switch()
    while True:
        started = kind()
        started.switch()
        started.parent = asker
        kind, asker = asker.switch(started)


def _frames_left() -> int:
    """Return how deep a function that is called from here can recurse."""
    try:
        return 1 + _frames_left()
    except RecursionError:
        return 0


def run_outside(function: Callable[..., Any], *args: Any) -> Any:
    """Run a function in none of the box's threads, for the thread that asks for it."""
    return greenlet(function).switch(*args)


def never_free(thing: object) -> None:
    """Keep a greenlet or coroutine for ever: freeing it would run it again.

    A reference in a module would be dropped when the interpreter ends, so the
    reference count itself is raised.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
