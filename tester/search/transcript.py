"""The events of a run of the suite, without their times, for expressing them in choices."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from labrpc.world.events import (
    Action,
    Call,
    Event,
    Invoke,
    Request,
    Response,
    Result,
    Wake,
)
from labrpc.world.observer import Observer
from labrpc.world.rpc import Delivery, Incarnation
from tester.scenario.cluster import has_types
from tester.search.call_names import CallName, CallNames
from tester.search.server_state import OUTWARD
from tester.search.server_step import OPERATIONS, SNAPSHOT, START

# Each of these names the server that it happened to, and says how many saves, calls and
# replies of the step got out before the server died in it; None if it did not die.


class RequestArrived(NamedTuple):
    """A request has arrived."""

    server: int
    dies_after: int | None
    call: CallName


class CallEnded(NamedTuple):
    """A call of the server has ended.

    Attributes:
        answered: whether by a reply.
    """

    server: int
    dies_after: int | None
    call: CallName
    answered: bool


class CalledByItself(NamedTuple):
    """Time has passed, and the server has made calls."""

    server: int
    dies_after: int | None
    calls: tuple[CallName, ...]


class Started(NamedTuple):
    """The server was given a command, and has not refused it."""

    server: int
    dies_after: int | None


class Called(NamedTuple):
    """A client was to get a key, or to put it.

    Attributes:
        server: the client's number.
        method: `get` or `put`.
        version: the one to replace; None for a get.
    """

    server: int
    dies_after: int | None
    method: str
    key: str
    version: int | None


class SnapshotTaken(NamedTuple):
    """The server's service has taken a snapshot, up to an index."""

    server: int
    dies_after: int | None
    up_to: int


class Crashed(NamedTuple):
    """The server has crashed between two steps."""

    server: int
    dies_after: None = None


Happened = (
    RequestArrived
    | CallEnded
    | CalledByItself
    | Started
    | Called
    | SnapshotTaken
    | Crashed
)


class Transcript(Observer):
    """Notes what happens in a run, as it goes on.

    Attributes:
        happened: what has happened so far, in order.
        arrivals: how often each call's request has arrived.
        undisturbed: how much of what has happened came before the scenario's last
            disturbance: after it, the servers were left alone.
    """

    def __init__(self) -> None:
        self.happened: list[Happened] = []
        self.arrivals: Counter[CallName] = Counter()
        self.undisturbed = 0
        self._disconnected: set[int] = set()
        self._down: set[int] = set()
        self._names = CallNames()
        self._requests: dict[int, CallName] = {}
        self._snapshots: dict[int, list[int]] = {}
        # The incarnation whose step has not taken effect so far, what of it got out, and
        # whether it is noted.
        self._unsettled: tuple[Incarnation, int, bool] | None = None

    def snapshot_intervals(self) -> list[int]:
        """Return the intervals of snapshots, in commands, the shortest first."""
        found = set()
        for indices in self._snapshots.values():
            gaps = [b - a for a, b in zip([-1, *indices], indices, strict=False)]
            found.add(min((gap for gap in gaps if gap > 0), default=0))
        return sorted(found - {0})

    @property
    def cut(self) -> list[int]:
        """The servers that are disconnected or down."""
        return sorted(self._disconnected | self._down)

    def controlled(self, now_ns: int, verb: str, args: tuple[object, ...]) -> None:
        """Note that the scenario does something to the servers or the network."""
        self.undisturbed = len(self.happened)
        for server in args:
            if type(server) is int and verb == "disconnect":
                self._disconnected.add(server)
            elif type(server) is int and verb == "connect":
                self._disconnected.discard(server)

    def started(self, now_ns: int, host: Incarnation) -> None:
        """Note that a server runs again."""
        self._down.discard(host.server)
        self.undisturbed = len(self.happened)

    def request_arrived(self, now_ns: int, delivery: Delivery) -> None:
        """Note which call a request belongs to."""
        rpc = delivery.rpc
        caller = rpc.caller
        name = self._names.name(caller.server, caller.incarnation, rpc.call_id)
        if name is not None:
            self._requests[delivery.request_id] = name

    def stepped(
        self, now_ns: int, host: Incarnation, event: Event, actions: Sequence[Action]
    ) -> None:
        """Note a step of a server."""
        self._names.stepped(now_ns, host, event, actions)
        happened = self._happened(host, event, actions)
        if happened is not None:
            self.happened.append(happened)
        outward = sum(isinstance(action, OUTWARD) for action in actions)
        self._unsettled = host, outward, happened is not None

    def settled(
        self, now_ns: int, host: Incarnation, event: Event, actions: Sequence[Action]
    ) -> None:
        """Note that the server has survived the step."""
        self._unsettled = None

    def crashed(self, now_ns: int, host: Incarnation) -> None:
        """Note that a server has crashed, in its last step or after it."""
        unsettled, self._unsettled = self._unsettled, None
        if unsettled is not None and unsettled[0] is host and unsettled[2]:
            last = self.happened[-1]
            assert not isinstance(last, Crashed)
            self.happened[-1] = last._replace(dies_after=unsettled[1])
        else:
            self.happened.append(Crashed(host.server))
        self._down.add(host.server)
        self.undisturbed = len(self.happened)

    def _happened(
        self, host: Incarnation, event: Event, actions: Sequence[Action]
    ) -> Happened | None:
        """Return what a step is in a list of choices, None if it belongs to another."""
        server = host.server
        if isinstance(event, Request):
            call = self._requests.get(event.request_id)
            if call is not None:
                self.arrivals[call] += 1
                return RequestArrived(server, None, call)
        elif isinstance(event, Response):
            call = self._names.name(server, host.incarnation, event.call_id)
            if call is not None:
                return CallEnded(server, None, call, event.data is not None)
        elif isinstance(event, Wake):
            made = [
                self._names.name(server, host.incarnation, action.call_id)
                for action in actions
                if isinstance(action, Call)
            ]
            if made:
                return CalledByItself(server, None, tuple(filter(None, made)))
        elif isinstance(event, Invoke):
            if event.method == SNAPSHOT and type(event.args[0]) is int:
                self._snapshots.setdefault(server, []).append(event.args[0])
                return SnapshotTaken(server, None, event.args[0])
            if event.method in OPERATIONS:
                version = event.args[2] if event.method == "put" else None
                return Called(server, None, event.method, event.args[0], version)
            if event.method == START and not _refused(actions):
                return Started(server, None)
        return None


def _refused(actions: Sequence[Action]) -> bool:
    """Return whether a step's result of `start` says that the server does not lead."""
    return any(
        isinstance(action, Result)
        and has_types(action.value, int, int, bool)
        and not action.value[2]
        for action in actions
    )
