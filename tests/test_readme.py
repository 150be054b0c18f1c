"""The README: its failing run is real, its options exist, its folders are there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import grade
from tester.cli.commands import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
OPTION = re.compile(r"--[a-z][a-z-]+")


def section(title):
    """Return a section, with its subsections."""
    level = title.partition(" ")[0]
    text = README.partition(f"\n{title}\n")[2]
    return re.split(rf"\n{level} ", text)[0]


def without_line_numbers(text):
    """Return text in which an edit of a test's file changes nothing."""
    return re.sub(r"\.py:\d+ in ", ".py in ", text)


@pytest.mark.slow
def test_the_failing_run_is_what_its_command_prints():
    block = README.partition("<!-- checked: failing run -->")[2].partition("\n## ")[0]
    command, *lines = [line[4:] for line in block.strip("\n").splitlines()]
    words = command.removeprefix("$ pytest ").split()
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            *words,
            "--seed",
            "0",
            "-p",
            "no:cacheprovider",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    printed = iter(without_line_numbers(done.stdout).splitlines())
    for line in filter(None, map(without_line_numbers, lines)):
        # An ellipsis stands for some characters, or for whole lines.
        shape = re.compile(".*".join(map(re.escape, line.split("…"))))
        assert any(shape.fullmatch(found) for found in printed), line


def command_options(command, capsys):
    """Return the options that a command's help names."""
    with pytest.raises(SystemExit):
        grade.main([command, "--help"])
    return set(OPTION.findall(capsys.readouterr().out)) - {"--help"}


def test_the_section_on_grading_has_every_option_and_no_other(capsys):
    named = set(OPTION.findall(section("## Grading")))
    known = {command: command_options(command, capsys) for command in COMMANDS}
    assert known["grade"] <= named
    assert known["regrade"] <= named
    assert named <= set().union(*known.values())


@pytest.mark.slow
def test_the_section_on_pytest_has_every_option_and_no_other():
    command = [sys.executable, "-m", "pytest", "--help", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    group = done.stdout.partition("\nRaft lab:\n")[2].partition("\n\n")[0]
    known = set(re.findall(r"^  (--[a-z-]+)", group, re.MULTILINE))
    assert known
    assert set(OPTION.findall(section("### Options of pytest"))) == known


def test_every_folder_of_code_is_in_the_table_and_no_other():
    table = section("## Design")
    for package in ("labrpc", "tester"):
        (row,) = re.findall(rf"^\| `{package}/` \|(.*)\|$", table, re.MULTILINE)
        named = set(re.findall(r"`(\w+)/`", row))
        folders = {path.parent.name for path in (ROOT / package).glob("*/*.py")}
        assert named == folders


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_named(command):
    assert command == "grade" or f"raft-lab {command}" in README


PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)[^):]*\)", page.read_text()):
        assert (page.parent / target).exists(), target
