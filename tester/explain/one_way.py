"""Rafts whose messages are one-way: a reply is a call of its own, and no call is answered."""

from tester.traces.reader import Trace
from tester.traces.rows import Proposed, Replied, Reported


def is_one_way(trace: Trace) -> bool:
    """Return whether no handler ever returned anything, and a server led all the same.

    Then nobody takes None for a lost reply.
    """
    return not any(
        type(row) is Replied and row.body is not None for row in trace.rows
    ) and any(
        (type(row) is Reported or type(row) is Proposed) and row.leads
        for row in trace.rows
    )
