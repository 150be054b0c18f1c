"""Rubrics in words: the default one as a file to edit, and a summary."""

import re
import tomllib

from tester.cli.rubric_text import default_text, print_rubric
from tester.console import LabConsole
from tester.judging.graded_test import BONUS_PARTS
from tester.judging.suite import collect
from tester.scoring.rubric_file import default_rubric


def test_the_default_file_names_every_test_with_its_points_and_description(suite):
    text = default_text(suite)
    parts = tomllib.loads(text)["parts"]
    written = {name: n for part in parts.values() for name, n in part["tests"].items()}
    assert written == {test.name: test.points for test in suite}
    for test in suite:
        assert f"# {test.description}\n" in text


def test_the_default_file_of_lab_3_names_its_lab_and_its_tests(service_suite):
    text = default_text(service_suite)
    rubric = tomllib.loads(text)
    assert rubric["lab"] == 3
    assert list(rubric["parts"]) == ["3A", "3B", "3C", "3X"]
    assert "linearizability" in text
    assert "measure" not in text


def test_bonus_parts_are_commented_out_and_complete(suite):
    whole = collect(bonus=True)
    text = default_text(whole)
    assert text.startswith(default_text(suite))
    assert set(tomllib.loads(text)["parts"]) == {test.part for test in suite}
    _, _, bonus = text.partition("# Bonus parts")
    switched_on = re.sub(r"^# (?=[\[a-z])", "", bonus.partition("\n")[2], flags=re.M)
    parts = tomllib.loads(switched_on)["parts"]
    assert list(parts) == [part for part in BONUS_PARTS if part[0] == "2"]
    assert all(part["extra"] for part in parts.values())
    written = {name: n for part in parts.values() for name, n in part["tests"].items()}
    assert written == {test.name: test.points for test in whole if test.is_bonus}


def test_the_summary_says_how_many_seeds_and_points_there_are(suite, capsys):
    print_rubric(LabConsole(), default_rubric(suite, 3, 2))
    assert "in all: 150 points, at 2 public seeds (3 to 4)" in capsys.readouterr().out
    print_rubric(LabConsole(), default_rubric(suite, 7, 1))
    assert "at 1 public seed (7)\n" in capsys.readouterr().out
