"""Polling for the leader: which servers are connected, and which of them leads."""

from typing import NoReturn

from tester import codes
from tester.scenario.measured_cluster import MeasuredCluster
from tester.text import is_or_are, servers_named

# For how long a leader may be missing, about.
LEADER_S_MAX = 5

NO_LEADER_CAUSES = (
    "possible causes: no server becomes a candidate; no candidate gets the votes of a "
    "majority, as when time-outs are much alike; no leader keeps the others from "
    "becoming candidates (section 5.2)"
)


class PolledCluster(MeasuredCluster):
    """A cluster that can be asked who leads."""

    def connected_servers(self) -> list[int]:
        """Return the servers that run and are connected."""
        return [server for server in self.up() if self.connected[server]]

    def next_servers(self, server: int, count: int) -> list[int]:
        """Return the `count` servers that follow `server`, in a circle."""
        return [(server + i) % len(self.servers) for i in range(1, count + 1)]

    def _latest_leader(self) -> int | None:
        """Return the connected server that leads the latest term, if one leads."""
        leaders: dict[int, int] = {}
        for server in self.connected_servers():
            term, is_leader = self.get_state(server)
            if is_leader:
                leaders[term] = server
        return leaders[max(leaders)] if leaders else None

    def _fail_without_leader(self) -> NoReturn:
        self.fail(
            codes.NO_LEADER,
            f"no leader after {LEADER_S_MAX} s, though {self._connected_now()} and a "
            "majority (section 5.2)",
            NO_LEADER_CAUSES,
        )

    def _connected_now(self) -> str:
        connected = self.connected_servers()
        return f"{servers_named(connected)} {is_or_are(connected)} connected"
