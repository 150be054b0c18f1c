"""The story of messages that are long outdated when they arrive."""

from pathlib import Path
from random import Random

import pytest

from labrpc.box_factory import InProcessBoxFactory
from labrpc.submission.submission import Submission
from tester.search.choices import Duplicate, Setting
from tester.search.disturbances import Disturbances
from tester.search.episode_run import EpisodeRun
from tester.search.episodes import elect
from tester.search.exhaustive import node_of
from tester.search.histories import Histories
from tester.search.judged_run import run_choices
from tester.search.outdated import Outdated, outdated
from tester.search.rules import Rules

ROOT = Path(__file__).resolve().parents[3]
STORY = Outdated(2, 0, 2, compacts=True, follows=True)
ORDERS = range(8)


@pytest.fixture
def happened():
    """Return a function that returns the choices of the story, and how the run fails."""
    opened = []

    def happen(path, seed):
        histories = Histories(InProcessBoxFactory(Submission.find(path)), Setting())
        opened.append(histories)
        rules = Rules(histories, Setting())
        disturbances, node = Disturbances(Random(0), True, calm=1), node_of(rules, ())
        run = EpisodeRun(rules, node, disturbances)
        elect(0, run)
        run = EpisodeRun(rules, run.node, disturbances)
        outdated(STORY, Random(seed), run)
        path = run.node.path()
        return path, run_choices(rules, path)[1]

    yield happen
    for histories in opened:
        histories.close()


def test_what_is_outdated_changes_nothing(happened):
    for seed in ORDERS:
        path, error = happened(ROOT / "raft", seed)
        assert error is None
        assert any(isinstance(choice, Duplicate) for choice in path)


def test_a_snapshot_that_comes_once_more_takes_a_server_back(happened):
    mutant = ROOT / "tests/mutants/older_snapshot_installed.py"
    found = [happened(mutant, seed)[1] for seed in ORDERS]
    codes = {error.code.name for error in found if error is not None}
    assert codes == {"snapshot-went-back"}
