"""Dividing seeds into batches: every seed once, in order, and few items."""

import itertools

import pytest

from tester.judging.seed_batch import (
    SeedBatch,
    batch_called,
    batches,
    kept_first,
    timed_batches,
)


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


def test_kept_seeds_come_first_in_their_batches():
    found = kept_first((3, 7, 12), batches(0, 9))
    assert [list(b.seeds) for b in found if b.kept] == [[12], [3], [7]]
    assert [b.id for b in found[1:]] == [b.id for b in batches(0, 9)]
    found = kept_first((1, 4), batches(0, 100))
    assert list(found[0].seeds) == [1, 0, 2]
    assert [b.id for b in found] == [b.id for b in batches(0, 100)]
    assert sorted(s for b in found for s in b.seeds) == list(range(100))


def test_with_a_time_limit_kept_seeds_are_a_batch_of_their_own():
    whole = timed_batches(0, 5, 1)
    kept, first, *others = kept_first((2,), whole)
    assert (list(kept.seeds), kept.id) == ([2], "seed2")
    assert list(first.seeds[:3]) == [0, 1, 3]
    assert first.id == whole[0].id
    assert others == whole[1:]


@pytest.mark.parametrize(
    "divided",
    [batches(0, 1), batches(7, 100), batches(0, 2000), [SeedBatch((3, 4, 5, 9))]],
)
def test_a_batch_is_found_by_its_name(divided):
    for batch in divided:
        again = batch_called(batch.id)
        assert list(again.seeds) == list(batch.seeds)
        assert again.id == batch.id
    kept_too = batch_called(divided[0].id, kept=[divided[0].seeds[-1]])
    assert kept_too.id == divided[0].id
    assert kept_too.seeds[0] == divided[0].seeds[-1]


def test_a_timed_batch_is_found_by_what_has_failed_in_it():
    name = timed_batches(10_000, 5, 1)[0].id
    assert batch_called(name, kept=[3, 10_005]).seeds == (10_005,)
    assert batch_called(name).seeds == (10_000,)
    assert batch_called(name).id == name


@pytest.mark.parametrize(
    "name", ["x", "seed", "seeds3", "seed1-2", "seeds0-9999999", "seeds5-3", "seed01"]
)
def test_other_names_are_no_batches(name):
    assert batch_called(name) is None
