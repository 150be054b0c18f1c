"""Each invariant fails what breaks it, and leaves alone what only looks like it."""

import re

import pytest

from labrpc.clock import SECOND
from labrpc.errors import SubmissionError
from tester.oracles.state_probe import ASK_EVERY_NS

# Does and says what a test tells it to. It saves its term and reads it again.
PUPPET = """
def set_up(self):
    self.term = int(self.persister.read_raft_state() or 0)
    self.leads, self.next, self.lost = False, 1, False
    self.state_s = self.start_s = 0
def be(self, term, leads, save):
    threading.Timer(0.001, self.become, (term, leads, save)).start()
def become(self, term, leads, save):
    self.term, self.leads = term, leads
    if save:
        self.save()
def save(self):
    self.persister.save(str(self.term).encode(), self.persister.read_snapshot())
def behave(self, name, value):
    setattr(self, name, value)
def get_state(self):
    state = self.term, self.leads
    if self.state_s:
        time.sleep(self.state_s)
    return state
def start(self, command):
    if not self.leads:
        return -1, -1, False
    index, term = self.next, self.term
    self.next += 1
    if self.start_s:
        time.sleep(self.start_s)
    return index, term, not self.lost
def put(self, index, command):
    threading.Thread(target=self.apply, args=(index, command)).start()
"""


class Puppets:
    """A cluster of puppets, told what to do."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.spawned = []
        self.returned = []

    def be(self, server, term, leads=False, save=True):
        """Let a server be in a term, by itself: nobody asks it."""
        self.cluster.world.invoke(server, "be", term, leads, save)
        self.cluster.sleep(0.01)

    def elect(self, leader, term, voters=(0, 1, 2), **how):
        for voter in voters:
            if voter != leader:
                self.be(voter, term)
        self.be(leader, term, leads=True, **how)

    def behave(self, server, **values):
        for name, value in values.items():
            self.cluster.world.invoke(server, "behave", name, value)

    def save(self, *servers):
        for server in servers:
            self.cluster.world.invoke(server, "save")

    def put(self, server, index, command):
        """Let a server apply a command."""
        self.cluster.world.invoke(server, "put", index, command)
        self.cluster.sleep(0.01)

    def beside(self, function, *args):
        """Let the scenario do something at the same time."""

        def note():
            self.returned.append(function(*args))

        self.spawned.append(self.cluster.spawn(note))
        self.cluster.sleep(0.01)

    def join(self):
        self.cluster.join(self.spawned)


@pytest.fixture
def puppets(make_cluster):
    """Return a function that makes puppets whose votes and saves do not matter."""
    return lambda **options: Puppets(make_cluster(PUPPET, **options))


@pytest.fixture
def saving(puppets):
    """Return puppets that have to save what they vote for and store."""
    return puppets(persistence=True)


def fails(code, headline, *evidence):
    """Expect a code, a headline, and evidence with these words in this order."""
    words = ".*".join(map(re.escape, evidence))
    return pytest.raises(
        SubmissionError,
        match=f"(?s)^[^\n]*{headline}[^\n]*\n.*{words}",
        check=lambda error: error.code.name == code,
    )


# Election Safety.


def test_two_leaders_of_a_term_are_seen_though_nobody_asks(puppets):
    puppets = puppets()
    puppets.be(0, 3, leads=True)
    with fails(
        "two-leaders",
        r"term 3 has 2 leaders: servers 0 and 1 \(Election Safety, Figure 3\)",
        "server 0 (incarnation 1) said at 0.0",
        "leader of term 3",
        "server 1 (incarnation 1) said at 0.0",
        "leader of term 3",
        "section 5.2",
    ):
        puppets.be(1, 3, leads=True)


SPEAKS = f"""{PUPPET}
def message(self, n):
    pass
def speak(self):
    threading.Timer(0.001, self.peers[1].call, ("Raft.message", 0)).start()
