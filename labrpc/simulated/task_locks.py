"""The holder of an `asyncio.Lock`, and the tasks that wait for it.

The standard library's lock knows neither. The simulated one notes both, for reports of
calls that do not return.
"""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

from labrpc.simulated.context import current_box
from labrpc.simulated.event_loop import running_loop
from labrpc.submission.stacks import task_name


@dataclass(frozen=True, slots=True, eq=False)
class LockWait:
    """A task's wait for a lock.

    Attributes:
        task: the one that waits.
        lock: the lock.
        since_ns: since when.
    """

    task: Any
    lock: Any
    since_ns: int

    @property
    def holder(self) -> Any:
        """The task that has taken the lock, None if it is free."""
        return getattr(self.lock, "lab_holder", None)

    def describe_wait(self) -> str:
        """Return the lock and its holder, for a report."""
        holder = self.holder
        if holder is None:
            return "an asyncio.Lock"
        if holder is self.task:
            return "an asyncio.Lock that it holds itself"
        ended = ", which has ended" if holder.done() else ""
        return f"an asyncio.Lock held by {task_name(holder)}{ended}"


def lock_wait(task: Any) -> LockWait | None:
    """Return which lock a task waits for, None if it waits for none."""
    wait: LockWait | None = getattr(task, "lab_waits_for", None)
    return wait


def note_holders(locks: ModuleType, tasks: ModuleType) -> None:
    """Let the locks of a simulated `asyncio` note who holds them and who waits.

    Args:
        locks: its module `asyncio.locks`.
        tasks: its module `asyncio.tasks`.
    """
    lock_class: Any = vars(locks)["Lock"]
    current_task: Any = vars(tasks)["current_task"]
    acquire, release = lock_class.acquire, lock_class.release

    async def acquire_and_note(self: Any) -> bool:
        """Acquire the lock."""
        loop = running_loop()
        task = current_task(loop) if loop is not None else None
        if task is not None and (self._locked or self._waiters):
            now_ns = current_box().scheduler.now_ns
            task.lab_waits_for = LockWait(task, self, now_ns)
            try:
                await acquire(self)
            finally:
                task.lab_waits_for = None
        else:
            await acquire(self)
        self.lab_holder = task
        return True

    def release_and_note(self: Any) -> None:
        """Release the lock."""
        self.lab_holder = None
        release(self)

    lock_class.acquire, lock_class.release = acquire_and_note, release_and_note
