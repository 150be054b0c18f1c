"""One step of a server: from what it is given until its threads wait.

Time is the server's own: a step takes a little of it, so that what the server does shortly
afterwards belongs to the step. What it applies is taken at once.
"""

from typing import Any, Protocol

from labrpc import codes
from labrpc.clock import SECOND, to_seconds
from labrpc.contract import ApplyMsg
from labrpc.errors import SubmissionError
from labrpc.scheduling.preemption import IS_PREEMPTED
from labrpc.world.box import Step
from labrpc.world.events import (
    Action,
    Apply,
    Boot,
    Call,
    Crash,
    Event,
    Invoke,
    Log,
    Persist,
    Preempt,
    Ready,
    Reply,
    Request,
    Response,
    Result,
    Taken,
    Wake,
)
from labrpc.world.host import ANSWER_NS_MAX, broken_error
from tester.scenario.cluster import has_types
from tester.scenario.kv_answers import is_answer_of_get
from tester.search.choices import Setting
from tester.search.server_state import (
    Answer,
    Arrival,
    BoxStep,
    ClientCall,
    Command,
    LosesTurn,
    PendingCall,
    PendingRequest,
    ServerState,
    ServiceStalls,
    SnapshotCall,
    Stimulus,
    Waits,
)
from tester.search.service_snapshot import snapshot_bytes, snapshot_commands
from tester.search.step_times import STEP_NS_MIN, away_ns
from tester.service_errors import OK

# A time-out that takes longer on a server's own clock comes to nothing.
TIME_OUT_NS_MAX = 2 * SECOND
# A thread that wakes up more often in one step polls as if it ran in a loop.
WAKES_MAX = 5_000

GET_STATE, START, SNAPSHOT = "get_state", "start", "snapshot"
# What a client calls of its clerk.
OPERATIONS = ("get", "put")
# By this name, the box of a service finds the Raft in it.
SERVICE_GET_STATE = "Raft.get_state"
# What a submission may call an index, without the lab's memory being at stake.
INDEX_MAX = 100_000
_WAKE = Wake()
# Threads lose their turn where the search says, and nowhere else.
_NOT_PREEMPTED = Preempt(0)


class SteppedBox(Protocol):
    """What a step asks of a box."""

    def step(self, now_ns: int, event: Event) -> Step:
        """Deliver an event and run until every thread waits."""

    def threads(self) -> str:
        """Return the threads and where each waits, for a person."""


