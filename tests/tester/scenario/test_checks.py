"""The polled checks: each passes a cluster that behaves, and fails one that does not."""

import re

import pytest

from labrpc.errors import LabError, LoadError, SubmissionError
from tester.scenario.cluster import TEST_SECONDS_MAX


def fails(code, *words):
    """Expect a SubmissionError with a code, whose text has these words."""
    return pytest.raises(
        SubmissionError,
        match="(?s)" + ".*".join(map(re.escape, words)),
        check=lambda error: error.code.name == code,
    )


# Leaders and terms.


def test_a_dictator_passes_every_check(make_cluster):
    cluster = make_cluster()
    assert cluster.check_one_leader() == 0
    assert cluster.check_terms() == 1
    assert cluster.one("first", expected=3) == 1
    assert cluster.one("second", expected=3, retry=True) == 2
    assert cluster.wait(2, 3, start_term=1) == "second"
    assert cluster.n_committed(2) == (3, "second")
    cluster.check_no_agreement(3, "nothing was started there")
    cluster.disconnect(0)
    cluster.check_no_leader()


def test_two_leaders_in_a_term_are_named(make_cluster):
    cluster = make_cluster("def get_state(self): return 7, self.me > 0")
    with fails(
        "two-leaders",
        "term 7 has 2 leaders: servers 1 and 2 (Election Safety, Figure 3)",
    ):
        cluster.check_one_leader()


def test_leaders_of_different_terms_are_no_contradiction(make_cluster):
    cluster = make_cluster("def get_state(self): return 1 + self.me, True")
    assert cluster.check_one_leader() == 2


def test_who_leads_now_need_not_be_who_led(make_cluster):
    cluster = make_cluster("def get_state(self): return 1 + self.me, self.me == 1")
    assert cluster.leader_now(1) == (1, 2)
    assert cluster.now == 0
    assert cluster.leader_now(0) == (1, 2)


def test_a_missing_leader_is_reported_after_ten_rounds(make_cluster):
    cluster = make_cluster("def get_state(self): return 1, False")
    cluster.disconnect(1)
    with fails(
        "no-leader",
        "no leader after 5 s, though servers 0, 2 are connected and a majority",
        "section 5.2",
    ):
        cluster.check_one_leader()
    assert 4.5 <= cluster.now <= 5.5


def test_a_leader_is_waited_for(make_cluster):
    cluster = make_cluster("""
        def get_state(self):
            return 1, self.me == 1 and time.monotonic() > 3
    """)
    assert cluster.check_one_leader() == 1
    assert 3 < cluster.now < 4


def test_only_connected_servers_are_asked_who_leads(make_cluster):
    cluster = make_cluster("def get_state(self): return 1, self.me < 2")
    cluster.disconnect(0)
    assert cluster.check_one_leader() == 1


def test_a_leader_without_a_majority_is_named(make_cluster):
    cluster = make_cluster("def get_state(self): return 4, self.me == 0")
    cluster.disconnect(1, 2)
    with fails(
        "leader-without-majority",
        "server 0 leads term 4, but only server 0 is connected: no majority",
        "5.2",
    ):
        cluster.check_no_leader()


def test_servers_that_disagree_on_the_term_are_named(make_cluster):
    cluster = make_cluster("def get_state(self): return 1 + self.me // 2, False")
    with fails(
        "terms-differ",
        "are in different terms",
        "server 0 in 1",
        "server 2 in 2",
        "5.1",
    ):
        cluster.check_terms()
    cluster.disconnect(2)
    assert cluster.check_terms() == 1


# Agreement.

DEAF = "def take(self, entry): pass"


def test_a_command_that_nobody_applies_is_no_agreement(make_cluster):
    cluster = make_cluster(DEAF)
    with fails(
        "no-agreement",
        "server 0 accepted command 'x' at index 1 as leader, but 2 s later no server had "
        "applied it; 3 servers should have applied it (section 5.3)",
        "servers 0, 1, 2 are connected",
    ):
        cluster.one("x", expected=3)


def test_too_few_servers_are_no_agreement(make_cluster):
    cluster = make_cluster()
    cluster.disconnect(2)
    with fails("no-agreement", "only servers 0, 1 had applied it; 3 servers should"):
        cluster.one("x", expected=3)


