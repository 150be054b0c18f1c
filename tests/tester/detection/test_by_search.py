"""The search of the mutants: a row each, kept, and a table of them."""

from tester.detection import by_search
from tester.search.parallel import PartOutcome


def test_each_mutant_is_searched_once_and_its_row_is_kept(
    tmp_path, monkeypatch, capsys
):
    searched = []

    def outcome_of(parts):
        searched.append(parts[0].submission)
        run = "servers 3\ntime-out 0\n" if "second_vote" in searched[-1] else ""
        return [PartOutcome(1_200, 3.04, run=run)], False

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(by_search, "searched_in_parts", outcome_of)
    for _ in range(2):
        by_search.main(["second_vote", "votes_not_saved", "--for", "5s"])
        assert capsys.readouterr().out.splitlines()[2:] == [
            "| `second_vote` | 1 | 3 | 1,200 |",
            "| `votes_not_saved` | not found | 3 | 1,200 |",
        ]
    assert len(searched) == 2
    by_search.main(["second_vote", "--for", "6s"])
    assert len(searched) == 3