class ServerStep:
    """A step under way.

    Args:
        box: where the server runs.
        state: what comes of it, blank so far.
        setting: of the world.
        step_ns: how much of the server's time a step takes at least.
    """

    def __init__(
        self,
        box: SteppedBox,
        state: ServerState,
        setting: Setting,
        step_ns: int = STEP_NS_MIN,
    ) -> None:
        self._box = box
        self.state = state
        self._setting = setting
        self._step_ns = step_ns
        self._box_steps: list[BoxStep] = []
        self._outward: list[Action] = []
        self._invoked = dict(state.invoked)
        self._puts = list(state.puts)
        self._wakes = 0
        self._ready = state.before is not None
        self._applied_before = state.applied
        self._is_client = setting.is_client(state.server)
        self._of_service = setting.clients > 0
        self._has_returned = False

    def boot(self) -> None:
        """Start the server from what its disk holds."""
        state = self.state
        if state.snapshot and not self._of_service:
            self._apply_snapshot(state.snapshot)
        if self._setting.preempt:
            self._step_box(_NOT_PREEMPTED)
        boot = Boot(self._setting.servers, state.raft_state, state.snapshot)
        self._step(boot)
        while not self._ready and self._wakes_by(ANSWER_NS_MAX):
            self._wake()
        if not self._ready and state.failure is None:
            state.failure = SubmissionError(
                codes.NO_RETURN,
                f"the constructor of server {state.server} has not returned for "
                f"{to_seconds(ANSWER_NS_MAX):.0f} virtual seconds",
                self._box.threads(),
            )
        self._finish()

    def run(self, stimulus: Stimulus) -> None:
        """Give the server what it is to be given."""
        state = self.state
        if isinstance(stimulus, LosesTurn):
            self._preempt(stimulus)
            return
        state.steps_away = max(0, state.steps_away - 1)
        if self._setting.slow_service:
            self._take_if_free()
        if isinstance(stimulus, Arrival):
            state.requests += 1
            request = PendingRequest(state.requests, *stimulus)
            state.unanswered = (*state.unanswered, request)
            self._step(Request(state.requests, *stimulus))
        elif isinstance(stimulus, Answer):
            self._end_call(stimulus)
            self._step(Response(*stimulus))
        elif isinstance(stimulus, Command):
            self._invoke(START, stimulus.command)
        elif isinstance(stimulus, SnapshotCall):
            self._make_snapshot(stimulus.up_to)
        elif isinstance(stimulus, ServiceStalls):
            state.stalled = stimulus.stalls
            self._take_if_free()
        elif isinstance(stimulus, ClientCall):
            state.operation = stimulus
            self._invoke(stimulus.method, *stimulus.args)
        elif isinstance(stimulus, Waits):
            self._wait(stimulus.ns)
            return
        else:
            until_ns = state.now_ns + TIME_OUT_NS_MAX
            while not self._has_acted() and self._wakes_by(until_ns):
                self._wake()
        self._finish()

    def _preempt(self, stimulus: LosesTurn) -> None:
        """Let a thread lose its turn in the next step; no time passes until then."""
        nth, place, steps = stimulus
        self._step_box(Preempt(nth, place, away_ns(steps)))
        self.state.preempting, self.state.steps_away = True, steps
        self._close()

    def _end_call(self, answer: Answer) -> None:
        """Note that a call has ended, unless it has before."""
        state = self.state
        for call in state.calls:
            if call.call_id == answer.call_id:
                state.calls = tuple([c for c in state.calls if c is not call])
                state.answers |= {(call.dst, call.method, answer.data)}

    # Time.

    def _has_acted(self) -> bool:
        if self._outward or self._has_returned:
            return True
        return self.state.applied is not self._applied_before

    def _wakes_by(self, until_ns: int) -> bool:
        """Return whether the server wants to be woken by a time on its clock."""
        state = self.state
        if state.failure is not None or self._wakes >= WAKES_MAX:
            return False
        return state.wake_ns is not None and state.wake_ns <= until_ns

    def _wait(self, ns: int) -> None:
        """Let time pass, to the end of it or until something comes of it."""
        until_ns = self.state.now_ns + ns
        while not self._has_acted() and self._wakes_by(until_ns):
            self._wake()
        if self._has_acted():
            self._finish()
            return
        self.state.now_ns = until_ns
        self._close()

    def _wake(self) -> None:
        state = self.state
        assert state.wake_ns is not None
        self._wakes += 1
        state.now_ns = max(state.now_ns, state.wake_ns)
        self._step(_WAKE)

    def _finish(self) -> None:
        """Let the rest of the step's time pass, and ask the server for its state."""
        state = self.state
        if self._box_steps:
            until_ns = state.now_ns + self._step_ns
            while self._wakes_by(until_ns):
                self._wake()
            state.now_ns = max(state.now_ns, until_ns)
            if state.preempting:
                # In this step, or not at all.
                state.preempting = False
                state.preempted = any(map(_was_preempted, self._box_steps))
                self._step_box(_NOT_PREEMPTED)
            get_state = SERVICE_GET_STATE if self._of_service else GET_STATE
            if not self._is_client and get_state not in self._invoked.values():
                self._invoke(get_state)
        self._close()

    def _close(self) -> None:
        """Note what came of the step."""
        state = self.state
        state.box_steps = tuple(self._box_steps)
        state.outward = tuple(self._outward)
        state.invoked = tuple(self._invoked.items())
        state.puts = tuple(self._puts)
        if state.failure is not None or state.applied is not self._applied_before:
            state.news = True

    # What the box is given.

    def _invoke(self, method: str, *args: Any) -> None:
        """Call a method for the service."""
        state = self.state
        state.invocations += 1
        self._invoked[state.invocations] = method
        self._step(Invoke(state.invocations, method, args))

    def _step(self, event: Event) -> None:
        """Step the box, and take what it applies until it waits for something else."""
        self._step_box(event)
        if not self._setting.slow_service:
            self._take_if_free()

    def _step_box(self, event: Event) -> None:
        """Step the box."""
        state = self.state
        if state.failure is not None:
            return
        try:
            actions, state.wake_ns = self._box.step(state.now_ns, event)
        except SubmissionError as exc:
            state.failure = exc
            actions = []
        self._box_steps.append(BoxStep(state.now_ns, event, tuple(actions)))
        for action in actions:
            self._note(action)

    def _take_if_free(self) -> None:
        """Let the service take a message, unless it stalls or makes a snapshot."""
        busy = self.state.stalled or SNAPSHOT in self._invoked.values()
        if self._puts and not busy:
            self._take()

    def _take(self) -> None:
        """Take the next message off the apply channel, and make a snapshot if one is due."""
        state = self.state
        put_id, fields = self._puts.pop(0)
        message = ApplyMsg(*fields)
        interval = self._setting.snapshot_interval
        due = False
        if message.snapshot_valid:
            self._apply_snapshot(message.snapshot)
        elif message.command_valid:
            state.applied = (*state.applied, message.command)
            # As the services of the suite do.
            due = interval > 0 and (message.command_index + 1) % interval == 0
        self._step_box(Taken(put_id))
        if due and state.failure is None:
            self._make_snapshot(len(state.applied))
        elif not self._setting.slow_service:
            self._take_if_free()

    def _make_snapshot(self, index: int) -> None:
        """Let the service take a snapshot of what it has applied up to an index."""
        self.state.compacted = index
        self._invoke(SNAPSHOT, index, snapshot_bytes(self.state.applied[:index]))

    def _apply_snapshot(self, snapshot: bytes) -> None:
        """Take in a snapshot; whether it is one of the service's, the oracles judge."""
        self.state.applied = snapshot_commands(snapshot)
        self.state.compacted = len(self.state.applied)

    # What the box does.

    def _note(self, action: Action) -> None:
        state = self.state
        kind = type(action)
        if isinstance(action, Persist):
            state.raft_state, state.snapshot = action.raft_state, action.snapshot
            self._outward.append(action)
        elif isinstance(action, Call):
            call = PendingCall(action.call_id, action.dst, action.method, action.data)
            state.calls = (*state.calls, call)
            self._outward.append(action)
        elif isinstance(action, Reply):
            state.unanswered = tuple(
                [r for r in state.unanswered if r.request_id != action.request_id]
            )
            self._outward.append(action)
        elif isinstance(action, Apply):
            if self._of_service:
                self._note_applied(ApplyMsg(*action.message))
            else:
                self._puts.append((action.put_id, action.message))
        elif isinstance(action, Result):
            method = self._invoked.pop(action.invoke_id, "")
            if method in (GET_STATE, SERVICE_GET_STATE):
                self._note_state(action.value)
            elif self._is_client:
                self._note_returned(action.value)
            elif method == START and _is_acceptance(action.value):
                state.accepted, state.news = action.value[:2], True
        elif kind is Ready:
            self._ready = True
        elif isinstance(action, Crash):
            state.failure = broken_error(state.server, action)

    def _note_applied(self, message: ApplyMsg) -> None:
        """Note what the server of a service has put on its own apply channel."""
        state = self.state
        is_command = message.command_valid
        index = message.command_index if is_command else message.snapshot_index
        if type(index) is not int or not 0 < index <= INDEX_MAX:
            # The oracles say what is wrong with it.
            state.news = True
            return
        # A snapshot shows the index, and not the commands.
        before = state.applied[: index - 1]
        last = message.command if is_command else None
        state.applied = (*before, *[None] * (index - 1 - len(before)), last)

    def _note_returned(self, answer: Any) -> None:
        """Note what a client's operation has returned."""
        state = self.state
        called, state.operation = state.operation, None
        self._has_returned = state.news = True
        if called is None:
            return
        if called.method == "get" and is_answer_of_get(answer):
            version = answer[1]
        elif called.method == "put" and answer == OK:
            version = called.args[2] + 1
        else:
            return
        versions = dict(state.versions) | {called.args[0]: version}
        state.versions = tuple(versions.items())

    def _note_state(self, answer: Any) -> None:
        """Note the server's term, and whether it leads."""
        if not has_types(answer, int, bool):
            return
        state = self.state
        term, leads = answer
        if term < state.term:
            state.news = True
        if term != state.term:
            state.answers = frozenset()
        if leads and term not in state.led:
            state.led = (*state.led, term)
            state.news = True
        state.term, state.leads = term, leads


def _was_preempted(box_step: BoxStep) -> bool:
    """Return whether a thread has lost its turn, which boxes remark by an annotation."""
    return any(type(a) is Log and IS_PREEMPTED in a.line for a in box_step.actions)


def _is_acceptance(answer: Any) -> bool:
    return has_types(answer, int, int, bool) and answer[2]
