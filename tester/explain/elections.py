"""Explanations of elections: votes, terms, time-outs and leaders."""

from collections import defaultdict
from collections.abc import Iterator

from labrpc.clock import MILLISECOND, SECOND
from tester.explain.disturbances import (
    servers_of_other_time,
    servers_under,
    slowest_clocks,
)
from tester.explain.exchanges import APPEND_ENTRIES, REQUEST_VOTE, Rpc
from tester.explain.explanation import Explanation
from tester.explain.history import Election, History, fact, seconds
from tester.text import servers_named
from tester.traces import values
from tester.traces.rows import Boot, Replied, Reported, Saved, Sent

# Elections of several servers that begin within this time hinder each other.
AT_ONCE_NS = SECOND // 20
AT_ONCE_MIN = 5
# For so long a server that is asked for votes begins no election of its own.
SILENT_NS = 2 * SECOND
REFUSED_MIN = 5
# A server may look at what it was answered only now and then.
REACTION_NS = SECOND // 10


def voted_twice(history: History) -> Iterator[Explanation]:
    """Find a server that gave two candidates its vote in one term."""
    given: dict[tuple[int, int | None], Rpc] = {}
    stood = {(one.server, one.term): one for one in history.elections}
    for rpc in history.votes:
        assert rpc.replied is not None
        own = stood.get((rpc.dst, rpc.arg("term") or 0))
        if own is not None:
            yield _voted_as_candidate(rpc, rpc.replied, own)
        first = given.setdefault((rpc.dst, rpc.arg("term")), rpc)
        if first.src == rpc.src:
            continue
        assert first.replied is not None
        restarted = first.replied.incarnation != rpc.replied.incarnation
        how = " and, after a restart," if restarted else " and then"
        term = rpc.arg("term")
        yield Explanation(
            "voted-twice",
            f"server {rpc.dst} voted for server {first.src}{how} for server {rpc.src} "
            f"in term {term}",
            (
                fact(first.replied, f"votes for server {first.src} in term {term}"),
                fact(rpc.replied, f"votes for server {rpc.src} in term {term}"),
            ),
        )


def _voted_as_candidate(rpc: Rpc, replied: Replied, own: Election) -> Explanation:
    """Return that a server gave its vote in a term in which it stood itself."""
    facts = [
        fact(replied, f"votes for server {rpc.src} in term {own.term}"),
        fact(own.row, f"asks for votes itself in term {own.term}"),
    ]
    return Explanation(
        "voted-twice",
        f"server {rpc.dst} voted for server {rpc.src} in term {own.term}, in which it "
        "asked for votes and so had its own",
        tuple(sorted(facts, key=lambda one: one.t)),
    )


def voted_without_saving(history: History) -> Iterator[Explanation]:
    """Find votes that were given though nothing had been saved since they were asked for.

    A server may have given the same vote before, and crashed before it answered.
    """
    asked_n: dict[tuple[int, int, int | None], int] = {}
    for delivery in history.deliveries(REQUEST_VOTE):
        asked = (delivery.dst, delivery.src, delivery.arg("term"))
        asked_n.setdefault(asked, delivery.arrived.n)
    seen: set[tuple[int, int | None]] = set()
    for rpc in history.votes:
        assert rpc.replied is not None
        key = (rpc.dst, rpc.arg("term"))
        since_n = asked_n.get((rpc.dst, rpc.src, rpc.arg("term")))
        if since_n is None or key in seen:
            continue
        seen.add(key)
        if history.saved_between(rpc.dst, since_n, rpc.replied.n):
            continue
        if not history.saves[rpc.dst]:
            continue  # `saved_nothing` has more to say.
        yield Explanation(
            "voted-without-saving",
            f"server {rpc.dst} gave server {rpc.src} its vote in term "
            f"{rpc.arg('term')} and saved nothing between the request and its answer",
            (fact(rpc.replied, f"gives server {rpc.src} its vote, unsaved"),),
        )