def test_another_command_at_the_index_is_no_agreement(make_cluster):
    # As if the leader of term 2 had lacked the entry of term 1.
    cluster = make_cluster("""
        def set_up(self):
            self.term = 0
        def start(self, command):
            self.term += 1
            for peer in self.peers:
                if command == "other":
                    self.send(peer, (1, command))
            return 1, self.term, self.me == 0
    """)

    def client():
        cluster.sleep(1)
        cluster.start(0, "other")

    cluster.spawn(client)
    with fails(
        "no-agreement", "accepted command 'x' at index 1", "'other' was applied there"
    ):
        cluster.one("x", expected=3)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        (
            DEAF,
            (
                "command 'x' was not applied by any server within 10 s",
                "servers 0, 1, 2 are connected",
                "start() was accepted by server 0 at index 3, server 0 at index 4, ",
                "start() was refused (not leader) 5 times by server 1, 5 times by server 2",
                "a leader repeats AppendEntries",
            ),
        ),
        (
            "def apply(self, index, command):\n"
            "    if self.me == 1:\n"
            "        self.apply_ch.put(ApplyMsg(True, command, index))",
            (
                "command 'x' was applied at index 1 only by server 1 within 10 s; 3 ",
                "which server lags?",
            ),
        ),
        (
            "def apply(self, index, command):\n"
            "    time.sleep(2.5)\n"
            "    self.apply_ch.put(ApplyMsg(True, command, index))",
            (
                "command 'x' was applied by servers 0, 1, 2 at index 1, but not within 2 s",
                "start() was accepted by server 0 at index 3, server 0 at index 4, ",
            ),
        ),
        (
            "def start(self, command):\n"
            "    leads = self.me == 0 and time.monotonic() < 1\n"
            "    return 1, 1, leads\n"
            "def get_state(self): return 1, self.me == 0",
            (
                "command 'x' was not applied by any server within 10 s",
                "no server has accepted it for 10 s",
                "no server becomes a candidate",
            ),
        ),
        (
            "def start(self, command): return -1, 1, False",
            (
                "no server accepted command 'x' as leader within 10 s",
                "start() was refused (not leader) 200 times by server 0, 200 times by",
                "no server becomes a candidate",
            ),
        ),
    ],
)
def test_one_gives_up_after_ten_seconds(make_cluster, override, words):
    cluster = make_cluster(override)
    with fails("no-agreement", *words):
        cluster.one("x", expected=3, retry=True)
    assert 10 <= cluster.now <= 12.1


@pytest.mark.parametrize("retry", [False, True])
def test_one_offers_a_lost_command_again_if_it_may(make_cluster, retry):
    cluster = make_cluster("""
        def send(self, peer, entry):
            if time.monotonic() < 2:
                self.started = 0
            else:
                threading.Thread(target=peer.call, args=("Raft.take", entry)).start()
    """)
    if retry:
        assert cluster.one("x", expected=3, retry=True) == 1
        assert cluster.now > 2
    else:
        with fails(
            "no-agreement",
            "at index 0 as leader, but 2 s later no server had applied it",
        ):
            cluster.one("x", expected=3)


def test_an_entry_committed_without_a_majority_is_reported(make_cluster):
    cluster = make_cluster()
    cluster.disconnect(1, 2)
    assert cluster.start(0, "x") == (1, 1, True)
    cluster.sleep(1)
    with fails(
        "committed-without-majority",
        "server 0 applied 'x' at index 1, but only a minority",
        "section 5.3",
    ):
        cluster.check_no_agreement(1, "only a minority was there")


def test_waiting_for_an_index_ends(make_cluster):
    cluster = make_cluster()
    cluster.disconnect(1)
    cluster.start(0, "x")
    assert cluster.wait(1, 2) == "x"
    with fails(
        "no-agreement",
        "index 1 was applied by only 2 of 3 servers",
        "section 5.3",
    ):
        cluster.wait(1, 3)


def test_a_server_that_is_not_brought_up_to_date_is_named(make_cluster):
    cluster = make_cluster("""
        def apply(self, index, command):
            if self.me != 2 or index == 1:
                self.apply_ch.put(ApplyMsg(True, command, index))
    """)
    cluster.one("first", expected=3)
    cluster.check_caught_up(1)
    cluster.one("second", expected=2)
    with fails(
        "not-caught-up", "index 2 was not applied by server 2 within 12 s", "5.3 and 7"
    ):
        cluster.check_caught_up(2)


