"""Part 2X: elections (section 5.2), each scenario made for one kind of bug."""

from fractions import Fraction

import pytest

from labrpc.world import crash_points
from tester import codes
from tester.scenario.checks import ELECTION_TIMEOUT, CheckedCluster

pytestmark = [
    pytest.mark.part("2X"),
    pytest.mark.virtual_time,
    pytest.mark.single_bug,
]


@pytest.mark.points(2)
@pytest.mark.cluster(servers=3, persistence=True)
def test_voter_dies_after_voting(cluster: CheckedCluster) -> None:
    """A server that crashes right after voting gives no other vote in that term."""
    for _ in range(12):
        voter = cluster.check_one_leader()
        first, second = cluster.next_servers(voter, 2)
        # They compete, and one's request for a vote comes late.
        cluster.set_link(first, second, False)
        cluster.set_link(second, first, False)
        late_s = cluster.random.uniform(0.05, 0.25)
        cluster.slow_link(second, voter, delay_ms=int(1000 * late_s))
        # Just restarted, it is asked before it becomes a candidate itself.
        cluster.restart(voter)
        cluster.crash_at(voter, crash_points.after_reply)
        cluster.wait_until_down(voter, 2 * ELECTION_TIMEOUT)
        if not cluster.is_up(voter):
            cluster.restart(voter)
        cluster.sleep(0.5)
        cluster.heal()
        cluster.one(cluster.random_command(), 3, retry=True)


@pytest.mark.points(1)
@pytest.mark.cluster(servers=3, persistence=True)
def test_losing_candidate(cluster: CheckedCluster) -> None:
    """A candidate that hears from the leader of its term follows it at once."""
    for _ in range(6):
        leader = cluster.check_one_leader()
        rivals = cluster.next_servers(leader, 2)
        # Both become candidates without hearing of each other, and one wins.
        cluster.set_link(rivals[0], rivals[1], False)
        cluster.set_link(rivals[1], rivals[0], False)
        term, _ = cluster.get_state(leader)
        cluster.restart(leader)
        winner = cluster.wait_for_leader_after(term)
        term, _ = cluster.get_state(winner)
        for loser in rivals:
            ends = cluster.now + ELECTION_TIMEOUT
            while cluster.get_state(loser)[0] < term and cluster.now < ends:
                cluster.sleep(0.002)
            # By its slow clock, its own next election is far off.
            if loser != winner and cluster.get_state(loser) == (term, False):
                cluster.set_clock_rate(loser, Fraction(1, 10))
        cluster.connect(*cluster.servers)
        index, _, leads = cluster.start(winner, cluster.random_command())
        ends = cluster.now + 2 * ELECTION_TIMEOUT
        while leads and cluster.n_committed(index)[0] < 3 and cluster.now < ends:
            cluster.sleep(0.01)
        its_term, leads = cluster.get_state(winner)
        cluster.require(
            (its_term, leads) != (term, True) or cluster.n_committed(index)[0] == 3,
            codes.NO_AGREEMENT,
            f"server {winner} leads term {term}, and all servers are connected, but "
            f"2 s after start() index {index} is applied by only "
            f"{cluster.n_committed(index)[0]} of 3 servers",
            f"of the two candidates of term {term}, the loser must become a follower when "
            "it receives AppendEntries from the winner (section 5.2); or else the leader "
            "does not repeat AppendEntries soon",
        )
        cluster.heal()
        cluster.one(cluster.random_command(), 3, retry=True)


@pytest.mark.points(1)
@pytest.mark.cluster(servers=3, persistence=True)
def test_votes_of_an_earlier_candidacy(cluster: CheckedCluster) -> None:
    """A vote that arrives after its candidate began a later election does not count."""
    for _ in range(8):
        leader = cluster.check_one_leader()
        candidate, voter = cluster.next_servers(leader, 2)
        cluster.one(cluster.random_command(), 3, retry=True)
        cluster.disconnect(leader)
        # Only this server becomes a candidate, and the vote for it arrives late.
        cluster.set_clock_rate(voter, Fraction(1, 20))
        late_s = cluster.random.uniform(0.2, 1.5)
        cluster.slow_link(voter, candidate, delay_ms=int(1000 * late_s))
        term, _ = cluster.get_state(voter)
        ends = cluster.now + 2 * ELECTION_TIMEOUT
        while cluster.now < ends and cluster.get_state(voter)[0] == term:
            cluster.sleep(0.005)
        # Later requests for votes get lost: only the late vote may arrive.
        cluster.lose_requests((candidate, voter))
        cluster.sleep(late_s + 0.3)
        cluster.heal()