def stood_without_saving(history: History) -> Iterator[Explanation]:
    """Find servers that stood in one term before a restart and after it.

    Only where no save of the first time can have had the term: none came since the server
    started, or it was still in an older term when it answered a request that came later.
    """
    if not history.saves:
        return  # `saved_nothing` has more to say.
    stood: dict[tuple[int, int], Rpc] = {}
    for rpc in history.vote_requests:
        term = rpc.arg("term")
        if term is None:
            continue
        first = stood.setdefault((rpc.src, term), rpc)
        again = first.sent.incarnation < rpc.sent.incarnation
        if again and _is_unsaved(history, first.sent, term):
            yield Explanation(
                "stood-without-saving",
                f"server {rpc.src} asked for votes in term {term}, in which it had its "
                "own, and had saved neither; after a restart it stood in that term again",
                (
                    fact(first.sent, f"asks for votes in term {term}, unsaved"),
                    fact(rpc.sent, f"asks for votes in term {term} again"),
                ),
            )
            return


def _is_unsaved(history: History, asks: Sent, term: int) -> bool:
    """Return whether a server cannot have saved the term in which it asks for votes."""
    saves = [
        row
        for row in history.rows_of(Boot, Saved)
        if row.server == asks.server and row.n < asks.n
    ]
    if not saves:
        return False  # The trace does not have its beginning.
    # A server that starts in this term from its disk would stand in the next one.
    if type(saves[-1]) is Boot:
        return True
    for row in history.rows_of(Replied):
        if type(row) is not Replied or row.server != asks.server or row.n > asks.n:
            continue
        delivery, answered = history.delivery(row), history.term(row)
        if delivery is None or answered is None:
            continue
        if delivery.arrived.n > saves[-1].n and answered < term:
            return True
    return False


def led_two_terms(history: History) -> Iterator[Explanation]:
    """Find a server that led one term and then another without asking for votes."""
    stood = {(election.server, election.term) for election in history.elections}
    if not stood:
        return  # Votes are asked for by another name.
    for server, reports in history.reports.items():
        leading: Reported | None = None
        for report in reports:
            if not report.leads:
                if leading is not None and report.incarnation != leading.incarnation:
                    leading = None
                continue
            before, leading = leading, report
            if (
                before is not None
                and before.incarnation == report.incarnation
                and before.term < report.term
                and (server, report.term) not in stood
            ):
                says = "led" if _sent_in(history, report) else "said that it led"
                yield Explanation(
                    "led-two-terms-without-election",
                    f"server {server} {says} term {before.term} and then term "
                    f"{report.term}, and asked nobody for a vote in that term",
                    (
                        fact(before, f"leads term {before.term}"),
                        fact(report, f"leads term {report.term}"),
                    ),
                )


def _sent_in(history: History, report: Reported) -> bool:
    """Return whether a server sent AppendEntries in the term that it reported."""
    return any(
        rpc.src == report.server and rpc.arg("term") == report.term
        for rpc in history.calls(APPEND_ENTRIES)
    )


def two_send_as_leaders(history: History) -> Iterator[Explanation]:
    """Find a term in which two servers sent AppendEntries."""
    senders: dict[int, dict[int, list[Rpc]]] = defaultdict(dict)
    for rpc in history.calls(APPEND_ENTRIES):
        term = rpc.arg("term")
        if term is not None:
            senders[term].setdefault(rpc.src, []).append(rpc)
    for term, by_server in senders.items():
        if len(by_server) > 1:
            (one, first), (other, second) = list(by_server.items())[:2]
            yield Explanation(
                "two-send-as-leaders",
                f"servers {one} and {other} both sent append_entries in term {term}, "
                f"{len(first)} and {len(second)} times",
                (
                    fact(first[0].sent, f"sends append_entries in term {term}"),
                    fact(second[0].sent, f"sends append_entries in term {term}"),
                ),
            )


