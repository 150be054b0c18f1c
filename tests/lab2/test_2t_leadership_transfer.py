"""Part 2T: leadership transfer (section 3.10 of Ongaro's dissertation), a bonus part."""

from fractions import Fraction

import pytest

from tester import codes
from tester.scenario.checks import CheckedCluster

pytestmark = [pytest.mark.part("2T"), pytest.mark.virtual_time]

# How long a transfer may take, in seconds, and how long one that cannot succeed.
TRANSFER_S_MAX = 0.25
TRANSFER_WITH_ENTRIES_S_MAX = 2.0
TRANSFER_ENDS_S_MAX = 2.0
CAUSES = (
    "the leader sends the target the entries that it lacks, and then TimeoutNow; the "
    "target begins an election at once (dissertation, section 3.10)"
)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=5, persistence=True)
def test_transfer_to_each_server(cluster: CheckedCluster) -> None:
    """The leadership passes to any server that the leader is asked to hand it to."""
    cluster.one(cluster.random_command(), 5, retry=True)
    for distance in (1, 2, 3, 4):
        leader = cluster.check_one_leader()
        target = (leader + distance) % 5
        check_refuses_transfer(cluster, target, leader, "it does not lead")
        check_refuses_transfer(cluster, leader, leader, "it leads already")
        check_transfer(cluster, leader, target, TRANSFER_S_MAX)
        cluster.one(cluster.random_command(), 5)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3, snapshots=True, persistence=True)
def test_target_lacks_entries(cluster: CheckedCluster) -> None:
    """A target that has missed entries is brought up to date before it is elected."""
    for count in (3, 25):
        leader = cluster.check_one_leader()
        cluster.one(cluster.random_command(), 3, retry=True)
        (target,) = cluster.next_servers(leader, 1)
        # By its slow clock, its own next election is far off.
        cluster.set_clock_rate(target, Fraction(1, 20))
        cluster.lose_requests((leader, target))
        cluster.commands(count)
        cluster.lose_requests()
        cluster.set_clock_rate(target, Fraction(1))
        check_transfer(cluster, leader, target, TRANSFER_WITH_ENTRIES_S_MAX)
        cluster.one(cluster.random_command(), 3)


@pytest.mark.points(2)
@pytest.mark.cluster(servers=3, persistence=True)
def test_commands_during_a_transfer(cluster: CheckedCluster) -> None:
    """A leader accepts no command while it hands its leadership over."""
    for _ in range(3):
        leader = cluster.check_one_leader()
        cluster.one(cluster.random_command(), 3, retry=True)
        (target,) = cluster.next_servers(leader, 1)
        cluster.slow_link(leader, target, delay_ms=200)
        check_begins(cluster, leader, target)
        ends = cluster.now + 0.2
        while cluster.now < ends:
            check_refuses_commands(cluster, leader, target)
            cluster.sleep(0.020)
        cluster.heal()
        cluster.one(cluster.random_command(), 3, retry=True)


@pytest.mark.points(2)
@pytest.mark.cluster(servers=3, persistence=True)
def test_target_that_cannot_be_reached(cluster: CheckedCluster) -> None:
    """A leader whose target does not answer goes on leading, and takes commands again."""
    for _ in range(2):
        leader = cluster.check_one_leader()
        cluster.one(cluster.random_command(), 3, retry=True)
        (target,) = cluster.next_servers(leader, 1)
        term, _ = cluster.get_state(leader)
        cluster.crash(target)
        check_begins(cluster, leader, target)
        check_refuses_commands(cluster, leader, target)
        cluster.sleep(TRANSFER_ENDS_S_MAX)
        _, its_term, accepted = cluster.start(leader, cluster.random_command())
        cluster.require(
            accepted and its_term == term,
            codes.TRANSFER_NOT_ENDED,
            f"server {leader} led term {term} and was to hand over to server {target}, "
            f"which is down; {TRANSFER_ENDS_S_MAX:g} s later it "
            f"{'accepts' if accepted else 'refuses'} commands in term {its_term}",
            "a leader gives a transfer up after an election time-out, and leads on "
            "(dissertation, section 3.10)",
        )
        cluster.one(cluster.random_command(), 2)
        cluster.restart(target)
        cluster.one(cluster.random_command(), 3, retry=True)


def check_begins(cluster: CheckedCluster, leader: int, target: int) -> None:
    """Begin a transfer; fail if the leader refuses to."""
    cluster.require(
        cluster.transfer_leadership(leader, target),
        codes.WRONG_ANSWER,
        f"transfer_leadership({target}) of server {leader} returned False, though it "
        "leads, and hands over to no other server",
        "it returns True, and goes on in a thread of its own",
    )


def check_refuses_transfer(
    cluster: CheckedCluster, server: int, target: int, because: str
) -> None:
    """Fail if a server begins a transfer that it cannot make."""
    cluster.require(
        not cluster.transfer_leadership(server, target),
        codes.WRONG_ANSWER,
        f"transfer_leadership({target}) of server {server} returned True, but {because}",
        "it returns False, and does nothing, where there is nothing to hand over",
    )


def check_refuses_commands(cluster: CheckedCluster, leader: int, target: int) -> None:
    """Fail if a leader accepts a command during a transfer."""
    index, term, accepted = cluster.start(leader, cluster.random_command())
    cluster.require(
        not accepted,
        codes.ACCEPTED_IN_TRANSFER,
        f"server {leader} accepted a command at index {index} in term {term}, while it "
        f"handed over to server {target}",
        "the target must reach the end of the log before it is elected, so the leader "
        "adds nothing (dissertation, section 3.10)",
    )


def check_transfer(
    cluster: CheckedCluster, leader: int, target: int, seconds: float
) -> None:
    """Hand the leadership over; fail unless the target leads the next term in time.

    The leader is asked again and again, since it may give up meanwhile.
    """
    term, _ = cluster.get_state(leader)
    check_begins(cluster, leader, target)
    ends = cluster.now + seconds
    state = cluster.get_state(target)
    while state != (term + 1, True) and cluster.now < ends:
        cluster.sleep(0.005)
        cluster.transfer_leadership(leader, target)
        state = cluster.get_state(target)
    cluster.require(
        state == (term + 1, True),
        codes.NOT_TRANSFERRED,
        f"server {leader} led term {term} and was to hand over to server {target}; "
        f"{seconds:g} s later server {target} "
        f"{'leads' if state[1] else 'does not lead'} in term {state[0]}",
        CAUSES,
    )
