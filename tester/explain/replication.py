"""Explanations of replication: indices, logs and what is committed."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tester.explain.exchanges import APPEND_ENTRIES, Delivery, Rpc
from tester.explain.explanation import Explanation
from tester.explain.history import History, fact, reply_number
from tester.text import servers_named
from tester.traces.rows import Applied, Proposed, Replied, ReplyArrived, Reported


def start_returned_another_index(history: History) -> Iterator[Explanation]:
    """Find a command that start said to be at one index and its leader sent at another."""
    if not history.indices_begin_at_one:
        return
    sent: dict[tuple[int, str], tuple[int, Rpc]] = {}
    for rpc in history.calls(APPEND_ENTRIES):
        prev = rpc.arg("prev_log_index")
        for place, entry in enumerate(rpc.entries, start=1):
            if prev is not None:
                sent.setdefault((rpc.src, repr(entry.command)), (prev + place, rpc))
    for row in history.rows_of(Proposed):
        if type(row) is not Proposed or not row.leads:
            continue
        found = sent.get((row.server, repr(row.command)))
        # The same command may have been started twice.
        if found is None or history.times_started[repr(row.command)] != 1:
            continue
        index, rpc = found
        if index != row.index:
            yield Explanation(
                "start-returned-another-index",
                f"start returned index {row.index} for a command that server "
                f"{row.server} sent to server {rpc.dst} at index {index}",
                (
                    fact(row, f"start returns index {row.index}"),
                    fact(rpc.sent, f"sends the command at index {index}"),
                ),
            )
            return


def shortened_agreeing_log(history: History) -> Iterator[Explanation]:
    """Find a server that acknowledged an index and then lacked it, in one term.

    Answers may leave in another order than they were decided in: a refusal counts only if it
    answers a request that came after the acknowledgement had left. Its leader has to ask for
    the entry that was acknowledged: of one of another term, the refusal is right.
    """
    if not history.appends_are_readable:
        return
    highest: dict[tuple[int, int, int], tuple[int, Replied]] = {}
    terms: dict[tuple[int, int, int], dict[int, int | None]] = defaultdict(dict)
    for one in sorted(history.deliveries(APPEND_ENTRIES), key=reply_number):
        term, prev, replied = one.arg("term"), one.arg("prev_log_index"), one.replied
        if replied is None or term is None or prev is None:
            continue
        if one.result("term") != term:
            continue
        key = (one.dst, replied.incarnation, term)
        known, before = highest.get(key, (0, replied))
        if one.result("success") is True:
            terms[key][prev] = one.arg("prev_log_term")
            for index, entry in one.rpc.entries_by_index.items():
                terms[key][index] = entry.term
            reached = prev + (one.entries_count or 0)
            if reached > known:
                highest[key] = (reached, replied)
        elif (
            one.result("success") is False
            and one.arrived.n > before.n
            and _discarded(history, one) < prev <= known
            and terms[key].get(prev) in (None, one.arg("prev_log_term"))
        ):
            yield Explanation(
                "shortened-agreeing-log",
                f"server {one.dst} acknowledged its log up to index {known} in term "
                f"{term}, and later in that term refused prev_log_index {prev}: it had "
                "deleted entries that agreed with its leader's, or had never stored them",
                (
                    fact(before, f"acknowledges index {known}"),
                    fact(replied, f"refuses prev_log_index {prev}"),
                ),
            )
            return


def _discarded(history: History, answered: Delivery) -> int:
    """Return up to which index a server had replaced its log when it answered a request.

    Below a snapshot it may refuse what it has had.
    """
    return max(
        (
            index
            for row, index in history.snapshots[answered.dst]
            if row.n < reply_number(answered)
        ),
        default=0,
    )


@dataclass(frozen=True)
class _Commit:
    """An index that a leader was the first to apply.

    Attributes:
        row: when it did.
        term: the term that it said it led.
        acknowledged: up to which index each server had acknowledged its log by then.
    """

    row: Applied
    term: int
    acknowledged: Mapping[int, int]


def _commits(history: History) -> Iterator[_Commit]:
    """Yield what leaders were the first to apply, as far as their logs can be read.

    What has been acknowledged goes on to change: use a commit before the next.
    """
    if not history.appends_are_readable or not history.only_appends_commit:
        return
    said: dict[int, Reported] = {}
    acknowledged: dict[tuple[int, int], dict[int, int]] = defaultdict(
        lambda: defaultdict(int)
    )
    applied: set[int] = set()
    for row in history.rows_of(Reported, ReplyArrived, Applied):
        if type(row) is Reported:
            said[row.server] = row
        elif type(row) is ReplyArrived:
            _note_answer(history, row, acknowledged)
        elif type(row) is Applied and type(row.index) is int:
            if row.index in applied:
                continue
            applied.add(row.index)
            report = said.get(row.server)
            if (
                report is not None
                and report.leads
                and report.incarnation == row.incarnation
            ):
                yield _Commit(row, report.term, acknowledged[row.server, report.term])


def _note_answer(
    history: History,
    row: ReplyArrived,
    acknowledged: Mapping[tuple[int, int], dict[int, int]],
) -> None:
    """Note up to which index a reply acknowledges its caller's log in its term."""
    rpc = history.rpc(row)
    term = None if rpc is None else rpc.arg("term")
    # Of a request and its copy, the first reply counts.
    if rpc is None or term is None or rpc.answered is not row:
        return
    by_server = acknowledged[rpc.src, term]
    by_server[rpc.dst] = max(by_server[rpc.dst], rpc.acknowledged_index or 0)


