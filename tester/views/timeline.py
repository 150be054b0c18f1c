"""A recorded run laid out for looking: lines, what each server was then, and arrows."""

from dataclasses import dataclass, field, replace

from tester.traces import rows
from tester.traces.operations import MARKS
from tester.traces.reader import Trace
from tester.views.bars import Bar, bars
from tester.views.folding import Shown, folded
from tester.views.moments import Moment
from tester.views.operation_order import OperationOrder, operation_order
from tester.views.significance import place_of_fact

# How many lines a view shows at first.
FIRST_WINDOW = 320


@dataclass(frozen=True)
class ServerState:
    """What is known of a server at one moment.

    Attributes:
        up: whether it runs.
        paused: whether it stands still.
        cut_off: whether the scenario has disconnected it.
        term: what it said last, -1 if it said nothing.
        leads: whether it said that it leads.
    """

    up: bool = False
    paused: bool = False
    cut_off: bool = False
    term: int = -1
    leads: bool = False


@dataclass(frozen=True)
class Arrow:
    """A message from one line to another.

    Attributes:
        rpc: which.
        reply: whether it is a reply.
        begin: the line at which it leaves, and the server.
        end: the line at which it arrives or is lost, and the server.
        lost: why it is lost, "" if it arrives.
    """

    rpc: int
    reply: bool
    begin: tuple[int, int]
    end: tuple[int, int]
    lost: str = ""


@dataclass
class Timeline:
    """A run as lines.

    Attributes:
        lines: moments, and folds of those that tell nothing new.
        states: at each line, what each server is after it.
        arrows: the messages, in the order of their ends.
        bars: the operations of a service's clients.
        order: the operations that contradict each other, None if the failure is about
            none.
        facts: the lines of the facts that contradict each other.
        first: the first line to show.
    """

    trace: Trace
    lines: list[Shown]
    states: list[list[ServerState]] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    order: OperationOrder | None = None
    facts: list[int] = field(default_factory=list)
    first: int = 0

    @property
    def marks(self) -> dict[int, str]:
        """The mark of each line that shows a fact: ① for the first."""
        return dict(zip(self.facts, MARKS, strict=False))


def timeline(trace: Trace) -> Timeline:
    """Return a run laid out."""
    lines = folded(trace)
    line_of = {row.n: place for place, line in enumerate(lines) for row in line.rows}
    made = Timeline(trace, lines)
    made.states = _states(trace, lines)
    made.arrows = _arrows(trace, line_of)
    made.bars = bars(trace, line_of, len(lines))
    made.order = operation_order(trace, line_of)
    made.facts = _lines_of_facts(trace, lines)
    made.first = _first_line(trace, lines, made.facts)
    return made


def _lines_of_facts(trace: Trace, lines: list[Shown]) -> list[int]:
    """Return the line of each fact; none is in a fold."""
    places = [place for place, line in enumerate(lines) if isinstance(line, Moment)]
    seen = [line for line in lines if isinstance(line, Moment)]
    found = []
    for fact in trace.end.facts if trace.end is not None else []:
        place = place_of_fact(fact, seen)
        found.append(-1 if place is None else places[place])
    return found


def _first_line(trace: Trace, lines: list[Shown], facts: list[int]) -> int:
    """Return the last act of the test before the first fact, if that is near enough."""
    if not trace.failed:
        return max(len(lines) - FIRST_WINDOW, 0)
    facts = [place for place in facts if place >= 0]
    before = min(facts, default=len(lines) - 1)
    acts = [
        place
        for place, line in enumerate(lines[: before + 1])
        if isinstance(line, Moment) and any(line.of(rows.Control))
    ]
    return max(acts[-1] if acts else 0, len(lines) - FIRST_WINDOW, 0)


# What each server is.


def _states(trace: Trace, lines: list[Shown]) -> list[list[ServerState]]:
    now = [ServerState() for _ in trace.header.lanes]
    states = []
    for line in lines:
        for row in line.rows:
            _follow(row, now)
        states.append(list(now))
    return states


_CONTROLS: dict[str, dict[str, bool]] = {
    "pause": {"paused": True},
    "resume": {"paused": False},
    "connect": {"cut_off": False},
    "disconnect": {"cut_off": True},
}


def _follow(row: rows.AnyRow, now: list[ServerState]) -> None:
    """Take in what a row says of its server."""
    server = row.server
    if type(row) is rows.Control and row.verb == "partition":
        _partition(row.args, now)
        return
    if type(row) is rows.Control:
        server = row.args[0] if row.args and type(row.args[0]) is int else -1
    if not 0 <= server < len(now):
        return
    was = now[server]
    if type(row) is rows.Boot:
        now[server] = ServerState(up=True, cut_off=was.cut_off)
    elif type(row) is rows.Reported:
        now[server] = replace(was, term=row.term, leads=row.leads)
    elif type(row) is rows.Control and row.verb == "crash":
        now[server] = ServerState(cut_off=was.cut_off)
    elif type(row) is rows.Control and row.verb in _CONTROLS:
        now[server] = replace(was, **_CONTROLS[row.verb])


def _partition(groups: list[list[int]], now: list[ServerState]) -> None:
    """Take in that the servers were split into groups, of which one may be a majority."""
    servers = sum(map(len, groups))
    for group in groups:
        for server in group:
            cut_off = 2 * len(group) <= servers
            now[server] = replace(now[server], cut_off=cut_off)


# Arrows.


def _arrows(trace: Trace, line_of: dict[int, int]) -> list[Arrow]:
    sent_at = {
        row.n: row
        for row in trace.rows
        if type(row) is rows.Sent or type(row) is rows.Replied
    }
    found: dict[object, Arrow] = {}
    for row in trace.rows:
        if (
            type(row) is not rows.Arrived
            and type(row) is not rows.ReplyArrived
            and type(row) is not rows.Lost
        ):
            continue
        left = sent_at.get(row.cause)
        if left is None:
            continue
        begin, end = line_of[left.n], line_of[row.n]
        why = row.why if type(row) is rows.Lost else ""
        if begin == end and not why:
            continue
        arrow = Arrow(
            rpc=row.rpc,
            reply=type(left) is rows.Replied,
            begin=(begin, left.server),
            end=(end, row.server),
            lost=why,
        )
        # Of the messages between the same lines, such as folds, one is enough.
        found.setdefault((arrow.reply, arrow.begin, arrow.end), arrow)
    return list(found.values())
