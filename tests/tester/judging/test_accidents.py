"""Submissions that mean no harm, and hang, leak, take all memory or raise in every way.

Each of `accidents/` ends with the right verdict, says what and where, and
leaves nothing to a good submission that runs after it in the same process.
"""

import dataclasses
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from labrpc.machine import watchdog, watchdog_timer
from labrpc.submission.submission import Submission
from tester.grading.grader import Grading
from tester.grading.plan import Plan
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions
from tester.scoring.rubric_file import default_rubric
from tester.verdict import Verdict

ACCIDENTS = Path(__file__).parent / "accidents"

# The outer net only: an accident takes a few seconds of CPU time at most.
pytestmark = pytest.mark.timeout(60)
# So that a loop does not take long to be found; the machine's load does not count.
STEP_CPU_S_MAX = 0.25
# As many looks as in a step of the usual length: fewer could by chance all find the
# same one of two threads that take turns.
LOOK_EVERY_S = 0.0125
# In the process that is ended. Who reports it names the usual limit.
CALL_CPU_S_MAX = 1.0

ELECTION, AGREEMENT = "test_initial_election", "test_basic_agreement"
SNAPSHOTS = "test_snapshots_basic"
GOOD_TESTS = ELECTION, SNAPSHOTS

RUNAWAY = f"has run for {STEP_CPU_S_MAX} s of CPU time without waiting"
ENDLESS = (
    r"endless activity at one instant of virtual time: threads .* have taken turns"
)
NO_LEADER = r"no leader after 5 s, though servers .* are connected and a majority"

