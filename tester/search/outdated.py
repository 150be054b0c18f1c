"""A story of messages that are long outdated when they arrive, one after the other.

A server that has caught up gets once more what has brought it there, and what its leader
had sent before. One such message may undo what makes the server ignore the next.
"""

from random import Random
from typing import NamedTuple

from tester.search.choices import TimeOut
from tester.search.disturbances import pair
from tester.search.episode_run import EpisodeRun, arrive, deliver_twice, hold_back, lose
from tester.search.episodes import propose, spread
from tester.search.stories import compact, disturbances_of
from tester.search.world_state import Message

# How many messages bring a server up to date, at most.
CATCHING_UP_MAX = 12
# How many of their copies arrive in the end, at most.
COPIES_MAX = 3


class Outdated(NamedTuple):
    """Who gets outdated messages, and of what.

    Attributes:
        server: the server.
        leader: its leader.
        commands: how many commands it misses before it catches up.
        compacts: whether the leader's service takes a snapshot of these.
        follows: whether one more command comes when it has caught up.
    """

    server: int
    leader: int
    commands: int
    compacts: bool
    follows: bool


def outdated(story: Outdated, draws: Random, run: EpisodeRun) -> None:
    """Let a server catch up, and then get earlier messages of its leader in any order."""
    leader = story.leader
    run.take(TimeOut(leader))
    messages = [m for m in run.sent(leader) if m.dst == story.server]
    hold_back(messages, run)
    run.settle()
    _fall_behind(story, messages, run)
    run.take(TimeOut(leader))
    copies = _catch_up(story, run)
    if story.follows:
        propose(leader, run)
        spread(leader, run)
    messages += draws.sample(copies, min(len(copies), COPIES_MAX))
    draws.shuffle(messages)
    arrive(messages, run)
    run.settle()
    spread(leader, run)


def _fall_behind(story: Outdated, late: list[Message], run: EpisodeRun) -> None:
    """Let the server miss commands; of what it is sent, only what is late stays under way."""
    both = pair(story.leader, story.server)
    disturbances = disturbances_of(run)
    before = disturbances.blocked
    disturbances.blocked = before | {both}
    for _ in range(story.commands):
        propose(story.leader, run)
    spread(story.leader, run)
    if story.compacts:
        compact(story.leader, run)
    missed = [m for m in run.state.in_flight if pair(m.src, m.dst) == both]
    lose([m for m in missed if m not in late], run)
    disturbances.blocked = before


def _catch_up(story: Outdated, run: EpisodeRun) -> list[Message]:
    """Deliver what brings the server up to date; return the copies of it that are late."""
    copies = []
    for _ in range(CATCHING_UP_MAX):
        message = next(iter(run.ready()), None)
        if message is None:
            break
        if (message.src, message.dst) == (story.leader, story.server):
            deliver_twice(message, run)
            copies.append(message)
        else:
            arrive([message], run)
    run.settle()
    return copies
