"""The limits of a search: the faults that a run may have, and the number of states."""

from collections.abc import Callable
from typing import NamedTuple

from labrpc.machine.wall_clock import cpu_seconds
from tester.search.world_state import Spent


class Budget(NamedTuple):
    """How many choices of each kind a run may have; messages arrive at no charge.

    Attributes:
        time_outs: how often time may pass on a server's clock.
        crashes: how many times a server may crash.
        losses: how many messages may be lost.
        copies: how many messages may arrive twice.
        commands: how many commands may be given to leaders.
    """

    time_outs: int
    crashes: int = 0
    losses: int = 0
    copies: int = 0
    commands: int = 0

    def left(self, spent: Spent) -> "Budget":
        """Return what is left of it."""
        return Budget(*(mine - gone for mine, gone in zip(self, spent, strict=True)))

    def __str__(self) -> str:
        """Return the budget in words."""
        kinds = ("time-out", "crash", "loss", "copy", "command")
        parts = [
            f"{count} {_plural(kind) if count > 1 else kind}"
            for count, kind in zip(self, kinds, strict=True)
            if count
        ]
        return ", ".join(parts)


def _plural(kind: str) -> str:
    if kind.endswith("y"):
        return f"{kind[:-1]}ies"
    return f"{kind}es" if kind.endswith(("s", "h")) else f"{kind}s"


# In this order. The second one finds what is not saved; its end is far, so that the third,
# a part of it, says what was explored completely.
GROWING = (
    Budget(1),
    Budget(2, crashes=1),
    Budget(1, crashes=1),
    Budget(2, crashes=1, commands=1),
    Budget(3, crashes=2, losses=1, copies=1, commands=2),
)


class Limits:
    """When a search ends: at a number of states, or after a time.

    Args:
        states_max: how many states it may find; None for any number.
        cpu_s_max: how much CPU time it may take; None for any. A search that this
            ends finds more states on a faster machine.
        cpu_s: returns the CPU time that was used so far.
        notify: is called at each state.
        note: is given what a person wants to know meanwhile.

    Attributes:
        states: how many states were found so far.
        note: the same.
    """

    def __init__(
        self,
        states_max: int | None = None,
        cpu_s_max: float | None = None,
        cpu_s: Callable[[], float] = cpu_seconds,
        notify: Callable[[], None] = lambda: None,
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.states = 0
        self.note = note
        self._states_max = states_max
        self._cpu_s_max = cpu_s_max
        self._cpu_s = cpu_s
        self._began_s = cpu_s()
        self._notify = notify

    def turn(self, states: int) -> "Limits":
        """Return the limits of a part of the search, with a number of states of its own."""
        return _Turn(self, states)

    def count(self) -> None:
        """Count a state."""
        self.states += 1
        self._notify()

    @property
    def used_s(self) -> float:
        """The CPU time that the search has taken."""
        return self._cpu_s() - self._began_s

    @property
    def reached(self) -> bool:
        """Whether the search has to end."""
        if self._states_max is not None and self.states >= self._states_max:
            return True
        return self._cpu_s_max is not None and self.used_s >= self._cpu_s_max


class _Turn(Limits):
    """The limits of a part of a search: what it finds counts for the whole as well."""

    def __init__(self, whole: Limits, states: int) -> None:
        super().__init__(states, notify=whole.count)
        self._whole = whole

    @property
    def reached(self) -> bool:
        """Whether the part, or the whole, has to end."""
        return super().reached or self._whole.reached