# The graded test, the failure's code, what its reason and its evidence match.
FAILED = {
    # Deadlocks, and waiting for ever.
    "locks_crosswise": (
        ELECTION, "deadlock",
        "deadlock: '(replicator|elector)' waits for a Lock held by (elector|replicator);",
        r"with self\.(log|vote)_lock:",
    ),
    "lock_taken_twice": (
        ELECTION, "deadlock",
        r"server 0: deadlock: thread 'get_state\(\)' waits for a lock that it holds",
        "in is_leader",
    ),
    "lock_never_released": (
        ELECTION, "deadlock",
        r"server [12]: deadlock: .*a Lock held by .*, which has ended",
        "in get_state",
    ),
    "puts_under_the_lock": (
        SNAPSHOTS, "deadlock",
        r"deadlock: thread 'applier' holds a lock in apply_ch\.put while the service is "
        r"in snapshot\(\), which waits for that lock: apply without the lock",
        "in put",
    ),
    "rpcs_under_locks": (
        ELECTION, "no-return",
        r"get_state\(\) of server \d has not returned for 10 virtual seconds",
        r"(?s)waits for a Lock held by teller.* in get_state"
        r".*'teller' waits for the reply of server \d to Raft\.hear.* in tell",
    ),
    "get_state_waits_for_a_queue": (
        ELECTION, "no-return",
        r"get_state\(\) of server 0 has not returned for 10 virtual seconds",
        r"(?s)waits for a notification .* in ask",
    ),
    "start_waits_for_a_queue": (
        AGREEMENT, "no-return",
        r"start\(\) of server \d has not returned for 10 virtual seconds",
        r"(?s)thread 'start\(\)' waits for a notification .* in start",
    ),
    "constructor_waits": (
        ELECTION, "no-return",
        "the constructor of server 0 has not returned for 10 virtual seconds",
        r"ticker\.join\(\)",
    ),
    # Loops that never wait.
    "thread_loops": (ELECTION, "runaway-loop", rf"runaway loop: thread .*work.* {RUNAWAY}", "in work"),
    "handler_loops": (
        AGREEMENT, "runaway-loop", f"runaway loop: thread 'take from 0' {RUNAWAY}", "in take"),
    "constructor_loops": (
        ELECTION, "runaway-loop", f"runaway loop: thread 'constructor' {RUNAWAY}", "in __init__"),
    "import_loops": (
        ELECTION, "runaway-loop", f"runaway loop: thread 'constructor' {RUNAWAY}", "in <module>"),
    "get_state_loops": (
        ELECTION, "runaway-loop", rf"server 1: runaway loop: thread 'get_state\(\)' {RUNAWAY}", "in get_state"),
    "swallows_everything": (ELECTION, "runaway-loop", f"runaway loop: .* {RUNAWAY}", "in tick"),
    "recurses_and_swallows": (ELECTION, "runaway-loop", f"runaway loop: .* {RUNAWAY}", "more frames"),
    "prints_for_ever": (ELECTION, "runaway-loop", f"runaway loop: .* {RUNAWAY}", "in chat"),
    "regex": (ELECTION, "runaway-loop", f"runaway loop: .* {RUNAWAY}", r"re\.match"),
    "conditions_play_ping_pong": (ELECTION, "endless-activity", f"{ENDLESS}", "in play"),
    "queues_play_ping_pong": (ELECTION, "endless-activity", f"{ENDLESS}", "in play"),
    "event_set_and_cleared": (ELECTION, "endless-activity", f"{ENDLESS}", "in play"),
    "threads_beget_threads": (ELECTION, "endless-activity", f"{ENDLESS}", "in beget"),
    # Too deep, too many, too large.
    "recurses": (ELECTION, "exception", r"RecursionError: .*recurses\.py:\d+", "more frames"),
    "repr_recurses": (ELECTION, "exception", r"RecursionError: .*\.py:\d+", "in __repr__"),
    "message_that_reduces_itself": (
        AGREEMENT, "exception", "cannot send a Entry to another server: it is nested too deeply", ""),
    "message_that_equals_itself": (
        AGREEMENT, "exception", r"RecursionError: .* in the RPC handler take", "in __eq__"),
    "thread_bomb": (
        ELECTION, "raises-in-constructor", "can't start new thread: this server has 10000", "in __init__"),
    "timers_by_the_ten_thousand": (
        ELECTION, "raises-in-constructor", "can't start new thread: this server has 10000", "in __init__"),
    "applies_a_huge_number": (
        AGREEMENT, "exception", "ValueError: the ApplyMsg contains a number of 1000001 bits", "in put"),
    # Exceptions, and sys.exit.
    "import_raises": (ELECTION, "raises-when-loaded", r"KeyError: 'peers' \(.*\.py:\d+\), while it was", ""),
    "constructor_raises": (ELECTION, "raises-in-constructor", r"IndexError: .*\.py:\d+\), in its constr", ""),
    "get_state_raises": (
        ELECTION, "exception", r"AttributeError: .*'current_term'.*, in get_state\(\)", ""),
    "start_raises": (AGREEMENT, "exception", r"AttributeError: .*'lost_index'.*, in start\(\)", ""),
    "snapshot_raises": (
        SNAPSHOTS, "exception", r"NotImplementedError: part 2D .*, in snapshot\(\)", ""),
    "handler_raises": (
        AGREEMENT, "exception", "AttributeError: .*entires.*, in the RPC handler take, called by", ""),
    "thread_raises": (ELECTION, "exception", "Abort: no more .*, in thread 'ticker'", "in tick"),
    "timer_raises": (ELECTION, "exception", r"TypeError: .*tick\(\) takes 1 .*, in thread", ""),
    "future_raises": (ELECTION, "no-leader", NO_LEADER, ""),
    "replaces_excepthook": (ELECTION, "no-leader", NO_LEADER, ""),
    "thread_exits": (ELECTION, "no-leader", NO_LEADER, ""),
    "handler_exits": (AGREEMENT, "exception", "SystemExit: 1 .*, in the RPC handler take", ""),
    "constructor_exits": (ELECTION, "exits-when-loaded", r"it called sys\.exit\(2\) when it was loaded", ""),
    # Wrong types.
    "get_state_returns_none": (
        ELECTION, "wrong-answer", r"get_state\(\) of server 0 returned None, but must return", ""),
    "get_state_returns_text": (
        ELECTION, "wrong-answer", r"returned 'leader.*… \(60000\d characters\), but must return", ""),
    "get_state_is_a_generator": (
        ELECTION, "exception", r"what get_state\(\) returned contains a generator", ""),
    "saves_no_bytes": (
        ELECTION, "raises-in-constructor", r"persister\.save takes bytes; raft_state is a dict", "in __init__"),
    "puts_no_message": (ELECTION, "exception", r"apply_ch\.put takes an ApplyMsg, not a tuple", ""),
    "sends_a_lock": (
        ELECTION, "exception", r"cannot send a Args to another server: cannot pickle", ""),
    # Meddling with the process.
    "sets_signals": (
        ELECTION, "raises-when-loaded", "cannot import signal: no signal reaches a server", ""),
    "stops_by_os": (
        ELECTION, "raises-in-constructor", r"cannot use os\.kill: it is for several processes, and a server is one: it cannot", ""),
}  # fmt: skip

