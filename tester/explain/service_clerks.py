"""Explanations of what a clerk did wrong: what it sent, what it got, what it returned."""

from collections import defaultdict
from collections.abc import Iterator

from labrpc.clock import SECOND
from tester.explain.explanation import Explanation
from tester.explain.history import fact, seconds
from tester.explain.service_history import ServiceHistory
from tester.explain.service_values import is_of, leaves, texts
from tester.service_errors import MAYBE, OK, VERSION, WRONG_LEADER
from tester.text import counted
from tester.traces import values
from tester.traces.operations import Operation
from tester.traces.rows import (
    Arrived,
    FactRow,
    NoReply,
    ReplyArrived,
    Reported,
    Saved,
    Sent,
)

# A clerk that has asked one server only for so long, so often, does not look further.
ONE_SERVER_NS = 2 * SECOND
ONE_SERVER_MIN = 10
SENDS_SHOWN = 3
# A single request does not show what came of the others.
MIN_SHOWN = 2


def did_not_ask(history: ServiceHistory) -> Iterator[Explanation]:
    """Find a get that returned although no request was sent for it."""
    for one in history.in_question:
        if one.called.method == "get" and one.returned and not history.sent(one):
            yield Explanation(
                "clerk-did-not-ask",
                f"the clerk of {history.who(one)} asked no server for {one.name}, and "
                f"returned {one.answer}",
                (fact(one.returned, f"returns {one.answer} for {one.name}"),),
            )


def changed_a_put(history: ServiceHistory) -> Iterator[Explanation]:
    """Find a put that its clerk has sent as it was called, and then otherwise."""
    for put in history.puts_in_question:
        otherwise = history.sent_otherwise(put)
        if otherwise:
            body = values.fields_text(otherwise[0].body)
            yield Explanation(
                "clerk-changed-put",
                f"the clerk of {history.who(put)} sent {put.name} as it was called, and "
                f"then as {otherwise[0].method}({body})",
                (
                    fact(history.sent_with(put)[0], f"sends {put.name}"),
                    fact(otherwise[0], f"sends {otherwise[0].method}({body})"),
                ),
            )


def returned_without_reply(history: ServiceHistory) -> Iterator[Explanation]:
    """Find an operation that returned as its last request got no reply."""
    for one in history.in_question:
        answers = history.answers(one)
        if one.returned is None or not answers or type(answers[-1]) is not NoReply:
            continue
        if not history.is_clients(one):
            continue
        last, *before = reversed(answers)
        at_once = last.step == one.returned.step
        replies = [
            history.trace.replied.get((row.rpc, row.copy))
            for row in before
            if type(row) is not NoReply
        ]
        refused = all(r is not None and WRONG_LEADER in texts(r.body) for r in replies)
        if at_once and refused:
            yield Explanation(
                "returned-without-reply",
                f"the clerk of {history.who(one)} returned {one.answer} for {one.name} "
                "as its last request was lost, or the reply to it",
                (
                    fact(last, f"gets no reply from server {last.peer}"),
                    fact(one.returned, f"returns {one.answer} for {one.name}"),
                ),
            )


def maybe_sent_once(history: ServiceHistory) -> Iterator[Explanation]:
    """Find ErrMaybe for a put that was sent once, and is in the log once at most."""
    for put in history.in_question:
        if put.called.method != "put" or put.answer != MAYBE:
            continue
        sent = history.sent_with(put)
        indices = history.indices(put)
        if len(sent) == len(history.sent(put)) == 1 and len(indices) <= 1:
            yield Explanation(
                "maybe-sent-once",
                f"the clerk of {history.who(put)} sent {put.name} once, to server "
                f"{sent[0].peer}, and returned ErrMaybe",
                _story(history, put, sent),
            )


def sent_again_not_maybe(history: ServiceHistory) -> Iterator[Explanation]:
    """Find a put that was sent again, refused, and did not return ErrMaybe.

    Only where the history of all operations shows that it was performed.
    """
    for put in history.in_question:
        if put.called.method != "put" or put.answer != VERSION or not put.mark:
            continue
        sent = history.sent_with(put)
        indices = history.indices(put)
        again = _sent_again(history, put, sent)
        if again and len(indices) > 1:
            shown = _telling(history, put, sent)
            left_out = len(sent) - len(shown)
            yield Explanation(
                "sent-again-not-maybe",
                f"{again}; it was applied at the indices {', '.join(map(str, indices))}, "
                f"and the clerk returned {VERSION}"
                + (
                    f"; {left_out} of its requests are left out here"
                    if left_out
                    else ""
                ),
                _story(history, put, shown),
            )


def _sent_again(history: ServiceHistory, put: Operation, sent: list[Sent]) -> str:
    """Return by whom a put was sent more than once, as a clause; "" if by nobody."""
    who = history.who(put)
    if len(sent) > 1:
        return f"the clerk of {who} sent {put.name} {len(sent)} times"
    for row in sent:
        passed_on = history.passed_on(put, row.peer, row.n)
        if passed_on is not None and is_of(put, passed_on.body):
            return (
                f"server {row.peer} got {put.name} of {who}, and sent it to server "
                f"{passed_on.peer}, too"
            )
    return ""


