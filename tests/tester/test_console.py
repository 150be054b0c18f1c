"""What a command prints: as it is, and without harm to the command if nobody reads it."""

import os
import subprocess
import sys

import pytest

from tester.console import LabConsole, say
from tester.grading import journal as ledger

UNREAD = {"a pipe that is closed": "| true", "no output at all": ">&-"}


@pytest.fixture
def unread(shell, tmp_path):
    """Return a function that runs grade.py unread: exit status, and errors."""

    def run(arguments, how):
        command = f"set -o pipefail; {sys.executable} -m grade {arguments} {how}"
        # Then Python writes at its end, after all has been said and done.
        done = shell(f"bash -c '{command}'", tmp_path, PYTHONUNBUFFERED=None)
        return done.returncode, done.stderr

    return run


@pytest.mark.parametrize("how", UNREAD.values(), ids=UNREAD)
def test_a_grading_that_nobody_watches_goes_on(unread, dictator, tmp_path, how):
    kings = dictator("def get_state(self): return 1, True")
    what = f"{kings.path} --tests initial_election --jobs 1 --isolation none"
    assert unread(f"{what} --fail-under 50 --out out", how) == (1, "")
    record = ledger.read(tmp_path / "out")
    assert record.finished
    assert len(record.runs) == 2


@pytest.mark.parametrize("how", UNREAD.values(), ids=UNREAD)
@pytest.mark.parametrize("arguments", ["--help", "rubric"])
def test_other_commands_end_well_though_nobody_reads(unread, arguments, how):
    assert unread(arguments, how) == (0, "")


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
