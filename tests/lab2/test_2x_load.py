"""Part 2X: load that lasts, where each command, or each lost call, is followed by the next."""

import pytest

from tester import codes
from tester.scenario.checks import ACCEPTED_S_MAX, CheckedCluster
from tester.scenario.measured_cluster import IDLE_RPCS_MAX

pytestmark = [pytest.mark.part("2X"), pytest.mark.virtual_time]

# A round trip takes more than two of these.
COMMAND_EVERY_S = 0.025
LINK_MS = 30
COMMANDS = 200
# Of a log, and of the commands that follow on it where messages get lost.
LARGE_BYTES, LARGE_COMMANDS = 2_000, 60
SMALL_BYTES, SMALL_COMMANDS = 200, 30
# How often a small command is sent at most, and what all else may take: the log three times.
REPETITIONS_MAX = 20
OTHER_BYTES_MAX = 3 * LARGE_BYTES * LARGE_COMMANDS
AWAY_S = 60


@pytest.mark.points(1)
@pytest.mark.cluster(servers=3, persistence=True)
def test_steady_commands(cluster: CheckedCluster) -> None:
    """Commands are committed while others keep coming (section 5.3)."""
    for src in cluster.servers:
        for dst in cluster.servers:
            cluster.slow_link(src, dst, LINK_MS)
    cluster.one(cluster.random_command(), 3, retry=True)
    due: list[tuple[float, int]] = []
    terms = cluster.terms_led()
    for _ in range(COMMANDS):
        index, leader = cluster.start_on_all(cluster.random_command())
        if leader is not None:
            due.append((cluster.now + ACCEPTED_S_MAX, index))
        cluster.sleep(COMMAND_EVERY_S)
        if cluster.terms_led() > terms:
            # What the leader before has accepted may be replaced.
            terms = cluster.terms_led()
            due.clear()
        while due and due[0][0] <= cluster.now:
            _, accepted = due.pop(0)
            if cluster.commits() < accepted:
                cluster.fail(
                    codes.NO_AGREEMENT,
                    f"index {accepted} was not committed within "
                    f"{ACCEPTED_S_MAX:.0f} s, while other commands followed "
                    "it (section 5.3)",
                    "an entry is committed once a majority stores it, whatever the leader "
                    "has appended since",
                )
    cluster.one(cluster.random_command(), 3, retry=True)


@pytest.mark.points(1)
@pytest.mark.cluster(servers=3, persistence=True)
def test_long_absence(cluster: CheckedCluster) -> None:
    """What is sent to a server that is away does not grow with time."""
    leader = cluster.check_one_leader()
    (away,) = cluster.next_servers(leader, 1)
    cluster.crash(away)
    cluster.one(cluster.random_command(), 2, retry=True)
    cluster.sleep(AWAY_S)
    calls = cluster.rpcs_sent()
    cluster.sleep(1)
    calls = cluster.rpcs_sent() - calls
    followers = len(cluster.servers) - 1
    if calls > followers * IDLE_RPCS_MAX:
        cluster.fail(
            codes.TOO_MANY_RPCS,
            f"{calls} RPCs are sent in a second, with no new command, when server {away} "
            f"has been down for {AWAY_S} s; {followers * IDLE_RPCS_MAX} are more than enough",
            "a call that has failed is followed by the next heartbeat: a thread that repeats "
            "it for ever is one more for each heartbeat (section 5.3)",
        )
    cluster.restart(away)
    cluster.one(cluster.random_command(), 3, retry=True)


@pytest.mark.points(1)
@pytest.mark.cluster(servers=3, persistence=True)
def test_bytes_after_losses(cluster: CheckedCluster) -> None:
    """A lost message costs what it carried once more, and not the whole log."""
    for number in range(LARGE_COMMANDS):
        cluster.one(f"{number:<{LARGE_BYTES}}", 3, retry=True)
    cluster.set_reliable(False)
    carried = cluster.bytes_carried()
    for number in range(SMALL_COMMANDS):
        cluster.one(f"{number:<{SMALL_BYTES}}", 2, retry=True)
    carried = cluster.bytes_carried() - carried
    bytes_max = REPETITIONS_MAX * SMALL_BYTES * SMALL_COMMANDS + OTHER_BYTES_MAX
    if carried > bytes_max:
        cluster.fail(
            codes.TOO_MANY_BYTES,
            f"{carried:,} bytes are sent for {SMALL_COMMANDS} commands of {SMALL_BYTES} "
            f"bytes where messages get lost; {bytes_max:,} are more than enough",
            f"a log of {LARGE_COMMANDS} entries of {LARGE_BYTES:,} bytes precedes them: a "
            "call that fails says nothing about what its receiver lacks, so next_index "
            "stays as it is (section 5.3)",
        )
