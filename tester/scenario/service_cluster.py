"""A cluster whose submission includes the service above Raft.

The lab starts no commands here and takes no messages off the apply channel: both happen
within a server. It still sees what is applied, and asks the Raft in each server for its
state, so that a property broken by Raft is reported before one of the service.
"""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

from labrpc.box_factory import BoxFactory
from labrpc.codes import DEADLOCK, Code
from labrpc.errors import as_said_by_box
from labrpc.submission.entry import Entry
from labrpc.submission.submission import Submission
from labrpc.world.host import Host
from labrpc.world.observer import Observer
from labrpc.world.scenario_thread import current_scenario_thread
from labrpc.world.supervisor import Supervisor
from labrpc.world.world import World
from tester import codes
from tester.intake.service_submission import raft_of
from tester.oracles.applied_in_box import AppliedInBox
from tester.oracles.applied_log import Message
from tester.scenario.kv_answers import ok_without_commit
from tester.scenario.polled_cluster import LEADER_S_MAX, PolledCluster
from tester.scenario.service_entries import LIMIT, clerk_entry
from tester.text import servers_named, with_clients_named

# How long an operation may take once a majority is connected and nothing fails.
CALL_S_MAX = 10
# Of how many servers and clients a failure shows where calls wait.
STUCK_HOSTS_SHOWN = 3

Returned = TypeVar("Returned")


