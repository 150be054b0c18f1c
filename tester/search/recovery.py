"""Recovery: whether servers agree again once nothing disturbs them any more.

All servers are connected, messages arrive soon, and time passes for all of them alike: each
wakes up when it wants to, and its own clock keeps up with the others'. A leader is given a
command, and all servers have to apply it. A minority may stay cut off: its time stands still,
and calls to it fail after a while, as they do in the suite.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Protocol

from labrpc.clock import MILLISECOND, SECOND, to_seconds
from labrpc.errors import SubmissionError
from tester import codes
from tester.search.arrivals import Arrivals
from tester.search.choices import (
    Choice,
    Cut,
    Deliver,
    Heal,
    Lose,
    Resume,
    Start,
)
from tester.search.rules import Rules
from tester.search.server_state import ServerState
from tester.search.world_state import Message, WorldState, call_of
from tester.text import listed

RECOVERY_NS_MAX = 10 * SECOND
# How long a message takes.
MESSAGE_NS = 2 * MILLISECOND
# How long a server goes on at least when it wakes up, and how far its own clock may be behind.
MOMENT_NS = 2 * MILLISECOND
# How long a call to a server takes to fail that is cut off.
FAILURE_NS = 100 * MILLISECOND
# A leader gets its command when no message is under way. Some servers never rest: after so
# many messages in a row it gets it all the same, and messages take longer, so that the end
# of the recovery is not thousands of messages away.
RESTLESS_DELIVERIES = 1_000
RESTLESS_MESSAGE_NS = 20 * MILLISECOND
# Hundreds may be under way when a recovery begins. They do not show that servers never rest, nor
# does what follows each of them: its reply, a message that answers it, and the reply to that.
FOLLOWING = 4


class RecoveringRun(Protocol):
    """The run that recovers."""

    state: WorldState

    def advance(self, choice: Choice, briefly: bool = False) -> bool:
        """Take a choice of the recovery, and return whether it applies.

        For `briefly`, see `Rules.take`.
        """

    def wait(self, server: int, ns: int) -> None:
        """Let time pass on a server's own clock."""


def recover(rules: Rules, run: RecoveringRun, without: Sequence[int] = ()) -> None:
    """Let servers recover, but those of a minority.

    Raises:
        SubmissionError: they do not, or what else `advance` raises.
    """
    Recovery(rules, run, without).go_on()


