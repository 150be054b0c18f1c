"""The lab that docs/another_lab.md builds: its files, as they stand in the page."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[1] / "docs/another_lab.md"
# A section's heading names the file, and the section's block of code is its text.
SECTION = re.compile(r"^## .*: `(.+)`$", re.M)
CODE = re.compile(r"```python\n(.*?)```", re.S)
LINES_MAX = 200


@pytest.fixture(scope="module")
def files():
    """Return the page's files by name."""
    _, *parts = SECTION.split(PAGE.read_text())
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return {name: CODE.search(text)[1] for name, text in pairs}


@pytest.fixture
def run(files, tmp_path):
    """Return a function that runs a module's command in a folder with the files."""
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    def run(*command):
        added = "-q -p no:cacheprovider -p no:hypothesispytest -p no:benchmark"
        return subprocess.run(
            [sys.executable, "-m", *map(str, command)],
            cwd=tmp_path,
            env=os.environ | {"PYTEST_ADDOPTS": added},
            capture_output=True,
            text=True,
        ).stdout

    return run


def test_the_lab_is_small(files):
    assert set(files) == {
        "replica/__init__.py",
        "conftest.py",
        "test_primary_backup.py",
        "forgetful.py",
    }
    assert sum(len(text.splitlines()) for text in files.values()) < LINES_MAX


@pytest.mark.slow
def test_the_correct_submission_passes(run):
    assert "15 passed" in run("pytest")


@pytest.mark.slow
def test_the_mutant_fails_and_its_trace_can_be_read(run, tmp_path):
    broken = ("pytest", "--replica", "forgetful.py", "--basetemp", tmp_path / "runs")
    shown = run(*broken, "-k", "survive_the_primary and 3")
    lost = re.search(r"SubmissionError: server 1 has None for k(\d)$", shown, re.M)
    assert f"acknowledged was '{lost[1]}'" in shown
    (trace,) = tmp_path.glob("runs/*0/trace.jsonl")
    assert f"store(key='k{lost[1]}', value='{lost[1]}')" in run("grade", "trace", trace)
    assert "15 failed" in run(*broken, "--tb=no")
