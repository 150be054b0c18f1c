import pytest

from tester.experiments.closed_form import split_vote_probability


# The dissertation's own figures: four of five servers are up.
@pytest.mark.parametrize(
    ("latency", "expected"), [(0.01, 0.0006), (0.1, 0.052), (0.2, 0.181)]
)
def test_it_gives_the_dissertations_figures(latency, expected):
    assert split_vote_probability(5, 4, latency) == pytest.approx(expected, rel=0.02)


def test_votes_are_never_split_by_messages_that_take_no_time():
    assert split_vote_probability(5, 5, 0.0) == 0


def test_votes_are_always_split_by_messages_as_slow_as_the_time_outs_are_spread():
    assert split_vote_probability(5, 4, 1.0) == 1
