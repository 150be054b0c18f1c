"""`--isolation process` from outside: the same run, its replay, and wrong uses."""

import re
import sys

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="processes are isolated by what only Linux has"
)

# It fails only where each server has a process, with less memory than all have together.
GREEDY = """
def set_up(self):
    if self.me == 0:
        self.hoard = bytearray(300 << 20)
"""


def lab(shell, directory, project, *options):
    return shell(
        f"pytest -p no:cacheprovider {project}/tests/lab2 -k initial_election "
        f"{' '.join(options)}",
        directory,
    )


@pytest.mark.slow
def test_a_run_has_the_same_digest_in_both_hostings(shell, project, tmp_path):
    digests = []
    for isolation in ("none", "process"):
        options = f"--isolation {isolation} --seed 5 --lab-digest"
        done = lab(shell, tmp_path, project, options)
        assert done.returncode == 0, done.stdout
        digests.append(re.findall(r"^(\w{32})  test_initial", done.stdout, re.M))
    assert digests[0] == digests[1] != []


@pytest.mark.slow
def test_a_failure_of_isolation_is_replayed_by_its_command(
    shell, dictator, project, tmp_path
):
    submission = f"--submission {dictator(GREEDY).path}"
    here = lab(shell, tmp_path, project, submission)
    assert "memory limit" not in here.stdout
    there = lab(shell, tmp_path, project, submission, "--isolation process")
    assert "take more than 256 MB" in there.stdout, there.stdout
    command = re.search(r"^ *replay: (.*)$", there.stdout, re.M)[1]
    assert "--isolation process" in command
    (tmp_path / "elsewhere").mkdir()
    again = shell(command, tmp_path / "elsewhere")
    assert again.returncode == 1
    assert "take more than 256 MB" in again.stdout


@pytest.mark.parametrize("option", ["--real-time", "--pdb"])
def test_isolation_is_refused_where_servers_must_be_in_this_process(
    option, shell, project, tmp_path
):
    done = lab(shell, tmp_path, project, "--isolation process", option)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"{option} needs the servers in this process" in done.stderr
