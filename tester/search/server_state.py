"""The state of one server, known by its history: by all that its box has been given.

A box is a function of its events. So two servers with one history are in one state,
and nobody has to look into them, or to compare them.
"""

from operator import attrgetter
from typing import Any, NamedTuple

from labrpc.errors import SubmissionError
from labrpc.world.events import Action, Call, Event, Persist, PlaceKind, Reply

OUTWARD = (Persist, Call, Reply)
"""The actions that reach the disk or another server: a crash may come between them."""


class Arrival(NamedTuple):
    """A request arrives."""

    src: int
    method: str
    data: bytes


class Answer(NamedTuple):
    """A call of the server ends; with None, it has failed."""

    call_id: int
    data: bytes | None


class Brief(NamedTuple):
    """A message arrives, and the server takes as little time as it can.

    One that polls would otherwise look once for each of them.
    """

    given: Arrival | Answer


class Command(NamedTuple):
    """The service calls `start`."""

    command: int | str


class SnapshotCall(NamedTuple):
    """The service calls `snapshot`, up to an index that it has applied."""

    method: str
    up_to: int


class ClientCall(NamedTuple):
    """The client calls a method of its clerk."""

    method: str
    args: tuple[Any, ...]


class TimePasses(NamedTuple):
    """Time passes on the server's own clock, until something comes of it."""


class Waits(NamedTuple):
    """Time passes on the server's own clock, whether or not something comes of it."""

    ns: int


class LosesTurn(NamedTuple):
    """A thread is to lose its turn in the next step; see `choices.Preempt`."""

    nth: int
    place: PlaceKind
    steps: int


class ServiceStalls(NamedTuple):
    """The service takes nothing from now on, or it does again."""

    stalls: bool


Stimulus = (
    Arrival
    | Answer
    | Brief
    | Command
    | SnapshotCall
    | ClientCall
    | TimePasses
    | Waits
    | LosesTurn
    | ServiceStalls
)
"""What a server is given in one step; no two of them are equal."""

TIME_PASSES = TimePasses()


class PendingCall(NamedTuple):
    """A call of the server that has not ended."""

    call_id: int
    dst: int
    method: str
    data: bytes


class PendingRequest(NamedTuple):
    """A request that the server has not answered."""

    request_id: int
    src: int
    method: str
    data: bytes


class BoxStep(NamedTuple):
    """An event that a box was given, when by its own clock, and what it did."""

    now_ns: int
    event: Event
    actions: tuple[Action, ...]