"""


def speak(puppets):
    """Let server 0 send a message, when it was not asked for some time."""
    puppets.cluster.sleep(ASK_EVERY_NS / SECOND)
    puppets.cluster.world.invoke(0, "speak")
    puppets.cluster.sleep(0.01)
    return {t: by.server for t, by in puppets.cluster.invariants.leaders.items()}


def test_a_leader_is_seen_that_sends_nothing_but_the_messages_of_before(make_cluster):
    puppets = Puppets(make_cluster(SPEAKS))
    puppets.be(0, 3, save=False)
    assert speak(puppets) == {}
    puppets.be(0, 3, leads=True, save=False)
    assert speak(puppets) == {3: 0}


def test_who_leads_is_not_asked_again_and_again(make_cluster):
    puppets = Puppets(make_cluster(SPEAKS))
    puppets.be(0, 3, leads=True, save=False)
    assert speak(puppets) == {3: 0}
    puppets.be(0, 4, leads=True, save=False)
    assert speak(puppets) == {3: 0}
    # Another life of it is asked again.
    puppets.cluster.restart(0)
    puppets.be(0, 5, leads=True, save=False)
    assert speak(puppets) == {3: 0, 5: 0}


def test_a_leader_that_the_other_never_met_is_remembered(puppets):
    puppets = puppets()
    puppets.be(0, 3, leads=True)
    puppets.be(0, 4)
    with fails("two-leaders", "term 3 has 2 leaders: servers 0 and 1"):
        puppets.be(1, 3, leads=True)


def test_a_server_that_leads_its_term_again_after_a_restart_is_reported(saving):
    saving.elect(0, 3)
    saving.cluster.restart(0)
    with fails(
        "two-leaders",
        "term 3 has 2 leaders: server 0 before and after a restart",
        "server 0 (incarnation 1)",
        "server 0 (incarnation 2)",
        "section 5.2",
    ):
        saving.be(0, 3, leads=True)


def test_a_stale_leader_may_go_on_believing(saving):
    saving.elect(0, 3)
    saving.elect(1, 4, voters=(2,))
    saving.be(0, 3, leads=True)
    assert saving.cluster.get_state(0) == (3, True)
    assert {
        term: b.server for term, b in saving.cluster.invariants.leaders.items()
    } == {
        3: 0,
        4: 1,
    }


def test_a_server_may_lead_again_in_a_later_term(saving):
    for term in (1, 2, 5):
        saving.elect(0, term)
    saving.cluster.restart(0)
    saving.elect(0, 6)
    assert list(saving.cluster.invariants.leaders) == [1, 2, 5, 6]


# Terms never fall.


@pytest.mark.parametrize("asks", [True, False], ids=["asked meanwhile", "asked then"])
def test_a_save_of_an_older_state_says_nothing_of_a_later_term(asks, make_cluster):
    """Storage may work beside the server, so that a save begins before a term and ends later."""
    captures = (
        PUPPET
        + """
def save_slowly(self):
    threading.Thread(target=self.save, daemon=True).start()
"""
    )
    puppets = Puppets(make_cluster(captures, persistence=True))
    puppets.be(0, 4)
    puppets.cluster.slow_disk(0, 20_000)
    puppets.cluster.world.invoke(0, "save_slowly")
    puppets.cluster.sleep(0.005)
    puppets.be(0, 5, save=False)
    if asks:
        assert puppets.cluster.get_state(0) == (5, False)
    puppets.cluster.sleep(0.05)
    puppets.cluster.restart(0)
    assert puppets.cluster.get_state(0) == (4, False)


STORES_BESIDE = f"""{PUPPET}
def save_older(self):
    self.persister.save(b"4", None)
def message(self, args):
    return self.term
def ask(self, peer):
    threading.Thread(target=self.peers[peer].call, args=("Raft.message", 0)).start()
