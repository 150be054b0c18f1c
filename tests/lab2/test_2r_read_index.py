"""Part 2R: reads by ReadIndex (section 6.4 of Ongaro's dissertation), a bonus part."""

import pytest

from tester import codes
from tester.scenario.checks import ELECTION_TIMEOUT, CheckedCluster

pytestmark = [pytest.mark.part("2R"), pytest.mark.virtual_time]

# How long a read may take at a leader whose messages all get through, in seconds.
READ_S_MAX = 0.5


@pytest.mark.points(2)
@pytest.mark.cluster(servers=3, persistence=True)
def test_reads_follow_commands(cluster: CheckedCluster) -> None:
    """A leader answers reads, without entries of its own, after the commands before."""
    for _ in range(10):
        cluster.one(cluster.random_command(), 3, retry=True)
        leader = cluster.check_one_leader()
        check_read_succeeds(cluster, leader)
        for server in cluster.servers:
            read(cluster, server)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=5, persistence=True)
def test_reads_at_a_leader_that_is_cut_off(cluster: CheckedCluster) -> None:
    """A leader that others have replaced, and that does not know it, answers no read."""
    for _ in range(3):
        leader = cluster.check_one_leader()
        cluster.one(cluster.random_command(), 5, retry=True)
        (friend,) = cluster.next_servers(leader, 1)
        cluster.split_off(leader, friend)
        term, _ = cluster.get_state(leader)
        wait_for_other_leader(cluster, leader, term)
        read(cluster, leader)
        cluster.heal()


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3, persistence=True)
def test_reads_at_a_new_leader(cluster: CheckedCluster) -> None:
    """A new leader that does not know yet what is committed answers no read."""
    for _ in range(5):
        leader = cluster.check_one_leader()
        index = cluster.one(cluster.random_command(), 3, retry=True) + 1
        cluster.start(leader, cluster.random_command())
        # The others store the entry, but have not heard that it is committed.
        if cluster.wait_applied(index, 1, 0.2):
            term, _ = cluster.get_state(leader)
            cluster.disconnect(leader)
            successor = cluster.wait_for_leader_after(term)
            read(cluster, successor)
            cluster.one(cluster.random_command(), 2, retry=True)
            check_read_succeeds(cluster, cluster.check_one_leader())
            cluster.connect(leader)


@pytest.mark.points(2)
@pytest.mark.cluster(servers=3, persistence=True)
def test_answers_from_before_a_read(cluster: CheckedCluster) -> None:
    """An answer to what was sent before a read began does not confirm the leader."""
    for _ in range(3):
        leader = cluster.check_one_leader()
        cluster.one(cluster.random_command(), 3, retry=True)
        term, _ = cluster.get_state(leader)
        others = cluster.next_servers(leader, 2)
        # All that the leader hears, it hears late: answers, and who replaces it.
        for other in others:
            cluster.slow_link(other, leader, delay_ms=1500)
        cluster.sleep(0.2)
        cluster.lose_requests(*[(leader, other) for other in others])
        wait_for_other_leader(cluster, leader, term)
        read(cluster, leader)
        cluster.heal()


def wait_for_other_leader(cluster: CheckedCluster, leader: int, term: int) -> None:
    """Wait until others have elected a new leader, and committed a command."""
    ends = cluster.now + 5 * ELECTION_TIMEOUT
    while cluster.now < ends:
        for server in cluster.servers:
            its_term, leads = cluster.get_state(server)
            if server != leader and leads and its_term > term:
                index, _, _ = cluster.start(server, cluster.random_command())
                if cluster.wait_applied(index, 1, 0.5):
                    return
        cluster.sleep(0.010)
    cluster.fail(
        codes.NO_LEADER,
        f"no command was committed in a term after {term} within 5 s, though a majority "
        "is connected (section 5.2)",
    )


def read(cluster: CheckedCluster, server: int) -> bool:
    """Ask a server for a read index, and return whether it gave one; check it."""
    least = cluster.commits()
    index, ok = cluster.read_index(server)
    cluster.require(
        not ok or index >= least,
        codes.STALE_READ,
        f"server {server} answered a read with index {index}, but index {least} had "
        "been applied when the read began (linearizable reads)",
        "a leader must have committed an entry of its term, and must hear from a "
        "majority, after the read began, that it still leads (dissertation, section 6.4)",
    )
    if ok:
        cluster.require(
            cluster.wait_applied(index, 1) if index else True,
            codes.NOT_CAUGHT_UP,
            f"server {server} answered a read with index {index}, but no server applied "
            "it within 2 s, with no new command",
            "a read index is the commit index, not the end of the log",
        )
    return ok


def check_read_succeeds(cluster: CheckedCluster, leader: int) -> None:
    """Fail unless a leader that has committed an entry of its term answers in time."""
    began = cluster.now
    ok = read(cluster, leader)
    cluster.require(
        ok and cluster.now - began <= READ_S_MAX,
        codes.READ_REFUSED,
        f"server {leader} leads, and a majority hears it, but it "
        f"{'answered a read late' if ok else 'refused a read'}, after "
        f"{cluster.now - began:.3f} s",
        f"a round of heartbeats confirms it, within {READ_S_MAX:g} s "
        "(dissertation, section 6.4)",
    )
