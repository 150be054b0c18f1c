"""The rules of a world that choices drive: what state each choice leads to.

Every order of the messages can happen, and each server has a clock of its own. What a
message's loss or a server's cut-off would show to a caller after a while, the caller
learns at once, or by a reply that says that the call has failed.
"""

from typing import NamedTuple

from labrpc.world.events import Action, Call, Reply
from tester.search.choices import (
    Choice,
    Crash,
    Cut,
    Deliver,
    Duplicate,
    Expect,
    Get,
    Heal,
    Lose,
    Operation,
    Preempt,
    Put,
    Recover,
    Resume,
    Setting,
    Snapshot,
    Stall,
    Start,
    TimeOut,
)
from tester.search.histories import Histories
from tester.search.server_state import (
    TIME_PASSES,
    Answer,
    Brief,
    ClientCall,
    Command,
    LosesTurn,
    ServerState,
    ServiceStalls,
    SnapshotCall,
    Stimulus,
    Waits,
)
from tester.search.server_step import SNAPSHOT
from tester.search.world_state import (
    Message,
    Messages,
    OpenRequest,
    Past,
    Spent,
    WorldState,
    find_open,
    with_messages,
    without_message,
)

# The number of a call that no server makes.
NO_CALL = 0


class Transition(NamedTuple):
    """What a choice leads to.

    Attributes:
        state: the world afterwards.
        stepped: the state of the server that took a step, whatever became of it; None
            if none did.
        outward: how many saves, calls and replies of the step got out; None for all.
        started: the state of the server that has started again; None if none has.
    """

    state: WorldState
    stepped: ServerState | None = None
    outward: int | None = None
    started: ServerState | None = None


