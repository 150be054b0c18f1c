"""Part 2B: the replicated log (sections 5.3 and 5.4)."""

from typing import Any

import pytest

from tester import codes
from tester.scenario.checks import ELECTION_TIMEOUT, CheckedCluster

pytestmark = pytest.mark.part("2B")

# What three servers may send (docs/contract.md): requests until the first leader is
# elected, while nothing happens for a second, and for twelve commands started at once;
# bytes beside those of the commands, each of which goes to each server.
ELECTION_RPCS_MAX = 30
IDLE_RPCS_MAX = 3 * 20
AGREEMENT_RPCS_MAX = (10 + 1 + 3) * 3
EXTRA_BYTES_MAX = 50_000

NO_MAJORITY = "only a minority of the servers was connected"


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3)
def test_basic_agreement(cluster: CheckedCluster) -> None:
    """Three commands are agreed on, at indices 1, 2 and 3."""
    for index in (1, 2, 3):
        cluster.check_no_agreement(index, "no command was started there yet")
        found = cluster.one(index * 100, expected=3)
        cluster.require(
            found == index,
            codes.WRONG_INDEX,
            f"command number {index} got index {found} instead of {index}",
            "indices start at 1, and a leader adds no entries of its own, such as a "
            "no-op when its term begins (docs/contract.md)",
        )


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3)
def test_rpc_bytes(cluster: CheckedCluster) -> None:
    """Each command is sent to each follower just once."""
    cluster.one("99", expected=3)
    before = cluster.bytes_carried()

    sent = 0
    for index in range(2, 12):
        command = "".join(cluster.random.choices("abcdefghij", k=5000))
        found = cluster.one(command, expected=3)
        cluster.require(
            found == index,
            codes.WRONG_INDEX,
            f"command number {index} got index {found} instead of {index}",
        )
        sent += len(command)

    used = cluster.bytes_carried() - before
    most = 3 * sent + EXTRA_BYTES_MAX
    cluster.require(
        used <= most,
        codes.TOO_MANY_BYTES,
        f"{used} bytes were sent until 3 servers agreed on {sent} bytes of commands; "
        f"{most} are enough",
        "a leader sends the entries from next_index on, not its whole log (section 5.3)",
    )


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3)
def test_follower_failure(cluster: CheckedCluster) -> None:
    """Followers disappear one by one; without a majority nothing commits."""
    cluster.one(101, expected=3)
    leader = cluster.check_one_leader()
    (first,) = cluster.next_servers(leader, 1)
    cluster.disconnect(first)

    # The leader and one follower are a majority.
    cluster.one(102, expected=2)
    cluster.sleep(ELECTION_TIMEOUT)
    cluster.one(103, expected=2)

    leader = cluster.check_one_leader()
    cluster.disconnect(*cluster.next_servers(leader, 2))
    index, _, is_leader = cluster.start(leader, 104)
    _require_accepted(cluster, leader, is_leader)
    _require_index(cluster, index, 4)

    cluster.sleep(2 * ELECTION_TIMEOUT)
    cluster.check_no_agreement(4, NO_MAJORITY)


def _require_accepted(cluster: CheckedCluster, leader: int, accepted: bool) -> None:
    cluster.require(
        accepted,
        codes.LEADER_REFUSED,
        f"server {leader} refused a command though it leads",
    )


def _require_index(cluster: CheckedCluster, index: int, *expected: int) -> None:
    cluster.require(
        index in expected,
        codes.WRONG_INDEX,
        f"a command got index {index} instead of {' or '.join(map(str, expected))}",
    )


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3)
def test_leader_failure(cluster: CheckedCluster) -> None:
    """Leaders disappear one by one; without a majority nothing commits."""
    cluster.one(101, expected=3)
    cluster.disconnect(cluster.check_one_leader())

    cluster.one(102, expected=2)
    cluster.sleep(ELECTION_TIMEOUT)
    cluster.one(103, expected=2)

    cluster.disconnect(cluster.check_one_leader())
    cluster.start_on_all(104)
    cluster.sleep(2 * ELECTION_TIMEOUT)
    cluster.check_no_agreement(4, NO_MAJORITY)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3)
