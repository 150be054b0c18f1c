"""Histories: every state that a server was found in, and a box only where it is new.

A server's next state is a function of its state and of what it is given. So it is
computed once, and looked up ever after. To compute it, a box has to be in the state
before: one that still is, or else one that is given the history again.
"""

import gc
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cached_property

from labrpc.box_factory import BoxFactory
from labrpc.codes import Code
from labrpc.machine.watchdog import Watchdog, watchdog
from labrpc.machine.watchdog_timer import HangPolicy
from labrpc.submission.entry import Entry
from labrpc.world.box import Box, Step
from labrpc.world.events import Crash, Event
from tester.scenario.service_entries import clerk_entry, kv_server_entry
from tester.search.choices import Setting
from tester.search.outline import outline
from tester.search.polling import polling_step_ns
from tester.search.server_state import Brief, ServerState, Stimulus, Waits
from tester.search.server_step import ServerStep
from tester.search.step_times import SHORT_STEP_NS, STEP_NS_MIN

# All random draws of the servers come from it.
SEED = "search"
# A box in its process or with its modules takes some hundred KB.
BOXES_MAX = 64
# A box is a web of objects that only a collection can free.
BOXES_PER_COLLECTION = 1_000


class Histories:
    """The states in which the servers of one submission were found.

    Args:
        boxes: makes their boxes.
        setting: of the world they are in.
        hang_policy: what happens where the submission hangs in C.
        look_alikes: whether to find out which states look like each other.
        attributes: whether to keep what servers' objects hold after each step.

    Attributes:
        states: how many states were found.
        steps: how often a box was stepped.
        stepping: the server that is being stepped.
        look_alikes: whether it is found out which of the next states look like each other.
        attributes: whether what servers' objects hold is kept.
        warnings: likely mistakes that the watchdog has seen.
    """

    def __init__(
        self,
        boxes: BoxFactory,
        setting: Setting,
        hang_policy: HangPolicy | None = None,
        look_alikes: bool = False,
        attributes: bool = False,
    ) -> None:
        self.setting = setting
        self.states = 0
        self.steps = 0
        self.stepping: WatchedBox | None = None
        self.warnings: dict[str, Code] = {}
        self._factory = boxes
        self._hang_policy = hang_policy
        self._roots: dict[tuple[int, int, bytes, bytes], ServerState] = {}
        # Boxes that wait in a state, the one that was used last at the end.
        self._boxes: OrderedDict[ServerState, WatchedBox] = OrderedDict()
        self._made = 0
        self.look_alikes = look_alikes
        self.attributes = attributes
        self._held: dict[ServerState, Sequence[dict[str, str]]] = {}
        self._outlines: dict[bytes, ServerState] = {}
        self._entries: tuple[Entry | None, Entry | None] = (None, None)
        if setting.clients:
            service = boxes.submission
            limit = setting.max_raft_state or -1
            self._entries = kv_server_entry(service, limit), clerk_entry(service)

    def started(
        self, server: int, incarnation: int, raft_state: bytes, snapshot: bytes
    ) -> ServerState:
        """Return the state in which an incarnation is when it has started."""
        key = (server, incarnation, raft_state, snapshot)
        state = self._roots.get(key)
        if state is None:
            state = self._roots[key] = ServerState(server, incarnation)
            state.raft_state, state.snapshot = raft_state, snapshot
            box = self._new_box(state)
            box.held = []
            self._step(box, state, self._step_ns).boot()
            self._keep(state, box)
        return state

    def next(self, state: ServerState, stimulus: Stimulus) -> ServerState:
        """Return the state that follows when a server is given something."""
        after = state.after.get(stimulus)
        if after is None:
            after = state.after[stimulus] = state.next_blank()
            box = self._box_in(state)
            box.held = []
            self._step(box, after, self._time_for(state, stimulus)).run(
                stimulus.given if isinstance(stimulus, Brief) else stimulus
            )
            self._keep(after, box)
        return after

    def held(self, state: ServerState) -> Sequence[dict[str, str]]:
        """Return what the server's object held after each box step that led to a state."""
        return self._held.get(state, ())

    def stuck(self, state: ServerState) -> tuple[str, str]:
        """Return which lock keeps a server's calls from returning, and where they wait."""
        box = self._boxes[state] = self._box_in(state)
        return box.box.stuck()

    def watched(self) -> AbstractContextManager[Watchdog]:
        """Let a watchdog look after all steps while a block runs.

        Its limits of CPU time and memory are those of one run, so a block is no more than
        a turn of a search.
        """
        return watchdog(self, hang_policy=self._hang_policy)

    def close(self) -> None:
        """End all boxes."""
        while self._boxes:
            self._boxes.popitem()[1].end()

    @property
    def poll(self) -> bool:
        """Whether servers poll: what they are given, they see when they look next."""
        return self._step_ns > STEP_NS_MIN

    def _step(self, box: "WatchedBox", state: ServerState, step_ns: int) -> ServerStep:
        return ServerStep(box, state, self.setting, step_ns)

    def _time_for(self, state: ServerState, stimulus: Stimulus) -> int:
        """Return how much of its time a server takes for what it is given."""
        if state.steps_away:
            return SHORT_STEP_NS
        return STEP_NS_MIN if isinstance(stimulus, Brief | Waits) else self._step_ns

    @cached_property
    def _step_ns(self) -> int:
        boxes: list[WatchedBox] = []

        def new_box(server: int) -> WatchedBox:
            boxes.append(self._new_box(ServerState(server, 1)))
            return boxes[-1]

        step_ns = polling_step_ns(new_box, self.setting)
        for box in boxes:
            box.end()
        return step_ns

    # Boxes.

    def _new_box(self, state: ServerState) -> "WatchedBox":
        self._made += 1
        if self._made % BOXES_PER_COLLECTION == 0:
            gc.collect()
        self._factory.begin_run()
        entry = self._entries[self.setting.is_client(state.server)]
        box = self._factory.box(state.server, state.incarnation, SEED, entry)
        return WatchedBox(self, state.server, box)

    def _box_in(self, state: ServerState) -> "WatchedBox":
        """Return a box in this state: one that waits there or before it, or a new one."""
        missing = []
        at: ServerState | None = state
        while at is not None and at not in self._boxes:
            missing.append(at)
            at = at.before
        box = self._boxes.pop(at) if at is not None else self._new_box(state)
        for passed in reversed(missing):
            for now_ns, event, _ in passed.box_steps:
                box.step(now_ns, event)
        return box

    def _keep(self, state: ServerState, box: "WatchedBox") -> None:
        self.states += 1
        state.number = self.states
        if self.attributes:
            self._held[state] = box.held
        if state.failure is not None:
            box.end()
            return
        if self.look_alikes:
            seen = outline(state, box.box.state())
            if seen is not None:
                state.like = self._outlines.setdefault(seen, state)
        self._boxes[state] = box
        if len(self._boxes) > BOXES_MAX:
            self._boxes.popitem(last=False)[1].end()


class WatchedBox:
    """A box that says when it is being stepped, for a watchdog.

    Attributes:
        held: what the server's object held after each step of a state, if that is kept.
    """

    def __init__(self, histories: Histories, server: int, box: Box) -> None:
        self._histories = histories
        self.server = server
        self.box = box
        self.held: list[dict[str, str]] = []

    def step(self, now_ns: int, event: Event) -> Step:
        """Step the box."""
        histories = self._histories
        histories.steps += 1
        histories.stepping = self
        try:
            actions, wake_ns = self.box.step(now_ns, event)
            if histories.attributes:
                # A broken one is not asked.
                broken = any(isinstance(action, Crash) for action in actions)
                self.held.append({} if broken else self.box.state())
            return actions, wake_ns
        finally:
            histories.stepping = None

    def threads(self) -> str:
        """Return the threads and where each waits."""
        return self.box.threads()

    def end(self) -> None:
        """End the incarnation."""
        histories = self._histories
        histories.steps += 1
        histories.stepping = self
        self.box.crash()
        histories.stepping = None
