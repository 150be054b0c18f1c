"""The setting of an experiment: what is measured, in which cluster, how often."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from labrpc.clock import MILLISECOND
from tester.experiments.election_cluster import ElectionCluster
from tester.experiments.timed_raft import ElectionTimeouts


@dataclass(frozen=True, eq=False)
class Setting:
    """One curve of a graph.

    Attributes:
        name: how the curve is called; trials of one name and seed are the same trials.
        timeouts: the election time-outs of all servers.
        trials: how many leaders are crashed.
        message_ms: how long a message takes, on average.
        message_spread: by how much it may take more or less, as a share.
        limit_ms: how long a trial waits for a new leader.
        servers: how many servers there are.
        ineligible: how many of the others lack an entry and cannot be elected.
        slow_ms: by how much more each message on a link takes.
        lost: the share of messages that are lost while there is no leader.
        clock_rates: how fast the clocks of some servers run; 1 is right.
        cut_off_ms: for how long one server has been cut off when the leader crashes:
            it has begun elections meanwhile, and is some terms ahead.
        body: statements added to the Raft's class, for a variant of it.
        raft: the package of the Raft; None for the one that the whole experiment is run with.
    """

    name: str
    timeouts: ElectionTimeouts
    trials: int = 1000
    message_ms: float = 2.75
    message_spread: float = 0.1
    limit_ms: float = 100_000
    servers: int = 5
    ineligible: int = 2
    slow_ms: Mapping[tuple[int, int], float] = field(default_factory=dict)
    lost: float = 0.0
    clock_rates: Mapping[int, Fraction] = field(default_factory=dict)
    cut_off_ms: float = 0.0
    body: str = ""
    raft: Path | None = None

    @property
    def label(self) -> str:
        """Return what graphs and tables call the curve."""
        return self.name

    @property
    def message_ns(self) -> tuple[int, int]:
        """Return the least and the longest time of a message."""
        spread_ms = self.message_ms * self.message_spread
        shortest_ms, longest_ms = (
            self.message_ms - spread_ms,
            self.message_ms + spread_ms,
        )
        return round(shortest_ms * MILLISECOND), round(longest_ms * MILLISECOND)

    def crash_after_ms(self, draw: float) -> float:
        """Return how long after a heartbeat was sent its leader crashes.

        Args:
            draw: a random number from 0 to 1.
        """
        return draw * self.timeouts.heartbeat_ms

    def prepare(self, cluster: ElectionCluster) -> None:
        """Set the clocks of a cluster that has just been started."""
        fastest = max(self.clock_rates.values(), default=Fraction(1))
        retry_ms = self.timeouts.shortest_ms / float(max(fastest, Fraction(1)))
        cluster.traffic.retry_ns = round(retry_ms * MILLISECOND)
        for server, rate in self.clock_rates.items():
            cluster.world.set_clock_rate(server, rate)

    def disturb(self, cluster: ElectionCluster) -> None:
        """Let messages be slow or lost from now on, as the leader crashes."""
        faults = cluster.world.network_faults()
        for link, delay_ms in self.slow_ms.items():
            faults.slow_ns[link] = round(delay_ms * MILLISECOND)
        faults.lost = self.lost
