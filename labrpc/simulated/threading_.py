"""`threading` on the scheduler of the box that is running.

The standard library's own module, executed over simulated locks, keeps everything
except how a thread starts, ends and is waited for, and which threads there are.
"""

from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any

from labrpc.scheduling.greenlets import getcurrent
from labrpc.scheduling.scheduler import Task, current_scheduler, current_task
from labrpc.simulated import thread_
from labrpc.simulated.context import current_box, serial
from labrpc.simulated.locks import Notification

# The first thread of every box runs the constructor.
_MAIN_IDENT = 1
# Where a thread keeps the flag that `repr` shows, in Python 3.13 and from 3.14.
_HANDLES = ("_handle", "_os_thread_handle")


def finish(module: ModuleType) -> None:
    """Put threads onto the box's scheduler, and names and lists per box."""
    names = vars(module)
    _schedule_threads(names)
    _list_threads(names)
    names["Thread"].__hash__ = lambda self: hash(serial(self))
    names["_allocate_lock"] = Notification
    names["_counter"] = lambda: current_box().next_serial("thread")
    # What only threads of the operating system need.
    names["_dangling"] = SimpleNamespace(add=lambda thread: None)
    names["_make_invoke_excepthook"] = lambda: None
    _start_without_event(names)


class _Started:
    """Stands in for the `Event` by which a thread notes that it has started.

    Nothing waits for it here. An `Event` is a condition, a lock and a queue: making and
    setting one costs more than everything else that starts a thread.
    """

    __slots__ = ("_flag",)

    def __init__(self) -> None:
        self._flag = False

    def is_set(self) -> bool:
        """Return whether the thread has started."""
        return self._flag

    def set(self) -> None:
        """Note that the thread has started."""
        self._flag = True


def _start_without_event(names: dict[str, Any]) -> None:
    """Let `Thread.__init__`, and nothing else of the module, make a `_Started`."""
    init: Any = names["Thread"].__init__
    made = FunctionType(
        init.__code__,
        names | {"Event": _Started},
        init.__name__,
        init.__defaults__,
        init.__closure__,
    )
    made.__kwdefaults__ = init.__kwdefaults__
    made.__doc__, made.__qualname__ = init.__doc__, init.__qualname__
    names["Thread"].__init__ = made


def _schedule_threads(names: dict[str, Any]) -> None:
    """Let threads start, end and be waited for on the box's scheduler."""
    thread_class = names["Thread"]
    excepthook = names["excepthook"]

    def run_thread(thread: Any) -> None:
        task = getcurrent()
        try:
            thread_.may_lose_its_turn(task)
            thread.run()
        except SystemExit:
            pass
        except Exception as exc:
            if names["excepthook"] is excepthook:
                task.scheduler.escaped(exc, task)
            else:
                names["excepthook"](
                    thread_._ExceptHookArgs((type(exc), exc, exc.__traceback__, thread))
                )
        finally:
            thread._is_stopped = thread._lab_over = True
            for name in _HANDLES:
                if name in vars(thread):
                    vars(thread)[name]._set_done()
            if thread._lab_ended is not None:
                thread._lab_ended.set()

    def start(self: Any) -> None:
        if not self._initialized:
            raise RuntimeError("thread.__init__() not called")
        if self._started.is_set():
            raise RuntimeError("threads can only be started once")
        self._lab_over, self._lab_ended = False, None
        task = current_scheduler().start_thread(run_thread, (self,), self._name)
        task.thread = self
        self._ident = self._native_id = task.ident
        self._started.set()

    def join(self: Any, timeout: float | None = None) -> None:
        if not self._started.is_set():
            raise RuntimeError("cannot join thread before it is started")
        if self is names["current_thread"]():
            raise RuntimeError("cannot join current thread")
        if not self._lab_over:
            # Few threads are waited for, so the event is made when one is.
            if self._lab_ended is None:
                self._lab_ended = names["Event"]()
            self._lab_ended.wait(timeout)

    def is_alive(self: Any) -> bool:
        return self._started.is_set() and not self._lab_over

    thread_class.start = start
    thread_class.join = join
    thread_class.is_alive = is_alive


def _list_threads(names: dict[str, Any]) -> None:
    """Let the module know the threads of the box that runs, and no others."""
    thread_class: Any = names["Thread"]

    class LabThread(thread_class):  # type: ignore[misc]
        """A thread that the lab started: the constructor's, or a handler's."""

        def __init__(self, name: str, ident: int) -> None:
            super().__init__(name=name, daemon=False)
            self._lab_over, self._lab_ended = False, None
            self._ident = self._native_id = ident
            self._started.set()

    def current_thread() -> Any:
        task = current_task()
        if task is None:
            return names["_main_thread"]
        return task.thread or thread_of(task)

    def enumerate_threads() -> list[Any]:
        return [task.thread or thread_of(task) for task in current_scheduler().tasks]

    def thread_of(task: Task) -> Any:
        if task.ident == _MAIN_IDENT:
            task.thread = main_thread()
        else:
            task.thread = LabThread(task.name, task.ident)
        return task.thread

    def main_thread() -> Any:
        """Return the thread that ran the constructor, ended or not."""
        box = current_box()
        if box.main_thread is None:
            box.main_thread = LabThread("MainThread", _MAIN_IDENT)
        return box.main_thread

    names["current_thread"] = names["currentThread"] = current_thread
    names["enumerate"] = enumerate_threads
    names["active_count"] = names["activeCount"] = lambda: len(
        current_scheduler().tasks
    )
    names["main_thread"] = main_thread
