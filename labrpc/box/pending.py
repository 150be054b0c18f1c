"""Replies and messages for which threads and coroutines of a box wait, by number."""

import itertools
from collections.abc import Callable
from contextvars import Context
from typing import Any

from labrpc.box.outbox import Outbox
from labrpc.scheduling.greenlets import getcurrent
from labrpc.scheduling.scheduler import Task, Wait, WaitRefusedError
from labrpc.simulated.context import BoxContext
from labrpc.world.events import Action


class Pending:
    """What threads and coroutines wait for: replies, or messages on a channel.

    Attributes:
        next_number: returns 1, 2, 3, …
        threads: the threads that wait, by the number of what they wait for.
        last_asking: the thread that asked last, whether or not it had to wait.
    """

    def __init__(self, context: BoxContext, outbox: Outbox) -> None:
        self.next_number = itertools.count(1).__next__
        self.threads: dict[int, Task] = {}
        self.last_asking: Task | None = None
        self._context = context
        self._outbox = outbox
        self._futures: dict[int, Any] = {}
        # That of the `asyncio` which the server imports.
        self._get_running_loop: Callable[[], Any] | None = None

    def __len__(self) -> int:
        return len(self.threads) + len(self._futures)

    def __contains__(self, number: int) -> bool:
        return number in self.threads or number in self._futures

    def wait(self, number: int, action: Action | None, waits_for: Wait) -> Any:
        """Do an action, if any, and wait for what `settle` is given for the number.

        Only the current thread waits.
        """
        # In this order: on real threads, the answer may come at once.
        self.threads[number] = getcurrent()
        if action is not None:
            self._outbox.actions.append(action)
        try:
            return self._context.scheduler.park(waits_for)
        except WaitRefusedError:
            # At a debugger's prompt: the run goes on as if nothing had been typed.
            del self.threads[number]
            if action is not None:
                self._outbox.actions.pop()
            self.next_number = itertools.count(number).__next__
            raise

    async def wait_async(self, number: int, action: Action | None) -> Any:
        """Do what `wait` does; only the current coroutine waits."""
        if self._get_running_loop is None:
            asyncio = self._context.importer.load("asyncio")
            self._get_running_loop = asyncio.get_running_loop
        future = self._get_running_loop().create_future()
        # In this order: on real threads, the answer may come at once.
        self._futures[number] = future
        if action is not None:
            self._outbox.actions.append(action)
        try:
            return await future
        finally:
            self._futures.pop(number, None)

    def settle(self, number: int, value: Any = None) -> None:
        """Let a thread or coroutine go on with `value`, unless it has stopped waiting."""
        task = self.threads.pop(number, None)
        if task is not None:
            self._context.scheduler.wake(task, value)
            return
        future = self._futures.pop(number, None)
        if future is not None and not future.get_loop().is_closed():
            future.get_loop().call_soon_threadsafe(
                _set_result, future, value, context=Context()
            )


def _set_result(future: Any, value: Any) -> None:
    if not future.done():
        future.set_result(value)