class Recovery:
    """A recovery under way.

    Attributes:
        now_ns: how long it has taken so far.
    """

    # How many messages may arrive until time passes for servers; None for all there are.
    deliveries_max: int | None = None

    def __init__(
        self, rules: Rules, run: RecoveringRun, without: Sequence[int] = ()
    ) -> None:
        self.now_ns = 0
        self._without = frozenset(without)
        self._deliveries = 0
        self._rules = rules
        self._run = run
        # The last command, who got it, and in which term.
        self._command: int | str | None = None
        self._asked: tuple[int, int] | None = None
        # Whether there has been a moment with no message under way.
        self._has_rested = False
        self._restless_from = RESTLESS_DELIVERIES + FOLLOWING * len(run.state.in_flight)
        # How far each server's own clock is behind.
        self._lag_ns: Counter[int] = Counter()
        # When each message fails that no server is to get.
        self._fails_ns: dict[Message, int] = {}
        for server in sorted(self._without.difference(run.state.cut)):
            run.advance(Cut(server))
        for server in sorted(set(run.state.cut) - self._without):
            run.advance(Heal(server))
        for stalled in [s.server for s in run.state.servers if s.stalled]:
            run.advance(Resume(stalled))
        self._arrivals = Arrivals()
        self._follow()

    def go_on(self) -> None:
        """Let things happen until the servers agree.

        Raises:
            SubmissionError: they do not, or what else happens.
        """
        while not self.agreed():
            if self.now_ns > RECOVERY_NS_MAX or not self.step():
                raise self.failure()

    def agreed(self) -> bool:
        """Return whether all servers have applied the last command, or one leads."""
        servers = self._servers()
        if self._rules.setting.elections_only:
            return any(self._leads(s.server) for s in servers)
        command = self._command
        return command is not None and all(command in s.applied for s in servers)

    def _servers(self) -> list[ServerState]:
        """Return the servers and clients that are to agree."""
        return [s for s in self._run.state.servers if s.server not in self._without]

    def _leads(self, server: int) -> bool:
        """Return whether a server leads in the highest term of those that are to agree."""
        return self._run.state.leads_latest(server, self._without)

    def step(self) -> bool:
        """Let the next thing happen; return whether there is any."""
        self._rules.recovery_steps += 1
        is_restless = self._deliveries >= self._restless_from
        if is_restless:
            call = self._next_call()
            if call is not None:
                return self._take(call)
        message = self._arrivals.next_message(self._run.state)
        if message is not None and self._deliveries != self.deliveries_max:
            takes_ns = self._takes_ns(is_restless)
            if not takes_ns or not self._wake_by(self.now_ns + takes_ns):
                self._pass_time(takes_ns)
                self._deliveries += 1
                return self._deliver(message)
            return True
        call = self._next_call()
        if call is not None:
            return self._take(call)
        self._deliveries = 0
        self._has_rested = True
        return self._let_time_pass()

    def _takes_ns(self, is_restless: bool) -> int:
        """Return how much later a message arrives than the one before it.

        Until servers rest for the first time, messages take no time: those that were under
        way before, and what they lead to, may be enough to fill it.
        """
        if is_restless:
            return RESTLESS_MESSAGE_NS
        return MESSAGE_NS if self._has_rested else 0

    def _deliver(self, message: Message) -> bool:
        """Let a message arrive; who polls sees it when it looks next."""
        lag_ns = self._lag_ns[message.dst]
        if self._has_rested and lag_ns > MOMENT_NS:
            self._wait(message.dst, lag_ns)
        return self._take(Deliver(self._run.state.name_of(message)), briefly=True)

    def _let_time_pass(self) -> bool:
        """Let the server wake up, or the call fail, that does so first."""
        failing = min(self._fails_ns.items(), key=itemgetter(1), default=None)
        if failing is None:
            return self._wake_by(None)
        lost, due_ns = failing
        if not self._wake_by(due_ns):
            self._pass_time(due_ns - self.now_ns)
            return self._take(Lose(self._run.state.name_of(lost)))
        return True

    def _wake_by(self, end_ns: int | None) -> bool:
        """Let the server wake up that does so first; return whether one does by a time."""
        due = [
            (due_ns, server.server)
            for server in self._servers()
            if (due_ns := self._wakes_ns(server)) is not None
        ]
        due_ns, first = min(due, default=(None, 0))
        if due_ns is None or (end_ns is not None and due_ns > end_ns):
            return False
        self._pass_time(max(0, due_ns - self.now_ns))
        self._wait(first, max(0, self._lag_ns[first]) + MOMENT_NS)
        return True

    def _wakes_ns(self, server: ServerState) -> int | None:
        """Return when a server wakes up, None if it never does."""
        ahead_ns = -self._lag_ns[server.server]
        if self._rules.setting.slow_service and server.puts:
            # Its service may take a message in any step, but time has to pass meanwhile:
            # while it makes a snapshot, it takes none.
            return self.now_ns + max(0, ahead_ns)
        if server.wake_ns is None:
            return None
        return self.now_ns + server.wake_ns - server.now_ns + ahead_ns

    def _wait(self, server: int, ns: int) -> None:
        """Let time pass on a server's own clock."""
        before = self._run.state.servers
        self._run.wait(server, ns)
        self._note_time(before)
        self._follow()

    def _pass_time(self, ns: int) -> None:
        """Let time pass, which servers' own clocks have to make up for."""
        self.now_ns += ns
        for server in self._servers():
            self._lag_ns[server.server] += ns

    def _note_time(self, before: Sequence[ServerState]) -> None:
        """Take in how much of their own time servers have taken for a step."""
        for old, new in zip(before, self._run.state.servers, strict=True):
            if new is not old:
                # Where look-alikes are one, it may have become another.
                took_ns = new.now_ns - old.now_ns if new.before is old else MOMENT_NS
                lag_ns = self._lag_ns[new.server] - took_ns
                # A server that handles many messages must not get ahead of the others.
                self._lag_ns[new.server] = max(lag_ns, -MOMENT_NS)

    def _next_call(self) -> Choice | None:
        """Return a command for a leader that has got none, None where there is no such."""
        for server in self._servers():
            asked = (server.server, server.term)
            if self._leads(server.server) and asked != self._asked:
                self._asked = asked
                number = self._run.state.spent.commands + 1
                self._command = self._rules.setting.command(number)
                return Start(server.server)
        return None

    def _take(self, choice: Choice, briefly: bool = False) -> bool:
        before = self._run.state.servers
        applies = self._run.advance(choice, briefly)
        self._note_time(before)
        self._follow()
        return applies

    def _follow(self) -> None:
        """Take in what is under way, and what of it will fail.

        Nothing fails for a server that is cut off: its time stands still.
        """
        state = self._run.state
        self._arrivals.follow(state)
        if self._without:
            now_ns, before = self.now_ns + FAILURE_NS, self._fails_ns
            self._fails_ns = {
                message: before.get(message, now_ns)
                for message in self._arrivals.queue
                if not state.reachable(message)
                and call_of(message)[0] not in self._without
            }

    def failure(self) -> SubmissionError:
        """Return what to say of servers that have not recovered."""
        servers = self._servers()
        seconds = f"{to_seconds(RECOVERY_NS_MAX):.0f} virtual seconds"
        who, connected = "all servers", "all are connected and no message is lost"
        if self._without:
            who = f"servers {listed([str(s.server) for s in servers])}"
            connected = "they are a majority, and no message between them is lost"
        facts = server_facts(servers)
        if self._asked is None:
            leads = "leads"
            if any(s.leads for s in servers):
                leads = f"leads in the latest term, {max(s.term for s in servers)},"
            return SubmissionError(
                codes.NO_LEADER,
                f"no server {leads} for {seconds}: {who} should elect one, since "
                f"{connected} (section 5.2)",
                "\n".join(facts),
            )
        server, term = self._asked
        return SubmissionError(
            codes.NO_AGREEMENT,
            f"for {seconds} no new command was applied by {who}, though {connected} "
            "(section 5.3)",
            "\n".join(
                [*facts, f"the last one was given to server {server} in term {term}"]
            ),
        )


def server_facts(servers: Iterable[ServerState]) -> list[str]:
    """Return what each server has last shown of itself."""
    return [
        f"server {s.server}: term {s.term}, {'leads' if s.leads else 'does not lead'}, "
        f"has applied {len(s.applied)} commands"
        for s in servers
    ]
