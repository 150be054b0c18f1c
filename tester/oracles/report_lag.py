"""The lag of reports: how old a server's report of itself is where its threads are preempted.

A server may save its state, or send a message, and only then publish the new term to
`get_state`. A thread that loses its turn in between publishes it later.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence

from labrpc.scheduling.preemption import RELEASED_NS_MAX
from labrpc.world.events import Action, Event
from labrpc.world.observer import Observer
from labrpc.world.rpc import Incarnation
from tester.oracles.watched_world import WatchedWorld

# A thread may lose its turn more than once in a row, and a server's clock may be slow.
LAG_NS = 5 * RELEASED_NS_MAX

TrueSince = Callable[[int, int], int]
"""Returns the world's step since when a report may be true, of a server and when it was asked."""


def since_asked(_: int, asked: int) -> int:
    """Return the step before the question: threads go on until they wait."""
    return asked


class _ReportLag(Observer):
    """Knows which step of the world came a lag before another.

    Args:
        world: where the servers run; it is observed from now on.
    """

    def __init__(self, world: WatchedWorld) -> None:
        self._world = world
        self._first = world.steps
        self._times_ns = deque([world.now_ns])
        world.observe(self)

    def stepped(
        self, now_ns: int, host: Incarnation, event: Event, actions: Sequence[Action]
    ) -> None:
        """Note when a step was taken, and forget those of long before."""
        times_ns = self._times_ns
        times_ns.append(now_ns)
        while times_ns[1] < now_ns - 2 * LAG_NS:
            times_ns.popleft()
            self._first += 1

    def true_since(self, _: int, asked: int) -> int:
        """Return the first step that is no more than the lag before a question."""
        at = asked - self._first
        if at < 0:
            # The answer took long, and what was then is forgotten.
            return 0
        # The step of now has not been noted yet.
        at_ns = self._times_ns[at] if at < len(self._times_ns) else self._world.now_ns
        return self._first + bisect_left(self._times_ns, at_ns - LAG_NS)


def true_since_in(world: WatchedWorld, preempt: bool) -> TrueSince:
    """Return what finds the step since when a report of a world's server may be true."""
    return _ReportLag(world).true_since if preempt else since_asked
