"""Servers written with `asyncio`: one event loop, on which the lab calls everything.

A class with any `async def` method is such a server: its constructor, its
RPC handlers and what the service calls all run in the thread of its event
loop, so they need no locks. Uses only what every event loop has, so the
loop may be a simulated one or, with `--real-time`, a real one.
"""

import inspect
from collections.abc import Callable, Coroutine
from contextvars import Context
from types import ModuleType
from typing import Any, Protocol

from labrpc.box.encoding import Codec
from labrpc.plain_values import plain_copy
from labrpc.scheduling.scheduler import current_task
from labrpc.world.events import Action, Invoke, Reply, Request, Result


class ServedBox(Protocol):
    """What `AsyncServer` uses of its box."""

    importer: Any
    codec: Codec
    actions: list[Action]

    def find_handler(self, event: Request) -> Callable[..., Any]:
        """Return the method that an RPC calls."""

    def find_method(self, event: Invoke) -> Callable[..., Any]:
        """Return the method that the service calls."""

    def look_after_loop(self, loop: Any) -> None:
        """Learn of what the server's event loop can tell nobody else."""

    def encode_reply(self, reply: Any, event: Request) -> bytes:
        """Return what the handler of an RPC has returned as bytes."""

    def report_handler(self, exc: BaseException, event: Request) -> None:
        """End the test: an exception has left an RPC handler."""

    def report(self, exc: BaseException, where: str) -> None:
        """End the test: an exception has left the submission's code."""


def has_coroutines(kind: type) -> bool:
    """Return whether a class, or one it inherits from, has an `async def` method."""
    return any(
        inspect.iscoroutinefunction(getattr(value, "__func__", value))
        for base in kind.__mro__[:-1]
        for value in vars(base).values()
    )


class AsyncServer:
    """Calls the methods of one server on its event loop."""

    def __init__(self, box: ServedBox) -> None:
        self._box = box
        self._loop = _asyncio(box).new_event_loop()
        box.look_after_loop(self._loop)
        # A loop forgets a task that nobody keeps.
        self._tasks: dict[Any, None] = {}

    def run(self, construct: Callable[[], None]) -> None:
        """Run the event loop in this thread, and the constructor on it, first."""
        thread = current_task()
        if thread is not None:
            thread.name = "event loop"
        self._loop.call_soon(construct)
        try:
            self._loop.run_forever()
        except SystemExit as exc:
            self._box.report(exc, "on the event loop")

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
        box = self._box
        try:
            reply = box.find_handler(event)(box.codec.decode(event.data))
            if inspect.isawaitable(reply):
                reply = await reply
            data = box.encode_reply(reply, event)
        except (Exception, SystemExit) as exc:
            box.report_handler(exc, event)
            return
        box.actions.append(Reply(event.request_id, data))

    async def _run_invoked(self, event: Invoke) -> None:
        box = self._box
        try:
            value = box.find_method(event)(*event.args)
            if inspect.isawaitable(value):
                value = await value
            value = plain_copy(value, f"what {event.method}() returned")
        except (Exception, SystemExit) as exc:
            box.report(exc, f"in {event.method}()")
            return
        box.actions.append(Result(event.invoke_id, value))


class AwaitingBox(Protocol):
    """What `Awaited` uses of its box."""

    importer: Any
    actions: list[Action]


class Awaited:
    """What coroutines of one box wait for: answers of the world, by number."""

    def __init__(self, box: AwaitingBox) -> None:
        self._box = box
        self._futures: dict[int, Any] = {}

    def __len__(self) -> int:
        return len(self._futures)

    async def answer(self, number: int, action: Action) -> Any:
        """Do an action, and wait for what `settle` is given for its number."""
        future = _asyncio(self._box).get_running_loop().create_future()
        # In this order: in real time, the answer may come at once.
        self._futures[number] = future
        self._box.actions.append(action)
        try:
            return await future
        finally:
            self._futures.pop(number, None)

    def settle(self, number: int, value: Any) -> None:
        """Let a coroutine go on with `value`, unless it was cancelled meanwhile."""
        future = self._futures.pop(number, None)
        if future is not None and not future.get_loop().is_closed():
            future.get_loop().call_soon_threadsafe(
                _settle, future, value, context=Context()
            )


def _settle(future: Any, value: Any) -> None:
    if not future.done():
        future.set_result(value)


def _asyncio(box: Any) -> ModuleType:
    """Return the `asyncio` that the box's own code imports."""
    module: ModuleType = box.importer.load("asyncio")
    return module
