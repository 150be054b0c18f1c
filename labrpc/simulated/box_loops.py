"""The event loops of one box, and which thread runs which."""

import sys
import weakref
from collections.abc import Callable
from typing import Any

from labrpc.scheduling.greenlets import getcurrent
from labrpc.scheduling.scheduler import Task


class OrderedWeakSet(weakref.WeakKeyDictionary[Any, None]):
    """A weak set that is walked in the order of insertion, the same in every run."""

    def add(self, item: Any) -> None:
        """Add an item, last."""
        self[item] = None

    def discard(self, item: Any) -> None:
        """Remove an item if it is there."""
        self.pop(item, None)


class BoxLoops:
    """The event loops of one box.

    Attributes:
        all: every loop that was made and is still used by something.
        running: the loop that each thread runs, if it runs one.
    """

    def __init__(self) -> None:
        self.all = OrderedWeakSet()
        self.running: dict[Task, Any] = {}
        self._made_one = False

    def add(self, loop: Any) -> None:
        """Note a new loop of the current box."""
        self.all.add(loop)
        if not self._made_one:
            self._made_one = True
            getcurrent().scheduler.wrap_waits(_with_own_hooks)

    def tasks(self) -> list[Any]:
        """Return the tasks of all loops that have not ended."""
        return [t for loop in self.all for t in loop.lab_tasks if not t.done()]


def _with_own_hooks(park: Callable[..., Any]) -> Callable[..., Any]:
    """Return a `park` that keeps a loop's hooks for async generators to its thread.

    Python knows one pair of them for each thread of the operating system.
    """

    def park_with_own_hooks(waits_for: Any, deadline_ns: int | None = None) -> Any:
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(None, None)
        try:
            return park(waits_for, deadline_ns)
        finally:
            sys.set_asyncgen_hooks(*hooks)

    return park_with_own_hooks
