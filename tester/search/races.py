"""Races: two things happen to a server at once, for a thread of it has lost its turn.

Whatever a method read under a lock may be out of date when it goes on. What comes between
depends on luck, unless something is under way that does: so first some servers act, and
their messages wait.
"""

from collections import Counter
from random import Random

from labrpc.world.events import PlaceKind
from tester.search.catching_up import fall_behind_snapshot
from tester.search.choices import (
    Cut,
    Deliver,
    Preempt,
    Snapshot,
    Start,
    StepChoice,
    TimeOut,
)
from tester.search.episode_run import DELIVERIES_MAX, EpisodeRun, arrive
from tester.search.episodes import elect, propose, reconnect, wait_in_vain
from tester.search.preemptions import drawn_place, step_of
from tester.search.server_state import ServerState
from tester.search.world_state import WorldState

# How many servers act before the race, and how many messages arrive before it.
ACTING = (1, 1, 2, 2, 3)
ARRIVING = (0, 0, 1, 2, 4)
# Where its thread loses its turn, one of these first: there are few locks in a step.
PLACES: tuple[PlaceKind, ...] = ("lock", "lock", "begin", "statement")
# How many steps come before the thread goes on.
STEPS = (1, 1, 1, 2, 4)
# How often what races is the arrival of a message, where there is one.
MESSAGES = 0.75
# In how many of the races with a leader a server has fallen behind its snapshot.
BEHIND = 0.25
# In how many it has been deposed, and hears of it now.
DEPOSED = 0.25
# In how many a server stands for election, and hears of a candidate that is ahead.
STANDING = 0.15
# In how many two others stand at once, and both ask it for its vote.
RIVALS = 0.15
# In how many of all races others take what the server sends meanwhile, and answer.
ANSWERED = 0.3
# How many races end with messages that arrive in any order.
UNORDERED = 0.5


def race(draws: Random, run: EpisodeRun) -> None:
    """Let a thread lose its turn in a step, and its server take others meanwhile."""
    first = prepared(draws, run)
    if first is None:
        for _ in range(draws.choice(ACTING)):
            run.take(_drawn_act(draws, run.state))
        _arrive_in_any_order(draws.choice(ARRIVING), draws, run)
        first = _drawn_step(draws, run)
    preempt = _drawn_preemption(first, draws, run)
    if preempt is not None:
        run.take(preempt, first)
        answered = draws.random() < ANSWERED
        for _ in range(preempt.steps):
            run.take(_drawn_step_of(preempt.server, draws, run))
            if answered:
                arrive([m for m in run.ready() if m.dst != preempt.server], run)
    if draws.random() < UNORDERED:
        _arrive_in_any_order(DELIVERIES_MAX, draws, run)
    run.settle()


def prepared(draws: Random, run: EpisodeRun) -> StepChoice | None:
    """Let happen what makes some races likely; return the step that races, if it is certain."""
    servers = run.state.servers
    leaders = [at.server for at in servers if at.leads]
    if len(servers) > 1 and draws.random() < STANDING:
        server, other = draws.sample(range(len(servers)), 2)
        wait_in_vain([other] * draws.choice((0, 1, 2)), run)
        run.take(TimeOut(other))
        return TimeOut(server)
    if len(servers) > 2 and draws.random() < RIVALS:
        server, *rivals = draws.sample(range(len(servers)), 3)
        run.take(*map(TimeOut, rivals))
        asking = [m for m in run.ready() if m.dst == server and m.src in rivals]
        return Deliver(run.state.name_of(asking[0])) if asking[1:] else None
    if leaders and len(servers) > 2:
        leader = draws.choice(leaders)
        other = draws.choice([at.server for at in servers if at.server != leader])
        what = draws.random()
        if what < BEHIND:
            fall_behind_snapshot(other, leader, draws.choice((2, 3)), 1, run)
        elif what < BEHIND + DEPOSED:
            _depose(leader, other, draws.choice((1, 2, 3)), run)
            return draws.choice((Start(leader), None))
    return None


def _depose(leader: int, other: int, commands: int, run: EpisodeRun) -> None:
    """Elect another server while a leader is cut off, up to the requests that reach it again."""
    run.take(Cut(leader))
    propose(leader, run, commands)
    elect(other, run)
    propose(other, run)
    reconnect(leader, run)
    run.take(TimeOut(other))


def _drawn_preemption(
    first: StepChoice, draws: Random, run: EpisodeRun
) -> Preempt | None:
    """Return a preemption in a step, None if the step has no place for one."""
    server, _ = step_of(first)
    steps = draws.choice(STEPS)
    for kind in draws.sample(PLACES, len(PLACES)):
        nth, place = drawn_place(draws, (kind,))
        while nth:
            preempt = Preempt(server, nth, place, steps)
            if run.is_preempted(preempt, first):
                return preempt
            # The step has fewer places.
            nth //= 2
    return None


def _drawn_act(draws: Random, state: WorldState) -> StepChoice:
    """Return what a server does by itself, or because its service wants it."""
    return draws.choice([act for at in state.servers for act in _acts(draws, at)])


def _acts(draws: Random, at: ServerState) -> list[StepChoice]:
    acts: list[StepChoice] = [TimeOut(at.server)]
    if at.leads:
        acts.append(Start(at.server))
    if len(at.applied) > at.compacted:
        index = draws.randint(at.compacted + 1, len(at.applied))
        acts.append(Snapshot(at.server, index))
    return acts


def _drawn_step(draws: Random, run: EpisodeRun) -> StepChoice:
    """Return a step, most often of a server for which more is under way."""
    messages = run.ready()
    waiting = Counter(message.dst for message in messages)
    if messages and draws.random() < MESSAGES:
        weights = [waiting[message.dst] for message in messages]
        (message,) = draws.choices(messages, weights)
        return Deliver(run.state.name_of(message))
    servers = run.state.servers
    weights = [1 + 2 * waiting[at.server] for at in servers]
    (at,) = draws.choices(servers, weights)
    return draws.choice(_acts(draws, at))


def _drawn_step_of(server: int, draws: Random, run: EpisodeRun) -> StepChoice:
    messages = [message for message in run.ready() if message.dst == server]
    if messages and draws.random() < MESSAGES:
        return Deliver(run.state.name_of(draws.choice(messages)))
    return draws.choice(_acts(draws, run.state.servers[server]))


def _arrive_in_any_order(count: int, draws: Random, run: EpisodeRun) -> None:
    for _ in range(count):
        messages = run.ready()
        if not messages or run.broken:
            return
        run.take(Deliver(run.state.name_of(draws.choice(messages))))
