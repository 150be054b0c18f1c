"""Preemption: threads lose their turn between two statements, for a short time.

Without it, a thread of a box goes on until it waits, so that an unlocked
read-modify-write is never cut in two. With it, the submission is compiled by
`submission.preemptible`, with a check before each statement of its functions: now
and then the thread loses its turn there for some microseconds of virtual time, and
whatever happens to its server meanwhile comes between. It loses its turn far more often,
and for longer, when it has just released a lock, is about to take one, or has just begun:
what it has read before may be out of date there, and nothing keeps others out.

Where that happens is drawn, unless a plan names the place, as in a search.
"""

from collections.abc import Callable, Iterator
from itertools import chain, repeat
from math import exp, log
from random import Random
from typing import Any

from labrpc.clock import MICROSECOND, MILLISECOND
from labrpc.scheduling.greenlets import getcurrent
from labrpc.scheduling.scheduler import Scheduler, Task

# The average number of statements between two switches of a box. A switch
# takes from 5 us to 2 ms, short ones as likely as long ones.
STATEMENTS_MEAN = 60
AWAY_NS_MIN = 5 * MICROSECOND
AWAY_NS_MAX = 2 * MILLISECOND

# The average number of locks released or taken, or threads begun, between two switches; each
# box has one of these, since what shows at one rate may be hidden at another.
RELEASES_MEANS = (3, 5, 15)
RELEASED_NS_MIN = 200 * MICROSECOND
RELEASED_NS_MAX = 20 * MILLISECOND

PREEMPTED = "its turn: it is preempted"
# What a box remarks of a thread that loses its turn where a plan says.
IS_PREEMPTED = "is preempted"

# What the compiled code calls: is a switch due, and switch; the same where a lock has
# just been released, or is about to be taken.
DUE, SWITCH = "__lab_due__", "__lab_switch__"
RELEASED_DUE, RELEASED_SWITCH = "__lab_released_due__", "__lab_released_switch__"


class Preemption:
    """When the threads of one box lose their turn, and for how long.

    Args:
        scheduler: of the box.
        draws: the random stream for places and times.
        note: is called when a thread is about to lose its turn where a plan says.
    """

    def __init__(
        self, scheduler: Scheduler, draws: Random, note: Callable[[], None]
    ) -> None:
        self._scheduler = scheduler
        self._draws = draws
        self._note = note
        # How long a thread stays away by plan; None as long as there is no plan.
        self._away_ns: int | None = None
        # A chain of C iterators, because it is asked before every statement.
        self._due: Iterator[bool] = chain.from_iterable(self._gaps(STATEMENTS_MEAN))
        self._released_due: Iterator[bool] = chain.from_iterable(self._release_gaps())
        self._begun_due: Iterator[bool] = self._released_due

    def names(self) -> dict[str, Any]:
        """Return what the compiled code expects among a module's globals."""
        return {
            DUE: self._due.__next__,
            SWITCH: self.switch,
            RELEASED_DUE: self._released_due.__next__,
            RELEASED_SWITCH: self.switch_after_release,
        }

    def _gaps(self, mean: int) -> Iterator[Iterator[bool]]:
        while True:
            count = int(self._draws.expovariate(1 / mean))
            yield chain(repeat(False, count), (True,))

    def _release_gaps(self) -> Iterator[Iterator[bool]]:
        # Not before the first release: a box that waits to be forked has no stream yet.
        yield from self._gaps(self._draws.choice(RELEASES_MEANS))

    def plan(self, nth: int, place: str, away_ns: int) -> None:
        """Let a thread lose its turn at one place from now on, and draw no others.

        The compiled code has to be given `names` anew.

        Args:
            nth: which place that is of those to come, from 1; 0 for none.
            place: its kind: a `lock` that has been released or is about to be taken, the
                `begin` of a thread, or a `statement`.
            away_ns: for how long.
        """
        there = chain(repeat(False, nth - 1), (True,)) if nth else ()
        planned, others = chain(there, repeat(False)), repeat(False)
        self._due = planned if place == "statement" else others
        self._released_due = planned if place == "lock" else others
        self._begun_due = planned if place == "begin" else others
        self._away_ns = away_ns

    def begin_thread(self) -> None:
        """Let a thread that begins wait, now and then."""
        if next(self._begun_due):
            self.switch_after_release()

    def switch_after_release(self) -> None:
        """Let the current thread wait, which has just released a lock or begun."""
        self._switch(RELEASED_NS_MIN, RELEASED_NS_MAX)

    def switch(self) -> None:
        """Let the current thread wait a little."""
        self._switch(AWAY_NS_MIN, AWAY_NS_MAX)

    def _switch(self, away_ns_min: int, away_ns_max: int) -> None:
        """Let the current thread wait, if it is a living one of this box."""
        away_ns = self._away_ns
        if away_ns is None:
            away_ns = int(exp(self._draws.uniform(log(away_ns_min), log(away_ns_max))))
        task = getcurrent()
        scheduler = self._scheduler
        if (
            type(task) is Task
            and task.scheduler is scheduler
            and task in scheduler.tasks
            and not task.dying
        ):
            if self._away_ns is not None:
                self._note()
            scheduler.park(PREEMPTED, scheduler.now_ns + away_ns)
