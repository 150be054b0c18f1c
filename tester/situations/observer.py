"""Watching a run for the situations that it meets.

It reads messages as a trace does: the recommended names of RPCs and fields say what
happens, and nothing of a submission is unpickled.
"""

from collections.abc import Callable, Sequence
from typing import Any

from labrpc.world.events import (
    Action,
    Apply,
    Call,
    Event,
    Invoke,
    Persist,
    Reply,
    Request,
    Result,
)
from labrpc.world.observer import Observer
from labrpc.world.rpc import Delivery, Incarnation, Loss
from tester.situations.messages import MessageReader
from tester.situations.model import Append, Install, SituationModel, VoteRequest
from tester.traces.marshalled import FieldNames

_Call = tuple[int, int, int]
"""A server, which of its lives, and the number of its call."""
_REPLY_LOST = (Loss.REPLY_LOST, Loss.CUT_OFF, Loss.CALLER_GONE)


class SituationObserver(Observer):
    """Notes which situations a run meets.

    Args:
        servers: how many there are.
        field_names: the names of the fields of the submission's classes.
    """

    def __init__(self, servers: int, field_names: FieldNames) -> None:
        self.model = SituationModel(servers)
        self._reader = MessageReader(field_names)
        self._calls: dict[_Call, VoteRequest | Append | Install] = {}
        self._requests: dict[int, VoteRequest | Append | Install] = {}
        self._replies: dict[int, int] = {}
        self._executed: set[int] = set()
        self._starts: set[_Call] = set()
        self._crash_points: dict[int, object] = {}
        self._step: tuple[Incarnation, Event, Sequence[Action]] | None = None
        self._notes: dict[type, Callable[[Incarnation, Any], None]] = {
            Call: self._called,
            Reply: self._replied,
            Apply: self._applied,
            Result: self._returned,
        }

    def met(self) -> list[str]:
        """Return the situations of the run so far, in the order in which they came."""
        return list(self.model.met)

    # Steps.

    def stepped(
        self, now_ns: int, host: Incarnation, event: Event, actions: Sequence[Action]
    ) -> None:
        """Note what a server did."""
        if type(event) is Invoke:
            if event.method == "start":
                self._starts.add((host.server, host.incarnation, event.invoke_id))
            elif event.method == "snapshot" and type(event.args[0]) is int:
                self.model.snapshot_made(host.server, event.args[0])
        if not actions:
            return
        self._step = host, event, actions
        for action in actions:
            note = self._notes.get(type(action))
            if note is not None:
                note(host, action)

    def settled(
        self, now_ns: int, host: Incarnation, event: Event, actions: Sequence[Action]
    ) -> None:
        """Note that a server has survived its step."""
        self._step = None

    def _called(self, host: Incarnation, call: Call) -> None:
        request = self._reader.request(host.server, call.dst, call.method, call.data)
        if request is not None:
            self._calls[host.server, host.incarnation, call.call_id] = request
            self.model.sent(request)
            self._sent(request)

    def _sent(self, request: VoteRequest | Append | Install) -> None:
        """Note what a request shows beside what Raft does."""

    def _replied(self, host: Incarnation, reply: Reply) -> None:
        self._executed.add(reply.request_id)
        request = self._requests.get(reply.request_id)
        if request is None:
            return
        answer = self._reader.answer(reply.data)
        if answer is None:
            return
        self._replies[reply.request_id] = answer.term
        if type(request) is Append:
            if answer.success is not None:
                self.model.append_answered(request, answer.term, answer.success)
        elif type(request) is VoteRequest and answer.vote_granted is not None:
            self.model.vote_answered(request, answer.term, answer.vote_granted)

    def _applied(self, host: Incarnation, apply: Apply) -> None:
        command_valid, _, index, snapshot_valid, _, snapshot_index, term = apply.message
        if command_valid and type(index) is int:
            self.model.applied(host.server, index)
        elif snapshot_valid and type(snapshot_index) is int and type(term) is int:
            self.model.applied_snapshot(host.server, snapshot_index, term)

    def _returned(self, host: Incarnation, result: Result) -> None:
        """Note what `start` has returned."""
        key = host.server, host.incarnation, result.invoke_id
        if key not in self._starts:
            return
        self._starts.remove(key)
        value = result.value
        if not isinstance(value, (tuple, list)) or len(value) != 3:
            return
        index, term, leads = value
        if leads is True and type(index) is int and type(term) is int:
            self.model.accepted(host.server, index, term)

    # Messages.

    def request_arrived(self, now_ns: int, delivery: Delivery) -> None:
        """Note that a request has reached its receiver."""
        caller = delivery.rpc.caller
        key = caller.server, caller.incarnation, delivery.rpc.call_id
        request = self._calls.get(key)
        if request is not None:
            self._requests[delivery.request_id] = request
            self.model.arrived(request)

    def reply_arrived(self, now_ns: int, delivery: Delivery) -> None:
        """Note that a reply has reached the caller."""
        request = self._requests.get(delivery.request_id)
        term = self._replies.get(delivery.request_id)
        if request is not None and term is not None:
            self.model.reply_arrived(request, term)

    def lost(self, now_ns: int, delivery: Delivery, why: Loss) -> None:
        """Note that a reply is gone."""
        if why in _REPLY_LOST and delivery.request_id in self._executed:
            self.model.reply_lost()

    # Lives.

    def controlled(self, now_ns: int, verb: str, args: tuple[object, ...]) -> None:
        """Note where a server is to die."""
        if verb == "crash point" and type(args[0]) is int:
            self._crash_points[args[0]] = args[1]

    def crashed(self, now_ns: int, host: Incarnation) -> None:
        """Note that a server dies, perhaps within a step."""
        before_reply = between_saves = False
        if self._step is not None and self._step[0] is host:
            _, event, actions = self._step
            kinds = [type(action) for action in actions]
            before_reply = (
                type(event) is Request and Persist in kinds and Reply not in kinds
            )
            between_saves = self._crash_points.get(host.server) == "between_saves"
        self.model.crashed(host.server, before_reply, between_saves)

    def started(self, now_ns: int, host: Incarnation) -> None:
        """Note that a server starts again."""
        if host.incarnation > 1:
            self.model.restarted(host.server)