def counted_unsent(history: History) -> Iterator[Explanation]:
    """Find what a leader committed though no majority had acknowledged it."""
    servers = history.trace.header.servers
    for commit in _commits(history):
        row = commit.row
        having = [s for s, index in commit.acknowledged.items() if index >= row.index]
        if len(having) + 1 > servers // 2:
            continue
        lacking = [s for s in range(servers) if s != row.server and s not in having]
        late = _late_answer(history, commit, lacking)
        how, facts = "it counted servers whose answers did not say so", []
        if late is not None:
            how = (
                f"server {late.peer} did so only in answer to a request of an earlier term, "
                "and may have replaced the entry since"
            )
            facts.append(fact(late, f"gets the late answer of server {late.peer}"))
        yield Explanation(
            "counted-unsent",
            f"server {row.server}, leading term {commit.term}, committed index "
            f"{row.index}, though {servers_named(lacking)} had not acknowledged it in this "
            f"term: {how}",
            (*facts, fact(row, f"applies index {row.index} before anybody else")),
        )
        return


def _late_answer(
    history: History, commit: _Commit, lacking: list[int]
) -> ReplyArrived | None:
    """Return an answer to a request of an earlier term that came while the leader led.

    The last one by which a server acknowledged what it did not in the leader's term.
    """
    row, found = commit.row, None
    began_n = min(
        (
            rpc.sent.n
            for rpc in history.calls(APPEND_ENTRIES)
            if rpc.src == row.server and rpc.arg("term") == commit.term
        ),
        default=row.n,
    )
    for rpc in history.calls(APPEND_ENTRIES):
        answered, term = rpc.answered, rpc.arg("term")
        if (
            rpc.src == row.server
            and rpc.dst in lacking
            and answered is not None
            and began_n < answered.n < row.n
            and answered.incarnation == row.incarnation
            and term is not None
            and term < commit.term
            and (rpc.acknowledged_index or 0) >= row.index
        ):
            found = answered
    return found


def committed_older_term(history: History) -> Iterator[Explanation]:
    """Find an entry of an earlier term that a leader committed by counting alone."""
    terms = _terms_sent(history)
    enough = history.trace.header.servers // 2
    for commit in _commits(history):
        row, term = commit.row, commit.term
        own = terms[row.server, term]
        entry_term = own.get(row.index)
        if entry_term is None or entry_term >= term:
            continue
        # What a majority has, itself not counted, reaches up to this index.
        reached = sorted(commit.acknowledged.values(), reverse=True)
        on_majority = reached[enough - 1] if len(reached) >= enough > 0 else 0
        if any(t == term and index <= on_majority for index, t in own.items()):
            continue
        yield Explanation(
            "committed-older-term",
            f"server {row.server}, leading term {term}, committed index {row.index} of "
            f"term {entry_term}, when no entry of term {term} was on a majority",
            (fact(row, f"applies index {row.index} of term {entry_term}"),),
        )
        return


def _terms_sent(history: History) -> dict[tuple[int, int], dict[int, int]]:
    """Return the entries' terms by index, as each server sent them in each term."""
    terms: dict[tuple[int, int], dict[int, int]] = defaultdict(dict)
    for rpc in history.calls(APPEND_ENTRIES):
        term, prev = rpc.arg("term"), rpc.arg("prev_log_index")
        if term is None or prev is None:
            continue
        for place, entry in enumerate(rpc.entries, start=1):
            if entry.term is not None:
                terms[rpc.src, term][prev + place] = entry.term
    return terms
