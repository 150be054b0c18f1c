"""Part 2C: persistence, and agreement under churn (section 5, Figure 2)."""

import pytest

from tester import codes
from tester.scenario.checks import ELECTION_TIMEOUT, CheckedCluster

pytestmark = pytest.mark.part("2C")

FIGURE_8_ROUNDS = 1000
CHURN_ROUNDS = 20
# In real time a client's own work takes a while; virtual time would let it start its
# next command at once, ten times as many in all as the test is meant to have. With
# this pause a run has some 200 to 700 commits and 1,400 to 2,600 RPCs; the original
# has 209 to 1,255 and 1,000 to 1,800.
CHURN_CLIENT_PAUSE_S = 0.050


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3, persistence=True)
def test_basic_persistence(cluster: CheckedCluster) -> None:
    """Servers that crash and restart continue from what they saved."""
    cluster.one(11, expected=3, retry=True)

    cluster.restart(*cluster.servers)
    cluster.one(12, expected=3, retry=True)

    cluster.restart(cluster.check_one_leader())
    cluster.one(13, expected=3, retry=True)

    leader = cluster.check_one_leader()
    cluster.crash(leader)
    cluster.one(14, expected=2, retry=True)
    cluster.restart(leader)
    cluster.wait(4, 3)

    (follower,) = cluster.next_servers(cluster.check_one_leader(), 1)
    cluster.crash(follower)
    cluster.one(15, expected=2, retry=True)
    cluster.restart(follower)
    cluster.one(16, expected=3, retry=True)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=5, persistence=True)
def test_more_persistence(cluster: CheckedCluster) -> None:
    """Majorities that overlap in one restarted server keep what was agreed."""
    command = 11
    for _ in range(5):
        cluster.one(command, expected=5, retry=True)
        leader = cluster.check_one_leader()
        first, second, third, fourth = cluster.next_servers(leader, 4)

        cluster.crash(first, second)
        cluster.one(command + 1, expected=3, retry=True)

        cluster.crash(leader, third, fourth)
        cluster.restart(first, second)
        cluster.sleep(ELECTION_TIMEOUT)
        cluster.restart(third)
        cluster.one(command + 2, expected=3, retry=True)

        cluster.restart(fourth, leader)
        command += 3
    cluster.one(1000, expected=5, retry=True)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3, persistence=True)
def test_partitioned_leader_and_follower_crash(cluster: CheckedCluster) -> None:
    """What two servers agreed on survives though both crash."""
    cluster.one(101, expected=3, retry=True)
    leader = cluster.check_one_leader()
    follower, cut_off = cluster.next_servers(leader, 2)

    cluster.disconnect(cut_off)
    cluster.one(102, expected=2, retry=True)

    cluster.crash(leader, follower)
    cluster.connect(cut_off)
    cluster.restart(leader)
    cluster.one(103, expected=2, retry=True)

    cluster.restart(follower)
    cluster.one(104, expected=3, retry=True)


@pytest.mark.points(4)
@pytest.mark.cluster(servers=5, persistence=True)
def test_figure_8(cluster: CheckedCluster) -> None:
    """Leaders crash again and again, some just after replicating (Figure 8)."""
    cluster.one(cluster.random_command(), expected=1, retry=True)
    for _ in range(FIGURE_8_ROUNDS):
        _, leader = cluster.start_on_all(cluster.random_command())
        cluster.sleep(_figure_8_pause(cluster))
        if leader is not None:
            cluster.crash(leader)
        server = cluster.random.randrange(5)
        if len(cluster.up()) < 3 and not cluster.is_up(server):
            cluster.restart(server)

    cluster.restart(*[s for s in cluster.servers if not cluster.is_up(s)])
    cluster.one(cluster.random_command(), expected=5, retry=True)


def _figure_8_pause(cluster: CheckedCluster) -> float:
    """Return a pause: mostly too short to commit, one time in ten long enough."""
    if cluster.random.random() < 0.1:
        return cluster.random.random() * ELECTION_TIMEOUT / 2
    return cluster.random.randrange(13) / 1000


