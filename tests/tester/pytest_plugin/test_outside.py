"""What ends a run from outside: Ctrl-C and pytest-timeout, which judge nobody."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from labrpc.errors import CtrlC
from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions

from ..conftest import environment_of_child

# Computes almost all the time, and takes whatever is raised in it for its own.
SWALLOWS = """
def set_up(self):
    threading.Thread(target=self.work).start()

def work(self):
    while True:
        try:
            time.sleep(0.001)
            for _ in range(10**6):
                pass
        except BaseException:
            pass
"""


ASKS = "cluster.check_one_leader()"


@pytest.fixture
def long_suite(tmp_path):
    """Return a graded suite with a test that takes a minute of real time or more."""
    file = tmp_path / "test_own.py"
    file.write_text("""
import pytest, sys, time
from tester import codes
pytestmark = [
    pytest.mark.part("2A"), pytest.mark.points(1), pytest.mark.cluster(servers=3),
]

def test_first(cluster):
    cluster.sleep(1)

def test_waits(cluster):
    cluster.sleep(1)
    time.sleep(60)

def test_fails(cluster):
    cluster.fail(codes.CHECK_FAILED, "it is wrong")

def test_goes_on(cluster):
    print("GOES ON", file=sys.__stderr__, flush=True)
    while True:
        cluster.sleep(1)
        cluster.world.now_ns = 0  # So that no test is too long.

seen = []
def test_second(cluster):
    if seen:
        print("SECOND SEED", file=sys.__stderr__, flush=True)
        time.sleep(600)
    seen.append(1)
""")
    return file


@pytest.fixture
def pressed(long_suite, tmp_path):
    """Return a function that starts pytest and presses Ctrl-C once a line has come."""
    started = []

    def run(submission, wanted, *options, presses=1):
        command = [
            sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v", "-s",
            str(long_suite), "--submission", str(submission.path), *options,
        ]  # fmt: skip
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment_of_child(), text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        started.append(process)
        output = ""
        while not re.search(wanted, output):
            line = process.stdout.readline()
            assert line, output
            output += line
        for _ in range(presses):
            os.killpg(process.pid, signal.SIGINT)
        output += process.stdout.read()
        return process.wait(), output

    yield run
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.stdout.close()


# pytest-timeout.


@pytest.mark.slow
@pytest.mark.parametrize(
    ("test", "override", "workers"),
    [("waits", "", []), ("goes_on", SWALLOWS, []), ("goes_on", SWALLOWS, ["-n", "1"])],
)
def test_pytest_timeout_makes_the_run_unknown(
    test, override, workers, shell, long_suite, dictator, tmp_path
):
    words = [
        "pytest", "-p", "no:cacheprovider", str(long_suite), "-k", test, "--timeout=1", "-x",
        "--junitxml=junit.xml",
        "--seeds=50", "--submission", str(dictator(override).path), *workers,
    ]  # fmt: skip
    done = shell(shlex.join(words), tmp_path)
    assert done.returncode != 0
    out = done.stdout
    assert "UNKNOWN, not the submission's fault:" in out
    assert "pytest-timeout ended it after 1.0s: not the submission's fault" in out
    if override:
        assert re.search(r"it stood in server \d:\n +raft\.py:\d+ in work", out)
    # It was not tried again, nor any other seed of that item; -x ends the rest.
    assert f"test_{test}: 1 unknown, first at seed 0: pytest-timeout" in out
    assert "0 of 1 runs passed, 1 unknown; " in out
    assert not (tmp_path / ".lab/failures").exists()
    assert 'name="code" value="timed-out"' in (tmp_path / "junit.xml").read_text()


# KeyboardInterrupt.


@pytest.mark.slow
def test_a_server_that_raises_keyboard_interrupt_does_not_end_the_session(
    shell, long_suite, dictator, tmp_path
):
    king = dictator(
        "def get_state(self): raise KeyboardInterrupt\ndef hail(self): pass"
    ).path
    long_suite.write_text(
        f"{long_suite.read_text()}\ndef test_asks(cluster):\n    {ASKS}\n"
    )
    done = shell(
        f"pytest -p no:cacheprovider {long_suite} -k 'first or asks' --submission {king}",
        tmp_path,
    )
    assert done.returncode == 1
    assert "KeyboardInterrupt (raft.py:70), in thread 'get_state()'" in done.stdout
    assert "Interrupted" not in done.stdout
    assert "1 of 2 runs passed" in done.stdout


@pytest.mark.unmeasured
def test_a_server_cannot_swallow_ctrl_c(dictator, graded_tests):
    """Raised in the very thread that takes whatever is raised in it."""
    submission = dictator(SWALLOWS)
    test = graded_tests["test_re_election"]

    def press(cluster):
        cluster.world.after(10**7, lambda: signal.setitimer(signal.ITIMER_VIRTUAL, 0.1))
        cluster.sleep(100)

    before = signal.signal(signal.SIGVTALRM, lambda *_: os.kill(os.getpid(), 2))
    try:
        with pytest.raises(CtrlC):
            run_test(RunConditions(submission, replace(test, function=press), 0))
    finally:
        signal.signal(signal.SIGVTALRM, before)


# Ctrl-C.


@pytest.mark.slow
@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_ctrl_c_shows_what_has_been_done(workers, pressed, dictator, tmp_path):
    """One test never ends; before it, others have passed or failed.

    With two workers, one of them may not have come to all its failures yet.
    """
    many = ["-k", "first or fails or goes_on", "--seeds", "10", *workers]
    status, output = pressed(dictator(), "GOES ON", *many)
    assert status != 0
    passed = re.search(r"2A +test_first +(\d+) +0 ", output)
    failed = re.search(r"2A +test_fails +(\d+) +(\d+) ", output)
    assert passed, output
    assert failed, output
    runs = int(passed[1]), int(failed[1])
    assert runs == (10, 10) if not workers else min(runs) > 0, output
    assert failed[1] == failed[2]
    assert f"{runs[0]} of {sum(runs)} runs passed" in output
    kept = [
        json.loads(file.read_text()) for file in (tmp_path / ".lab/failures").iterdir()
    ]
    assert len(kept) == runs[1]
    first = min(failure["seed"] for failure in kept)
    assert first == 0 or workers
    assert f"test_fails: {runs[1]} failed, first at seed {first}: it is wrong" in output


@pytest.mark.slow
def test_ctrl_c_keeps_what_the_workers_have_not_come_to_report(pressed, dictator):
    """An item of two seeds: the first has passed, the second never ends."""
    many = ["-k", "second", "--seeds", "41", "-n", "1"]
    status, output = pressed(dictator(), "SECOND SEED", *many)
    assert status != 0
    assert "1 of 1 runs passed" in output, output


@pytest.mark.slow
@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_a_second_ctrl_c_ends_it_at_once(workers, pressed, dictator):
    many = ["-k", "goes_on", *workers]
    status, _ = pressed(dictator(SWALLOWS), "GOES ON", *many, presses=2)
    assert status != 0
