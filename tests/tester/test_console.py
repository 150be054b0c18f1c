"""The console: how wide its lines are, and that a text is printed as it is."""

import io
import os
import subprocess
import sys

import pytest
from rich.console import Console

from tester.console import LabConsole, counted_progress, say


@pytest.mark.slow
@pytest.mark.parametrize(
    ("columns", "width"), [(None, 160), ("60", 60), ("0", 160), ("wide", 160)]
)
def test_lines_are_as_wide_as_they_may_be(columns, width):
    environment = {k: v for k, v in os.environ.items() if k != "COLUMNS"}
    if columns is not None:
        environment["COLUMNS"] = columns
    code = "from tester.console import LabConsole; print(LabConsole().width)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert done.stdout == f"{width}\n"


def test_a_strangers_text_is_printed_as_it_is_and_does_nothing(capsys):
    say(LabConsole(), "[bold]:cat:[/] \x1b[2J" + "x" * 500)
    assert capsys.readouterr().out == "[bold]:cat:[/] " + "x" * 500 + "\n"


def test_progress_is_a_line_after_each_tenth_without_a_terminal(capsys):
    with counted_progress(LabConsole(), "measuring", 40, "trials") as notify:
        for number in (3, 1, 20, 0, 16):
            notify(number)
    lines = [f"{done} of 40 trials" for done in (4, 24, 40)]
    assert capsys.readouterr().out.splitlines() == lines


def test_progress_is_a_bar_on_a_terminal():
    out = io.StringIO()
    console = Console(file=out, force_terminal=True)
    with counted_progress(console, "measuring", 40, "trials") as notify:
        notify(40)
    assert "measuring" in out.getvalue()
    assert "40/40" in out.getvalue()
