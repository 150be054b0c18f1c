"""Which situations of a service and its clients a run meets, from plain facts."""

from dataclasses import dataclass, field
from typing import Literal

from tester.service_errors import MAYBE, NO_KEY, OK, VERSION
from tester.situations.model import SituationModel

OperationKind = Literal["get", "put"]


@dataclass(slots=True, eq=False)
class Operation:
    """A call of a client's clerk, until it returns.

    Attributes:
        version: the one that a put is to replace.
        term: the latest that a server led when it was called.
        asked: the servers that it was sent to, in order.
        requests_lost: how many of its requests were lost on their way.
        replies_lost: how many of them were answered in vain.
        leaders: how often it has arrived at a leader.
    """

    clerk: int
    kind: OperationKind
    key: str
    value: str = ""
    version: int = 0
    term: int = 0
    asked: list[int] = field(default_factory=list)
    requests_lost: int = 0
    replies_lost: int = 0
    leaders: int = 0


@dataclass
class ServiceServer:
    """One server of the service; a crash ends what waits in it.

    Attributes:
        leads_in: the term that it says it leads, 0 if it leads none.
        waiting: for each request that waits in it, by what identifies it, the term that
            the server led when it arrived; 0 for none.
        open: the terms of entries that it has accepted while requests waited, by index.
        applied: the last index that this incarnation has applied.
        has_restored: whether this incarnation has restored a snapshot.
        began_from_snapshot: whether it did so at its start.
        restarted: whether it is a later incarnation.
    """

    leads_in: int = 0
    waiting: dict[object, int] = field(default_factory=dict)
    open: dict[int, int] = field(default_factory=dict)
    applied: int = 0
    has_restored: bool = False
    began_from_snapshot: bool = False
    restarted: bool = False