"""


def test_a_save_may_be_older_than_a_term_that_was_told_before_any_save(make_cluster):
    puppets = Puppets(make_cluster(STORES_BESIDE, persistence=True))
    puppets.be(0, 4)
    puppets.be(0, 5, save=False)
    assert puppets.cluster.get_state(0) == (5, False)
    puppets.cluster.world.invoke(0, "save_older")
    puppets.cluster.world.invoke(0, "ask", 1)
    puppets.cluster.sleep(0.01)
    puppets.cluster.restart(0)
    assert puppets.cluster.get_state(0) == (4, False)


def test_a_term_in_which_a_request_was_answered_must_be_saved(make_cluster):
    puppets = Puppets(make_cluster(STORES_BESIDE, persistence=True))
    puppets.be(0, 4)
    puppets.be(0, 5, save=False)
    assert puppets.cluster.get_state(0) == (5, False)
    puppets.cluster.world.invoke(1, "ask", 0)
    puppets.cluster.sleep(0.01)
    puppets.cluster.restart(0)
    with fails("term-fell", "the term of server 0 fell from 5 to 4"):
        puppets.cluster.get_state(0)


def test_a_term_that_a_slow_save_began_with_must_be_in_it(make_cluster):
    forgets = PUPPET.replace("str(self.term).encode()", "b''")
    puppets = Puppets(make_cluster(forgets, persistence=True))
    puppets.cluster.slow_disk(0, 20_000)
    puppets.be(0, 5, save=False)
    assert puppets.cluster.get_state(0) == (5, False)
    puppets.be(0, 5)
    puppets.cluster.sleep(0.05)
    puppets.cluster.restart(0)
    with fails("term-fell", "the term of server 0 fell from 5 to 0"):
        puppets.cluster.get_state(0)


def test_a_term_that_falls_is_reported(puppets):
    puppets = puppets()
    puppets.be(2, 5)
    with fails(
        "term-fell",
        r"the term of server 2 fell from 5 to 4 \(Figure 2",
        "server 2 (incarnation 1) said at 0.0",
        "in term 5",
        "server 2 (incarnation 1) said at 0.0",
        "in term 4",
        "the server did not restart in between",
    ):
        puppets.be(2, 4)


def test_a_term_that_a_restart_forgets_is_reported(make_cluster):
    forgets = PUPPET.replace("str(self.term).encode()", "b''")
    puppets = Puppets(make_cluster(forgets, persistence=True))
    puppets.be(0, 5)
    puppets.cluster.restart(0)
    with fails(
        "term-fell",
        "the term of server 0 fell from 5 to 4",
        "server 0 (incarnation 1)",
        "in term 5",
        "server 0 (incarnation 2)",
        "in term 4",
        "read again at a restart",
    ):
        puppets.be(0, 4)


def test_a_term_that_was_told_before_a_save_must_be_in_it(make_cluster):
    forgets = PUPPET.replace("str(self.term).encode()", "b''")
    puppets = Puppets(make_cluster(forgets, persistence=True))
    puppets.be(0, 5, save=False)
    assert puppets.cluster.get_state(0) == (5, False)
    puppets.be(0, 5)
    puppets.cluster.restart(0)
    with fails("term-fell", "the term of server 0 fell from 5 to 0"):
        puppets.cluster.get_state(0)


def test_a_term_that_was_told_but_never_sent_need_not_be_saved(saving):
    saving.be(0, 4)
    saving.be(0, 5, save=False)
    assert saving.cluster.get_state(0) == (5, False)
    saving.cluster.restart(0)
    assert saving.cluster.get_state(0) == (4, False)
    saving.be(0, 5)


def test_a_restarted_server_may_save_the_lower_term_at_once(make_cluster):
    saves = PUPPET.replace("def be(", "    self.save()\ndef be(")
    puppets = Puppets(make_cluster(saves, persistence=True))
    puppets.be(0, 4)
    puppets.be(0, 5, save=False)
    assert puppets.cluster.get_state(0) == (5, False)
    puppets.cluster.restart(0)
    assert puppets.cluster.get_state(0) == (4, False)


def test_what_is_saved_as_it_answers_may_be_saved_before(make_cluster):
    learns = f"""{PUPPET}
def get_state(self):
    if self.leads:
        self.save()
        self.term, self.leads = self.term + 1, False
    return self.term, False
"""
    puppets = Puppets(make_cluster(learns, persistence=True))
    puppets.be(0, 4, leads=True)
    puppets.be(1, 1)
    assert puppets.cluster.get_state(0) == (5, False)
    puppets.cluster.restart(0)
    assert puppets.cluster.get_state(0) == (4, False)


def test_a_claim_to_lead_that_start_returned_says_so(make_cluster):
    claims = f"""{PUPPET}
