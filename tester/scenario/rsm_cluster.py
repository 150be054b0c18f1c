"""A cluster of replicated state machines: the lab's counter above a student's RSM."""

from typing import Any, NamedTuple, NoReturn

from labrpc.submission.entry import Entry
from labrpc.world.host import Host
from labrpc.world.scenario_thread import ScenarioThread
from tester import codes
from tester.intake.service_submission import COUNTER
from tester.scenario.cluster import has_types
from tester.scenario.service_cluster import CALL_S_MAX, ServiceCluster
from tester.scenario.service_entries import server_entry
from tester.service_errors import OK, WRONG_LEADER
from tester.text import counted, short

# For how long a request is submitted again and again, and the pause in between.
SUBMIT_S_MAX = 10
PAUSE_S = 0.050
# How often the counters are looked at, and the pauses in between.
LOOKS_MAX = 30
PAUSE_S_MIN = 0.010
PAUSE_S_MAX = 1.0


class Answer(NamedTuple):
    """What one submit has returned: OK and the reply, or an error."""

    err: str
    reply: Any


class Submits:
    """Requests that were submitted at the same time, and what came of them.

    Args:
        server: where they were submitted.
        called_at_s: when, in virtual time.
    """

    def __init__(self, server: int, called_at_s: float) -> None:
        self.server = server
        self.called_at_s = called_at_s
        self.threads: list[ScenarioThread] = []
        self.answers: list[Answer] = []

    def succeeded(self) -> int:
        """Return how many have returned OK."""
        return sum(answer.err == OK for answer in self.answers)


