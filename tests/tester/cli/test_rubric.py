"""The command `rubric`: the default one as a file, and a summary of any."""

from pathlib import Path

import pytest

import grade
from tester.cli.rubric_text import default_text
from tester.judging.suite import collect

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "rubrics"


@pytest.mark.unmeasured
def test_the_default_rubric_is_printed(capsys):
    assert grade.main(["rubric"]) == 0
    assert capsys.readouterr().out == default_text(collect(bonus=True))


@pytest.mark.unmeasured
def test_the_default_rubric_of_lab_3_is_printed(capsys):
    assert grade.main(["rubric", "--lab", "3"]) == 0
    assert capsys.readouterr().out == default_text(collect(bonus=True, lab=3))


@pytest.mark.unmeasured
def test_a_rubric_that_is_checked_is_summarised(capsys):
    assert grade.main(["rubric", "--check", str(EXAMPLES / "sjtu.toml")]) == 0
    said = capsys.readouterr().out
    assert "2D: 5 extra points: the whole part earns max(passed - 380, 0) ** 2" in said
    assert "0: 0 %, 100: 0 %, 200: 0 %, 300: 50 %, 400: 100 %" in said
    assert "in all: 65 points, at 400 public seeds (0 to 399)" in said
    assert "test_swarm" not in said


def test_a_rubric_names_its_lab(capsys):
    assert grade.main(["rubric", "--check", str(EXAMPLES / "kv.toml")]) == 0
    said = capsys.readouterr().out
    assert "3A: 20 points: the whole part earns" in said
    assert "in all: 100 points, at 20 public seeds (0 to 19)" in said
    assert (
        grade.main(["rubric", "--lab", "2", "--check", str(EXAMPLES / "kv.toml")]) == 2
    )
    assert "is a rubric for lab 3" in capsys.readouterr().err


@pytest.mark.unmeasured
def test_a_rubric_that_is_wrong_is_refused_with_the_line(tmp_path, capsys):
    (tmp_path / "wrong.toml").write_text("[seeds]\n\ncuont = 3\n")
    assert grade.main(["rubric", "--check", str(tmp_path / "wrong.toml")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    expected = f"raft-lab: {tmp_path}/wrong.toml, line 3: [seeds] has no key cuont"
    assert said.err.startswith(expected)


def test_a_rubric_is_named_by_an_option(capsys):
    assert grade.main(["rubric", "rubric.toml"]) == 2
    assert "unexpected argument rubric.toml" in capsys.readouterr().err
