"""Finding the `asyncio.Lock` that keeps calls of a server from returning."""

from collections.abc import Container, Iterable
from typing import Any

from labrpc.box.deadlock import PATIENCE_NS
from labrpc.simulated.task_locks import lock_wait
from labrpc.submission.stacks import place_in, stack_of_task, task_name, task_waits
from labrpc.submission.submission import Submission


def find_lock_between_tasks(
    tasks: Iterable[Any], calls: Container[Any], now_ns: int | None
) -> list[Any]:
    """Return a task that waits for a lock, the one that holds it, and so on.

    One of them is an open call, and the first has waited for long. None are returned if
    no lock keeps a call from returning.

    Args:
        tasks: those of a box.
        calls: those that run a handler, or a method for the service above.
        now_ns: the time; None if only a new message can wake the box.
    """
    chains = []
    for task in tasks:
        wait = lock_wait(task)
        if wait is None or wait.holder is None:
            continue
        if now_ns is None or now_ns - wait.since_ns >= PATIENCE_NS:
            chains.append(_holders(task))
    chains = [chain for chain in chains if any(each in calls for each in chain)]
    # A task that waits beside the calls may be the one that would answer them.
    beside = (chain for chain in chains if chain[0] not in calls)
    return next(beside, chains[0] if chains else [])


def describe_chain(submission: Submission, chain: list[Any]) -> str:
    """Return who waits for whom, and where; "" for no chain."""
    words = [
        f"{task_name(task)} {task_waits(task) or 'waits'} "
        f"{place_in(submission, stack_of_task(task))}".rstrip()
        for task in chain
    ]
    return f"deadlock: {'; '.join(words)}" if words else ""


def _holders(task: Any) -> list[Any]:
    """Return a task, the one that holds the lock that it waits for, and so on."""
    chain: list[Any] = []
    while task is not None and task not in chain and not task.done():
        chain.append(task)
        wait = lock_wait(task)
        task = wait.holder if wait is not None else None
    return chain
