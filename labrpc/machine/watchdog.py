"""A watchdog over code that never waits, or takes all the memory.

Virtual time stands still while a thread runs. A thread that runs on without
ever waiting would stop the world, so a timer of the process's CPU time looks
in and takes the thread out. CPU time does not pass while the machine is busy
with something else, so a loaded machine does not change a verdict. It takes
out threads that use up the memory as well.
"""

import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn, Protocol

from labrpc import codes
from labrpc.codes import Code
from labrpc.errors import CtrlC, SubmissionError
from labrpc.machine.memory import RUN_BYTES_MAX, SOMETHING_GROWS, bytes_in_use
from labrpc.machine.wall_clock import cpu_seconds
from labrpc.machine.watchdog_timer import HangPolicy, looking_in, note_look
from labrpc.scheduling.greenlets import level_recursion
from labrpc.scheduling.scheduler import Task, current_task
from labrpc.scheduling.wait_tokens import count_waits

# CPU time that one step may take. An ordinary one takes less than a millisecond.
STEP_CPU_S_MAX = 1.0
# CPU time that one run may take. An ordinary one takes less than a second.
RUN_CPU_S_MAX = 120.0
# CPU time that a thread of a crashed server may take to unwind its stack. It takes less
# than a millisecond, but a machine that is overloaded may count others' time, too.
DYING_CPU_S_MAX = 0.5
# In a runaway loop, one thread runs and never waits. Where threads have waited, or have taken
# at least this many turns, they keep each other awake.
TURNS_MIN = 3
# This many threads of one server take up a good part of what a run may use.
MANY_THREADS = 1_000
# Room for the watchdog itself in a thread that is deep in a recursion.
OWN_FRAMES_MAX = 60


class RunningBox(Protocol):
    """The box that a watchdog finds running."""

    def runaway(self) -> str:
        """Return where the thread that does not stop stands."""


class RunningServer(Protocol):
    """The server that a watchdog finds running."""

    @property
    def server(self) -> int:
        """Its number."""

    @property
    def box(self) -> RunningBox:
        """What runs."""


class Watched(Protocol):
    """What a watchdog looks after: a world, or one box in a process of its own."""

    @property
    def steps(self) -> int:
        """How often a box has been stepped."""

    @property
    def stepping(self) -> RunningServer | None:
        """The server that is being stepped, None between two steps."""

    @property
    def warnings(self) -> dict[str, Code]:
        """Where to note what is odd."""


