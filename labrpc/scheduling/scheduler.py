"""The threads of one box: greenlets that run until they wait.

Owns switching between threads, their time-outs, and the clock as they see it. One
`Scheduler` belongs to one box; `run` goes on until every thread of the box waits.
It knows neither what the threads run nor why they wait: whoever parks a thread
names the reason in words, for reports.

Threads are greenlets from a pool, because creating one costs more than an RPC.
"""

import itertools
import sys
from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Any, Protocol

from labrpc.clock import MICROSECOND
from labrpc.scheduling.greenlets import (
    GreenletExit,
    getcurrent,
    greenlet,
    has_started,
    never_free,
    start,
)
from labrpc.scheduling.wait_tokens import next_token

# Reading the clock takes this much virtual time, so that a loop which only reads it
# comes to an end.
CLOCK_READ_NS = MICROSECOND
# A thread that has only read the clock for this long waits until the rest of the
# world has caught up. Otherwise its server would run ahead of its messages.
CLOCK_LEAD_NS_MAX = 50 * MICROSECOND
# The shortest sleep, as on a real machine: `sleep(0)` in a loop must not
# keep the whole world at one instant.
SLEEP_NS_MIN = 50 * MICROSECOND
# After this many swallowed GreenletExits a dying thread is given up.
DEATHS_MAX = 10
# How many threads a server may have at a time. Real machines allow more: some
# thousands to 32,000.
THREADS_MAX = 10_000
# How many idle greenlets are kept when a server ends. Each takes about 20 KB.
IDLE_MAX = 1000

TIMED_OUT: Any = object()

_idle: list["Task"] = []

_NO_SERVER = (
    "no server runs here, nor at a debugger's prompt after a failure: nothing can wait, "
    "and no time passes"
)


class WaitRefusedError(RuntimeError):
    """Something wants to wait where no time passes."""


class Waitable(Protocol):
    """Something that a thread waits for, with a description for deadlock reports."""

    def describe_wait(self) -> str:
        """Return what is waited for, as in "lock <Lock 3> held by ticker"."""


Wait = Waitable | str | tuple[str, int]
"""What a parked thread waits for; a tuple is an RPC: its method and peer."""


class Task(greenlet):
    """One thread of a box, run by a pooled greenlet.

    Attributes:
        scheduler: the scheduler of its box.
        body: what it runs; with these `args`.
        name: what reports call it.
        ident: its number, from 1 in each box.
        identity: its number and name at its start, as an object that no other thread
            has. It outlives the thread where something, such as a lock, holds it.
        token: non-zero while the task waits. A wake-up that was meant for an earlier
            wait carries another token and is ignored.
        value: what `wake` was given.
        waits_for: what it waits for; None if it runs.
        parked_at_ns: since when it waits.
        deadline_ns: when its wait times out; None for never.
        thread: the object by which the submission knows it, if it has asked.
        begun: whether its body has begun.
        may_not_wait: whether it is dying, or stands at a debugger's prompt.
        dying: whether its box has crashed.
        deaths: how many times it was made to end since.
    """

    __slots__ = (
        "args", "begun", "body", "deadline_ns", "deaths", "dying", "ident", "identity",
        "may_not_wait", "name", "parked_at_ns", "scheduler", "thread", "token", "value",
        "waits_for",
    )  # fmt: skip

    scheduler: "Scheduler"
    body: Callable[..., Any]
    args: tuple[Any, ...]
    name: str
    ident: int
    identity: tuple[int, str]
    token: int
    value: Any
    waits_for: "Wait | None"
    parked_at_ns: int
    deadline_ns: int | None
    thread: Any
    begun: bool
    may_not_wait: bool
    dying: bool
    deaths: int

    def __init__(self) -> None:
        super().__init__()
        self.token = 0
        self.thread = self.value = self.waits_for = None

    def run(self) -> None:
        """Run one body after another, waiting in the pool between them."""
        has_started()
        while True:
            self.begun = True
            error: BaseException | None = None
            try:
                self.body(*self.args)
            except GreenletExit:
                pass
            except BaseException as exc:
                if isinstance(exc, Exception) or not self.scheduler.escaped(exc, self):
                    error = exc
            if self.gr_context is not None:
                self.gr_context = None  # The next body starts as a new thread does.
            scheduler = self.scheduler
            scheduler.tasks.pop(self, None)
            self.body = self.args = self.thread = self.value = None  # type: ignore[assignment]
            _idle.append(self)
            if error is None:
                scheduler.runner.switch()
            else:
                # Ctrl-C, or an error of the lab's own. Unhandled, it would be raised
                # in the greenlet that happened to create this one.
                scheduler.runner.throw(error)


