"""Servers that poll: they may see what they were given only when they look next."""

from collections import deque
from collections.abc import Callable
from itertools import pairwise

import msgspec

from labrpc.clock import MILLISECOND
from labrpc.world.events import Call, Reply, Wake
from tester.search.choices import Setting
from tester.search.server_state import (
    TIME_PASSES,
    Answer,
    Arrival,
    Command,
    ServerState,
    Stimulus,
)
from tester.search.server_step import ServerStep, SteppedBox
from tester.search.step_times import STEP_NS_MIN

# A server that wakes up at least this often polls: it may see what it was given only
# when it looks next, and that belongs to the step.
STEP_NS_MAX = 50 * MILLISECOND
# A server of a service that polls looks at least this often. Others, too, look now and then
# whether they still lead, and that is no reason for long steps.
SERVICE_STEP_NS_MAX = 10 * MILLISECOND
# How often a server may act by itself until it asks for votes.
TIME_OUTS_MAX = 3
# How many messages may arrive in a trial until nothing is under way.
DELIVERIES_MAX = 60

NewBox = Callable[[int], SteppedBox]


def polling_step_ns(new_box: NewBox, setting: Setting) -> int:
    """Return how much time the steps of a submission take, after a look at how it waits.

    One that wakes up often may only look for time-outs, and handle messages at once: then
    long steps would be long for nothing, and full of heartbeats.

    Args:
        new_box: returns a box for a server.
        setting: of the world.
    """
    longest_ns = _longest_gap_ns(new_box(0), setting)
    polls_ns_max = SERVICE_STEP_NS_MAX if setting.clients else STEP_NS_MAX
    if longest_ns > polls_ns_max:
        return STEP_NS_MIN
    if longest_ns and not setting.clients and _Trial(new_box, setting).serves_at_once():
        return STEP_NS_MIN
    # It looks once more than that, whenever in its interval it was given something.
    return longest_ns + STEP_NS_MIN


def _longest_gap_ns(box: SteppedBox, setting: Setting) -> int:
    """Return for how long a server sleeps at most until it acts by itself."""
    server = ServerState(0, 1)
    ServerStep(box, server, setting).boot()
    waiting = server.next_blank()
    ServerStep(box, waiting, setting).run(TIME_PASSES)
    woken_ns = [s.now_ns for s in waiting.box_steps if isinstance(s.event, Wake)]
    gaps_ns = [after - before for before, after in pairwise([server.now_ns, *woken_ns])]
    return max(gaps_ns, default=0)


class _Trial:
    """Servers whose steps are as short as can be, and whose messages arrive in order.

    Args:
        new_box: returns a box for a server.
        setting: of the world.
    """

    def __init__(self, new_box: NewBox, setting: Setting) -> None:
        # The service is to be no reason for waiting.
        self._setting = msgspec.structs.replace(
            setting, slow_service=False, snapshot_interval=0
        )
        self._boxes = [new_box(server) for server in range(setting.servers)]
        self._states = [ServerState(server, 1) for server in range(setting.servers)]
        self._under_way: deque[tuple[int, Arrival | Answer, int]] = deque()
        # Who has sent a request, by its receiver and number there, and by which call.
        self._askers: dict[tuple[int, int], tuple[int, int]] = {}
        for box, state in zip(self._boxes, self._states, strict=True):
            ServerStep(box, state, self._setting).boot()

    def serves_at_once(self) -> bool:
        """Return whether a server leads as soon as votes arrive, and then applies a command.

        Time passes only where it has nothing to send, or is to send a heartbeat.
        """
        for _ in range(TIME_OUTS_MAX):
            if self._states[0].calls:
                break
            self._give(0, TIME_PASSES)
        self._settle()
        if not self._states[0].leads or self._setting.elections_only:
            return self._states[0].leads
        self._give(0, Command(self._setting.command(1)))
        if not self._states[0].calls:
            self._give(0, TIME_PASSES)
        self._settle()
        if not self._states[0].applied:
            return False
        self._give(0, TIME_PASSES)
        self._settle()
        return all(state.applied for state in self._states)

    def _settle(self) -> None:
        """Let messages arrive until none is under way."""
        for _ in range(DELIVERIES_MAX):
            if not self._under_way:
                return
            server, given, call_id = self._under_way.popleft()
            if isinstance(given, Arrival):
                request_id = self._states[server].requests + 1
                self._askers[server, request_id] = given.src, call_id
            self._give(server, given)

    def _give(self, server: int, given: Stimulus) -> None:
        """Let a server take a step, and send what comes of it."""
        after = self._states[server].next_blank()
        ServerStep(self._boxes[server], after, self._setting).run(given)
        self._states[server] = after
        for action in after.outward:
            if isinstance(action, Call) and 0 <= action.dst < len(self._states):
                arrival = Arrival(server, action.method, action.data)
                self._under_way.append((action.dst, arrival, action.call_id))
            elif isinstance(action, Reply):
                asker = self._askers.pop((server, action.request_id), None)
                if asker is not None:
                    src, call_id = asker
                    self._under_way.append((src, Answer(call_id, action.data), call_id))
