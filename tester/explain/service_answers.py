"""Explanations of answers without an entry of the log, and of answers that do not come."""

from collections.abc import Iterator

from labrpc.clock import SECOND
from tester.explain.exchanges import APPEND_ENTRIES
from tester.explain.explanation import Explanation
from tester.explain.history import fact, seconds
from tester.explain.service_history import ServiceHistory
from tester.service_errors import OK, WRONG_LEADER
from tester.traces import values
from tester.traces.operations import Operation
from tester.traces.rows import (
    Applied,
    Arrived,
    Boot,
    Called,
    Replied,
    Reported,
    Sent,
)

COMMAND_CHARS_MAX = 60
# A request that its server cannot serve any more is answered within a second.
WAITS_NS = SECOND // 2


def answered_without_applying(history: ServiceHistory) -> Iterator[Explanation]:
    """Find a put that was answered with OK before it was applied.

    By no server at all; or by others, if the answer came with another operation's entry.
    """
    if not history.entries_are_readable:
        return
    for put in history.in_question:
        reply = history.last_reply(put)
        if put.called.method != "put" or put.answer != OK or reply is None:
            continue
        server = reply.server
        applied = [row for row in history.applied(put) if row.n < reply.n]
        same_step = [
            row
            for row in history.rows(server, Applied, 0, reply.n)
            if row.step == reply.step
        ]
        if any(row.server == server for row in applied) or (applied and not same_step):
            continue
        if applied and history.applied_up_to(server, reply.n) >= applied[0].index:
            continue  # It had the put from a snapshot.
        others = f"server {applied[0].server} had" if applied else "no server had"
        facts = [fact(reply, f"answers {history.who(put)}")]
        if same_step:
            command = values.text(same_step[-1].command, COMMAND_CHARS_MAX)
            what = f"applies index {same_step[-1].index}: {command}"
            facts.insert(0, fact(same_step[-1], what))
        later = [row for row in history.applied(put) if row.n > reply.n]
        facts += [fact(row, f"applies it at index {row.index}") for row in later[:1]]
        yield Explanation(
            "answered-without-applying",
            f"server {server} answered {put.name} of {history.who(put)} with OK, and had "
            f"not applied it; {others}",
            tuple(facts),
        )


def read_without_log(history: ServiceHistory) -> Iterator[Explanation]:
    """Find a get in question whose server applied nothing between request and reply.

    Only where it lacked what another one had applied before the get was called: who has
    asked a majority, and has applied all that was committed then, may answer at once.
    """
    for get, arrived, reply in _answered_gets(history):
        if history.applied_since(arrived, reply):
            continue
        here = history.applied_up_to(reply.server, reply.n)
        up_to = {
            server: history.applied_up_to(server, get.called.n, in_any_life=True)
            for server in range(history.header.servers)
        }
        ahead = [server for server, index in up_to.items() if index > here]
        if not ahead:
            continue
        yield Explanation(
            "read-without-log",
            f"server {reply.server} answered {get.name} of {history.who(get)} without an "
            "entry in the log: it applied nothing between request and reply; it had "
            f"applied up to index {here}, server {ahead[0]} up to {up_to[ahead[0]]} "
            "before the get was called",
            (
                fact(arrived, f"gets {get.name}"),
                fact(reply, f"answers with {get.answer}"),
            ),
        )


def answered_before_its_entry(history: ServiceHistory) -> Iterator[Explanation]:
    """Find a get whose server, between request and reply, applied older entries only.

    What had been applied anywhere before the get was called is not the get's own entry.
    A server that has applied all of that may answer a get that has no entry.
    """
    for get, arrived, reply in _answered_gets(history):
        between = history.applied_since(arrived, reply)
        before = history.applied_anywhere(get.called.n)
        if between and history.applied_up_to(reply.server, reply.n) < before:
            last = between[-1]
            yield Explanation(
                "answered-before-its-entry",
                f"server {reply.server} answered {get.name} of {history.who(get)} once it "
                f"had applied index {last.index}; entries up to {before} had been applied "
                "before the get was called, so its own, if it has one, comes later",
                (
                    fact(arrived, f"gets {get.name}"),
                    fact(last, f"applies index {last.index}"),
                    fact(reply, f"answers with {get.answer}"),
                ),
            )


