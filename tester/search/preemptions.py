"""Preemptions: at which steps of a run a thread loses its turn, and where in the step."""

from collections.abc import Sequence
from math import exp, log
from random import Random

from labrpc.world.events import PlaceKind
from tester.search.choices import Choice, Deliver, Lose, Preempt, Setting, StepChoice

# One of these is how often a step is preempted, in one run.
RATES = (0.05, 0.2, 0.7)
# In some runs only steps of one kind are: what one preemption brings about, many may hide.
KINDS = ("any", "any", "any", "time-out", "start", "request", "reply")
# The kinds of places in one run; it draws each kind equally often. Unlocked reads and writes
# are cut in two at statements; at a lock, what was read before gets out of date; a thread
# that begins late finds another state than the one that it was begun in.
PLACES: tuple[tuple[PlaceKind, ...], ...] = (
    ("lock",),
    ("begin",),
    ("statement",),
    ("lock", "begin"),
    ("lock", "begin", "statement"),
)
# In how many runs it is always the same place.
ONE_PLACE = 0.5
# The first ones more often: few steps release a lock more than a few times.
FIRST = (1, 1, 1, 2, 2, 3, 3, 4, 5, 6)
STATEMENTS_MAX = 120
# How many steps come before the thread goes on: a whole election may.
STEPS = (1, 1, 2, 3, 5, 8)


class Preemptions:
    """Draws the preemptions of one run; none where threads are not preempted.

    Args:
        draws: the search's random stream.
        setting: of the world.
    """

    def __init__(self, draws: Random, setting: Setting) -> None:
        self._draws = draws
        self._rate = 0.0
        self._place: tuple[int, PlaceKind] | None = None
        if not setting.preempt:
            return
        self._rate = draws.choice(RATES)
        self._kind = draws.choice(KINDS)
        self._places = draws.choice(PLACES)
        if draws.random() < ONE_PLACE:
            self._place = drawn_place(draws, self._places)

    def before(self, choice: Choice) -> Preempt | None:
        """Return the preemption of a choice's step, None if there is to be none."""
        if not self._rate or not isinstance(choice, StepChoice | Lose):
            return None
        server, kind = step_of(choice)
        if self._kind not in ("any", kind) or self._draws.random() >= self._rate:
            return None
        place = self._place or drawn_place(self._draws, self._places)
        return Preempt(server, *place, self._draws.choice(STEPS))


def drawn_place(draws: Random, places: Sequence[PlaceKind]) -> tuple[int, PlaceKind]:
    """Return a place in a step: which one of its kind, and the kind, one of `places`."""
    place = draws.choice(places)
    if place == "statement":
        return int(exp(draws.uniform(0, log(STATEMENTS_MAX)))), place
    return draws.choice(FIRST), place


def step_of(choice: StepChoice | Lose) -> tuple[int, str]:
    """Return the server that takes a step by a choice, and the kind of the step."""
    if isinstance(choice, Deliver):
        return choice.message.dst, "reply" if choice.message.reply else "request"
    if isinstance(choice, Lose):
        message = choice.message
        return message.dst if message.reply else message.src, "reply"
    return choice.server, str(choice.__struct_config__.tag)
