"""The contract's types, as a student's strict type checker sees them.

mypy checks this file with the lab's own code; nothing runs it. Each line that ignores
an error shows that the error is found: mypy reports an `ignore` that nothing needs.
"""

from collections.abc import Sequence

import raft
from labrpc import ApplyMsg, ClientEnd, Persister
from labrpc.contract import ApplyChannel, RaftServer


class Raft:
    """A student's server, with every type written out."""

    def __init__(
        self,
        peers: Sequence[ClientEnd],
        me: int,
        persister: Persister,
        apply_ch: ApplyChannel,
    ) -> None:
        self.peers = peers
        self.me = me
        self.persister = persister
        self.apply_ch = apply_ch
        self.log: list[bytes] = [persister.read_raft_state()]

    def get_state(self) -> tuple[int, bool]:
        return 1, self.me == 0

    def start(self, command: object) -> tuple[int, int, bool]:
        vote: bool | None = self.peers[1].call("Raft.request_vote", (1, self.me))
        self.persister.save(b"state", None)
        self.persister.save(b"state", self.persister.read_snapshot())
        self.apply_ch.put(ApplyMsg(True, command, len(self.log)))
        return len(self.log), 1, bool(vote)

    def snapshot(self, index: int, snapshot: bytes) -> None:
        self.apply_ch.put(
            ApplyMsg(snapshot_valid=True, snapshot=snapshot, snapshot_index=index)
        )

    async def ask(self) -> None:
        """Use what `asyncio` waits for."""
        await self.peers[0].acall("Raft.append_entries", [])
        await self.apply_ch.aput(ApplyMsg(True, "x", 1))


class StartsWithoutTerm(Raft):
    """A server whose `start` leaves the term out."""

    def start(self, command: object) -> tuple[int, bool]:  # type: ignore[override]
        return 1, True


SERVERS: list[type[RaftServer]] = [Raft, raft.Raft]
REFUSED: type[RaftServer] = StartsWithoutTerm  # type: ignore[assignment]


def wrong_uses(server: Raft, peer: ClientEnd) -> None:
    """Make the mistakes that a type checker finds."""
    server.persister.save("state", None)  # type: ignore[arg-type]
    server.persister.save(b"state")  # type: ignore[call-arg]
    server.apply_ch.put((1, "x"))  # type: ignore[arg-type]
    ApplyMsg(command_valid=True, commnd="x")  # type: ignore[call-arg]
    ApplyMsg().command_index = 2  # type: ignore[misc]
    peer.call("Raft.request_vote")  # type: ignore[call-arg]
    peer.cal("Raft.request_vote", 1)  # type: ignore[attr-defined]
