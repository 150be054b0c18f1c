"""A cluster of servers under the control of a scenario: the basic verbs of a test.

Starts, crashes and connects servers, lets virtual time pass, and asks servers for their
state. It checks only the types of what a server returns: `tester.oracles` has what must
hold at every moment, `checks` what a scenario asks for. Subclasses know what is above
Raft: the lab's own state machine, or a service that was handed in.
"""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from labrpc.box.in_process_box import restore_process
from labrpc.box_factory import BoxFactory, InProcessBoxFactory
from labrpc.clock import SECOND, from_seconds, to_seconds
from labrpc.codes import Code
from labrpc.errors import SubmissionError
from labrpc.submission.submission import Submission
from labrpc.world.events import Action
from labrpc.world.host import Host
from labrpc.world.observer import Observer
from labrpc.world.scenario_thread import ScenarioThread
from labrpc.world.streams import stream
from labrpc.world.supervisor import SupervisedWorld, Supervisor
from labrpc.world.world import World
from tester import codes
from tester.oracles.invariants import Invariants
from tester.oracles.report_lag import true_since_in
from tester.oracles.state_probe import StateProbe
from tester.text import short

# 6.824's limit for one test, here in virtual time.
TEST_SECONDS_MAX = 120

# How long a server's threads may take to end after kill().
KILL_GRACE_NS = SECOND