@pytest.mark.points(2)
@pytest.mark.cluster(servers=5, persistence=True)
def test_disruptive_server(cluster: CheckedCluster) -> None:
    """A server that receives nothing and keeps asking for votes cannot stop elections."""
    for _ in range(2):
        leader = cluster.check_one_leader()
        deaf, *others = cluster.next_servers(leader, 4)
        cluster.disconnect(deaf)
        # It misses entries, so that no server may vote for it.
        cluster.one(cluster.random_command(), 4, retry=True)
        cluster.one(cluster.random_command(), 4, retry=True)
        cluster.disconnect(leader)
        for other in others:
            cluster.set_link(deaf, other, True)
        cluster.lose_replies(*[(other, deaf) for other in others])
        # It starts elections three times as often as the others.
        cluster.set_clock_rate(deaf, Fraction(3))
        seen = cluster.terms_led()
        cluster.sleep(8 * ELECTION_TIMEOUT)
        cluster.require(
            cluster.terms_led() > seen,
            codes.NO_LEADER,
            f"no leader in 8 s among servers {others}, though they are connected: "
            f"server {deaf}, whose log is behind, asks for votes all the while",
            "possible cause: a refused request for a vote restarts the election timer. "
            "Only granting a vote does so, and AppendEntries from the current leader "
            "(section 5.2, Figure 2)",
        )
        cluster.heal()
        cluster.one(cluster.random_command(), 5, retry=True)


@pytest.mark.points(1)
@pytest.mark.cluster(servers=3, persistence=True)
def test_hears_but_cannot_ask(cluster: CheckedCluster) -> None:
    """A leader learns of a later term from a server whose requests get lost."""
    answers = cluster.watch_answers()
    for _ in range(3):
        leader = cluster.check_one_leader()
        mute = cluster.next_servers(leader, 1)[0]
        cluster.disconnect(mute)
        cluster.sleep(2 * ELECTION_TIMEOUT)
        cluster.set_clock_rate(mute, Fraction(1, 2))
        if answers.found:
            # Only its replies can tell the leader about the later term.
            cluster.lose_requests(*[(mute, s) for s in cluster.servers if s != mute])
        cluster.connect(mute)
        cluster.one(cluster.random_command(), 3, retry=True)
        cluster.heal()
        cluster.one(cluster.random_command(), 3, retry=True)


@pytest.mark.points(1)
@pytest.mark.cluster(servers=5, persistence=True)
def test_hears_but_is_not_heard(cluster: CheckedCluster) -> None:
    """A server whose messages get lost disturbs no other, and is replaced as leader."""
    answers = cluster.watch_answers()
    for _ in range(3):
        leader = cluster.check_one_leader()
        unheard = cluster.next_servers(leader, 1)[0]
        for other in cluster.servers:
            cluster.set_link(unheard, other, False)
        cluster.lose_replies(*[(unheard, other) for other in cluster.servers])
        cluster.one(cluster.random_command(), 4, retry=True)
        cluster.heal()
        # Now the leader's messages get lost: the others must replace it.
        leader = cluster.check_one_leader()
        for other in cluster.servers:
            cluster.set_link(leader, other, False)
        cluster.sleep(ELECTION_TIMEOUT)
        # Where its replies are requests of their own, it cannot say what it lacks.
        servers = 5 if answers.found else 4
        cluster.one(cluster.random_command(), servers, retry=True)
        cluster.heal()


