"""The command `regrade`: its arguments, and how it ends."""

import pytest

import grade

WHAT = ["--tests", "initial_election", "--jobs", "1", "--isolation", "none"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "the following arguments are required: NAME"),
        (["amy"], "no grading stands in grades/journal.jsonl"),
        (["amy", "--seeds", "2"], "there is no option --seeds"),
        (["amy", "bob"], "unexpected argument bob"),
    ],
)
def test_wrong_usage_ends_in_one_line(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert grade.main(["regrade", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line


@pytest.mark.slow
def test_the_status_says_whether_a_run_differs(dictator, tmp_path, capsys):
    submission = dictator()
    out = ["--out", str(tmp_path / "out")]
    assert grade.main([str(submission.path), *WHAT, *out]) == 0
    again = ["regrade", "fake", "--jobs", "1", *out]
    assert grade.main(again) == 0
    assert "fake: 1 of 1 repeated runs are identical" in capsys.readouterr().out
    dictator("def get_state(self): return 1, True")
    assert grade.main(again) == 1
    said = capsys.readouterr().out
    assert "note: its files are not those that were graded" in said
    assert "fake: 0 of 1 repeated runs are identical" in said
