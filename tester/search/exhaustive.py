"""Exhaustive search: every order of events that a budget of faults allows.

Breadth first, so that what is found needs the fewest choices. Two orders that lead to
one state are followed once, and that is sound: see `world_state`. The oracles, which
look at whole runs, judge one run to each state in which there is something to judge.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from labrpc.errors import SubmissionError
from labrpc.world.events import Action, Persist
from tester.search.budget import Budget, Limits
from tester.search.choices import (
    Choice,
    Crash,
    Deliver,
    Duplicate,
    Lose,
    Start,
    StepChoice,
    TimeOut,
    with_death,
)
from tester.search.judged_run import run_choices
from tester.search.rules import Rules, Transition
from tester.search.world_state import WorldState


class Found(NamedTuple):
    """A run that breaks a property, and how."""

    choices: tuple[Choice, ...]
    error: SubmissionError


class Node:
    """A state that was found, and the way to it."""

    __slots__ = ("before", "choice", "state")

    def __init__(
        self, state: WorldState, before: "Node | None", choice: Choice | None
    ) -> None:
        self.state = state
        self.before = before
        self.choice = choice

    def path(self) -> list[Choice]:
        """Return the choices that lead here."""
        choices, node = [], self
        while node.before is not None:
            assert node.choice is not None
            choices.append(node.choice)
            node = node.before
        return choices[::-1]


def node_of(rules: Rules, choices: Iterable[Choice]) -> Node:
    """Return the state to which choices lead; those that do not apply are skipped."""
    node = Node(rules.initial(), None, None)
    for choice in choices:
        transition = rules.take(node.state, choice)
        if transition is not None:
            node = Node(transition.state, node, choice)
    return node


class Exploration:
    """The exploration of one budget, a state at a time.

    Args:
        rules: what each choice leads to.
        budget: how many faults a run may have, those on the way to the root included.
        root: where to begin; None for the world in which all servers have started.

    Attributes:
        budget: how many faults a run may have.
        found: a run that breaks a property; None as long as none was met.
    """

    def __init__(self, rules: Rules, budget: Budget, root: Node | None = None) -> None:
        self.budget = budget
        self.found: Found | None = None
        self._rules = rules
        self._root = root or node_of(rules, ())
        self._frontier = deque([self._root])
        # What follows when another server than the first one begins.
        self._later: list[Node] = []
        self._seen = {self._root.state}
        self._judge(self._root)

    @property
    def states(self) -> int:
        """How many states were found so far."""
        return len(self._seen)

    @property
    def complete(self) -> bool:
        """Whether there are no other states."""
        return self.found is None and not self._frontier and not self._later

    def advance(self, limits: Limits) -> None:
        """Go on until a run fails, nothing is left, or the limits are reached."""
        while self.found is None and not limits.reached:
            if not self._frontier:
                if not self._later:
                    return
                self._frontier.append(self._later.pop(0))
            self._expand(self._frontier.popleft(), limits)

    def _expand(self, node: Node, limits: Limits) -> None:
        """Find the states that follow on one; all of them, so that none is forgotten."""
        for choice, transition in next_transitions(
            self._rules, node.state, self.budget
        ):
            state = transition.state
            if state in self._seen:
                continue
            self._seen.add(state)
            limits.count()
            after = Node(state, node, choice)
            if is_news(node.state, transition):
                self._judge(after)
                if self.found is not None:
                    return
            if node is self._root and self._frontier:
                self._later.append(after)
            else:
                self._frontier.append(after)

    def _judge(self, node: Node) -> None:
        """Let the oracles look at the run that led to a state."""
        path = node.path()
        _, error = run_choices(self._rules, path)
        if error is not None:
            self.found = confirmed(self._rules, path)


def confirmed(rules: Rules, choices: Sequence[Choice]) -> Found | None:
    """Return a run that fails, None if it fails only where look-alikes are one."""
    run, error = run_choices(rules.exact(), choices)
    return None if error is None else Found(tuple(run.choices), error)


def is_news(state: WorldState, transition: Transition) -> bool:
    """Return whether a transition shows something that an oracle can object to."""
    stepped, started = transition.stepped, transition.started
    if stepped is not None:
        if stepped.news:
            return True
        past = state.pasts[stepped.server]
        if (
            stepped.before is not None
            and stepped.before.term < stepped.term < past.term
        ):
            return True
    return started is not None and (
        started.news or started.term < transition.state.pasts[started.server].term
    )


def next_transitions(
    rules: Rules, state: WorldState, budget: Budget
) -> Iterator[tuple[Choice, Transition]]:
    """Yield every choice that a budget still allows, and what it leads to."""
    left = budget.left(state.spent)
    for choice in _steps(state, left):
        transition = rules.take(state, choice)
        if transition is None:
            continue
        yield choice, transition
        if left.crashes > 0 and transition.stepped is not None:
            for dies_after in death_points(transition.stepped.outward):
                dying = with_death(choice, dies_after)
                died = rules.take(state, dying)
                if died is not None:
                    yield dying, died
    for fault in _faults(state, left):
        transition = rules.take(state, fault)
        if transition is not None:
            yield fault, transition


def _steps(state: WorldState, left: Budget) -> Iterator[StepChoice]:
    """Yield the choices that let a server take a step."""
    for name, message in state.named_messages():
        if state.reachable(message):
            yield Deliver(name)
    for server in state.servers:
        if left.time_outs > 0:
            yield TimeOut(server.server)
        if left.commands > 0 and server.leads:
            yield Start(server.server)


def _faults(state: WorldState, left: Budget) -> Iterator[Choice]:
    """Yield the other choices."""
    for server in state.servers:
        # Otherwise it would only lose what it did not do.
        if left.crashes > 0 and server.outward:
            yield Crash(server.server)
    for name, message in state.named_messages():
        if left.losses > 0 and message.data is not None:
            yield Lose(name)
        if left.copies > 0 and not message.reply:
            yield Duplicate(name)


def death_points(outward: tuple[Action, ...]) -> Iterator[int]:
    """Yield after how many actions of a step a death tells from a later or an earlier one.

    Only at the disk: two messages that get out, or not, are two that arrive, or not.
    """
    for count in range(1, len(outward)):
        if isinstance(outward[count - 1], Persist) or isinstance(
            outward[count], Persist
        ):
            yield count
