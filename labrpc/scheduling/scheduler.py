"""The threads of one box: greenlets that run until they wait.

Owns switching between threads, their time-outs, and the clock as they see
it. One `Scheduler` belongs to one box; `run` goes on until every thread of
the box waits for something. It does not know what the threads run, nor why
they wait: whoever parks a thread says so in words for reports.

Greenlets are pooled, because creating one costs more than an RPC.
The only module that imports greenlet.
"""

import ctypes
import itertools
import sys
import threading
from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from traceback import FrameSummary, StackSummary, walk_stack
from typing import Any, Protocol

from greenlet import GreenletExit as GreenletExit
from greenlet import getcurrent as _getcurrent
from greenlet import greenlet as greenlet

from labrpc.clock import MICROSECOND

# Reading the clock takes this much virtual time, so that a loop which spins
# on it gets somewhere.
CLOCK_READ_NS = MICROSECOND
# A thread that has only read the clock for this long waits until the rest of
# the world has caught up: otherwise its server would run ahead of its messages.
CLOCK_LEAD_NS_MAX = 50 * MICROSECOND
# The shortest sleep, as on a real machine: `sleep(0)` in a loop must not
# keep the whole world at one instant.
SLEEP_NS_MIN = 50 * MICROSECOND
# A dying thread that swallows this many GreenletExits is left alone for good.
DEATHS_MAX = 10
# A server may have so many threads at a time: less than a real machine allows,
# where the limit lies between some thousands and 32,000.
THREADS_MAX = 10_000
# A thread may have so many frames on its stack, as in a program of its own.
FRAMES_MAX = 1000
# How many idle greenlets are kept when a server ends. Each takes some 20 KB.
IDLE_MAX = 1000

TIMED_OUT: Any = object()

# In a box's thread the current greenlet is a Task; elsewhere it is not. Callers
# know which, the type checker cannot.
getcurrent: Callable[[], Any] = _getcurrent

_idle: list["Task"] = []
_here = threading.local()
_tokens = itertools.count(1).__next__


class Waitable(Protocol):
    """Something that a thread waits for, in words for a deadlock report."""

    def describe_wait(self) -> str:
        """Return what is waited for, as in "lock <Lock 3> held by ticker"."""


Wait = Waitable | str | tuple[str, int]
"""What a parked thread waits for; a tuple is an RPC: its method and peer."""


class Task(greenlet):
    """One thread of a box, run by a pooled greenlet.

    `token` is non-zero while the task waits; a wake-up that was meant for an
    earlier wait carries another token and is ignored.
    """

    __slots__ = (
        "args", "begun", "body", "deadline_ns", "deaths", "dying", "ident", "name",
        "parked_at_ns", "scheduler", "thread", "token", "value", "waits_for",
    )  # fmt: skip

    scheduler: "Scheduler"
    body: Callable[..., Any]
    args: tuple[Any, ...]
    name: str
    ident: int
    token: int
    value: Any
    waits_for: "Wait | None"
    parked_at_ns: int
    deadline_ns: int | None
    thread: Any
    begun: bool
    dying: bool
    deaths: int

    def __init__(self) -> None:
        super().__init__()
        self.token = 0
        self.thread = self.value = self.waits_for = None

    def run(self) -> None:
        """Run one body after another, waiting in the pool between them."""
        _here.nursery.switch()
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
                scheduler.hub.switch()
            else:
                # Ctrl-C, or an error of the lab's own. Left alone it would go to
                # the greenlet that happened to create this one.
                scheduler.hub.throw(error)


