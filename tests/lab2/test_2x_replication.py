"""Part 2X: replication and commitment (sections 5.3 and 5.4), each scenario made for one kind of bug."""

from fractions import Fraction

import pytest

from labrpc.world import crash_points
from tester import codes
from tester.scenario.checks import CheckedCluster

pytestmark = [
    pytest.mark.part("2X"),
    pytest.mark.virtual_time,
    pytest.mark.single_bug,
]


@pytest.mark.points(2)
@pytest.mark.cluster(servers=5, persistence=True)
def test_figure_8_step_by_step(cluster: CheckedCluster) -> None:
    """An entry of an earlier term is not committed by counting its replicas."""
    for number in range(4):
        # (a) A leader replicates an entry, or a few, to one server only.
        first = cluster.check_one_leader()
        second, third, fourth, fifth = cluster.next_servers(first, 4)
        cluster.disconnect(third, fourth, fifth)
        for _ in range(1 + number):
            cluster.start(first, cluster.random_command())
        cluster.sleep(0.1)
        cluster.disconnect(first, second)
        # (b) Another leads the next term, and has an entry that no other server has.
        cluster.connect(third, fourth, fifth)
        other = cluster.check_one_leader()
        term, _ = cluster.get_state(other)
        third, fourth = [s for s in (third, fourth, fifth) if s != other]
        cluster.disconnect(third, fourth, other)
        cluster.start(other, cluster.random_command())
        cluster.crash(other)
        # (c) The first entry reaches a majority, but in a later term.
        cluster.connect(first, second, third)
        cluster.wait_for_leader_after(term)
        cluster.sleep(0.3)
        # (d) The other is elected, and replaces it.
        deposed = first if cluster.get_state(first)[1] else second
        cluster.disconnect(first, second, third)
        cluster.restart(other)
        cluster.connect(third, fourth)
        if number % 2:
            _reach_only_the_deposed(cluster, other, deposed, (third, fourth))
        else:
            cluster.one(cluster.random_command(), 3, retry=True)
        cluster.heal()
        cluster.one(cluster.random_command(), 5, retry=True)


def _reach_only_the_deposed(
    cluster: CheckedCluster, leader: int, deposed: int, voters: tuple[int, int]
) -> None:
    """Let a leader reach one that led before, and nobody else, as soon as it is elected."""
    term, _ = cluster.get_state(leader)
    if cluster.wait_for_leader_after(term) != leader:
        return
    cluster.disconnect(*voters)
    cluster.connect(deposed)
    for _ in range(3):
        cluster.start(leader, cluster.random_command())
    cluster.sleep(0.5)
    cluster.disconnect(leader, deposed)


@pytest.mark.points(1)
@pytest.mark.cluster(servers=5, persistence=True)
def test_late_append_entries(cluster: CheckedCluster) -> None:
    """AppendEntries that arrive twice, late or out of order undo nothing."""
    # From the start: the network's draws must not depend on when its faults begin.
    cluster.duplicate_requests(share=0.0)
    for _ in range(6):
        leader = cluster.check_one_leader()
        followers = cluster.next_servers(leader, 4)
        cluster.disconnect(*followers[2:])
        cluster.duplicate_requests(share=1.0)
        cluster.limit_delays(longest_ms=400)
        index = 0
        for _ in range(20):
            index, _, _ = cluster.start(leader, cluster.random_command())
            cluster.sleep(cluster.random.uniform(0.001, 0.02))
        cluster.wait_applied(index)
        # Now only copies of what was sent before can arrive.
        cluster.disconnect(leader)
        cluster.sleep(cluster.random.uniform(0.0, 0.5))
        cluster.heal()
        cluster.disconnect(leader, followers[3])
        cluster.one(cluster.random_command(), 3, retry=True)
        cluster.heal()
        cluster.one(cluster.random_command(), 5, retry=True)


@pytest.mark.points(2)
@pytest.mark.cluster(servers=5, persistence=True)
def test_power_failure_after_commit(cluster: CheckedCluster) -> None:
    """An entry that a bare majority has just committed survives a power cut."""
    for _ in range(8):
        leader = cluster.check_one_leader()
        followers = cluster.next_servers(leader, 4)
        cluster.random.shuffle(followers)
        cluster.disconnect(*followers[2:])
        for _ in range(cluster.random.randint(1, 3)):
            index, _, _ = cluster.start(leader, cluster.random_command())
        cluster.wait_applied(index)
        cluster.crash(*cluster.servers)
        # One of those that have it, and two that do not.
        keeper = cluster.random.choice([leader, *followers[:2]])
        cluster.restart(keeper, *followers[2:])
        cluster.one(cluster.random_command(), 3, retry=True)
        cluster.restart(*[s for s in cluster.servers if not cluster.is_up(s)])
        cluster.one(cluster.random_command(), 5, retry=True)