def _answered_gets(
    history: ServiceHistory,
) -> Iterator[tuple[Operation, Arrived, Replied]]:
    """Yield the gets of the failure's facts that a server answered by itself."""
    for get in history.in_question:
        reply = history.last_reply(get)
        arrived = None if reply is None else history.arrival(reply)
        if get.called.method != "get" or not get.mark or not reply or not arrived:
            continue
        if not history.passed_on(get, reply.server, arrived.n, reply.n):
            yield get, arrived, reply


def value_of_another_key(history: ServiceHistory) -> Iterator[Explanation]:
    """Find a get that shows what was put, and to another key only."""
    for get in history.in_question:
        value = get.value_read
        puts = [put for put in history.puts if put.called.args[1] == value]
        if value is None or not puts or any(put.key == get.key for put in puts):
            continue
        put = puts[0]
        yield Explanation(
            "value-of-another-key",
            f"{history.who(get)} read {get.answer} from {values.text(get.key)}, and "
            f"{history.who(put)} put that to {values.text(put.key)}",
            (
                fact(put.called, f"calls {put.name}"),
                fact(get.returned or get.called, f"gets {get.answer} for {get.name}"),
            ),
        )


def wrong_leader_though_leading(history: ServiceHistory) -> Iterator[Explanation]:
    """Find a submit that was refused as an entry was applied, by a server that leads.

    It has sent AppendEntries of one term both before the call and after the answer.
    """
    for one in history.operations:
        server, returned = one.lane, one.returned
        if returned is None or one.answer != WRONG_LEADER:
            continue
        if one.called.method != "submit" or not history.leads(server, one.called.n):
            continue
        sent = _terms_sent(history, server, 0, one.called.n)[-1:]
        if not sent or sent != _terms_sent(history, server, returned.n)[:1]:
            continue
        applied = [
            row
            for row in history.rows(server, Applied, one.called.n, returned.n)
            if row.step == returned.step
        ]
        if applied:
            index = applied[-1].index
            yield Explanation(
                "wrong-leader-though-leading",
                f"server {server} answered {one.name} with {WRONG_LEADER} as it applied "
                f"index {index}, and led in one term from the call to the answer",
                (
                    fact(one.called, f"is given {one.name}"),
                    fact(applied[-1], f"applies index {index}"),
                    fact(returned, f"answers {WRONG_LEADER}"),
                ),
            )


def _terms_sent(
    history: ServiceHistory, server: int, after: int, until: int | None = None
) -> list[int | None]:
    """Return the terms of the AppendEntries that a server has sent between two rows."""
    return [
        values.number(row.body, "term")
        for row in history.rows(server, Sent, after, until)
        if row.method == APPEND_ENTRIES
    ]


def waits_after_leadership(history: ServiceHistory) -> Iterator[Explanation]:
    """Find a request that waits at a server which has not led since some time."""
    rows = history.trace.rows
    now = rows[-1].t if rows else 0
    for one in history.operations:
        for server, asked in _waiting(history, one):
            ended = [
                row
                for row in history.rows(server, Reported, asked.n)
                if not row.leads
            ]  # fmt: skip
            if not ended or not history.leads(server, asked.n):
                continue
            restarted = bool(history.rows(server, Boot, asked.n))
            if not restarted and now - ended[0].t >= WAITS_NS:
                of = "" if one.lane == server else f" of {history.who(one)}"
                yield Explanation(
                    "waits-after-leadership",
                    f"{one.name}{of} waits at server {server}, which lost its leadership "
                    f"{seconds(now - ended[0].t)} before the end",
                    (
                        fact(asked, f"is given {one.name} while it leads"),
                        fact(
                            ended[0], f"is in term {ended[0].term}, and does not lead"
                        ),
                    ),
                )


def _waiting(
    history: ServiceHistory, one: Operation
) -> Iterator[tuple[int, Called | Arrived]]:
    """Yield the servers that have not answered a request of an operation without an end."""
    if one.returned is not None:
        return
    if one.lane < history.header.servers:
        yield one.lane, one.called
        return
    for sent in history.sent(one):
        if history.trace.replied.get((sent.rpc, False)) is None:
            for row in history.rows(sent.peer, Arrived, sent.n):
                if row.rpc == sent.rpc and not row.copy:
                    yield sent.peer, row