class Scheduler:
    """Runs the threads of one box in virtual time.

    Args:
        picks: the random stream that decides which of several ready threads
            runs next.
        escaped: told of an exception that left a thread, with the thread; False
            if it is none of the submission's.
        owner: the box, for the simulated modules that ask for theirs.
    """

    def __init__(
        self,
        picks: Random,
        escaped: Callable[[BaseException, Task], bool],
        owner: Any = None,
    ) -> None:
        self.owner = owner
        self.now_ns = 0
        self.hub: greenlet = getcurrent()
        self.tasks: dict[Task, None] = {}
        self.escaped = escaped
        # Whether some thread may be waiting for a lock; cleared by who has looked.
        self.contended = False
        # Of every thread there has been: one may leave a lock behind.
        self.names: dict[int, str] = {}
        self._world_ns = 0
        self._pick = picks.random
        self._ready: list[Task] = []
        self._timers: list[tuple[int, int, Task]] = []
        self._idents = itertools.count(1).__next__

    def spawn(self, body: Callable[..., Any], args: tuple[Any, ...], name: str) -> Task:
        """Start a thread; it runs when the scheduler next gets to it."""
        task = _idle.pop() if _idle else _new_task()
        task.scheduler = self
        task.body = body
        task.args = args
        task.name = name
        task.ident = ident = self._idents()
        self.names[ident] = name
        task.begun = task.dying = False
        task.deaths = 0
        self.tasks[task] = None
        self._ready.append(task)
        return task

    def start_thread(
        self, body: Callable[..., Any], args: tuple[Any, ...], name: str
    ) -> Task:
        """Start a thread for the submission.

        Raises:
            RuntimeError: there are too many, as a real machine says it.
        """
        if len(self.tasks) >= THREADS_MAX:
            raise RuntimeError(
                f"can't start new thread: this server has {THREADS_MAX} that have "
                "not ended"
            )
        return self.spawn(body, args, name)

    def park(self, waits_for: "Wait", deadline_ns: int | None = None) -> Any:
        """Make the current thread wait; return what `wake` was given for it.

        Returns TIMED_OUT when `deadline_ns` passes first. In a thread that is
        being killed it raises again, so that a dying thread cannot wait.
        """
        task = getcurrent()
        if task.dying:
            task.deaths += 1
            if task.deaths < DEATHS_MAX:
                raise GreenletExit
            keep_for_ever(task)
        task.token = token = _tokens()
        task.waits_for = waits_for
        task.parked_at_ns = self.now_ns
        task.deadline_ns = deadline_ns
        if deadline_ns is not None:
            heappush(self._timers, (deadline_ns, token, task))
        try:
            self.hub.switch()
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
        self._expire_timers()
        self.hub = getcurrent()
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
        """Return when the next time-out ends, None if nobody has one."""
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
        task = getcurrent()
        lead_ns = self.now_ns - self._world_ns
        if lead_ns > CLOCK_LEAD_NS_MAX and not task.dying:
            self.park("the clock", self.now_ns)
        return self.now_ns

    def sleep(self, duration_ns: int) -> None:
        """Make the current thread wait for `duration_ns` of virtual time."""
        self.park("sleep", self.now_ns + max(duration_ns, SLEEP_NS_MIN))

    def kill(self) -> None:
        """End all threads at once, as a power cut does.

        GreenletExit unwinds their stacks and so frees them. Whatever their
        `finally` blocks do goes nowhere: the box is gone.
        """
        self.hub = getcurrent()
        for task in list(self.tasks):
            task.dying = True
            if not task.begun:
                self._discard_unbegun(task)
                continue
            # Its greenlet ends here if the watchdog has stopped it outside its body.
            task.parent = self.hub
            while task in self.tasks and task.deaths < DEATHS_MAX and not task.dead:
                task.throw(GreenletExit)
        self.tasks.clear()
        self._ready.clear()
        self._timers.clear()
        while len(_idle) > IDLE_MAX:
            idle = _idle.pop()
            idle.parent = self.hub
            idle.throw(GreenletExit)

    def run_dying(self, body: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """Run a function after `kill`, in a thread that cannot wait either."""
        task = self.spawn(body, args, "the end")
        self._ready.clear()
        task.dying = True
        self.hub = getcurrent()
        task.switch()
        self.tasks.clear()

    def wrap_waits(
        self, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]
    ) -> None:
        """Let every wait of the box's threads, from now on, go through `wrap(park)`.

        For what is kept per thread of the operating system, and so has to be
        changed with every switch.
        """
        self.park = wrap(self.park)  # type: ignore[method-assign]

    def _discard_unbegun(self, task: Task) -> None:
        del self.tasks[task]
        _idle.append(task)

    def stop(self, reason: BaseException) -> None:
        """Leave the current thread where it is, and raise `reason` from `run`.

        For a watchdog's signal handler, in a thread that never waits. When
        the server is killed, the thread unwinds its stack like all others.
        """
        # Those of an event loop: this thread will not put the lab's own back.
        sys.set_asyncgen_hooks(None, None)
        self.hub.throw(type(reason), reason, reason.__traceback__)

    def abandon(self) -> None:
        """Leave the current thread for good: it is being killed, and runs on.

        The greenlet is kept for ever: to free it would be to run it again.
        """
        task = getcurrent()
        self.tasks.pop(task, None)
        keep_for_ever(task)
        sys.set_asyncgen_hooks(None, None)
        self.hub.switch()


def level_threads() -> None:
    """Let all threads from now on recurse equally deep, however deep the lab stands.

    A greenlet has as much room as the one that starts it. Left at that, a recursion
    without end would end elsewhere in the grader, in pytest, in a replay.
    """
    if not getattr(_here, "nursery", None):
        _here.nursery = greenlet(_nursery)
        _here.nursery.switch()


def _new_task() -> Task:
    level_threads()
    task: Task = _here.nursery.switch(getcurrent())
    return task


def _nursery() -> None:
    """Start tasks, for whoever switches to this greenlet with itself."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit + FRAMES_MAX - _frames_left())
    asker = _here.nursery.parent.switch()
    while True:
        task = Task()
        task.switch()  # Until it asks for its first body.
        task.parent = asker
        asker = asker.switch(task)


def _frames_left() -> int:
    """Return how deep a function that is called from here can recurse."""
    try:
        return 1 + _frames_left()
    except RecursionError:
        return 0


def keep_for_ever(thing: object) -> None:
    """Never free a greenlet or coroutine: freeing it would be to run it again.

    A reference in a module would be dropped when the interpreter ends, so
    the count itself is raised.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def current_task() -> Task | None:
    """Return the box's thread that is running, None in the lab's own code."""
    task = getcurrent()
    return task if isinstance(task, Task) else None


def outside(function: Callable[..., Any], *args: Any) -> Any:
    """Run a function as the lab's own code, though a thread of a box asks for it."""
    return greenlet(function).switch(*args)


def current_scheduler() -> Scheduler:
    """Return the scheduler of the box that is running.

    Raises:
        RuntimeError: no box is running: lab code used a simulated module.
    """
    task = getcurrent()
    if not isinstance(task, Task):
        raise RuntimeError(
            "no server runs here, nor at a debugger's prompt after a failure: nothing "
            "can wait, and no time passes"
        )
    return task.scheduler


def stack_of(task: Task) -> list[FrameSummary]:
    """Return where a waiting or running task stands, outermost frame first."""
    frame = sys._getframe() if task is getcurrent() else task.gr_frame
    if frame is None:
        return []
    stack = StackSummary.extract(walk_stack(frame), lookup_lines=False)
    stack.reverse()
    return stack
