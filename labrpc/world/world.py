"""The world: a heap of (virtual time, tie-break, event), and the servers.

Pops an event, steps one box, and routes what the box did: calls to the
network, saved bytes to the disk, applied messages to the service. Does not
look into any message, and knows nothing of Raft.

The scenario drives it: `sleep` lets virtual time pass. A scenario may have
several threads of its own (`spawn`); they are greenlets as well, and take
turns only where they sleep.
"""

from collections.abc import Callable
from fractions import Fraction
from heapq import heappop
from typing import Any

from labrpc import codes
from labrpc.clock import SECOND
from labrpc.codes import Code
from labrpc.errors import HEADLINE_CHARS_MAX, WARNINGS_MAX
from labrpc.world.box import Box
from labrpc.world.disk import Disk
from labrpc.world.event_heap import EventHeap
from labrpc.world.events import (
    Apply,
    Boot,
    Call,
    Crash,
    Event,
    Invoke,
    Log,
    Persist,
    Ready,
    Reply,
    Request,
    Result,
    SaveTime,
    Wake,
    Warn,
)
from labrpc.world.host import ANSWER_NS_MAX, NEVER_NS, Host, broken_error
from labrpc.world.message_reports import MessageReports
from labrpc.world.network import Network
from labrpc.world.network_faults import NetworkFaults
from labrpc.world.observer import Observer, Observers
from labrpc.world.scenario_thread import ScenarioThread, current_scenario_thread
from labrpc.world.server_clock import ServerClock
from labrpc.world.streams import stream
from labrpc.world.supervisor import Supervisor

MakeBox = Callable[[int, int], Box]
"""Make the box of (server, incarnation)."""

POLL_NS = SECOND // 1000
# How many of the last printed lines are kept, at least.
LOG_LINES_KEPT = 2_000
_WAKE = Wake()


