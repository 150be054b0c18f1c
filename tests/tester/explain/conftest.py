"""Traces made by hand, of the rows that an explanation speaks of."""

import pytest

from tester.explain.history import History
from tester.traces import rows
from tester.traces.reader import Trace


class TraceWriter:
    """Writes rows one after the other, a millisecond apart."""

    def __init__(self, servers=3):
        self.header = rows.Header(trace=rows.TRACE_VERSION, servers=servers)
        self.rows = []
        self.rpcs = 0

    def add(self, kind, **fields):
        """Add a row of a kind; return it."""
        number = len(self.rows) + 1
        row = kind(n=number, t=1_000_000 * number, **fields)
        self.rows.append(row)
        return row

    def rpc(self, src, dst, method, args, reply=None, *, save=False, incarnation=1):
        """Add an RPC that is answered at once; with `save`, after a save."""
        self.rpcs += 1
        common = {"rpc": self.rpcs, "method": method}
        body = {"class": "Args", "fields": args}
        here = {"server": src, "peer": dst, "incarnation": incarnation, **common}
        there = {"server": dst, "peer": src, "incarnation": incarnation, **common}
        self.add(rows.Sent, body=body, size=1, **here)
        self.add(rows.Arrived, **there)
        if save:
            self.saved(dst)
        if reply is not None:
            answer = {"class": "Reply", "fields": reply}
            self.add(rows.Replied, body=answer, size=1, **there)
            self.add(rows.ReplyArrived, **here)

    def saved(self, server):
        """Add a save."""
        self.add(rows.Saved, server=server, raft_state=9, snapshot=0, digest="d")

    @property
    def history(self):
        """Return what is read of the rows."""
        return History(Trace(self.header, self.rows))


@pytest.fixture
def writer():
    return TraceWriter()
