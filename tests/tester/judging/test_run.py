"""One graded run: its verdict, its numbers, and what a failure reports."""

import json
import re
import sys
from pathlib import Path

import msgspec
import pytest

from labrpc.errors import LabError
from labrpc.submission.submission import Submission
from labrpc.world.world import World
from tester.codes import TERM_ROSE
from tester.judging.graded_test import GradedTest
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions
from tester.verdict import Run, Verdict, run_warnings


def steps_of(*steps):
    """Return a graded test of this file's that does these steps."""

    def scenario(cluster):
        """Do the steps."""
        for step in steps:
            step(cluster)

    return GradedTest("test_own", "2A", 5, scenario, Path(__file__), servers=3)


def test_a_passed_run_has_its_numbers(run_scenario):
    run = run_scenario("test_basic_agreement")
    assert run.verdict is Verdict.PASSED
    assert run.reason == run.evidence == ""
    assert (run.part, run.points, run.seed, run.servers) == ("2B", 3, 0, 3)
    # Two servers hail the leader twice. It sends three commands to each of the three.
    assert (run.rpcs, run.commits) == (13, 3)
    assert run.bytes > 13
    assert 0 < run.virtual_s < 1
    assert run.digest == ""
    assert re.fullmatch(
        r" +0\.\d s  3 servers  +13 RPCs  +\d+ bytes     3 commits", run.summary()
    )


def test_a_failure_tells_when_where_and_what_is_known(run_scenario):
    run = run_scenario(
        "test_basic_agreement",
        """
        def take(self, entry):
            print("deaf to", entry)
        """,
        seed=4,
    )
    assert run.verdict is Verdict.FAILED
    assert run.reason.startswith("server 0 accepted command 100 at index 1")
    assert "\n" not in run.reason
    assert re.search(r"at 2\.\d{6} s of virtual time, seed 4", run.evidence)
    assert re.search(
        r"in the scenario: test_2b_log\.py:\d+ in test_basic_agreement: found = ",
        run.evidence,
    )
    assert (
        "server 2: not leader, term 1 when last asked; applied up to index 0"
        in run.evidence
    )
    assert re.search(r"0\.\d+ s  server 1: deaf to \(1, 100\)", run.evidence)
    assert "--seed 4" in run.replay
    assert run.report().splitlines()[0] == run.reason
    assert run.report().splitlines()[-1] == f"replay: {run.replay}"


# Some megabytes, each character of which takes six in JSON.
BIG = "('\\x01' * 2_000_000)"


@pytest.mark.parametrize(
    "override",
    [
        "def apply(self, index, command): self.apply_ch.put(ApplyMsg(True, 1, BIG))",
        "def apply(self, index, command): self.apply_ch.put(ApplyMsg(True, BIG, 1))",
        "def apply(self, *_): self.apply_ch.put(ApplyMsg(False, snapshot_valid=True,"
        " snapshot=b'', snapshot_index=BIG))",
        "def start(self, command): return BIG, 1, True",
        "def take(self, entry): raise ValueError(BIG)",
        "def take(self, entry): raise type('E' + BIG, (Exception,), {})()",
        "def set_up(self): raise ModuleNotFoundError(BIG)",
        "def set_up(self): raise SystemExit(BIG)",
        "def take(self, entry): threading.current_thread().name = BIG; 1 / 0",
        "def take(self, entry): print(BIG * 2); print(('x' * 9_000 + '\\n') * 50); 1 / 0",
    ],
)  # fmt: skip
def test_what_a_submission_says_takes_little_room(run_scenario, override):
    run = run_scenario("test_basic_agreement", override.replace("BIG", BIG))
    assert run.verdict is Verdict.FAILED
    assert len(msgspec.json.encode(run)) < 100_000, run.reason[:300]
    assert len(run.reason) <= 1_001


def test_warnings_of_a_run_take_little_room():
    found = {str(n) + "\ud800" * 10_000: TERM_ROSE for n in range(100)}
    assert len(msgspec.json.encode(run_warnings(found))) < 700_000
    world = World(1, "warnings", lambda *_: None)
    for n in range(10_000):
        world.warn(TERM_ROSE, f"{n}{'x' * 10_000}")
    assert sum(map(len, world.warnings)) <= 100_000


def test_a_warning_breaks_no_rule(run_scenario):
    run = run_scenario(
        "test_initial_election",
        """
        def get_state(self):
            return 1 + int(time.monotonic() // 2), self.me == 0
        def hail(self):
            while True:
                time.sleep(0.1)
                self.peers[0].call("Raft.hailed", (self.me, 2))
        """,
    )
    assert run.passed
    (warning,) = run.warnings
    assert "the term went from 1 to 2 though nothing failed" in warning.text
    assert warning.code == "term-rose"


def test_a_submission_that_does_not_load_fails(dictator, graded_tests):
    run = run_test(RunConditions(dictator("1 +"), graded_tests["test_re_election"], 0))
    assert run.verdict is Verdict.FAILED
    assert re.search(r"server 0: syntax error in raft\.py, line \d+", run.reason)


# Whose fault it is.


@pytest.mark.parametrize("error", [RuntimeError("oh"), LabError("oh"), KeyError("oh")])
def test_an_error_of_the_labs_own_is_nobodys_fault(dictator, error):
    def step(cluster):
        raise error

    run = run_test(RunConditions(dictator(), steps_of(step), 0))
    assert run.verdict is Verdict.UNKNOWN
    assert run.code == "lab-broke"
    assert run.reason == f"the lab itself broke: {type(error).__name__}: {error}"
    assert "in step" in run.evidence


