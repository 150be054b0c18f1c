"""Explanations of time-outs: elections that begin too soon."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from labrpc.clock import MILLISECOND, SECOND
from tester.explain.disturbances import servers_of_other_time, undisturbed_since
from tester.explain.exchanges import APPEND_ENTRIES, Delivery
from tester.explain.explanation import Explanation
from tester.explain.history import Election, History, fact, seconds
from tester.traces.rows import Arrived, Boot, Sent

TERMS_MIN = 5
# An election that begins so soon after one's own last cannot have been answered.
QUICK_NS = SECOND // 20
QUICK_MIN = 3
# Less than the shortest election time-out with which all tests pass.
HEARD_NS = 120 * MILLISECOND
# One may begin just as the handler runs.
HEARD_MIN = 3


def elections_in_quick_succession(history: History) -> Iterator[Explanation]:
    """Find a server that began one election after the other without waiting."""
    by_server: dict[int, list[Election]] = defaultdict(list)
    for election in history.elections:
        by_server[election.server].append(election)
    other = servers_of_other_time(history)
    for server, elections in by_server.items():
        if server in other:
            continue
        quick = [
            (before, after)
            for before, after in pairwise(elections)
            if after.t - before.t < QUICK_NS
            and before.row.incarnation == after.row.incarnation
        ]
        if len(quick) < QUICK_MIN:
            continue
        shortest_ms = min(after.t - before.t for before, after in quick) / MILLISECOND
        yield Explanation(
            "elections-in-quick-succession",
            f"server {server} began {len(elections)} elections, {len(quick)} of them "
            f"within {QUICK_NS / MILLISECOND:.0f} ms of its last one (the quickest after "
            f"{shortest_ms:.0f} ms)",
            (
                fact(quick[0][0].row, f"asks for votes in term {quick[0][0].term}"),
                fact(quick[0][1].row, f"asks for votes in term {quick[0][1].term}"),
            ),
        )


def terms_rise_without_failure(history: History) -> Iterator[Explanation]:
    """Find terms that rose though all servers were up and connected."""
    quiet = undisturbed_since(history)
    if quiet is None:
        return
    won = [
        report
        for reports in history.reports.values()
        for report in reports
        if report.leads and report.t > quiet
    ]
    if not won:
        return
    first = min(won, key=lambda report: report.t)
    later = [election for election in history.elections if election.t > first.t]
    if len(later) < TERMS_MIN:
        return
    last_term = max(election.term for election in later)
    yield Explanation(
        "terms-rise-without-failure",
        f"the term rose from {first.term} to {last_term} after server {first.server} "
        f"had been elected at {seconds(first.t)}, though the test disturbed nothing",
        (
            fact(first, f"leads term {first.term}"),
            fact(later[0].row, f"asks for votes in term {later[0].term}"),
        ),
    )


def stood_though_it_heard(history: History) -> Iterator[Explanation]:
    """Find a server that began elections just after it had heard from its leader.

    A message that is none of the paper's three may have asked it to, as where a leader
    transfers its leadership.
    """
    if history.has_other_methods:
        return
    soon: dict[int, list[tuple[Delivery, Election]]] = defaultdict(list)
    for last, election in _heard_before_elections(history):
        # A server that has seen a higher term since has no leader.
        in_its_term = last.arg("term") == election.term - 1
        if in_its_term and election.t - last.arrived.t < HEARD_NS:
            soon[election.server].append((last, election))
    for server, found in soon.items():
        if len(found) < HEARD_MIN:
            continue
        last, election = found[0]
        shortest_ms = min(e.t - d.arrived.t for d, e in found) / MILLISECOND
        yield Explanation(
            "stood-though-it-heard",
            f"server {server} began {len(found)} elections within "
            f"{HEARD_NS / MILLISECOND:.0f} ms of an append_entries by the leader of the "
            f"term it was in (the quickest after {shortest_ms:.0f} ms)",
            (
                fact(last.arrived, f"hears from the leader of term {last.arg('term')}"),
                fact(election.row, f"asks for votes in term {election.term}"),
            ),
        )


def _heard_before_elections(history: History) -> Iterator[tuple[Delivery, Election]]:
    """Yield each election with the last AppendEntries that its server had got and obeyed.

    None of a server that was paused, or whose clock was another.
    """
    other = servers_of_other_time(history)
    elections = {election.row.n: election for election in history.elections}
    heard: dict[int, Delivery] = {}
    for row in history.rows_of(Boot, Arrived, Sent):
        if type(row) is Boot:
            heard.pop(row.server, None)
        elif type(row) is Arrived and row.method == APPEND_ENTRIES:
            delivery = history.delivery(row)
            term = None if delivery is None else delivery.arg("term")
            if delivery is None or term is None or row.server in other:
                continue
            if delivery.result("term") == term:
                heard[row.server] = delivery
        elif row.n in elections and row.server in heard:
            yield heard[row.server], elections[row.n]
