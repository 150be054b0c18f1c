"""Small made-up runs for views: rows are written by hand, in the form of a trace."""

import msgspec
import pytest

from tester.traces import rows, values
from tester.traces.reader import Trace

HEADER = rows.Header(
    trace=rows.TRACE_VERSION, test="test_x", seed=7, servers=3, submission="amy"
)


class Story:
    """Makes rows one after another; each call is a step of its own, a millisecond later."""

    def __init__(self, header=HEADER):
        self.header = header
        self.rows, self.rpc, self.step, self.t = [], 0, 0, 0
        self.operations = 0

    def add(self, kind, server=rows.SCENARIO, **fields):
        row = kind(n=len(self.rows) + 1, t=self.t, server=server, **fields)
        self.rows.append(row)
        return row

    def later(self, ms=1):
        self.t += ms * 1_000_000
        self.step += 1
        return self

    def control(self, verb, *args):
        self.later()
        return self.add(rows.Control, verb=verb, args=list(args), line=4)

    def boot(self, server):
        self.later()
        return self.add(rows.Boot, server, incarnation=1, step=self.step)

    def changed(self, server, **fields):
        self.later()
        return self.add(
            rows.Changed, server, incarnation=1, step=self.step, fields=fields
        )

    def call(self, src, dst, method="append_entries", lost="", reply=None, **fields):
        """Send an RPC, and let it be answered, unless it is lost."""
        self.later()
        self.rpc += 1
        about = {"rpc": self.rpc, "method": method}
        body = values.of_object("Args", fields)
        sent = self.add(
            rows.Sent, src, peer=dst, body=body, size=9, step=self.step, **about
        )
        if lost:
            self.add(rows.Lost, dst, peer=src, why=lost, cause=sent.n, **about)
            return self.rpc
        self.later()
        arrived = self.add(rows.Arrived, dst, peer=src, cause=sent.n, **about)
        replied = self.add(
            rows.Replied, dst, peer=src, size=9, step=self.step, cause=arrived.n,
            body=values.of_object("Reply", reply or {"success": True}), **about,
        )  # fmt: skip
        self.later()
        self.add(rows.ReplyArrived, src, peer=dst, cause=replied.n, **about)
        return self.rpc

    def operation(self, lane, method, *args):
        """Call an operation; return the row."""
        self.later()
        self.operations += 1
        return self.add(
            rows.Called, lane, operation=self.operations, method=method,
            args=list(args), step=self.step,
        )  # fmt: skip

    def answer(self, called, value):
        """Let an operation return; return the row."""
        self.later()
        return self.add(
            rows.Returned, called.server, operation=called.operation,
            method=called.method, value=value, step=self.step,
        )  # fmt: skip

    def trace(self, **end):
        found = rows.End(**({"verdict": "passed"} | end))
        return Trace(
            self.header,
            self.rows,
            found,
            sent={r.rpc: r for r in self.rows if isinstance(r, rows.Sent)},
            replied={
                (r.rpc, r.copy): r for r in self.rows if isinstance(r, rows.Replied)
            },
            called={r.operation: r for r in self.rows if isinstance(r, rows.Called)},
        )


@pytest.fixture
def story():
    """Return a story that has not begun."""
    return Story()


@pytest.fixture
def service_story():
    """Return a story of three servers and two clients that has not begun."""
    return Story(msgspec.structs.replace(HEADER, clients=2, service="kv"))


@pytest.fixture
def stale_read(service_story):
    """Return the trace of a get that shows less than a put before it has written."""
    story = service_story
    put = story.operation(3, "put", "k", "new", 0)
    waits = story.operation(4, "get", "k")
    put = story.answer(put, "OK")
    # At the very moment of the return, the client calls the next one.
    get = story.operation(3, "get", "k")
    story.rows[-1] = get = msgspec.structs.replace(get, t=put.t)
    story.call(3, 0, "get", key="k")
    other = story.operation(4, "get", "another")
    story.answer(other, ["x", 7, "OK"])
    get = story.answer(get, ["", 0, "ErrNoKey"])
    facts = [rows.FactRow(server=3, t=row.t, text=str(row.n)) for row in (put, get)]
    assert waits.operation == 2
    return story.trace(verdict="failed", reason="stale", facts=facts)
