"""A student's path on systems that lack what Linux has (tests/no_posix)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("system", ["windows", "macos"])
def test_the_path_of_a_student_needs_nothing_that_the_system_lacks(system):
    hides = str(ROOT / "tests/no_posix" / system)
    # Plugins that no student has, and that need what is hidden, or half of the time.
    added = "-p no:hypothesispytest -p no:benchmark"
    bin_ = str(Path(sys.executable).parent)
    path = os.pathsep.join([bin_, os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, ROOT / ".ci/student.py", "initial_election"],
        env=os.environ | {"PYTHONPATH": hides, "PYTEST_ADDOPTS": added, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    is_hidden = "no memory limit on this system" in done.stdout
    assert is_hidden, "nothing was hidden"
