"""`asyncio` in virtual time: the standard library's own, over simulated modules.

Its modules are executed afresh, without their C accelerators, over the
simulated `threading`, `time` and `concurrent.futures`, with the loop of
`event_loop`. One set serves all boxes, like the other simulated modules. It
is made when the first server asks for it, so that others do not pay for it.
"""

import asyncio as real_asyncio
import contextlib
import importlib.util
import warnings
from types import ModuleType
from typing import Any

from labrpc.scheduling.scheduler import current_task
from labrpc.simulated import os_
from labrpc.simulated.context import current_box, serial
from labrpc.simulated.event_loop import (
    LoopMethods,
    get_running_loop,
    running_loop,
    set_running_loop,
)
from labrpc.simulated.stdlib import BoxLogger, StandardModules
from labrpc.simulated.task_locks import note_holders

# Executed afresh in this order. Some of them mention `tasks` before it is there.
_REEXECUTED: tuple[str, ...] = (
    "constants", "exceptions", "format_helpers", "base_futures", "coroutines",
    "events", "base_tasks", "futures", "mixins", "locks", "queues", "timeouts",
    "tasks", "taskgroups", "threads", "protocols", "transports", "base_events",
    "runners",
)  # fmt: skip
if importlib.util.find_spec("asyncio.graph"):  # From Python 3.14 on.
    _REEXECUTED += ("graph",)
# What they import and a server has no use for: it is only mentioned.
_MENTIONED = ("socket", "ssl", "subprocess", "asyncio.sslproto", "asyncio.staggered",
              "asyncio.trsock")  # fmt: skip
# The names of child watchers differ from one version of Python to the next.
_OF_PROCESSES = ("create_subprocess_exec", "create_subprocess_shell", "ChildWatcher")


def add_to(standard: StandardModules) -> None:
    """Make the simulated `asyncio`, and add it to the modules that servers share."""
    made: dict[str, ModuleType] = {
        "asyncio": ModuleType("asyncio", real_asyncio.__doc__)
    }
    made["asyncio"].__path__ = []
    modules = standard.modules | made | _stand_ins()
    tasks = modules["asyncio.tasks"] = ModuleType("asyncio.tasks")
    for name in _REEXECUTED:
        name = f"asyncio.{name}"
        made[name] = standard.execute(name, modules)
    for module in made.values():
        if vars(module).get("tasks") is tasks:
            vars(module)["tasks"] = made["asyncio.tasks"]
    _finish_tasks(made["asyncio.tasks"], made["asyncio.futures"])
    _finish_loops(made["asyncio.events"], made["asyncio.base_events"])
    note_holders(made["asyncio.locks"], made["asyncio.tasks"])
    # Held for two lines at a time, by one thread of the process.
    vars(made["asyncio.mixins"])["_global_lock"] = contextlib.nullcontext()
    vars(made["asyncio.coroutines"])["_is_debug_mode"] = lambda: False
    _fill_package(made)
    standard.add(made)
    vars(warnings)["_warn_unawaited_coroutine"] = _warn_unawaited


def _stand_ins() -> dict[str, ModuleType]:
    """Return what `asyncio` gets in place of modules that it may not use."""
    found = {}
    for name in _MENTIONED:
        found[name] = module = ModuleType(name)
        vars(module)["__getattr__"] = lambda attribute: None
    found["signal"] = signal = ModuleType("signal")
    # As where Ctrl-C is handled by somebody else already.
    vars(signal).update(SIGINT=2, default_int_handler=None, getsignal=lambda number: 0)
    # Nobody's filters for warnings may decide what a server does.
    found["warnings"] = quiet = ModuleType("warnings")
    silent = {name: lambda *args, **how: None for name in ("warn", "_deprecated")}
    vars(quiet).update(vars(warnings) | silent)
    found["asyncio.log"] = log = ModuleType("asyncio.log")
    vars(log)["logger"] = BoxLogger("asyncio")
    return found