@pytest.mark.points(3)
@pytest.mark.cluster(servers=5, reliable=False, persistence=True)
def test_unreliable_agreement(cluster: CheckedCluster) -> None:
    """Many concurrent commands commit although messages are lost or late."""
    clients = []
    for round_ in range(1, 50):
        for number in range(4):
            command = 100 * round_ + number
            clients.append(cluster.spawn(cluster.one, command, 1, True))
        cluster.one(round_, expected=1, retry=True)

    cluster.set_reliable(True)
    cluster.join(clients)
    cluster.one(100, expected=5, retry=True)


@pytest.mark.points(4)
@pytest.mark.cluster(servers=5, reliable=False, persistence=True)
def test_figure_8_unreliable(cluster: CheckedCluster) -> None:
    """Leaders are cut off again and again while messages are lost and reordered."""
    cluster.one(cluster.random_command(), expected=1, retry=True)
    for round_ in range(FIGURE_8_ROUNDS):
        if round_ == 200:
            cluster.set_long_reordering(True)
        leader = None
        command = cluster.random_command()
        for server in cluster.servers:
            _, _, is_leader = cluster.start(server, command)
            if is_leader and cluster.connected[server]:
                leader = server
        cluster.sleep(_figure_8_pause(cluster))
        if leader is not None and cluster.random.random() < 0.5:
            cluster.disconnect(leader)
        server = cluster.random.randrange(5)
        if sum(cluster.connected) < 3 and not cluster.connected[server]:
            cluster.connect(server)

    cluster.connect(*cluster.servers)
    cluster.one_after_catching_up(cluster.random_command(), expected=5)


@pytest.mark.points(2)
@pytest.mark.cluster(servers=5, persistence=True)
def test_churn(cluster: CheckedCluster) -> None:
    """Servers come and go while clients start commands."""
    _churn(cluster)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=5, reliable=False, persistence=True)
def test_unreliable_churn(cluster: CheckedCluster) -> None:
    """Servers come and go on an unreliable network while clients start commands."""
    _churn(cluster)


def _churn(cluster: CheckedCluster) -> None:
    """Let three clients work while servers fail; nothing committed may be lost."""
    churn_is_over = False
    committed: list[int] = []

    def client(number: int) -> None:
        while not churn_is_over:
            command = cluster.random_command()
            index, leader = cluster.start_on_all(command)
            if leader is None:
                cluster.sleep(0.079 + 0.017 * number)
            elif _sees_committed(cluster, index, command):
                committed.append(command)
                cluster.sleep(CHURN_CLIENT_PAUSE_S)

    clients = [cluster.spawn(client, number) for number in range(3)]
    for _ in range(CHURN_ROUNDS):
        _disturb(cluster)
        cluster.sleep(0.7 * ELECTION_TIMEOUT)

    cluster.sleep(ELECTION_TIMEOUT)
    cluster.set_reliable(True)
    cluster.restart(*[s for s in cluster.servers if not cluster.is_up(s)])
    cluster.connect(*cluster.servers)
    churn_is_over = True
    cluster.join(clients)
    cluster.sleep(ELECTION_TIMEOUT)

    last = cluster.one(cluster.random_command(), expected=5, retry=True)
    final = {cluster.wait(index, 5) for index in range(1, last + 1)}
    lost = [command for command in committed if command not in final]
    cluster.require(
        not lost,
        codes.COMMITTED_LOST,
        f"{len(lost)} commands that a client saw committed are missing from the final "
        f"log; the first is {lost[:1]}",
        "a committed entry is in the log of every later leader (Leader Completeness, "
        "Figure 3)",
    )


def _disturb(cluster: CheckedCluster) -> None:
    """Disconnect, restart or crash a random server, each with its own chance."""
    random = cluster.random
    if random.random() < 0.2:
        cluster.disconnect(random.randrange(5))
    if random.random() < 0.5:
        server = random.randrange(5)
        if not cluster.is_up(server):
            cluster.restart(server)
        cluster.connect(server)
    if random.random() < 0.2:
        cluster.crash(random.randrange(5))


def _sees_committed(cluster: CheckedCluster, index: int, command: int) -> bool:
    """Poll a few times whether `command` is committed at `index`."""
    for pause in (0.010, 0.020, 0.050, 0.100, 0.200):
        count, found = cluster.n_committed(index)
        if count:
            return bool(found == command)
        cluster.sleep(pause)
    return False