@pytest.mark.points(1)
@pytest.mark.cluster(servers=5, persistence=True)
def test_followers_die_after_replying(cluster: CheckedCluster) -> None:
    """Followers that crash after a reply still have the entries that it acknowledged."""
    for _ in range(6):
        leader = cluster.check_one_leader()
        followers = cluster.next_servers(leader, 4)
        cluster.random.shuffle(followers)
        cluster.disconnect(*followers[2:])
        cluster.sleep(0.1)
        for follower in followers[:2]:
            cluster.crash_at(follower, crash_points.after_reply)
        index, _, _ = cluster.start(leader, cluster.random_command())
        cluster.wait_applied(index, seconds=1)
        # The leader is cut off; the two come back, with one that lacks the entry.
        cluster.disconnect(leader)
        for follower in followers[:2]:
            cluster.crash_at(follower, None)
            cluster.restart(follower)
        cluster.connect(followers[2])
        cluster.one(cluster.random_command(), 3, retry=True)
        cluster.heal()
        cluster.one(cluster.random_command(), 5, retry=True)


@pytest.mark.points(1)
@pytest.mark.cluster(servers=3, persistence=True)
def test_slow_disks(cluster: CheckedCluster) -> None:
    """What a disk has not saved yet is neither acknowledged nor counted as stored."""
    for _ in range(6):
        leader = cluster.check_one_leader()
        if cluster.random.random() < 0.6:
            _cut_log_of(cluster, leader)
            leader = cluster.check_one_leader()
        follower, other = cluster.next_servers(leader, 2)
        cluster.disconnect(other)
        slow = cluster.random.choice((leader, follower))
        cluster.slow_disk(slow, delay_us=200_000)
        cluster.start(leader, cluster.random_command())
        # It crashes before its save ends, or soon after that.
        cluster.sleep(cluster.random.uniform(0.05, 0.3))
        cluster.restart(slow)
        cluster.sleep(0.3)
        cluster.heal()
        cluster.one(cluster.random_command(), 3, retry=True)


def _cut_log_of(cluster: CheckedCluster, leader: int) -> None:
    """Let a leader lose entries that its disk has saved, and lead again, if it can soon."""
    cluster.disconnect(leader)
    for _ in range(cluster.random.randint(2, 6)):
        cluster.start(leader, cluster.random_command())
    cluster.one(cluster.random_command(), 2, retry=True)
    cluster.connect(leader)
    cluster.one(cluster.random_command(), 3, retry=True)
    for _ in range(3):
        successor = cluster.check_one_leader()
        if successor == leader:
            return
        cluster.disconnect(successor)
        cluster.check_one_leader()
        cluster.connect(successor)


@pytest.mark.points(1)
@pytest.mark.cluster(servers=5, persistence=True)
def test_rotating_majorities(cluster: CheckedCluster) -> None:
    """Majorities that overlap in one server lose nothing that was committed."""
    # From the start: the network's draws must not depend on when its faults begin.
    cluster.duplicate_requests(share=0.0)
    for _ in range(10):
        leader = cluster.check_one_leader()
        others = cluster.next_servers(leader, 4)
        cluster.random.shuffle(others)
        cluster.hold_messages(share=0.3)
        cluster.duplicate_requests(share=0.3)
        cluster.disconnect(*others[2:])
        for _ in range(6):
            index, _, _ = cluster.start(leader, cluster.random_command())
            cluster.sleep(cluster.random.uniform(0.0, 0.02))
        if cluster.random.random() < 0.5:
            cluster.wait_applied(index)
        # The leader is cut off; one of its two followers stays.
        cluster.disconnect(leader, others[0])
        cluster.connect(*others[1:])
        cluster.one(cluster.random_command(), 3, retry=True)
        cluster.heal()


@pytest.mark.points(2)
@pytest.mark.cluster(servers=5, persistence=True)
def test_leader_again_with_a_shorter_log(cluster: CheckedCluster) -> None:
    """What a leader has learnt about its followers does not count in a later term."""
    for _ in range(2):
        leader = cluster.check_one_leader()
        partner, friend, *others = cluster.next_servers(leader, 4)
        cluster.disconnect(friend, *others)
        for _ in range(10):
            cluster.start(leader, cluster.random_command())
        cluster.sleep(0.1)
        # The partner's answers of this term will arrive in a later one.
        cluster.slow_link(partner, leader, delay_ms=4000)
        cluster.sleep(0.3)
        cluster.disconnect(leader, partner)
        cluster.connect(friend, *others)
        cluster.one(cluster.random_command(), 3, retry=True)
        cluster.heal()
        arrives = cluster.now + 4
        cluster.one(cluster.random_command(), 5, retry=True)
        cluster.disconnect(partner)
        _let_lead(cluster, leader)
        cluster.disconnect(*others)
        index, term, leads = cluster.start(leader, cluster.random_command())
        for _ in range(14):
            cluster.start(leader, cluster.random_command())
        cluster.sleep(max(0.5, arrives - cluster.now))
        if leads:
            cluster.check_no_agreement(
                index,
                f"server {leader}, leader of term {term}, reaches only server {friend}",
            )
        cluster.heal()
        cluster.one(cluster.random_command(), 5, retry=True)


