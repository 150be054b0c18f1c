"""A student's path from the starter to a passing Raft, as on any system.

    python .ci/student.py [EXPRESSION]

Writes a starter, sees its first test fail, replays the failure with the printed
command, reads its trace, and passes the graded tests that match the expression (as in
pytest's -k; all by default) with the reference in the starter's place. Where servers
cannot have processes of their own, the lab says so in one sentence. It needs an installed
lab, and nothing of POSIX.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTEST = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
LAB = [sys.executable, str(ROOT / "grade.py")]


def run(command, directory, status):
    """Run a command, a list or a line for the shell; return what it has printed."""
    is_line = isinstance(command, str)
    done = subprocess.run(
        command, cwd=directory, shell=is_line, capture_output=True, encoding="utf-8",
        errors="replace", env=os.environ | {"PYTHONUTF8": "1"},
    )  # fmt: skip
    output = done.stdout + done.stderr
    line = command if is_line else " ".join(command)
    print(f"$ {line}\n{output}", flush=True)
    assert done.returncode == status, f"exit status {done.returncode}, not {status}"
    return output


def main(expression):
    """Walk the whole path, in a temporary directory."""
    with tempfile.TemporaryDirectory() as folder:
        starter = Path(folder).resolve() / "my-raft"
        run([*LAB, "new", str(starter)], folder, 0)
        # The hash seed lets pytest start again, and so does its replay command.
        first = [*PYTEST, "-k", "initial_election", "--hash-seed", "7"]
        failing = run(first, starter, 1)
        assert f"submission {starter}" in failing
        reason = "no leader after 5 s"
        assert reason in failing
        # Where CI is set, pytest shows a failure twice.
        (replay,) = set(re.findall(r"^replay: (.*)", failing, re.M))
        shells = [replay]
        if shutil.which("pwsh"):
            shells.append(["pwsh", "-NoProfile", "-Command", replay])
        for line in shells:
            assert reason in run(line, starter, 1)
        (trace,) = (starter / ".lab" / "traces").iterdir()
        assert "election" in run([*LAB, "trace", str(trace)], starter, 0)
        refused(starter)
        shutil.copytree(ROOT / "raft", starter / "raft", dirs_exist_ok=True)
        # Without --basetemp pytest calls os.getuid, except on Windows.
        options = ["--basetemp", str(Path(folder) / "temporary")]
        options += ["-k", expression] if expression else ["-n", "2"]
        passing = run([*PYTEST, "-v", *options], starter, 0)
        assert "tried twice" not in passing


def refused(starter):
    """Check that what needs Linux says so in one sentence."""
    if not hasattr(os, "pidfd_open"):
        sentence = "need Linux 5.3 or later (on Windows, WSL)"
        output = run([*PYTEST, "--isolation", "process"], starter, 4)
        assert sentence in output
        assert "Traceback" not in output
    if not hasattr(os, "fork"):
        output = run([*LAB, str(starter)], starter, 2)
        assert len(output.splitlines()) == 1
        assert "needs Linux (on Windows, WSL)" in output


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
