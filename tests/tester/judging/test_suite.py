"""The graded suite: what it is worth, that correct Rafts pass it, and what it sees."""

import re

import pytest

from labrpc.submission.submission import Submission
from tester.errors import UsageError
from tester.judging.graded_test import BONUS_PARTS
from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.suite import collect, lab_of_part
from tester.scenario.checks import CheckedCluster
from tester.verdict import Verdict

from ..conftest import VOTES

TESTS = collect()
NAMES = [test.name for test in TESTS]


@pytest.fixture(scope="session")
def run_example(example, graded_tests):
    """Return a function that runs one test against an example, or the reference."""
    submissions = {}

    def run(name, test, seed=0):
        if name not in submissions:
            submissions[name] = Submission.find(example(name))
        return run_test(RunConditions(submissions[name], graded_tests[test], seed))

    return run


# The suite.


def test_the_parts_have_their_tests_and_points():
    counts = {}
    for test in TESTS:
        counts[test.part] = counts.get(test.part, 0) + 1
    assert counts == {"2A": 3, "2B": 10, "2C": 8, "2D": 7, "2X": 38}
    assert len(set(NAMES)) == 28 + 38
    of_6824 = [test.points for test in TESTS if test.part != "2X"]
    assert sum(of_6824) == 100
    assert sum(test.points for test in TESTS) == 150


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.name)
def test_every_test_says_what_it_is_about(test):
    assert re.fullmatch(r"[A-Z].*\.", test.description)
    assert test.part.lower() in test.file.name
    assert test.servers in (3, 4, 5, 7)


def test_each_part_asks_for_what_it_has_come_to():
    for test in TESTS:
        assert test.snapshots == (test.part == "2D") or test.part == "2X"
        assert test.persistence == (test.part in ("2C", "2D", "2X"))


# Correct submissions. The reference runs in tests/lab2, each of its tests once; in
# processes of their own, the grader runs parts 2A to 2D against it and these (.ci/run).

OF_EACH_KIND = [
    "test_many_elections",
    "test_concurrent_starts",
    "test_unreliable_agreement",
    "test_crash_and_restart_all",
    "test_snapshots_basic",
    "test_hears_but_is_not_heard",
    "test_losing_candidate",
    "test_snapshot_overtaken",
]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["polling", "asyncio_raft"])
@pytest.mark.parametrize("test", OF_EACH_KIND)
def test_a_correct_raft_of_any_style_passes(run_example, name, test):
    run = run_example(name, test)
    assert run.verdict is Verdict.PASSED, run.report()
    assert run.warnings == []
    assert run.rpcs > 0
    assert 0 < run.virtual_s < 120


# Examples that are not correct.


@pytest.mark.slow
@pytest.mark.parametrize("test", NAMES)
def test_only_2a_passes_part_2a_and_no_other(run_example, graded_tests, test):
    run = run_example("only_2a", test)
    if graded_tests[test].part == "2A":
        assert run.verdict is Verdict.PASSED, run.report()
    else:
        assert run.verdict is Verdict.FAILED
        assert run.code in ("no-agreement", "no-leader", "not-elected-by-majority")