def _finish_tasks(tasks: ModuleType, futures: ModuleType) -> None:
    """Take ids and hashes out of the order of tasks, and note exceptions."""
    names = vars(tasks)
    task_class: Any = names["Task"]
    future_class: Any = vars(futures)["Future"]
    set_exception = future_class.set_exception

    def set_exception_and_note(self: Any, exception: Any) -> None:
        set_exception(self, exception)
        if isinstance(self, task_class):
            self._loop.lab_failed(self)

    def all_tasks(loop: Any = None) -> set[Any]:
        """Return a set of all tasks for the loop."""
        loop = loop or vars(tasks)["events"].get_running_loop()
        return {task for task in loop.lab_tasks if not task.done()}

    def ordered_set(items: Any = ()) -> Any:
        """Stand in for `set`: what is awaited is started in the order given."""
        return dict.fromkeys(items) if items else set()

    def hash_of(self: Any) -> int:
        try:
            return self._lab_serial  # type: ignore[no-any-return]
        except AttributeError:
            return serial(self)

    future_class.__hash__ = hash_of
    future_class.set_exception = set_exception_and_note
    names["set"] = ordered_set
    names["all_tasks"] = all_tasks
    names["_task_name_counter"] = lambda: current_box().next_serial("task")
    # From Python 3.14 on, tasks call them by the names that begin with `_py`.
    for prefix in ("", "_py"):
        for register in ("_register_task", "_register_eager_task"):
            names[prefix + register] = lambda task: task._loop.lab_tasks.add(task)
        for unregister in ("_unregister_task", "_unregister_eager_task"):
            names[prefix + unregister] = lambda task: task._loop.lab_tasks.discard(task)


def _finish_loops(events: ModuleType, base_events: ModuleType) -> None:
    """Put the simulated loop in, and keep the running loop per simulated thread."""
    base: Any = vars(base_events)["BaseEventLoop"]
    # From Python 3.14 on, its name is private.
    policy_base: Any = (
        vars(events).get("BaseDefaultEventLoopPolicy")
        or (vars(events)["_BaseDefaultEventLoopPolicy"])
    )
    loop_class = type("EventLoop", (LoopMethods, base), {"__module__": "asyncio"})
    policy_class = type(
        "DefaultEventLoopPolicy",
        (policy_base,),
        {"__module__": "asyncio", "_loop_factory": loop_class},
    )

    vars(events).update(
        _get_running_loop=running_loop,
        _set_running_loop=set_running_loop,
        get_running_loop=get_running_loop,
        _event_loop_policy=policy_class(),
        set_event_loop_policy=os_.refuse(
            "asyncio.set_event_loop_policy", "its event loops run in virtual time"
        ),
        EventLoop=loop_class,
        SelectorEventLoop=loop_class,
        DefaultEventLoopPolicy=policy_class,
    )


def _fill_package(made: dict[str, ModuleType]) -> None:
    """Give the package what its `__init__` would; refuse what it has no room for."""
    package = vars(made["asyncio"])
    for name in _REEXECUTED:
        module = made[f"asyncio.{name}"]
        package[name] = module
        for public in vars(module).get("__all__", ()):
            package[public] = vars(module)[public]
    for name in ("EventLoop", "SelectorEventLoop", "DefaultEventLoopPolicy"):
        package[name] = vars(made["asyncio.events"])[name]
    for name in real_asyncio.__all__:
        if name not in package:
            reason = os_.PROCESS if name.endswith(_OF_PROCESSES) else os_.NETWORK
            package[name] = os_.refuse(f"asyncio.{name}", reason)
    package["__all__"] = tuple(real_asyncio.__all__)


_warn_for_real = vars(warnings)["_warn_unawaited_coroutine"]


def _warn_unawaited(coroutine: Any) -> None:
    """Log in the server that a coroutine of its was never awaited.

    Called by the interpreter when it frees one that was never started, also
    long after its server has crashed.
    """
    frame = coroutine.cr_frame
    task = current_task()
    if task is not None:
        if not task.dying:
            name = coroutine.__qualname__
            current_box().reports.log(
                f"RuntimeWarning: coroutine {name!r} was never awaited"
            )
    elif not frame.f_globals["__name__"].startswith("labrpc") and (
        frame.f_builtins.get("__import__") is __import__
    ):
        _warn_for_real(coroutine)