class Rules:
    """The rules of one submission's world.

    Args:
        histories: the states of its servers.
        setting: what holds in the world throughout.
        by_outline: whether states that look alike are one. Then a server goes on as
            the first of them, which is not sound, and leads to fewer states.

    Attributes:
        histories: the states of its servers.
        setting: what holds in the world throughout.
        by_outline: whether states that look alike are one.
        recovery_steps: how many steps recoveries have taken so far.
    """

    def __init__(
        self, histories: Histories, setting: Setting, by_outline: bool = False
    ) -> None:
        self.setting = setting
        self.by_outline = by_outline
        self.recovery_steps = 0
        self.histories = histories
        self._messages = Messages(setting.servers)

    def exact(self) -> "Rules":
        """Return the rules of the same world by which states have one history each."""
        return Rules(self.histories, self.setting) if self.by_outline else self

    def initial(self) -> WorldState:
        """Return the world in which all servers have just started."""
        servers = range(self.setting.boxes)
        state = WorldState(
            tuple([self.histories.started(s, 1, b"", b"") for s in servers]),
            tuple([Past() for _ in servers]),
            (),
            (),
            (),
            Spent(),
        )
        for started in state.servers:
            state = self._send(state, started, started.outward)
        return state

    def take(
        self, state: WorldState, choice: Choice, briefly: bool = False
    ) -> Transition | None:
        """Return what a choice leads to, None if it does not apply.

        Where servers need not save their state, none crashes.

        With `briefly`, the receiver of a message that polls does not look yet.
        """
        if not self.setting.persistence and (
            isinstance(choice, Crash) or getattr(choice, "dies_after", None) is not None
        ):
            return None
        if isinstance(choice, Deliver):
            message = state.find(choice.message)
            if message is None or not state.reachable(message):
                return None
            if choice.dies_after is not None and self.setting.is_client(message.dst):
                return None
            return self.deliver(state, message, choice.dies_after, briefly)
        if isinstance(choice, Get | Put):
            return self._operation(state, choice)
        if isinstance(choice, TimeOut):
            return self._time_out(state, choice)
        if isinstance(choice, Start):
            # The commands of a service come from its clients.
            return None if self.setting.clients else self._start(state, choice)
        if isinstance(choice, Snapshot):
            return self._snapshot(state, choice)
        if isinstance(choice, Stall | Resume):
            return self._stall(state, choice)
        if isinstance(choice, Preempt):
            return self._preempt(state, choice)
        if isinstance(choice, Crash):
            return self._crash(state, choice.server)
        if isinstance(choice, Lose):
            message = state.find(choice.message)
            return None if message is None else self._lose(state, message)
        if isinstance(choice, Duplicate):
            message = state.find(choice.message)
            return None if message is None else _duplicate(state, message)
        if isinstance(choice, Recover | Expect):
            # They are no step: see `JudgedRun`.
            return None
        return _cut_or_heal(state, choice)

    def wait(self, state: WorldState, server: int, ns: int) -> Transition:
        """Return what follows when time passes on a server's own clock."""
        return self._step(state, server, Waits(ns), None)

    # Steps of servers.

    def deliver(
        self,
        state: WorldState,
        message: Message,
        dies_after: int | None = None,
        briefly: bool = False,
    ) -> Transition:
        """Return what the arrival of a message leads to; for `briefly`, see `take`."""
        servers, pasts, in_flight, still_open, cut, spent = state
        server = message.dst
        if not message.reply:
            request_id = servers[server].requests + 1
            still_open = (*still_open, OpenRequest(server, request_id, message))
        in_flight = without_message(in_flight, message)
        state = WorldState(servers, pasts, in_flight, still_open, cut, spent)
        brief = briefly and self.histories.poll
        given = Brief(message.given) if brief else message.given
        return self._step(state, server, given, dies_after)

    def _operation(self, state: WorldState, choice: Operation) -> Transition | None:
        at = state.servers[choice.client]
        if at.operation is not None:
            return None
        number = state.spent.commands + 1
        call = ClientCall("get", (choice.key,))
        if isinstance(choice, Put):
            version = choice.version
            if version is None:
                version = dict(at.versions).get(choice.key, 0)
            call = ClientCall("put", (choice.key, str(number), version))
        state = state._replace(spent=state.spent._replace(commands=number))
        return self._step(state, choice.client, call, None)

    def _time_out(self, state: WorldState, choice: TimeOut) -> Transition | None:
        if choice.dies_after is not None and self.setting.is_client(choice.server):
            return None
        spent = state.spent._replace(time_outs=state.spent.time_outs + 1)
        changed = state._replace(spent=spent)
        transition = self._step(changed, choice.server, TIME_PASSES, choice.dies_after)
        stepped = transition.stepped
        # A server that waits for others only has no time-out.
        return transition if stepped and stepped.box_steps else None

    def _start(self, state: WorldState, choice: Start) -> Transition:
        number = state.spent.commands + 1
        state = state._replace(spent=state.spent._replace(commands=number))
        command = Command(self.setting.command(number))
        return self._step(state, choice.server, command, choice.dies_after)

    def _snapshot(self, state: WorldState, choice: Snapshot) -> Transition | None:
        server, index = state.servers[choice.server], choice.index
        busy = SNAPSHOT in dict(server.invoked).values()
        new = server.compacted < index <= len(server.applied)
        if self.setting.clients or busy or not new:
            return None
        call = SnapshotCall(SNAPSHOT, index)
        return self._step(state, choice.server, call, choice.dies_after)

    def _stall(self, state: WorldState, choice: Stall | Resume) -> Transition | None:
        stalls = isinstance(choice, Stall)
        if self.setting.clients or state.servers[choice.server].stalled == stalls:
            return None
        return self._step(state, choice.server, ServiceStalls(stalls), None)

    def _preempt(self, state: WorldState, choice: Preempt) -> Transition | None:
        if not self.setting.preempt or state.servers[choice.server].preempting:
            return None
        given = LosesTurn(choice.nth, choice.place, choice.steps)
        return self._step(state, choice.server, given, None)

    def _step(
        self, state: WorldState, server: int, given: Stimulus, dies_after: int | None
    ) -> Transition:
        """Return what a step of one server leads to."""
        stepped = self.histories.next(state.servers[server], given)
        outward = stepped.outward
        if dies_after is not None:
            outward = outward[:dies_after]
        before, pasts, in_flight, still_open, cut, spent = state
        servers = (*before[:server], stepped, *before[server + 1 :])
        state = WorldState(servers, pasts, in_flight, still_open, cut, spent)
        if outward:
            state = self._send(state, stepped, outward)
        if dies_after is None or stepped.failure is not None:
            is_alike = self.by_outline and stepped.like is not stepped
            # A server that waits may look as before: merged, its wait would never end.
            if is_alike and not isinstance(given, Waits):
                state = self._as_its_like(state, stepped)
            return Transition(state, stepped)
        disk = stepped.disk_after(outward)
        state, started = self._restarted(state, server, disk)
        return Transition(state, stepped, len(outward), started)

    def _send(
        self, state: WorldState, sender: ServerState, outward: tuple[Action, ...]
    ) -> WorldState:
        """Return the world with the calls and replies of a step on their way."""
        sent, still_open = [], list(state.open)
        for action in outward:
            if isinstance(action, Call):
                if 0 <= action.dst < self.setting.servers:
                    sent.append(self._request(sender, action))
            elif isinstance(action, Reply):
                found = find_open(still_open, sender.server, action.request_id)
                if found is None:
                    continue
                still_open.remove(found)
                message = found.message
                if state.servers[message.src].incarnation == message.caller:
                    sent.append(self._messages.reply_to(message, action.data))
        if not sent and len(still_open) == len(state.open):
            return state
        in_flight = state.in_flight
        if sent:
            in_flight = with_messages(in_flight, sent)
        servers, pasts, _, _, cut, spent = state
        return WorldState(servers, pasts, in_flight, tuple(still_open), cut, spent)

    def _request(self, sender: ServerState, call: Call) -> Message:
        return self._messages.request(
            sender.server,
            call.dst,
            call.method,
            call.data,
            sender.incarnation,
            call.call_id,
        )

    def _as_its_like(self, state: WorldState, mine: ServerState) -> WorldState:
        """Return the world in which a server goes on as the first that looked like it.

        Its calls, and the requests that it has not answered, get that one's numbers. A
        message of a call that has ended belongs to no call any more.
        """
        like = mine.like
        calls = {
            own.call_id: other.call_id
            for own, other in zip(mine.calls, like.calls, strict=True)
        }
        requests = {
            own.request_id: other.request_id
            for own, other in zip(mine.unanswered, like.unanswered, strict=True)
        }

        def renumbered(message: Message) -> Message:
            caller = message.dst if message.reply else message.src
            if caller != mine.server or message.caller != mine.incarnation:
                return message
            number = calls.get(message.call_id, NO_CALL)
            return self._messages.renumbered(message, number)

        still_open = []
        for server, request_id, message in state.open:
            number = request_id
            if server == mine.server:
                number = requests.get(request_id, request_id)
            still_open.append(OpenRequest(server, number, renumbered(message)))
        servers = list(state.servers)
        servers[mine.server] = like
        return state._replace(
            servers=tuple(servers),
            in_flight=with_messages([], map(renumbered, state.in_flight)),
            open=tuple(still_open),
        )

    # Faults.

    def _lose(self, state: WorldState, message: Message) -> Transition:
        in_flight = without_message(state.in_flight, message)
        spent = state.spent._replace(losses=state.spent.losses + 1)
        state = state._replace(in_flight=in_flight, spent=spent)
        caller = message.dst if message.reply else message.src
        if state.servers[caller].incarnation != message.caller:
            return Transition(state)
        return self._step(state, caller, Answer(message.call_id, None), None)

    def _crash(self, state: WorldState, server: int) -> Transition:
        at = state.servers[server]
        state, started = self._restarted(state, server, (at.raft_state, at.snapshot))
        return Transition(state, None, None, started)

    def _restarted(
        self, state: WorldState, server: int, disk: tuple[bytes, bytes]
    ) -> tuple[WorldState, ServerState]:
        """Return the world in which a server has lost all but its disk."""
        ended = state.servers[server]
        started = self.histories.started(server, ended.incarnation + 1, *disk)
        servers, pasts = list(state.servers), list(state.pasts)
        servers[server] = started
        pasts[server] = pasts[server].with_life(ended)
        kept, failed = [], []
        for message in state.in_flight:
            if message.dst != server:
                kept.append(message)
            elif not message.reply:
                failed.append(message)
        failed += [r.message for r in state.open if r.server == server]
        # Calls to it have failed; its own ones, nobody waits for any more.
        failures = [
            self._messages.reply_to(request, None)
            for request in failed
            if servers[request.src].incarnation == request.caller
        ]
        crashes = state.spent.crashes + 1
        changed = WorldState(
            tuple(servers),
            tuple(pasts),
            with_messages(kept, failures),
            tuple([r for r in state.open if r.server != server]),
            state.cut,
            state.spent._replace(crashes=crashes),
        )
        return self._send(changed, started, started.outward), started


def _duplicate(state: WorldState, message: Message) -> Transition:
    in_flight = with_messages(state.in_flight, [message])
    spent = state.spent._replace(copies=state.spent.copies + 1)
    return Transition(state._replace(in_flight=in_flight, spent=spent))


def _cut_or_heal(state: WorldState, choice: Cut | Heal) -> Transition | None:
    server, others = choice.server, [s for s in state.cut if s != choice.server]
    cut = tuple(sorted([*others, server])) if isinstance(choice, Cut) else tuple(others)
    return None if cut == state.cut else Transition(state._replace(cut=cut))
