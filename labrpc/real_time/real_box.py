"""A box on real threads: one incarnation of a server for `--real-time`.

The submission runs on the process's own standard modules, real clocks and
real locks; only its own modules are loaded anew for each incarnation. What
the box does reaches the world at once, from whichever thread does it.

Python cannot kill a thread. A crash cuts the box off: each of its threads
ends at its next lab call, at the end of a lab call or `time.sleep` that it is
in, and most end at once because the dead server's `kill()` is called. A
thread that only computes, or waits for ever in a lock or condition of its
own, stays behind as a daemon; nothing it does can be seen any more.
"""

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from traceback import StackSummary, walk_stack
from typing import Any, Protocol

from labrpc.box.encoding import Codec
from labrpc.box.lint import Linter
from labrpc.box.outbox import Outbox
from labrpc.box.reports import BoxReports
from labrpc.box.server_box import ServerBox
from labrpc.clock import to_seconds
from labrpc.machine.wall_clock import sleep_s
from labrpc.real_time.real_context import Ended, RealContext, adopt, box_of
from labrpc.real_time.real_modules import (
    RealImporter,
    threading_module,
    time_module,
)
from labrpc.scheduling.greenlets import getcurrent
from labrpc.scheduling.scheduler import Scheduler, Wait
from labrpc.simulated.event_loop import report_to
from labrpc.simulated.output import Output
from labrpc.submission.stacks import THREADS_MAX, frames_text
from labrpc.submission.submission import Submission
from labrpc.world.box import Step
from labrpc.world.events import Action, Event, Invoke, Log
from labrpc.world.streams import incarnation_streams

# The world waits for no result of this number.
_KILL_ID = 0


class Surroundings(Protocol):
    """What a box uses of its world."""

    @property
    def now_ns(self) -> int:
        """Nanoseconds since the world began."""

    def act(self, box: "RealBox", action: Action) -> None:
        """Do what a server does; raises Ended if it has crashed."""


class RealBox(ServerBox):
    """One incarnation whose threads are the operating system's."""

    context: RealContext

    def __init__(
        self,
        submission: Submission,
        server: int,
        incarnation: int,
        seed: str,
        world: Surroundings,
    ) -> None:
        self.server = server
        streams = incarnation_streams(seed, server, incarnation)
        context = RealContext(submission, server, incarnation, streams("entropy"))
        outbox = _ActingOutbox(partial(world.act, self))
        context.reports = reports = _RealReports(context, outbox, world)
        context.output = Output(reports.log)
        context.lint = lint = Linter(context, outbox)
        context.scheduler = RealThreads(context)
        threads = threading_module(context)
        context.thread_class = vars(threads)["Thread"]
        context.importer = RealImporter(
            submission, context, {"threading": threads, "time": time_module(context)}
        )
        super().__init__(context, outbox, reports, lint, _Codec(context))

    def step(self, now_ns: int, event: Event) -> Step:
        """Deliver `event`; what the server does follows when it does it."""
        self._deliver[type(event)](event)
        return [], None

    def crash(self) -> None:
        """Cut the incarnation off, and help its threads to end."""
        self.context.dead = True
        self.context.scheduler.kill()
        self._deliver[Invoke](Invoke(_KILL_ID, "kill", ()))

    def runaway(self) -> str:
        """Return nothing: runaway loops are not recognised in real time."""
        return ""

    def threads(self) -> str:
        """Return the threads and where each stands."""
        frames = sys._current_frames()
        found = [
            thread
            for thread in threading.enumerate()
            if box_of(thread) is self.context and thread.ident
        ]
        lines = []
        for thread in found[:THREADS_MAX]:
            stack = StackSummary.extract(walk_stack(frames.get(thread.ident or 0)))
            stack.reverse()
            lines += [
                f"thread {thread.name!r}",
                frames_text(self.context.submission, list(stack)),
            ]
        return "\n".join(line for line in lines if line)

    def stuck(self) -> tuple[str, str]:
        """Return nothing: who holds a lock is known in virtual time only."""
        return "", ""

    def state(self) -> dict[str, str]:
        """Return nothing: its threads go on while one would look."""
        return {}

    def leaked(self) -> list[str]:
        """Return nothing: which threads go on is looked at in virtual time."""
        return []

    def _prepare_loop(self, loop: Any) -> None:
        """Report what leaves a callback, or a task that nobody awaits."""

        def handle(loop: Any, context: dict[str, Any]) -> None:
            with suppress(Ended):
                if not self.context.dead:
                    report_to(self.context.reports, context)

        loop.set_exception_handler(handle)


