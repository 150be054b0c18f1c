"""The modules that a submission imports in real time, each for its own server.

Several servers run at once in one process, on the process's own standard
modules. Only the submission's own modules are each server's; so whoever looks
one up, `pickle` for instance, must find the one of the server whose thread it
runs in.
"""

import builtins
import io
import sys
import threading
import time
from functools import partial
from types import ModuleType
from typing import Any

from labrpc.machine.wall_clock import sleep_s
from labrpc.real_time.real_context import BOX_NAME, RealContext, adopt, current_box
from labrpc.simulated.importer import Importer
from labrpc.simulated.module_copy import copy_of
from labrpc.submission.submission import Submission


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


# What a submission imports.


class RealImporter(Importer):
    """Loads the submission's own modules per incarnation, on real threads.

    All others are the process's own, except for the `stand_ins`.
    """

    def __init__(
        self, submission: Submission, box: RealContext, stand_ins: dict[str, ModuleType]
    ) -> None:
        super().__init__(submission, box)
        self._stand_ins = stand_ins
        self._lock = threading.RLock()
        self.builtins = vars(builtins) | {
            "__import__": self._import,
            "print": partial(_print, box),
            BOX_NAME: box,
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


def time_module(box: RealContext) -> ModuleType:
    """Return `time`, with a `sleep` that ends the threads of a dead server."""

    def sleep(seconds: float) -> None:
        box.check_alive()
        sleep_s(seconds)
        box.check_alive()

    module = copy_of(time)
    vars(module)["sleep"] = sleep
    return module


def threading_module(box: RealContext) -> ModuleType:
    """Return `threading`, with threads that know which box they belong to."""

    class Thread(threading.Thread):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            adopt(self, box)
            # Not threading.excepthook: that is the process's, and pytest's.
            self._invoke_excepthook = box.thread_failed

        def start(self) -> None:
            # Whatever the submission wants: the process must be able to end.
            self.daemon = True
            super().start()

    class Timer(Thread, threading.Timer):
        pass

    module = copy_of(threading)
    vars(module).update({"Thread": Thread, "Timer": Timer})
    return module


def _print(box: RealContext, *values: object, file: Any = None, **how: Any) -> None:
    """Print to the box's log, in whole lines."""
    if file is not None:
        builtins.print(*values, file=file, **how)
        return
    text = io.StringIO()
    builtins.print(*values, file=text, **how)
    for line in text.getvalue().splitlines():
        box.reports.log(line)
