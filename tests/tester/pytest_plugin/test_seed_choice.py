"""Which seeds a session runs, and in which order."""

from dataclasses import replace
from types import SimpleNamespace

from tester.judging.run_hosting import RunHosting
from tester.judging.seed_batch import SeedBatch
from tester.pytest_plugin.seed_choice import SeedChoice, named_batches

KEPT = {"test_x": [3, 7]}


def chosen(options, test="test_x", named=None):
    choice = SeedChoice(options, KEPT, named or {}, processes=1)
    return [(batch.kept, list(batch.seeds)) for batch in choice.batches(test)]


class Item(SimpleNamespace):
    """As much of a pytest item as the choice looks at."""

    def get_closest_marker(self, name):
        return name if name in self.markers else None


def item(name, batch=None, *markers):
    callspec = SimpleNamespace(params={"cluster": batch} if batch else {})
    graded = ("cluster",) if batch else ()
    return Item(nodeid=name, callspec=callspec, markers=(*graded, *markers))


def selected(options, *items):
    choice = SeedChoice(options, KEPT, {}, processes=1)
    return [item.nodeid for item in choice.select(list(items))]


def test_kept_failures_come_first_and_are_not_run_twice(options):
    several = replace(options, seed_count=5)
    assert chosen(several) == [
        (True, [7]), (False, [0]), (False, [1]), (False, [2]), (True, [3]), (False, [4]),
    ]  # fmt: skip
    assert chosen(options) == [(True, [3, 7]), (False, [0])]
    assert chosen(options, "test_y") == [(False, [0])]


def test_a_seed_that_is_asked_for_runs_alone(options):
    assert chosen(replace(options, first_seed=17)) == [(False, [17])]


def test_real_time_knows_no_kept_failures(options):
    real = replace(options, hosting=RunHosting(real_time=True))
    assert chosen(real) == [(False, [0])]


def test_only_what_failed_before(options):
    failed_only = replace(options, failed_only=True)
    assert chosen(failed_only) == [(True, [3, 7])]
    assert chosen(failed_only, "test_y") == []


def test_a_batch_that_a_node_id_names_is_there_whatever_the_seeds_are(options):
    named = {"test_x": ["seed0", "seed12", "seeds6-8", "from5", "no such"]}
    assert chosen(options, named=named)[2:] == [
        (False, [12]), (True, [7, 6, 8]), (False, [7]),
    ]  # fmt: skip
    assert chosen(options, "test_y", named) == [(False, [0])]


class Config:
    """As much of pytest's configuration as the names are looked for in."""

    def __init__(self, lf, cached):
        self._lf = lf
        self.cache = SimpleNamespace(get=lambda key, default: cached)

    def getoption(self, name, default):
        return self._lf


def test_node_ids_are_named_by_the_command_line_and_by_the_last_failures():
    given = ["a.py::test_x[seed3]", "a.py::test_y", "a.py"]
    cached = {"a.py::test_x[seeds4-6+9]": True}
    named = named_batches(Config(False, cached), given)
    assert named == {"test_x": ["seed3"]}
    named = named_batches(Config(True, cached), given)
    assert named == {"test_x": ["seed3", "seeds4-6+9"]}


def test_a_time_limit_gives_each_process_its_share(options):
    limited = replace(options, duration_s=10)
    one = SeedChoice(limited, {}, {}, processes=1).batches("test_x")
    two = SeedChoice(limited, {}, {}, processes=2).batches("test_x")
    assert sum(batch.duration_s for batch in two) >= 20
    assert len(two) > len(one)


def test_items_with_kept_failures_and_other_tests_come_first(options):
    fresh, kept = SeedBatch([0]), SeedBatch([3], kept=True)
    items = [item("x[0]", fresh), item("other"), item("x[kept]", kept)]
    assert selected(options, *items) == ["other", "x[kept]", "x[0]"]


def test_what_has_no_seed_or_cannot_run_is_left_out(options):
    fresh = SeedBatch([0])
    items = [
        item("no seed", None, "cluster"), item("other"),
        item("pauses", fresh, "virtual_time"), item("x[0]", fresh),
    ]  # fmt: skip
    assert selected(options, *items) == ["other", "pauses", "x[0]"]
    real = replace(options, hosting=RunHosting(real_time=True))
    assert selected(real, *items) == ["other", "x[0]"]
    assert selected(replace(options, failed_only=True), *items) == ["pauses", "x[0]"]


def test_with_a_time_limit_tests_take_turns_and_the_rest_is_left_out(options):
    def timed(test):
        return [item(f"{test}[{n}]", SeedBatch([n], duration_s=1.0)) for n in range(4)]

    limited = replace(options, duration_s=4)
    found = selected(limited, *timed("x"), *timed("y"))
    assert found == ["x[0]", "y[0]", "x[1]", "y[1]", "x[2]", "y[2]"]