class Watchdog:
    """Looks after one world while it runs.

    Args:
        world: what runs.
        bytes_max: how much memory it may take.
        hang_policy: what happens on a hang in C; None lets it go on for ever.
    """

    def __init__(
        self,
        world: Watched,
        bytes_max: int = RUN_BYTES_MAX,
        hang_policy: HangPolicy | None = None,
    ) -> None:
        self._world = world
        self._bytes_max = bytes_max
        self._hang_policy = hang_policy
        self._steps_seen = -1
        self._step_began_s = 0.0
        self._run_began_s = cpu_seconds()
        self._bytes_before = bytes_in_use()
        level_recursion()
        self._recursion_limit = sys.getrecursionlimit()
        # The threads that were found running in this step: each new turn.
        self._turns: list[str] = []
        # Whether a thread has waited since the first look at this step.
        self._waited = False
        self._waits_counted = count_waits()
        self._dying: Task | None = None
        self._dying_since_s = 0.0
        self._stopped: list[Task] = []

    def look(self, signum: int, frame: FrameType | None) -> None:
        """Stop the step under way if it has taken too long: a handler of signals."""
        # First of all: a thread that swallows RecursionErrors, too, is to be
        # stopped, and there is hardly room for this very call.
        sys.setrecursionlimit(sys.getrecursionlimit() + OWN_FRAMES_MAX)
        note_look(self._hang_policy)
        # Between two bodies a greenlet must not be left: the next one needs it.
        if frame is None or frame.f_code is not Task.run.__code__:
            self._look()
        with suppress(RecursionError):  # In the end, `watchdog` puts it back.
            sys.setrecursionlimit(self._recursion_limit)

    def _look(self) -> None:
        now_s = cpu_seconds()
        world = self._world
        if _is_debugged():
            # Somebody looks at the program: that may take as long as it likes.
            self._steps_seen = -1
            self._run_began_s = now_s
            return
        if world.steps != self._steps_seen:
            self._steps_seen = world.steps
            self._step_began_s = now_s
            self._turns.clear()
            self._waited = False
            self._waits_counted = count_waits()
        task = current_task()
        if world.stepping is None or task is None or not has_body(task):
            return
        if task.dying:
            self._look_at_dying(task, now_s)
            return
        self._note_turn(task)
        step_s = now_s - self._step_began_s
        if step_s > STEP_CPU_S_MAX:
            # A little later, if just now nothing of the submission's can be shown.
            if world.stepping.box.runaway() or step_s > 2 * STEP_CPU_S_MAX:
                self._stop_step(task)
        elif bytes_in_use() - self._bytes_before > self._bytes_max:
            self._stop(
                task,
                codes.MEMORY_LIMIT,
                f"memory limit: the servers take more than {self._bytes_max >> 20} MB; "
                f"thread {task.name!r} was running",
                what_grows(task.scheduler.tasks),
            )
        elif now_s - self._run_began_s > RUN_CPU_S_MAX:
            self._stop(
                task,
                codes.RUN_CPU_LIMIT,
                f"the run used more than {RUN_CPU_S_MAX:.0f} s of CPU time; thread "
                f"{task.name!r} was running",
                "most often a thread wakes up far too often: let it wait for what it "
                "needs",
            )

    def _note_turn(self, task: Task) -> None:
        """Note which thread runs, and whether any has waited since the last look."""
        if not self._turns or self._turns[-1] != task.name:
            self._turns.append(task.name)
        counted = count_waits()
        self._waited |= counted > self._waits_counted + 1
        self._waits_counted = counted

    def _stop_step(self, task: Task) -> None:
        """Stop a step that does not come to its end, though time stands still."""
        seconds = f"{STEP_CPU_S_MAX:g} s of CPU time"
        if len(self._turns) < TURNS_MIN and not self._waited:
            self._stop(
                task,
                codes.RUNAWAY_LOOP,
                f"runaway loop: thread {task.name!r} has run for {seconds} without "
                "waiting",
                "a loop must wait for something on each turn: a Condition, a queue, "
                "or time.sleep",
            )
            return
        names = list(dict.fromkeys(self._turns))
        # Others may have run whenever nobody looked.
        more = ", …" if len(names) > 3 or len(names) == 1 else ""
        some = ", ".join(map(repr, names[:3])) + more
        self._stop(
            task,
            codes.ENDLESS_ACTIVITY,
            "endless activity at one instant of virtual time: threads "
            f"{some} have taken turns for {seconds}",
            "they wake or start each other again and again: let one of them wait for "
            "something that takes time",
        )

    def _stop(self, task: Task, code: Code, what: str, advice: str) -> None:
        """Leave the running thread; the world goes on to end the test."""
        host = self._world.stepping
        assert host is not None
        self._stopped.append(task)
        runaway = SubmissionError(
            code, f"server {host.server}: {what}", f"{host.box.runaway()}\n{advice}"
        )
        task.scheduler.stop(runaway, for_good=self._is_too_deep())

    def _is_too_deep(self) -> bool:
        """Return whether the running thread's stack is deeper than the limit allows.

        Each look raises the limit for itself, and cannot put it back while a thread
        recurses that deep. Once it is put back, to go on with that thread, if only to
        unwind it, would end Python with "Cannot recover from stack overflow".
        """
        raised = sys.getrecursionlimit()
        try:
            sys.setrecursionlimit(self._recursion_limit)
        except RecursionError:
            return True
        sys.setrecursionlimit(raised)
        return False

    def outside(
        self, handler: Callable[[int, FrameType | None], object]
    ) -> Callable[[int, FrameType | None], None]:
        """Return a signal's handler that raises past the submission, not through it.

        A thread of a server could take what it raises for an exception of its
        own, and swallow it.
        """

        def handle(signum: int, frame: FrameType | None) -> None:
            try:
                handler(signum, frame)
            except KeyboardInterrupt:
                self._leave(frame, CtrlC())
            except BaseException as exc:
                self._leave(frame, exc)

        return handle

    def _leave(self, frame: FrameType | None, exc: BaseException) -> NoReturn:
        """Raise an exception, from the world if a thread of a server is running."""
        task, host = current_task(), self._world.stepping
        if host is not None and task is not None and has_body(task):
            place = host.box.runaway()
            if place:
                exc.add_note(f"it stood in server {host.server}:\n{place}")
            if not task.dying and frame and frame.f_code is not Task.run.__code__:
                task.scheduler.stop(exc)
        raise exc

    def _look_at_dying(self, task: Task, now_s: float) -> None:
        """Give up a thread that runs on although its server has crashed."""
        if task is not self._dying:
            self._dying, self._dying_since_s = task, now_s
        elif now_s - self._dying_since_s > DYING_CPU_S_MAX:
            if task not in self._stopped:
                host = self._world.stepping
                assert host is not None
                place = " ".join(host.box.runaway().split("\n")[-2:])
                if not place and now_s - self._dying_since_s < 2 * DYING_CPU_S_MAX:
                    return  # A little later, there may be something to show.
                self._world.warnings.setdefault(
                    f"thread {task.name!r} ran on without waiting when server "
                    f"{host.server} crashed: {' '.join(place.split())}",
                    codes.RAN_ON_AFTER_CRASH,
                )
            task.scheduler.abandon()


