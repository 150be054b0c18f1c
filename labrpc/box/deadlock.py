"""Finding deadlocks: threads that wait for locks which nobody will release.

A circle of locks is a deadlock at once. Threads that wait for a lock whose
holder waits for something else become one when no thread of the box has a
time-out left and nothing has moved for a while; or, while timers go on, once
somebody else knows that calls of the server do not return.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass

from labrpc.box.ends import PUT
from labrpc.clock import SECOND
from labrpc.scheduling.scheduler import Task
from labrpc.simulated.context import BoxContext
from labrpc.simulated.locks import Lock, Notification, RLock
from labrpc.submission.stacks import place_of, threads_report, waits_for

# How long a lock must have been waited for, with no time-out running and no
# RPC under way, before an unclear case counts as a deadlock.
PATIENCE_NS = 5 * SECOND


@dataclass(frozen=True)
class Deadlock:
    """Threads that wait for locks; `certain` once nothing can free them."""

    certain: bool
    headline: str
    evidence: str
    look_again_ns: int


def find_deadlock(
    box: BoxContext, invoked: Iterable[Task], idle: bool
) -> Deadlock | None:
    """Return the deadlock that a box is in, or may be in; None if there is none.

    Args:
        box: the box to look at, between two steps.
        invoked: the threads that run a method for the service above.
        idle: whether no RPC is under way and no thread has a time-out, so that only
            a new message can wake the box.
    """
    scheduler = box.scheduler
    waiting = [task for task in scheduler.tasks if _lock_of(task) is not None]
    # As long as threads wait for locks, every step may close a circle.
    scheduler.contended = bool(waiting)
    if not waiting:
        return None
    circle = next((c for task in waiting if (c := _circle(task))), None)
    if circle is not None and not _may_be_a_signal(circle, waiting):
        return _deadlock(box, True, circle, _describe_circle(circle), 0)
    holder = _blocked_by_service(invoked)
    if holder is not None:
        return _deadlock(
            box,
            True,
            [holder, *waiting],
            f"thread {holder.name!r} holds a lock in apply_ch.put while the service "
            "is in snapshot(), which waits for that lock: apply without the lock",
            0,
        )
    if not idle:
        return None
    oldest = min(waiting, key=lambda task: task.parked_at_ns)
    look_again_ns = oldest.parked_at_ns + PATIENCE_NS
    lock = _lock_of(oldest)
    assert lock is not None
    what = f"thread {oldest.name!r} waits for {lock.describe_wait()}"
    return _deadlock(
        box,
        scheduler.now_ns >= look_again_ns,
        circle or [oldest, *filter(None, [lock.living_holder()])],
        (_describe_circle(circle) if circle else what)
        + ", and nothing that could release it has happened for 5 s",
        look_again_ns,
    )


def find_held_lock(
    box: BoxContext, serving: Container[Task], taker: Task | None = None
) -> tuple[str, str]:
    """Return which lock keeps calls from returning, in words, and the threads' stacks.

    For a box whose calls do not return though its timers go on. Without such a lock, the
    words are empty, and the stacks are those of calls, and of what nobody takes off the
    apply channel, with the thread that should.

    Args:
        box: the box to look at, between two steps.
        serving: the threads that run a method for the service above, or a handler.
        taker: the thread that took the last message off the apply channel, if any did.
    """
    scheduler = box.scheduler
    waiting = [task for task in scheduler.tasks if task.waits_for is not None]
    for task in waiting:
        chain = _holders(task)
        is_late = scheduler.now_ns - task.parked_at_ns >= PATIENCE_NS
        if is_late and chain[1:] and any(each in serving for each in chain):
            words = "; ".join(
                f"{each.name!r} {waits_for(each)} {place_of(box.submission, each)}".rstrip()
                for each in chain
            )
            tasks = [*chain, *scheduler.tasks]
            return f"deadlock: {words}", threads_report(box.submission, tasks)
    shown = [task for task in waiting if task in serving or task.waits_for is PUT]
    if taker in waiting and any(task.waits_for is PUT for task in shown):
        # It does something else.
        shown.insert(0, taker)
    return "", threads_report(box.submission, shown)


def _holders(task: Task) -> list[Task]:
    """Return a thread, the one that holds what it waits for, and so on."""
    chain: list[Task] = []
    current: Task | None = task
    while current is not None and current not in chain:
        chain.append(current)
        lock = _lock_of(current)
        current = lock.living_holder() if lock is not None else None
    return chain


def _lock_of(task: Task) -> Lock | RLock | None:
    """Return the lock that a thread waits for without a time-out, if any."""
    lock = task.waits_for
    if isinstance(lock, (Lock, RLock)) and not isinstance(lock, Notification):
        return lock if task.deadline_ns is None else None
    return None


def _circle(task: Task) -> list[Task] | None:
    """Return the threads that wait for each other in a circle, if `task` leads to one."""
    path: list[Task] = []
    current: Task | None = task
    while current is not None and current not in path:
        path.append(current)
        lock = _lock_of(current)
        if lock is None:
            return None
        current = lock.living_holder()
    return path[path.index(current) :] if current is not None else None


def _may_be_a_signal(circle: list[Task], waiting: list[Task]) -> bool:
    """Return whether a thread may wait for a signal, by a lock that it took itself.

    Any thread may release a plain lock, so this is legal; but a lock for which
    others wait as well is there to keep them apart.
    """
    lock = _lock_of(circle[0])
    return len(circle) == 1 and sum(_lock_of(task) is lock for task in waiting) == 1


def _describe_circle(circle: list[Task]) -> str:
    if len(circle) == 1:
        return f"thread {circle[0].name!r} waits for a lock that it holds itself"
    steps = []
    for task in circle:
        lock = _lock_of(task)
        assert lock is not None
        steps.append(f"{task.name!r} waits for {lock.describe_wait()}")
    return "; ".join(steps)


def _blocked_by_service(invoked: Iterable[Task]) -> Task | None:
    """Return the thread that holds, in `put`, the lock that snapshot() needs."""
    for task in invoked:
        lock = _lock_of(task)
        holder = lock.living_holder() if lock is not None else None
        if task.name != "snapshot()" or holder is None:
            continue
        if holder.waits_for is PUT:
            return holder
    return None


def _deadlock(
    box: BoxContext, certain: bool, culprits: list[Task], what: str, look_again_ns: int
) -> Deadlock:
    evidence = ""
    if certain:
        evidence = threads_report(box.submission, [*culprits, *box.scheduler.tasks])
    return Deadlock(certain, f"deadlock: {what}", evidence, look_again_ns)
