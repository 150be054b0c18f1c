"""The story of leaders that take turns."""

from functools import partial
from pathlib import Path

import pytest

from tester import codes
from tester.search.alternating import LeadersTurn, alternate
from tester.search.choices import Start

ROOT = Path(__file__).resolve().parents[3]
# The paper's Figure 8: an entry of an earlier term reaches a majority, and is replaced.
FIGURE_8 = [
    LeadersTurn(0, [1], commands=1, reaches=False),
    LeadersTurn(2, [1], commands=1, reaches=False),
    LeadersTurn(0, [1], commands=0, reaches=True),
    LeadersTurn(2, [1], commands=1, reaches=True),
]


def test_an_entry_of_an_earlier_term_is_not_committed_by_counting(happened):
    mutant = ROOT / "tests/mutants/counts_replicas_of_older_terms.py"
    _, error = happened(mutant, partial(alternate, FIGURE_8))
    assert error.code is codes.APPLIED_DIFFERENTLY


@pytest.mark.parametrize("turns", [FIGURE_8, FIGURE_8[:2], FIGURE_8[2:]])
def test_each_turn_has_a_leader_of_its_own(happened, turns):
    path, error = happened(ROOT / "raft", partial(alternate, turns))
    assert error is None
    started = [choice.server for choice in path if isinstance(choice, Start)]
    assert started == [turn.leader for turn in turns for _ in range(turn.commands)]