class ServiceCluster(PolledCluster):
    """Servers of one submission, and clients of them.

    Args:
        submission: what runs in every box.
        seed: text from which all randomness of the run is derived.
        servers: how many there are.
        reliable: whether the network loses and delays nothing at first.
        clerks: how many clients there are, each with a box of its own.
        max_raft_state: how large the saved Raft state may become before a server takes
            a snapshot, -1 for no snapshots.
        observers: watch the world, in this order and before the invariants.
        boxes: makes the boxes; None for boxes in this process.

    Attributes:
        clerks: the clients' numbers.
        max_raft_state: how large the saved Raft state may become before a server takes
            a snapshot, -1 for no snapshots.
        applied: what each server's current incarnation has applied.
    """

    asks_state_by = "Raft.get_state"
    starts_commands = False

    def __init__(
        self,
        submission: Submission,
        seed: str,
        servers: int,
        reliable: bool = True,
        clerks: int = 0,
        max_raft_state: int = -1,
        observers: Sequence[Observer] = (),
        boxes: BoxFactory | None = None,
    ) -> None:
        self.clerks = range(clerks)
        self._submission = submission
        self.max_raft_state = max_raft_state
        super().__init__(
            submission,
            seed,
            servers,
            reliable,
            persistence=True,
            elections=True,
            observers=observers,
            boxes=boxes,
        )
        # A clerk that asks a server which is cut off has to try another one soon.
        self.network.long_delays = False
        self.applied = [AppliedInBox(s, self.invariants, b"") for s in self.servers]
        # The first operation that nothing was applied for.
        self._uncommitted = ""

    def _make_world(
        self, submission: Submission, supervisor: Supervisor, boxes: BoxFactory
    ) -> World:
        entries = [self.server_entry()] * len(self.servers)
        entries += [self.clerk_entry()] * len(self.clerks)
        return World(
            len(self.servers),
            self.seed,
            lambda box, life: boxes.box(box, life, self.seed, entries[box]),
            supervisor,
            len(self.clerks),
        )

    # What boxes construct.

    def server_entry(self) -> Entry:
        """Return what a server's box constructs."""
        raise NotImplementedError

    def clerk_entry(self) -> Entry:
        """Return what a client's box constructs."""
        return clerk_entry(self._submission)

    # Servers and clients.

    def boot(self) -> None:
        """Start and connect every server, and start every client."""
        super().boot()
        for clerk in self.clerks:
            self.world.start(self.box_of(clerk))
            self.connect_clerk(clerk, *self.servers)

    def box_of(self, clerk: int) -> int:
        """Return the number of a client's box: they come after the servers'."""
        return len(self.servers) + clerk

    def connect_clerk(self, clerk: int, *servers: int) -> None:
        """Let a client reach these servers, and no others."""
        self.world.control("connect clerk", clerk, *servers)
        for server in self.servers:
            self.network.enable(self.box_of(clerk), server, server in servers)

    def partition(self, *groups: Sequence[int]) -> None:
        """Connect the servers of each group to each other, and to no others."""
        self.world.control("partition", *map(list, groups))
        for group in groups:
            for server in group:
                self.connected[server] = 2 * len(group) > len(self.servers)
                for other in self.servers:
                    self.network.enable(server, other, other in group)

    def heal_partition(self) -> None:
        """Connect all servers with each other, and every client with all of them."""
        self.connect(*self.servers)
        for clerk in self.clerks:
            self.connect_clerk(clerk, *self.servers)

    def describe(self) -> str:
        """Return each server's state, and whose Raft the service runs on."""
        return f"{super().describe()}\nthe service runs on {raft_of(self._submission)}"

    def prepare_start(self, server: int) -> None:
        """Note that a server begins from its saved snapshot."""
        saved = self.world.disks[server].snapshot
        self.applied[server] = AppliedInBox(server, self.invariants, saved)

    def take(self, host: Host, put_id: int, message: tuple[Any, ...]) -> None:
        """Check a message that a server has put on its apply channel."""
        self.applied[host.server].apply(Message(*message))

    def last_applied(self, server: int) -> int:
        """Return the highest index that a server's incarnation has applied."""
        return self.applied[server].last_applied

    # What succeeded, and what was committed for it.

    def note_success(self, operation: str, decided: int) -> None:
        """Note an operation that changes the service and has returned OK.

        Its entry was committed since the call, and no server applied it before. The test
        goes on, since what comes of it says more.

        Args:
            operation: what it was, for a report.
            decided: at how many indices servers had applied a command when it was called.
        """
        if not self._uncommitted and len(self.invariants.decided) == decided:
            self._uncommitted = operation

    def shut_down(self) -> None:
        """Fail if an operation succeeded without the log, or a snapshot was unwanted.

        Then let the servers end.
        """
        what, rule = ok_without_commit(self._uncommitted)
        self.require(not self._uncommitted, codes.OK_WITHOUT_COMMIT, what, rule)
        if self.max_raft_state == -1:
            self._check_no_snapshots()
        super().shut_down()

    # Raft below the service.

    def leader(self) -> int:
        """Return the connected server that leads the latest term; wait for one."""
        for _ in range(50 * LEADER_S_MAX):
            leader = self._latest_leader()
            if leader is not None:
                return leader
            self.sleep(0.020)
        self._fail_without_leader()

    def check_log_size(self, factor: int) -> None:
        """Fail if a saved Raft state is larger than `factor` times the limit."""
        size, server = self.raft_state_bytes_max()
        self.require(
            size <= factor * self.max_raft_state,
            codes.LOG_NOT_CUT,
            f"server {server} has saved {size} bytes of Raft state; "
            f"{LIMIT} is {self.max_raft_state}, and {factor} times that is allowed",
            "once the saved state is as large as the limit, the RSM gives Raft a "
            "snapshot, and Raft drops the entries that it covers (section 7)",
        )

    def check_snapshot_size(self, most: int) -> None:
        """Fail if a server has saved a snapshot of more than `most` bytes."""
        disks = enumerate(self.world.disks)
        size, server = max((len(disk.snapshot), server) for server, disk in disks)
        self.require(
            size <= most,
            codes.SNAPSHOT_TOO_LARGE,
            f"server {server} has saved a snapshot of {size} bytes; {most} are enough",
            "a snapshot has the current values, and not the operations that led to them",
        )

    def _check_no_snapshots(self) -> None:
        """Fail if a server has saved a snapshot though there is no limit."""
        found = [s for s in self.servers if self.world.disks[s].snapshot]
        self.require(
            not found,
            codes.SNAPSHOT_UNWANTED,
            f"{servers_named(found)} saved a snapshot though {LIMIT} is -1",
            f"with {LIMIT} -1 the log may grow without end: the RSM takes no snapshot",
        )

    # Calls by the lab that may take long.

    def call(
        self, host: Host, read: Callable[[Any], Returned], method: str, *args: Any
    ) -> Returned:
        """Call a method; wait until it has returned, and return what `read` makes of it.

        `read` gets the value at the very moment that it comes. A thread of the scenario
        waits as long as it takes, and for ever if the server crashes; the scenario's
        main part fails after `CALL_S_MAX`.
        """
        answers: list[Returned] = []
        thread = current_scenario_thread()

        def take(value: Any) -> None:
            answers.append(read(value))
            if waits:
                assert thread is not None
                self.world.after(0, thread.resume)

        waits = False
        ends = self.now + CALL_S_MAX
        self.world.invoke_then(host, take, method, *args)
        waits = thread is not None
        while not answers:
            if thread is not None:
                thread.pause()
            else:
                self.world.poll()
                self._check_time()
                if self.now > ends:
                    self.fail_call(host, method)
        return answers[0]

    def fail_call(self, host: Host, method: str) -> NoReturn:
        """Fail: a method of a server, or of a client, has not returned in time."""
        raise NotImplementedError

    def fail_stuck(self, code: Code, headline: str, evidence: str = "") -> NoReturn:
        """Fail: calls have not returned. If a lock is at fault, that is what failed."""
        waiting = []
        for host in self.world.hosts:
            if host is None or not host.up or host.backlog is not None:
                continue
            lock, where = host.box.stuck()
            name = f"server {host.server}"
            if lock:
                self.fail(
                    DEADLOCK,
                    f"{name}: {lock}",
                    f"{headline}; who waits must not hold a lock that is needed by "
                    f"whoever would end the wait\n{as_said_by_box(where)}",
                )
            if where:
                waiting.append(f"{name}:\n{as_said_by_box(where)}")
        shown = "\n".join(waiting[:STUCK_HOSTS_SHOWN])
        self.fail(code, headline, "\n".join(filter(None, [evidence, shown])))

    def in_lanes(self, text: str) -> str:
        """Return a report of a box in which clients are no servers."""
        return with_clients_named(text, len(self.servers))
