"""Guided random search: long runs with a few deviations from what is ordinary.

An ordinary run delivers the oldest message first, gives commands to a leader, and lets
time pass where nothing else happens. Each run of the search deviates now and then, in
some of the ways that there are. A run that brings about a situation which no earlier
one did is kept, and later ones begin with a part of it.
"""

from collections.abc import Hashable, Iterable, Sequence
from random import Random

from labrpc.errors import SubmissionError
from labrpc.world.streams import stream
from tester.search.arrivals import Arrivals
from tester.search.budget import Limits
from tester.search.choices import (
    Choice,
    Crash,
    Cut,
    Deliver,
    Duplicate,
    Heal,
    Lose,
    Setting,
    Start,
    StepChoice,
    TimeOut,
    with_death,
)
from tester.search.exhaustive import Found, confirmed
from tester.search.judged_run import JudgedRun
from tester.search.preemptions import Preemptions
from tester.search.rules import Rules
from tester.search.world_state import Message, WorldState, compared_servers

CHOICES_MIN = 40
CHOICES_MAX = 150
DEVIATIONS_MAX = 12
COMMANDS_MAX = 12
# How many runs are kept as beginnings of others.
KEPT_MAX = 2_000
KINDS = ("time-out", "crash", "death", "lose", "copy", "late", "cut", "start")


class GuidedSearch:
    """Runs one after another, each a function of the number of runs before it.

    Args:
        rules: what each choice leads to.
        seed: of all draws.
        beginnings: choices with which runs may begin.

    Attributes:
        runs: how many have begun.
        found: a run that breaks a property; None as long as none was met.
    """

    def __init__(
        self, rules: Rules, seed: str, beginnings: Iterable[Sequence[Choice]] = ()
    ) -> None:
        self.runs = 0
        self.found: Found | None = None
        self._rules = rules
        self._draws = stream(seed, "guided")
        self._known: set[Hashable] = set()
        self._beginnings = [tuple(choices) for choices in beginnings]
        self._kept: list[tuple[Choice, ...]] = []

    def advance(self, limits: Limits) -> None:
        """Run until one fails or the limits are reached; a run is not cut short."""
        while self.found is None and not limits.reached:
            self._run(limits)

    def _run(self, limits: Limits) -> None:
        self.runs += 1
        # Counts by itself: servers that do nothing come to no other state.
        limits.count()
        run = JudgedRun(self._rules)
        try:
            run.boot()
            for choice in self._beginning():
                run.take(choice)
            walk = RandomWalk(run.state, self._draws, self._rules.setting)
            for _ in range(self._draws.randint(CHOICES_MIN, CHOICES_MAX)):
                if run.take(walk.next_choice(run.state)):
                    walk.arrivals.follow(run.state)
                    limits.count()
                    self._note(run)
        except SubmissionError:
            self.found = confirmed(self._rules, run.choices)

    def _beginning(self) -> tuple[Choice, ...]:
        """Return the choices with which a run begins, those of an earlier one perhaps."""
        if not self._kept or self._draws.random() < 0.5:
            return self._draws.choice([(), *self._beginnings])
        # The latest have come furthest.
        at = int(len(self._kept) * max(self._draws.random(), self._draws.random()))
        return self._kept[at]

    def _note(self, run: JudgedRun) -> None:
        """Keep a run that has come to a new situation."""
        situation = situation_of(run.state)
        if situation not in self._known:
            self._known.add(situation)
            if len(run.choices) < CHOICES_MAX and len(self._kept) < KEPT_MAX:
                self._kept.append(tuple(run.choices))


