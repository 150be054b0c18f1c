"""Stories: sequences of episodes that build on each other.

Drawn one by one, they would hardly ever follow on each other: two candidates of one term
whose voters restart in between; a leader that is left with a minority, deposed, and elected
again; a message that is late while something else happens.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tester.search.choices import Crash, Cut, Snapshot, Start, TimeOut
from tester.search.disturbances import Disturbances, Pair, pair, pairs_across
from tester.search.episodes import (
    Episode,
    EpisodeRun,
    act_apart,
    elect,
    heal,
    propose,
    spread,
)


def _disturbances(run: EpisodeRun) -> Disturbances:
    assert run.disturbances is not None
    return run.disturbances


def part(side: Iterable[int], run: EpisodeRun) -> None:
    """Part servers from the others, until others are parted; from none: join all."""
    blocked = pairs_across(side, len(run.state.servers))
    _disturbances(run).blocked = blocked
    run.settle()


def snapshot(choice: Snapshot, run: EpisodeRun) -> None:
    """Let a server's service take a snapshot."""
    run.take(choice)
    run.settle()


def rival(first: int, second: int, crashed: Iterable[int], run: EpisodeRun) -> None:
    """Let two servers stand for election that do not hear of each other.

    Args:
        first: the first one.
        second: the second one, of the same term if both were in the same.
        crashed: who crashes in between.
        run: the episode's.
    """
    disturbances = _disturbances(run)
    before = disturbances.blocked
    disturbances.blocked = before | {pair(first, second)}
    run.take(TimeOut(first))
    run.settle()
    run.take(*map(Crash, crashed))
    run.settle()
    run.take(TimeOut(second))
    run.settle()
    disturbances.blocked = before


def fall_behind(
    server: int, leader: int, commands: int, stands: bool, run: EpisodeRun
) -> None:
    """Let a server miss what a leader commits, and hear it, or stand for election.

    Args:
        server: the server.
        leader: the leader.
        commands: how many commands it misses.
        stands: whether it stands for election then.
        run: the episode's.
    """
    run.take(Cut(server))
    for _ in range(commands):
        propose(leader, run)
    spread(leader, run)
    heal(server, run)
    if stands:
        elect(server, run)
        return
    spread(leader, run)


class Overtaking(NamedTuple):
    """How a leader is overtaken that is parted from the others with few.

    Attributes:
        leader: the leader.
        side: the leader, and whom it still reaches.
        other: who is elected by the others.
        before: how many commands the leader is given.
        after: how many the other one is given.
        is_late: whether the leader's messages to its side, and the replies, are late.
        again: whether the leader stands for election again, and is given a command.
        only: who alone gets that command; None for all.
    """

    leader: int
    side: Sequence[int]
    other: int
    before: int
    after: int
    is_late: bool = False
    again: bool = False
    only: int | None = None


def overtake(story: Overtaking, run: EpisodeRun) -> None:
    """Part a leader with few from the others, who elect another; then join them."""
    disturbances = _disturbances(run)
    disturbances.blocked = pairs_across(story.side, len(run.state.servers))
    if story.is_late and len(story.side) > 1:
        disturbances.trouble = pair(*story.side[:2]), "late"
    propose(story.leader, run, story.before)
    spread(story.leader, run)
    disturbances.trouble = None
    elect(story.other, run)
    if story.after:
        propose(story.other, run, story.after)
    disturbances.blocked = frozenset()
    run.settle()
    spread(story.other, run)
    if not story.again:
        return
    elect(story.leader, run)
    if story.only is None:
        propose(story.leader, run)
    else:
        act_apart(Start(story.leader), story.only, "only", run)
    run.release()


def troubled(
    episode: Episode, link: Pair, kind: str, meanwhile: Episode, run: EpisodeRun
) -> None:
    """Let an episode happen while messages between two servers are in trouble.

    Args:
        episode: the episode.
        link: the two servers.
        kind: what happens to about half of the messages.
        meanwhile: what happens until those arrive that are late.
        run: the episode's.
    """
    disturbances = _disturbances(run)
    disturbances.trouble = link, kind
    episode(run)
    disturbances.trouble = None
    meanwhile(run)
    run.release()
