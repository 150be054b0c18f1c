"""Explanations of commit_index: what is applied too early, and what never is."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from labrpc.clock import SECOND
from tester.explain.disturbances import servers_of_other_time, servers_under
from tester.explain.exchanges import APPEND_ENTRIES, INSTALL_SNAPSHOT, Delivery
from tester.explain.explanation import Explanation
from tester.explain.history import History, fact, seconds
from tester.text import servers_named
from tester.traces.rows import (
    AnyRow,
    Applied,
    AppliedSnapshot,
    Arrived,
    Boot,
    Broke,
    Control,
    Proposed,
    Replied,
    ReplyArrived,
    Sent,
)

# What is committed is applied, and committed once a majority has it, within this time.
IDLE_NS = SECOND


@dataclass
class _Follower:
    """What a server may apply that does not lead, or no longer.

    Attributes:
        commit: per term, the highest leader_commit that it was sent.
        reached: per term, up to which index its log agrees with the leader's.
        acknowledged: per term that it has led, up to which index others have its log.
        allowed: up to which index all that says that it may apply.
        leads: whether it was the last to send AppendEntries, not to be sent one.
    """

    commit: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    reached: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    acknowledged: dict[int, dict[int, int]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    allowed: int = 0
    leads: bool = False

    def note_acknowledged(self, term: int, peer: int, index: int, enough: int) -> None:
        """Note that another server has its log, as it leads, up to an index."""
        by_server = self.acknowledged[term]
        by_server[peer] = max(by_server.get(peer, 0), index)
        reached = sorted(by_server.values(), reverse=True)
        if len(reached) >= enough:
            self.allowed = max(self.allowed, reached[enough - 1])

    def note(self, term: int, commit: int, reached: int) -> None:
        """Note an AppendEntries that was accepted, or may have been."""
        self.commit[term] = max(self.commit[term], commit)
        self.reached[term] = max(self.reached[term], reached)
        self.allowed = max(self.allowed, min(self.commit[term], self.reached[term]))


def applied_uncommitted(history: History) -> Iterator[Explanation]:
    """Find a follower that applied what no leader had said to be committed.

    An AppendEntries that was refused in its own term says nothing of what the follower's log
    holds. One that was refused in a later term may have been stored: the term may have come
    while its handler waited for the disk.
    """
    enough = history.trace.header.servers // 2
    if not _commits_are_readable(history) or enough == 0:
        return
    if not history.only_appends_commit:
        return
    followers: dict[int, _Follower] = defaultdict(_Follower)
    for row in history.rows_of(Sent, ReplyArrived, Arrived, Applied):
        if type(row) is Sent and row.method == APPEND_ENTRIES:
            followers[row.server].leads = True
        elif type(row) is ReplyArrived:
            rpc = history.rpc(row)
            term = None if rpc is None else rpc.arg("term")
            index = None if rpc is None else rpc.acknowledged_index
            if term is not None and index is not None:
                followers[row.server].note_acknowledged(term, row.peer, index, enough)
        elif type(row) is Arrived:
            _note_arrival(history.delivery(row), followers[row.server])
        elif type(row) is Applied and type(row.index) is int:
            follower = followers[row.server]
            if not follower.leads and row.index > follower.allowed:
                yield Explanation(
                    "applied-uncommitted",
                    f"server {row.server} applied index {row.index} as a follower; what "
                    "it had accepted of leaders, and others had acknowledged to it, let "
                    f"it commit up to index {follower.allowed}",
                    (fact(row, f"applies index {row.index}"),),
                )
                return


def _note_arrival(delivery: Delivery | None, follower: _Follower) -> None:
    if delivery is None:
        return
    if delivery.sent.method == INSTALL_SNAPSHOT:
        index = delivery.arg("last_included_index")
        follower.allowed = max(follower.allowed, index or 0)
        follower.leads = False
        return
    if delivery.sent.method == APPEND_ENTRIES:
        follower.leads = False
    term, prev = delivery.arg("term"), delivery.arg("prev_log_index")
    refused = delivery.result("success") is False and delivery.result("term") == term
    # One that is not answered may have been accepted.
    if term is None or prev is None or refused:
        return
    end = prev + (delivery.entries_count or 0)
    follower.note(term, delivery.arg("leader_commit") or 0, end)


def _commits_are_readable(history: History) -> bool:
    """Return whether every AppendEntries has leader_commit beside the other fields."""
    return history.appends_are_readable and all(
        rpc.arg("leader_commit") is not None for rpc in history.calls(APPEND_ENTRIES)
    )


@dataclass(frozen=True)
class _Due:
    """What a server is to apply: up to which index, and since when it may."""

    index: int
    row: AnyRow


def commit_not_followed(history: History) -> Iterator[Explanation]:
    """Find a follower that accepted what is committed for long, and did not apply it."""
    if not _commits_are_readable(history):
        return
    other_clock = servers_under(history, "clock rate")
    due: dict[int, _Due] = {}
    applied: dict[int, int] = defaultdict(int)
    for row in history.rows_of(Boot, Broke, Control, Applied, AppliedSnapshot, Replied):
        if isinstance(row, Boot | Broke):
            due.pop(row.server, None)
            applied[row.server] = _begins_at(history, row)
        elif type(row) is Control and row.verb in ("crash", "pause"):
            for server in row.args:
                due.pop(server, None)
        elif isinstance(row, Applied | AppliedSnapshot) and type(row.index) is int:
            applied[row.server] = max(applied[row.server], row.index)
            due.pop(row.server, None)
        elif type(row) is Replied and row.method == APPEND_ENTRIES:
            delivery = history.delivery(row)
            index = None if delivery is None else _committed_by(delivery)
            if index is None or index <= applied[row.server]:
                continue
            if row.server in other_clock:
                continue
            first = due.setdefault(row.server, _Due(index, row))
            if row.t - first.row.t > IDLE_NS:
                yield Explanation(
                    "commit-not-followed",
                    f"server {row.server} accepted append_entries for "
                    f"{seconds(row.t - first.row.t)} with which it may commit up to index "
                    f"{first.index}, and applied nothing after index "
                    f"{applied[row.server]} meanwhile",
                    (
                        fact(first.row, f"may commit up to index {first.index}"),
                        fact(row, f"accepts another, still at {applied[row.server]}"),
                    ),
                )
                return


def _begins_at(history: History, row: AnyRow) -> int:
    """Return the index that a server's service may be at when it starts."""
    if type(row) is not Boot or not row.snapshot:
        return 0
    # Any of those that it had may be the one on its disk.
    snapshots = history.snapshots[row.server]
    return max((index for made, index in snapshots if made.n < row.n), default=0)


