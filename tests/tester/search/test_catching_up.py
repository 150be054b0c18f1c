"""The story of a server that catches up, when one message goes wrong."""

from pathlib import Path
from random import Random

import pytest

from labrpc.box_factory import InProcessBoxFactory
from labrpc.submission.submission import Submission
from tester import codes
from tester.search.catching_up import FATES, CatchingUp, catch_up
from tester.search.choices import Crash, Duplicate, Lose, Recover, Setting, Snapshot
from tester.search.disturbances import Disturbances
from tester.search.episode_run import EpisodeRun
from tester.search.episodes import elect
from tester.search.exhaustive import node_of
from tester.search.histories import Histories
from tester.search.judged_run import run_choices
from tester.search.rules import Rules

ROOT = Path(__file__).resolve().parents[3]
ANSWER_LOST = CatchingUp(
    2, 0, 2, compacts=True, compacts_again=False, after=1, fate="lost", follows=False
)


def happened(path, story):
    """Return the choices of a story, and how the run fails if it then recovers."""
    histories = Histories(InProcessBoxFactory(Submission.find(path)), Setting())
    try:
        rules = Rules(histories, Setting())
        disturbances, node = Disturbances(Random(0), True, calm=1), node_of(rules, ())
        for episode in (lambda run: elect(0, run), lambda run: catch_up(story, run)):
            run = EpisodeRun(rules, node, disturbances)
            episode(run)
            node = run.node
        path = node.path()
        return path, run_choices(rules, [*path, Recover()])[1]
    finally:
        histories.close()


def test_a_leader_that_misses_the_answer_to_its_snapshot_sends_it_for_ever():
    mutant = ROOT / "tests/mutants/refused_snapshot_again.py"
    _, error = happened(mutant, ANSWER_LOST)
    assert error.code is codes.NO_AGREEMENT


@pytest.mark.parametrize("fate", FATES)
def test_the_reference_catches_up_whatever_goes_wrong(fate):
    for after in (0, 1, 2):
        story = ANSWER_LOST._replace(fate=fate, after=after, follows=True)
        path, error = happened(ROOT / "raft", story)
        assert error is None
        kinds = {type(choice) for choice in path}
        expected = {"lost": Lose, "twice": Duplicate, "crashes": Crash}
        assert expected.get(fate, Snapshot) in kinds


def test_a_snapshot_may_be_replaced_while_it_is_sent():
    story = ANSWER_LOST._replace(compacts_again=True, fate="late")
    path, error = happened(ROOT / "raft", story)
    assert error is None
    assert [c for c in path if isinstance(c, Snapshot)] == [
        Snapshot(0, 1),
        Snapshot(0, 2),
    ]
