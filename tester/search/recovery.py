"""Recovery: whether servers agree again once nothing disturbs them any more.

All servers are connected, messages arrive at once, and time passes for all of them
alike: the server whose time-out ends first takes its step first. A leader is given a command,
and all servers have to apply it. A minority may stay cut off: its time stands still, and
calls to it fail after a while, as they do in the suite.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple, Protocol

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
    TimeOut,
)
from tester.search.rules import Rules
from tester.search.server_state import ServerState
from tester.search.world_state import Message, WorldState, call_of
from tester.text import listed

RECOVERY_NS_MAX = 10 * SECOND
# How long a message takes.
MESSAGE_NS = 2 * MILLISECOND
# Moments of a server's clock that are no further apart are the same one: who waits until a
# deadline computes the rest of it anew whenever it is woken, and rounds it.
SAME_MOMENT_NS = MILLISECOND
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


def recover(rules: Rules, run: RecoveringRun, without: Sequence[int] = ()) -> None:
    """Let servers recover, but those of a minority.

    Raises:
        SubmissionError: they do not, or what else `advance` raises.
    """
    Recovery(rules, run, without).go_on()


class _Due(NamedTuple):
    """When a server acts by itself, as long as it is in a state.

    Attributes:
        state: the state.
        moment_ns: the moment of the server's own clock.
        first_ns: when that moment would have come if no message had put it off.
        due_ns: when it comes.
    """

    state: ServerState
    moment_ns: int
    first_ns: int
    due_ns: int


class Recovery:
    """A recovery under way.

    Attributes:
        now_ns: how long it has taken so far.
    """

    # How many messages may arrive until time passes for servers; None for all there are.
    deliveries_max: int | None = None
    # A message may start a time-out anew, and a server's own clock stands still meanwhile. So a
    # message puts off what its receiver waits for, but for no longer than this.
    put_off_ns_max = 2 * SECOND
    # After how long what a server waits for ends in any case, since its clock has stood still
    # all the time: behind a time-out that messages start anew, a thread may wait for another
    # moment. None for never.
    still_ns_max: int | None = None

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
        self._due: dict[int, _Due] = {}
        # When each server's time-out has last ended.
        self._moved_ns: Counter[int] = Counter()
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
            self.now_ns += self._takes_ns(is_restless)
            self._deliveries += 1
            return self._deliver(message)
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
        state = self._run.state
        waiting = self._arrivals.count_for(message.dst, state)
        return self._take(Deliver(state.name_of(message)), briefly=waiting > 1)

    def _let_time_pass(self) -> bool:
        """Let the time-out end, or the call fail, that does so first."""
        due = [
            (due_ns, server.server)
            for server in self._servers()
            if (due_ns := self._next_ns(server)) is not None
        ]
        failing = min(self._fails_ns.items(), key=itemgetter(1), default=None)
        acting = min(due, default=None)
        if failing is not None and (acting is None or failing[1] < acting[0]):
            lost, due_ns = failing
            choice: Choice = Lose(self._run.state.name_of(lost))
        elif acting is not None:
            due_ns, first = acting
            choice = TimeOut(first)
            # Where look-alikes are one, it may be in the same state afterwards.
            del self._due[first]
            self._moved_ns[first] = max(self.now_ns, due_ns)
        else:
            return False
        self.now_ns = max(self.now_ns, due_ns)
        return self._take(choice)

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
        applies = self._run.advance(choice, briefly)
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

    def _next_ns(self, server: ServerState) -> int | None:
        """Return when a server takes a step by itself, None if it never does."""
        known = self._due.get(server.server)
        if known is None or known.state is not server:
            waits_ns = self._rules.waits_ns(server)
            if waits_ns is None:
                return None
            moment_ns, due_ns = server.now_ns + waits_ns, self.now_ns + waits_ns
            first_ns = due_ns
            if known is not None and abs(known.moment_ns - moment_ns) < SAME_MOMENT_NS:
                first_ns = known.first_ns
            due_ns = min(due_ns, first_ns + self.put_off_ns_max)
            if self.still_ns_max is not None:
                due_ns = min(due_ns, self._moved_ns[server.server] + self.still_ns_max)
            known = self._due[server.server] = _Due(server, moment_ns, first_ns, due_ns)
        return known.due_ns

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