class ServiceModel:
    """Follows the clients and servers of a run.

    Args:
        raft: follows the Raft in the servers, and notes which situations are met.
    """

    def __init__(self, raft: SituationModel) -> None:
        self._raft = raft
        self._meet = raft.meet
        self.servers = [ServiceServer() for _ in raft.servers]
        self.without_majority: set[int] = set()
        self._operations: list[Operation] = []
        # What puts that returned ErrMaybe may have written, by key and version.
        self._maybe: dict[tuple[str, int], str] = {}
        self._latest_term = self._answered_put_in = self._applied = 0

    # Clients.

    def called(self, operation: Operation) -> None:
        """Note that a client calls its clerk."""
        operation.term = self._latest_term
        rivals = [
            other
            for other in self._operations
            if other.kind == operation.kind == "put"
            and other.key == operation.key
            and other.version == operation.version
        ]
        self._meet("puts-compete", bool(rivals))
        self._operations.append(operation)

    def sent(self, operation: Operation, server: int) -> None:
        """Note that a clerk sends a request."""
        if operation.kind == "put":
            self._meet("sent-again-after-lost-request", operation.requests_lost > 0)
            self._meet("sent-again-after-lost-reply", operation.replies_lost > 0)
        everywhere = len(set(operation.asked)) == len(self.servers)
        self._meet("all-servers-asked", everywhere)
        operation.asked.append(server)

    def put_returned(self, operation: Operation, err: str) -> None:
        """Note that a put has returned."""
        self._meet("put-refused", err == VERSION)
        if err == MAYBE:
            self._maybe[operation.key, operation.version + 1] = operation.value
        elif err == OK:
            self._answered_put_in = self._latest_term
        self._returned(operation)

    def get_returned(
        self, operation: Operation, value: str, version: int, err: str
    ) -> None:
        """Note that a get has returned."""
        self._meet("no-key", err == NO_KEY)
        maybe = self._maybe.get((operation.key, version))
        if maybe is not None:
            performed = maybe == value
            self._meet("maybe-performed" if performed else "maybe-not-performed")
        self._returned(operation)

    def _returned(self, operation: Operation) -> None:
        self._meet("answered-by-later-leader", 0 < operation.term < self._latest_term)
        self._operations.remove(operation)

    # Requests in servers.

    def request_lost(self, operation: Operation, was_answered: bool) -> None:
        """Note that a request is lost, or the reply to it."""
        if was_answered:
            operation.replies_lost += 1
        else:
            operation.requests_lost += 1

    def arrived(self, server: int, name: object, operation: Operation | None) -> None:
        """Note that a request begins to wait in a server."""
        at = self.servers[server]
        term = at.leads_in
        at.waiting[name] = term
        if not term:
            self._meet("follower-asked")
        else:
            self._arrived_at_leader(server, at)
            if operation is not None:
                self._operation_arrived(operation, term)

    def _arrived_at_leader(self, server: int, at: ServiceServer) -> None:
        self._meet("deposed-leader-asked", at.leads_in < self._latest_term)
        self._meet("asked-without-majority", server in self.without_majority)
        self._meet("asked-while-behind", at.applied < self._applied)
        self._meet("asked-after-snapshot", at.has_restored)
        self._meet("requests-wait-together", len(at.waiting) > 1)

    def _operation_arrived(self, operation: Operation, term: int) -> None:
        operation.leaders += 1
        if operation.kind == "put":
            self._meet("put-arrives-twice", operation.leaders > 1)
        else:
            self._meet("deposed-leader-read", term < self._answered_put_in)

    def answered(self, server: int, name: object) -> None:
        """Note that a request is answered, if it waits."""
        at = self.servers[server]
        term = at.waiting.pop(name, 0)
        self._meet("answered-after-leading", term > 0 == at.leads_in)

    # Raft in servers.

    def reported(self, server: int, term: int, leads: bool) -> None:
        """Note what a server says of itself."""
        at = self.servers[server]
        before, at.leads_in = at.leads_in, term if leads else 0
        self._latest_term = max(self._latest_term, at.leads_in)
        waits = any(at.waiting.values())
        self._meet("deposed-while-waiting", before > 0 == at.leads_in and waits)

    def accepted(self, server: int, index: int, term: int) -> None:
        """Note that a leader has sent an entry of its own for the first time."""
        at = self.servers[server]
        if at.waiting:
            at.open[index] = term

    def applied(self, server: int, index: int) -> None:
        """Note that a server applies a command."""
        at = self.servers[server]
        if at.restarted and not at.applied:
            self._meet("log-performed-again", index <= self._applied)
        self._meet("log-after-snapshot", at.restarted and at.began_from_snapshot)
        at.applied = index
        term = self._raft.servers[server].log.get(index, 0)
        own = at.open.pop(index, term)
        self._meet("another-at-index", own != term and bool(at.waiting))
        if index > self._applied:
            self._applied = index
            for other in self.servers:
                if other.open.get(index) == term < self._latest_term:
                    self._meet("applied-under-successor")

    def restored(self, server: int, index: int) -> None:
        """Note that Raft gives a snapshot to the service."""
        at = self.servers[server]
        at.has_restored = True
        at.applied = max(at.applied, index)
        self._meet("snapshot-given-while-waiting", bool(at.waiting))

    def took_snapshot(self, server: int) -> None:
        """Note that a server takes a snapshot."""
        self._meet("snapshot-while-waiting", bool(self.servers[server].waiting))

    # Lives.

    def kills(self, server: int) -> None:
        """Note that a server is asked to end."""
        self._meet("kill-while-waiting", bool(self.servers[server].waiting))

    def crashed(self, server: int) -> None:
        """Note that a server crashes; what waits in it has lost its answer."""
        at = self.servers[server]
        self._meet("crash-while-waiting", bool(at.waiting))
        self.servers[server] = ServiceServer(restarted=True)

    def booted(self, server: int, snapshot: bytes) -> None:
        """Note what a server begins from."""
        at = self.servers[server]
        at.has_restored = at.began_from_snapshot = bool(snapshot)
