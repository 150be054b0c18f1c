"""Simulated locks: who holds one, and who waits for it.

A lock that is released passes straight to the thread that has waited longest, so that
every thread has its turn.
"""

import _thread as real_thread
from collections import deque
from types import TracebackType
from typing import NoReturn

from labrpc.clock import from_seconds
from labrpc.scheduling.greenlets import getcurrent
from labrpc.scheduling.scheduler import SLEEP_NS_MIN, TIMED_OUT, Task, current_scheduler

TIMEOUT_MAX = real_thread.TIMEOUT_MAX


def _deadline_ns(now_ns: int, blocking: bool, timeout: float) -> int | None:
    """Return when an acquire gives up, as the real locks check it."""
    if timeout == -1:
        return None
    if not blocking:
        raise ValueError("can't specify a timeout for a non-blocking call")
    if timeout < 0:
        raise ValueError("timeout value must be a non-negative number")
    if timeout > TIMEOUT_MAX:
        raise OverflowError("timeout value is too large")
    return now_ns + max(from_seconds(timeout), SLEEP_NS_MIN)


class _Waiting:
    """What locks of both kinds share: who holds it and who waits for it.

    Attributes:
        holder: the thread that has taken it; None if it is free.
        identity: the holder's identity when it took the lock. If its greenlet runs
            another thread by now, the thread that took the lock has ended, and holds
            it for ever unless another thread releases it.
        waiters: the threads that wait for it, in the order of their coming.
    """

    __slots__ = ("__weakref__", "holder", "identity", "waiters")

    def __init__(self) -> None:
        self.holder: Task | None = None
        self.identity: tuple[int, str] | None = None
        self.waiters: deque[Task] | None = None

    def _wait(self, blocking: bool, timeout: float) -> bool:
        """Wait until the holder hands the lock over; False on a time-out."""
        if not blocking or timeout == 0:
            _deadline_ns(0, blocking, timeout)
            return False
        scheduler, task = current_scheduler(), getcurrent()
        if task.dying and type(self) is not Notification:
            # Its `finally` blocks give locks back that they do not hold. Only
            # real waits raise, so that the thread comes to its end.
            return True
        deadline_ns = _deadline_ns(scheduler.now_ns, blocking, timeout)
        if self.waiters is None:
            self.waiters = deque()
        self.waiters.append(task)
        if type(self) is not Notification:
            scheduler.contended = True
            if self.holder is not None and self.holder.waits_for is not None:
                scheduler.owner.lint.lock_held(self.holder)
        try:
            woken = scheduler.park(self, deadline_ns)
        except BaseException:
            self._forget(task)
            raise
        if woken is TIMED_OUT:
            self._forget(task)
            return False
        return True

    def _forget(self, task: Task) -> None:
        if self.waiters and task in self.waiters:
            self.waiters.remove(task)

    def _hand_over(self) -> None:
        """Make the longest waiting thread the holder; without one, free the lock."""
        while self.waiters:
            task = self.waiters.popleft()
            if task.scheduler.wake(task):
                self.holder = task
                self.identity = task.identity
                return
        self.holder = None

    def __reduce__(self) -> NoReturn:
        """Refuse to be sent or copied, as the real locks do."""
        raise TypeError(f"cannot pickle '_thread.{type(self).__name__}' object")

    def living_holder(self) -> Task | None:
        """Return the thread that holds the lock, None if it is free or has ended."""
        task = self.holder
        if task is None or task.identity is not self.identity:
            return None
        return task if task in task.scheduler.tasks else None

    def describe_wait(self) -> str:
        """Return the lock and its holder, for a deadlock report."""
        kind = type(self).__name__
        if self.holder is None:
            return f"a {kind}"
        holder = self.living_holder()
        if holder is None:
            name = self.identity[1] if self.identity else "a thread"
            return f"a {kind} held by {name}, which has ended"
        return f"a {kind} held by {holder.name}"


class Lock(_Waiting):
    """Simulated `_thread.lock`: any thread may release it."""

    __slots__ = ()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock; False when it was not to be had in time."""
        if self.holder is None:
            if timeout != -1:
                _deadline_ns(0, blocking, timeout)
            self.holder = task = getcurrent()
            self.identity = getattr(task, "identity", None)
            return True
        return self._wait(blocking, timeout)

    def release(self) -> None:
        """Hand the lock to the next thread that waits for it."""
        if self.waiters:
            self._hand_over()
        elif self.holder is None:
            if not getattr(getcurrent(), "dying", False):
                raise RuntimeError("release unlocked lock")
        else:
            self.holder = None

    def __enter__(self) -> bool:
        """Take the lock."""
        if self.holder is None:
            self.holder = task = getcurrent()
            self.identity = getattr(task, "identity", None)
            return True
        return self._wait(True, -1)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Release the lock."""
        if self.waiters or self.holder is None:
            self.release()
        else:
            self.holder = None

    def locked(self) -> bool:
        """Return whether some thread holds the lock."""
        return self.holder is not None

    def _is_owned(self) -> bool:
        # For Condition, which otherwise finds out by trying to acquire.
        return self.holder is not None

    def _at_fork_reinit(self) -> None:
        self.holder = None
        self.waiters = None

    def __repr__(self) -> str:
        """Return a text without an address: the same in every run."""
        return f"<{'locked' if self.locked() else 'unlocked'} Lock>"


class Notification(Lock):
    """The lock that `Condition.wait` makes for itself and waits for.

    Its holder is the waiting thread, so it says nothing about deadlocks.
    """

    __slots__ = ()

    def describe_wait(self) -> str:
        """Return what wakes the thread, for a deadlock report."""
        return "a notification (Condition, Event, Semaphore or queue)"


class RLock(_Waiting):
    """Simulated `_thread.RLock`: its holder may take it again."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock, once more if this thread holds it already."""
        if self.holder is None:
            if timeout != -1:
                _deadline_ns(0, blocking, timeout)
            self.holder = task = getcurrent()
            self.identity = getattr(task, "identity", None)
        elif self._is_owned():
            self.count += 1
            return True
        elif not self._wait(blocking, timeout):
            return False
        self.count = 1
        return True

    __enter__ = acquire

    def release(self) -> None:
        """Give back one acquisition; the last one frees the lock."""
        task = getcurrent()
        if self.holder is not task:
            if getattr(task, "dying", False):
                return
            raise RuntimeError("cannot release un-acquired lock")
        self.count -= 1
        if not self.count:
            self._hand_over()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Release the lock."""
        self.release()

    def locked(self) -> bool:
        """Return whether some thread holds the lock."""
        return self.holder is not None

    def _is_owned(self) -> bool:
        task = getcurrent()
        return self.holder is task and self.identity is getattr(task, "identity", None)

    def _recursion_count(self) -> int:
        return self.count if self._is_owned() else 0

    def _release_save(self) -> int:
        """Free the lock wholly, for Condition.wait; return how deep it was."""
        if not self._is_owned():
            if getattr(getcurrent(), "dying", False):
                return 0
            raise RuntimeError("cannot release un-acquired lock")
        count, self.count = self.count, 0
        self._hand_over()
        return count

    def _acquire_restore(self, count: int) -> None:
        self.acquire()
        self.count = count

    def _at_fork_reinit(self) -> None:
        self.holder = None
        self.waiters = None
        self.count = 0

    def __repr__(self) -> str:
        """Return a text without an address: the same in every run."""
        state = "locked" if self.locked() else "unlocked"
        return f"<{state} RLock count={self.count}>"
