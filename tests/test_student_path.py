"""A student's path on systems that lack what Linux has (tests/no_posix)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def hidden(tmp_path):
    """Return a function that runs a command as on another system."""

    def run(system, *command):
        # Plugins that no student has, and that need what is hidden, or half of the time.
        added = "-p no:hypothesispytest -p no:benchmark"
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        hides = {"PYTHONPATH": str(ROOT / "tests/no_posix" / system)}
        return subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env=os.environ | hides | {"PYTEST_ADDOPTS": added, "PATH": path},
            capture_output=True,
            text=True,
        )

    return run


@pytest.mark.slow
def test_the_path_of_a_student_needs_nothing_that_windows_lacks(hidden):
    done = hidden("windows", ROOT / ".ci/student.py", "initial_election")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no memory limit on this system" in done.stdout


def test_a_graded_test_needs_nothing_that_macos_lacks(hidden):
    test = ROOT / "tests/lab2/test_2a_election.py::test_initial_election"
    done = hidden("macos", "-m", "pytest", "-p", "no:cacheprovider", test)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no memory limit on this system" in done.stdout
