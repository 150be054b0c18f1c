"""`--preempt` from outside: a missing lock is found, and the run comes back exactly."""

import json
import re

import pytest

# Two starts at a time read the same number, if the first loses its turn.
UNLOCKED = """
def start(self, command):
    if self.me != 0:
        return -1, 1, False
    number = self.started + 1
    for _ in range(100):
        number = number
    self.started = number
    for peer in self.peers:
        self.send(peer, (number, command))
    return number, 1, True
"""
TEST = "test_concurrent_starts"


def lab(shell, directory, project, submission, *options):
    return shell(
        f"pytest -p no:cacheprovider {project}/tests/lab2 -k {TEST} "
        f"--submission {submission.path} --lab-digest {' '.join(options)}",
        directory,
    )


@pytest.fixture
def unlocked(dictator):
    return dictator(UNLOCKED)


@pytest.mark.slow
def test_a_missing_lock_fails_only_with_preemption_and_is_replayed(
    shell, unlocked, project, tmp_path
):
    plain = lab(shell, tmp_path, project, unlocked, "--seeds 5")
    assert plain.returncode == 0, plain.stdout
    failed = lab(shell, tmp_path, project, unlocked, "--seeds 5 --preempt")
    assert failed.returncode == 1
    assert "(Leader Append-Only, Figure 3)" in failed.stdout

    command = re.search(r"^ *replay: (.*)$", failed.stdout, re.M)[1]
    assert command.endswith("--preempt --lab-trace")
    seed = re.search(r"--seed (\d+)", command)[1]
    digest = re.search(rf"^(\w{{32}})  {TEST} seed {seed}$", failed.stdout, re.M)[1]
    (tmp_path / "elsewhere").mkdir()
    again = shell(f"{command} --lab-digest", tmp_path / "elsewhere", PYTHONHASHSEED="3")
    assert again.returncode == 1
    assert digest in again.stdout
    trace = next((tmp_path / "elsewhere/.lab/traces").iterdir())
    assert json.loads(trace.read_text().splitlines()[0])["preempt"] is True

    # It is tried again only in the way that it failed.
    alone = lab(shell, tmp_path, project, unlocked, "--lab-failed")
    assert "0 of" not in alone.stdout
    assert "(Leader Append-Only" not in alone.stdout
    alone = lab(shell, tmp_path, project, unlocked, "--lab-failed --preempt")
    assert "(Leader Append-Only, Figure 3)" in alone.stdout


@pytest.mark.slow
def test_the_grader_preempts_too(shell, unlocked, project, tmp_path):
    command = f"python {project}/grade.py {unlocked.path} --tests {TEST} --seeds 3"
    command += " --isolation none"
    assert "3 of 3 runs passed" in shell(command, tmp_path).stdout
    done = shell(f"{command} --preempt", tmp_path)
    runs = json.loads((tmp_path / "grades/results.json").read_text())["runs"]
    failed = [run for run in runs if run["verdict"] == "failed"]
    assert failed, done.stdout
    assert all("--preempt" in run["replay"] for run in failed)


@pytest.mark.slow
def test_the_determinism_check_preempts_both_runs(shell, example, project, tmp_path):
    done = shell(
        f"pytest -p no:cacheprovider {project}/tests/lab2 -k {TEST} --preempt "
        f"--submission {example('raft')} --lab-check-determinism",
        tmp_path,
    )
    assert done.returncode == 0, done.stdout


def test_real_threads_lose_their_turn_anyway(shell, unlocked, project, tmp_path):
    suite = f"{project}/tests/lab2 --submission {unlocked.path}"
    done = shell(f"pytest {suite} --preempt --real-time", tmp_path)
    assert done.returncode == 4
    assert "--preempt needs runs that repeat" in done.stderr
