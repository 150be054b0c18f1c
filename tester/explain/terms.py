"""Explanations of terms: a server's current_term never falls, and its replies carry it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from tester.explain.exchanges import APPEND_ENTRIES, INSTALL_SNAPSHOT
from tester.explain.explanation import Explanation
from tester.explain.history import History, fact
from tester.traces.rows import (
    AnyRow,
    Arrived,
    Boot,
    Replied,
    ReplyArrived,
    Reported,
    Sent,
)


@dataclass(frozen=True)
class _Shown:
    """The highest term that a server has shown, and where it did."""

    term: int = 0
    row: AnyRow | None = None


def broken_term_rules(history: History) -> Iterator[Explanation]:
    """Find answers in a term below one that the server had shown, or was shown.

    Only of servers whose requests and answers bear terms by that name.
    """
    shown: dict[int, _Shown] = defaultdict(_Shown)
    at_arrival: dict[tuple[int, bool], _Shown] = {}
    before_restart = _answered_before_restart(history)
    for row in history.rows_of(Boot, Arrived, Sent, Replied, Reported):
        if type(row) is Boot:
            shown[row.server] = _Shown()
        elif type(row) is Arrived:
            at_arrival[row.rpc, row.copy] = shown[row.server]
        elif type(row) is Sent or type(row) is Replied or type(row) is Reported:
            term = _term(history, row)
            if term is None:
                continue
            before = before_restart.get((row.server, row.incarnation))
            if before is not None and before.row is not None and term < before.term:
                yield _lost(row, term, before)
            if type(row) is Replied:
                yield from _answered(
                    history, row, term, at_arrival.get((row.rpc, row.copy), _Shown())
                )
            if term > shown[row.server].term:
                shown[row.server] = _Shown(term, row)


def _term(history: History, row: Sent | Replied | Reported) -> int | None:
    """Return the term in which a server sends, answers or reports."""
    if type(row) is Reported:
        return row.term if row.term >= 0 else None
    return history.term(row)


def _answered(
    history: History, row: Replied, term: int, shown: _Shown
) -> Iterator[Explanation]:
    """Check an answer against what the server had shown when the request came."""
    delivery = history.delivery(row)
    asked = None if delivery is None else delivery.arg("term")
    if delivery is None or asked is None:
        return
    obeys = (
        delivery.result("success") is True or delivery.result("vote_granted") is True
    )
    answers = fact(row, f"answers {row.method} of term {asked} with term {term}")
    if shown.row is not None and asked < shown.term and obeys:
        yield Explanation(
            "obeyed-older-term",
            f"server {row.server} was in term {shown.term}, and said yes to "
            f"{row.method} of server {row.peer} in term {asked}",
            (fact(shown.row, f"is in term {shown.term}"), answers),
        )
    elif shown.row is not None and term < shown.term:
        yield Explanation(
            "answered-in-older-term",
            f"server {row.server} was in term {shown.term}, and answered "
            f"{row.method} of server {row.peer} with term {term}",
            (fact(shown.row, f"is in term {shown.term}"), answers),
        )
    elif term < asked and (obeys or row.method in (APPEND_ENTRIES, INSTALL_SNAPSHOT)):
        # Votes may be refused without a look at the term (end of section 6).
        yield Explanation(
            "answered-in-older-term",
            f"server {row.server} answered {row.method} of server {row.peer} in term "
            f"{asked} with term {term}",
            (answers,),
        )


def _answered_before_restart(history: History) -> dict[tuple[int, int], _Shown]:
    """Return, for each later life of a server, the highest term that it must have saved.

    It had answered in that term; or had asked for votes in it, and been answered.
    """
    if not history.trace.header.persistence:
        return {}
    highest: dict[int, _Shown] = defaultdict(_Shown)
    at_boot: dict[tuple[int, int], _Shown] = {}
    for row in history.rows_of(Boot, Replied, ReplyArrived):
        if type(row) is Boot:
            at_boot[row.server, row.incarnation] = highest[row.server]
        elif type(row) is Replied:
            term = history.term(row)
            if term is not None and term > highest[row.server].term:
                highest[row.server] = _Shown(term, row)
        elif type(row) is ReplyArrived:
            rpc = history.rpc(row)
            term = None if rpc is None else history.term(rpc.sent)
            if rpc is not None and term is not None and term > highest[row.server].term:
                highest[row.server] = _Shown(term, rpc.sent)
    return at_boot


def _lost(row: AnyRow, term: int, before: _Shown) -> Explanation:
    assert before.row is not None
    return Explanation(
        "term-lost-in-restart",
        f"server {row.server} was in term {before.term} before its restart, and in term "
        f"{term} after it",
        (
            fact(before.row, f"is in term {before.term}"),
            fact(row, f"is in term {term}"),
        ),
    )
