"""The event loop of the simulated `asyncio`: it waits in virtual time.

`LoopMethods` completes the standard library's own `BaseEventLoop`, which
leaves open how a loop waits and how other threads wake it. A loop with
nothing to do parks its simulated thread. It has no sockets.
"""

import math
import weakref
from collections.abc import Callable
from typing import Any, NoReturn

from labrpc.clock import SECOND
from labrpc.scheduling.greenlets import getcurrent, never_free
from labrpc.scheduling.scheduler import (
    DEATHS_MAX,
    SLEEP_NS_MIN,
    Task,
    current_scheduler,
    current_task,
)
from labrpc.simulated import os_
from labrpc.simulated.box_loops import OrderedWeakSet
from labrpc.simulated.context import BoxContext, Reports, current_box

# A task that ends by an exception has failed the server unless somebody has
# asked for its outcome this much later.
NOTICE_SECONDS = 1.0

_NETWORK = (
    "add_reader", "add_writer", "connect_accepted_socket", "create_connection",
    "create_datagram_endpoint", "create_server", "create_unix_connection",
    "create_unix_server", "getaddrinfo", "getnameinfo", "remove_reader",
    "remove_writer", "sendfile", "sock_accept", "sock_connect", "sock_recv",
    "sock_recv_into", "sock_recvfrom", "sock_recvfrom_into", "sock_sendall",
    "sock_sendfile", "sock_sendto", "start_tls",
)  # fmt: skip
_PROCESS = (
    "connect_read_pipe", "connect_write_pipe", "subprocess_exec", "subprocess_shell",
)  # fmt: skip
_SIGNALS = ("add_signal_handler", "remove_signal_handler")


def running_loop() -> Any:
    """Return the loop that the current thread runs, None if it runs none."""
    task = getcurrent()
    if not isinstance(task, Task):
        return None
    return task.scheduler.owner.loops.running.get(task)


def set_running_loop(loop: Any) -> None:
    """Note which loop the current thread runs from now on."""
    running = current_box().loops.running
    if loop is None:
        running.pop(getcurrent(), None)
    else:
        running[getcurrent()] = loop


def get_running_loop() -> Any:
    """Return the loop that the current thread runs.

    Raises:
        RuntimeError: it runs none.
    """
    loop = running_loop()
    if loop is None:
        _unwind_if_dying()
        raise RuntimeError("no running event loop")
    return loop


def _unwind_if_dying() -> None:
    """Raise GreenletExit in a thread of a crashed server.

    A coroutine that catches all exceptions may come here again and again;
    as with threads, it is left alone in the end.
    """
    task = current_task()
    if task is not None and task.dying:
        task.scheduler.park("the end")


class LoopMethods:
    """What a loop needs besides the standard `BaseEventLoop`, into which it is mixed.

    Attributes:
        lab_tasks: the loop's tasks, for `asyncio.all_tasks`.
    """

    # Of BaseEventLoop.
    _closed: bool
    _ready: Any
    _scheduled: Any
    call_later: Any
    call_soon_threadsafe: Any
    is_closed: Callable[[], bool]

    def __init__(self) -> None:
        super().__init__()
        self.lab_tasks = OrderedWeakSet()
        self._asyncgens = OrderedWeakSet()
        self._selector = self
        self._box: BoxContext = current_box()
        self._idle: Task | None = None
        self._cut_off = False
        self._box.loops.add(self)

    def __del__(self) -> None:
        """Do nothing: there is no socket to be closed."""

    # Waiting. BaseEventLoop asks `_selector` for what has happened.

    def select(self, timeout: float | None) -> tuple[()]:
        """Wait until a callback is there to be run, or for `timeout` seconds."""
        task = getcurrent()
        if not task.dying and (self._ready or timeout == 0):
            return ()
        scheduler = task.scheduler
        deadline_ns = None
        if timeout is not None:
            # Upwards, so that the time has come when the loop looks again.
            wait_ns = math.ceil(timeout * SECOND)
            deadline_ns = scheduler.now_ns + max(wait_ns, SLEEP_NS_MIN)
        self._idle = task
        try:
            scheduler.park("something to do: its event loop is idle", deadline_ns)
        finally:
            self._idle = None
        return ()

    def _process_events(self, events: tuple[()]) -> None:
        """Do nothing: callbacks are all that can happen."""

    def _write_to_self(self) -> None:
        """Wake the loop: another thread, or the world, has added a callback."""
        if self._idle is not None:
            self._idle.scheduler.wake(self._idle)

    def _set_coroutine_origin_tracking(self, enabled: bool) -> None:
        """Do nothing: it is kept per thread of the operating system."""

    def time(self) -> float:
        """Return the time as `time.monotonic` does; a loop asks for it all the time."""
        return current_scheduler().read_clock() / SECOND

    def _check_closed(self) -> None:
        if self._closed:
            _unwind_if_dying()
            super()._check_closed()  # type: ignore[misc]

    # Exceptions that nobody has caught.

    def lab_failed(self, task: Any) -> None:
        """Note that a task has ended by an exception: somebody should ask for it."""
        if not self.is_closed():
            self.call_later(NOTICE_SECONDS, _look_after, weakref.ref(task))

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Report what went wrong in a callback, or in a task that nobody awaits."""
        task = current_task()
        if self._cut_off or (task is not None and task.dying):
            return
        if task is None and not self.is_closed():
            # A finalizer, between two steps; a handler of the submission's has
            # to run in its own thread.
            self.call_soon_threadsafe(self.call_exception_handler, context)
        else:
            super().call_exception_handler(context)  # type: ignore[misc]

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """Fail the server, as an exception that leaves a thread does."""
        report_to(self._box.reports, context)

    # The end.

    def lab_cut_off(self) -> None:
        """Let nothing of the loop run any more: its server has crashed."""
        self._cut_off = self._closed = True
        for task in self.lab_tasks:
            task._log_destroy_pending = False
        self._ready.clear()
        self._scheduled.clear()


def _look_after(ended: "weakref.ref[Any]") -> None:
    """Report a task's exception if nobody has asked for it by now."""
    task = ended()
    if task is not None and task._log_traceback:
        task._log_traceback = False
        task._loop.call_exception_handler(
            {
                "message": "Task exception was never retrieved",
                "exception": task._exception,
                "future": task,
            }
        )


def report_to(reports: Reports, context: dict[str, Any]) -> None:
    """Report an exception that an event loop can report to no one else."""
    exc = context.get("exception")
    culprit: Any = context.get("task") or context.get("future")
    if exc is None:
        reports.log(f"asyncio: {context['message']}")
    elif hasattr(culprit, "get_coro"):
        name = culprit.get_name()
        reports.exception(exc, f"in the asyncio task {name!r}, which nobody awaited")
    else:
        reports.exception(exc, "in a callback of the event loop")


def close_coroutine(coroutine: Any) -> None:
    """Unwind a coroutine of a server that has crashed, as its threads are."""
    for _ in range(DEATHS_MAX):
        try:
            coroutine.close()
            return
        except BaseException:
            # It waits in a `finally`, or its thread was stopped in its midst.
            if coroutine.cr_frame is None:
                return
    never_free(coroutine)


def _refused(name: str, reason: str) -> Callable[..., NoReturn]:
    return os_.refuse(f"loop.{name}", reason)


for _names, _reason in (
    (_NETWORK, os_.NETWORK),
    (_PROCESS, os_.PROCESS),
    (_SIGNALS, os_.SIGNALS),
):
    for _name in _names:
        setattr(LoopMethods, _name, _refused(_name, _reason))
