"""What a run takes: RPCs, bytes, terms, and whether a cluster becomes quiet."""

from tester import codes
from tester.scenario.faulty_cluster import FaultyCluster
from tester.text import servers_named

# The RPCs of an idle second, for each follower: ten heartbeats are enough, more are no
# fault, but requests that follow each other without a pause are hundreds.
IDLE_RPCS_MAX = 60
# The bytes of an idle second, for each follower: a heartbeat carries no entries.
IDLE_BYTES_MAX = 20_000
# How many seconds a cluster may take to become quiet: calls to servers that were cut
# off fail after up to seven, and messages arrive that were held back.
QUIET_S_MAX = 8


class MeasuredCluster(FaultyCluster):
    """A cluster that counts what its servers take."""

    def rpcs_received(self) -> int:
        """Return how many requests have reached the servers that run."""
        return sum(self.network.received[server] for server in self.up())

    def rpcs_sent(self) -> int:
        """Return how many requests have been sent, also to servers that are away."""
        return self.network.calls

    def bytes_carried(self) -> int:
        """Return the bytes of all requests sent and all replies delivered."""
        return self.network.bytes

    def terms_led(self) -> int:
        """Return how many terms have had a leader."""
        return len(self.invariants.leaders)

    def indices_accepted(self) -> int:
        """Return the highest index at which any leader has accepted a command."""
        return self.invariants.accepted

    def commits(self) -> int:
        """Return the highest index that any server has applied."""
        return max(self.invariants.decided, default=0)

    def raft_state_bytes_max(self) -> tuple[int, int]:
        """Return the size of the largest Raft state that is saved, and whose it is."""
        return max(
            (len(disk.raft_state), server)
            for server, disk in enumerate(self.world.disks)
        )

    def check_quiet(self) -> None:
        """Fail unless, soon after the last fault, a second passes with heartbeats only.

        No command comes meanwhile, and every server is connected.
        """
        followers = len(self.servers) - 1
        rpcs_max, bytes_max = IDLE_RPCS_MAX * followers, IDLE_BYTES_MAX * followers
        for _ in range(QUIET_S_MAX):
            rpcs, carried, terms = (
                self.rpcs_received(), self.bytes_carried(), self.terms_led(),
            )  # fmt: skip
            self.sleep(1)
            rpcs = self.rpcs_received() - rpcs
            carried = self.bytes_carried() - carried
            terms = self.terms_led() - terms
            if rpcs <= rpcs_max and carried <= bytes_max and not terms:
                return
        when = f"{QUIET_S_MAX} s after the last fault, with no new command,"
        idle = f"are more than enough for the heartbeats to {followers} followers"
        if terms:
            self.fail(
                codes.UNSTABLE_TERM,
                f"{when} servers still elect leaders: in no second was there none",
                "heartbeats keep followers from becoming candidates (section 5.2)",
            )
        if rpcs > rpcs_max:
            self.fail(
                codes.TOO_MANY_RPCS,
                f"{when} {rpcs} RPCs are sent in a second; {rpcs_max} {idle}",
                self._why_so_many(),
            )
        self.fail(
            codes.TOO_MANY_BYTES,
            f"{when} {carried} bytes are sent in a second; {bytes_max} {idle}",
            "a leader sends an entry or a snapshot again only if it was not "
            "acknowledged (Figure 2: nextIndex and matchIndex)",
        )

    def _why_so_many(self) -> str:
        """Return what a leader sends to followers that lack nothing, or that lack entries."""
        applied = {server: self.last_applied(server) for server in self.up()}
        least, most = min(applied.values(), default=0), max(applied.values(), default=0)
        behind = [server for server, index in applied.items() if index < most]
        if not behind:
            return (
                "a leader that has nothing to send to a follower sends a heartbeat, about "
                "ten times a second"
            )
        return (
            f"{servers_named(behind)} lagged, with index {least} of {most} applied: after an "
            "answer that refuses entries, a leader sends others, or its snapshot, and not the "
            "same at once (sections 5.3 and 7)"
        )
