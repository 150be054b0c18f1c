"""The story of a server that catches up, when one message goes wrong."""

from functools import partial
from pathlib import Path

import pytest

from tester import codes
from tester.search.catching_up import FATES, CatchingUp, catch_up
from tester.search.choices import Crash, Duplicate, Lose, Recover, Snapshot

ROOT = Path(__file__).resolve().parents[3]
ANSWER_LOST = CatchingUp(
    2, 0, 2, compacts=True, compacts_again=False, after=1, fate="lost", follows=False
)


@pytest.mark.unmeasured
def test_a_leader_that_misses_the_answer_to_its_snapshot_sends_it_for_ever(happened):
    mutant = ROOT / "tests/mutants/refused_snapshot_again.py"
    _, error = happened(mutant, partial(catch_up, ANSWER_LOST), Recover())
    assert error.code is codes.NO_AGREEMENT


@pytest.mark.parametrize("fate", FATES)
def test_the_reference_catches_up_whatever_goes_wrong(happened, fate):
    for after in (0, 1, 2):
        story = ANSWER_LOST._replace(fate=fate, after=after, follows=True)
        path, error = happened(ROOT / "raft", partial(catch_up, story), Recover())
        assert error is None
        kinds = {type(choice) for choice in path}
        expected = {"lost": Lose, "twice": Duplicate, "crashes": Crash}
        assert expected.get(fate, Snapshot) in kinds


def test_a_snapshot_may_be_replaced_while_it_is_sent(happened):
    story = ANSWER_LOST._replace(compacts_again=True, fate="late")
    path, error = happened(ROOT / "raft", partial(catch_up, story), Recover())
    assert error is None
    assert [c for c in path if isinstance(c, Snapshot)] == [
        Snapshot(0, 1),
        Snapshot(0, 2),
    ]


@pytest.mark.parametrize(
    ("raft", "method"),
    # The second sends heartbeats before, which have come before.
    [("raft", "install_snapshot"), ("tests/correct/binary_search.py", "take")],
)
def test_the_first_message_of_its_kind_goes_wrong(raft, method, happened):
    story = ANSWER_LOST._replace(after=None)
    path, error = happened(ROOT / raft, partial(catch_up, story), Recover())
    assert error is None
    lost = [c.message for c in path if isinstance(c, Lose)][-1]
    assert lost.method == method
    assert not lost.reply