class ServerState:
    """One incarnation of a server after a step, and what came of the step.

    A client's clerk has a state as well, in which most of this stays as it was.

    A step is more than one event of the box: what the server applies is taken at once,
    and it is asked for its state.

    Attributes:
        number: counts all states of a search, in the order of finding.
        server: the server's number.
        incarnation: which of its lives this is, from 1.
        before: the state before the step; None when it has just started.
        box_steps: what its box was given in the step, and did.
        outward: the saves, calls and replies of the step, in order.
        news: whether the step shows something that an oracle can object to.
        failure: how the submission broke in the step; None if it did not.
        now_ns: the time on its own clock.
        wake_ns: when it wants to be woken; None for never.
        requests: how many requests have reached it.
        invoked: what the service called and has not been answered, by number.
        invocations: how often the service has called it.
        puts: what it has put on its apply channel and nobody has taken.
        raft_state: what its disk holds.
        snapshot: the snapshot on its disk.
        term: its term when it was last asked, -1 if it has not answered yet.
        leads: whether it said then that it leads.
        led: the terms in which it has said so in this life.
        applied: the commands that it has applied, those of a snapshot included.
        accepted: index and term of the last command that `start` has accepted in this
            life; None if there is none.
        compacted: how many of them are in a snapshot that the service has made or taken.
        preempting: whether a thread is to lose its turn in the next step.
        preempted: whether one has lost its turn in the step.
        steps_away: how many of the next steps are to come before a thread that has lost
            its turn goes on.
        stalled: whether the service takes nothing.
        calls: its calls that have not ended.
        unanswered: the requests that it has not answered.
        answers: what its calls have been answered since its term has changed.
        after: the states that may follow, each by what the server is given.
        operation: what a client has called and has not been answered; None for nothing.
        versions: the latest version of each key that a client knows of.
        like: the state that stands for all that look like this one: see `outline`.
    """

    __slots__ = (
        "accepted", "after", "answers", "applied", "before", "box_steps", "calls", "compacted", "failure",
        "incarnation", "invocations", "invoked", "leads", "led", "like", "news",
        "now_ns", "number", "operation", "outward", "preempted", "preempting", "puts", "raft_state",
        "requests", "server", "snapshot", "stalled", "steps_away", "term", "unanswered",
        "versions", "wake_ns",
    )  # fmt: skip

    def __init__(self, server: int, incarnation: int) -> None:
        self.number = 0
        self.server = server
        self.incarnation = incarnation
        self.before: ServerState | None = None
        self.box_steps: tuple[BoxStep, ...] = ()
        self.outward: tuple[Action, ...] = ()
        self.news = False
        self.failure: SubmissionError | None = None
        self.now_ns = 0
        self.wake_ns: int | None = None
        self.requests = 0
        self.invoked: tuple[tuple[int, str], ...] = ()
        self.invocations = 0
        self.puts: tuple[tuple[int, tuple[Any, ...]], ...] = ()
        self.raft_state = b""
        self.snapshot = b""
        self.term = -1
        self.leads = False
        self.led: tuple[int, ...] = ()
        self.applied: tuple[Any, ...] = ()
        self.accepted: tuple[int, int] | None = None
        self.compacted = 0
        self.stalled = False
        self.preempting = False
        self.preempted = False
        self.steps_away = 0
        self.calls: tuple[PendingCall, ...] = ()
        self.unanswered: tuple[PendingRequest, ...] = ()
        self.answers: frozenset[tuple[int, str, bytes | None]] = frozenset()
        self.operation: ClientCall | None = None
        self.versions: tuple[tuple[str, int], ...] = ()
        self.after: dict[Stimulus, ServerState] = {}
        self.like: ServerState = self

    @property
    def owed(self) -> int:
        """Up to which index it has to apply what it has accepted as a leader of its term.

        0 for nothing: what it has of earlier terms is committed only with a command of its
        own (section 5.4.2).
        """
        if self.accepted is None:
            return 0
        index, term = self.accepted
        return index if term == self.term else 0

    def next_blank(self) -> "ServerState":
        """Return a state that follows on this one, in which nothing has happened yet."""
        state = ServerState(self.server, self.incarnation)
        state.before = self
        (
            state.now_ns, state.wake_ns, state.requests, state.invoked,
            state.invocations, state.puts, state.raft_state, state.snapshot, state.term,
            state.leads, state.led, state.applied, state.calls, state.unanswered,
            state.answers, state.operation, state.versions, state.compacted,
            state.stalled, state.preempting, state.steps_away, state.accepted,
        ) = _kept(self)  # fmt: skip
        return state

    def disk_after(self, outward: tuple[Action, ...]) -> tuple[bytes, bytes]:
        """Return what the disk holds when only some actions of the step have got out."""
        for action in reversed(outward):
            if isinstance(action, Persist):
                return action.raft_state, action.snapshot
        before = self.before
        return (before.raft_state, before.snapshot) if before else (b"", b"")


_kept = attrgetter(
    "now_ns", "wake_ns", "requests", "invoked", "invocations", "puts", "raft_state",
    "snapshot", "term", "leads", "led", "applied", "calls", "unanswered", "answers",
    "operation", "versions", "compacted", "stalled", "preempting", "steps_away", "accepted",
)  # fmt: skip
