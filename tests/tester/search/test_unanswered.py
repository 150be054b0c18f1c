"""The story of a follower whose answers do not arrive."""

from functools import partial
from pathlib import Path

import pytest

from tester import codes
from tester.search.choices import Lose, Recover, Snapshot
from tester.search.unanswered import Unanswered, unanswered

ROOT = Path(__file__).resolve().parents[3]
# The leader hears that its follower has the second command, then its snapshot of the first
# arrives there.
OLDER_SNAPSHOT = Unanswered(
    1, 0, (1, 1), alone=1, late=True, spare=0, swapped=True, candidate=2
)
# The follower has applied two commands when it gets a snapshot of one.
APPLIED_MORE = OLDER_SNAPSHOT._replace(alone=0, late=False, spare=1, swapped=False)


def test_a_snapshot_of_less_than_a_server_has_applied_does_not_take_it_back(happened):
    mutant = ROOT / "tests/mutants/snapshot_compared_with_the_last_one.py"
    _, error = happened(mutant, partial(unanswered, APPLIED_MORE), Recover())
    assert error.code is codes.SNAPSHOT_WENT_BACK


@pytest.mark.parametrize("story", [OLDER_SNAPSHOT, APPLIED_MORE])
def test_the_reference_goes_on_whatever_its_leader_knows(happened, story):
    path, error = happened(ROOT / "raft", partial(unanswered, story), Recover())
    assert error is None
    kinds = {type(choice) for choice in path}
    assert Snapshot in kinds
    assert (Lose in kinds) == (not story.late)
