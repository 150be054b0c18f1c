"""Traces made by hand, of the rows that an explanation speaks of."""

import msgspec
import pytest

from labrpc.submission.submission import Submission
from tester.explain.explain import explain
from tester.explain.history import History
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions
from tester.traces import rows, values
from tester.traces.reader import Trace, read_trace


class TraceWriter:
    """Writes rows one after the other, a millisecond apart."""

    def __init__(self, servers=3):
        self.header = rows.Header(trace=rows.TRACE_VERSION, servers=servers)
        self.rows = []
        self.rpcs = 0
        self.now = 0

    def add(self, kind, **fields):
        """Add a row of a kind; return it."""
        number = len(self.rows) + 1
        self.now += 1_000_000
        row = kind(n=number, t=self.now, **fields)
        self.rows.append(row)
        return row

    def rpc(
        self,
        src,
        dst,
        method,
        args,
        reply=None,
        *,
        save=False,
        arrives=True,
        incarnation=1,
    ):
        """Add an RPC that is answered at once; with `save`, after a save."""
        self.rpcs += 1
        common = {"rpc": self.rpcs, "method": method}
        body = {"class": "Args", "fields": args}
        here = {"server": src, "peer": dst, "incarnation": incarnation, **common}
        there = {"server": dst, "peer": src, "incarnation": incarnation, **common}
        self.add(rows.Sent, body=body, size=1, **here)
        arrived = self.add(rows.Arrived, **there)
        if save:
            self.saved(dst)
        if reply is not None:
            answer = {"class": "Reply", "fields": reply}
            replied = self.add(
                rows.Replied, body=answer, size=1, cause=arrived.n, **there
            )
            if arrives:
                self.add(rows.ReplyArrived, cause=replied.n, **here)

    def append(self, src, dst, prev, entries, *, term=1, commit=0, success=True, **how):
        """Add an AppendEntries, answered in its own term; `prev` is index and term.

        `answer` is another term of the answer, `says` more fields of it.
        """
        args = {
            "term": term,
            "leader_id": src,
            "prev_log_index": prev[0],
            "prev_log_term": prev[1],
            "entries": [list(entry) for entry in entries],
            "leader_commit": commit,
        }
        reply = {"term": how.pop("answer", term), "success": success}
        reply |= how.pop("says", {})
        self.rpc(src, dst, "append_entries", args, reply, **how)

    def vote(self, src, dst, last=(0, 0), *, term=1, granted=True, **how):
        """Add a RequestVote, answered in its own term; `last` is index and term."""
        args = {
            "term": term,
            "candidate_id": src,
            "last_log_index": last[0],
            "last_log_term": last[1],
        }
        reply = {"term": how.pop("answer", term), "vote_granted": granted}
        self.rpc(src, dst, "request_vote", args, reply, **how)

    def start(self, server, index, term, command):
        """Add a command that a leader has accepted."""
        t = self.now + 1_000_000
        self.add(
            rows.Proposed,
            server=server,
            incarnation=1,
            command=command,
            index=index,
            term=term,
            leads=True,
            asked_t=t,
        )

    def wait(self, seconds):
        """Let time pass."""
        self.now += int(seconds * 1_000_000_000)

    def saved(self, server):
        """Add a save."""
        self.add(rows.Saved, server=server, raft_state=9, snapshot=0, digest="d")

    @property
    def history(self):
        """Return what is read of the rows."""
        return History(Trace(self.header, self.rows))


def _by_number(parts):
    return {str(number): part for number, part in enumerate(parts)}


