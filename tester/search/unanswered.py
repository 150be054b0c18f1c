"""A story of a follower whose answers do not arrive, so that its leader knows too little of it.

It stores, commits and applies what the leader sends, and the leader goes on as if it had
nothing: it sends all of that again, or a snapshot of less than the follower has.
"""

from collections.abc import Sequence
from typing import NamedTuple

from tester.search.choices import Cut, Snapshot, Start, TimeOut
from tester.search.disturbances import pairs_across
from tester.search.episode_run import EpisodeRun, arrive, hold_back, lose
from tester.search.episodes import elect, propose, spread
from tester.search.stories import disturbances_of
from tester.search.world_state import Message

# How many messages may arrive in one of the story's waves.
ARRIVING_MAX = 40


class Unanswered(NamedTuple):
    """How a leader goes on without the answers of one follower.

    Attributes:
        server: the follower.
        leader: its leader.
        waves: how many commands the leader is given, at one moment, before each of its
            heartbeats.
        alone: how many of the last waves reach no other server.
        late: whether the answers are late, and not lost.
        spare: how many of the commands that the leader has applied are not in the snapshot
            that its service takes then; None for no snapshot.
        swapped: whether what the leader sends next arrives after the late answers.
        candidate: who stands for election when the leader is cut off at last.
    """

    server: int
    leader: int
    waves: Sequence[int]
    alone: int
    late: bool
    spare: int | None
    swapped: bool
    candidate: int


def unanswered(story: Unanswered, run: EpisodeRun) -> None:
    """Let a leader go on without the answers of one follower, then with them."""
    leader = story.leader
    disturbances = disturbances_of(run)
    servers = len(run.state.servers)
    both = (leader, story.server)
    late: list[Message] = []
    for number, commands in enumerate(story.waves):
        if number >= len(story.waves) - story.alone:
            disturbances.blocked = pairs_across(both, servers)
        run.take(*[Start(leader)] * commands)
        late += _settle_unanswered(story, run)
        run.take(TimeOut(leader))
        late += _settle_unanswered(story, run)
    if story.spare is not None:
        applied = len(run.state.servers[leader].applied)
        run.take(Snapshot(leader, applied - story.spare))
    run.take(TimeOut(leader))
    newest = [m for m in run.sent(leader) if m.dst == story.server]
    if story.swapped:
        hold_back(newest, run)
    arrive(late, run)
    run.settle()
    arrive(newest, run)
    run.settle()
    run.take(Cut(leader))
    disturbances.blocked = frozenset()
    elect(story.candidate, run)
    propose(story.candidate, run)
    spread(story.candidate, run)


def _settle_unanswered(story: Unanswered, run: EpisodeRun) -> list[Message]:
    """Let messages arrive, but for the follower's answers; return those that are late."""
    late: list[Message] = []
    for _ in range(ARRIVING_MAX):
        answers = [m for m in run.sent(story.server) if m.dst == story.leader]
        if story.late:
            hold_back(answers, run)
            late += answers
        else:
            lose(answers, run)
        if not run.settle_one():
            break
    return late