def candidates_at_once(history: History) -> Iterator[Explanation]:
    """Find terms in a row in which several servers stood at once, and nobody won.

    Now and then that happens to random time-outs as well.
    """
    by_term: dict[int, list[Election]] = defaultdict(list)
    for election in history.elections:
        by_term[election.term].append(election)
    led = {r.term for reports in history.reports.values() for r in reports if r.leads}
    split: list[list[Election]] = []
    longest: list[list[Election]] = []
    for term, elections in sorted(by_term.items()):
        at_once = elections[-1].t - elections[0].t <= AT_ONCE_NS
        if at_once and len(elections) > 1 and term not in led:
            split.append(elections)
            longest = max(longest, split, key=len)
        else:
            split = []
    if len(longest) < AT_ONCE_MIN:
        return
    apart_ms = max(group[-1].t - group[0].t for group in longest) / MILLISECOND
    first = longest[0]
    servers = sorted({election.server for election in first})
    yield Explanation(
        "candidates-at-once",
        f"in {len(longest)} terms in a row that nobody won, from term {first[0].term} on, "
        f"several servers (first {servers_named(servers)}) began elections within {apart_ms:.0f} ms of each "
        "other",
        tuple(
            fact(election.row, f"begins an election in term {election.term}")
            for election in first
        ),
    )


def ignored_higher_term(history: History) -> Iterator[Explanation]:
    """Find a server that got a reply of a higher term and went on in its own."""
    other = servers_of_other_time(history)
    for rpc in history.rpcs:
        term, answer = history.term(rpc.sent), rpc.result("term")
        if rpc.answered is None or term is None or type(answer) is not int:
            continue
        # One that was paused may not have seen the reply yet.
        if answer <= term or rpc.src in other or not rpc.is_prompt:
            continue
        later = _sent_in_older_term(history, rpc, answer)
        if later is not None:
            yield Explanation(
                "ignored-higher-term",
                f"server {rpc.src} got a reply of term {answer} from server {rpc.dst}, "
                f"and sent {later.method} in term "
                f"{values.number(later.body, 'term')} after that",
                (
                    fact(rpc.answered, f"gets a reply of term {answer}"),
                    fact(later, f"sends {later.method} in an older term"),
                ),
            )
            return


def _sent_in_older_term(history: History, rpc: Rpc, term: int) -> Sent | None:
    """Return a request that a server sent in an older term after it saw `term`."""
    assert rpc.answered is not None
    for other in history.rpcs:
        if (
            other.src == rpc.src
            and other.sent.t > rpc.answered.t + REACTION_NS
            and other.sent.incarnation == rpc.sent.incarnation
        ):
            own = history.term(other.sent)
            return other.sent if own is not None and own < term else None
    return None


def refused_votes_restart_timer(history: History) -> Iterator[Explanation]:
    """Find a server that refused votes for long and never stood itself.

    Only what a trace proves: in a time in which no AppendEntries reached it and it gave
    no vote, it was asked for votes again and again and began no election. Where its clock is
    slow, a time-out takes longer.
    """
    paused, rates = servers_under(history, "pause"), slowest_clocks(history)
    for server in range(history.trace.header.servers):
        if server in paused:
            continue
        silent_ns = SILENT_NS / rates.get(server, 1)
        refused: list[Rpc] = []
        for rpc in _met(history, server):
            own = rpc.src == server
            heard_leader = rpc.sent.method != REQUEST_VOTE and rpc.dst == server
            if own or heard_leader or rpc.result("vote_granted") is not False:
                refused = []
                continue
            refused.append(rpc)
            first, last = refused[0].arrived, refused[-1].arrived
            assert first is not None
            assert last is not None
            if len(refused) >= REFUSED_MIN and last.t - first.t > silent_ns:
                yield Explanation(
                    "refused-votes-restart-timer",
                    f"server {server} heard from no leader for "
                    f"{seconds(last.t - first.t)} and refused {len(refused)} "
                    "request_vote RPCs meanwhile, and never began an election itself",
                    (
                        fact(first, "refuses the first of these request_vote RPCs"),
                        fact(last, "refuses another, and still does not stand"),
                    ),
                )
                break


def _met(history: History, server: int) -> list[Rpc]:
    """Return the RPCs that a server sent or that reached it, in that order."""
    found = []
    for rpc in history.rpcs:
        if rpc.src == server:
            found.append((rpc.sent.n, rpc))
        elif rpc.dst == server and rpc.arrived is not None:
            found.append((rpc.arrived.n, rpc))
    return [rpc for _, rpc in sorted(found, key=lambda pair: pair[0])]
