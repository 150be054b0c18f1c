"""RPCs as an explanation reads them: a request, and what its handler returned."""

import math
from dataclasses import dataclass, field
from functools import cached_property

from labrpc.clock import SECOND
from tester.explain.entries import Entry, entries_by_index, entries_count, entries_of
from tester.traces import values
from tester.traces.rows import Arrived, NoReply, Replied, ReplyArrived, Sent
from tester.traces.values import Value

REQUEST_VOTE, APPEND_ENTRIES = "request_vote", "append_entries"
INSTALL_SNAPSHOT = "install_snapshot"
RPCS = (REQUEST_VOTE, APPEND_ENTRIES, INSTALL_SNAPSHOT)
VOTE_FIELDS = ("term", "candidate_id", "last_log_index", "last_log_term")
# No server gives a call up earlier than that.
PROMPT_NS = SECOND // 20


@dataclass
class Exchange:
    """A request, and what its handler returned.

    Attributes:
        sent: the request.
        replied: what the handler returned, None if it did not.
        src: who called.
        dst: who was called.
        arguments: the fields of the request.
        results: those of what the handler returned.
    """

    sent: Sent
    replied: Replied | None = field(default=None, init=False)
    src: int = field(init=False)
    dst: int = field(init=False)

    def __post_init__(self) -> None:
        """Take the two servers and the arguments from the request."""
        self.src, self.dst = self.sent.server, self.sent.peer
        self.arguments: dict[str, Value] = values.fields(self.sent.body)
        self.results: dict[str, Value] = {}

    def take_reply(self, replied: Replied) -> None:
        """Note what the handler returned."""
        self.replied = replied
        self.results = values.fields(replied.body)

    def arg(self, name: str) -> int | None:
        """Return a number among the arguments."""
        found = self.arguments.get(name)
        return found if type(found) is int else None

    def result(self, name: str) -> Value:
        """Return a field of the reply, None without one."""
        return self.results.get(name)

    @property
    def acknowledged_index(self) -> int | None:
        """Return up to which index the answer says that the caller's log is stored.

        None if it does not say so.
        """
        if self.sent.method == INSTALL_SNAPSHOT:
            return self.arg("last_included_index")
        prev = self.arg("prev_log_index")
        if self.result("success") is not True or prev is None:
            return None
        return prev + (self.entries_count or 0)

    @property
    def entries_count(self) -> int | None:
        """Return how many entries an AppendEntries has, None if that is not known."""
        return entries_count(self.sent.body)

    @cached_property
    def entries(self) -> list[Entry]:
        """Return the entries of an AppendEntries; none if they were too many to keep."""
        return entries_of(self.sent.body)

    @cached_property
    def entries_by_index(self) -> dict[int, Entry]:
        """Return the entries of an AppendEntries by index, as far as they were kept."""
        return entries_by_index(self.sent.body)


@dataclass
class Rpc(Exchange):
    """One RPC, from send to end.

    Attributes:
        arrived: when it reached the other server; a copy may follow.
        answered: when what the handler returned reached the caller.
        unanswered: when the call returned without an answer.
        only_asks: whether it may ask who would vote: a request_vote that says more than Figure
            2. Such a request bears the term in which its sender would stand.
    """

    arrived: Arrived | None = None
    answered: ReplyArrived | None = None
    unanswered: NoReply | None = None
    only_asks: bool = False

    @property
    def ended_n(self) -> float:
        """Return the number of the row in which the call ended, infinity if it did not."""
        ends = [row.n for row in (self.answered, self.unanswered) if row is not None]
        return min(ends, default=math.inf)

    @property
    def is_prompt(self) -> bool:
        """Whether the answer came too soon for its caller to have given the call up.

        What a later answer says, the caller's code may never have seen.
        """
        return self.answered is not None and self.answered.t - self.sent.t <= PROMPT_NS


@dataclass
class Delivery(Exchange):
    """A request, or a copy of it, that a server was given.

    Attributes:
        rpc: the request on its way.
        arrived: when it was.
    """

    rpc: Rpc = field(kw_only=True)
    arrived: Arrived = field(kw_only=True)

    @property
    def entries_by_index(self) -> dict[int, Entry]:
        """Return the entries of an AppendEntries by index, as far as they were kept."""
        return self.rpc.entries_by_index

    @property
    def at_once(self) -> bool:
        """Return whether the handler answered in the step that began with the request.

        Then nothing else reached the server between the two.
        """
        return self.replied is not None and self.replied.cause == self.arrived.n
