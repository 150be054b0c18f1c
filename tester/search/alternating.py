"""A story of leaders that take turns, each with the votes of a bare majority.

What one of them has appended reaches its voters or nobody, until another one's turn: so logs
come about as those of Figures 7 and 8.
"""

from collections.abc import Sequence
from typing import NamedTuple

from tester.search.disturbances import pairs_across
from tester.search.episode_run import EpisodeRun, lose
from tester.search.episodes import elect, propose, spread
from tester.search.stories import disturbances_of


class LeadersTurn(NamedTuple):
    """What happens while one server leads.

    Attributes:
        leader: the server.
        voters: who hears it beside itself, enough for a majority.
        commands: how many commands it is given.
        reaches: whether it sends its voters anything once it is elected.
    """

    leader: int
    voters: Sequence[int]
    commands: int
    reaches: bool


def alternate(turns: Sequence[LeadersTurn], run: EpisodeRun) -> None:
    """Let leaders take turns; the last one reaches all servers at the end."""
    disturbances = disturbances_of(run)
    before, servers = disturbances.blocked, len(run.state.servers)
    for turn in turns:
        disturbances.blocked = pairs_across([turn.leader, *turn.voters], servers)
        elect(turn.leader, run, votes_only=not turn.reaches)
        if not turn.reaches:
            disturbances.blocked = pairs_across([turn.leader], servers)
        propose(turn.leader, run, turn.commands)
        if turn.reaches:
            spread(turn.leader, run)
        else:
            lose(run.sent(turn.leader), run)
    disturbances.blocked = before
    spread(turns[-1].leader, run)
