"""A story of a candidate that nobody hears: its term is the latest, and its log too short.

Who has a log that is long enough then has an earlier term. Servers that are left without
their leader can elect one only if the later term reaches them, by a request that they
refuse or by a refusal.
"""

from typing import NamedTuple

from tester.search.choices import Cut
from tester.search.episode_run import EpisodeRun, lose
from tester.search.episodes import propose, reconnect, spread, stand, wait_in_vain


class Unheard(NamedTuple):
    """How a candidate is not heard, and what it misses.

    Attributes:
        candidate: the candidate.
        leader: who leads meanwhile.
        terms: in how many elections the candidate stands.
        commands: how many commands it misses.
        only: who alone gets these commands; None for all others.
        recovers: whether the others are to recover then without the leader.
    """

    candidate: int
    leader: int
    terms: int
    commands: int
    only: int | None
    recovers: bool


def unheard(story: Unheard, run: EpisodeRun) -> None:
    """Let a candidate's requests be lost, and others commit without it."""
    candidate, leader = story.candidate, story.leader
    for _ in range(story.terms):
        _stand_unheard(candidate, leader, run)
    others = [s for s in range(len(run.state.servers)) if s not in (candidate, leader)]
    away = [candidate, *(s for s in others if story.only not in (None, s))]
    run.take(*map(Cut, away))
    for _ in range(story.commands):
        propose(leader, run)
    spread(leader, run)
    run.take(Cut(leader))
    for server in away:
        reconnect(server, run)
    if story.recovers:
        run.recovers, run.left_out = True, (leader,)
    else:
        run.settle()


def _stand_unheard(candidate: int, leader: int, run: EpisodeRun) -> None:
    """Let a server stand for election, and lose its requests for votes.

    Who hears a leader may refuse to help (PreVote), so the others do not for a while.
    """
    before = run.state.servers[candidate].term
    stand([candidate], run)
    if run.state.servers[candidate].term == before:
        servers = range(len(run.state.servers))
        wait_in_vain([s for s in servers if s not in (candidate, leader)], run)
        stand([candidate], run)
    lose(run.sent(candidate), run)
