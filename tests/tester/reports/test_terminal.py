"""The tables that the grader prints."""

import io

import pytest
from rich.console import Console

from tester.reports import (
    print_grades,
)
from tester.reports.terminal import details_text
from tester.versions import PYTHON


@pytest.mark.unmeasured
def test_the_terminal_is_not_the_students_to_command(made_up):
    out = io.StringIO()
    console = Console(file=out, width=160)
    print_grades(console, made_up.hostile(), verbose=True)
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
    print_grades(Console(file=out, width=160), grades, verbose=True)
    text = out.getvalue()
    assert "s0, s1, s2, s3, s4 and 3 more: 0 of 6 points: no class Raft, line 3" in text
    assert "eve: 0 of 6 points: no class Raft in raft.py" in text
    assert text.count("in raft.py") == 4


def many(made_up):
    return [
        made_up.mixed(),
        made_up.a_grade(made_up.a_run(), name="bob"),
        made_up.no_verdict(),
        made_up.only_extra(),
        made_up.unloaded("zoe"),
    ]


def printed(grades, width=160, **options):
    out = io.StringIO()
    detailed = print_grades(Console(file=out, width=width), grades, **options)
    return out.getvalue(), detailed


def test_of_many_submissions_only_a_row_each_is_printed(made_up):
    text, detailed = printed(many(made_up), width=200)
    assert not detailed
    assert "pytest" not in text
    rows = [line for line in text.splitlines() if line.startswith("│")]
    assert len(rows) == 5
    assert (
        "4 of 7, 1 unknown │ breaks safety: two-leaders; re_election: term 1 has 2 leaders"
        in rows[0]
    )
    assert "breaks safety: two-leaders; initial_election: term 0 has 2" in rows[1]
    assert "0 of 1, 1 unknown │ initial_election: the machine fell over" in rows[2]
    assert "does not load: no class Raft, line 3" in rows[4]


@pytest.mark.unmeasured
def test_a_few_submissions_and_verbose_have_the_details(made_up):
    grades = many(made_up)
    for text, detailed in (printed(grades[:3]), printed(grades, verbose=True)):
        assert detailed
        assert "--seed 1 --submission /home/prof/subs/alice" in text
    assert details_text(grades).decode() == printed(grades, verbose=True)[0]


def test_at_80_columns_the_summary_has_no_column_for_each_part(made_up):
    text, _ = printed(many(made_up), width=80)
    assert "2A" not in text
    assert len(text.splitlines()) < 40
    assert "2A" in printed(many(made_up))[0]