class RandomWalk:
    """Draws the choices of one run.

    Args:
        state: where it begins.
        draws: the search's random stream.
        setting: of the world.

    Attributes:
        arrivals: the order of the messages in flight.
    """

    def __init__(self, state: WorldState, draws: Random, setting: Setting) -> None:
        self.arrivals = Arrivals()
        self.arrivals.follow(state)
        self._draws = draws
        # The server that is to lead next.
        self._candidate: int | None = None
        # What is already drawn.
        self._next: list[Choice] = []
        # Not all kinds in each run: some faults hide what others bring about.
        self._kinds = [kind for kind in KINDS if draws.random() < 0.5] or ["time-out"]
        self._rate = draws.randint(1, DEVIATIONS_MAX) / CHOICES_MAX
        self._preemptions = Preemptions(draws, setting)

    def next_choice(self, state: WorldState) -> Choice:
        """Return the next choice: an ordinary one most of the time."""
        if self._next:
            return self._next.pop(0)
        choice = self._drawn(state)
        preemption = self._preemptions.before(choice)
        if preemption is None:
            return choice
        self._next.insert(0, choice)
        return preemption

    def _drawn(self, state: WorldState) -> Choice:
        draws = self._draws
        if draws.random() < self._rate:
            deviation = self._deviation(state, draws.choice(self._kinds))
            if deviation is not None:
                return deviation
        return self._ordinary(state)

    def _ordinary(self, state: WorldState) -> Choice:
        draws = self._draws
        late = [m for m in self.arrivals.late if state.reachable(m)]
        if late and draws.random() < 0.1:
            return Deliver(state.name_of(draws.choice(late)))
        name = self.arrivals.next_name(state)
        if name is not None:
            return Deliver(name)
        return self._idle(state)

    def _idle(self, state: WorldState) -> Choice:
        """Return what happens when no message is under way: each begins an episode."""
        draws, servers = self._draws, state.servers
        candidate = self._candidate
        if candidate is not None:
            # A candidate whose term is behind needs more than one election.
            if not state.leads_latest(candidate) and draws.random() < 0.8:
                return TimeOut(candidate)
            self._candidate = None
        leaders = [server.server for server in servers if server.leads]
        episode = draws.random()
        if not leaders or episode < 0.25:
            self._candidate = draws.randrange(len(servers))
            return TimeOut(self._candidate)
        if episode < 0.45 and "cut" in self._kinds:
            self._next += self._partition(state)
            return self._next.pop(0)
        if episode < 0.75 and state.spent.commands < COMMANDS_MAX:
            return Start(draws.choice(leaders))
        return TimeOut(draws.choice(leaders))

    def _partition(self, state: WorldState) -> list[Choice]:
        """Return the choices that cut other servers off than before, at most a minority.

        Those that are to be cut off come first: they must not hear of what the others do.
        """
        servers = len(state.servers)
        size = self._draws.randint(0, (servers - 1) // 2)
        cut = self._draws.sample(range(servers), size)
        changes: list[Choice] = [Cut(s) for s in cut if s not in state.cut]
        changes += [Heal(s) for s in state.cut if s not in cut]
        return changes or [TimeOut(self._draws.randrange(servers))]

    def _deviation(self, state: WorldState, kind: str) -> Choice | None:
        draws = self._draws
        server = draws.randrange(len(state.servers))
        message = draws.choice(state.in_flight) if state.in_flight else None
        if kind == "time-out":
            return TimeOut(server)
        if kind == "crash":
            return Crash(server)
        if kind == "death":
            dying = self._ordinary(state)
            if isinstance(dying, StepChoice):
                return with_death(dying, draws.randint(1, 3))
            return dying
        if kind == "cut":
            return Heal(server) if server in state.cut else Cut(server)
        if kind == "start":
            return Start(server)
        return None if message is None else self._to_message(state, kind, message)

    def _to_message(
        self, state: WorldState, kind: str, message: Message
    ) -> Choice | None:
        """Return what happens to a message, None if it is only held back."""
        name = state.name_of(message)
        if kind == "lose":
            return Lose(name)
        if kind == "copy":
            return Duplicate(name)
        if message in self.arrivals.queue:
            self.arrivals.hold_back(message)
        return None


def situation_of(state: WorldState) -> Hashable:
    """Return what a world looks like from afar: many states are one situation."""
    compared = zip(compared_servers(state), state.servers, strict=True)
    servers = sorted((*ranks, min(server.incarnation, 2)) for ranks, server in compared)
    links = {(message.method, message.reply) for message in state.in_flight}
    return tuple(servers), tuple(sorted(links)), len(state.cut)
