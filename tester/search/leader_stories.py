"""Stories about a leader and its followers: what is late, comes twice, or is not taken.

In each, servers store or apply something when they know less, or more, than its sender.
"""

from random import Random
from typing import NamedTuple

from tester.search.choices import (
    Crash,
    Cut,
    Deliver,
    Duplicate,
    Lose,
    Resume,
    Snapshot,
    Stall,
    Start,
    TimeOut,
)
from tester.search.disturbances import SPEEDS, drawn_by_speed, pair, pairs_across
from tester.search.episode_run import EpisodeRun
from tester.search.episodes import elect, heal, propose, spread
from tester.search.stories import compact, disturbances_of


class Deposing(NamedTuple):
    """How a leader is deposed whose messages are late.

    Attributes:
        leader: the leader.
        other: who is elected.
        taker: who alone gets the other one's commands.
        commands: how many commands the leader is given, at one moment.
        is_lost: whether the late messages are lost in the end, or arrive.
        again: who stands for election then.
    """

    leader: int
    other: int
    taker: int
    commands: int
    is_lost: bool
    again: int


def depose(story: Deposing, run: EpisodeRun) -> None:
    """Let a leader hear of its successor while its own messages are still late."""
    disturbances, leader = disturbances_of(run), story.leader
    run.take(*[Start(leader)] * story.commands)
    late = run.sent(leader)
    for message in late:
        run.hold_back(message)
    elect(story.other, run)
    servers = range(len(run.state.servers))
    apart = [s for s in servers if s not in (story.other, story.taker)]
    disturbances.blocked = pairs_across(apart, len(servers))
    propose(story.other, run)
    spread(story.other, run)
    disturbances.blocked = frozenset(pair(story.other, s) for s in apart)
    for message in late:
        if message in run.state.in_flight:
            name = run.state.name_of(message)
            run.take(Lose(name) if story.is_lost else Deliver(name))
    run.settle()
    elect(story.again, run)
    disturbances.blocked = frozenset()
    propose(story.again, run)
    spread(story.again, run)


class Stalling(NamedTuple):
    """How a service stalls.

    Attributes:
        server: whose service it is.
        leader: the leader.
        commands: how many commands the service leaves on the apply channel.
        at_once: whether the server hears of all of these at once.
        missed: how many the server itself does not hear of then.
        compacts: whether services take snapshots beside those that an interval brings:
            the leader's of all that it has applied, and then the one that stalls.
        crashes: whether the server crashes afterwards.
    """

    server: int
    leader: int
    commands: int
    at_once: bool
    missed: int
    compacts: bool
    crashes: bool


def stall(story: Stalling, run: EpisodeRun) -> None:
    """Let a service stall while its server stores more, and perhaps falls behind."""
    server, leader = story.server, story.leader
    if story.compacts:
        propose(leader, run)
        spread(leader, run)
    run.take(Stall(server))
    if story.at_once:
        run.take(Cut(server))
    propose(leader, run, story.commands)
    if story.at_once:
        heal(server, run)
    spread(leader, run)
    if story.missed:
        _miss(story, run)
        spread(leader, run)
    if story.compacts:
        compact(server, run)
    run.take(Resume(server))
    run.settle()
    if story.crashes:
        run.take(Crash(server))
    propose(leader, run)
    spread(leader, run)


def resume(server: int, run: EpisodeRun) -> None:
    """Let a service go on that has stalled."""
    run.take(Resume(server))
    run.settle()


class Repeating(NamedTuple):
    """How a message of a leader arrives once more when much has happened.

    Attributes:
        leader: the leader.
        server: who gets the message twice.
        missed: how many commands it has missed before.
        after: how many it gets in between.
        compacts: whether services take snapshots beside those that an interval brings:
            the leader's after those that are missed, the server's in between.
    """

    leader: int
    server: int
    missed: int
    after: int
    compacts: bool


def repeat(story: Repeating, run: EpisodeRun) -> None:
    """Let messages of a leader to a server come twice, the second time late."""
    leader, server = story.leader, story.server
    step: Start | TimeOut = Start(leader)
    if story.missed:
        step = TimeOut(leader)
        _miss(story, run)
    run.take(step)
    for message in [m for m in run.sent(leader) if m.dst == server]:
        name = run.state.name_of(message)
        run.take(Duplicate(name), Deliver(name))
        if message in run.sent(leader):
            run.hold_back(message)
    run.settle()
    spread(leader, run)
    if story.after:
        propose(leader, run, story.after)
        spread(leader, run)
    if story.compacts:
        compact(server, run)
    run.release()
    propose(leader, run)
    spread(leader, run)


def _miss(story: Stalling | Repeating, run: EpisodeRun) -> None:
    """Let a server miss commands, and perhaps the snapshot that holds them."""
    run.take(Cut(story.server))
    for _ in range(story.missed):
        propose(story.leader, run)
    if story.compacts:
        compact(story.leader, run)
    heal(story.server, run)


# What happens at any moment of a rush, beside messages that arrive.
RUSH_COMMANDS, RUSH_TIME_OUTS, RUSH_SNAPSHOTS = 0.2, 0.2, 0.05


class Rush(NamedTuple):
    """How a leader's commands follow each other faster than messages arrive.

    Attributes:
        leader: the leader.
        steps: how many things happen.
        behind: who gets in the end all that is under way between it and the leader.
        candidate: who stands for election then, while the leader is cut off.
        compacts: whether the leader's service takes snapshots of what it has applied.
    """

    leader: int
    steps: int
    behind: int
    candidate: int
    compacts: bool


def _any_applied(server: int, draws: Random, run: EpisodeRun) -> int:
    """Return an index up to which a server's service may take a snapshot."""
    return draws.randint(1, max(1, len(run.state.servers[server].applied)))


def rush(story: Rush, draws: Random, run: EpisodeRun) -> None:
    """Let a leader act while messages are under way, at another speed on each link.

    What is under way on the slowest links arrives when the leader knows better.
    """
    leader, behind = story.leader, story.behind
    speeds = {(leader, behind): min(SPEEDS)}
    for _ in range(story.steps):
        happens = draws.random()
        ready = run.ready()
        if happens < RUSH_COMMANDS or not ready:
            run.take(Start(leader))
        elif happens < RUSH_COMMANDS + RUSH_TIME_OUTS:
            run.take(TimeOut(leader))
        elif story.compacts and happens > 1 - RUSH_SNAPSHOTS:
            run.take(Snapshot(leader, _any_applied(leader, draws, run)))
        else:
            message = drawn_by_speed(draws, speeds, ready)
            run.take(Deliver(run.state.name_of(message)))
    disturbances = disturbances_of(run)
    others = [s for s in range(len(run.state.servers)) if s not in (leader, behind)]
    disturbances.blocked = pairs_across(others, len(run.state.servers))
    run.settle()
    run.take(Cut(leader))
    disturbances.blocked = frozenset()
    elect(story.candidate, run)
    propose(story.candidate, run)
    spread(story.candidate, run)
