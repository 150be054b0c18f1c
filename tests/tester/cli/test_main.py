"""Which command a command line means, what is reported, and how the process ends."""

import errno
import json
import re
import signal
import subprocess
import sys
import time
import tomllib
import types

import pytest

import grade
from tester.cli import main as cli
from tester.cli.command import Command, ExitStatus
from tester.cli.commands import COMMANDS
from tester.grading import journal

UNREAD = {"a pipe that is closed": "| true", "no output at all": ">&-"}


@pytest.fixture
def in_folder(tmp_path, monkeypatch):
    """Enter a new folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def printed_by(arguments, capsys):
    """Return what a command line that asks for help or the version prints."""
    with pytest.raises(SystemExit) as ended:
        grade.main(arguments)
    assert not ended.value.code
    return capsys.readouterr().out


def error_of(arguments, capsys):
    """Return the one line in which a wrong command line ends."""
    assert grade.main(arguments) == ExitStatus.USAGE
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    return line


# Which command is meant.


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["raft"], "grade"),
        (["./new"], "grade"),
        (["--seeds", "3", "raft"], "grade"),
        (["grade", "new"], "grade"),
        (["new", "grade"], "new"),
    ],
)
def test_without_a_command_a_path_is_graded(in_folder, arguments, command):
    for name in ("raft", "new", "grade"):
        (in_folder / name).mkdir()
    _, options = cli.parse("raft-lab", arguments)
    assert options.command == command


def test_a_word_that_is_neither_command_nor_path_is_refused(in_folder, capsys):
    assert error_of(["tarce", "x"], capsys) == (
        "raft-lab: 'tarce' is neither a path here nor a command (did you mean trace?); "
        f"the commands are {', '.join(COMMANDS)}; see raft-lab --help"
    )
    assert "did you mean" not in error_of(["bob"], capsys)


def test_no_arguments_at_all_are_answered_with_what_there_is(capsys):
    line = error_of([], capsys)
    assert line.startswith("raft-lab: name what to grade, or a command: grade, ")


HINT = "; to grade the folder or file `new` that lies here, type raft-lab ./new"


def test_a_folder_named_as_a_command_is_pointed_out_if_the_arguments_do_not_fit(
    in_folder, capsys
):
    assert HINT not in error_of(["new"], capsys)
    (in_folder / "new").mkdir()
    assert error_of(["new"], capsys).endswith(HINT)
    assert error_of(["new", "--seeds", "3"], capsys).endswith(HINT)
    assert error_of(["new", "a", "b"], capsys).endswith(HINT)
    # These fit; the folder `a` is not empty.
    (in_folder / "a" / "b").mkdir(parents=True)
    assert HINT not in error_of(["new", "a"], capsys)


# Help, version, and the program's name.


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(capsys, command):
    text = printed_by([command, "--help"], capsys)
    assert text.startswith(f"usage: raft-lab {command} ")


def test_help_lists_every_command(capsys):
    text = printed_by(["--help"], capsys)
    for command in COMMANDS:
        assert re.search(rf"^    {command}\s", text, re.MULTILINE)
    assert text.startswith("usage: raft-lab PATH… [options]\n")


def test_the_version_is_that_of_the_package_and_of_python(capsys):
    pattern = r"raft-lab \S+ \(Python 3\.\d+\.\d+\S*\)\n"
    assert re.fullmatch(pattern, printed_by(["--version"], capsys))


TYPED = {
    "raft-lab": "raft-lab",
    "/venv/bin/raft-grade": "raft-grade",
    "../lab/grade.py": "grade.py",
}


@pytest.mark.parametrize(("typed", "program"), TYPED.items())
def test_messages_name_the_program_that_was_typed(
    monkeypatch, capsys, in_folder, typed, program
):
    monkeypatch.setattr(sys, "argv", [typed, "new"])
    assert grade.main() == ExitStatus.USAGE
    error = capsys.readouterr().err
    assert error.startswith(f"{program}: the following arguments are required: DIR")
    assert f"see {program} new --help" in error


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "program"),
    [("-m grade", "python -m grade"), ("{project}/grade.py", "grade.py")],
)
def test_messages_name_python_where_it_was_typed(
    shell, project, tmp_path, command, program
):
    done = shell(f"{sys.executable} {command} new".format(project=project), tmp_path)
    assert done.returncode == ExitStatus.USAGE
    assert done.stderr.startswith(f"{program}: the following arguments are required")


def test_the_package_installs_the_program_under_both_names(project):
    content = tomllib.loads((project / "pyproject.toml").read_text())
    expected = {"raft-lab": "grade:main", "raft-grade": "grade:main"}
    assert content["project"]["scripts"] == expected


# How a command ends.


@pytest.fixture
def ends_with(monkeypatch):
    """Return a function that lets each command raise something."""

    def install(exception, after_stop=""):
        def run(options, console):
            raise exception

        command = Command(lambda parser: None, run, after_stop)
        monkeypatch.setattr(cli, "load_command", lambda name: command)

    return install


def test_ctrl_c_is_reported_with_what_to_do_next(ends_with, capsys):
    ends_with(KeyboardInterrupt(), "type it again")
    assert grade.main(["rubric"]) == ExitStatus.INTERRUPTED
    assert capsys.readouterr().err == "raft-lab: interrupted; type it again\n"


def test_a_full_disk_is_reported_with_the_file(ends_with, capsys):
    ends_with(OSError(errno.ENOSPC, "No space left", "/x/journal"), "make room")
    assert grade.main(["rubric"]) == ExitStatus.USAGE
    expected = "raft-lab: the disk failed: No space left (/x/journal); make room\n"
    assert capsys.readouterr().err == expected


def test_another_error_is_the_labs_own_and_is_not_hidden(ends_with):
    ends_with(PermissionError(errno.EACCES, "not yours"))
    with pytest.raises(PermissionError):
        grade.main(["rubric"])


def test_a_strangers_text_in_an_error_does_nothing_to_the_terminal(capsys):
    assert "\x1b" not in error_of(["/no/\x1b[2Jplace"], capsys)


def test_signals_are_handled_as_before_once_a_command_has_ended(in_folder, capsys):
    before = signal.getsignal(signal.SIGTERM)
    grade.main(["new"])
    assert signal.getsignal(signal.SIGTERM) is before


# Nobody reads it, or in a terminal that knows few letters.


@pytest.fixture
def unread(shell, tmp_path):
    """Return a function that runs a command line unread: exit status, and errors."""

    def run(arguments, how):
        command = f"set -o pipefail; {sys.executable} -m grade {arguments} {how}"
        # Then Python writes at its end, after all has been printed.
        done = shell(f"bash -c '{command}'", tmp_path, PYTHONUNBUFFERED=None)
        return done.returncode, done.stderr

    return run


@pytest.mark.slow
@pytest.mark.parametrize("how", UNREAD.values(), ids=UNREAD)
def test_a_grading_that_nobody_watches_goes_on(unread, dictator, tmp_path, how):
    kings = dictator("def get_state(self): return 1, True")
    what = f"{kings.path} --tests initial_election --jobs 1 --isolation none"
    assert unread(f"{what} --fail-under 50 --out out", how) == (1, "")
    record = journal.read(tmp_path / "out")
    assert record.finished
    # A failed run is written down once more when its picture has been drawn.
    assert {(run.test, run.seed) for run in record.runs} == {
        ("test_initial_election", 0)
    }


@pytest.mark.slow
@pytest.mark.parametrize("how", UNREAD.values(), ids=UNREAD)
@pytest.mark.parametrize("arguments", ["--help", "rubric"])
def test_other_commands_end_well_though_nobody_reads(unread, arguments, how):
    assert unread(arguments, how) == (0, "")


@pytest.mark.slow
def test_where_there_are_only_ascii_letters_others_are_spelt_out(shell, tmp_path):
    posix = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = shell(f"{sys.executable} -m grade --help", tmp_path, **posix)
    assert done.returncode == 0, done.stderr
    assert "PATH\\u2026" in done.stdout
    done = shell(f"{sys.executable} -m grade ./Zoë", tmp_path, **posix)
    assert done.returncode == ExitStatus.USAGE
    assert "Zo\\xeb does not exist" in done.stderr
    # The name was understood: otherwise it would be a folder that nothing can be put in.
    (tmp_path / "Zoë").mkdir()
    done = shell(f"{sys.executable} -m grade ./Zoë", tmp_path, **posix)
    assert "Zo\\xeb is neither a submission nor a folder of submissions" in done.stderr


# Stopped from outside.


def ignore_ctrl_c():
    """Begin as a job that a script starts in the background, or nohup."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("signals", "begin", "expected"),
    [
        ([signal.SIGINT], None, ExitStatus.INTERRUPTED),
        ([signal.SIGTERM] * 2, ignore_ctrl_c, ExitStatus.TERMINATED),
    ],
)
def test_who_is_stopped_keeps_what_is_done_and_leaves_the_rest_unknown(
    example, tmp_path, signals, begin, expected
):
    command = [
        sys.executable, "-m", "grade", str(example("wrong_init")), str(example("raft")),
        "--tests", "basic_agreement", "--seeds", "5000", "--jobs", "1",
        "--isolation", "none",
    ]  # fmt: skip
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, preexec_fn=begin
    ) as grader:
        assert grader.stdout is not None
        # The one that does not load is through, so thousands of runs are to come.
        first = next(line for line in grader.stdout if line.startswith(b"["))
        assert b"[1/2] wrong_init: 0 of 5000 runs" in first
        for number in signals:
            grader.send_signal(number)
            time.sleep(0.01)  # Or else the second one may be taken for the first.
        output = grader.stdout.read().decode()
    assert grader.returncode == expected
    assert "interrupted: the runs so far are kept, --resume continues" in output
    results = json.loads((tmp_path / "grades/results.json").read_text())
    # Runs of what does not load are not listed one by one.
    rest = results["runs"]
    assert len(rest) == 5000
    assert {run["submission"] for run in rest} == {"raft"}
    (unloaded,) = [g for g in results["submissions"] if g["submission"] == "wrong_init"]
    assert unloaded["load_error"]
    assert rest[-1]["verdict"] == "unknown"
    assert rest[-1]["code"] == "not-run"
    assert rest[-1]["reason"].startswith("it has not run")
    assert {run["verdict"] for run in rest} <= {"passed", "unknown"}


def test_ctrl_c_while_modules_are_imported_is_one_line(monkeypatch, capsys):
    class Importing(types.ModuleType):
        def __getattr__(self, name):
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "tester.cli.main", Importing("main"))
    assert grade.main(["--version"]) == ExitStatus.INTERRUPTED
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "raft-lab: interrupted\n")