def test_follower_reconnects(cluster: CheckedCluster) -> None:
    """A follower that missed entries takes part again when it is back."""
    cluster.one(101, expected=3)
    (follower,) = cluster.next_servers(cluster.check_one_leader(), 1)
    cluster.disconnect(follower)

    cluster.one(102, expected=2)
    cluster.one(103, expected=2)
    cluster.sleep(ELECTION_TIMEOUT)
    cluster.one(104, expected=2)
    cluster.one(105, expected=2)

    cluster.connect(follower)
    cluster.one(106, expected=3, retry=True)
    cluster.sleep(ELECTION_TIMEOUT)
    cluster.one(107, expected=3, retry=True)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=5)
def test_no_agreement_without_majority(cluster: CheckedCluster) -> None:
    """Without a majority nothing commits; once it is back, commands commit again."""
    cluster.one(10, expected=5)
    leader = cluster.check_one_leader()
    cut_off = cluster.next_servers(leader, 3)
    cluster.disconnect(*cut_off)

    index, _, is_leader = cluster.start(leader, 20)
    _require_accepted(cluster, leader, is_leader)
    _require_index(cluster, index, 2)
    cluster.sleep(2 * ELECTION_TIMEOUT)
    cluster.check_no_agreement(2, NO_MAJORITY)

    # The disconnected majority may have chosen a leader without that entry.
    cluster.connect(*cut_off)
    leader = cluster.check_one_leader()
    index, _, is_leader = cluster.start(leader, 30)
    _require_accepted(cluster, leader, is_leader)
    _require_index(cluster, index, 2, 3)
    cluster.one(1000, expected=5, retry=True)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3)
def test_concurrent_starts(cluster: CheckedCluster) -> None:
    """Commands started at the same moment are all committed."""
    for attempt in range(5):
        if attempt:
            cluster.sleep(3)
        commands = _start_five_at_once(cluster)
        if commands is not None:
            missing = [x for x in range(100, 105) if x not in commands]
            cluster.require(
                not missing,
                codes.COMMITTED_LOST,
                f"commands {missing} were accepted in one term without a new election, "
                f"but are not among the committed commands {commands}",
                "start() may be called by several threads at once: each call must "
                "append its own entry",
            )
            return
    cluster.fail(
        codes.UNSTABLE_TERM,
        "in each of 5 tries to start five commands at once, the leader refused or "
        "the term changed",
    )


def _start_five_at_once(cluster: CheckedCluster) -> list[Any] | None:
    """Return the committed commands, None if the term changed on the way."""
    leader = cluster.check_one_leader()
    _, term, is_leader = cluster.start(leader, 1)
    if not is_leader:
        return None
    indices = []

    def client(number: int) -> None:
        index, started_term, accepted = cluster.start(leader, 100 + number)
        if accepted and started_term == term:
            indices.append(index)

    cluster.join([cluster.spawn(client, number) for number in range(5)])
    if any(cluster.get_state(server)[0] != term for server in cluster.servers):
        return None
    commands = [cluster.wait(index, 3, term) for index in indices]
    return None if None in commands else commands


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3)
def test_rejoin_of_partitioned_leader(cluster: CheckedCluster) -> None:
    """A leader that was cut off with uncommitted entries gives them up."""
    cluster.one(101, expected=3, retry=True)

    first = cluster.check_one_leader()
    cluster.disconnect(first)
    for command in (102, 103, 104):
        cluster.start(first, command)
    cluster.one(103, expected=2, retry=True)

    second = cluster.check_one_leader()
    cluster.disconnect(second)
    cluster.connect(first)
    cluster.one(104, expected=2, retry=True)

    cluster.connect(second)
    cluster.one(105, expected=3, retry=True)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=5)
