"""A debugger's prompt stops the world, and looking leaves no trace."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ELECTION = f"{ROOT}/tests/lab2/test_2a_election.py::test_initial_election"
FIGURE_8 = f"{ROOT}/tests/lab2/test_2c_persistence.py::test_figure_8"


def run(directory, test, submission, commands, *options):
    """Run one graded test at seed 0, with `commands` typed at its prompts."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", test, "--seed", "0", "-p", "no:cacheprovider",
         "--submission", str(submission), "--lab-digest", *options],
        cwd=directory, input="\n".join([*commands, ""]), capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout


def digest(output):
    (found,) = re.findall(r"^([0-9a-f]{32})  test_", output, re.MULTILINE)
    return found


@pytest.fixture
def stopping(tmp_path):
    """The reference, with a breakpoint in its vote handler."""
    shutil.copytree(ROOT / "raft", tmp_path / "raft")
    file = tmp_path / "raft" / "raft.py"
    handler = "def request_vote(self, args: RequestVoteArgs) -> RequestVoteReply:\n"
    source = file.read_text()
    assert handler in source
    file.write_text(source.replace(handler, f"{handler}        breakpoint()\n"))
    return tmp_path


def test_breakpoint_stops_in_the_submission_and_lab_shows_the_cluster(stopping):
    output = run(stopping, ELECTION, stopping, ["p args", "lab()", "c", "c"])
    assert "RequestVoteArgs(term=1" in output
    assert re.search(r"at 0\.\d{6} s of virtual time", output)
    assert "is running" in output
    assert re.search(r"server \d: not leader, term 1 when last asked", output)
    assert "waits for the reply of server" in output
    assert "1 of 1 runs passed" in output


def test_looking_changes_nothing_in_the_run(stopping, tmp_path):
    looked = run(stopping, ELECTION, stopping, ["lab()", "n", "lab()", "c", "c"])
    plain = run(tmp_path, ELECTION, ROOT / "raft", [])
    assert digest(looked) == digest(plain)


def test_pdb_stops_where_the_property_broke_with_the_cluster_open(tmp_path):
    broken = ROOT / "tests" / "submissions" / "counts_older_terms"
    commands = ["lab()", "up", "up", "up", "up", "up", "p cluster.now", "q"]
    output = run(tmp_path, FIGURE_8, broken, commands, "--pdb")
    assert "PDB post_mortem" in output
    assert "(State Machine Safety, Figure 3)" in output
    assert "when last asked; applied up to index" in output
