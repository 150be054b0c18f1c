"""Goal states: where bugs of the log begin, as starting points of exhaustive searches.

From the world's beginning they are too far for every order to be tried. Each is reached
by an ordinary run, whatever the submission needs for it.
"""

from collections.abc import Callable, Iterable, Iterator

from tester.search.arrivals import Arrivals
from tester.search.budget import Budget
from tester.search.choices import Choice, Cut, Deliver, Heal, Start, TimeOut
from tester.search.exhaustive import Exploration, Node
from tester.search.rules import Rules
from tester.search.world_state import Spent

# How many messages an ordinary run may need until nothing is under way.
DELIVERIES_MAX = 200
TIME_OUTS_MAX = 8

# What a run may have beyond what led to a goal state.
BEYOND = (Budget(1, commands=1), Budget(1, crashes=1), Budget(2, crashes=1, commands=1))


class GoalRun:
    """A run on its way to a goal state; what goes wrong in it, other searches find."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.node = Node(rules.initial(), None, None)
        self._arrivals = Arrivals()

    def take(self, *choices: Choice) -> None:
        """Take choices, unless the submission has broken."""
        for choice in choices:
            transition = self._rules.take(self.node.state, choice)
            if transition is not None:
                self.node = Node(transition.state, self.node, choice)
                self._arrivals.follow(transition.state)

    def settle(self) -> None:
        """Deliver the messages in the order of their sending until none is left."""
        for _ in range(DELIVERIES_MAX):
            name = self._arrivals.next_name(self.node.state)
            if name is None:
                return
            self.take(Deliver(name))

    def elect(self, server: int) -> None:
        """Let a server lead, also one that leads an earlier term, if time-outs do it."""
        for _ in range(TIME_OUTS_MAX):
            if self.node.state.leads_latest(server):
                return
            self.take(TimeOut(server))
            self.settle()

    def commit(self, server: int, commands: int) -> None:
        """Let a leader commit commands, and say so to the others."""
        for _ in range(commands):
            self.take(Start(server))
            self.settle()
        self.take(TimeOut(server))
        self.settle()


def _leader(run: GoalRun) -> None:
    """Reach a leader, with nothing under way."""
    run.elect(0)


def _uncommitted(run: GoalRun) -> None:
    """Reach a leader with an entry that no other server has."""
    run.elect(0)
    run.take(Cut(1), Cut(2), Start(0), Heal(1), Heal(2))


def _lagging(run: GoalRun) -> None:
    """Reach a follower that lacks what is committed."""
    run.elect(0)
    run.take(Cut(2))
    run.commit(0, 2)
    run.take(Heal(2))


def _conflict(run: GoalRun) -> None:
    """Reach a leader, and a deposed one whose log has other entries in its place."""
    run.elect(0)
    run.take(Cut(0), Start(0), Start(0))
    run.elect(1)
    run.take(Start(1), Heal(0))


def _figure_8(run: GoalRun) -> None:
    """Reach three logs that end in different terms, as in Figure 8."""
    run.elect(0)
    run.take(Cut(0), Start(0))
    run.elect(1)
    run.take(Cut(1), Start(1), Heal(0))
    run.elect(0)


GOALS: tuple[Callable[[GoalRun], None], ...] = (
    _leader,
    _uncommitted,
    _lagging,
    _conflict,
    _figure_8,
)


def goal_states(rules: Rules) -> list[Node]:
    """Return the goal states, those that the submission comes to."""
    if rules.setting.servers < 3:
        return []
    found = []
    for goal in GOALS:
        run = GoalRun(rules)
        goal(run)
        # A broken submission is found without goals.
        if all(server.failure is None for server in run.node.state.servers):
            found.append(run.node)
    return found


def explorations(rules: Rules, roots: Iterable[Node]) -> Iterator[Exploration]:
    """Yield explorations from the goal states, those of the smallest budget first."""
    for beyond in BEYOND:
        for root in roots:
            yield Exploration(rules, _added(root.state.spent, beyond), root)


def _added(spent: Spent, beyond: Budget) -> Budget:
    return Budget(*(gone + more for gone, more in zip(spent, beyond, strict=True)))
