"""Servers of threads: each RPC and each call of the service runs in its own."""

from labrpc.box.method_calls import MethodCalls, method_name
from labrpc.scheduling.scheduler import Scheduler, Task
from labrpc.world.events import Invoke, Request


class ThreadServer:
    """Calls the methods of one server in threads.

    Attributes:
        invoked: the threads that run a method for the service above, by number.
    """

    def __init__(self, calls: MethodCalls, scheduler: Scheduler) -> None:
        self.invoked: dict[int, Task] = {}
        self._calls = calls
        self._scheduler = scheduler

    def serves(self, task: Task) -> bool:
        """Return whether a thread runs a handler, or a method for the service above."""
        return getattr(task.body, "__self__", None) is self

    def request(self, event: Request) -> None:
        """Start the handler of an RPC."""
        name = f"{method_name(event)} from {event.src}"
        self._scheduler.spawn(self._handle, (event,), name)

    def _handle(self, event: Request) -> None:
        calls = self._calls
        try:
            calls.reply(event, calls.handle(event))
        except (Exception, SystemExit) as exc:
            calls.handler_raised(exc, event)

    def invoke(self, event: Invoke) -> None:
        """Start a method for the service above."""
        self.invoked[event.invoke_id] = self._scheduler.spawn(
            self._run_invoked, (event,), f"{event.method}()"
        )

    def _run_invoked(self, event: Invoke) -> None:
        calls = self._calls
        try:
            calls.return_result(event, calls.invoke(event))
        except (Exception, SystemExit) as exc:
            calls.method_raised(exc, event)
        finally:
            self.invoked.pop(event.invoke_id, None)
