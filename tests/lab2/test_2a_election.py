"""Part 2A: leader election (sections 5.1 and 5.2)."""

import pytest

from tester import codes
from tester.scenario.checks import ELECTION_TIMEOUT, CheckedCluster

pytestmark = pytest.mark.part("2A")


@pytest.mark.points(6)
@pytest.mark.cluster(servers=3)
def test_initial_election(cluster: CheckedCluster) -> None:
    """A leader is elected, and stays while nothing fails."""
    cluster.check_one_leader()

    # Let followers learn of the election before comparing terms.
    cluster.sleep(0.050)
    term = cluster.check_terms()
    cluster.require(
        term >= 1,
        codes.WRONG_TERM,
        f"the term is {term} after an election, but terms start at 1",
    )

    cluster.sleep(2 * ELECTION_TIMEOUT)
    later_term = cluster.check_terms()
    if later_term != term:
        cluster.warn(
            codes.TERM_ROSE,
            f"the term went from {term} to {later_term} though nothing failed: "
            "heartbeats should keep followers from becoming candidates (section 5.2)",
        )
    cluster.check_one_leader()


@pytest.mark.points(7)
@pytest.mark.cluster(servers=3)
def test_re_election(cluster: CheckedCluster) -> None:
    """Leaders that fail are replaced, and nobody leads without a majority."""
    first_leader = cluster.check_one_leader()

    cluster.disconnect(first_leader)
    cluster.check_one_leader()

    # The old leader comes back and must follow the new one.
    cluster.connect(first_leader)
    leader = cluster.check_one_leader()

    # One server alone is no majority.
    (follower,) = cluster.next_servers(leader, 1)
    cluster.disconnect(leader, follower)
    cluster.sleep(2 * ELECTION_TIMEOUT)
    cluster.check_no_leader()

    cluster.connect(follower)
    cluster.check_one_leader()

    cluster.connect(leader)
    cluster.check_one_leader()


@pytest.mark.points(7)
@pytest.mark.cluster(servers=7)
def test_many_elections(cluster: CheckedCluster) -> None:
    """With up to three of seven servers cut off, the others have a leader."""
    cluster.check_one_leader()
    for _ in range(9):
        cut_off = [cluster.random.randrange(7) for _ in range(3)]
        cluster.disconnect(*cut_off)
        cluster.check_one_leader()
        cluster.connect(*cut_off)
    cluster.check_one_leader()
