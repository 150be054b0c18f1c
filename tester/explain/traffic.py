"""Explanations of traffic: handlers that answer nothing, requests without end."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from labrpc.clock import SECOND
from tester import jsonl
from tester.explain.disturbances import servers_of_other_time
from tester.explain.exchanges import (
    APPEND_ENTRIES,
    INSTALL_SNAPSHOT,
    REQUEST_VOTE,
    Rpc,
)
from tester.explain.explanation import Explanation
from tester.explain.history import History, fact
from tester.explain.one_way import is_one_way
from tester.text import servers_named
from tester.traces.rows import Applied, AppliedSnapshot, Replied

# More heartbeats a second than this prevent no more elections.
HEARTBEATS_A_SECOND_MAX = 80
REFUSED_MIN = 8
SNAPSHOTS_MIN = 6


def handler_returned_none(history: History) -> Iterator[Explanation]:
    """Find handlers that returned None, unless no call is ever answered.

    Not where a later request on the same link was answered: to its caller, that is no more
    than a lost reply.
    """
    if is_one_way(history.trace):
        return
    found: dict[str, list[Replied]] = defaultdict(list)
    answered: Counter[str] = Counter()
    last_answer_n: dict[tuple[int, int, str], int] = {}
    for row in history.rows_of(Replied):
        if type(row) is Replied:
            answered[row.method] += 1
            if row.body is None:
                found[row.method].append(row)
            else:
                last_answer_n[row.peer, row.server, row.method] = row.n
    for method, rows in found.items():
        if all(last_answer_n.get((r.peer, r.server, method), 0) > r.n for r in rows):
            continue
        servers = sorted({row.server for row in rows})
        yield Explanation(
            "handler-returned-none",
            f"{method} returned None {len(rows)} of {answered[method]} times, on "
            f"{servers_named(servers)}: the caller takes it for a lost reply",
            (fact(rows[0], f"{method} returns None to server {rows[0].peer}"),),
        )


def requests_repeated(history: History) -> Iterator[Explanation]:
    """Find heartbeats that are sent far more often than they prevent elections."""
    by_link: dict[tuple[int, int], list[Rpc]] = defaultdict(list)
    for rpc in history.calls(APPEND_ENTRIES):
        if rpc.entries_count == 0:
            by_link[rpc.src, rpc.dst].append(rpc)
    other = servers_of_other_time(history)
    for (src, dst), rpcs in by_link.items():
        if src in other:
            continue
        most, first = 0, rpcs[0]
        begin = 0
        for end, rpc in enumerate(rpcs):
            while rpc.sent.t - rpcs[begin].sent.t > SECOND:
                begin += 1
            if end - begin + 1 > most:
                most, first = end - begin + 1, rpcs[begin]
        if most > HEARTBEATS_A_SECOND_MAX:
            yield Explanation(
                "requests-repeated",
                f"server {src} sent server {dst} {most} append_entries without entries "
                "within a second",
                (fact(first.sent, "sends the first of these heartbeats"),),
            )
            return


def refused_again_and_again(history: History) -> Iterator[Explanation]:
    """Find one AppendEntries that was sent again and again though it was refused.

    Heartbeats may be refused while the leader looks for where the logs part with others, or
    sends its snapshot.
    """
    refused: dict[tuple[int, int, bytes], list[Rpc]] = defaultdict(list)
    for rpc in history.calls(APPEND_ENTRIES):
        if rpc.result("success") is False and rpc.result("term") == rpc.arg("term"):
            refused[rpc.src, rpc.dst, jsonl.encode(rpc.sent.body)].append(rpc)
    by_link = _by_link(history)
    worst = _most_repeated(
        repeated
        for (src, dst, _), rpcs in refused.items()
        if len(_in_spite_of_answers(rpcs)) >= REFUSED_MIN
        for repeated in _without_progress(rpcs, by_link[src, dst])
    )
    if len(worst) < REFUSED_MIN:
        return
    rpc, prev = worst[0], worst[0].arg("prev_log_index")
    text = (
        f"server {rpc.dst} refused the same append_entries of server {rpc.src} "
        f"{len(worst)} times, each with prev_log_index {prev}, though "
    )
    applied = _applied_by_both(history, rpc)
    if history.indices_begin_at_one and prev is not None and applied >= prev:
        yield _sent_without_end(
            "refused-what-it-has", f"{text}both had applied index {applied}", worst
        )
    else:
        yield _sent_without_end(
            "refused-again-and-again", f"{text}the first answer had arrived", worst
        )


def _by_link(history: History) -> dict[tuple[int, int], list[Rpc]]:
    """Return the RPCs from one server to another, but for requests for votes."""
    found: dict[tuple[int, int], list[Rpc]] = defaultdict(list)
    for rpc in history.rpcs:
        if rpc.sent.method != REQUEST_VOTE:
            found[rpc.src, rpc.dst].append(rpc)
    return found


def _without_progress(rpcs: list[Rpc], on_link: list[Rpc]) -> Iterator[list[Rpc]]:
    """Yield some RPCs in groups, between which their sender got on, or tried something new.

    Without those that it sent while another call, as one with a snapshot, was under way.
    """
    first_n, last_n = rpcs[0].sent.n, rpcs[-1].sent.n
    numbers = {rpc.sent.n for rpc in rpcs}
    tried: set[object] = {rpcs[0].arg("prev_log_index")}
    group: list[Rpc] = []
    begin = bisect_left(on_link, first_n, key=lambda rpc: rpc.sent.n)
    others = [r for r in on_link[:begin] if r.sent.method != APPEND_ENTRIES]
    busy_until_n = max((other.ended_n for other in others), default=0.0)
    for rpc in on_link[begin:]:
        if rpc.sent.n > last_n:
            break
        if rpc.sent.n in numbers:
            if rpc.sent.n > busy_until_n:
                group.append(rpc)
            continue
        if rpc.sent.method == APPEND_ENTRIES:
            taken = rpc.result("success") is True
            what: object = (rpc.sent.n,) if taken else rpc.arg("prev_log_index")
        else:
            what = jsonl.encode(rpc.sent.body)
            busy_until_n = max(busy_until_n, rpc.ended_n)
        if what not in tried:
            tried.add(what)
            yield group
            group = []
    yield group


def _applied_by_both(history: History, refused: Rpc) -> int:
    """Return the highest index that caller and receiver had applied by a refusal.

    Of the receiver, only the life in which it refused counts. Up to this index both have
    the same entries.
    """
    answer = refused.replied
    assert answer is not None
    by_caller = by_receiver = 0
    for row in history.rows_of(Applied, AppliedSnapshot):
        if row.n > answer.n:
            break
        if type(row) is not Applied and type(row) is not AppliedSnapshot:
            continue
        if type(row.index) is not int:
            continue
        if row.server == refused.src:
            by_caller = max(by_caller, row.index)
        elif row.server == refused.dst and row.incarnation == answer.incarnation:
            by_receiver = max(by_receiver, row.index)
    return min(by_caller, by_receiver)


def snapshot_again_and_again(history: History) -> Iterator[Explanation]:
    """Find one snapshot that was sent again and again though it was acknowledged.

    Requests that differ may bring different parts of it.
    """
    sent: dict[tuple[int, int, bytes], list[Rpc]] = defaultdict(list)
    for rpc in history.calls(INSTALL_SNAPSHOT):
        index = rpc.arg("last_included_index")
        if index is not None and rpc.result("term") == rpc.arg("term"):
            sent[rpc.src, rpc.dst, jsonl.encode(rpc.sent.body)].append(rpc)
    worst = _most_repeated(sent.values())
    if len(worst) < SNAPSHOTS_MIN:
        return
    rpc = worst[0]
    yield _sent_without_end(
        "snapshot-again-and-again",
        f"server {rpc.src} sent server {rpc.dst} the snapshot of index "
        f"{rpc.arg('last_included_index')} {len(worst)} times in one term, though the "
        "first answer had arrived",
        worst,
    )


def _most_repeated(groups: Iterable[list[Rpc]]) -> list[Rpc]:
    """Return the RPCs of the group that was most often sent in spite of an answer."""
    return max(map(_in_spite_of_answers, groups), key=len, default=[])


def _in_spite_of_answers(rpcs: list[Rpc]) -> list[Rpc]:
    """Return the first RPC of some, and those sent when it had been answered."""
    answered_n = min((rpc.answered.n for rpc in rpcs if rpc.answered), default=None)
    if answered_n is None:
        return []
    return [rpcs[0], *(rpc for rpc in rpcs[1:] if rpc.sent.n > answered_n)]


def _sent_without_end(code: str, text: str, rpcs: list[Rpc]) -> Explanation:
    """Return an explanation whose facts are the first and the last of some RPCs."""
    facts = (
        fact(rpcs[0].sent, "sends it for the first time"),
        fact(rpcs[-1].sent, "sends it for the last time"),
    )
    return Explanation(code, text, facts)


def negative_prev_log_index(history: History) -> Iterator[Explanation]:
    """Find an AppendEntries that asks for a place before the log's beginning."""
    if not history.indices_begin_at_one:
        return
    for rpc in history.calls(APPEND_ENTRIES):
        prev = rpc.arg("prev_log_index")
        if prev is not None and prev < 0:
            yield Explanation(
                "negative-prev-log-index",
                f"server {rpc.src} sent server {rpc.dst} an append_entries with "
                f"prev_log_index {prev}: no entry has that index",
                (fact(rpc.sent, f"sends prev_log_index {prev}"),),
            )
            return