class Scheduler:
    """Runs the threads of one box in virtual time.

    Args:
        picks: the random stream that decides which of several ready threads
            runs next.
        escaped: takes an exception that has left a thread, and the thread; returns
            False if the exception is none of the submission's.
        owner: the box, for the simulated modules that look up theirs.

    Attributes:
        now_ns: the time as the threads see it.
        runner: the greenlet that runs the threads; they switch to it when they wait.
        tasks: the threads that have not ended, in the order of their start.
        contended: whether a thread may be waiting for a lock; whoever looks for
            deadlocks clears it.
    """

    def __init__(
        self,
        picks: Random,
        escaped: Callable[[BaseException, Task], bool],
        owner: Any = None,
    ) -> None:
        self.owner = owner
        self.now_ns = 0
        self.runner: greenlet = getcurrent()
        self.tasks: dict[Task, None] = {}
        self.escaped = escaped
        self.contended = False
        self._world_ns = 0
        self._pick = picks.random
        self._ready: list[Task] = []
        self._timers: list[tuple[int, int, Task]] = []
        self._idents = itertools.count(1).__next__

    def spawn(self, body: Callable[..., Any], args: tuple[Any, ...], name: str) -> Task:
        """Start a thread; it runs when the scheduler next gets to it."""
        task = _idle.pop() if _idle else start(Task)
        task.scheduler = self
        task.body = body
        task.args = args
        task.name = name
        task.ident = ident = self._idents()
        task.identity = (ident, name)
        task.begun = task.dying = task.may_not_wait = False
        task.deaths = 0
        self.tasks[task] = None
        self._ready.append(task)
        return task

    def start_thread(
        self, body: Callable[..., Any], args: tuple[Any, ...], name: str
    ) -> Task:
        """Start a thread for the submission.

        Raises:
            RuntimeError: there are too many, in the words of a real machine.
        """
        if len(self.tasks) >= THREADS_MAX:
            raise RuntimeError(
                f"can't start new thread: this server has {THREADS_MAX} that have "
                "not ended"
            )
        return self.spawn(body, args, name)

    def park(self, waits_for: "Wait", deadline_ns: int | None = None) -> Any:
        """Make the current thread wait; return what `wake` was given for it.

        Returns TIMED_OUT when `deadline_ns` passes first. In a thread that is being
        killed it raises GreenletExit again, so that a dying thread cannot wait.

        Raises:
            WaitRefusedError: a person has called this at a debugger's prompt.
        """
        task = getcurrent()
        try:
            may_not_wait = task.may_not_wait
        except AttributeError:
            raise WaitRefusedError(_NO_SERVER) from None
        if may_not_wait:
            _refuse_wait(task)
        task.token = token = next_token()
        task.waits_for = waits_for
        task.parked_at_ns = self.now_ns
        task.deadline_ns = deadline_ns
        if deadline_ns is not None:
            heappush(self._timers, (deadline_ns, token, task))
        try:
            self.runner.switch()
        finally:
            task.token = 0
            task.waits_for = None
        return task.value

    def wake(self, task: Task, value: Any = None) -> bool:
        """Let a waiting task go on; False if it was woken already."""
        if not task.token:
            return False
        task.token = 0
        task.value = value
        self._ready.append(task)
        return True

    def run(self, now_ns: int) -> None:
        """Run until every thread waits, beginning at `now_ns` of virtual time."""
        self._world_ns = now_ns
        if now_ns > self.now_ns:
            self.now_ns = now_ns
        timers = self._timers
        if timers and timers[0][0] <= now_ns:
            self._expire_timers()
        self.runner = getcurrent()
        ready = self._ready
        while ready:
            if len(ready) == 1:
                task = ready.pop()
            else:
                picked = int(self._pick() * len(ready))
                task = ready[picked]
                last = ready.pop()
                if picked < len(ready):
                    ready[picked] = last
            task.switch()

    def _expire_timers(self) -> None:
        timers = self._timers
        while timers and timers[0][0] <= self._world_ns:
            _, token, task = heappop(timers)
            if task.token == token:
                self.wake(task, TIMED_OUT)

    def next_timer_ns(self) -> int | None:
        """Return when the next time-out ends, None if no thread has one."""
        timers = self._timers
        while timers:
            deadline_ns, token, task = timers[0]
            if task.token == token:
                return deadline_ns
            heappop(timers)
        return None

    def read_clock(self) -> int:
        """Return the time for the current thread; reading takes a little."""
        self.now_ns += CLOCK_READ_NS
        lead_ns = self.now_ns - self._world_ns
        if lead_ns > CLOCK_LEAD_NS_MAX and not getcurrent().dying:
            self.park("the clock", self.now_ns)
        return self.now_ns

    def sleep(self, duration_ns: int, waits_for: "Wait" = "sleep") -> None:
        """Make the current thread wait for `duration_ns` of virtual time."""
        self.park(waits_for, self.now_ns + max(duration_ns, SLEEP_NS_MIN))

    def kill(self) -> None:
        """End all threads at once, as a power cut does.

        GreenletExit unwinds their stacks and so frees them. What their `finally`
        blocks do has no effect: the box is gone.
        """
        self.runner = getcurrent()
        for task in list(self.tasks):
            task.dying = task.may_not_wait = True
            if not task.begun:
                self._discard_unbegun(task)
                continue
            # Its greenlet ends here if the watchdog stopped it outside its body.
            task.parent = self.runner
            while task in self.tasks and task.deaths < DEATHS_MAX and not task.dead:
                task.throw(GreenletExit)
        self.tasks.clear()
        self._ready.clear()
        self._timers.clear()
        while len(_idle) > IDLE_MAX:
            idle = _idle.pop()
            idle.parent = self.runner
            idle.throw(GreenletExit)

    def run_dying(self, body: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """Run a function after `kill`, in a thread that cannot wait either."""
        task = self.spawn(body, args, "the end")
        self._ready.clear()
        task.dying = task.may_not_wait = True
        self.runner = getcurrent()
        task.switch()
        self.tasks.clear()

    def wrap_waits(
        self, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]
    ) -> None:
        """Let every wait of the box's threads, from now on, go through `wrap(park)`.

        For state that Python keeps per thread of the operating system, so that it has
        to be exchanged at every switch.
        """
        self.park = wrap(self.park)  # type: ignore[method-assign]

    def _discard_unbegun(self, task: Task) -> None:
        del self.tasks[task]
        _idle.append(task)

    def stop(self, reason: BaseException, for_good: bool = False) -> None:
        """Leave the current thread where it is, and raise `reason` from `run`.

        For a watchdog's signal handler, in a thread that never waits. Unless it is
        left for good, it unwinds its stack when the server is killed.
        """
        if for_good:
            task = getcurrent()
            self.tasks.pop(task, None)
            never_free(task)
        # An event loop may have set them, and this thread will not restore the lab's.
        sys.set_asyncgen_hooks(None, None)
        self.runner.throw(type(reason), reason, reason.__traceback__)

    def abandon(self) -> None:
        """Leave the current thread for good: it was killed, but runs on."""
        task = getcurrent()
        self.tasks.pop(task, None)
        never_free(task)
        sys.set_asyncgen_hooks(None, None)
        self.runner.switch()


def _refuse_wait(task: Task) -> None:
    """Raise what keeps a thread from waiting; one that swallows it is given up."""
    if not task.dying:
        raise WaitRefusedError(
            "nothing can wait at a debugger's prompt: the world stands still"
        )
    task.deaths += 1
    if task.deaths < DEATHS_MAX:
        raise GreenletExit
    never_free(task)


def current_task() -> Task | None:
    """Return the box's thread that is running, None in the lab's own code."""
    task = getcurrent()
    return task if isinstance(task, Task) else None


def current_scheduler() -> Scheduler:
    """Return the scheduler of the box that is running.

    Raises:
        WaitRefusedError: no box is running: lab code used a simulated module.
    """
    task = getcurrent()
    if not isinstance(task, Task):
        raise WaitRefusedError(_NO_SERVER)
    return task.scheduler