def _committed_by(delivery: Delivery) -> int | None:
    """Return up to which index an accepted AppendEntries commits a follower's log."""
    prev, commit = delivery.arg("prev_log_index"), delivery.arg("leader_commit")
    accepted = delivery.result("success") is True
    if not accepted or prev is None or commit is None:
        return None
    return min(commit, prev + (delivery.entries_count or 0))


@dataclass
class _Leader:
    """What a leader may commit in its term.

    Attributes:
        own: the indices of its term's commands, from start.
        acknowledged: up to which index each server has acknowledged its log.
        committed: the highest leader_commit that it has sent, or index that it applied.
        due: what a majority has and it has not committed.
    """

    own: list[int] = field(default_factory=list)
    acknowledged: dict[int, int] = field(default_factory=dict)
    committed: int = 0
    due: _Due | None = None

    def note_due(self, row: AnyRow, enough: int) -> None:
        """Note what a majority has, itself counted."""
        reached = sorted(self.acknowledged.values(), reverse=True)
        if enough < 1 or len(reached) < enough:
            return
        index = max((i for i in self.own if i <= reached[enough - 1]), default=0)
        if index > self.committed and self.due is None:
            self.due = _Due(index, row)

    def note_committed(self, index: int) -> None:
        """Note what it has committed."""
        self.committed = max(self.committed, index)
        if self.due is not None and self.due.index <= self.committed:
            self.due = None


def majority_not_committed(history: History) -> Iterator[Explanation]:
    """Find an entry of a leader's own term that a majority had and it never committed."""
    if not _commits_are_readable(history):
        return
    enough = history.trace.header.servers // 2
    other = servers_of_other_time(history)
    leaders: dict[tuple[int, int, int], _Leader] = defaultdict(_Leader)
    current: dict[int, tuple[int, int, int]] = {}
    for row in history.rows_of(Proposed, ReplyArrived, Applied, Sent):
        if type(row) is Proposed and row.leads:
            leaders[row.server, row.incarnation, row.term].own.append(row.index)
        elif type(row) is ReplyArrived:
            _note_acknowledged(history, row, leaders, enough)
        elif type(row) is Applied and row.server in current:
            if type(row.index) is int:
                leaders[current[row.server]].note_committed(row.index)
        elif type(row) is Sent and row.method == APPEND_ENTRIES:
            rpc = history.rpc(row)
            if rpc is None or row.server in other:
                continue
            key = row.server, row.incarnation, rpc.arg("term") or 0
            current[row.server] = key
            leader = leaders[key]
            leader.note_committed(rpc.arg("leader_commit") or 0)
            if leader.due is not None and row.t - leader.due.row.t > IDLE_NS:
                yield _not_committed(row, key[2], leader, leader.due)
                return


def _note_acknowledged(
    history: History,
    row: ReplyArrived,
    leaders: dict[tuple[int, int, int], _Leader],
    enough: int,
) -> None:
    rpc = history.rpc(row)
    if rpc is None or rpc.answered is not row or rpc.sent.method != APPEND_ENTRIES:
        return
    term, index = rpc.arg("term"), rpc.acknowledged_index
    if term is None or index is None or rpc.result("term") != term:
        return
    leader = leaders[row.server, rpc.sent.incarnation, term]
    leader.acknowledged[row.peer] = max(leader.acknowledged.get(row.peer, 0), index)
    leader.note_due(row, enough)


def _not_committed(row: Sent, term: int, leader: _Leader, due: _Due) -> Explanation:
    having = sorted(s for s, index in leader.acknowledged.items() if index >= due.index)
    return Explanation(
        "majority-not-committed",
        f"server {row.server}, leading term {term}, did not commit index {due.index} of "
        f"that term for {seconds(row.t - due.row.t)}, though {servers_named(having)} had "
        "acknowledged it: a majority with itself",
        (
            fact(due.row, f"has the answers of a majority for index {due.index}"),
            fact(row, f"sends append_entries, and has not committed index {due.index}"),
        ),
    )
