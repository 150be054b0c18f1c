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

import builtins
import io
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from traceback import StackSummary, walk_stack
from types import ModuleType
from typing import Any, Protocol

from labrpc.box import InProcessBox, Step
from labrpc.encoding import Codec
from labrpc.events import Action, Event, Log
from labrpc.real_time import sleep_s
from labrpc.simulated.importer import Importer
from labrpc.stacks import THREADS_MAX, frames_text
from labrpc.submission import Submission
from labrpc.threads import Scheduler, Wait, getcurrent


class Ended(BaseException):
    """Raised in a thread whose server has crashed, or whose world is closed.

    No Exception, so that a submission's `except Exception` lets it pass.
    """


class Surroundings(Protocol):
    """What a box uses of its world."""

    @property
    def now_ns(self) -> int:
        """Nanoseconds since the world began."""

    def act(self, box: "RealBox", action: Action) -> None:
        """Do what a server does; raises Ended if it has crashed."""


class RealBox(InProcessBox):
    """One incarnation whose threads are the operating system's.

    Attributes:
        dead: whether the server has crashed; once true, always true.
        thread_class: what the submission gets as `threading.Thread`.
    """

    def __init__(
        self,
        submission: Submission,
        server: int,
        incarnation: int,
        seed: str,
        world: Surroundings,
    ) -> None:
        super().__init__(submission, server, incarnation, seed)
        self.dead = False
        self._world = world
        threads = _threading_module(self)
        self.thread_class: type[threading.Thread] = vars(threads)["Thread"]
        self.scheduler = RealThreads(self)
        self.importer = RealImporter(
            submission, self, {"threading": threads, "time": _time_module(self)}
        )
        self.codec = _Codec(self)
        self.actions = _Outbox(partial(world.act, self))
        self._serials_lock = threading.Lock()

    def step(self, now_ns: int, event: Event) -> Step:
        """Deliver `event`; what the server does follows when it does it."""
        self._deliver[type(event)](event)
        return [], None

    def crash(self) -> None:
        """Cut the incarnation off, and help its threads to end."""
        self.dead = True
        self.scheduler.kill()
        kill = getattr(self.raft, "kill", None)
        if kill is not None:
            self.scheduler.spawn(kill, (), "kill()")

    def threads(self) -> str:
        """Return the threads and where each stands."""
        frames = sys._current_frames()
        found = [t for t in threading.enumerate() if box_of(t) is self and t.ident]
        lines = []
        for thread in found[:THREADS_MAX]:
            stack = StackSummary.extract(walk_stack(frames.get(thread.ident or 0)))
            stack.reverse()
            lines += [
                f"thread {thread.name!r}",
                frames_text(self.submission, list(stack)),
            ]
        return "\n".join(line for line in lines if line)

    def leaked(self) -> list[str]:
        """Return nothing: which threads go on is looked at in virtual time."""
        return []

    def next_serial(self, kind: str) -> int:
        """Return 1, 2, 3, … for each `kind`."""
        with self._serials_lock:
            return super().next_serial(kind)

    def log(self, line: str) -> None:
        """Record a line that the server printed."""
        self.actions.append(Log(self._world.now_ns, line))

    def thread_failed(self, thread: threading.Thread) -> None:
        """Report the exception that is ending a thread of the submission's."""
        exc = sys.exc_info()[1]
        if isinstance(exc, Exception):
            with suppress(Ended):
                self.report(exc, f"in thread {thread.name!r}")


class _Outbox(list[Action]):
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

    def __init__(self, box: RealBox) -> None:
        super().__init__(box.importer.own, box.importer.load_own)
        self._box = box

    def encode(self, value: Any) -> bytes:
        setattr(threading.current_thread(), _BOX, self._box)
        return super().encode(value)

    def decode(self, data: bytes) -> Any:
        setattr(threading.current_thread(), _BOX, self._box)
        return super().decode(data)


class RealThreads(Scheduler):
    """What a scheduler is to a box, for threads that schedule themselves."""

    def __init__(self, box: RealBox) -> None:
        super().__init__(box.entropy, box._escaped, owner=box)
        self._box = box
        # For each thread that waits, or is about to: what wakes it.
        self._gates: dict[Any, SimpleQueue[Any]] = {}

    def spawn(self, body: Callable[..., Any], args: tuple[Any, ...], name: str) -> Any:
        """Start a thread."""
        thread = self._box.thread_class(target=body, args=args, name=name)
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
            value = None if self._box.dead else gate.get()
        finally:
            self._gates.pop(thread, None)
        if self._box.dead:
            raise Ended
        return value

    def wake(self, task: Any, value: Any = None) -> bool:
        """Let a waiting thread go on, also one that is only about to wait."""
        self._gates.setdefault(task, SimpleQueue()).put(value)
        return True

    def kill(self) -> None:
        """End all waits: the box is dead."""
        for gate in list(self._gates.values()):
            gate.put(None)