def _let_lead(cluster: CheckedCluster, server: int) -> None:
    """Get a server elected, if a few elections are enough for that."""
    for _ in range(5):
        leader = cluster.check_one_leader()
        if leader == server:
            return
        term, _ = cluster.get_state(leader)
        cluster.set_clock_rate(server, Fraction(3))
        cluster.disconnect(leader)
        cluster.wait_for_leader_after(term)
        cluster.set_clock_rate(server, Fraction(1))
        cluster.connect(leader)


@pytest.mark.points(1)
@pytest.mark.cluster(servers=3, persistence=True)
def test_slow_service(cluster: CheckedCluster) -> None:
    """Entries committed while the service is busy are applied when it is free again."""
    leader = cluster.check_one_leader()
    for server in cluster.servers:
        cluster.slow_state_machine(server, delay_us=20_000)
    for _ in range(4):
        index, term, _ = cluster.start(leader, cluster.random_command())
        for _ in range(cluster.random.randint(2, 9)):
            cluster.sleep(cluster.random.uniform(0.0, 0.015))
            index, term, _ = cluster.start(leader, cluster.random_command())
        cluster.wait_applied(index, 3, seconds=5)
        applied = cluster.applied_by(index)
        cluster.require(
            len(applied) == 3 or cluster.get_state(leader) != (term, True),
            codes.NOT_CAUGHT_UP,
            f"index {index} is applied by servers {applied} only, 5 s after server "
            f"{leader} accepted it, which still leads term {term}",
            "each server applies all entries up to commit_index (Figure 2), also those "
            "committed while its service takes an earlier message: when apply_ch.put "
            "has returned, compare commit_index again before you wait",
        )


@pytest.mark.points(1)
@pytest.mark.cluster(servers=5, persistence=True)
def test_long_conflicting_suffix(cluster: CheckedCluster) -> None:
    """A conflicting entry is deleted with all that follow it (section 5.3)."""
    _replace_many_entries(cluster)
    for _ in range(4):
        # Two servers have ten entries that no other server has.
        old = cluster.check_one_leader()
        partner, *others = cluster.next_servers(old, 4)
        cluster.disconnect(*others)
        for _ in range(10):
            cluster.start(old, cluster.random_command())
        cluster.sleep(0.2)
        cluster.disconnect(old, partner)
        # The old leader receives one entry that replaces them.
        cluster.connect(*others)
        leader = cluster.check_one_leader()
        absent = next(server for server in others if server != leader)
        cluster.disconnect(absent)
        cluster.connect(old)
        cluster.one(cluster.random_command(), 3, retry=True)
        # Now it is the only one here with that entry: no other may be elected.
        cluster.disconnect(*[s for s in others if s != absent])
        cluster.set_clock_rate(old, Fraction(1, 2))
        cluster.connect(partner, absent)
        cluster.one(cluster.random_command(), 3, retry=True)
        cluster.heal()
        cluster.one(cluster.random_command(), 5, retry=True)


def _replace_many_entries(cluster: CheckedCluster) -> None:
    """Let a leader replace far more entries than it has time for one at a time.

    A leader that looks for their beginning in growing steps may go past it, and sends
    entries that are there already.
    """
    cluster.check_one_leader()
    cluster.commands(40)
    old = cluster.check_one_leader()
    partner, *others = cluster.next_servers(old, 4)
    cluster.disconnect(*others)
    for _ in range(100):
        cluster.start(old, cluster.random_command())
    cluster.sleep(0.2)
    cluster.disconnect(old, partner)
    cluster.connect(*others)
    leader = cluster.check_one_leader()
    for _ in range(100):
        index, _, _ = cluster.start(leader, cluster.random_command())
    cluster.wait_applied(index, 3)
    # The next leader does not know where the two logs part.
    cluster.disconnect(leader)
    for other in others:
        cluster.slow_link(other, old, delay_ms=150)
    cluster.connect(old)
    cluster.one(cluster.random_command(), 3, retry=True)
    cluster.heal()
    cluster.one(cluster.random_command(), 5, retry=True)
