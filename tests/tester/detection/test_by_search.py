"""The search of the mutants: a row each, kept, and a table of them."""

from pathlib import Path

import pytest

from tester.detection import by_search
from tester.detection.by_search import EXIT_INTERRUPTED, EXIT_USAGE
from tester.detection.matrix import MARK
from tester.detection.mutants import find_mutants
from tester.search.choices import CLIENTS
from tester.search.parallel import PartOutcome


@pytest.fixture
def searched(tmp_path, monkeypatch):
    """Let the search find one mutant, and return the names of those that it was given."""
    searched = []

    def outcome_of(parts):
        searched.append(parts[0].submission)
        run = "servers 3\ntime-out 0\n" if "second_vote" in searched[-1] else ""
        return [PartOutcome(1_200, 3.04, run=run)], False

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(by_search, "searched_in_parts", outcome_of)
    return searched


def test_each_mutant_is_searched_once_and_its_row_is_kept(searched, capsys):
    for _ in range(2):
        by_search.main(["second_vote", "votes_not_saved", "--for", "5s"])
        assert capsys.readouterr().out.splitlines()[2:] == [
            "| `second_vote` | safety | - | - | 3 | 1 | 1,200 |",
            "| `votes_not_saved` | safety | - | - | not in 5 | - | 1,200 |",
            "",
            "Found by search alone, within 5 s of CPU time each: 1 of 2 that break safety, "
            f"after 3.0 s in the median. Not searched so far: {len(find_mutants()) - 2} mutants.",
        ]
    assert len(searched) == 2
    by_search.main(["second_vote", "--for", "6s"])
    assert len(searched) == 3


def test_the_table_stands_beside_what_the_suite_finds(searched, tmp_path):
    page = tmp_path / "page.md"
    suite = (
        "| mutant | general | CPU s |\n|---|---|---|\n| second_vote | 67 % | 0.16 |\n"
    )
    page.write_text(f"Text.\n\n{by_search.SEARCH_MARK}\nold\n{MARK}\n\n{suite}")
    by_search.main(["second_vote", "--write", str(page)])
    text = page.read_text()
    assert text.startswith(f"Text.\n\n{by_search.SEARCH_MARK}\n\nFound by search alone")
    assert "| `second_vote` | safety | 67 % | 0.16 | 3 | 1 | 1,200 |\n" in text
    assert text.endswith(f"\n{MARK}\n\n{suite}")
    assert "old" not in text


def test_a_page_without_a_place_for_the_table_is_not_written(
    searched, tmp_path, capsys
):
    page = tmp_path / "page.md"
    page.write_text(f"Text.\n{MARK}\n")
    assert by_search.main(["second_vote", "--write", str(page)]) == EXIT_USAGE
    assert "expected the lines" in capsys.readouterr().err
    assert page.read_text() == f"Text.\n{MARK}\n"


def test_an_interrupted_search_keeps_its_rows(searched, monkeypatch, capsys):
    search = by_search.searched_in_parts

    def interrupted_at_the_second(parts):
        ((outcome,), _) = search(parts)
        return [outcome], len(searched) == 2

    monkeypatch.setattr(by_search, "searched_in_parts", interrupted_at_the_second)
    command = ["second_vote", "votes_not_saved", "own_vote_not_saved"]
    assert by_search.main(command) == EXIT_INTERRUPTED
    assert "interrupted: " in capsys.readouterr().err
    assert by_search.main(command) == 0
    names = [Path(path).stem for path in searched]
    assert names == [command[0], command[1], *command[1:]]


def test_a_service_is_searched_with_clients(monkeypatch, tmp_path, capsys):
    parts = []

    def outcome_of(given):
        parts.extend(given)
        return [PartOutcome(10, 1.0)], False

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(by_search, "searched_in_parts", outcome_of)
    by_search.main(["version_stays", "--lab", "3"])
    assert "| `version_stays` | safety |" in capsys.readouterr().out
    assert (parts[0].setting.clients, parts[0].suite[-4:]) == (CLIENTS, "lab3")
