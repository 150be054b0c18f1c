"""The tables that the grader prints."""

import io

from rich.console import Console

from tester.reports import (
    print_grades,
)
from tester.versions import PYTHON


def test_the_terminal_is_not_the_students_to_command(made_up):
    out = io.StringIO()
    console = Console(file=out, width=160)
    print_grades(console, made_up.hostile())
    assert "\x1b" not in out.getvalue()
    assert "\x07" not in out.getvalue()
    assert out.getvalue().encode()
    assert "<script>alert(1)</script>" in out.getvalue()


def test_no_line_of_the_terminal_begins_with_a_submissions_words(made_up):
    """Neither a command of a CI job nor what looks like a line of the lab's."""
    forged = "\n".join(
        ["x " * 100 + "::error::wrapped", "::add-mask::1", "bob: 100 of 100 points"]
    )
    name = "y " * 60 + "::error::name"
    run = made_up.a_run(reason=forged, evidence=forged, replay=f"pytest '{forged}'")
    shown = []
    for load_error in ("", forged):
        grade = made_up.a_grade(run, name=name, load_error=load_error)
        out = io.StringIO()
        console = Console(file=out, width=80)
        print_grades(console, [grade])
        shown += out.getvalue().splitlines()
    assert len(shown) > 20
    for line in shown:
        assert not line.lstrip().startswith("::")
        assert line[:1] in " │┃┏└┡┳━" or line.startswith(
            (
                "y y ",
                "replay commands",
                "breaks safety: ",
                "pytest '",
                "all submissions",
            )
        ), line


def test_the_terminals_table_shows_points_and_replays(made_up):
    out = io.StringIO()
    broken = made_up.a_grade(made_up.a_run(), load_error="invalid syntax")
    print_grades(Console(file=out, width=160), [made_up.mixed(), broken])
    assert f"0 of 6 points: invalid syntax ({PYTHON})" in out.getvalue()
    text = out.getvalue()
    assert "alice: at least 6, at most 9 of 23 points" in text
    assert "unknown: term 0 has 2 leaders" in text
    assert "--seed 1 --submission /home/prof/subs/alice" in text


def test_equal_load_errors_are_printed_once(made_up):
    out = io.StringIO()
    grades = [made_up.unloaded(f"s{n}") for n in range(8)]
    grades.append(made_up.unloaded("eve", "no class Raft in /subs/eve/raft.py"))
    print_grades(Console(file=out, width=160), grades)
    text = out.getvalue()
    assert "s0, s1, s2, s3, s4 and 3 more: 0 of 6 points: no class Raft, line 3" in text
    assert "eve: 0 of 6 points: no class Raft in raft.py" in text
    assert text.count("in raft.py") == 3