class World(EventHeap):
    """Servers, the network between them, and virtual time.

    Args:
        servers: how many servers there are; none is started yet.
        seed: text from which every random stream of the run is derived.
        make_box: makes the box of one incarnation.
        supervisor: acts on servers as the run goes on; None just takes what they apply.
        clients: how many further boxes there are, numbered after the servers.

    Attributes:
        now_ns: the virtual time.
        steps: how often a box has been stepped.
        server_count: how many of the boxes are servers.
        log: (virtual nanoseconds, server, line) of what servers printed last.
        warnings: likely mistakes that break no rule, each with its code, as found.
        clocks: each server's own clock, over all its incarnations.
        saved_at_step: the number of the step in which each server last wrote its
            disk, 0 if it never did.
    """

    def __init__(
        self,
        servers: int,
        seed: str,
        make_box: MakeBox,
        supervisor: Supervisor | None = None,
        clients: int = 0,
    ) -> None:
        super().__init__(seed)
        self.server_count = servers
        boxes = servers + clients
        self.steps = 0
        self.log: list[tuple[int, int, str]] = []
        self.warnings: dict[str, Code] = {}
        self.disks = [Disk() for _ in range(boxes)]
        self.hosts: list[Host | None] = [None] * boxes
        self.clocks = [ServerClock() for _ in range(boxes)]
        self.saved_at_step = [0] * boxes
        self.supervise(supervisor or Supervisor())
        self._observers = Observers()
        self.stepping: Host | None = None
        self._incarnations = [0] * boxes
        self._make_box = make_box
        self._threads: list[ScenarioThread] = []
        self.network = Network(boxes, stream(seed, "network"), self)
        self._seed = seed
        self._routes: dict[type, Callable[[Host, Any], None]] = {
            Call: self.network.send,
            Reply: self.network.reply,
            Result: self._result,
            Apply: lambda host, action: self.supervisor.take(
                self, host, action.put_id, action.message
            ),
            Persist: self._persist,
            Log: self._log,
            Warn: self._warn,
            Ready: self._ready,
            Crash: self._crashed,
        }

    # Who acts on it, and who watches.

    def supervise(self, supervisor: Supervisor) -> None:
        """Let a supervisor act on servers from now on, instead of the one before."""
        self.supervisor = supervisor
        acts = type(supervisor).step_done is not Supervisor.step_done
        self._step_done = supervisor.step_done if acts else None

    def observe(self, observer: Observer) -> None:
        """Call an observer's methods from now on, after those that came before it."""
        self._observers.add(observer)
        self._follow_messages()

    def unobserve(self, observer: Observer) -> None:
        """Call an observer's methods no longer."""
        self._observers.remove(observer)
        self._follow_messages()

    def _follow_messages(self) -> None:
        """Follow messages from now on if an observer wants to know of them."""
        if not self._observers.of_messages:
            self.network.reports = None
        elif self.network.reports is None:
            self.network.reports = MessageReports(self._observers, self)

    # Servers.

    def start(self, server: int) -> None:
        """Start a new incarnation of a server from what its disk holds.

        Returns when its constructor has returned.

        Raises:
            SubmissionError: it cannot be loaded or constructed.
        """
        self.control("start", server)
        self._incarnations[server] += 1
        incarnation = self._incarnations[server]
        host = Host(server, incarnation, self._make_box(server, incarnation))
        self.hosts[server] = host
        for notify in self._observers.started:
            notify(self.now_ns, host)
        disk = self.disks[server]
        self.step(host, Boot(self.server_count, disk.raft_state, disk.snapshot))
        self._await(lambda: host.ready, host, "the constructor")
        if disk.save_ns and host.up:
            self.step(host, SaveTime(disk.save_ns))

    def crash(self, server: int) -> None:
        """Cut the power of a server: only its disk survives."""
        host = self.hosts[server]
        if host is None:
            return
        self.control("crash", server)
        self.hosts[server] = None
        for notify in self._observers.crashed:
            notify(self.now_ns, host)
        self.network.remove(host)
        self._end(host)

    def pause(self, server: int) -> None:
        """Stop a server, as a long garbage collection does: time goes on without it."""
        host = self.hosts[server]
        if host is not None and host.backlog is None:
            self.control("pause", server)
            host.backlog = []
            for notify in self._observers.paused:
                notify(self.now_ns, host)

    def resume(self, server: int) -> None:
        """Let a paused server go on, with all that has arrived meanwhile, in order."""
        host = self.hosts[server]
        if host is None or host.backlog is None:
            return
        self.control("resume", server)
        backlog, host.backlog = host.backlog, None
        for notify in self._observers.resumed:
            notify(self.now_ns, host)
        for event in backlog:
            if host.up:
                self.step(host, event)

    def set_clock_rate(self, server: int, rate: Fraction) -> None:
        """Let a server's clock run at `rate` from now on; 2 is twice as fast."""
        self.control("clock rate", server, str(rate))
        self.clocks[server].set_rate(rate, self.now_ns)
        host = self.hosts[server]
        if host is not None and host.ready:
            # It counts its time-outs anew.
            self.step(host, _WAKE)

    def save_began_ns(self, server: int) -> int:
        """Return when a save began, if it is one of this server's and ends now."""
        return self.clocks[server].before_ns(self.now_ns, self.disks[server].save_ns)

    def network_faults(self) -> NetworkFaults:
        """Return the faults of the network, off until some are set."""
        if self.network.faults is None:
            # Every draw depends on the stream's name: another one gives other runs.
            self.network.faults = NetworkFaults(stream(self._seed, "trouble"))
        return self.network.faults

    def invoke(self, server: int, method: str, *args: Any) -> Any:
        """Call a method of a running server and return what it returned.

        None if the server crashed meanwhile.

        Raises:
            SubmissionError: it raised, or has not returned in 10 virtual seconds.
        """
        host = self.hosts[server]
        assert host is not None, f"server {server} is down"
        results: list[Any] = []
        self.invoke_then(host, results.append, method, *args)
        if not results:
            self._await(lambda: bool(results), host, f"{method}()")
        return results[0] if results else None

    def invoke_then(
        self, host: Host, then: Callable[[Any], None], method: str, *args: Any
    ) -> None:
        """Call a method without waiting; `then` gets what it returns, if it does."""
        host.last_invoke_id = invoke_id = host.last_invoke_id + 1
        host.callbacks[invoke_id] = then
        self.step(host, Invoke(invoke_id, method, args))

    def _await(self, done: Callable[[], bool], host: Host, what: str) -> None:
        """Let time pass until `done`; the server must still be up."""
        deadline_ns = self.now_ns + ANSWER_NS_MAX
        while not done() and host.up:
            if self.now_ns >= deadline_ns:
                raise host.no_answer_error(what)
            self.sleep_ns(POLL_NS)

    # Time.

    def sleep_ns(self, duration_ns: int) -> None:
        """Let virtual time pass, for the scenario or one of its threads."""
        until_ns = self.now_ns + duration_ns
        thread = current_scenario_thread()
        if thread is None:
            self._run_until(until_ns)
        else:
            self.after(duration_ns, thread.resume)
            thread.pause()

    def spawn(self, function: Callable[..., None], *args: Any) -> ScenarioThread:
        """Run a function of the scenario beside the others, from now on."""
        thread = ScenarioThread(function, args)
        self._threads.append(thread)
        self.after(0, thread.resume)
        return thread

    def join(self, threads: list[ScenarioThread]) -> None:
        """Let time pass until all these threads of the scenario have ended."""
        while any(not thread.ended for thread in threads):
            self.poll()

    def poll(self) -> None:
        """Let a millisecond pass, and as many more as nothing happens in."""
        polls = 1
        # A thread's own sleep is an event, too: another number of them would be seen.
        if self._heap and current_scenario_thread() is None:
            polls = max(1, -(-(self._heap[0][0] - self.now_ns) // POLL_NS))
        self.sleep_ns(polls * POLL_NS)

    def _run_until(self, until_ns: int) -> None:
        heap = self._heap
        network = self.network
        while heap and heap[0][0] <= until_ns:
            self.now_ns, _, serial, host, event = heappop(heap)
            if host is None:
                event()
                continue
            if network.reports is not None:
                network.reports.due(serial)
            if host.up:
                kind = type(event)
                if kind is Wake:
                    if host.wake_ns != self.now_ns:
                        continue
                    host.wake_ns = NEVER_NS
                elif kind is Request:
                    network.received[host.server] += 1
                self.step(host, event)
        self.now_ns = until_ns

    def step(self, host: Host, event: Event) -> None:
        """Step one box and route what it did, in order."""
        if host.backlog is not None:
            host.backlog.append(event)
            return
        self.steps += 1
        clock = self.clocks[host.server]
        # Another box may be stepped from a debugger's prompt inside this one.
        outer, self.stepping = self.stepping, host
        if clock.exact:
            actions, wake_ns = host.box.step(self.now_ns, event)
        else:
            actions, wake_ns = host.box.step(clock.local_ns(self.now_ns), event)
            wake_ns = None if wake_ns is None else clock.world_ns(wake_ns)
        self.stepping = outer
        cut = None if host.crash_point is None else host.crash_point(actions)
        if cut is not None:
            actions = actions[:cut]
        observers = self._observers
        for notify in observers.stepped:
            notify(self.now_ns, host, event, actions)
        routes = self._routes
        for action in actions:
            routes[type(action)](host, action)
        if wake_ns is not None and wake_ns < host.wake_ns and host.up:
            host.wake_ns = wake_ns
            self.post(max(wake_ns - self.now_ns, 0), host, _WAKE)
        if cut is not None:
            self.supervisor.crash_point_reached(self, host)
            return
        for notify in observers.settled:
            notify(self.now_ns, host, event, actions)
        if actions and self._step_done is not None:
            self._step_done(host, actions)

    # Actions.
    def _ready(self, host: Host, action: Ready) -> None:
        host.ready = True
        self.network.add(host)

    def _result(self, host: Host, action: Result) -> None:
        then = host.callbacks.pop(action.invoke_id, None)
        if then is not None:
            then(action.value)

    def _persist(self, host: Host, action: Persist) -> None:
        self.disks[host.server].save(action.raft_state, action.snapshot)
        self.saved_at_step[host.server] = self.steps

    def _log(self, host: Host, action: Log) -> None:
        if action.annotates:
            return
        time_ns = self.clocks[host.server].world_ns(action.time_ns)
        self.log.append((time_ns, host.server, action.line))
        if len(self.log) > 2 * LOG_LINES_KEPT:
            del self.log[:LOG_LINES_KEPT]
        for notify in self._observers.printed:
            notify(time_ns, host.server, action.line)

    def _warn(self, host: Host, action: Warn) -> None:
        self.warn(codes.warning_of_box(action.code), action.text)

    def warn(self, code: Code, text: str) -> None:
        """Note a likely mistake that breaks no rule, unless there are many already."""
        if len(self.warnings) < WARNINGS_MAX:
            self.warnings.setdefault(text[:HEADLINE_CHARS_MAX], code)

    def _crashed(self, host: Host, action: Crash) -> None:
        raise broken_error(host.server, action)

    def _end(self, host: Host) -> None:
        """End an incarnation; a watchdog may have to help."""
        host.up = False
        self.steps += 1
        self.stepping = host
        host.box.crash()
        self.stepping = None

    def control(self, verb: str, *args: object) -> None:
        """Report to observers that the scenario did something."""
        for notify in self._observers.controlled:
            notify(self.now_ns, verb, args)

    def close(self) -> None:
        """End every server and every thread of the scenario."""
        self.stepping = None
        for thread in self._threads:
            thread.kill()
        for host in self.hosts:
            if host is not None:
                self._end(host)
        self.hosts = [None] * len(self.hosts)
        self._heap.clear()