# No rule is broken: the code of a warning and what it says, None for none.
PASSED = {
    "ignores_kill": (
        "threads-after-kill",
        r"threads still run a second after kill\(\): ticker at ignores_kill\.py",
    ),
    "kill_loops": (
        "broke-after-kill",
        rf"after kill\(\): server 0: runaway loop: thread 'kill\(\)' {RUNAWAY}",
    ),
    "loops_when_it_crashes": (
        "ran-on-after-crash",
        r"thread 'ticker' ran on without waiting when server 0 crashed: "
        r"loops_when_it_crashes\.py:\d+ in tick (while self\.threads:|pass)",
    ),
    "sleeps_when_it_crashes": None,
    "del_raises": (
        "exception-ignored",
        r"an exception in Timer\.__del__ was ignored: AttributeError",
    ),
    "generator_left_over": (
        "exception-ignored",
        "an exception in count was ignored: RuntimeError",
    ),
    "coroutine_left_over": None,
    "sleeps_for_nothing": None,
    "spins_on_the_clock": None,
    "prints_long_lines": None,
    "meddles_with_sys": None,
    "replaces_functions": None,
}

# These do far more than any Raft, and that breaks no rule either.
BUSY = {"prints_long_lines", "spins_on_the_clock", "sleeps_for_nothing"}

# What only another process can stop, or should not be tried in this one.
# Where memory is slow to come, the loop that takes it is noticed first.
MEMORY_LIMIT = r"(memory limit: .* more than 384 MB|runaway loop: thread)"

# Where memory is slow to come, the loop that takes it is noticed first.
MEMORY = "memory-limit|runaway-loop"

POOLED = {
    "long_sum": (
        "hangs-in-c",
        "a call used more than 3 s of CPU time without returning",
        "in work",
    ),
    "drains_an_endless_iterator": (
        "hangs-in-c",
        "a call used more than 3 s of CPU time",
        "in work",
    ),
    "memory_in_blocks": (MEMORY, MEMORY_LIMIT, "in work"),
    "memory_in_blocks_swallowed": (MEMORY, MEMORY_LIMIT, "in work"),
    "memory_in_small": (MEMORY, MEMORY_LIMIT, "in work"),
    "threads_in_thousands": (
        MEMORY,
        MEMORY_LIMIT,
        "threads of this server have not ended",
    ),
    "huge_message": ("exception", "MemoryError", "in work"),
    "huge_state": (MEMORY, MEMORY_LIMIT, "in work"),
}

# Much like others, and run in processes of their own by test_same_runs.py. A nightly
# job of CI sets LAB_NIGHTLY.
NIGHTLY = {"memory_in_blocks_swallowed", "huge_state"}
if os.environ.get("LAB_NIGHTLY"):
    NIGHTLY = set()

FRESH = """
import json, sys
from labrpc.submission.submission import Submission
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.suite import collect
tests = {test.name: test for test in collect()}
raft = Submission.find(sys.argv[1])
conditions = [RunConditions(raft, tests[name], 7) for name in sys.argv[2:]]
runs = [run_test(each, recording=Recording(digest=True)) for each in conditions]
print(json.dumps([run.digest for run in runs if run.passed]))
"""


@pytest.fixture
def impatient(monkeypatch):
    """Return a function that lets the watchdog of this process wait for less.

    Only for loops: others of the accidents compute for longer before they fail.
    """

    def shorten():
        monkeypatch.setattr(watchdog, "STEP_CPU_S_MAX", STEP_CPU_S_MAX)
        monkeypatch.setattr(watchdog_timer, "LOOK_EVERY_S", LOOK_EVERY_S)

    return shorten


@pytest.fixture(scope="module")
def unaffected(graded_tests, example, project):
    """Return a function that checks a good submission, and this process."""
    arguments = [sys.executable, "-c", FRESH, str(example("raft")), *GOOD_TESTS]
    fresh = subprocess.run(
        arguments, cwd=project, env=os.environ, capture_output=True, check=True
    )
    digests = json.loads(fresh.stdout)
    assert len(set(digests)) == len(GOOD_TESTS)
    good = Submission.find(example("raft"))

    def check(*tests):
        runs = [
            run_test(
                RunConditions(good, graded_tests[test], 7),
                recording=Recording(digest=True),
            )
            for test in tests
        ]
        assert [run.reason for run in runs] == ["" for _ in tests]
        wanted = [digests[GOOD_TESTS.index(test)] for test in tests]
        assert [run.digest for run in runs] == wanted

    # What the lab itself imports when it runs for the first time stays loaded.
    check(*GOOD_TESTS)
    return check