def test_a_leader_that_may_not_commit_what_it_has_is_given_a_command(make_cluster):
    """As one of a later term: here it applies the second entry with the third."""
    cluster = make_cluster("""
        def apply(self, index, command):
            if self.me == 0 and index == 2:
                self.second = command
                return
            if self.me == 0 and index == 3:
                self.apply_ch.put(ApplyMsg(True, self.second, 2))
            self.apply_ch.put(ApplyMsg(True, command, index))
    """)
    cluster.one("first", expected=3)
    cluster.one("second", expected=2)
    cluster.check_caught_up(2)
    assert cluster.applied_by(3) == [0, 1, 2]


def test_waiting_gives_up_neutrally_once_the_term_has_passed(make_cluster):
    cluster = make_cluster("""
        def get_state(self):
            return 1 + int(time.monotonic() > 3), False
    """)
    assert cluster.wait(1, 3, start_term=1) is None
    assert 3 < cluster.now < 10


def test_start_on_all_tells_who_took_the_command(make_cluster):
    cluster = make_cluster()
    assert cluster.start_on_all("x") == (1, 0)
    cluster.crash(0)
    assert cluster.start_on_all("x") == (-1, None)


# Limits.


def test_a_test_may_take_120_virtual_seconds(make_cluster):
    cluster = make_cluster()
    cluster.sleep(TEST_SECONDS_MAX - cluster.now)
    with fails("test-too-long", "the test took longer than 120 virtual seconds"):
        cluster.sleep(0.001)


def test_a_failure_in_a_thread_of_the_scenario_ends_the_scenario(make_cluster):
    cluster = make_cluster(DEAF)
    client = cluster.spawn(cluster.one, "x", 3)
    with fails("no-agreement", "server 0 accepted command 'x' at index 1"):
        cluster.join([client])


# What servers answer.


@pytest.mark.parametrize(
    "answer", ["None", "1", "True, 1", "(1, True, 2)", "(1, 'yes')", "('1', True)"]
)
def test_get_state_must_return_term_and_leadership(make_cluster, answer):
    cluster = make_cluster(f"def get_state(self): return {answer}")
    value = repr(eval(answer))
    with fails(
        "wrong-answer",
        f"get_state() of server 0 returned {value}, but must return "
        "(term, is_leader): an int and a bool",
    ):
        cluster.check_terms()


@pytest.mark.parametrize("answer", ["None", "(1, True)", "(1, 1, 1)", "('1', 1, True)"])
def test_start_must_return_index_term_and_leadership(make_cluster, answer):
    cluster = make_cluster(f"def start(self, command): return {answer}")
    with fails(
        "wrong-answer",
        f"start() of server 1 returned {eval(answer)!r}, but must return "
        "(index, term, is_leader): two ints and a bool",
    ):
        cluster.one("x", expected=3)


def test_an_answer_that_is_no_plain_value_is_refused(make_cluster):
    cluster = make_cluster("def get_state(self): return threading.Lock()")
    with fails("exception", "server 0: TypeError: what get_state() returned", "Lock"):
        cluster.check_terms()


NEVER = "threading.Event().wait()"


@pytest.mark.parametrize(
    ("override", "what"),
    [
        (f"def start(self, command): {NEVER}", "start() of server 1"),
        (f"def get_state(self): {NEVER}", "get_state() of server 0"),
    ],
)
def test_a_method_that_never_returns_is_named(make_cluster, override, what):
    cluster = make_cluster(override)
    with fails(
        "no-return", f"{what} has not returned for 10 virtual seconds", "raft.py"
    ):
        cluster.start(1, "x")
        cluster.get_state(0)


def test_a_constructor_that_never_returns_is_named(make_cluster):
    with fails(
        "no-return",
        "the constructor of server 0 has not returned for 10 virtual seconds",
    ):
        make_cluster(f"def set_up(self): {NEVER}")


def test_a_constructor_that_raises_is_a_load_error(make_cluster):
    with pytest.raises(LoadError, match=r"server 0: KeyError: 'x' \(raft.py:\d+\), in"):
        make_cluster("def set_up(self): {}['x']")


def test_a_slow_answer_is_waited_for(make_cluster):
    cluster = make_cluster("def get_state(self): return time.sleep(9) or (1, True)")
    assert cluster.get_state(0) == (1, True)
    assert cluster.now >= 9


# Catching up.

