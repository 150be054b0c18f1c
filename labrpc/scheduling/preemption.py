"""Preemption: threads lose their turn between two statements, for a short time.

Without it, a thread of a box goes on until it waits, so that an unlocked
read-modify-write is never cut in two. With it, the submission is compiled by
`submission.preemptible`, with a check before each statement of its functions: now
and then the thread loses its turn there for some microseconds of virtual time, and
whatever happens to its server meanwhile comes between.
"""

from collections.abc import Iterator
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

PREEMPTED = "its turn: it is preempted"

# What the compiled code calls: is a switch due, and switch.
DUE, SWITCH = "__lab_due__", "__lab_switch__"


class Preemption:
    """When the threads of one box lose their turn, and for how long."""

    def __init__(self, scheduler: Scheduler, draws: Random) -> None:
        self._scheduler = scheduler
        self._draws = draws
        # A chain of C iterators, because it is asked before every statement.
        self._due = chain.from_iterable(self._gaps())

    def names(self) -> dict[str, Any]:
        """Return what the compiled code expects among a module's globals."""
        return {DUE: self._due.__next__, SWITCH: self.switch}

    def _gaps(self) -> Iterator[Iterator[bool]]:
        while True:
            statements = int(self._draws.expovariate(1 / STATEMENTS_MEAN))
            yield chain(repeat(False, statements), (True,))

    def switch(self) -> None:
        """Let the current thread wait a little, if it is a living one of this box."""
        away = self._draws.uniform(log(AWAY_NS_MIN), log(AWAY_NS_MAX))
        task = getcurrent()
        scheduler = self._scheduler
        if (
            type(task) is Task
            and task.scheduler is scheduler
            and task in scheduler.tasks
            and not task.dying
        ):
            scheduler.park(PREEMPTED, scheduler.now_ns + int(exp(away)))
