"""Part 2P: PreVote (section 9.6 of Ongaro's dissertation), a bonus part."""

from fractions import Fraction

import pytest

from tester import codes
from tester.scenario.checks import ELECTION_TIMEOUT, CheckedCluster

pytestmark = [pytest.mark.part("2P"), pytest.mark.virtual_time]

CAUSES = (
    "a candidate asks first whether a majority would vote for it, and stays in its term "
    "if not. A server would not, while it hears from a leader, or if the candidate's log "
    "is behind (dissertation, section 9.6)"
)


@pytest.mark.points(2)
@pytest.mark.cluster(servers=5, persistence=True)
def test_minority_keeps_its_term(cluster: CheckedCluster) -> None:
    """Two servers of five that are cut off together stay in their term."""
    leader = cluster.check_one_leader()
    term, _ = cluster.get_state(leader)
    minority = cluster.next_servers(leader, 2)
    cluster.split_off(*minority)
    for _ in range(4):
        cluster.sleep(ELECTION_TIMEOUT)
        for server in minority:
            check_term(cluster, server, term)


@pytest.mark.points(2)
@pytest.mark.cluster(servers=3, persistence=True)
def test_returning_server(cluster: CheckedCluster) -> None:
    """A server that was cut off for long comes back and follows the leader."""
    for _ in range(3):
        leader = cluster.check_one_leader()
        cluster.one(cluster.random_command(), 3, retry=True)
        term, _ = cluster.get_state(leader)
        (away,) = cluster.next_servers(leader, 1)
        cluster.disconnect(away)
        cluster.one(cluster.random_command(), 2)
        cluster.sleep(2 * ELECTION_TIMEOUT)
        check_term(cluster, away, term)
        cluster.connect(away)
        check_still_leads(cluster, leader, term)
        cluster.one(cluster.random_command(), 3)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=5, persistence=True)
def test_server_that_does_not_hear_the_leader(cluster: CheckedCluster) -> None:
    """A server that reaches all but does not hear the leader cannot depose it."""
    for _ in range(2):
        leader = cluster.check_one_leader()
        cluster.one(cluster.random_command(), 5, retry=True)
        term, _ = cluster.get_state(leader)
        (deaf,) = cluster.next_servers(leader, 1)
        cluster.set_link(leader, deaf, False)
        for _ in range(3):
            check_still_leads(cluster, leader, term)
            cluster.one(cluster.random_command(), 4)
        cluster.heal()
        cluster.one(cluster.random_command(), 5)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3, persistence=True)
def test_failed_leader_is_replaced(cluster: CheckedCluster) -> None:
    """A majority elects a leader, but not for a candidate whose log is behind."""
    for _ in range(3):
        leader = cluster.check_one_leader()
        behind, voter = cluster.next_servers(leader, 2)
        cluster.disconnect(behind)
        cluster.one(cluster.random_command(), 2, retry=True)
        # Just restarted, it has heard from no leader, and is no candidate for long.
        cluster.crash(leader, voter)
        cluster.set_clock_rate(voter, Fraction(1, 20))
        cluster.restart(voter)
        term, _ = cluster.get_state(voter)
        cluster.connect(behind)
        cluster.sleep(2 * ELECTION_TIMEOUT)
        check_term(cluster, behind, max(term, cluster.get_state(voter)[0]))
        check_term(cluster, voter, term)
        cluster.set_clock_rate(voter, Fraction(1))
        cluster.wait_for_leader_after(term)
        cluster.one(cluster.random_command(), 2, retry=True)
        cluster.heal()
        cluster.one(cluster.random_command(), 3, retry=True)


def check_term(cluster: CheckedCluster, server: int, term: int) -> None:
    """Fail if a server has left its term, though nobody would vote for it."""
    its_term, _ = cluster.get_state(server)
    cluster.require(
        its_term <= term,
        codes.TERM_RAISED_IN_VAIN,
        f"server {server} went from term {term} to {its_term}, though no majority "
        "would have voted for it",
        CAUSES,
    )


def check_still_leads(cluster: CheckedCluster, leader: int, term: int) -> None:
    """Fail unless a leader leads its term for two more seconds."""
    for _ in range(4):
        cluster.sleep(ELECTION_TIMEOUT / 2)
        its_term, leads = cluster.get_state(leader)
        cluster.require(
            (its_term, leads) == (term, True),
            codes.LEADER_DEPOSED,
            f"server {leader} led term {term}, and a majority heard it, but now it "
            f"{'leads' if leads else 'follows'} in term {its_term}",
            CAUSES,
        )