def _is_debugged() -> bool:
    """Return whether a debugger traces the program.

    What measures coverage traces it too, and nobody is there to end a loop.
    """
    trace = sys.gettrace()
    tracer = type(getattr(trace, "__self__", trace))
    return trace is not None and tracer.__module__.partition(".")[0] != "coverage"


def what_grows(tasks: Collection[Task]) -> str:
    """Return what takes a server's memory, as far as its threads that live show it."""
    if len(tasks) < MANY_THREADS:
        return SOMETHING_GROWS
    # A thread that waits for a reply knows the method and the server.
    calling = sum(isinstance(task.waits_for, tuple) for task in tasks)
    return (
        f"{len(tasks):,} threads of this server have not ended, and each takes memory; "
        f"{calling:,} of them wait for a reply. A call to a server that cannot be reached "
        "takes seconds to fail: limit how many are under way, or let one thread for each "
        "peer send what is new"
    )


def has_body(task: Task) -> bool:
    """Return whether a thread runs something: it may just have come to be, or ended."""
    scheduler = getattr(task, "scheduler", None)
    return scheduler is not None and task in scheduler.tasks


@contextmanager
def watchdog(
    world: Watched,
    bytes_max: int = RUN_BYTES_MAX,
    hang_policy: HangPolicy | None = None,
) -> Iterator[Watchdog]:
    """Watch over the steps of a world while the block runs.

    Without effect outside the main thread, where Python takes no signals.

    Args:
        world: what runs.
        bytes_max: how much memory it may take.
        hang_policy: what happens on a hang in C; None lets it go on for ever.
    """
    dog = Watchdog(world, bytes_max, hang_policy)
    if threading.current_thread() is not threading.main_thread():
        yield dog
        return
    recursion_limit = sys.getrecursionlimit()
    try:
        with looking_in(dog.look, hang_policy), _raising_outside(dog):
            yield dog
    finally:
        sys.setrecursionlimit(recursion_limit)


@contextmanager
def _raising_outside(dog: Watchdog) -> Iterator[None]:
    """Keep a Ctrl-C, or pytest-timeout's alarm, apart from what servers raise."""
    before: dict[int, Any] = {}
    signals = (getattr(signal, name, None) for name in ("SIGINT", "SIGALRM"))
    for signum in filter(None, signals):
        handler = signal.getsignal(signum)
        if callable(handler):
            before[signum] = signal.signal(signum, dog.outside(handler))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
