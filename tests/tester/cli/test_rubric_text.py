"""Rubrics in words: the default one as a file to edit, and a summary."""

import tomllib

from tester.cli.rubric_text import default_text, print_rubric
from tester.console import LabConsole
from tester.scoring.rubric_file import default_rubric


def test_the_default_file_names_every_test_with_its_points_and_description(suite):
    text = default_text(suite)
    parts = tomllib.loads(text)["parts"]
    written = {name: n for part in parts.values() for name, n in part["tests"].items()}
    assert written == {test.name: test.points for test in suite}
    for test in suite:
        assert f"# {test.description}\n" in text


def test_the_summary_says_how_many_seeds_and_points_there_are(suite, capsys):
    print_rubric(LabConsole(), default_rubric(suite, 3, 2))
    assert "in all: 150 points, at 2 public seeds (3 to 4)" in capsys.readouterr().out
    print_rubric(LabConsole(), default_rubric(suite, 7, 1))
    assert "at 1 public seed (7)\n" in capsys.readouterr().out
