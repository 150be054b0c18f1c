"""A leader has been answered by a majority, from part 2A on and by whatever RPC."""

import re

import pytest

from labrpc.errors import SubmissionError

# Leads a term when a test says so; calls a peer when a test says so.
PUPPET = """
def set_up(self):
    self.term, self.is_leader = 0, False
def leads(self):
    return self.is_leader
def be(self, term, is_leader):
    self.term, self.is_leader = term, is_leader
def call(self, method, *peers):
    for peer in peers:
        args = self.peers[peer].call, ("Raft." + method, self.me)
        threading.Thread(target=args[0], args=args[1]).start()
def ask(self, candidate):
    return True
def ask_one_way(self, candidate):
    threading.Thread(target=self.vote_later, args=(candidate,)).start()
    time.sleep(60)
def vote_later(self, candidate):
    self.peers[candidate].call("Raft.ask", self.me)
"""


@pytest.fixture
def cluster(make_cluster):
    return make_cluster(PUPPET, servers=5, elections=True)


def asks(cluster, candidate, *peers, method="ask"):
    cluster.world.invoke(candidate, "call", method, *peers)
    cluster.sleep(0.02)


def be(cluster, server, term, leads):
    cluster.world.invoke(server, "be", term, leads)
    assert cluster.get_state(server) == (term, leads)


def not_elected(headline, *evidence):
    words = ".*".join(map(re.escape, evidence))
    return pytest.raises(
        SubmissionError,
        match=f"(?s)^[^\n]*{headline}[^\n]*\n.*{words}",
        check=lambda error: error.code.name == "not-elected-by-majority",
    )


def test_who_was_answered_by_a_majority_may_lead(cluster):
    asks(cluster, 1, 0, 3)
    be(cluster, 1, 1, True)


def test_who_was_answered_by_fewer_does_not_lead(cluster):
    asks(cluster, 1, 3)
    with not_elected(
        "server 1 leads term 1, but no majority can have voted for it: only 2 of "
        r"5 servers, servers 1, 3, can have .* \(section 5.2\)",
        "server 1 (incarnation 1) said at 0.02",
        "leader of term 1",
        "server 1 has started, and servers 0, 2, 4 have not answered what it has sent since then",
        "possible causes: a candidate did not wait",
    ):
        be(cluster, 1, 1, True)


def test_one_server_that_answers_often_is_one_vote(cluster):
    asks(cluster, 1, 3, 3, 3, 3)
    with not_elected("only 2 of 5 servers, servers 1, 3,"):
        be(cluster, 1, 1, True)


def test_a_call_to_itself_is_its_own_vote(cluster):
    asks(cluster, 1, 1, 3)
    with not_elected("only 2 of 5 servers, servers 1, 3,"):
        be(cluster, 1, 1, True)


def test_a_lost_call_is_no_answer(cluster):
    cluster.disconnect(0)
    asks(cluster, 1, 0, 3)
    cluster.sleep(8)
    with not_elected("only 2 of 5 servers, servers 1, 3,"):
        be(cluster, 1, 1, True)


def test_an_answer_of_before_an_earlier_term_was_seen_does_not_count(cluster):
    asks(cluster, 1, 0, 2, 3, 4)
    be(cluster, 1, 1, False)
    asks(cluster, 1, 3)
    with not_elected(
        "server 1 leads term 2, .* only 2 of 5 servers, servers 1, 3,",
        "server 1 (incarnation 1) said",
        "in term 1, and servers 0, 2, 4 have not",
    ):
        be(cluster, 1, 2, True)


def test_an_answer_to_what_it_called_in_an_earlier_term_does_not_count(cluster):
    cluster.slow_link(1, 0, 500)
    cluster.slow_link(1, 2, 500)
    asks(cluster, 1, 0, 2)
    be(cluster, 1, 1, False)
    cluster.sleep(2)
    with not_elected("only 1 of 5 servers, server 1,"):
        be(cluster, 1, 2, True)


def test_votes_may_have_come_before_a_report_of_the_same_term(cluster):
    be(cluster, 1, 1, False)
    asks(cluster, 1, 0)
    be(cluster, 1, 2, False)
    asks(cluster, 1, 3)
    be(cluster, 1, 2, True)


def test_votes_are_needed_for_each_term_that_is_led(cluster):
    asks(cluster, 1, 0, 3)
    be(cluster, 1, 1, True)
    with not_elected("server 1 leads term 2, .* only 1 of 5 servers, server 1,"):
        be(cluster, 1, 2, True)


def test_votes_may_be_requests_of_the_voters(cluster):
    asks(cluster, 1, 0, 2, method="ask_one_way")
    cluster.sleep(0.1)
    be(cluster, 1, 1, True)


def test_a_request_of_a_server_that_was_not_asked_is_no_vote(cluster):
    for server in (0, 2, 3, 4):
        asks(cluster, server, 1)
    with not_elected("only 1 of 5 servers, server 1,"):
        be(cluster, 1, 1, True)


def test_a_restarted_server_has_no_votes(cluster):
    asks(cluster, 1, 0, 2, 3)
    cluster.restart(1)
    with not_elected(
        "only 1 of 5 servers, server 1,",
        "server 1 has started, and servers 0, 2, 3, 4 have not answered what it has sent",
    ):
        be(cluster, 1, 1, True)


def test_leadership_claimed_by_start_is_checked_as_well(cluster):
    asks(cluster, 1, 3)
    cluster.world.invoke(1, "be", 1, True)
    what = r"start\(\) says that server 1 leads term 1, .* only 2 of 5 servers"
    with not_elected(what) as caught:
        cluster.start(1, "x")
    assert "looked at the role and at the term at two moments" in caught.value.evidence


def test_one_server_is_its_own_majority(make_cluster):
    cluster = make_cluster(PUPPET, servers=1, elections=True)
    be(cluster, 0, 1, True)
