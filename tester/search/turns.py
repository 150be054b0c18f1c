"""The turns of a search: which strategy goes on next, and in which world."""

from collections.abc import Callable, Iterator
from itertools import count, cycle, islice
from operator import attrgetter
from typing import Any

import msgspec

from tester.search.by_turns import TURN_STATES
from tester.search.choices import Setting
from tester.search.search_world import SearchWorld, Strategy

# Those of an exhaustive search are found faster.
EXHAUSTIVE_STATES = 600
# A recovery takes some hundred steps.
RECOVERY_STATES = 30
# How many turns of episodes there are to one of an exhaustive search.
EPISODE_TURNS = 6
# Exploring every order of few choices mostly pays early: it has a turn in each of the first
# rounds, and in every third one after that.
EARLY_ROUNDS = 4
LATER_ROUNDS = 3
# How many rounds there are to one of the strategies that preempt no thread, where threads are
# preempted.
PREEMPTED_ROUNDS = 8

exhaustive = attrgetter("exhaustive")
episodes = attrgetter("episodes")
guided = attrgetter("guided")
from_goals = attrgetter("from_goals")
with_clients = attrgetter("with_clients")
recoveries = attrgetter("recoveries")

Turn = tuple[Setting, Callable[[SearchWorld], Strategy]]
"""In which world a strategy goes on, and how to get it."""


def states_of(strategy_of: Callable[[SearchWorld], Strategy]) -> int:
    """Return how many states a strategy may find in a turn."""
    if strategy_of is exhaustive:
        return EXHAUSTIVE_STATES
    return RECOVERY_STATES if strategy_of is recoveries else TURN_STATES


def turns(plain: Setting) -> Iterator[Turn]:
    """Yield whose turn it is, without end, where the setting is the plainest."""
    if plain.clients:
        yield from _turns_of_service(plain)
    five = _with(plain, servers=max(plain.servers, 5))
    four = _with(plain, servers=max(plain.servers, 4))
    compacting = _with(plain, snapshot_interval=2)
    worlds = cycle(_worlds_of_episodes(plain))
    for turn in count():
        # The other strategies preempt no thread.
        others = all_orders = turn % PREEMPTED_ROUNDS == 0
        if not plain.preempt:
            others = True
            all_orders = turn < EARLY_ROUNDS or turn % LATER_ROUNDS == 0
        if all_orders:
            yield plain, exhaustive
        for world in islice(worlds, EPISODE_TURNS):
            yield world, episodes
        yield (plain, compacting, five)[turn % 3], guided
        if others:
            sizes = (plain, compacting, plain, four, plain, five)
            yield sizes[turn % 6], recoveries
        if all_orders and turn % 2:
            yield plain, from_goals


def _worlds_of_episodes(plain: Setting) -> Iterator[Setting]:
    """Yield in which worlds episodes happen, in this order over and over."""

    def world(
        servers: int = 3,
        snapshot_interval: int = 0,
        slow: bool = False,
        mixed: bool = False,
    ) -> Setting:
        return _with(
            plain,
            servers=max(plain.servers, servers),
            snapshot_interval=snapshot_interval,
            slow_service=slow,
            mixed_commands=mixed,
        )

    fast, slow = world(3, 1), world(3, 1, slow=True)
    for seldom, third, last in (
        (world(7), world(3, mixed=True), slow),
        (world(3, 3), world(3, slow=True), fast),
        (world(5, slow=True), world(3, mixed=True), slow),
        (world(6), world(3, slow=True), fast),
    ):
        yield plain
        yield world(3, 2)
        yield world(5)
        yield world(3, 2, slow=True)
        yield world(5, 2)
        yield third
        yield world(5)
        yield world(4)
        yield seldom
        yield last


def _turns_of_service(plain: Setting) -> Iterator[Turn]:
    """Yield whose turn it is where there are clients, without end."""
    # Each saved state is as large as this limit, so there are snapshots all the time.
    compacting = _with(plain, max_raft_state=1)
    sizes = [_with(plain, servers=max(plain.servers, n)) for n in (5, 4)]
    for turn in count():
        yield plain, with_clients
        yield compacting, with_clients
        yield plain, exhaustive
        yield plain, with_clients
        yield sizes[turn % len(sizes)], with_clients
        yield compacting, with_clients


def _with(setting: Setting, **changes: Any) -> Setting:
    return msgspec.structs.replace(setting, **changes)
