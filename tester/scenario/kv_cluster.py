"""A cluster of key/value servers and the clerks of their clients.

The lab notes each operation where it calls a clerk, outside every box, and checks the
history as operations return: the first that is not linearizable ends the run.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple, NoReturn

from labrpc.errors import SubmissionError
from labrpc.submission.entry import Entry
from labrpc.world.host import Host
from labrpc.world.scenario_thread import ScenarioThread
from labrpc.world.streams import stream
from tester import codes
from tester.oracles.clerk_calls import ClerkCalls
from tester.oracles.linearizability.history import VersionedHistory
from tester.oracles.linearizability.operation import Operation, Outcome
from tester.scenario.kv_answers import (
    GET_OUTCOMES,
    PUT_OUTCOMES,
    is_answer_of_get,
    is_answer_of_put,
    wrong_answer,
)
from tester.scenario.service_cluster import CALL_S_MAX, ServiceCluster
from tester.scenario.service_entries import kv_server_entry
from tester.service_errors import MAYBE, OK
from tester.text import counted, servers_named

PENDING_SHOWN = 5


class Got(NamedTuple):
    """What a get has returned."""

    value: str
    version: int
    err: str


class Client:
    """A client: its clerk, and the thread of the scenario that calls it.

    Attributes:
        clerk: the clerk's number.
        stopped: whether it is to begin no further operation.
        random: its own random stream.
        thread: the thread; None until it has been started.
    """

    def __init__(self, clerk: int, draws: Random) -> None:
        self.clerk = clerk
        self.random = draws
        self.stopped = False
        self.thread: ScenarioThread | None = None

    @property
    def ended(self) -> bool:
        """Whether its thread has ended."""
        return self.thread is not None and self.thread.ended


class KVCluster(ServiceCluster):
    """A cluster of key/value servers, and clerks.

    Attributes:
        history: the operations of all clients.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.history = VersionedHistory(len(self.servers))
        self._calls = ClerkCalls(self.world, self.invariants.states)
        self._last_operation = self._clients = self._values = 0

    def server_entry(self) -> Entry:
        """Return the student's server."""
        return kv_server_entry(self._submission, self.max_raft_state)

    # Operations.

    def get(self, clerk: int, key: str) -> Got:
        """Let a client get a key, and wait for the answer."""

        def read(value: Any) -> Got:
            if not is_answer_of_get(value):
                self.fail(codes.WRONG_ANSWER, wrong_answer(clerk, "get", value))
            got = Got(*value)
            self._returned(number, GET_OUTCOMES[got.err], got.value, got.version)
            return got

        number = self._called(clerk, "get", key)
        return self.call(self._host_of(clerk), read, "get", key)

    def put(self, clerk: int, key: str, value: str, version: int) -> str:
        """Let a client put a value, and wait for the answer."""

        def read(err: Any) -> str:
            if not is_answer_of_put(err):
                self.fail(codes.WRONG_ANSWER, wrong_answer(clerk, "put", err))
            self._returned(number, PUT_OUTCOMES[err], "", 0)
            if err == OK:
                self.note_success(str(self.history.operations[number]), decided)
            return str(err)

        decided = len(self.invariants.decided)
        number = self._called(clerk, "put", key, value, version)
        return self.call(self._host_of(clerk), read, "put", key, value, version)

    def _host_of(self, clerk: int) -> Any:
        return self.world.hosts[self.box_of(clerk)]

    def _called(
        self, clerk: int, kind: Any, key: str, value: str = "", version: int = 0
    ) -> int:
        self._last_operation = number = self._last_operation + 1
        self.history.called(number, clerk, kind, key, value, version, self.now_ns)
        self._calls.called(self.history.operations[number])
        return number

    def _returned(
        self, number: int, outcome: Outcome, value: str, version: int
    ) -> None:
        self._calls.returned(self.history.operations[number], outcome == "maybe")
        self.history.returned(number, outcome, value, version, self.now_ns)

    def shut_down(self) -> None:
        """Fail if a put returned ErrMaybe though it was sent once; let the servers end."""
        self._calls.check()
        super().shut_down()

    def put_until_done(self, client: Client, key: str, value: str) -> int:
        """Get a key and put it again until a put returns OK or ErrMaybe.

        Returns the version that this put has, or may have, written.
        """
        while True:
            got = self.get(client.clerk, key)
            err = self.put(client.clerk, key, value, got.version)
            if err in (OK, MAYBE):
                return got.version + 1
            # A put with this version was refused, so another value names the next one.
            value += "'"

    # Clients.

    def new_client(self, clerk: int) -> Client:
        """Return a client that calls a clerk."""
        self._clients += 1
        return Client(clerk, stream(self.seed, "client", self._clients))

    def new_value(self, client: Client) -> str:
        """Return a value that has not been put before."""
        self._values += 1
        return f"{client.clerk}-{self._values}"

    def start_client(self, clerk: int, work: Callable[..., None], *args: Any) -> Client:
        """Let a client work beside the others, in a thread of its own."""
        client = self.new_client(clerk)
        client.thread = self.spawn(work, client, *args)
        return client

    def end_clients(
        self, clients: Sequence[Client], seconds: float = CALL_S_MAX
    ) -> None:
        """Fail unless the clients' last operations return within some time."""
        ends = self.now + seconds
        while not all(client.ended for client in clients) and self.now < ends:
            self.sleep(0.010)
        left = [c.clerk for c in clients if not c.ended]
        if left:
            self._fail_stuck(left, seconds)

    def fail_call(self, host: Host, method: str) -> NoReturn:
        """Fail: an operation has not returned in time."""
        self._fail_stuck([host.server - len(self.servers)], CALL_S_MAX)

    def _fail_stuck(self, clerks: Sequence[int], seconds: float) -> NoReturn:
        """Fail: operations have not returned in time.

        Args:
            clerks: those that are waited for.
            seconds: for how long.
        """
        pending = [o for o in self.history.operations.values() if not o.returned_at]
        late = [o for o in pending if o.client in clerks]
        shown = [str(o) for o in late[:PENDING_SHOWN]]
        # Those of clients that reach no majority may wait for ever.
        others = [str(o) for o in pending if o not in late]
        if others:
            shown += ["others, which were not waited for:", *others[:PENDING_SHOWN]]
        self.fail_stuck(
            codes.OPERATION_STUCK,
            f"{counted(len(clerks), 'operation')} not answered within {seconds:.0f} s though a "
            "majority is connected and nothing fails",
            "\n".join(shown)
            + "\npossible causes: a server waits for an entry that another leader has "
            "replaced; a clerk waits for a server that no longer leads; no leader is "
            "elected",
        )

    def require_unanswered(
        self, clients: Sequence[Client], servers: Sequence[int]
    ) -> None:
        """Fail if an operation has returned whose client reaches no majority.

        Args:
            clients: each has called one operation.
            servers: those that they reach.
        """
        answered = [self._last_of(client.clerk) for client in clients if client.ended]
        if not answered:
            return
        first = answered[0]
        shown = "\n".join(map(str, answered))
        raise SubmissionError(
            codes.ANSWERED_WITHOUT_MAJORITY,
            f"{first.name} of client {first.client} returned {first.answer}, though its "
            f"clerk reaches no majority, but {servers_named(sorted(servers))} only",
            f"{shown}\na get, too, has to go through the log: a leader that is cut off does "
            "not know whether it still leads",
            [operation.fact() for operation in answered],
        )

    def _last_of(self, clerk: int) -> Operation:
        """Return the last operation that a client has called."""
        operations = self.history.operations.values()
        return [one for one in operations if one.client == clerk][-1]
