"""Dividing seeds into batches: every seed once, in order, and few items."""

import itertools

import pytest

from tester.judging.seed_batch import batches, timed_batches, without


@pytest.mark.parametrize("count", [1, 10, 11, 40, 41, 1000, 5000])
def test_batches_cover_every_seed_once_and_in_order(count):
    divided = batches(7, count)
    assert [s for p in divided for s in p.seeds] == list(range(7, 7 + count))
    assert len({p.id for p in divided}) == len(divided)
    assert len(divided) <= max(40, count // 25)


def test_timed_batches_are_disjoint_and_enough_to_fill_the_time_on_all_workers():
    found = timed_batches(0, 10, workers=2)
    assert sum(s.duration_s for s in found) >= 20
    seeds = [(s.seeds[0], s.seeds[-1]) for s in found]
    assert all(a[1] < b[0] for a, b in itertools.pairwise(seeds))


def test_seeds_are_left_out_of_batches_and_empty_batches_too():
    left = without((0, 3, 7), batches(0, 9))
    assert [list(p.seeds) for p in left] == [[1], [2], [4], [5], [6], [8]]
    left = without((1, 4), batches(0, 100))
    assert [s for p in left for s in p.seeds] == [0, 2, 3, *range(5, 100)]
    (first, *others), whole = (
        without((2,), timed_batches(0, 5, 1)),
        timed_batches(0, 5, 1),
    )
    assert list(first.seeds[:3]) == [0, 1, 3]
    assert first.id == whole[0].id
    assert others == whole[1:]
