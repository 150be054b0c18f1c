"""The requests of clerks, and puts that return ErrMaybe after a single request.

A put that was sent once and then refused was not performed, and its clerk knows that. It
need not be so where servers send requests, too: one that passes a put on, or that gives it to
Raft again after it has lost its leadership, may have had it performed before. So a put is
judged only if no server called another one meanwhile, other than for Raft, and none reported
another term or role.
"""

from collections import Counter
from collections.abc import Sequence

from labrpc.errors import SubmissionError
from labrpc.world.events import Action, Call, Event
from labrpc.world.observer import Observer
from labrpc.world.rpc import Incarnation
from tester import codes
from tester.oracles.linearizability.operation import Operation
from tester.oracles.watched_world import WatchedWorld
from tester.service_errors import MAYBE, VERSION
from tester.text import counted

_OF_RAFT = "Raft."


class ClerkCalls(Observer):
    """Counts what clerks send for each operation.

    Args:
        world: where servers and clients run.
        states: what each server has reported last, its term and role; goes on changing.
    """

    def __init__(
        self, world: WatchedWorld, states: Sequence[tuple[int, bool] | None]
    ) -> None:
        self._servers = world.server_count
        self._states = states
        # What each client has sent, and what servers have sent each other beside Raft.
        self._sent: Counter[int] = Counter()
        self._between_servers = 0
        # Both, and the states, as each operation was called, by its number.
        self._began: dict[int, tuple[int, int, list[tuple[int, bool] | None]]] = {}
        self._sent_once: Operation | None = None
        world.observe(self)

    def stepped(
        self,
        now_ns: int,
        host: Incarnation,
        event: Event,
        actions: Sequence[Action],
    ) -> None:
        """Count the requests of a step."""
        for action in actions:
            if type(action) is Call:
                if host.server >= self._servers:
                    self._sent[host.server] += 1
                elif not action.method.startswith(_OF_RAFT):
                    self._between_servers += 1

    def called(self, operation: Operation) -> None:
        """Note that an operation is called."""
        began = self._sent[operation.lane], self._between_servers, list(self._states)
        self._began[operation.id] = began

    def returned(self, operation: Operation, is_maybe: bool) -> None:
        """Note how often an operation was sent that returns, and whether ErrMaybe."""
        sent, between_servers, states = self._began.pop(operation.id)
        operation.sent = self._sent[operation.lane] - sent
        by_clerk_only = between_servers == self._between_servers and states == list(
            self._states
        )
        if is_maybe and operation.sent <= 1 and by_clerk_only:
            self._sent_once = self._sent_once or operation

    def check(self) -> None:
        """Fail if a put has returned ErrMaybe though it was sent once.

        Raises:
            SubmissionError: the first that did.
        """
        put = self._sent_once
        if put is not None:
            raise SubmissionError(
                codes.MAYBE_ON_FIRST_TRY,
                f"client {put.client} got {MAYBE} for {put.name}, which its clerk had sent "
                f"{counted(put.sent, 'time')} since the call",
                f"{put}\n{MAYBE} is for a put that was sent more than once and then refused "
                "for its version. One that was sent once and refused was not performed: "
                f"return {VERSION}",
                [put.fact()],
            )
