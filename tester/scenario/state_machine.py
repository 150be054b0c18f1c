"""The state machine above one server: takes what Raft applies, and checks it.

It stands for the service that a Raft carries, such as a key/value store: it takes one
message at a time off the apply channel, and with snapshots on calls `snapshot` after
every tenth command, or at an interval of its own, before it takes the next message.
"""

from typing import Any

from labrpc.clock import MICROSECOND
from labrpc.world.events import Taken
from labrpc.world.host import Host
from labrpc.world.world import World
from tester.oracles.applied_log import AppliedLog, Message
from tester.oracles.invariants import Invariants

# A message is taken this long after the server has put it on its channel.
TAKE_NS = 10 * MICROSECOND
# 6.824's cadence: after applying an index k with (k + 1) % 10 == 0.
SNAPSHOT_INTERVAL = 10


class StateMachine(AppliedLog):
    """What one server has applied in its current incarnation, and takes next.

    Args:
        world: where the server runs.
        server: its number.
        invariants: checks each command that is applied.
        made: the snapshots made above any server, each with its index.
        snapshot_interval: after how many commands it takes a snapshot, 0 for never.

    Attributes:
        take_ns: how long a message is left on the apply channel.
        snapshot_interval: after how many commands it takes a snapshot, 0 for never.
    """

    def __init__(
        self,
        world: World,
        server: int,
        invariants: Invariants,
        made: dict[bytes, int],
        snapshot_interval: int,
    ) -> None:
        super().__init__(server, invariants, made, world.disks[server].snapshot)
        self._world = world
        self.take_ns = TAKE_NS
        self.snapshot_interval = snapshot_interval
        self._waiting: list[tuple[Host, int, Message]] = []
        self._busy = False

    def offer(self, host: Host, put_id: int, message: tuple[Any, ...]) -> None:
        """Note that the server has put a message on its apply channel."""
        self._waiting.append((host, put_id, Message(*message)))
        if not self._busy:
            self._busy = True
            self._world.after(self.take_ns, self._take_next)

    def _take_next(self, _result: Any = None) -> None:
        """Take one message, let the server go on, and apply it."""
        if not self._waiting or not self._waiting[0][0].up:
            self._busy = False
            return
        host, put_id, message = self._waiting.pop(0)
        self.apply(message)
        self._world.step(host, Taken(put_id))
        index = message.command_index
        if (
            self.snapshot_interval
            and message.command_valid
            and (index + 1) % self.snapshot_interval == 0
        ):
            # The next message waits until snapshot() has returned.
            self._world.invoke_then(
                host, self._take_next_later, "snapshot", index, self.snapshot(index)
            )
        else:
            self._take_next_later()

    def _take_next_later(self, _result: Any = None) -> None:
        if self._waiting:
            self._world.after(self.take_ns, self._take_next)
        else:
            self._busy = False
