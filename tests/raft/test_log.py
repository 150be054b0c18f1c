"""The log after a snapshot: indices stay, and only what fits the snapshot is kept."""

import pickle

import pytest

from raft.log import Log


@pytest.fixture
def log():
    """Return a log of which a snapshot holds the first three entries."""
    return Log(3, 2, [(2, "d"), (4, "e"), (4, "f"), (5, "g")])


def test_an_empty_log_begins_at_index_0_in_term_0():
    log = Log()
    assert (log.last_index, log.last_term) == (0, 0)
    assert log.contains(0, 0)
    assert not log.contains(1, 0)


def test_indices_count_what_the_snapshot_holds(log):
    assert (log.last_index, log.last_term) == (7, 5)
    assert [log.term_at(index) for index in range(3, 8)] == [2, 2, 4, 4, 5]
    assert log.command_at(4) == "d"
    assert log.entries_from(6) == [(4, "f"), (5, "g")]
    assert log.entries_from(8) == []


def test_a_log_that_has_only_a_snapshot_ends_with_it():
    assert (Log(3, 2).last_index, Log(3, 2).last_term) == (3, 2)


@pytest.mark.parametrize(
    ("index", "term", "contained"),
    [
        (2, 1, True),  # Committed: the snapshot holds it.
        (3, 2, True),
        (3, 1, False),
        (5, 4, True),
        (5, 3, False),
        (7, 5, True),
        (8, 5, False),
    ],
)
def test_an_entry_is_known_by_its_index_and_term(log, index, term, contained):
    assert log.contains(index, term) is contained


def test_truncation_takes_all_that_follows(log):
    log.truncate_from(5)
    log.append((6, "x"), (6, "y"))
    assert log.entries == [(2, "d"), (6, "x"), (6, "y")]
    log.truncate_from(7)
    assert log.last_index == 6


def test_a_snapshot_that_fits_leaves_what_follows_it(log):
    log.compact(5, 4)
    assert log == Log(5, 4, [(4, "f"), (5, "g")])


@pytest.mark.parametrize(("index", "term"), [(5, 5), (9, 5)])
def test_a_snapshot_that_does_not_fit_leaves_nothing(log, index, term):
    log.compact(index, term)
    assert log == Log(index, term)


def test_a_saved_log_is_as_it_was(log):
    log.append((6, "x"), (6, "y"))
    log.truncate_from(9)
    log.compact(5, 4)
    restored = pickle.loads(pickle.dumps(log))
    assert restored == Log(5, 4, [(4, "f"), (5, "g"), (6, "x")])
    restored.append((7, "z"))
    assert pickle.loads(pickle.dumps(restored)) == restored


def test_an_entry_is_pickled_once_however_often_the_log_is_saved(log):
    command = Command()
    log.append((6, command))
    sizes = [len(pickle.dumps(log)) for _ in range(3)]
    assert (sizes[0], command.pickled) == (sizes[2], 1)


class Command:
    """Counts how often it is pickled."""

    pickled = 0

    def __reduce__(self):
        self.pickled += 1
        return Command, ()


def test_where_a_term_begins_and_ends(log):
    assert log.first_index_of_term_at(6) == 5
    assert log.first_index_of_term_at(7) == 7
    # Entries of this term may be in the snapshot too; they are out of reach.
    assert log.first_index_of_term_at(4) == 4
    assert log.last_index_of_term(4) == 6
    assert log.last_index_of_term(3) is None
