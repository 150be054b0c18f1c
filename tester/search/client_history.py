"""The operations of clients in a run that choices drive, checked as they return."""

from typing import Any

from labrpc.errors import SubmissionError
from labrpc.world.events import Invoke
from tester import codes
from tester.oracles.clerk_calls import ClerkCalls
from tester.oracles.invariants import Invariants
from tester.oracles.linearizability.history import VersionedHistory
from tester.oracles.linearizability.operation import Operation, OperationKind
from tester.oracles.watched_world import WatchedWorld
from tester.scenario.kv_answers import (
    GET_OUTCOMES,
    PUT_OUTCOMES,
    is_answer_of_get,
    is_answer_of_put,
    ok_without_commit,
    wrong_answer,
)
from tester.service_errors import MAYBE


class ClientHistory:
    """Checks what the operations of clients return.

    Args:
        servers: how many there are; clients are numbered after them.
        invariants: know what was committed.
        world: where they run.
    """

    def __init__(
        self, servers: int, invariants: Invariants, world: WatchedWorld
    ) -> None:
        self._servers = servers
        self._calls = ClerkCalls(world, invariants.states)
        self._invariants = invariants
        self._history = VersionedHistory(servers)
        # What each client waits for, and how much was decided when it called.
        self._waiting: dict[int, tuple[int, int]] = {}
        # The first put that returned OK although nothing was committed for it.
        self._uncommitted = ""

    @property
    def keys(self) -> list[str]:
        """The keys of all operations so far, in the order of their first use."""
        return list(dict.fromkeys(o.key for o in self._history.operations.values()))

    def pending(self) -> list[Operation]:
        """Return the operations that have not returned."""
        return [o for o in self._history.operations.values() if not o.returned_at]

    def called(self, client: int, event: Invoke, now_ns: int) -> None:
        """Note that a client calls a method of its clerk."""
        number = len(self._history.operations) + 1
        kind: OperationKind = "get" if event.method == "get" else "put"
        key, value, version = (*event.args, "", 0)[:3]
        clerk = client - self._servers
        self._history.called(number, clerk, kind, key, value, version, now_ns)
        self._calls.called(self._history.operations[number])
        self._waiting[client] = number, len(self._invariants.decided)

    def returned(self, client: int, answer: Any, now_ns: int) -> None:
        """Check what a client's operation has returned.

        Raises:
            SubmissionError: it contradicts what was shown before, or is no answer.
        """
        waiting = self._waiting.pop(client, None)
        if waiting is None:
            return
        number, decided = waiting
        operation = self._history.operations[number]
        self._calls.returned(operation, answer == MAYBE)
        if operation.kind == "get":
            if not is_answer_of_get(answer):
                self._refuse(operation, answer)
            value, version, err = answer
            self._history.returned(number, GET_OUTCOMES[err], value, version, now_ns)
            return
        if not is_answer_of_put(answer):
            self._refuse(operation, answer)
        self._history.returned(number, PUT_OUTCOMES[answer], "", 0, now_ns)
        committed = len(self._invariants.decided) > decided
        if operation.outcome == "ok" and not committed and not self._uncommitted:
            self._uncommitted = str(operation)

    def _refuse(self, operation: Operation, answer: Any) -> None:
        text = wrong_answer(operation.client, operation.kind, answer)
        raise SubmissionError(codes.WRONG_ANSWER, text)

    def finish(self) -> None:
        """Check what only the whole run shows.

        Raises:
            SubmissionError: an operation succeeded without the log, or returned ErrMaybe
                though it was sent once.
        """
        self._calls.check()
        if self._uncommitted:
            what, rule = ok_without_commit(self._uncommitted)
            raise SubmissionError(codes.OK_WITHOUT_COMMIT, what, rule)
