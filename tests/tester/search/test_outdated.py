"""The story of messages that are long outdated when they arrive."""

from functools import partial
from pathlib import Path
from random import Random

from tester.search.choices import Duplicate
from tester.search.outdated import Outdated, outdated

ROOT = Path(__file__).resolve().parents[3]
STORY = Outdated(2, 0, 2, compacts=True, follows=True)
ORDERS = range(8)


def in_order(seed):
    """Return the story with one order of what is outdated."""
    return partial(outdated, STORY, Random(seed))


def test_what_is_outdated_changes_nothing(happened):
    for seed in ORDERS:
        path, error = happened(ROOT / "raft", in_order(seed))
        assert error is None
        assert any(isinstance(choice, Duplicate) for choice in path)


def test_a_snapshot_that_comes_once_more_takes_a_server_back(happened):
    mutant = ROOT / "tests/mutants/older_snapshot_installed.py"
    found = [happened(mutant, in_order(seed))[1] for seed in ORDERS]
    codes = {error.code.name for error in found if error is not None}
    assert codes == {"snapshot-went-back"}
