"""`breakpoint()` and `pdb.set_trace()` of a server where no debugger can open.

Without a person at a keyboard, a debugger would read the end of its input at once, and
leave the submission with a `BdbQuit`.
"""

import importlib
import os
from types import ModuleType

from labrpc.codes import BREAKPOINT
from labrpc.scheduling.greenlets import getcurrent
from labrpc.simulated.context import current_box
from labrpc.simulated.module_copy import copy_of
from labrpc.submission.stacks import place_of, running_thread_report


def breakpoint_(*args: object, **kwargs: object) -> None:
    """Stand in for `breakpoint`: the test has failed."""
    # Who sets this wants to have them all passed over.
    if os.environ.get("PYTHONBREAKPOINT") != "0":
        _refuse("breakpoint()")


def set_trace(*args: object, **kwargs: object) -> None:
    """Stand in for `pdb.set_trace`: the test has failed."""
    _refuse("pdb.set_trace()")


def _refuse(what: str) -> None:
    """End the test. Nothing is raised, since the submission could swallow it."""
    box = current_box()
    place = place_of(box.submission, getcurrent())
    box.reports.fail(
        BREAKPOINT,
        f"{what} {place}, where no debugger can open: remove it",
        f"{running_thread_report(box.submission)}\n"
        "a debugger opens under pytest without -n and without --isolation",
    )


def as_module() -> ModuleType:
    """Return the module that a server imports as `pdb` where no debugger can open."""
    module = copy_of(importlib.import_module("pdb"))
    vars(module)["set_trace"] = set_trace
    return module
