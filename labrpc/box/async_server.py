"""Servers written with `asyncio`: one event loop, on which the lab calls everything.

A class with any `async def` method is such a server: its constructor, its
RPC handlers and what the service calls all run in the thread of its event
loop, so they need no locks. Uses only what every event loop has, so the
loop may be a simulated one or, with `--real-time`, a real one.
"""

import inspect
from collections.abc import Callable, Coroutine
from contextvars import Context
from types import FunctionType
from typing import Any

from labrpc.box.method_calls import MethodCalls
from labrpc.scheduling.scheduler import current_task
from labrpc.world.events import Invoke, Request


def has_coroutines(kind: type) -> bool:
    """Return whether a class, or one it inherits from, has an `async def` method."""
    return any(
        _is_coroutine_function(getattr(value, "__func__", value))
        for base in kind.__mro__[:-1]
        for value in vars(base).values()
    )


def _is_coroutine_function(value: Any) -> bool:
    if type(value) is FunctionType and not vars(value):
        # It is not marked as anything else than what it is.
        return value.__code__.co_flags & inspect.CO_COROUTINE > 0
    return inspect.iscoroutinefunction(value)


class AsyncServer:
    """Calls the methods of one server on its event loop.

    Args:
        calls: calls the methods.
        loop: a new event loop of the `asyncio` that the server imports.
    """

    def __init__(self, calls: MethodCalls, loop: Any) -> None:
        self._calls = calls
        self._loop = loop
        # A loop forgets a task that nobody keeps.
        self._tasks: dict[Any, None] = {}

    def run(self, construct: Callable[[], None]) -> None:
        """Run the event loop in this thread, and the constructor on it, first.

        Raises:
            SystemExit: something on the loop has raised it.
        """
        thread = current_task()
        if thread is not None:
            thread.name = "event loop"
        self._loop.call_soon(construct)
        self._loop.run_forever()

    def open_calls(self) -> list[Any]:
        """Return the tasks that run a handler, or a method for the service above."""
        return list(self._tasks)

    def request(self, event: Request) -> None:
        """Start the handler of an RPC."""
        self._start(self._handle, event, f"{event.method} from {event.src}")

    def invoke(self, event: Invoke) -> None:
        """Start a method for the service above."""
        self._start(self._run_invoked, event, f"{event.method}()")

    def _start(
        self,
        function: Callable[[Any], Coroutine[Any, Any, None]],
        event: Any,
        name: str,
    ) -> None:
        if not self._loop.is_closed():  # As some close it in `kill`.
            self._loop.call_soon_threadsafe(
                self._begin, function, event, name, context=Context()
            )

    def _begin(
        self,
        function: Callable[[Any], Coroutine[Any, Any, None]],
        event: Any,
        name: str,
    ) -> None:
        task = self._loop.create_task(function(event), name=name)
        self._tasks[task] = None
        task.add_done_callback(self._tasks.pop)

    async def _handle(self, event: Request) -> None:
        """Run a handler; one that is cancelled never answers."""
        calls = self._calls
        try:
            reply = calls.handle(event)
            if inspect.isawaitable(reply):
                reply = await reply
            calls.reply(event, reply)
        except (Exception, SystemExit) as exc:
            calls.handler_raised(exc, event)

    async def _run_invoked(self, event: Invoke) -> None:
        calls = self._calls
        try:
            value = calls.invoke(event)
            if inspect.isawaitable(value):
                value = await value
            calls.return_result(event, value)
        except (Exception, SystemExit) as exc:
            calls.method_raised(exc, event)