class _RealReports(BoxReports):
    """Logs lines at the real time, however many."""

    def __init__(
        self, context: RealContext, outbox: Outbox, world: Surroundings
    ) -> None:
        super().__init__(context, outbox)
        self._world = world

    def log(self, line: str, annotates: bool = False) -> None:
        """Record a line that the server printed, or an annotation."""
        self._outbox.actions.append(Log(self._world.now_ns, line, annotates))


class _ActingOutbox(Outbox):
    """Lets the world do each action at once."""

    def __init__(self, act: Callable[[Action], None]) -> None:
        self.actions = _ActingList(act)


class _ActingList(list[Action]):
    """Hands each action on as it is added."""

    def __init__(self, act: Callable[[Action], None]) -> None:
        super().__init__()
        self._act = act

    def append(self, action: Action, /) -> None:
        """Let the world do an action, before the thread that adds it goes on."""
        self._act(action)


class _Codec(Codec):
    """Makes the thread that encodes or decodes one of the box's, for `pickle`.

    It may be a worker of an executor, with nothing of the submission's on its
    stack: see `current_box`.
    """

    def __init__(self, context: RealContext) -> None:
        super().__init__(context.importer.own, context.importer.load_own)
        self._context = context

    def encode(self, value: Any) -> bytes:
        adopt(threading.current_thread(), self._context)
        return super().encode(value)

    def decode(self, data: bytes) -> Any:
        adopt(threading.current_thread(), self._context)
        return super().decode(data)


class RealThreads(Scheduler):
    """What a scheduler is to a box, for threads that schedule themselves."""

    def __init__(self, context: RealContext) -> None:
        super().__init__(context.entropy, context.reports.escaped, owner=context)
        self._context = context
        # For each thread that waits, or is about to: what wakes it.
        self._gates: dict[Any, SimpleQueue[Any]] = {}

    def spawn(self, body: Callable[..., Any], args: tuple[Any, ...], name: str) -> Any:
        """Start a thread."""
        thread = self._context.thread_class(target=body, args=args, name=name)
        thread.start()
        return thread

    def park(self, waits_for: Wait, deadline_ns: int | None = None) -> Any:
        """Make the current thread wait; return what `wake` was given for it.

        Raises:
            Ended: the server crashed meanwhile.
        """
        thread = getcurrent()
        # `wake` may have come before, and `kill` may come at any moment: the
        # gate has to be there before `dead` is looked at.
        gate = self._gates.setdefault(thread, SimpleQueue())
        try:
            value = None if self._context.dead else gate.get()
        finally:
            self._gates.pop(thread, None)
        self._context.check_alive()
        return value

    def wake(self, task: Any, value: Any = None) -> bool:
        """Let a waiting thread go on, also one that is only about to wait."""
        self._gates.setdefault(task, SimpleQueue()).put(value)
        return True

    def sleep(self, duration_ns: int, waits_for: Wait = "sleep") -> None:
        """Make the current thread wait in real time.

        Raises:
            Ended: the server crashed meanwhile.
        """
        sleep_s(to_seconds(duration_ns))
        self._context.check_alive()

    def kill(self) -> None:
        """End all waits: the box is dead."""
        for gate in list(self._gates.values()):
            gate.put(None)