WORDS = {
    "no_raft_class": ("no-raft-class", r"server 0: module raft defines no class Raft"),
    "syntax_error.py": (
        "syntax-error",
        r"server 0: syntax error in syntax_error.py, line \d+: expected ':'",
    ),
    "wrong_init": (
        "wrong-parameters",
        r"server 0: Raft.__init__ has the wrong parameters",
    ),
    "handler_exception": (
        "exception",
        r"server \d: AttributeError: 'RequestVoteArgs' object has no "
        r"attribute 'last_log_idx'.* \(raft.py:\d+\), in the RPC handler request_vote, called "
        r"by server \d",
    ),
    "deadlock": (
        "deadlock",
        r"server \d: deadlock: 'Thread-1 \(run\)' waits for a Lock held by .*"
        r"waits for a Lock held by",
    ),
    "endless_loop": (
        "runaway-loop",
        r"server \d: runaway loop: thread 'Thread-1 \(run\)' has run for 1 s",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WORDS)
def test_a_broken_example_fails_and_is_told_why(run_example, name):
    run = run_example(name, "test_initial_election")
    code, words = WORDS[name]
    assert (run.verdict, run.code) == (Verdict.FAILED, code)
    assert re.search(words, run.reason), run.report()


def test_a_deadlock_is_shown_with_every_threads_stack(run_example):
    run = run_example("deadlock", "test_re_election")
    assert re.search(r"raft.py:\d+ in run\n +with self.ballot_lock:", run.evidence)
    assert re.search(r"raft.py:\d+ in request_vote\n +with self.ballot", run.evidence)


def test_committing_older_terms_by_counting_is_seen_by_figure_8(run_example):
    run = run_example("counts_older_terms", "test_figure_8")
    assert (run.verdict, run.code) == (Verdict.FAILED, "applied-differently")
    assert re.fullmatch(
        r"server \d applied \d+ at index \d+, where server \d had applied \d+ "
        r"\(State Machine Safety, Figure 3\)",
        run.reason,
    )
    assert "the commit rule (section 5.4.2, Figure 8)" in run.evidence


@pytest.mark.slow
def test_committing_older_terms_by_counting_is_all_that_is_wrong_there(run_example):
    for test in ("test_re_election", "test_backup_of_wrong_logs", "test_churn"):
        assert run_example("counts_older_terms", test).passed


# What each scenario asks for beyond the checks, each broken once.

FLOOD = """
def set_up(self):
    if self.me == 0:
        threading.Thread(target=self.flood).start()
def flood(self):
    time.sleep({begin})
    while time.monotonic() < {end}:
        time.sleep(0.005)
        self.peers[1].call("Raft.hear", b"x")
def hear(self, data):
    pass
"""
QUIET = FLOOD.format(begin=0, end=0.03)
# start() returns late: while it has not, its command may come to any index.
TWICE_THE_COMMANDS = """
def start(self, command):
    if not self.leads():
        return -1, 1, False
    self.started += 2
    for peer in self.peers:
        self.send(peer, (self.started - 1, command))
        self.send(peer, (self.started, command))
    time.sleep(0.1)
    return self.started {offset}, 1, True
"""
SENDS_OFTEN = """
def send(self, peer, entry):
    for attempt in range({times}):
        method = "hear" if attempt else "take"
        threading.Thread(target=peer.call, args=("Raft." + method, entry)).start()
def hear(self, entry):
    pass
"""

# A term for each life; of its log, nothing is left after a restart.
LIVES = """
def store(self):
    self.save()
    time.sleep(0.05)
def set_up(self):
    lives = self.persister.read_raft_state() + b"1"
    self.term = len(lives)
    self.elected = time.monotonic() + 0.1
    self.persister.save(lives, self.persister.read_snapshot())
def get_state(self):
    return self.term, self.me == 0 and time.monotonic() > self.elected
"""

SCENARIOS = [
    (
        "test_initial_election",
        "def get_state(self): return 0, self.me == 0",
        "wrong-term",
        "the term is 0 after an election, but terms start at 1",
    ),
    (
        "test_initial_election",
        "def get_state(self): return 1, self.me == 0 and time.monotonic() < 1",
        "no-leader",
        "no leader after 5 s, though servers 0, 1, 2 are connected",
    ),
    (
        "test_re_election",
        "",
        "no-leader",
        "no leader after 5 s, though servers 1, 2 are connected",
    ),
    (
        "test_basic_agreement",
        TWICE_THE_COMMANDS.format(offset=""),
        "wrong-index",
        "command number 1 got index 2 instead of 1",
    ),
    (
        "test_basic_agreement",
        """
        def set_up(self):
            message = ApplyMsg(True, "early", 1)
            threading.Thread(target=self.apply_ch.put, args=(message,)).start()
        """,
        "never-started",
        r"server . applied 'early' at index 1, but it was never given to start\(\)",
    ),
    (
        "test_basic_agreement",
        TWICE_THE_COMMANDS.format(offset="- 1"),
        "committed-without-majority",
        "servers 0, 1, 2 applied 100 at index 2, but no command was started there yet",
    ),
    (
        "test_basic_agreement",
        "def start(self, command): return time.sleep(1) or (1, 1, False)",
        "no-agreement",
        "no server accepted command 100 as leader within 10 s",
    ),
    (
        "test_rpc_bytes",
        SENDS_OFTEN.format(times=2),
        "too-many-bytes",
        r"\d+ bytes were sent until 3 servers agreed on 50000 bytes of commands; "
        "200000 are enough",
    ),
    (
        "test_follower_failure",
        "",
        "committed-without-majority",
        "server 0 applied 104 at index 4, but only a minority",
    ),
    (
        "test_rpc_counts",
        QUIET + "def start(self, command): return -1, 1, False",
        "unstable-term",
        "in each of 5 tries to count RPCs, the leader refused or the term changed",
    ),
    (
        "test_follower_failure",
        """
        def start(self, command):
            if not self.leads() or command == 104:
                return -1, 1, False
            self.started += 1
            for peer in self.peers:
                self.send(peer, (self.started, command))
            return self.started, 1, True
        """,
        "leader-refused",
        "server 0 refused a command though it leads",
    ),
    (
        "test_rpc_counts",
        FLOOD.format(begin=0, end=1),
        "too-many-rpcs",
        r"\d+ RPCs were sent to elect the first leader; 1 to 30 are enough",
    ),
    (
        "test_rpc_counts",
        QUIET + SENDS_OFTEN.format(times=2).replace("def hear", "def hear_"),
        "too-many-rpcs",
        r"\d\d RPCs were sent for 12 commands started at once; 42 are enough",
    ),
    (
        "test_rpc_counts",
        FLOOD.format(begin=0, end=0.03)
        + """
def snapshot(self, index, snapshot):
    pass
def apply(self, index, command):
    self.apply_ch.put(ApplyMsg(True, command, index))
    if index == 12 and self.me == 0:
        time.sleep(0.2)
        threading.Thread(target=self.chatter).start()
def chatter(self):
    while True:
        time.sleep(0.005)
        self.peers[1].call("Raft.hear", b"x")
""",
        "too-many-rpcs",
        r"\d+ RPCs were sent in an idle second; 60 are enough",
    ),
    (
        # Of the commands that are started at once, all get one index.
        "test_concurrent_starts",
        """
        def set_up(self):
            self.slots = {}
        def start(self, command):
            if not self.leads():
                return -1, 1, False
            index = self.started + 1
            self.slots[index] = command
            time.sleep(0.01)
            if self.started < index:
                self.started = index
                for peer in self.peers:
                    self.send(peer, (index, self.slots[index]))
            return index, 1, True
        """,
        "overwritten-by-leader",
        r"server 0 put a new command at index 2 .* \(Leader Append-Only, Figure 3\)",
    ),
    (
        # Each gets an index of its own, and all of these the same command.
        "test_concurrent_starts",
        """
        def start(self, command):
            if not self.leads():
                return -1, 1, False
            self.started += 1
            if self.started <= 2:
                self.first = command
            index = self.started
            for peer in self.peers:
                self.send(peer, (index, self.first))
            time.sleep(0.1)
            return index, 1, True
        """,
        "committed-lost",
        r"commands \[10\d, 10\d, 10\d, 10\d\] were accepted in one term",
    ),
    (
        "test_snapshots_basic",
        VOTES
        + """
def snapshot(self, index, snapshot):
    self.persister.save(bytes(2500), snapshot)
""",
        "log-not-cut",
        r"server \d has saved 2500 bytes of Raft state",
    ),
    (
        "test_crash_and_restart_all",
        VOTES,
        "no-agreement",
        r"command \d+ was applied .*only by servers? .* within 10 s; 3 servers should",
    ),
    (
        "test_basic_persistence",
        VOTES,
        "two-leaders",
        "term 1 has 2 leaders: server 0 before and after a restart",
    ),
    (
        "test_basic_persistence",
        LIVES,
        "leader-lacks-committed",
        r"put a new command at index 1, though .* \(Leader Completeness, Figure 3\)",
    ),
    (
        "test_basic_persistence",
        LIVES
        + """
def start(self, command):
    if not self.leads() or self.term > 1:
        return -1, self.term, False
    self.started += 1
    for peer in self.peers:
        self.send(peer, (self.started, command))
    return self.started, 1, True
""",
        "no-agreement",
        "no server accepted command 12 as leader within 10 s",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("test", "override", "code", "words"), SCENARIOS)
def test_what_a_scenario_asks_for_can_fail(run_scenario, test, override, code, words):
    run = run_scenario(test, override)
    assert (run.verdict, run.code) == (Verdict.FAILED, code), run.report()
    assert re.search(words, run.reason), run.report()


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    ("test", "override"),
    [
        ("test_initial_election", ""),
        ("test_basic_agreement", ""),
        ("test_rpc_bytes", ""),
        ("test_rpc_counts", QUIET),
        ("test_concurrent_starts", ""),
        ("test_snapshots_basic", VOTES),
    ],
)
def test_the_same_scenarios_pass_a_dictator(run_scenario, test, override):
    run = run_scenario(test, override)
    assert run.passed, run.report()


@pytest.mark.unmeasured
def test_a_test_is_over_after_120_virtual_seconds(run_scenario):
    # Every start() takes a second, so that the scenario itself never sleeps.
    run = run_scenario(
        "test_snapshots_basic",
        """
        def set_up(self):
            if self.me != 0:
                self.save()
        def store(self):
            self.save()
            time.sleep(1)
        def send(self, peer, entry):
            threading.Thread(target=peer.call, args=("Raft.take", entry)).start()
            time.sleep(0.3)
        """,
    )
    assert (run.verdict, run.code) == (Verdict.FAILED, "test-too-long")
    assert run.reason == "the test took longer than 120 virtual seconds"
    assert run.virtual_s < 122


@pytest.mark.slow
def test_churn_misses_a_command_that_a_client_saw_committed(monkeypatch, run_example):
    # The check of every applied entry stops any submission first, so the final log
    # itself is made to lack what was committed.
    monkeypatch.setattr(CheckedCluster, "wait", lambda self, index, expected: 0)
    run = run_example("raft", "test_churn")
    assert (run.verdict, run.code) == (Verdict.FAILED, "committed-lost")
    assert re.match(
        r"\d+ commands that a client saw committed are missing from the final log",
        run.reason,
    )
    assert "Leader Completeness, Figure 3" in run.evidence


# Which tests.


@pytest.mark.slow
def test_parts_and_expressions_select_tests():
    assert [test.part for test in collect(["2A"])] == ["2A"] * 3
    assert {test.part for test in collect(["2D", "2B"])} == {"2B", "2D"}
    assert [t.name for t in collect(None, "re_election")] == ["test_re_election"]
    assert [t.name for t in collect(["2B"], "rpc_counts or election")] == [
        "test_rpc_counts"
    ]


@pytest.mark.slow
def test_bonus_parts_are_on_only_where_they_are_asked_for():
    assert not [test for test in TESTS if test.is_bonus]
    bonus = [test for test in collect(bonus=True) if test.is_bonus]
    assert {test.part for test in bonus} == {"2P", "2R", "2S", "2T"}
    bonus += [test for test in collect(bonus=True, lab=3) if test.is_bonus]
    assert sorted({test.part for test in bonus}) == list(BONUS_PARTS)
    for part in BONUS_PARTS:
        own = collect([part], lab=lab_of_part(part))
        assert own == [test for test in bonus if test.part == part]
        assert sum(test.points for test in own) == 10
        assert {part.lower()} == {test.file.name.split("_")[1] for test in own}
        for test in own:
            test_every_test_says_what_it_is_about(test)
    assert [test.part for test in collect(["2P", "2A"])][-1] == "2P"
    with pytest.raises(UsageError, match="no graded test matches 'returning_server'"):
        collect(None, "returning_server")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("parts", "expression", "words"),
    [
        (["2A", "9Z"], "", "no part 9Z; there are 2A, 2B, 2C, 2D"),
        (["9Z"], "election", "no part 9Z; there are 2A, 2B, 2C, 2D"),
        (None, "no_such_test", "no graded test matches 'no_such_test'"),
        (None, "election and and", "is not an expression that pytest's -k takes"),
        (["2D"], "election", "part 2D matches 'election'; there are test_snapshots_b"),
        (
            None,
            "qwerty",
            "matches 'qwerty'; there are test_initial_election, test_re_e",
        ),
        (
            None,
            "initial and churn",
            "there are test_initial_election, test_re_election",
        ),
        (None, "test_initial_electoin", r"': did you mean test_initial_election\?$"),
        (None, "Basic_agrement or x_y", r"': did you mean test_basic_agreement\?$"),
        (["2B"], "not 2B and (rpc_cuonts)", r": did you mean test_rpc_counts\?$"),
    ],
)
def test_a_wrong_selection_is_wrong_usage(parts, expression, words):
    with pytest.raises(UsageError, match=words):
        collect(parts, expression)