def start(self, command):
    return 1, self.term, True
"""
    puppets = Puppets(make_cluster(claims))
    puppets.be(0, 3, leads=True)
    puppets.be(1, 3)
    with fails(
        "two-leaders",
        r"term 3 has 2 leaders: servers 0 and 1 \(Election Safety, Figure 3\)",
        "server 1 (incarnation 1) said at 0.0",
        "leader of term 3, in what `start` returned",
    ):
        puppets.cluster.start(1, "x")


def test_who_does_not_lead_may_name_any_term(puppets):
    puppets = puppets()
    puppets.be(0, 5)
    assert puppets.cluster.start(0, "x") == (-1, -1, False)
    assert puppets.cluster.get_state(0) == (5, False)


def test_an_answer_may_be_older_than_one_that_came_before_it(puppets):
    puppets = puppets()
    puppets.be(0, 5)
    puppets.behave(0, state_s=1)
    puppets.beside(puppets.cluster.get_state, 0)
    puppets.behave(0, state_s=0)
    puppets.be(0, 6)
    assert puppets.cluster.get_state(0) == (6, False)
    puppets.join()
    assert puppets.cluster.states[0] == (5, False)


def test_a_server_need_not_be_the_same_term_when_nothing_must_be_saved(puppets):
    puppets = puppets()
    puppets.be(0, 5, save=False)
    assert puppets.cluster.get_state(0) == (5, False)
    puppets.cluster.restart(0)
    assert puppets.cluster.get_state(0) == (0, False)


# Votes of a majority.


def test_a_leader_whom_nobody_can_have_voted_for_is_reported(saving):
    with fails(
        "not-elected-by-majority",
        "server 1 leads term 1, but no majority can have voted for it: only 1 of "
        r"3 servers, server 1, can have saved a vote in that term \(section 5.2\)",
        "server 1 (incarnation 1) said at 0.0",
        "leader of term 1",
        "server 0 has reported no term, and has saved nothing since",
        "server 2 has reported no term, and has saved nothing since",
        "section 5.2",
    ):
        saving.be(1, 1, leads=True)


def test_votes_of_an_earlier_term_do_not_count(saving):
    saving.elect(0, 3)
    with fails(
        "not-elected-by-majority",
        "server 1 leads term 4, but no majority can have voted for it: only 1 of [35]",
        "server 0 (incarnation 1) said at 0.0",
        "leader of term 3, and has saved nothing since",
        "server 2 (incarnation 1) said at 0.0",
        "in term 3, and has saved nothing since",
    ):
        saving.be(1, 4, leads=True)


def test_a_vote_that_was_not_saved_is_none(saving):
    saving.be(0, 1)
    saving.be(0, 2, save=False)
    saving.be(2, 2, save=False)
    with fails(
        "not-elected-by-majority",
        "server 1 leads term 2, but no majority can have voted for it",
    ):
        saving.be(1, 2, leads=True)


@pytest.mark.parametrize("voter", [0, 2])
def test_one_vote_of_two_is_enough(saving, voter):
    saving.elect(1, 1, voters=(voter,))
    saving.elect(1, 2, voters=(voter,))
    assert list(saving.cluster.invariants.leaders) == [1, 2]


def test_a_voter_may_crash_or_be_in_a_later_term_already(saving):
    saving.be(0, 3)
    saving.cluster.crash(0)
    saving.be(1, 3, leads=True)
    saving.be(2, 9)
    saving.be(1, 8, leads=True)
    assert list(saving.cluster.invariants.leaders) == [3, 8]


def test_a_vote_counts_though_an_older_answer_comes_after_it(saving):
    saving.elect(1, 1)
    saving.behave(0, state_s=1)
    saving.beside(saving.cluster.get_state, 0)
    saving.be(0, 2)
    saving.join()
    assert saving.cluster.states[0] == (1, False)
    saving.be(1, 2, leads=True)


def test_before_part_2c_votes_need_not_be_saved(puppets):
    puppets = puppets()
    puppets.be(1, 1, leads=True, save=False)
    assert puppets.cluster.check_one_leader() == 1


# Nothing is applied that was not started.


def test_an_entry_of_a_leaders_own_is_reported(puppets):
    with fails(
        "never-started",
        r"server 0 applied None at index 1, but it was never given to start\(\) \(section",
        "such as a no-op when its term begins",
    ):
        puppets().put(0, 1, None)


def test_a_command_at_another_index_than_it_was_put_is_reported(puppets):
    puppets = puppets()
    puppets.be(0, 1, leads=True)
    puppets.behave(0, next=4)
    puppets.cluster.start(0, "x")
    with fails(
        "never-started",
        r"server 1 applied 'x' at index 1, but start\(\) never returned that index for it",
        "start('x') on server 0 at 0.0",
        "returned index 4 in term 1",
    ):
        puppets.put(1, 1, "x")


def test_a_command_that_was_refused_everywhere_is_reported(puppets):
    puppets = puppets()
    puppets.cluster.start(0, "x")
    with fails(
        "never-started",
        "never returned that index",
        "start('x') on server 0",
        "was refused",
    ):
        puppets.put(1, 1, "x")


@pytest.mark.parametrize(("command", "applied"), [(1, True), ([1], [2]), ([1], (1,))])
def test_another_command_than_was_started_is_reported(puppets, command, applied):
    puppets = puppets()
    puppets.be(0, 1, leads=True)
    puppets.cluster.start(0, command)
    with fails("never-started", r"never given to start\(\)", "a no-op"):
        puppets.put(1, 1, applied)


@pytest.mark.parametrize(
    ("command", "applied"),
    [("x", "x"), ([1, {"a": 2}], [1, {"a": 2}]), ({1: 2, 3: 4}, {3: 4, 1: 2})],
)
def test_what_was_started_may_be_applied(puppets, command, applied):
    puppets = puppets()
    puppets.be(0, 1, leads=True)
    puppets.cluster.start(0, command)
    puppets.put(1, 1, applied)
    assert puppets.cluster.commits() == 1


def test_start_may_return_after_its_command_is_applied(puppets):
    puppets = puppets()
    puppets.be(0, 1, leads=True)
    puppets.behave(0, start_s=1)
    puppets.beside(puppets.cluster.start, 0, "x")
    puppets.put(1, 1, "x")
    assert (puppets.cluster.commits(), puppets.returned) == (1, [])
    puppets.join()
    assert puppets.returned == [(1, 1, True)]


def test_start_may_never_return(puppets):
    puppets = puppets()
    puppets.be(0, 1, leads=True)
    puppets.behave(0, start_s=1)
    puppets.beside(puppets.cluster.start, 0, "x")
    puppets.cluster.crash(0)
    puppets.put(1, 1, "x")
    puppets.join()
    assert puppets.returned == [(-1, 0, False)]
    assert puppets.cluster.commits() == 1


def test_a_leader_may_append_and_say_no_when_it_has_stepped_down(puppets):
    puppets = puppets()
    puppets.be(0, 1, leads=True)
    puppets.behave(0, lost=True)
    assert puppets.cluster.start(0, "x") == (1, 1, False)
    puppets.put(1, 1, "x")


# Stored by a majority before it is applied.


def test_what_no_majority_can_have_stored_is_reported(saving):
    saving.elect(0, 1)
    saving.cluster.start(0, "x")
    saving.save(0)
    with fails(
        "not-stored-by-majority",
        "server 2 applied 'x' at index 1, but no majority can have stored it: "
        r"only 1 of 3 servers, server 0, saved anything since start\(\) .*section 5.3",
        "start('x') on server 0 at 0.0",
        "returned index 1 in term 1",
        "servers 1, 2 saved nothing since then",
        "match_index",
    ):
        saving.put(2, 1, "x")


@pytest.mark.parametrize("stored", [(0, 1), (1, 2)])
def test_any_majority_may_have_stored_it(saving, stored):
    saving.elect(0, 1)
    saving.cluster.start(0, "x")
    saving.save(*stored)
    saving.put(2, 1, "x")
    assert saving.cluster.commits() == 1


def test_it_may_have_been_stored_when_it_was_started_for_the_first_time(saving):
    saving.elect(0, 1)
    saving.cluster.start(0, "x")
    saving.save(0, 1)
    saving.elect(1, 2)
    saving.behave(1, next=2)
    saving.cluster.start(1, "y")
    saving.save(1, 2)
    # Neither has been saved since the client tried again.
    saving.cluster.start(1, "x")
    saving.put(2, 1, "x")
    saving.put(2, 2, "y")
    assert saving.cluster.commits() == 2


def test_before_part_2c_nothing_needs_to_be_saved(puppets):
    puppets = puppets()
    puppets.be(0, 1, leads=True, save=False)
    puppets.cluster.start(0, "x")
    puppets.put(0, 1, "x")
    assert puppets.cluster.commits() == 1


# Leader Append-Only.


def test_two_commands_at_an_index_in_a_term_are_reported(puppets):
    puppets = puppets()
    puppets.be(0, 3, leads=True)
    puppets.cluster.start(0, "x")
    puppets.behave(0, next=1)
    with fails(
        "overwritten-by-leader",
        "server 0 put a new command at index 1 in term 3, though it had put one at index 1 "
        r"in that term \(Leader Append-Only, Figure 3\)",
        "start('x') on server 0 at 0.0",
        "returned index 1 in term 3",
        "start('y') on server 0 at 0.0",
        "returned index 1 in term 3",
        "section 5.3",
    ):
        puppets.cluster.start(0, "y")


def test_a_leaders_log_that_has_become_shorter_is_reported(puppets):
    puppets = puppets()
    puppets.be(0, 3, leads=True)
    puppets.behave(0, next=7)
    puppets.cluster.start(0, "x")
    puppets.behave(0, next=5)
    with fails(
        "overwritten-by-leader",
        "index 5 in term 3, though it had put one at index 7",
        "7 in",
        "5 in",
        "5.3",
    ):
        puppets.cluster.start(0, "y")


def test_calls_of_start_may_return_in_any_order(puppets):
    puppets = puppets()
    puppets.be(0, 3, leads=True)
    for number, start_s in enumerate([0.5, 1, 0.1, 0.7]):
        puppets.behave(0, start_s=start_s)
        puppets.beside(puppets.cluster.start, 0, number)
    puppets.join()
    assert [index for index, _, _ in puppets.returned] == [3, 1, 4, 2]


def test_who_is_called_first_may_get_the_higher_index(puppets):
    puppets = puppets()
    puppets.be(0, 3, leads=True)
    # Index 2 is returned before index 1 is, though that was asked for later.
    puppets.behave(0, start_s=0.5, next=2)
    puppets.beside(puppets.cluster.start, 0, "a")
    puppets.behave(0, start_s=1, next=1)
    puppets.beside(puppets.cluster.start, 0, "b")
    puppets.join()
    assert [index for index, _, _ in puppets.returned] == [2, 1]


def test_a_command_that_is_offered_again_may_keep_its_index(puppets):
    puppets = puppets()
    puppets.be(0, 3, leads=True)
    puppets.cluster.start(0, "x")
    puppets.cluster.start(0, "y")
    puppets.behave(0, next=1)
    assert puppets.cluster.start(0, "x") == (1, 3, True)


def test_what_was_never_committed_may_be_overwritten_in_a_later_term(saving):
    saving.elect(0, 1)
    for number in range(3):
        saving.cluster.start(0, number)
    saving.elect(1, 2)
    assert saving.cluster.start(1, "x") == (1, 2, True)
    saving.save(0, 1, 2)
    for server in range(3):
        saving.put(server, 1, "x")


# Leader Completeness.


def commit(puppets, leader, term, command):
    """Let a leader commit a command, and say afterwards in which term it is."""
    puppets.cluster.start(leader, command)
    puppets.save(*puppets.cluster.servers)
    puppets.put(leader, 1, command)
    assert puppets.cluster.get_state(leader) == (term, True)


def test_a_leader_that_lacks_what_was_committed_is_reported(saving):
    saving.elect(0, 1)
    commit(saving, 0, 1, "x")
    saving.elect(1, 2)
    with fails(
        "leader-lacks-committed",
        "server 1, leader of term 2, put a new command at index 1, though index 1 had "
        r"been committed: its log lacks that entry \(Leader Completeness, Figure 3\)",
        "server 0 applied 'x' at index 1 at 0.0",
        "server 0 (incarnation 1) said at 0.0",
        "leader of term 1",
        "start('y') on server 1 at 0.0",
        "returned index 1 in term 2",
        "5.4.1",
    ):
        saving.cluster.start(1, "y")


def test_a_stale_leader_lacks_what_was_committed_after_its_term(saving):
    saving.elect(0, 1)
    saving.elect(1, 2, voters=(2,))
    commit(saving, 1, 2, "x")
    assert saving.cluster.start(0, "y") == (1, 1, True)


def test_a_leader_has_what_was_committed_and_goes_on_after_it(saving):
    saving.elect(0, 1)
    commit(saving, 0, 1, "x")
    saving.elect(1, 2)
    saving.behave(1, next=2)
    saving.cluster.start(1, "y")
    saving.elect(2, 3)
    # Index 2 was never committed.
    saving.behave(2, next=2)
    assert saving.cluster.start(2, "z") == (2, 3, True)


def test_start_may_return_after_what_it_was_put_before_is_applied(saving):
    saving.elect(0, 1)
    saving.behave(0, start_s=1)
    saving.beside(saving.cluster.start, 0, "x")
    saving.behave(0, start_s=0)
    saving.cluster.start(0, "y")
    saving.save(0, 1, 2)
    saving.put(0, 1, "x")
    saving.put(0, 2, "y")
    assert saving.cluster.get_state(0) == (1, True)
    saving.join()


def test_an_answer_of_before_it_applied_does_not_date_what_it_applied(saving):
    # Server 2 is asked in term 1, learns in term 3 what was committed then, and
    # answers only now. The leader of term 2, cut off by then, need not have that.
    saving.elect(1, 2, voters=(0,))
    saving.be(2, 1)
    saving.behave(2, state_s=1)
    saving.beside(saving.cluster.get_state, 2)
    saving.elect(0, 3, voters=(2,))
    saving.cluster.start(0, "x")
    saving.save(0, 2)
    saving.put(2, 1, "x")
    saving.join()
    assert saving.cluster.states[2] == (1, False)
    assert saving.cluster.start(1, "y") == (1, 2, True)


# State Machine Safety.


def test_another_command_at_an_index_is_reported_with_both(saving):
    saving.elect(0, 1)
    commit(saving, 0, 1, "x")
    with fails(
        "applied-differently",
        r"server 1 applied 'y' at index 1, where server 0 had applied 'x' \(State "
        r"Machine Safety, Figure 3\)",
        "server 0 applied 'x' at index 1 at 0.0",
        "server 1 applied 'y' at index 1 at 0.0",
        "5.4.2",
    ):
        saving.put(1, 1, "y")


def test_the_same_command_may_be_applied_everywhere_and_after_a_restart(saving):
    saving.elect(0, 1)
    commit(saving, 0, 1, "x")
    saving.put(1, 1, "x")
    saving.cluster.restart(1)
    saving.put(1, 1, "x")


# When servers are asked.


def test_a_server_that_has_not_answered_is_not_asked_again(puppets):
    puppets = puppets()
    puppets.behave(0, state_s=1)
    asked = puppets.cluster.world.hosts[0].last_invoke_id
    for term in (1, 2, 3):
        puppets.be(0, term)
    assert puppets.cluster.world.hosts[0].last_invoke_id == asked + 3 + 1
    puppets.cluster.sleep(2)
    puppets.be(0, 4)
    assert puppets.cluster.world.hosts[0].last_invoke_id == asked + 5 + 1


def test_nothing_is_asked_after_kill(make_cluster):
    cluster = make_cluster("""
        def get_state(self):
            if self.term == 0:
                raise RuntimeError("asked after kill")
            return self.term, False
        def kill(self):
            self.term = 0
            self.save()
    """)
    cluster.shut_down()
    assert cluster.world.warnings == {}
