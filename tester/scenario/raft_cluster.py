"""A cluster of Rafts under the lab's own state machines; the lab starts every command."""

from collections.abc import Sequence
from typing import Any

from labrpc.box_factory import BoxFactory
from labrpc.clock import MICROSECOND
from labrpc.submission.submission import Submission
from labrpc.world.host import Host
from labrpc.world.observer import Observer
from tester.scenario.cluster import has_types
from tester.scenario.faulty_cluster import FaultyCluster
from tester.scenario.state_machine import SNAPSHOT_INTERVAL, TAKE_NS, StateMachine


class RaftCluster(FaultyCluster):
    """A cluster whose service is the lab's.

    Args:
        submission: what runs on every server.
        seed: text from which all randomness of the run is derived.
        servers: how many there are.
        reliable: whether the network loses and delays nothing at first.
        snapshots: whether the state machines take snapshots.
        persistence: whether servers have to save their state, as from part 2C on.
        elections: whether a leader must have been answered by a majority.
        observers: watch the world, in this order and before the invariants.
        real_time: whether servers run on real threads and clocks.
        boxes: makes the servers' boxes; None for boxes in this process.

    Attributes:
        snapshot_intervals: after how many commands each server's state machine takes
            a snapshot, 0 for never.
        state_machines: the state machine above each server's current incarnation.
    """

    def __init__(
        self,
        submission: Submission,
        seed: str,
        servers: int,
        reliable: bool = True,
        snapshots: bool = False,
        persistence: bool = False,
        elections: bool = False,
        observers: Sequence[Observer] = (),
        real_time: bool = False,
        boxes: BoxFactory | None = None,
    ) -> None:
        super().__init__(
            submission,
            seed,
            servers,
            reliable,
            persistence,
            elections,
            observers,
            real_time,
            boxes,
        )
        self.snapshot_intervals = [SNAPSHOT_INTERVAL if snapshots else 0] * servers
        self._snapshots_made: dict[bytes, int] = {}
        self.state_machines = [
            self._new_state_machine(server) for server in self.servers
        ]

    def _new_state_machine(self, server: int) -> StateMachine:
        return StateMachine(
            self.world,
            server,
            self.invariants,
            self._snapshots_made,
            self.snapshot_intervals[server],
        )

    def prepare_start(self, server: int) -> None:
        """Give a server a state machine that begins from its saved snapshot."""
        self.state_machines[server] = self._new_state_machine(server)

    def take(self, host: Host, put_id: int, message: tuple[Any, ...]) -> None:
        """Offer a message to the state machine, which will take it."""
        self.state_machines[host.server].offer(host, put_id, message)

    def last_applied(self, server: int) -> int:
        """Return the highest index that a server's state machine has applied."""
        return self.state_machines[server].last_applied

    def start(self, server: int, command: Any) -> tuple[int, int, bool]:
        """Offer a command to a server: index, term, and whether it leads."""
        host = self._answering(server)
        if host is None:
            return -1, 0, False
        proposal = self.invariants.proposed(host, command)
        answer = self._ask(host, "start", command)
        if not host.up:
            return -1, 0, False
        if not has_types(answer, int, int, bool):
            self._wrong_answer(
                server, "start", answer, "(index, term, is_leader): two ints and a bool"
            )
        index, term, is_leader = answer
        self.invariants.answered(host, proposal, (index, term, is_leader))
        return index, term, is_leader

    def slow_state_machine(self, server: int, delay_us: int) -> None:
        """Let a server's state machine leave each message on the channel longer."""
        self.state_machines[server].take_ns = delay_us * MICROSECOND

    def set_snapshot_interval(self, server: int, interval: int) -> None:
        """Let a server's state machine take a snapshot after this many commands."""
        self.snapshot_intervals[server] = interval
        self.state_machines[server].snapshot_interval = interval

    def heal_above(self, server: int) -> None:
        """Let a server's state machine take messages as fast as at first."""
        self.state_machines[server].take_ns = TAKE_NS