def refusal_taken_for_ok(history: ServiceHistory) -> Iterator[Explanation]:
    """Find OK for a put to which the last reply was ErrVersion, and nothing else.

    A reply to a put that was sent again may say more: who wrote the version that there is.
    """
    for put in history.in_question:
        if put.called.method != "put" or put.answer != OK:
            continue
        reply = history.last_reply(put)
        if reply is None or VERSION not in texts(reply.body):
            continue
        if len(history.sent(put)) == 1 or list(leaves(reply.body)) == [VERSION]:
            yield Explanation(
                "refusal-taken-for-ok",
                f"server {reply.server} answered {put.name} with {VERSION}, and the "
                f"clerk of {history.who(put)} returned OK",
                (
                    fact(reply, f"replies {VERSION}"),
                    *_story(history, put, [])[-1:],
                ),
            )


def waits_before_sending(history: ServiceHistory) -> Iterator[Explanation]:
    """Find a clerk that spends most of its operations before it sends anything."""
    by_clerk: dict[int, list[tuple[int, int, Operation]]] = defaultdict(list)
    for one in history.operations:
        sent = history.sent(one)
        if sent and one.returned is not None and history.is_clients(one):
            before, whole = sent[0].t - one.called.t, one.returned.t - one.called.t
            by_clerk[one.lane].append((before, whole, one))
    for found in by_clerk.values():
        before = sum(waited for waited, _, _ in found)
        whole = sum(took for _, took, _ in found)
        if len(found) >= ONE_SERVER_MIN and 2 * before > whole:
            waited, _, one = max(found, key=lambda spent: spent[0])
            yield Explanation(
                "clerk-waits-before-sending",
                f"the clerk of {history.who(one)} waits before it sends a request: "
                f"{seconds(before)} of the {seconds(whole)} of its {len(found)} operations",
                (
                    fact(one.called, f"calls {one.name}"),
                    fact(history.sent(one)[0], f"sends it, {seconds(waited)} later"),
                ),
            )


def asks_one_server(history: ServiceHistory) -> Iterator[Explanation]:
    """Find an operation without an end that asks one server, while another one leads."""
    for one in history.operations:
        sent = history.sent(one)
        if one.returned is not None or len(sent) < ONE_SERVER_MIN:
            continue
        if not history.is_clients(one):
            continue
        peer = sent[-1].peer
        since = next((n for n, r in enumerate(reversed(sent)) if r.peer != peer), None)
        asked = sent if since is None else sent[-since:]
        leaders = [
            (server, row)
            for server in range(history.header.servers)
            for row in history.rows(server, Reported)[-1:]
            if row.leads and server != peer and row.t < asked[-1].t
        ]
        waited = asked[-1].t - asked[0].t
        if leaders and len(asked) >= ONE_SERVER_MIN and waited >= ONE_SERVER_NS:
            server, row = leaders[-1]
            yield Explanation(
                "clerk-asks-one-server",
                f"the clerk of {history.who(one)} sent {one.name} to server {peer} only, "
                f"{counted(len(asked), 'time')} in {seconds(waited)}; server {server} "
                "says that it leads",
                (fact(row, f"says that it leads term {row.term}"),),
            )


def _telling(history: ServiceHistory, put: Operation, sent: list[Sent]) -> list[Sent]:
    """Return the requests that say most: the first ones and the last one.

    Without those that were refused by servers that do not lead, and saved nothing then: no
    entry was made of them.
    """
    ends = {row.rpc: row for row in history.answers(put)}
    found = [
        row
        for row in sent
        if _came_of(history, ends.get(row.rpc)) != WRONG_LEADER
        or _saved_on_arrival(history, row)
    ]
    if len(found) < len(sent) and len(found) < MIN_SHOWN:
        found = sent
    return [*found[: SENDS_SHOWN - 1], *found[SENDS_SHOWN - 1 :][-1:]]


def _saved_on_arrival(history: ServiceHistory, sent: Sent) -> bool:
    """Return whether a server saved something as a request reached it."""
    arrived = [row.step for row in history.rows(sent.peer, Arrived, sent.n)
               if row.rpc == sent.rpc]  # fmt: skip
    return any(row.step in arrived for row in history.rows(sent.peer, Saved, sent.n))


def _story(
    history: ServiceHistory, put: Operation, sent: list[Sent]
) -> tuple[FactRow, ...]:
    """Return what was sent, what became of it, and what the operation returned."""
    ends = {row.rpc: row for row in history.answers(put)}
    found = [
        fact(
            row,
            f"sends {put.name} to server {row.peer}, and gets "
            f"{_came_of(history, ends.get(row.rpc))}",
        )
        for row in sent
    ]
    if put.returned is not None:
        found.append(fact(put.returned, f"returns {put.answer}"))
    return tuple(found)


def _came_of(history: ServiceHistory, end: ReplyArrived | NoReply | None) -> str:
    """Return what became of a request, in a word or two."""
    if end is None or type(end) is NoReply:
        return "no reply"
    reply = history.trace.replied.get((end.rpc, end.copy))
    words = [] if reply is None else texts(reply.body)
    return words[0] if len(words) == 1 else "an answer"
