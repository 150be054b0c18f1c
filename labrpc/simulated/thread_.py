"""The simulated `_thread`: locks and threads of the current box.

The standard library's own `threading`, `queue` and `concurrent.futures` run
on top of this (see `stdlib`).
"""

import _thread as real_thread
from collections.abc import Callable
from types import ModuleType
from typing import Any

from labrpc.scheduling.greenlets import getcurrent
from labrpc.scheduling.scheduler import Task, current_scheduler
from labrpc.simulated.locks import TIMEOUT_MAX as TIMEOUT_MAX
from labrpc.simulated.locks import Lock
from labrpc.simulated.locks import RLock as RLock

error = RuntimeError
allocate_lock = allocate = lock = LockType = Lock


def get_ident() -> int:
    """Return the number of the current thread, from 1 in each incarnation."""
    return getattr(getcurrent(), "ident", 0)


get_native_id = get_ident


def _guarded(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Run a raw thread's function; report what escapes it."""
    task = getcurrent()
    try:
        may_lose_its_turn(task)
        function(*args, **kwargs)
    except SystemExit:
        pass
    except Exception as exc:
        task.scheduler.escaped(exc, task)


def may_lose_its_turn(task: Task) -> None:
    """Let a thread of the submission that begins wait, now and then, with preemption."""
    preemption = task.scheduler.owner.preemption
    if preemption is not None:
        preemption.begin_thread()


def start_new_thread(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None = None,
) -> int:
    """Start a thread that runs `function(*args, **kwargs)`."""
    name = f"thread {getattr(function, '__name__', 'function')}"
    how = function, args, kwargs or {}
    return current_scheduler().start_thread(_guarded, how, name).ident


start_new = start_new_thread


def exit() -> None:
    """End the current thread."""
    raise SystemExit


exit_thread = exit


def interrupt_main(signum: int = 2) -> None:
    """Refuse: a server has no process of its own to interrupt."""
    raise RuntimeError("a server in the lab cannot interrupt the main thread")


def stack_size(size: int = 0) -> int:
    """Return 0, the default size, whatever is asked for."""
    return 0


def daemon_threads_allowed() -> bool:
    """Return True: daemon threads end with their server."""
    return True


def _count() -> int:
    return len(current_scheduler().tasks)


class _ExceptHookArgs(tuple[Any, ...]):
    """What `threading.excepthook` is given, by the names of the real one."""

    exc_type = property(lambda self: self[0])
    exc_value = property(lambda self: self[1])
    exc_traceback = property(lambda self: self[2])
    thread = property(lambda self: self[3])


def _excepthook(args: _ExceptHookArgs) -> None:
    """Report an exception that left a thread: the server has crashed."""
    task = getcurrent()
    task.scheduler.escaped(args.exc_value, task)


# What the versions of `threading` ask for at import. `threading_` replaces
# the parts of `Thread` that would use them, so they only have to be there.


class _ThreadHandle:
    """Python 3.13's handle of a thread: here only a flag for `repr`."""

    def __init__(self) -> None:
        self.ident = 0
        self._done = False

    def is_done(self) -> bool:
        """Return whether the thread has ended."""
        return self._done

    def _set_done(self) -> None:
        self._done = True


def _make_thread_handle(ident: int) -> _ThreadHandle:
    handle = _ThreadHandle()
    handle.ident = ident
    return handle


def start_joinable_thread(
    function: Callable[[], Any], handle: Any = None, daemon: bool = True
) -> _ThreadHandle:
    """Start a thread as Python 3.13's `threading` does."""
    return _make_thread_handle(start_new_thread(function, ()))


def _get_main_thread_ident() -> int:
    return 1


def _is_main_interpreter() -> bool:
    return True


def _shutdown() -> None:
    """Do nothing: a server's threads end with its box."""


_set_sentinel = Lock


class _local:
    """Only there to be imported; `stdlib` puts the pure-Python one in."""


def as_module() -> ModuleType:
    """Return the module that a server imports as `_thread`."""
    module = ModuleType("_thread", real_thread.__doc__)
    for name, value in globals().items():
        if not isinstance(value, ModuleType) and not name.startswith("__"):
            setattr(module, name, value)
    return module
