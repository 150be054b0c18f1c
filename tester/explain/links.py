"""The last traffic of each link, for runs in which something never happened, or too often."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from labrpc.clock import MILLISECOND, SECOND, to_seconds
from tester import codes
from tester.explain.history import last_seconds, seconds
from tester.explain.one_way import is_one_way
from tester.text import counted, servers_named
from tester.traces import values
from tester.traces.reader import Trace
from tester.traces.rows import (
    Arrived,
    Boot,
    Control,
    Lost,
    NoReply,
    Replied,
    ReplyArrived,
    Sent,
)
from tester.traces.values import Value

# Where the failure is that something did not happen in time, or happened without end.
OF_TRAFFIC = frozenset(
    code.name
    for code in (
        codes.NO_LEADER,
        codes.NO_AGREEMENT,
        codes.NOT_CAUGHT_UP,
        codes.LEADER_WITHOUT_MAJORITY,
        codes.TOO_MANY_RPCS,
        codes.TOO_MANY_BYTES,
        codes.UNSTABLE_TERM,
    )
)
LINES_MAX = 12
# A server may have given a call up by then.
LATE_NS = 100 * MILLISECOND
# A call counts as one that its caller waits for if it has not ended for so long.
WAITING_NS = SECOND
# How the choice begins after which servers are to recover.
RECOVER = "recover"
# The least number of equal answers that is worth a remark.
SAME_MIN = 3


@dataclass
class _Link:
    """What one server called on another, by one method.

    Attributes:
        sent: how many requests left.
        arrived: how many of them came.
        can_be_answered: whether servers answer calls at all.
        answers: what came back, as text, and how often.
        refused: how many answers refuse, or are None.
        took_ns: how long each answer took, from its request on.
        lost: how many requests or replies were lost, by the reason.
        waiting_ns: for how long callers have waited in vain, by call.
    """

    sent: int = 0
    arrived: int = 0
    can_be_answered: bool = True
    answers: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    took_ns: list[int] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)
    waiting_ns: list[int] = field(default_factory=list)

    def text(self) -> str:
        """Return it in words."""
        if not self.sent:
            return "; ".join(self._waiting())
        answered = self.answers.total()
        parts = [f"{self.sent} sent", f"{self.arrived} arrived"]
        if self.arrived and self.can_be_answered:
            parts.append(f"{answered} answered{self._how_late()}")
        if self.refused:
            parts.append(f"{self.refused} refused")
        if len(self.answers) == 1 and answered >= SAME_MIN:
            parts.append("always the same answer")
        lost = [f"{why}: {count}" for why, count in sorted(self.lost.items())]
        return "; ".join([", ".join(parts), *lost, *self._waiting()])

    def _waiting(self) -> list[str]:
        """Return for how long callers have waited, if some have."""
        if not self.waiting_ns:
            return []
        calls = counted(len(self.waiting_ns), "call")
        return [f"{calls} under way for up to {seconds(max(self.waiting_ns))}"]

    def _how_late(self) -> str:
        """Return how late the answers came, if that was later than usual."""
        if max(self.took_ns, default=0) < LATE_NS:
            return ""
        least, most = [f"{to_seconds(f(self.took_ns)):.1f}" for f in (min, max)]
        return f" after {least} s" if least == most else f" after {least} to {most} s"


_Links = dict[tuple[int, int, str], _Link]


def link_lines(trace: Trace) -> list[str]:
    """Return what each link carried in the last seconds of a run that failed by it.

    The busiest first, links that carried the same in one line; no line for a run that failed
    in another way.
    """
    if trace.end is None or trace.end.code not in OF_TRAFFIC or not trace.rows:
        return []
    since, ended = last_seconds(trace)
    if trace.header.by_choices:
        # Its times are none of the servers'.
        since, when = _recovery_began(trace), "while servers were to recover"
        links = _links(trace, since)
    else:
        when = f"in the last {seconds(ended - since)}"
        links = _links(trace, since)
        _note_waiting(links, trace, ended)
    alike: dict[tuple[int, str, str], list[int]] = defaultdict(list)
    for (src, dst, method), link in sorted(links.items(), key=lambda one: -one[1].sent):
        alike[src, method, link.text()].append(dst)
    lines = [
        f"  {src} → {', '.join(map(str, sorted(to)))}  {method}: {text}"
        for (src, method, text), to in list(alike.items())[:LINES_MAX]
    ]
    if len(alike) > LINES_MAX:
        lines.append("  and other links, with fewer requests")
    senders = {src for src, _, _ in links}
    silent = [s for s in _up(trace) if s not in senders]
    if silent:
        lines.append(f"  {servers_named(silent)}, up, sent nothing")
    return [f"what each link carried {when}:", *lines] if lines else []


def _recovery_began(trace: Trace) -> int:
    """Return when the last recovery began, by the time of a list of choices."""
    began = [
        row.t
        for row in trace.rows
        if type(row) is Control and row.verb.startswith(RECOVER)
    ]
    return began[-1] if began else 0


def _note_waiting(links: _Links, trace: Trace, ended: int) -> None:
    """Note for how long callers have waited in vain when a run ended."""
    for sent in _under_way(trace):
        if ended - sent.t >= WAITING_NS:
            link = links[sent.server, sent.peer, sent.method]
            link.waiting_ns.append(ended - sent.t)


def _links(trace: Trace, since: int) -> _Links:
    links: _Links = defaultdict(_Link)
    one_way = is_one_way(trace)
    by_rpc: dict[int, _Link] = {}
    sent_at: dict[int, int] = {}
    for row in trace.rows:
        if type(row) is Sent and row.t >= since:
            link = by_rpc[row.rpc] = links[row.server, row.peer, row.method]
            link.sent += 1
            link.can_be_answered = not one_way
            sent_at[row.rpc] = row.t
        elif type(row) is Arrived or type(row) is ReplyArrived or type(row) is Lost:
            known = by_rpc.get(row.rpc)
            if known is None or row.copy:
                continue
            if type(row) is Arrived:
                known.arrived += 1
            elif type(row) is Lost:
                known.lost[row.why] += 1
            else:
                if one_way:
                    continue
                if not trace.header.by_choices:
                    known.took_ns.append(row.t - sent_at[row.rpc])
                _note_answer(known, trace.replied.get((row.rpc, False)))
    return links


def _under_way(trace: Trace) -> list[Sent]:
    """Return the calls that have not ended, of incarnations that are up at the end."""
    calls: dict[int, Sent] = {}
    for row in trace.rows:
        if type(row) is Sent:
            calls[row.rpc] = row
        elif type(row) is NoReply or (type(row) is ReplyArrived and not row.copy):
            calls.pop(row.rpc, None)
        elif type(row) is Boot:
            calls = {rpc: s for rpc, s in calls.items() if s.server != row.server}
    up = set(_up(trace))
    return [sent for sent in calls.values() if sent.server in up]


def _note_answer(link: _Link, replied: Replied | None) -> None:
    body = None if replied is None else replied.body
    link.answers[values.text(body)] += 1
    link.refused += _refuses(body)


def _refuses(body: Value) -> bool:
    """Return whether an answer says no, by the names of Figure 2, or is none."""
    says = values.field(body, "success"), values.field(body, "vote_granted")
    return body is None or False in says


def _up(trace: Trace) -> list[int]:
    """Return the servers that are up at the end."""
    up: set[int] = set()
    for row in trace.rows:
        if type(row) is Boot:
            up.add(row.server)
        elif type(row) is Control and row.verb == "crash":
            up -= set(row.args)
    return sorted(up)