def test_an_assertion_of_the_scenario_judges_the_submission(dictator):
    def step(cluster):
        assert cluster.get_state(0) == (2, True), "server 0 is not in term 2"

    run = run_test(RunConditions(dictator(), steps_of(step), 0))
    assert (run.verdict, run.code) == (Verdict.FAILED, "check-failed")
    assert run.reason.startswith("server 0 is not in term 2")
    assert "test_run.py" in run.evidence


def test_a_run_that_takes_too_much_cpu_time_fails(dictator, monkeypatch):
    monkeypatch.setattr("labrpc.machine.watchdog.RUN_CPU_S_MAX", 0.2)
    busy = dictator("def get_state(self):\n    sum(range(10**6))\n    return 1, False")

    def step(cluster):
        while True:
            cluster.get_state(0)
            cluster.sleep(0.01)

    run = run_test(RunConditions(busy, steps_of(step), 0))
    assert (run.verdict, run.code) == (Verdict.FAILED, "run-cpu-limit")
    # Coverage traces a program as a debugger does, and nobody is there to end a loop.
    tracer = type("Tracer", (), {"__call__": lambda *_: None, "__module__": "coverage"})
    traces_now = sys.gettrace()
    sys.settrace(tracer())
    try:
        run = run_test(RunConditions(busy, steps_of(step), 0))
    finally:
        sys.settrace(traces_now)
    assert (run.verdict, run.code) == (Verdict.FAILED, "run-cpu-limit")


@pytest.mark.unmeasured  # Coverage may take a debugger's place.
def test_in_a_debugger_a_run_may_take_any_time(dictator, monkeypatch):
    monkeypatch.setattr("labrpc.machine.watchdog.RUN_CPU_S_MAX", 0.05)
    busy = dictator("def get_state(self):\n    sum(range(10**7))\n    return 1, False")
    conditions = RunConditions(busy, steps_of(lambda cluster: cluster.get_state(0)), 0)
    assert run_test(conditions).code == "run-cpu-limit"
    traces_now = sys.gettrace()
    sys.settrace(lambda frame, event, argument: None)
    try:
        run = run_test(conditions)
    finally:
        sys.settrace(traces_now)
    assert run.passed, run.report()


def test_an_assertion_of_the_labs_own_is_nobodys_fault(dictator):
    def step(cluster):
        cluster.crash(0)
        cluster.world.invoke(0, "get_state")

    run = run_test(RunConditions(dictator(), steps_of(step), 0))
    assert run.verdict is Verdict.UNKNOWN
    assert "AssertionError: server 0 is down" in run.reason


def test_what_a_submission_says_can_always_be_written(dictator):
    submission = dictator("""
        def get_state(self):
            print("half a pair: \\udc80")
            raise ValueError("\\udc80")
    """)
    run = run_test(
        RunConditions(submission, steps_of(lambda cluster: cluster.get_state(0)), 0)
    )
    assert run.verdict is Verdict.FAILED
    assert r"ValueError: \udc80" in run.reason
    assert r"half a pair: \udc80" in run.evidence
    json.dumps(run.reason + run.evidence).encode()


@pytest.mark.slow
@pytest.mark.parametrize("odd", ["'\\udc80'", "2**70", "{(1, 2): [2**70]}"])
def test_whatever_a_submission_applies_can_be_recorded(dictator, tmp_path, odd):
    submission = dictator(f"""
        def apply(self, index, command):
            print("\\udc80")
            self.apply_ch.put(ApplyMsg(True, {odd}, index))
    """)
    test = steps_of(lambda cluster: cluster.one(1, expected=3))
    plain = run_test(
        RunConditions(submission, test, 0), recording=Recording(digest=True)
    )
    traced = run_test(
        RunConditions(submission, test, 0),
        recording=Recording(traces=tmp_path / "traces"),
    )
    assert traced.verdict is Verdict.FAILED
    assert "at index 1, but it was never given to start()" in traced.reason
    assert traced.reason == plain.reason
    assert traced.digest == plain.digest
    (file,) = (tmp_path / "traces").iterdir()
    assert all(json.loads(line) for line in file.read_text().splitlines())


def test_a_failed_run_leaves_nothing_to_the_next(dictator):
    broken = dictator("def set_up(self): raise KeyError", name="broken")
    alone = run_test(
        RunConditions(dictator(), steps_of(lambda c: c.sleep(1)), 0),
        recording=Recording(digest=True),
    )
    for _ in range(2):
        assert not run_test(
            RunConditions(broken, steps_of(lambda c: c.sleep(1)), 0)
        ).passed
    after = run_test(
        RunConditions(dictator(), steps_of(lambda c: c.sleep(1)), 0),
        recording=Recording(digest=True),
    )
    assert after.digest == alone.digest != ""


def test_a_verdict_is_one_of_three():
    run = Run(
        submission="s", part="2A", test="t", seed=0, points=1, verdict=Verdict.UNKNOWN
    )  # fmt: skip
    assert not run.passed
    assert [str(verdict) for verdict in Verdict] == ["passed", "failed", "unknown"]


def test_a_warning_of_python_is_not_the_submissions_failure(tmp_path):
    (tmp_path / "raft.py").write_text(
        "import warnings\n"
        "class Raft:\n"
        "    def __init__(self, peers, me, persister, apply_ch):\n"
        "        pass\n"
        "    def get_state(self):\n"
        "        warnings.warn('old', DeprecationWarning)\n"
        "        return 1, False\n"
    )
    run = run_test(
        RunConditions(
            Submission.find(tmp_path), steps_of(lambda cluster: cluster.get_state(0)), 0
        )
    )
    assert run.passed, run.report()
