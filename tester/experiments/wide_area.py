"""Elections between distant places, as the dissertation simulates them (section 9.3)."""

from dataclasses import dataclass

from labrpc.clock import MILLISECOND
from tester.experiments.election_cluster import ElectionCluster
from tester.experiments.setting import Setting
from tester.experiments.timed_raft import ElectionTimeouts

# 30 to 40 ms one way, as between the coasts of a continent.
MESSAGE_MS = 35
MESSAGE_SPREAD = 1 / 7
TRIALS = 10_000


@dataclass(frozen=True, eq=False)
class WideAreaSetting(Setting):
    """The trials of a cluster in which some servers crash with their leader.

    All time-outs begin at about the moment of the crash, as in the simulation.

    Attributes:
        also_crashed: how many servers crash with the leader.
    """

    also_crashed: int = 0

    def crash_after_ms(self, draw: float) -> float:
        """Return the time until all others have heard the heartbeat."""
        return self.message_ns[1] / MILLISECOND

    def disturb(self, cluster: ElectionCluster) -> None:
        """Crash other servers with the leader, until it has been replaced."""
        world = cluster.world
        up = [server for server in cluster.servers if world.hosts[server] is not None]
        for server in cluster.random.sample(up, self.also_crashed):
            cluster.crash_too(server)


def _setting(failed: int) -> WideAreaSetting:
    return WideAreaSetting(
        f"{failed} of 5 failed",
        ElectionTimeouts(300, 600),
        TRIALS,
        MESSAGE_MS,
        MESSAGE_SPREAD,
        ineligible=0,
        also_crashed=failed - 1,
    )


WIDE_AREA: list[Setting] = [_setting(1), _setting(2)]
