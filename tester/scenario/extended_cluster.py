"""A cluster whose servers may have the extensions of the bonus parts.

docs/contract_bonus.md is what submissions go by.
"""

from tester.scenario.cluster import has_types
from tester.scenario.raft_cluster import RaftCluster


class ExtendedCluster(RaftCluster):
    """A cluster with the verbs of the dissertation's extensions."""

    def transfer_leadership(self, server: int, target: int) -> bool:
        """Ask a server to hand its leadership over; return whether it has begun to."""
        host = self._answering(server)
        if host is None:
            return False
        answer = self._ask(host, "transfer_leadership", target)
        if host.up and type(answer) is not bool:
            self._wrong_answer(server, "transfer_leadership", answer, "a bool")
        return bool(answer)

    def read_index(self, server: int) -> tuple[int, bool]:
        """Ask a server up to where a read must see, and whether it can say so."""
        host = self._answering(server)
        if host is None:
            return -1, False
        answer = self._ask(host, "read_index")
        if not host.up:
            return -1, False
        if not has_types(answer, int, bool):
            self._wrong_answer(
                server, "read_index", answer, "(index, ok): an int and a bool"
            )
        index, ok = answer
        return index, ok
