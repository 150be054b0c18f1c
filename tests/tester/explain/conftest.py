"""Traces made by hand, of the rows that an explanation speaks of."""

import pytest

from labrpc.submission.submission import Submission
from tester.explain.history import History
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions
from tester.traces import rows
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
        """Add an AppendEntries, answered in its own term; `prev` is index and term."""
        args = {
            "term": term,
            "leader_id": src,
            "prev_log_index": prev[0],
            "prev_log_term": prev[1],
            "entries": [list(entry) for entry in entries],
            "leader_commit": commit,
        }
        reply = {"term": how.pop("answer", term), "success": success}
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


@pytest.fixture
def writer():
    return TraceWriter()


@pytest.fixture
def recorded(tmp_path):
    """Return a function that runs a test once, recorded: the run and its trace."""

    def record(path, test, seed, preempt=False):
        conditions = RunConditions(Submission.find(path), test, seed, preempt)
        run = run_test(conditions, recording=Recording(traces=tmp_path))
        (file,) = tmp_path.glob("*.jsonl")
        return run, read_trace(file)

    return record