# What a submission imports.


class RealImporter(Importer):
    """Loads the submission's own modules per incarnation, on real threads.

    All others are the process's own, except for the `stand_ins`.
    """

    def __init__(
        self, submission: Submission, box: RealBox, stand_ins: dict[str, ModuleType]
    ) -> None:
        super().__init__(submission, box)
        self._stand_ins = stand_ins
        self._lock = threading.RLock()
        self.builtins = vars(builtins) | {
            "__import__": self._import,
            "print": partial(_print, box),
            _BOX: box,
        }

    def load(self, name: str) -> ModuleType:
        """Return the module `name`; two threads never load at the same time."""
        with self._lock:
            return super().load(name)

    def _import(
        self,
        name: str,
        globals: dict[str, Any] | None = None,
        locals: dict[str, Any] | None = None,
        fromlist: tuple[str, ...] | None = (),
        level: int = 0,
    ) -> Any:
        return self.import_(name, globals, fromlist, level)

    def _simulated(self, name: str) -> ModuleType | None:
        if name == "labrpc":
            return super()._simulated(name)
        return self._stand_ins.get(name)

    def _publish(self, module: ModuleType) -> None:
        """Do nothing: the doors in `sys.modules` lead here."""

    def _withdraw(self, name: str) -> None:
        """Do nothing, either."""


def _time_module(box: RealBox) -> ModuleType:
    """Return `time`, with a `sleep` that ends the threads of a dead server."""

    def sleep(seconds: float) -> None:
        if not box.dead:
            sleep_s(seconds)
        if box.dead:
            raise Ended

    module = ModuleType("time", time.__doc__)
    vars(module).update(vars(time) | {"sleep": sleep})
    return module


def _threading_module(box: RealBox) -> ModuleType:
    """Return `threading`, with threads that know which box they belong to."""

    class Thread(threading.Thread):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            setattr(self, _BOX, box)
            # Not threading.excepthook: that is the process's, and pytest's.
            self._invoke_excepthook = box.thread_failed

        def start(self) -> None:
            # Whatever the submission wants: the process must be able to end.
            self.daemon = True
            super().start()

    class Timer(Thread, threading.Timer):
        pass

    module = ModuleType("threading", threading.__doc__)
    vars(module).update(vars(threading) | {"Thread": Thread, "Timer": Timer})
    return module


def _print(box: RealBox, *values: object, file: Any = None, **how: Any) -> None:
    """Print to the box's log, in whole lines."""
    if file is not None:
        builtins.print(*values, file=file, **how)
        return
    text = io.StringIO()
    builtins.print(*values, file=text, **how)
    for line in text.getvalue().splitlines():
        box.log(line)


# Whose thread is it, and whose module.

_BOX = "__lab_box__"


def box_of(thread: threading.Thread) -> RealBox | None:
    """Return the box that started a thread, None if none did."""
    box: RealBox | None = getattr(thread, _BOX, None)
    return box


def current_box() -> RealBox | None:
    """Return the box whose code the current thread runs, None for the lab's own.

    A worker of an executor is a thread of the process's own `threading`; there,
    the submission's functions on its stack tell.
    """
    box = box_of(threading.current_thread())
    frame = sys._getframe(1)
    while box is None and frame is not None:
        box = frame.f_builtins.get(_BOX)
        frame = frame.f_back  # type: ignore[assignment]
    return box


class _Door:
    """Stands in `sys.modules` for one of the submission's modules.

    `pickle`, `dataclasses` and others look a class's module up there. Several
    servers run at once, so each thread has to find its own server's module;
    threads of the process find what was there before.
    """

    def __init__(self, name: str, behind: ModuleType | None) -> None:
        object.__setattr__(self, "_leads_to", (name, behind))

    def __getattribute__(self, attribute: str) -> Any:
        return getattr(_open(self), attribute)

    def __setattr__(self, attribute: str, value: Any) -> None:
        setattr(_open(self), attribute, value)


def _open(door: _Door) -> ModuleType:
    """Return the module that a door leads to for the current thread."""
    name, module = object.__getattribute__(door, "_leads_to")
    box = current_box()
    if box is not None:
        module = box.importer.own.get(name)
    if module is None:
        raise AttributeError(f"module {name!r} is not loaded here")
    found: ModuleType = module
    return found


class Doors:
    """The doors in `sys.modules` to one submission's modules."""

    def __init__(self, submission: Submission) -> None:
        self._hidden = {name: sys.modules.get(name) for name in submission.files}
        for name, module in self._hidden.items():
            sys.modules[name] = _Door(name, module)  # type: ignore[assignment]

    def remove(self) -> None:
        """Put back what was there before."""
        for name, module in self._hidden.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module
