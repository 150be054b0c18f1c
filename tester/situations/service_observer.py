"""Watching a run of a service for the situations that it meets.

Clients and servers show from outside what they do, whatever the names of the service's
RPCs. Which entry of Raft's log was whose shows in what a leader sends.
"""

from collections.abc import Callable, Sequence
from typing import Any

from labrpc.world.events import (
    Action,
    Apply,
    Boot,
    Call,
    Event,
    Invoke,
    Persist,
    Reply,
    Request,
    Result,
)
from labrpc.world.rpc import Delivery, Incarnation, Loss
from tester.situations.model import Append, Install, VoteRequest
from tester.situations.observer import SituationObserver
from tester.situations.service_model import Operation, ServiceModel
from tester.traces.marshalled import FieldNames

_GET_STATE, _SUBMIT = "Raft.get_state", "submit"


class ServiceObserver(SituationObserver):
    """Notes which situations of Raft, the service and its clients a run meets.

    Args:
        servers: how many there are; the boxes after them are the clients'.
        field_names: the names of the fields of the submission's classes.
    """

    def __init__(self, servers: int, field_names: FieldNames) -> None:
        super().__init__(servers, field_names)
        self._servers = servers
        self._service = ServiceModel(self.model)
        # What each clerk does, and which of its calls belong to that.
        self._operations: dict[int, Operation] = {}
        self._called_for: dict[tuple[int, int], Operation] = {}
        self._asked_for: dict[int, Operation] = {}
        # The methods that the lab has called and that have not returned.
        self._invoked: dict[tuple[int, int, int], str] = {}
        self._snapshots = [b""] * servers

    # Steps.

    def stepped(
        self, now_ns: int, host: Incarnation, event: Event, actions: Sequence[Action]
    ) -> None:
        """Note what a server or a clerk did."""
        server = host.server
        if server >= self._servers:
            self._clerk_stepped(host, event, actions)
            return
        if isinstance(event, Request) and event.src >= self._servers:
            operation = self._asked_for.get(event.request_id)
            self._service.arrived(server, event.request_id, operation)
        elif isinstance(event, Invoke):
            self._invoke(host, event)
        elif isinstance(event, Boot):
            self._snapshots[server] = event.snapshot
            self._service.booted(server, event.snapshot)
        super().stepped(now_ns, host, event, actions)
        for action in actions:
            if isinstance(action, Persist):
                self._saved(server, event, action)

    def _invoke(self, host: Incarnation, event: Invoke) -> None:
        name = host.server, host.incarnation, event.invoke_id
        self._invoked[name] = event.method
        if event.method == _SUBMIT:
            self._service.arrived(host.server, name, None)
        elif event.method == "kill":
            self._service.kills(host.server)

    def _saved(self, server: int, event: Event, persist: Persist) -> None:
        """Note a snapshot that is saved, unless another server has sent it."""
        if persist.snapshot == self._snapshots[server]:
            return
        self._snapshots[server] = persist.snapshot
        number = event.request_id if isinstance(event, Request) else 0
        if not isinstance(self._requests.get(number), Install):
            self._service.took_snapshot(server)
            # The last command that was put may not have been performed by then.
            covered = self.model.servers[server].applied - 1
            self.model.snapshot_made(server, covered)

    def _sent(self, request: VoteRequest | Append | Install) -> None:
        if isinstance(request, Append):
            for index in self.model.accepted_commands(request):
                self._service.accepted(request.src, index, request.term)

    def _replied(self, host: Incarnation, reply: Reply) -> None:
        super()._replied(host, reply)
        self._service.answered(host.server, reply.request_id)

    def _applied(self, host: Incarnation, apply: Apply) -> None:
        super()._applied(host, apply)
        command_valid, _, index, snapshot_valid, _, snapshot_index, _ = apply.message
        if command_valid and type(index) is int:
            self._service.applied(host.server, index)
        elif snapshot_valid and type(snapshot_index) is int:
            self._service.restored(host.server, snapshot_index)

    def _returned(self, host: Incarnation, result: Result) -> None:
        name = host.server, host.incarnation, result.invoke_id
        method = self._invoked.pop(name, "")
        value = result.value
        if method == _SUBMIT:
            self._service.answered(host.server, name)
        elif method == _GET_STATE and _has(value, int, bool):
            self._service.reported(host.server, *value)

    # Clients.

    def _clerk_stepped(
        self, host: Incarnation, event: Event, actions: Sequence[Action]
    ) -> None:
        clerk = host.server
        if isinstance(event, Invoke) and event.method in ("get", "put"):
            kind: Any = event.method
            operation = Operation(clerk, kind, *event.args)
            self._operations[clerk] = operation
            self._service.called(operation)
        for action in actions:
            current = self._operations.get(clerk)
            if current is None:
                return
            if isinstance(action, Call) and action.dst < self._servers:
                self._called_for[clerk, action.call_id] = current
                self._service.sent(current, action.dst)
            elif isinstance(action, Result):
                del self._operations[clerk]
                self._operation_returned(current, action.value)

    def _operation_returned(self, operation: Operation, value: Any) -> None:
        if operation.kind == "put":
            self._service.put_returned(operation, value if type(value) is str else "")
        elif _has(value, str, int, str):
            self._service.get_returned(operation, *value)
        else:
            self._service.get_returned(operation, "", 0, "")

    # Messages.

    def request_arrived(self, now_ns: int, delivery: Delivery) -> None:
        """Note that a request has reached its receiver."""
        super().request_arrived(now_ns, delivery)
        operation = self._operation_of(delivery)
        if operation is not None:
            self._asked_for[delivery.request_id] = operation

    def lost(self, now_ns: int, delivery: Delivery, why: Loss) -> None:
        """Note that a request or a reply is gone."""
        super().lost(now_ns, delivery, why)
        operation = self._operation_of(delivery)
        if operation is not None:
            answered = delivery.request_id in self._executed
            if answered or delivery.request_id not in self._asked_for:
                self._service.request_lost(operation, answered)

    def _operation_of(self, delivery: Delivery) -> Operation | None:
        rpc = delivery.rpc
        return self._called_for.get((rpc.caller.server, rpc.call_id))

    # Lives.

    def controlled(self, now_ns: int, verb: str, args: tuple[object, ...]) -> None:
        """Note which servers reach no majority."""
        super().controlled(now_ns, verb, args)
        apart = self._service.without_majority
        note: dict[str, Callable[..., None]] = {
            "connect": apart.discard, "disconnect": apart.add, "partition": self._split,
        }  # fmt: skip
        if verb in note:
            note[verb](*args)

    def _split(self, *groups: Sequence[int]) -> None:
        small = [group for group in groups if 2 * len(group) <= self._servers]
        self._service.without_majority.clear()
        self._service.without_majority.update(*small)

    def crashed(self, now_ns: int, host: Incarnation) -> None:
        """Note that a server dies."""
        if host.server < self._servers:
            super().crashed(now_ns, host)
            self._service.crashed(host.server)


def _has(value: Any, *types: type) -> bool:
    """Return whether a value is a tuple or list of these types."""
    return (
        isinstance(value, (tuple, list))
        and len(value) == len(types)
        and all(type(one) is wanted for one, wanted in zip(value, types, strict=True))
    )
