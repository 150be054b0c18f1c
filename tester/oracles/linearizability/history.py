"""The history of a run's operations, checked for linearizability as they return.

A key/value store is linearizable exactly if each of its keys is, so every key has a
history of its own. No check fails a correct service: what is not known to have been
applied may have been, and what is not known to have been refused wrongly was not.

What the lab has to ensure:

- the values that are put to one key with one version differ. A value that is read then
  says which put wrote it, and no search is needed;
- calls and returns are recorded where the lab makes the calls, in their order.
"""

from labrpc.errors import LabError
from tester.oracles.linearizability.key_history import KeyHistory
from tester.oracles.linearizability.operation import (
    Operation,
    OperationKind,
    Outcome,
)


class VersionedHistory:
    """Checks gets and versioned puts, and ends the run at the first contradiction.

    Args:
        first_lane: the number of client 0 in views, where clients stand below servers.

    Attributes:
        operations: all so far, by id, in the order of their calls.
    """

    def __init__(self, first_lane: int = 0) -> None:
        self.operations: dict[int, Operation] = {}
        self._first_lane = first_lane
        self._keys: dict[str, KeyHistory] = {}
        self._events = 0

    def called(
        self,
        operation_id: int,
        client: int,
        kind: OperationKind,
        key: str,
        value: str,
        version: int,
        now_ns: int,
    ) -> None:
        """Note that a client calls get or put; a get has no value and no version.

        Raises:
            LabError: the id was given before, or the value with this version.
        """
        if operation_id in self.operations:
            raise LabError(f"two operations have the id {operation_id}")
        self._events += 1
        operation = self.operations[operation_id] = Operation(
            operation_id, client, kind, key, value, version, now_ns, self._events,
            lane=self._first_lane + client,
        )  # fmt: skip
        history = self._keys.get(key)
        if history is None:
            history = self._keys[key] = KeyHistory()
        if kind == "put" and not history.put_called(operation):
            raise LabError(
                f"{operation.name} was put before: values have to differ, so that a get "
                "says which put it shows"
            )

    def returned(
        self, operation_id: int, outcome: Outcome, value: str, version: int, now_ns: int
    ) -> None:
        """Check what an operation has returned.

        Args:
            operation_id: as it was called.
            outcome: `ok` or the error.
            value: what a get returned with `ok`; else it is ignored.
            version: the same.
            now_ns: the virtual time.

        Raises:
            SubmissionError: the history up to this event is not linearizable.
            LabError: the operation has returned before.
        """
        operation = self.operations[operation_id]
        if operation.returned_at:
            raise LabError(f"{operation.name} returned twice")
        self._events += 1
        operation.returned_at, operation.return_ns = self._events, now_ns
        operation.outcome = outcome
        if operation.kind == "get" and outcome == "ok":
            operation.value, operation.version = value, version
        self._keys[operation.key].returned(operation)