class Cluster:
    """Servers of one submission, all started and connected.

    Args:
        submission: what runs on every server.
        seed: text from which all randomness of the run is derived.
        servers: how many there are.
        reliable: whether the network loses and delays nothing at first.
        persistence: whether servers have to save their state, as from part 2C on.
        elections: whether a leader must have been answered by a majority.
        observers: watch the world, in this order and before the invariants.
        real_time: whether servers run on real threads and clocks.
        boxes: makes the servers' boxes; None for boxes in this process.

    Attributes:
        seed: text from which all randomness of the run is derived.
        random: the scenario's own random stream.
        real_time: whether servers run on real threads and clocks.
        connected: whether each server is connected to the others.
        invariants: checks what must hold at every moment.
        state_probe: asks servers for their state when it may have changed.
        states: what each server has last said of itself.
        asks_state_by: the method that reports a server's term, and whether it leads.
        starts_commands: whether the lab itself gives commands to Raft.
    """

    asks_state_by = "get_state"
    starts_commands = True

    def __init__(
        self,
        submission: Submission,
        seed: str,
        servers: int,
        reliable: bool = True,
        persistence: bool = False,
        elections: bool = False,
        observers: Sequence[Observer] = (),
        real_time: bool = False,
        boxes: BoxFactory | None = None,
    ) -> None:
        restore_process()
        self.servers = range(servers)
        self.real_time = real_time
        self.seed = seed
        self.random = stream(seed, "scenario")
        self.connected = [False] * servers
        boxes = boxes or InProcessBoxFactory(submission)
        self.world = self._make_world(submission, _ClusterSupervisor(self), boxes)
        for observer in observers:
            self.world.observe(observer)
        self.network = self.world.network
        self.network.reliable = reliable
        self.network.long_delays = True
        self.invariants = Invariants(
            # In real time there are no steps: it is not known in which one a server
            # wrote its disk, or got an answer.
            self.world,
            persistence=persistence and not real_time,
            elections=elections and not real_time,
            starts=self.starts_commands,
            true_since=true_since_in(self.world, boxes.preempt),
        )
        self.state_probe = StateProbe(self.world, self.invariants, self.asks_state_by)
        self.states = self.invariants.states

    def _make_world(
        self, submission: Submission, supervisor: Supervisor, boxes: BoxFactory
    ) -> World:
        """Return the world of this cluster, with no server started yet."""
        if self.real_time:
            # Seldom wanted, and slow to import.
            from labrpc.real_time.real_world import RealWorld

            count = len(self.servers)
            return RealWorld(count, self.seed, submission, supervisor)
        return World(
            len(self.servers),
            self.seed,
            lambda server, incarnation: boxes.box(server, incarnation, self.seed),
            supervisor,
        )

    def boot(self) -> None:
        """Start and connect every server."""
        self.restart(*self.servers)

    # Servers.

    def restart(self, *servers: int) -> None:
        """Start servers from what they persisted, and connect them.

        Those that are up are all crashed first.
        """
        self.crash(*servers)
        for server in servers:
            self.prepare_start(server)
            self.world.start(server)
        self.connect(*servers)

    def crash(self, *servers: int) -> None:
        """Cut servers off and cut their power: only what they persisted is left."""
        for server in servers:
            if self.is_up(server):
                self.disconnect(server)
                self.world.crash(server)
                self.states[server] = None

    def is_up(self, server: int) -> bool:
        """Return whether a server runs at the moment."""
        return self.world.hosts[server] is not None

    def up(self) -> list[int]:
        """Return the servers that run at the moment."""
        return [server for server in self.servers if self.is_up(server)]

    # What is above Raft.

    def prepare_start(self, server: int) -> None:
        """Make what is above a server ready for its next incarnation."""
        raise NotImplementedError

    def take(self, host: Host, put_id: int, message: tuple[Any, ...]) -> None:
        """Take a message that a server has put on its apply channel."""
        raise NotImplementedError

    def last_applied(self, server: int) -> int:
        """Return the highest index that a server's incarnation has applied."""
        raise NotImplementedError

    # Links.

    def connect(self, *servers: int) -> None:
        """Restore the links of servers to all that are connected themselves."""
        for server in servers:
            self.world.control("connect", server)
            self.connected[server] = True
            for other in self.servers:
                if self.connected[other]:
                    self.network.enable(server, other)
                    self.network.enable(other, server)

    def disconnect(self, *servers: int) -> None:
        """Cut all links of servers, in both directions."""
        for server in servers:
            self.world.control("disconnect", server)
            self.connected[server] = False
            for other in self.servers:
                self.network.enable(server, other, False)
                self.network.enable(other, server, False)

    def set_reliable(self, reliable: bool) -> None:
        """Switch loss and delays of the network off or on."""
        self.world.control("reliable", reliable)
        self.network.reliable = reliable

    def set_long_reordering(self, long_reordering: bool) -> None:
        """Hold two replies of three back, by up to 2.2 s, or no longer."""
        self.world.control("long reordering", long_reordering)
        self.network.long_reordering = long_reordering

    # Time.

    @property
    def now_ns(self) -> int:
        """Virtual nanoseconds since the test began."""
        return self.world.now_ns

    @property
    def now(self) -> float:
        """Virtual seconds since the test began."""
        return to_seconds(self.world.now_ns)

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass.

        Raises:
            SubmissionError: the test has taken more than 120 virtual seconds.
        """
        self.sleep_ns(from_seconds(seconds))

    def sleep_ns(self, nanoseconds: int) -> None:
        """Let virtual time pass, as `sleep` does."""
        self.world.sleep_ns(nanoseconds)
        self._check_time()

    def _check_time(self) -> None:
        """Fail once the test has taken too long, also if servers' answers did."""
        if self.world.now_ns > TEST_SECONDS_MAX * SECOND:
            self.fail(
                codes.TEST_TOO_LONG,
                f"the test took longer than {TEST_SECONDS_MAX} virtual seconds",
            )

    def spawn(self, function: Callable[..., None], *args: Any) -> ScenarioThread:
        """Run a function of the scenario at the same time as what follows."""
        return self.world.spawn(function, *args)

    def join(self, threads: list[ScenarioThread]) -> None:
        """Wait for functions that were spawned."""
        while any(not thread.ended for thread in threads):
            self.world.poll()
            self._check_time()

    # Servers' answers.

    def get_state(self, server: int) -> tuple[int, bool]:
        """Return a server's term, and whether it believes that it leads."""
        host = self._answering(server)
        if host is None:
            return 0, False
        began = self.world.steps
        answer = self._ask(host, self.asks_state_by)
        if not host.up:
            return 0, False
        if not has_types(answer, int, bool):
            self._wrong_answer(
                server, "get_state", answer, "(term, is_leader): an int and a bool"
            )
        term, is_leader = answer
        self.invariants.reported(host, term, is_leader, began)
        return term, is_leader

    def _answering(self, server: int) -> Host | None:
        """Return the incarnation that can be called, None if there is none.

        Another thread of the scenario may be starting the server: until its
        constructor has returned, it cannot be called. Nor while it is paused.
        """
        host = self.world.hosts[server]
        if host is None or not host.ready or host.backlog is not None:
            return None
        return host

    def _ask(self, host: Host, method: str, *args: Any) -> Any:
        """Call a method; another thread of the scenario may crash it meanwhile."""
        answer = self.world.invoke(host.server, method, *args)
        self._check_time()
        return answer

    def _wrong_answer(
        self, server: int, method: str, answer: Any, expected: str
    ) -> NoReturn:
        self.fail(
            codes.WRONG_ANSWER,
            f"{method}() of server {server} returned {short(answer)}, but must return "
            f"{expected}",
        )

    # Failure.

    def fail(self, code: Code, headline: str, evidence: str = "") -> NoReturn:
        """End the test: the submission broke what `headline` says.

        Raises:
            SubmissionError: always.
        """
        codes.require_code(code)
        raise SubmissionError(code, headline, evidence)

    def warn(self, code: Code, text: str) -> None:
        """Note a likely mistake that breaks no rule."""
        codes.require_code(code)
        self.world.warn(code, text)

    def require(
        self, holds: bool, code: Code, headline: str, evidence: str = ""
    ) -> None:
        """Fail with `code` and `headline` unless the condition holds."""
        # Also where it does hold, so that a wrong code is found by the first run.
        codes.require_code(code)
        if not holds:
            self.fail(code, headline, evidence)

    def in_lanes(self, text: str) -> str:
        """Return a report of a box with the names that people give to boxes."""
        return text

    def describe(self) -> str:
        """Return each server's state as far as it is known, for a report."""
        lines = []
        for server in self.servers:
            if not self.is_up(server):
                lines.append(f"server {server}: down")
                continue
            state = self.states[server]
            role = "not asked for its state yet"
            if state is not None:
                role = f"{'leader' if state[1] else 'not leader'}, term {state[0]}"
                role += " when last asked"
            where = "connected" if self.connected[server] else "cut off"
            applied = self.last_applied(server)
            lines.append(
                f"server {server}: {role}; applied up to index {applied}; {where}"
            )
        return "\n".join(lines)

    def shut_down(self) -> None:
        """Call `kill` on every server, and warn of threads that go on after a second.

        What goes wrong now costs nothing: the scenario is over.
        """
        self.state_probe.active = False
        self.world.unobserve(self.invariants)
        self.world.control("kill", *self.up())
        try:
            for server in self.up():
                self.world.invoke(server, "kill")
            self.world.sleep_ns(KILL_GRACE_NS)
        except SubmissionError as exc:
            self.warn(codes.BROKE_AFTER_KILL, f"after kill(): {exc.headline}")
            return
        leaked = {
            thread
            for host in self.world.hosts
            if host is not None
            for thread in host.box.leaked()
        }
        if leaked:
            self.warn(
                codes.THREADS_AFTER_KILL,
                f"threads still run a second after kill(): {', '.join(sorted(leaked))}",
            )

    def close(self) -> None:
        """End all servers and threads of the scenario."""
        self.world.close()
        # At once: what a server has replaced, pytest may be about to use.
        restore_process()


class _ClusterSupervisor(Supervisor):
    """Acts on a cluster's servers as a run goes on."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def take(
        self,
        world: SupervisedWorld,
        host: Host,
        put_id: int,
        message: tuple[Any, ...],
    ) -> None:
        self._cluster.take(host, put_id, message)

    def crash_point_reached(self, world: SupervisedWorld, host: Host) -> None:
        self._cluster.crash(host.server)

    def step_done(self, host: Host, actions: list[Action]) -> None:
        self._cluster.state_probe.step_done(host, actions)


def has_types(answer: Any, *types: type) -> bool:
    """Return whether an answer is a tuple of just these types."""
    return isinstance(answer, (tuple, list)) and tuple(map(type, answer)) == types
