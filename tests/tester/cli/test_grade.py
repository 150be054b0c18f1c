"""The command `grade`: wrong usage, --fail-under, and what is shown."""

import os
import pty
import re
import shutil
import subprocess
import sys

import pytest
from rich.console import Console

import grade
from tester.cli.grade_report import report_below
from tester.scoring.grades import Grade, grade_tests
from tester.verdict import Run, Verdict

ONE_TEST = ["--tests", "test_initial_election"]
QUICK = ["--jobs", "1", "--isolation", "none"]


# Wrong usage.


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["/no/such/place"], "/no/such/place does not exist"),
        (["grade"], "the following arguments are required: PATH"),
        (["RAFT", "--parts", "2A,9Z"], "no part 9Z; there are 2A, 2B, 2C, 2D"),
        (["RAFT", "--tests", "no_such_test"], "no graded test matches 'no_such_test'"),
        (["RAFT", "--tests", "a and"], "'a and' is not an expression"),
        (["RAFT", "--seeds", "0"], "--seeds: '0' is not a whole number from 1 to"),
        (["RAFT", "--seed", "one"], "--seed: 'one' is not a whole number from 0 to"),
        (["RAFT", "--seed", "-1"], "--seed: '-1' is not a whole number from 0 to"),
        (["RAFT", "--seed", str(1 << 63)], "is not a whole number from 0 to"),
        (["RAFT", "--seeds", "10001"], "is not a whole number from 1 to 10000"),
        (["RAFT", "--jobs", "-1"], "--jobs: '-1' is not a whole number from 1 on"),
        (["RAFT", "--budget", "0"], "--budget: '0' is not a whole number from 1 on"),
        (["RAFT", "--fail-under", "all"], "'all' is not a number from 0 to 100"),
        (["RAFT", "--fail-under", "101"], "'101' is not a number from 0 to 100"),
        (["RAFT", "--isolation", "thread"], "--isolation: invalid choice: 'thread'"),
        (["RAFT", "--sedes", "3"], "no option --sedes (did you mean --seeds?)"),
        (["RAFT", "--resume", "--fresh"], "--resume and --fresh contradict each other"),
        (["RAFT", "--shard", "4/3"], "--shard: '4/3' is no shard such as 3/40"),
        (
            ["RAFT", "--shard", "1/2", "--fail-under", "9"],
            "give --fail-under to `merge`",
        ),
        (["RAFT", "--out", "FILE"], "--out: cannot write to"),
    ],
)
def test_wrong_usage_ends_in_one_line(capsys, example, tmp_path, arguments, words):
    (tmp_path / "file").write_text("")
    stand_for = {"RAFT": str(example("raft")), "FILE": str(tmp_path / "file" / "x")}
    status = grade.main([stand_for.get(word, word) for word in arguments])
    said = capsys.readouterr()
    assert status == 2
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert line.startswith("raft-lab: ")
    assert words in line


# Lab 3.


@pytest.mark.slow
def test_services_are_graded_by_the_suite_of_lab_3(tmp_path, project, capsys):
    for name, packages in (("amy", ("rsm", "kv")), ("bob", ("rsm",))):
        for package in packages:
            source = project / "tests/services/kv_threads" / package
            shutil.copytree(source, tmp_path / "class" / name / package)
    status = grade.main([
        str(tmp_path / "class"), "--lab", "3", "--tests", "rsm_basic or kv_versions",
        *QUICK, "--out", str(tmp_path / "out"),
    ])  # fmt: skip
    assert status == 0
    output = capsys.readouterr().out
    assert "amy: 4 of 4 points" in output
    # No kv/ yet: part 3A counts all the same.
    assert "bob: 2 of 4 points" in output
    report = (tmp_path / "out/submissions/bob/report.md").read_text()
    assert 'pytest --lab3 -k "test_kv_versions[" --seed 0' in report
    assert "A put succeeds if the key has the version that it names" in report
    again = ["regrade", "bob", "--out", str(tmp_path / "out"), "--jobs", "1"]
    assert grade.main(again) == 0, capsys.readouterr().out


# --fail-under.


@pytest.mark.slow
@pytest.mark.parametrize(("percent", "expected"), [("66.6", 0), ("66.7", 1)])
def test_fail_under(dictator, tmp_path, capsys, percent, expected):
    # A leader, worth 6 points, but no agreement, worth 3.
    deaf = dictator("def take(self, entry): pass")
    status = grade.main([
        str(deaf.path), "--tests", "basic_agreement or initial_election",
        "--fail-under", percent, "--jobs", "1", "--isolation", "none",
        "--out", str(tmp_path / "out"),
    ])  # fmt: skip
    output = capsys.readouterr().out
    assert "6 of 9 points" in output
    assert status == expected
    assert ("below --fail-under 66.7: fake (66.67 %)" in output) == bool(expected)


def test_who_is_stopped_while_the_suite_is_collected_is_stopped(
    capsys, example, tmp_path, monkeypatch
):
    monkeypatch.setattr(pytest, "main", lambda *_, **__: pytest.ExitCode.INTERRUPTED)
    status = grade.main([str(example("raft")), "--out", str(tmp_path / "out")])
    assert status == 130
    error = capsys.readouterr().err
    assert error.startswith("raft-lab: interrupted; the runs so far are kept, and ")


# What is shown.


@pytest.mark.slow
def test_on_a_terminal_no_color_is_heeded(example, tmp_path):
    try:
        ours, theirs = pty.openpty()
    except OSError as error:
        pytest.skip(f"no pseudo-terminal can be opened here: {error}")
    grader = subprocess.Popen(
        [sys.executable, "-m", "grade", str(example("only_2a")), *ONE_TEST, *QUICK],
        cwd=tmp_path,
        stdout=theirs,
        env=os.environ | {"NO_COLOR": "1", "TERM": "xterm-256color"},
    )
    os.close(theirs)
    shown = b""
    try:
        while data := os.read(ours, 1 << 16):
            shown += data
    except OSError:  # How a terminal says that nobody writes to it any more.
        pass
    assert grader.wait() == 0
    assert b"1 of 1" in shown
    colours = re.findall(rb"\x1b\[[\d;]*m", shown)
    assert not [code for code in colours if re.search(rb"[34]\d", code)]


@pytest.mark.slow
def test_no_escape_codes_reach_a_file(shell, example, tmp_path):
    done = shell(
        f"{sys.executable} -m grade {example('no_raft_class')} --tests election "
        + " ".join(QUICK),
        tmp_path,
        TERM="xterm-256color",
    )
    assert done.returncode == 0
    assert "module raft defines no class Raft" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("percent", "words"),
    [
        (40, ""),
        (60, "not known to reach --fail-under 60: s (at least 50.00 %, at most 100"),
        (50.5, "not known to reach --fail-under 50.5: s"),
    ],
)
def test_what_is_open_does_not_reach_fail_under(capsys, percent, words):
    runs = [
        Run(submission="s", part="2A", test=test, seed=0, points=3, verdict=verdict)
        for test, verdict in (("a", Verdict.PASSED), ("b", Verdict.UNKNOWN))
    ]
    grades = [Grade("s", "/s", grade_tests(runs))]
    found = report_below(Console(width=200), grades, percent)
    said = capsys.readouterr().out
    assert found == bool(words)
    assert words in said
