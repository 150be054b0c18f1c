"""A run of a world that choices drive, with the oracles watching.

The oracles and every other observer see what they see in a suite's run: each event of a
box with what it did, and the life of each incarnation. The world's time counts choices,
a millisecond each; it is no server's clock.
"""

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any

from labrpc.clock import MILLISECOND
from labrpc.errors import SubmissionError
from labrpc.world.events import (
    Action,
    Apply,
    Boot,
    Call,
    Invoke,
    Log,
    Persist,
    Reply,
    Result,
    Taken,
)
from labrpc.world.observer import Observer, Observers
from tester import codes
from tester.oracles.applied_in_box import AppliedInBox
from tester.oracles.applied_log import AppliedLog, Message
from tester.oracles.commits import Proposal
from tester.oracles.invariants import Invariants
from tester.scenario.cluster import has_types
from tester.search.choice_text import choice_text
from tester.search.choices import Choice, Deliver, Expect, Lose, Recover, TimeOut
from tester.search.chosen_messages import ChosenMessages
from tester.search.client_history import ClientHistory
from tester.search.idle_recovery import recover_idle
from tester.search.recovery import recover
from tester.search.rules import Rules
from tester.search.server_state import OUTWARD, BoxStep, ServerState
from tester.search.server_step import GET_STATE, SERVICE_GET_STATE, SNAPSHOT, START
from tester.search.service_recovery import recover_service
from tester.search.world_state import WorldState

CHOICE_NS = MILLISECOND


class Life:
    """One incarnation of a server, as observers see it.

    Attributes:
        held: what its object held after its last step, if that is kept.
    """

    def __init__(self, server: int, incarnation: int) -> None:
        self.server = server
        self.incarnation = incarnation
        self.up = True
        self.held: dict[str, str] = {}

    def state(self) -> dict[str, str]:
        """Return the plain attributes of the server's object, as text, if they are kept."""
        return self.held


class ChosenWorld:
    """What the oracles know of a world that choices drive: see `WatchedWorld`."""

    def __init__(self, servers: int) -> None:
        self.now_ns = 0
        self.steps = 0
        self.server_count = servers
        self.saved_at_step = [0] * servers
        self.hosts: Sequence[Life | None] = [None] * servers
        self.observers = Observers()

    def save_began_ns(self, server: int) -> int:
        """Return the time of now: saves take none."""
        return self.now_ns

    def observe(self, observer: Observer) -> None:
        """Call an observer's methods from now on."""
        self.observers.add(observer)