APPLIES_SLOWLY = """
def apply(self, index, command):
    time.sleep({seconds})
    self.apply_ch.put(ApplyMsg(True, command, index))
"""


@pytest.mark.slow
def test_the_time_for_catching_up_grows_with_the_entries(make_cluster):
    cluster = make_cluster(APPLIES_SLOWLY.format(seconds=0.15))
    for number in range(100):
        cluster.start(0, number)
    assert cluster.one_after_catching_up("last", expected=3) > 100
    assert 15 < cluster.now < 30


def test_who_does_not_catch_up_in_that_time_fails(make_cluster):
    cluster = make_cluster(APPLIES_SLOWLY.format(seconds=100))
    for number in range(20):
        cluster.start(0, number)
    with fails(
        "no-agreement",
        "command 'last' was not applied by any server within 14 s",
        "10 s are allowed for a command, and 0.2 s for each entry that a server lacked",
    ):
        cluster.one_after_catching_up("last", expected=3)


# Servers and links.


def test_a_server_that_is_crashed_while_asked_counts_as_down(make_cluster):
    cluster = make_cluster("def get_state(self): return time.sleep(5) or (1, True)")
    answers = []
    asking = cluster.spawn(lambda: answers.append(cluster.get_state(1)))
    cluster.sleep(1)
    cluster.crash(1)
    cluster.join([asking])
    assert answers == [(0, False)]
    assert cluster.start(1, "x") == (-1, 0, False)


def test_what_a_crash_leaves_is_what_was_persisted(make_cluster):
    cluster = make_cluster("""
        def set_up(self):
            count = len(self.persister.read_raft_state()) + 1
            self.persister.save(b"x" * count, None)
            self.count = count
        def get_state(self):
            return self.count, False
    """)
    cluster.restart(1)
    cluster.restart(1)
    assert [cluster.get_state(s)[0] for s in cluster.servers] == [1, 3, 1]
    assert cluster.raft_state_bytes_max() == (3, 1)
    assert cluster.connected == [True] * 3


def test_links_are_restored_only_between_connected_servers(make_cluster):
    cluster = make_cluster()
    cluster.disconnect(0, 1)
    cluster.connect(1)
    enabled = cluster.network.is_enabled
    assert enabled(1, 2)
    assert enabled(2, 1)
    assert not enabled(0, 1)
    assert not enabled(1, 0)
    cluster.set_link(1, 2, False)
    assert not enabled(1, 2)
    assert enabled(2, 1)


def test_the_state_of_each_server_is_described(make_cluster):
    cluster = make_cluster()
    cluster.one("x", expected=3)
    cluster.get_state(0)
    cluster.get_state(1)
    cluster.disconnect(1)
    cluster.crash(2)
    assert cluster.describe().splitlines() == [
        "server 0: leader, term 1 when last asked; applied up to index 1; connected",
        "server 1: not leader, term 1 when last asked; applied up to index 1; cut off",
        "server 2: down",
    ]


@pytest.mark.parametrize(
    ("method", "answer", "expected"),
    [
        ("transfer_leadership", "1", "a bool"),
        ("read_index", "7", "(index, ok): an int and a bool"),
        ("read_index", "(7, 1)", "(index, ok): an int and a bool"),
    ],
)
def test_bonus_methods_must_return_what_their_contract_says(
    make_cluster, method, answer, expected
):
    cluster = make_cluster(f"def {method}(self, *args): return {answer}")
    asked = (0, 1) if method == "transfer_leadership" else (0,)
    words = f"{method}() of server 0 returned {answer}, but must return {expected}"
    with fails("wrong-answer", words):
        getattr(cluster, method)(*asked)


def test_a_server_that_is_down_hands_nothing_over_and_answers_no_read(make_cluster):
    cluster = make_cluster()
    cluster.crash(0)
    assert cluster.transfer_leadership(0, 1) is False
    assert cluster.read_index(0) == (-1, False)


def test_a_code_that_is_none_is_the_tests_fault(make_cluster):
    cluster = make_cluster()
    # Also where the condition holds, so that the first run shows it.
    with pytest.raises(LabError, match=r"by 'own': take one of the codes in docs/fail"):
        cluster.require(True, "own", "all is well")
    with pytest.raises(LabError, match="by 'own'"):
        cluster.fail("own", "nothing is well")
    with pytest.raises(LabError, match="by 'own'"):
        cluster.warn("own", "much is not well")
