"""Searches that are interrupted, continued, and spread over processes."""

import pytest

import grade
from labrpc.errors import LabError
from tester.cli import search as search_command
from tester.errors import UsageError
from tester.search.budget import GROWING, Limits
from tester.search.choices import Setting
from tester.search.parallel import Part, PartOutcome, search_part, searched_in_parts
from tester.search.progress import SearchProgress, read_progress
from tester.search.search import Exhausted, Outcome, Search

ALL_LEAD = ("self.votes, self.leads = 0, False", "self.votes, self.leads = 0, True")
ELECTIONS = Setting(elections_only=True)
FIRST = Exhausted(3, GROWING[0], 367)


def interrupted_at(states):
    """Return limits that interrupt a search, as Ctrl-C does, at a number of states."""

    def notify():
        if limits.states == states:
            raise KeyboardInterrupt

    limits = Limits(states_max=10_000, notify=notify)
    return limits


def test_an_interrupted_search_says_what_it_has_done(elector_boxes):
    search = Search(elector_boxes(), ELECTIONS)
    outcome = search.run(interrupted_at(500))
    search.close()
    assert outcome.interrupted
    assert outcome.found is None
    assert outcome.states == 500
    assert [explored.budget for explored in outcome.explored] == [GROWING[0]]


def test_a_search_leaves_out_what_was_explored(elector_boxes):
    search = Search(elector_boxes(), ELECTIONS, explored=[FIRST])
    outcome = search.run(Limits(states_max=20))
    search.close()
    assert outcome.explored == (FIRST,)


def test_progress_is_read_as_it_was_kept(tmp_path):
    file = tmp_path / "progress.json"
    fresh = SearchProgress("digest", ELECTIONS, "7")
    assert fresh.next_seed == "7"
    kept = fresh.with_search(Outcome(30, 0.5, (FIRST,)))
    kept.keep(file)
    assert read_progress(file, fresh) == kept
    assert (kept.searches, kept.states, kept.next_seed) == (1, 30, "7.1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "there is no search to resume"),
        ("{", "is no progress of a search"),
        ('{"submission": "other", "setting": {}, "seed": "7"}', "another submission"),
        ('{"submission": "digest", "setting": {}, "seed": "7"}', "another setting"),
    ],
)
def test_a_search_that_cannot_be_continued_is_not(tmp_path, text, message):
    file = tmp_path / "progress.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_progress(file, SearchProgress("digest", ELECTIONS, "7"))


@pytest.mark.slow
def test_parts_find_the_same_each_time_and_the_first_one_counts(elector_file):
    path = elector_file(*ALL_LEAD)
    parts = [
        Part(path, "none", False, number, ELECTIONS, str(number), 300, None)
        for number in range(2)
    ]
    outcomes, interrupted = searched_in_parts(parts)
    assert not interrupted
    again = search_part(parts[0])
    assert (outcomes[0].run, outcomes[0].states) == (again.run, again.states)
    assert again.run.startswith("servers 3")


def test_a_part_that_breaks_is_no_result(elector_file):
    part = Part(elector_file() + ".gone", "none", False, 0, ELECTIONS, "0", 30, None)
    with pytest.raises(LabError, match="process 0 of the search broke"):
        searched_in_parts([part])


@pytest.mark.slow
def test_what_processes_find_has_to_fail_here(elector_file, capsys, monkeypatch):
    command = ["search", elector_file(), "--isolation", "none", "--elections-only"]
    forged = PartOutcome(1, 0.1, run="time-out 0\n")
    monkeypatch.setattr(
        search_command, "searched_in_parts", lambda *_: ([forged], False)
    )
    assert grade.main([*command, "--jobs", "2"]) == 2
    assert "does not fail here" in capsys.readouterr().err
    forged = PartOutcome(1, 0.1, run="elections-only 0\ntime-out 0\nrecover\n")
    assert grade.main([*command, "--jobs", "2"]) == 1
    assert "no-agreement" in capsys.readouterr().out


@pytest.mark.slow
def test_a_search_is_continued_by_the_command(elector_file, capsys):
    command = ["search", elector_file(), "--isolation", "none", "--elections-only"]
    assert grade.main([*command, "--states", "30"]) == 0
    assert "to continue, add --resume" in capsys.readouterr().out
    assert grade.main([*command, "--states", "30", "--resume"]) == 0
    assert "with those before)" in capsys.readouterr().out
