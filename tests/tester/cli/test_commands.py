"""The registry of commands: a line and a module make a command."""

import sys
import types

import pytest

import grade
from tester.cli.command import Command, ExitStatus
from tester.cli.commands import COMMANDS, DEFAULT, load_command
from tester.console import say


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_module(name):
    assert isinstance(load_command(name), Command)


def test_grading_is_meant_where_no_command_is_typed():
    assert DEFAULT == "grade"


def test_a_module_and_a_line_make_a_command(monkeypatch, capsys):
    module = types.ModuleType("tester.cli.check_suite")

    def run(options, console):
        say(console, f"checked {options.what}")
        return ExitStatus.FOUND

    module.COMMAND = Command(lambda parser: parser.add_argument("what"), run)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(COMMANDS, "check-suite", "check a suite")
    assert grade.main(["check-suite", "lab2"]) == ExitStatus.FOUND
    assert capsys.readouterr().out == "checked lab2\n"
    with pytest.raises(SystemExit):
        grade.main(["check-suite", "--help"])
    assert "Check a suite." in capsys.readouterr().out


@pytest.mark.slow
def test_a_command_that_needs_little_loads_little(shell, tmp_path):
    """`new` starts at once, since it imports no tests and no machinery of grading."""
    code = (
        "import sys, grade; grade.main(['new', 'mine']); "
        "print([name for name in sys.modules if name in "
        "('tester.grading.grader', 'tester.workers.pool')])"
    )
    done = shell(f'{sys.executable} -c "{code}"', tmp_path)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