class RsmCluster(ServiceCluster):
    """A cluster whose servers each hold a counter, replicated by a student's RSM.

    A request is a number to add to the counter, and the reply is the sum.
    """

    def server_entry(self) -> Entry:
        """Return the lab's server, which constructs a student's RSM."""
        return server_entry(
            self._submission, COUNTER, "CounterServer", self.max_raft_state
        )

    # Requests.

    def submit(self, server: int, request: int) -> Answer:
        """Submit a request to one server, and wait for the answer."""
        host = self._answering(server)
        if host is None:
            return Answer(WRONG_LEADER, None)
        decided, called_at = len(self.invariants.decided), self.now

        def read(value: Any) -> Answer:
            answer = self._checked(server, value)
            if answer.err == OK:
                self.note_success(
                    f"submit({request}) of server {server} was called at {called_at:.6f} s; "
                    f"it returned {OK!r} at {self.now:.6f} s",
                    decided,
                )
            return answer

        return self.call(host, read, "submit", request)

    def _checked(self, server: int, value: Any) -> Answer:
        is_pair = isinstance(value, (tuple, list)) and len(value) == 2
        # With OK, what the counter's do_op has returned.
        is_reply = is_pair and value[0] == OK and has_types(value[1:], int)
        if not is_reply and (not is_pair or value[0] != WRONG_LEADER):
            self._wrong_answer(
                server,
                "submit",
                value,
                f"(err, reply), err {OK!r} or {WRONG_LEADER!r}; the reply with {OK!r} is "
                "what do_op returned, an int",
            )
        return Answer(*value)

    def submit_all(self, count: int, request: int, server: int) -> Submits:
        """Submit many requests to one server, at the same time."""
        submits = Submits(server, self.now)

        def submit() -> None:
            submits.answers.append(self.submit(server, request))

        submits.threads = [self.spawn(submit) for _ in range(count)]
        return submits

    def increase(self, expected: int) -> int:
        """Increase the counter once, through whichever server leads.

        Returns the reply once this many servers show it. Other requests may be under way.
        """
        ends = self.now + SUBMIT_S_MAX
        while self.now < ends:
            for server in self.connected_servers():
                err, reply = self.submit(server, 1)
                if err == OK:
                    self.check_counters(
                        reply, expected, f"submit(1) of server {server}"
                    )
                    return int(reply)
            self.sleep(PAUSE_S)
        self.fail(
            codes.NO_AGREEMENT,
            f"no server answered a submit with {OK!r} within {SUBMIT_S_MAX} s, though "
            f"{self._connected_now()} and a majority",
            "submit() returns OK with the reply once its request has been applied on "
            "the server that it was submitted to",
        )

    def fail_call(self, host: Host, method: str) -> NoReturn:
        """Fail: a submit has not returned in time."""
        self.fail_stuck(
            codes.SUBMIT_STUCK,
            f"{method}() did not return within {CALL_S_MAX} s though a majority is "
            "connected and nothing fails",
        )

    # Counters.

    def counter(self, server: int) -> int:
        """Return the number that a server's state machine holds."""
        host = self._answering(server)
        value = self._ask(host, "counter") if host is not None else 0
        if host is not None and host.up and not has_types((value,), int):
            self._wrong_answer(server, "counter", value, "an int")
        return int(value or 0)

    def check_counters(self, number: int, expected: int, reply_of: str = "") -> None:
        """Fail unless, after some time, this many servers' counters show a number.

        Args:
            number: what they should show.
            expected: how many.
            reply_of: the submit whose reply the number is, "" for none.
        """
        pause_s = PAUSE_S_MIN
        for _ in range(LOOKS_MAX):
            shown = {server: self.counter(server) for server in self.up()}
            if sum(value >= number for value in shown.values()) >= expected:
                break
            self.sleep(pause_s)
            pause_s = min(2 * pause_s, PAUSE_S_MAX)
        right = [server for server, value in shown.items() if value == number]
        if len(right) >= expected:
            return
        self._fail_counters(number, expected, shown, reply_of)

    def _fail_counters(
        self, number: int, expected: int, shown: dict[int, int], reply_of: str
    ) -> NoReturn:
        """Fail: counters do not show a number, or it is no reply that they lead to."""
        applied = len(self.invariants.decided)
        if reply_of and set(shown.values()) == {applied}:
            self.fail(
                codes.WRONG_REPLY,
                f"{reply_of} was answered by {number}; the counter of each server is "
                f"{applied}, after {counted(applied, 'command')} of the log",
                "submit() returns the reply to its own request, and each server performs "
                "every committed request once",
            )
        self.fail(
            codes.COUNTERS_DIFFER,
            f"{counted(expected, 'counter')} should be {number}"
            + (f", the reply to {reply_of}" if reply_of else "")
            + "".join(f"; that of server {s} is {v}" for s, v in shown.items()),
            "each server performs every committed request once, in the order of the log; "
            "submit() returns the reply to its own request",
        )

    def require_replies(self, submits: Submits, first: int) -> None:
        """Fail unless the replies of all these are the numbers from `first` on."""
        replies = sorted(a.reply for a in submits.answers if a.err == OK)
        expected = list(range(first, first + len(submits.threads)))
        self.require(
            replies == expected,
            codes.WRONG_REPLY,
            f"{counted(len(expected), 'request')} to add 1, submitted at once, should be "
            f"answered by {short(expected)}; the answers are {short(replies)}",
            "submit() returns the reply to its own request: it waits for its own "
            "operation at the index that start() returned",
        )

    def require_no_ok(self, submits: Submits, server: int) -> None:
        """Fail if a server that reaches no majority has answered one of these."""
        self.require(
            submits.succeeded() == 0,
            codes.ANSWERED_WITHOUT_MAJORITY,
            f"server {server}, which is cut off, answered {submits.succeeded()} of "
            f"{len(submits.threads)} submits with {OK!r}",
            "a request is answered once it has been applied, which takes a majority",
        )

    def end_all(self, submits: Submits, seconds: float, since: str) -> None:
        """Fail unless all these submits return within some time.

        Args:
            submits: what was called.
            seconds: of virtual time, from now on.
            since: what has just happened, for the report.
        """
        ends = self.now + seconds
        while any(not t.ended for t in submits.threads) and self.now < ends:
            self.sleep(0.010)
        left = sum(not thread.ended for thread in submits.threads)
        if left:
            self.fail_stuck(
                codes.SUBMIT_STUCK,
                f"{left} of {len(submits.threads)} submits did not return within "
                f"{seconds:.0f} s after {since}",
                f"they were called at {submits.called_at_s:.6f} s, on server "
                f"{submits.server}\n"
                "a submit whose entry may have been replaced must end: the term has "
                f"changed, another operation is at its index, or the server shuts down; "
                f"it returns {WRONG_LEADER!r}",
            )

    # Shutting down.

    def kill(self, *servers: int) -> None:
        """Call `kill` on servers, which have to answer all submits."""
        for server in servers:
            self.world.invoke(server, "kill")