class JudgedRun:
    """A run under way.

    Args:
        rules: what each choice leads to.
        observers: watch the run, before the oracles.

    Attributes:
        state: the world's.
        choices: those that were taken so far, without those that did not apply.
    """

    def __init__(self, rules: Rules, observers: Iterable[Observer] = ()) -> None:
        servers = rules.setting.servers
        clients = range(servers, rules.setting.boxes)
        self._rules = rules
        self.state = rules.initial()
        self.choices: list[Choice] = []
        self._world = world = ChosenWorld(servers)
        for observer in observers:
            world.observe(observer)
        self._messages: ChosenMessages | None = None
        if world.observers.of_messages:
            self._messages = ChosenMessages(world.observers, world)
        persistence = rules.setting.persistence
        self._invariants = Invariants(
            world, persistence, elections=True, starts=not clients,
            true_since=self._true_since,
        )  # fmt: skip
        # Of each server with a thread that has lost its turn, the step before.
        self._away_since: dict[int, int] = {}
        self._clients: ClientHistory | None = None
        if clients:
            self._clients = ClientHistory(servers, self._invariants, world)
        self._lives: list[Life] = []
        self._logs: list[AppliedLog] = []
        self._snapshots_made: dict[bytes, int] = {}
        # What the service has called and has not been answered, by server and number:
        # the method, the step before the call, and of `start` the proposal.
        self._invoked: dict[tuple[int, int], tuple[str, int, Proposal | None]] = {}
        # What servers have put on their apply channels, by server and number.
        self._puts: dict[tuple[int, int], tuple[Any, ...]] = {}
        for server in range(servers):
            self._lives.append(Life(server, 1))
            self._logs.append(self._log(server, b""))
        self._lives += [Life(client, 1) for client in clients]

    def boot(self) -> None:
        """Let all servers start.

        Raises:
            SubmissionError: as `take` does.
        """
        for state in self.state.servers:
            self._begin(state)

    def take(self, choice: Choice) -> bool:
        """Take a choice, and return whether it applies.

        Raises:
            SubmissionError: a server has broken, or a property of the oracles.
        """
        if isinstance(choice, Recover):
            self.choices.append(choice)
            self._control(choice)
            self._recover(choice)
            return True
        if isinstance(choice, Expect):
            self.choices.append(choice)
            self._expect(choice)
            return True
        kept = len(self.choices)
        self.choices.append(choice)
        applies = self.advance(choice)
        if not applies:
            del self.choices[kept:]
        return applies

    def _recover(self, choice: Recover) -> None:
        """Let servers recover, or fail."""
        if choice.idle:
            recover_idle(self._rules, self, choice.without)
        elif self._clients is None:
            recover(self._rules, self, choice.without)
        else:
            recover_service(self._rules, self, self._clients)

    def finish(self) -> None:
        """Check what only the whole run shows.

        Raises:
            SubmissionError: as `take` does.
        """
        if self._clients is not None:
            self._clients.finish()

    def _expect(self, choice: Expect) -> None:
        """Fail unless a server is in the state that is expected."""
        server = self.state.servers[choice.server]
        seen = Expect(server.server, server.term, server.leads, len(server.applied))
        for field in ("term", "leads", "applied"):
            expected = getattr(choice, field)
            if expected is not None and expected != getattr(seen, field):
                raise SubmissionError(
                    codes.CHECK_FAILED,
                    f"server {server.server} is not in the state that the list expects",
                    f"expected: {choice_text(choice)}\nfound:    {choice_text(seen)}",
                )

    def advance(self, choice: Choice, briefly: bool = False) -> bool:
        """Take a choice that is not to be noted; return whether it applies.

        For `briefly`, see `Rules.take`.

        Raises:
            SubmissionError: as `take` does.
        """
        if isinstance(choice, Deliver) and choice.with_reply:
            return self._deliver_with_reply(choice)
        before = self.state
        transition = self._rules.take(before, choice, briefly)
        if transition is None:
            return False
        self.state = transition.state
        self._world.now_ns += CHOICE_NS
        self._control(choice)
        if self._messages is not None and isinstance(choice, Deliver | Lose):
            self._report_message(self._messages, before, choice)
        stepped, started = transition.stepped, transition.started
        if stepped is not None:
            self._pass_on(stepped, transition.outward)
            if stepped.failure is not None:
                raise stepped.failure
        if started is not None:
            self._begin(started)
        return True

    def wait(self, server: int, ns: int) -> None:
        """Let time pass on a server's own clock, which is not to be noted.

        Raises:
            SubmissionError: as `take` does.
        """
        before = self.state.servers[server]
        self.state, after, *_ = self._rules.wait(self.state, server, ns)
        assert after is not None
        if after.outward or after.applied is not before.applied:
            self._world.now_ns += CHOICE_NS
            self._control(TimeOut(server))
        self._pass_on(after, None)
        if after.failure is not None:
            raise after.failure

    def _deliver_with_reply(self, choice: Deliver) -> bool:
        """Deliver a request, and its reply if there is one; return whether it applies."""
        request = self.state.find(choice.message)
        if request is None or not self.advance(Deliver(choice.message)):
            return False
        reply = self.state.reply_to(request)
        if reply is not None:
            self.advance(Deliver(self.state.name_of(reply)))
        return True

    def _report_message(
        self, messages: ChosenMessages, before: WorldState, choice: Deliver | Lose
    ) -> None:
        """Report what becomes of a message that was on its way."""
        message = before.find(choice.message)
        assert message is not None
        number = before.servers[message.dst].requests + 1
        messages.chosen(choice, message, self._lives[message.dst], number)

    def _control(self, choice: Choice) -> None:
        """Report a choice to the observers."""
        for notify in self._world.observers.controlled:
            notify(self._world.now_ns, choice_text(choice), ())

    # Lives.

    def _log(self, server: int, saved: bytes) -> AppliedLog:
        if self._clients is not None:
            return AppliedInBox(server, self._invariants, saved)
        return AppliedLog(server, self._invariants, self._snapshots_made, saved)

    def _begin(self, state: ServerState) -> None:
        """Begin the life of an incarnation, and end the one before it."""
        world, server = self._world, state.server
        if state.incarnation > 1:
            before = self._lives[server]
            before.up = False
            self._invoked = {k: v for k, v in self._invoked.items() if k[0] != server}
            for notify in world.observers.crashed:
                notify(world.now_ns, before)
            # From what was saved, which may be less than it was when it started.
            self._logs[server] = self._log(server, _saved_snapshot(state))
        life = self._lives[server] = Life(server, state.incarnation)
        for notify in world.observers.started:
            notify(world.now_ns, life)
        self._pass_on(state, None)
        if state.failure is not None:
            raise state.failure

    # Steps.

    def _pass_on(self, state: ServerState, outward_max: int | None) -> None:
        """Show the observers a server's step, with no more actions than got out."""
        if not state.preempted and not state.steps_away:
            self._away_since.pop(state.server, None)
        elif state.preempted:
            self._away_since.setdefault(state.server, self._world.steps)
        left = len(state.outward) if outward_max is None else outward_max
        held = self._rules.histories.held(state)
        for box_step, after in zip_longest(state.box_steps, held):
            self._lives[state.server].held = after or {}
            if outward_max is not None and not left:
                return
            actions: list[Action] = []
            for action in box_step.actions:
                if isinstance(action, OUTWARD):
                    left -= 1
                actions.append(action)
                if outward_max is not None and not left:
                    break
            self._box_step(state.server, box_step, actions)

    def _true_since(self, server: int, asked: int) -> int:
        """Return since which step a report may be true: see `report_lag`."""
        return min(asked, self._away_since.get(server, asked))

    def _box_step(
        self, server: int, box_step: BoxStep, actions: Sequence[Action]
    ) -> None:
        world, life, event = self._world, self._lives[server], box_step.event
        if isinstance(event, Invoke):
            self._note_invoked(life, event)
        elif isinstance(event, Taken):
            message = self._puts.pop((server, event.put_id))
            self._logs[server].apply(Message(*message))
        world.steps += 1
        for notify in world.observers.stepped:
            notify(world.now_ns, life, event, actions)
        if self._messages is not None:
            self._report_sent(self._messages, life, actions)
        for action in actions:
            if isinstance(action, Persist):
                world.saved_at_step[server] = world.steps
            elif isinstance(action, Apply) and self._clients is not None:
                self._logs[server].apply(Message(*action.message))
            elif isinstance(action, Apply):
                self._puts[server, action.put_id] = action.message
            elif isinstance(action, Result):
                self._note_result(life, action)
            elif isinstance(action, Log) and not action.annotates:
                for notify_line in world.observers.printed:
                    notify_line(world.now_ns, server, action.line)
        for notify in world.observers.settled:
            notify(world.now_ns, life, event, actions)

    def _report_sent(
        self, messages: ChosenMessages, life: Life, actions: Sequence[Action]
    ) -> None:
        for action in actions:
            if isinstance(action, Call):
                messages.called(life, action)
            elif isinstance(action, Reply):
                messages.replied(life, action)

    def _note_invoked(self, life: Life, event: Invoke) -> None:
        proposal = None
        if event.method == START:
            proposal = self._invariants.proposed(life, event.args[0])
        elif event.method == SNAPSHOT:
            self._logs[life.server].snapshot(event.args[0])
        elif self._clients is not None and self._rules.setting.is_client(life.server):
            self._clients.called(life.server, event, self._world.now_ns)
        asked = self._world.steps
        self._invoked[life.server, event.invoke_id] = (event.method, asked, proposal)

    def _note_result(self, life: Life, result: Result) -> None:
        key = (life.server, result.invoke_id)
        method, asked, proposal = self._invoked.pop(key, ("", 0, None))
        answer: Any = result.value
        if self._clients is not None and self._rules.setting.is_client(life.server):
            self._clients.returned(life.server, answer, self._world.now_ns)
        elif method in (GET_STATE, SERVICE_GET_STATE) and has_types(answer, int, bool):
            term, leads = answer
            self._invariants.reported(life, term, leads, asked)
        elif proposal is not None and has_types(answer, int, int, bool):
            self._invariants.answered(life, proposal, answer)


def _saved_snapshot(state: ServerState) -> bytes:
    """Return the snapshot from which an incarnation has started."""
    events = [box_step.event for box_step in state.box_steps]
    return next(event.snapshot for event in events if isinstance(event, Boot))


def run_choices(
    rules: Rules, choices: Iterable[Choice], observers: Iterable[Observer] = ()
) -> tuple[JudgedRun, SubmissionError | None]:
    """Take a list of choices; return the run, and what failed in it if anything did."""
    run = JudgedRun(rules, observers)
    try:
        run.boot()
        for choice in choices:
            run.take(choice)
        run.finish()
    except SubmissionError as exc:
        return run, exc
    return run, None
