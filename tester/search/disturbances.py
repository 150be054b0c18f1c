"""Disturbances of a run: what happens to messages on their way, and between them.

Each run has rates of its own, and most kinds of fault are absent from it, since some hide
what others bring about.
"""

from collections.abc import Iterable, Sequence
from random import Random
from typing import Protocol

from tester.search.choices import (
    Choice,
    Crash,
    Deliver,
    Duplicate,
    Lose,
    Start,
    TimeOut,
)
from tester.search.world_state import Message, WorldState

# How many runs have none: then nothing goes wrong that an episode is not about.
CALM = 0.35
# How many of the others have each kind, and how often it happens there, for each message.
PRESENT = 0.35
RATES = (0.02, 0.06, 0.2)
# How many of the others deliver messages in any order.
UNORDERED = 0.5
# Between messages no more commands come than these, so that logs stay short.
COMMANDS_MAX = 12
# After how many actions a server dies at most, of the step in which it does.
ACTIONS_MAX = 4

# What happens to a message: it arrives later, or twice, or never, or its receiver dies.
FATES = ("copy", "death", "late", "lose")
# What happens between messages: "pause" leaves those under way for later.
BETWEEN = ("crash", "pause", "start", "time-out")
FATAL = ("crash", "death")
# What happens to the messages of one link only, to all replies there.
LATE_REPLY = "late reply"
# How fast links are where they differ: messages on a slow one arrive when much else has
# happened.
SPEEDS = (1.0, 1.0, 0.2, 0.03)
# How often the answer to a request that comes twice is late, so that the second one counts.
LATE_FIRST_ANSWER = 0.5
# A late message arrives at this rate if there is one.
RETURNING = 0.1


Pair = frozenset[int]
"""Two servers."""


def pair(one: int, other: int) -> Pair:
    """Return two servers as a pair."""
    return frozenset((one, other))


def pairs_across(side: Iterable[int], servers: int) -> frozenset[Pair]:
    """Return the pairs of a server of one side of a partition and one of the other."""
    mine = set(side)
    return frozenset(
        pair(one, other)
        for one in mine
        for other in range(servers)
        if other not in mine
    )


class Messages(Protocol):
    """The messages under way, in the order of sending."""

    queue: list[Message]
    late: list[Message]

    def hold_back(self, message: Message) -> None:
        """Let a message of the queue arrive later than its turn."""


class Disturbances:
    """What goes wrong in one run.

    Args:
        draws: the search's random stream.
        persistence: whether servers may crash.
        calm: in what share of runs nothing does.

    Attributes:
        blocked: the pairs of servers whose messages to each other have to wait.
        trouble: the pair of servers whose messages are in trouble, and how; None if none
            are.
    """

    def __init__(self, draws: Random, persistence: bool, calm: float = CALM) -> None:
        self.blocked: frozenset[Pair] = frozenset()
        self.trouble: tuple[Pair, str] | None = None
        self._draws = draws
        self._rates: dict[str, float] = {}
        self._unordered = False
        self._returning = 0.0
        if draws.random() < calm:
            return
        self._unordered = draws.random() < UNORDERED
        self._returning = RETURNING
        for kind in (*FATES, *BETWEEN):
            present, rate = draws.random() < PRESENT, draws.choice(RATES)
            if present and (persistence or kind not in FATAL):
                self._rates[kind] = rate

    def passes(self, message: Message) -> bool:
        """Return whether a message need not wait."""
        return not self.blocked or pair(message.src, message.dst) not in self.blocked

    def draws_late_answer(self) -> bool:
        """Return whether, of two copies, the answer to the first one is late."""
        return self._draws.random() < LATE_FIRST_ANSWER

    def next_choices(
        self, state: WorldState, messages: Messages
    ) -> Sequence[Choice] | None:
        """Return what happens next, None if nothing is under way or it has to wait."""
        draws = self._draws
        ready = self._ready(state, messages.queue)
        late = self._ready(state, messages.late) if self._returning else []
        if late and draws.random() < self._returning:
            return [Deliver(state.name_of(draws.choice(late)))]
        if not ready:
            return None
        message = draws.choice(ready) if self._unordered else ready[0]
        kind = self._drawn_kind(message)
        if kind == "pause":
            return None
        if kind == "late":
            messages.hold_back(message)
            return []
        if kind in BETWEEN:
            return self._between(state, kind)
        return self._fate(state, message, kind)

    def _ready(self, state: WorldState, messages: list[Message]) -> list[Message]:
        return [m for m in messages if state.reachable(m) and self.passes(m)]

    def _drawn_kind(self, message: Message) -> str:
        """Return what goes wrong when it is a message's turn, "" if nothing does."""
        if self.trouble is not None:
            troubled, kind = self.trouble
            is_on_link = pair(message.src, message.dst) == troubled
            if is_on_link and kind == LATE_REPLY:
                if message.reply:
                    return "late"
            elif is_on_link and self._draws.random() < 0.5:
                return kind
        left = self._draws.random() if self._rates else 1.0
        for kind, rate in self._rates.items():
            left -= rate
            if left < 0:
                return kind
        return ""

    def _between(self, state: WorldState, kind: str) -> Sequence[Choice]:
        server = self._draws.randrange(len(state.servers))
        if kind == "crash":
            return [Crash(server)]
        if kind == "time-out":
            return [TimeOut(server)]
        more = state.spent.commands < COMMANDS_MAX
        leaders = [s.server for s in state.servers if s.leads and more]
        return [Start(self._draws.choice(leaders))] if leaders else []

    def _fate(self, state: WorldState, message: Message, kind: str) -> Sequence[Choice]:
        name = state.name_of(message)
        if kind == "lose":
            return [Lose(name)]
        if kind == "death":
            return [Deliver(name, self._draws.randint(1, ACTIONS_MAX))]
        if kind == "copy" and not message.reply:
            return [Duplicate(name), Deliver(name)]
        return [Deliver(name)]


def drawn_by_speed(
    draws: Random, speeds: dict[tuple[int, int], float], ready: Sequence[Message]
) -> Message:
    """Return the message that arrives next where links differ in speed.

    Args:
        draws: the search's random stream.
        speeds: of each link, drawn here when a message first takes it.
        ready: the messages, the oldest first; those of a link keep their order.
    """
    first: dict[tuple[int, int], Message] = {}
    for message in ready:
        first.setdefault((message.src, message.dst), message)
    for link in first:
        if link not in speeds:
            speeds[link] = draws.choice(SPEEDS)
    (message,) = draws.choices(list(first.values()), [speeds[link] for link in first])
    return message