class ServiceWriter(TraceWriter):
    """Writes rows of a service: three servers, and clients 0 and 1 in lanes 3 and 4.

    Each call, request, reply and return is a step of its own.
    """

    def __init__(self):
        super().__init__()
        self.header = msgspec.structs.replace(self.header, clients=2, service="kv")
        self.steps = 0
        self.facts = []

    def step(self, kind, server, **fields):
        """Add a row as a step of its own."""
        self.steps += 1
        return self.add(kind, server=server, step=self.steps, **fields)

    def call(self, lane, method, *args):
        """Add the call of an operation; return the row."""
        number = sum(isinstance(row, rows.Called) for row in self.rows) + 1
        return self.step(
            rows.Called, lane, operation=number, method=method, args=list(args)
        )

    def returns(self, called, value, cause=0, marked=False):
        """Add the return of an operation; with `marked`, the failure is about it."""
        row = self.add(
            rows.Returned,
            server=called.server,
            operation=called.operation,
            method=called.method,
            value=value,
            cause=cause,
            step=self.steps,
        )
        if marked:
            self.facts.append(rows.FactRow(server=row.server, t=row.t, text="x"))
        return row

    def ask(self, called, server):
        """Add a request of an operation that reaches a server; return its arrival."""
        self.rpcs += 1
        common = {"rpc": self.rpcs, "method": called.method}
        body = values.of_object("Args", _by_number(called.args))
        lane = called.server
        sent = self.step(rows.Sent, lane, peer=server, body=body, size=1, **common)
        return self.step(rows.Arrived, server, peer=lane, cause=sent.n, **common)

    def reply(self, arrived, *parts):
        """Add a reply that arrives; return its arrival."""
        common = {"rpc": arrived.rpc, "method": arrived.method}
        body = values.of_object("Reply", _by_number(parts))
        replied = self.add(
            rows.Replied, server=arrived.server, peer=arrived.peer, body=body, size=1,
            cause=arrived.n, step=self.steps, **common,
        )  # fmt: skip
        return self.step(
            rows.ReplyArrived, arrived.peer, peer=arrived.server, cause=replied.n,
            **common,
        )  # fmt: skip

    def no_reply(self, arrived):
        """Add that a request gets no reply; return the row."""
        return self.step(
            rows.NoReply, arrived.peer, peer=arrived.server, rpc=arrived.rpc,
            method=arrived.method,
        )  # fmt: skip

    def pass_on(self, server, peer, *request):
        """Add a request by which a server passes a put on to another one."""
        body = values.of_object("Args", _by_number(request))
        return self.step(
            rows.Sent, server, peer=peer, rpc=99, method="put", body=body, size=1
        )

    def apply(self, server, index, *request):
        """Add an entry that a server applies."""
        command = [f"id{index}", list(request)]
        return self.step(rows.Applied, server, index=index, command=command)

    def put(self, lane, key, value, version, index, server=0, answer="OK"):
        """Add a put as it should be; return the call."""
        called = self.call(lane, "put", key, value, version)
        arrived = self.ask(called, server)
        self.apply(server, index, "put", key, value, version)
        got = self.reply(arrived, answer)
        self.returns(called, answer, got.n)
        return called

    def get(self, lane, key, index, value, server=0, marked=True):
        """Add a get as it should be; return the call."""
        called = self.call(lane, "get", key)
        arrived = self.ask(called, server)
        self.apply(server, index, "get", key)
        got = self.reply(arrived, *value)
        self.returns(called, list(value), got.n, marked)
        return called

    def leads(self, server, term, leads=True):
        """Add that a server says that it leads a term, or is in it."""
        self.step(rows.Reported, server, term=term, leads=leads)

    @property
    def trace(self):
        """Return what was written, as the trace of a failing run."""
        found = self.rows
        return Trace(
            self.header,
            found,
            rows.End(verdict="failed", facts=self.facts),
            sent={row.rpc: row for row in found if isinstance(row, rows.Sent)},
            replied={
                (row.rpc, row.copy): row
                for row in found
                if isinstance(row, rows.Replied)
            },
            called={
                row.operation: row for row in found if isinstance(row, rows.Called)
            },
        )

    def said(self):
        """Return the codes of all explanations."""
        return [one.code for one in explain(self.trace)]


@pytest.fixture
def writer():
    return TraceWriter()


@pytest.fixture
def elected(writer):
    """Return a run in which server 0 leads term 1 and servers 1 and 2 have entries.

    There are enough of them to recognize an entry's term and its command.
    """
    for server in range(3):
        writer.add(rows.Boot, server=server, incarnation=1)
    for peer in (1, 2):
        writer.vote(0, peer, save=True)
    for index in range(1, 31):
        writer.start(0, index, 1, f"c{index}")
    for index in range(30):
        for peer in (1, 2):
            prev = (index, min(index, 1))
            entry = (1, f"c{index + 1}")
            writer.append(0, peer, prev, [entry], commit=index, save=True)
    for server in range(3):
        for index in range(1, 31):
            writer.add(
                rows.Applied,
                server=server,
                incarnation=1,
                index=index,
                command=f"c{index}",
            )
        if server == 0:
            for peer in (1, 2):
                writer.append(0, peer, (30, 1), [], commit=30)
    return writer


@pytest.fixture
def service():
    return ServiceWriter()


@pytest.fixture
def recorded(tmp_path):
    """Return a function that runs a test once, recorded: the run and its trace."""

    def record(path, test, seed, preempt=False):
        conditions = RunConditions(Submission.find(path), test, seed, preempt)
        run = run_test(conditions, recording=Recording(traces=tmp_path))
        (file,) = tmp_path.glob("*.jsonl")
        return run, read_trace(file)

    return record
