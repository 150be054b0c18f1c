"""Explanations of locks: one that is held while its holder waits, and a server that stands still."""

from collections.abc import Iterator

from labrpc.clock import SECOND
from labrpc.codes import DEADLOCK, LOCK_HELD_ACROSS_WAIT
from tester.explain.disturbances import servers_of_other_time
from tester.explain.explanation import Explanation
from tester.explain.history import History, fact, seconds
from tester.traces.rows import AnyRow, Boot, Broke, Control, FactRow, Proposed, Warned

# A handler may wait for the disk, but not for so long.
KEPT_WAITING_NS = SECOND // 10


def lock_held(history: History) -> Iterator[Explanation]:
    """Find a lock that was held across a wait, on a server that did not answer for long.

    Who waits for the lock is in no row: a lock that no handler needs may be held for as long
    as one likes.
    """
    other = servers_of_other_time(history)
    for row in history.rows_of(Warned):
        if type(row) is not Warned or row.code != LOCK_HELD_ACROSS_WAIT.name:
            continue
        waits = None if row.server in other else _kept_waiting(history, row)
        if waits is not None:
            facts = sorted([fact(row, "holds the lock"), waits], key=lambda one: one.t)
            yield Explanation("lock-held", row.text, tuple(facts))
            return


def _kept_waiting(history: History, held: Warned) -> FactRow | None:
    """Return who waited for a server for long, at the time of a row or later in its life."""
    end = _end_of_life(history, held)
    for row in history.rows_of(Broke, Proposed):
        if row.server != held.server or not held.n < row.n <= end.n:
            continue
        if type(row) is Broke and row.code == DEADLOCK.name:
            return fact(row, "is in a deadlock")
        if type(row) is Proposed and row.t - row.asked_t > KEPT_WAITING_NS:
            return fact(row, f"returns from start after {seconds(row.t - row.asked_t)}")
    for method in {rpc.sent.method: None for rpc in history.rpcs}:
        for one in history.deliveries(method):
            arrived, replied = one.arrived, one.replied
            until = end if replied is None or replied.n > end.n else replied
            if (
                one.dst == held.server
                and arrived.incarnation == held.incarnation
                and arrived.n < end.n
                and until.n > held.n
                and until.t - arrived.t > KEPT_WAITING_NS
            ):
                waited = seconds(until.t - arrived.t)
                return fact(
                    arrived, f"gets {method}, and does not answer it for {waited}"
                )
    return None


def _end_of_life(history: History, held: Warned) -> AnyRow:
    """Return the row with which a server's life ends, or the run."""
    for row in history.rows_of(Boot, Broke, Control):
        if type(row) is Control:
            ends = row.verb == "crash" and held.server in row.args
        else:
            ends = row.server == held.server
        if ends and row.n > held.n:
            return row
    return history.rows[-1]