def process():
    """Return what a submission must leave as it is."""
    return (
        threading.active_count(),
        sorted(set(sys.modules) - set(sys.stdlib_module_names)),
        sys.path.copy(),
        dict(os.environ),
        sys.getrecursionlimit(),
        sys.gettrace(),
        sys.get_int_max_str_digits(),
        [
            getattr(sys.modules[module], name)
            for module, name in (
                ("time", "sleep"), ("time", "time"), ("random", "random"),
                ("threading", "Lock"), ("threading", "excepthook"),
                ("collections", "deque"),
            )
        ],
        sys.unraisablehook,
        sys.stdin.closed,
    )  # fmt: skip


@pytest.fixture
def accident_tests(graded_tests):
    """Return the graded suite; a leader need not have been elected, as few here are."""
    return {
        name: dataclasses.replace(test, elections=False)
        for name, test in graded_tests.items()
    }


def accident(name):
    """Return one of the submissions."""
    return Submission.find(ACCIDENTS / f"{name}.py")


def test_each_accident_is_tried():
    tried = FAILED.keys() | PASSED.keys() | POOLED.keys()
    assert {file.stem for file in ACCIDENTS.glob("*.py")} == tried


@pytest.mark.slow
@pytest.mark.parametrize("name", FAILED)
def test_it_fails_by_its_own_fault(name, accident_tests, unaffected, impatient):
    test, code, reason, evidence = FAILED[name]
    if code in ("runaway-loop", "endless-activity"):
        impatient()
    before = process()
    run = run_test(RunConditions(accident(name), accident_tests[test], 0))
    assert (run.verdict, run.code) == (Verdict.FAILED, code), run.report()
    assert re.search(reason, run.reason), run.report()
    assert re.search(evidence, run.evidence), run.report()
    assert "\n" not in run.reason
    assert len(run.reason) < 400
    assert process() == before
    unaffected(ELECTION)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in BUSY else [])
        for name in PASSED
    ],
)
def test_it_passes_with_a_warning_at_most(name, accident_tests, unaffected, impatient):
    if name == "kill_loops":
        impatient()
    before = process()
    run = run_test(RunConditions(accident(name), accident_tests[ELECTION], 0))
    assert run.verdict is Verdict.PASSED, run.report()
    if PASSED[name] is not None:
        code, words = PASSED[name]
        warning = run.warnings[0]
        assert warning.code == code
        assert re.search(words, warning.text)
    else:
        assert not run.warnings
    assert process() == before
    unaffected(ELECTION)


@pytest.mark.unmeasured
def test_functions_that_a_server_replaced_are_put_back(graded_tests, unaffected):
    import pickle

    dumps = pickle.dumps
    run_test(RunConditions(accident("replaces_functions"), graded_tests[ELECTION], 0))
    unaffected(SNAPSHOTS)
    assert pickle.dumps is dumps


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in POOLED if name not in NIGHTLY])
def test_the_pool_ends_what_this_process_cannot(
    name, graded_tests, example, set_in_children
):
    """A good one is graded by the same process, or by the one that replaces it."""
    set_in_children("labrpc.machine.watchdog_timer", "CALL_CPU_S_MAX", CALL_CPU_S_MAX)
    plan = Plan(
        {name: ACCIDENTS / f"{name}.py", "raft": example("raft")},
        [graded_tests[ELECTION]],
        range(1),
        default_rubric([graded_tests[ELECTION]]),
    )
    runs = {}
    assert Grading(plan).make_runs(1, lambda run: runs.update({run.submission: run}))
    bad, good = runs[name], runs["raft"]
    assert bad.verdict is Verdict.FAILED, bad.report()
    code, reason, evidence = POOLED[name]
    assert re.fullmatch(code, bad.code), bad.report()
    assert re.search(reason, bad.reason), bad.report()
    assert re.search(evidence, bad.evidence), bad.report()
    assert f"{name}.py" in bad.evidence
    assert good.verdict is Verdict.PASSED, good.report()


@pytest.mark.unmeasured
def test_after_all_of_them_a_good_one_runs_as_in_a_fresh_process(unaffected):
    unaffected(*GOOD_TESTS)