def test_backup_of_wrong_logs(cluster: CheckedCluster) -> None:
    """A leader backs up quickly over followers' long wrong logs."""

    def agree_on_50() -> None:
        for _ in range(50):
            cluster.one(cluster.random_command(), expected=3, retry=True)

    def start_50(server: int) -> None:
        for _ in range(50):
            cluster.start(server, cluster.random_command())

    cluster.one(cluster.random_command(), expected=5, retry=True)

    # A leader with one follower takes 50 commands that cannot commit.
    leader = cluster.check_one_leader()
    partner, *majority = cluster.next_servers(leader, 4)
    cluster.disconnect(*majority)
    start_50(leader)
    cluster.sleep(ELECTION_TIMEOUT / 2)

    # The other three agree on 50, then two of them take 50 in vain.
    cluster.disconnect(leader, partner)
    cluster.connect(*majority)
    agree_on_50()
    second = cluster.check_one_leader()
    other = majority[0]
    if other == second:
        (other,) = cluster.next_servers(second, 1)
    cluster.disconnect(other)
    start_50(second)
    cluster.sleep(ELECTION_TIMEOUT / 2)

    # The first two return, with one who has the committed entries.
    cluster.disconnect(*cluster.servers)
    cluster.connect(leader, partner, other)
    agree_on_50()

    cluster.connect(*cluster.servers)
    cluster.one(cluster.random_command(), expected=5, retry=True)


@pytest.mark.points(3)
@pytest.mark.cluster(servers=3)
def test_rpc_counts(cluster: CheckedCluster) -> None:
    """Elections, agreements and idle seconds take few RPCs."""
    cluster.check_one_leader()
    electing = cluster.rpcs_received()
    cluster.require(
        1 <= electing <= ELECTION_RPCS_MAX,
        codes.TOO_MANY_RPCS,
        f"{electing} RPCs were sent to elect the first leader; 1 to "
        f"{ELECTION_RPCS_MAX} are enough",
    )

    for attempt in range(5):
        if attempt:
            cluster.sleep(3)
        if _agree_on_twelve(cluster):
            break
    else:
        cluster.fail(
            codes.UNSTABLE_TERM,
            "in each of 5 tries to count RPCs, the leader refused or the term changed",
        )

    before = cluster.rpcs_received()
    cluster.sleep(ELECTION_TIMEOUT)
    idle = cluster.rpcs_received() - before
    cluster.require(
        idle <= IDLE_RPCS_MAX,
        codes.TOO_MANY_RPCS,
        f"{idle} RPCs were sent in an idle second; {IDLE_RPCS_MAX} are enough for the "
        "heartbeats of 3 servers",
        "a leader sends a heartbeat about ten times a second",
    )


def _agree_on_twelve(cluster: CheckedCluster) -> bool:
    """Count the RPCs of twelve commands; False if the term changed on the way."""
    leader = cluster.check_one_leader()
    before = cluster.rpcs_received()
    first, term, is_leader = cluster.start(leader, 1)
    if not is_leader:
        return False

    commands = [cluster.random_command() for _ in range(11)]
    for index, command in enumerate(commands, start=first + 1):
        found, started_term, accepted = cluster.start(leader, command)
        if started_term != term or not accepted:
            return False
        cluster.require(
            found == index,
            codes.WRONG_INDEX,
            f"start() returned index {found} instead of {index}",
        )
    for index, command in enumerate(commands[:-1], start=first + 1):
        committed = cluster.wait(index, 3, term)
        if committed is None:
            return False
        cluster.require(
            committed == command,
            codes.COMMITTED_LOST,
            f"{committed} was committed at index {index}, for which start() had "
            f"accepted {command}",
        )
    if any(cluster.get_state(server)[0] != term for server in cluster.servers):
        return False

    used = cluster.rpcs_received() - before
    cluster.require(
        used <= AGREEMENT_RPCS_MAX,
        codes.TOO_MANY_RPCS,
        f"{used} RPCs were sent for 12 commands started at once; "
        f"{AGREEMENT_RPCS_MAX} are enough",
        "several entries may travel in one AppendEntries (section 5.3)",
    )
    return True
