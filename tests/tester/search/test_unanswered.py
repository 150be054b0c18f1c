"""The story of a follower whose answers do not arrive."""

from pathlib import Path
from random import Random

import pytest

from labrpc.box_factory import InProcessBoxFactory
from labrpc.submission.submission import Submission
from tester import codes
from tester.search.choices import Lose, Recover, Setting, Snapshot
from tester.search.disturbances import Disturbances
from tester.search.episode_run import EpisodeRun
from tester.search.episodes import elect
from tester.search.exhaustive import node_of
from tester.search.histories import Histories
from tester.search.judged_run import run_choices
from tester.search.rules import Rules
from tester.search.unanswered import Unanswered, unanswered

ROOT = Path(__file__).resolve().parents[3]
# The leader hears that its follower has the second command, then its snapshot of the first
# arrives there.
OLDER_SNAPSHOT = Unanswered(
    1, 0, (1, 1), alone=1, late=True, spare=0, swapped=True, candidate=2
)
# The follower has applied two commands when it gets a snapshot of one.
APPLIED_MORE = OLDER_SNAPSHOT._replace(alone=0, late=False, spare=1, swapped=False)


def happened(path, story):
    """Return the choices of a story, and how the run fails, at the end by recovering."""
    histories = Histories(InProcessBoxFactory(Submission.find(path)), Setting())
    try:
        rules = Rules(histories, Setting())
        disturbances, node = Disturbances(Random(0), True, calm=1), node_of(rules, ())
        for episode in (lambda run: elect(0, run), lambda run: unanswered(story, run)):
            run = EpisodeRun(rules, node, disturbances)
            episode(run)
            node = run.node
        path = node.path()
        return path, run_choices(rules, [*path, Recover()])[1]
    finally:
        histories.close()


def test_a_snapshot_of_less_than_a_server_has_applied_does_not_take_it_back():
    mutant = ROOT / "tests/mutants/snapshot_compared_with_the_last_one.py"
    _, error = happened(mutant, APPLIED_MORE)
    assert error.code is codes.SNAPSHOT_WENT_BACK


@pytest.mark.parametrize("story", [OLDER_SNAPSHOT, APPLIED_MORE])
def test_the_reference_goes_on_whatever_its_leader_knows(story):
    path, error = happened(ROOT / "raft", story)
    assert error is None
    kinds = {type(choice) for choice in path}
    assert Snapshot in kinds
    assert (Lose in kinds) == (not story.late)
