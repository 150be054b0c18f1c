"""Explanations of replication: indices, logs and what is committed."""

from collections import defaultdict
from collections.abc import Iterator

from tester.explain.entries import entries_count, entries_of
from tester.explain.explanation import Explanation
from tester.explain.history import (
    APPEND_ENTRIES,
    INSTALL_SNAPSHOT,
    History,
    Rpc,
    fact,
    reply_number,
)
from tester.text import servers_named
from tester.traces.rows import Applied, Proposed, Reported


def start_returned_another_index(history: History) -> Iterator[Explanation]:
    """Find a command that start said to be at one index and its leader sent at another."""
    sent: dict[tuple[int, str], tuple[int, Rpc]] = {}
    for rpc in history.calls(APPEND_ENTRIES):
        prev = rpc.arg("prev_log_index")
        for place, entry in enumerate(entries_of(rpc), start=1):
            if prev is not None:
                sent.setdefault((rpc.src, repr(entry.command)), (prev + place, rpc))
    counts: dict[str, int] = defaultdict(int)
    for row in history.rows:
        if isinstance(row, Proposed) and row.leads:
            counts[repr(row.command)] += 1
    for row in history.rows:
        if not isinstance(row, Proposed) or not row.leads:
            continue
        found = sent.get((row.server, repr(row.command)))
        # The same command may have been started twice.
        if found is None or counts[repr(row.command)] != 1:
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
    """Find a server that acknowledged an index and then lacked it, in one term."""
    highest: dict[tuple[int, int, int], tuple[int, Rpc]] = {}
    answers = [rpc for rpc in history.calls(APPEND_ENTRIES) if rpc.replied is not None]
    for rpc in sorted(answers, key=reply_number):
        term, prev = rpc.arg("term"), rpc.arg("prev_log_index")
        if term is None or prev is None or rpc.result("term") != term:
            continue
        assert rpc.replied is not None
        key = (rpc.dst, rpc.replied.incarnation, term)
        known, before = highest.get(key, (0, rpc))
        if rpc.result("success") is True:
            reached = prev + (entries_count(rpc) or 0)
            if reached > known:
                highest[key] = (reached, rpc)
        elif discarded(history, rpc) < prev <= known and rpc.result("success") is False:
            assert before.replied is not None
            yield Explanation(
                "shortened-agreeing-log",
                f"server {rpc.dst} acknowledged its log up to index {known} in term "
                f"{term}, and later in that term refused prev_log_index {prev}: it had "
                "deleted entries that agreed with its leader's",
                (
                    fact(before.replied, f"acknowledges index {known}"),
                    fact(rpc.replied, f"refuses prev_log_index {prev}"),
                ),
            )
            return


def discarded(history: History, rpc: Rpc) -> int:
    """Return up to which index a server had replaced its log when it answered an RPC.

    Below a snapshot it may refuse what it has had.
    """
    return max(
        (
            index
            for row, index in history.snapshots[rpc.dst]
            if row.n < reply_number(rpc)
        ),
        default=0,
    )


def _acknowledged(
    history: History, leader: int, term: int, before_n: int
) -> dict[int, int]:
    """Return up to which index each server has acknowledged a leader's log by then."""
    found: dict[int, int] = defaultdict(int)
    for rpc in history.rpcs:
        if rpc.src != leader or rpc.arg("term") != term or rpc.answered is None:
            continue
        if rpc.answered.n > before_n:
            continue
        reached: int | None = None
        if rpc.sent.method == APPEND_ENTRIES and rpc.result("success") is True:
            prev = rpc.arg("prev_log_index")
            reached = None if prev is None else prev + (entries_count(rpc) or 0)
        elif rpc.sent.method == INSTALL_SNAPSHOT:
            reached = rpc.arg("last_included_index")
        found[rpc.dst] = max(found[rpc.dst], reached or 0)
    return found


def _first_applied(history: History) -> Iterator[Applied]:
    """Return the rows in which an index was applied for the first time anywhere."""
    seen: set[int] = set()
    for row in history.rows:
        if (
            isinstance(row, Applied)
            and type(row.index) is int
            and row.index not in seen
        ):
            seen.add(row.index)
            yield row


def _term_led(reports: list[Reported], row: Applied) -> int | None:
    """Return the term that a server said it led when it applied something."""
    led = [r for r in reports if r.n < row.n and r.incarnation == row.incarnation]
    return led[-1].term if led and led[-1].leads else None


def counted_unsent(history: History) -> Iterator[Explanation]:
    """Find what a leader committed though no majority had acknowledged it."""
    servers = history.trace.header.servers
    if not history.appends_are_readable:
        return
    for row in _first_applied(history):
        term = _term_led(history.reports[row.server], row)
        if term is None:
            continue
        acknowledged = _acknowledged(history, row.server, term, row.n)
        having = [s for s, index in acknowledged.items() if index >= row.index]
        if len(having) + 1 > servers // 2:
            continue
        lacking = [s for s in range(servers) if s != row.server and s not in having]
        yield Explanation(
            "counted-unsent",
            f"server {row.server}, leading term {term}, committed index {row.index}, "
            f"though {servers_named(lacking)} had not acknowledged it: it counted "
            "servers whose answers did not say so",
            (fact(row, f"applies index {row.index} before anybody else"),),
        )
        return


def committed_older_term(history: History) -> Iterator[Explanation]:
    """Find an entry of an earlier term that a leader committed by counting alone."""
    if not history.appends_are_readable:
        return
    terms: dict[tuple[int, int], dict[int, int]] = defaultdict(dict)
    for rpc in history.calls(APPEND_ENTRIES):
        term, prev = rpc.arg("term"), rpc.arg("prev_log_index")
        if term is None or prev is None:
            continue
        for place, entry in enumerate(entries_of(rpc), start=1):
            if entry.term is not None:
                terms[rpc.src, term][prev + place] = entry.term
    for row in _first_applied(history):
        term = _term_led(history.reports[row.server], row)
        if term is None:
            continue
        own = terms[row.server, term]
        entry_term = own.get(row.index)
        if entry_term is None or entry_term >= term:
            continue
        acknowledged = _acknowledged(history, row.server, term, row.n)
        of_this_term = [index for index, t in own.items() if t == term]
        enough = history.trace.header.servers // 2
        if any(
            sum(reached >= index for reached in acknowledged.values()) >= enough
            for index in of_this_term
        ):
            continue
        yield Explanation(
            "committed-older-term",
            f"server {row.server}, leading term {term}, committed index {row.index} of "
            f"term {entry_term}, when no entry of term {term} was on a majority",
            (fact(row, f"applies index {row.index} of term {entry_term}"),),
        )
        return