@pytest.mark.points(1)
@pytest.mark.cluster(servers=4, persistence=True)
def test_two_halves(cluster: CheckedCluster) -> None:
    """Half of the servers is no majority: neither half elects a leader or commits."""
    for _ in range(3):
        leader = cluster.check_one_leader()
        friend, *others = cluster.next_servers(leader, 3)
        for here in (leader, friend):
            for there in others:
                cluster.set_link(here, there, False)
                cluster.set_link(there, here, False)
        index, term, leads = cluster.start(leader, cluster.random_command())
        cluster.sleep(2 * ELECTION_TIMEOUT)
        if leads:
            cluster.check_no_agreement(
                index, f"only servers {leader} and {friend} of 4 can have stored it"
            )
        for server in others:
            its_term, leads = cluster.get_state(server)
            cluster.require(
                not leads or its_term <= term,
                codes.LEADER_WITHOUT_MAJORITY,
                f"server {server} leads term {its_term}, but only 2 of 4 servers can "
                "have voted for it",
                "a majority of four servers is three (section 5.2)",
            )
        cluster.heal()
        cluster.one(cluster.random_command(), 4, retry=True)


# Terms (section 5.1).


@pytest.mark.points(1)
@pytest.mark.cluster(servers=3, persistence=True)
def test_later_term_in_a_vote(cluster: CheckedCluster) -> None:
    """A candidate that is refused for its term learns the later term from the reply."""
    answers = cluster.watch_answers()
    leader = cluster.check_one_leader()
    # One server's term climbs, quickly, while the others go on without it.
    ahead, other = cluster.next_servers(leader, 2)
    cluster.disconnect(ahead)
    cluster.set_clock_rate(ahead, Fraction(3))
    cluster.one(cluster.random_command(), 2, retry=True)
    cluster.sleep(5 * ELECTION_TIMEOUT)
    cluster.crash(other)
    # Only the old leader can win, as its log is the longer; it hears replies only.
    cluster.disconnect(leader)
    cluster.sleep(0.5)
    cluster.restart(leader)
    if answers.found:
        # Else replies are requests of their own, and it would hear nothing.
        cluster.lose_requests((ahead, leader))
    # From now on it starts elections so rarely that another server can pass its term.
    cluster.set_clock_rate(ahead, Fraction(1, 4))
    term, _ = cluster.get_state(ahead)
    cluster.connect(ahead)
    cluster.wait_for_leader_after(term)
    cluster.heal()
    cluster.one(cluster.random_command(), 3, retry=True)


@pytest.mark.points(1)
@pytest.mark.cluster(servers=5, persistence=True)
def test_leader_of_an_earlier_term(cluster: CheckedCluster) -> None:
    """Servers that hear only from the leader of an earlier term elect a new one."""
    for _ in range(2):
        stale = cluster.check_one_leader()
        term, _ = cluster.get_state(stale)
        cluster.disconnect(stale)
        leader = cluster.wait_for_leader_after(term)
        cluster.one(cluster.random_command(), 4, retry=True)
        # Another may have been elected since.
        leader, term = cluster.leader_now(leader)
        cluster.crash(leader)
        # The old one's heartbeats arrive again, but no answer reaches it.
        others = [s for s in cluster.servers if s not in (stale, leader)]
        cluster.lose_replies(*[(other, stale) for other in others])
        for other in others:
            cluster.set_link(stale, other, True)
        cluster.wait_for_leader_after(term)
        cluster.heal()
        cluster.one(cluster.random_command(), 5, retry=True)


@pytest.mark.points(1)
@pytest.mark.cluster(servers=3, persistence=True)
def test_told_term(cluster: CheckedCluster) -> None:
    """A server that crashes remembers each term in which it has answered."""
    for _ in range(4):
        leader = cluster.check_one_leader()
        ahead, other = cluster.next_servers(leader, 2)
        cluster.disconnect(ahead)
        cluster.one(cluster.random_command(), 2, retry=True)
        # Its term climbs; no server may vote for it, since it has missed an entry.
        cluster.set_clock_rate(ahead, Fraction(3))
        cluster.sleep(ELECTION_TIMEOUT)
        cluster.disconnect(leader)
        cluster.set_clock_rate(other, Fraction(1, 20))
        cluster.connect(ahead)
        # It refuses votes in one later term after another, and then it crashes.
        ends = cluster.now + ELECTION_TIMEOUT
        while cluster.now < ends:
            cluster.get_state(other)
            cluster.sleep(0.01)
        cluster.disconnect(ahead)
        # So does the candidate, which has sent its term to others.
        for server in (other, ahead):
            cluster.get_state(server)
            cluster.restart(server)
            cluster.get_state(server)
        cluster.heal()
        cluster.one(cluster.random_command(), 3, retry=True)
