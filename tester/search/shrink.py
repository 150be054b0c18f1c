"""Shrinking: the fewest choices that break the same property.

Delta debugging first, by halves and then smaller parts, then one choice at a time until
none can go. A choice that no longer applies in a shorter list is skipped there.
"""

from collections.abc import Sequence
from typing import NamedTuple

from labrpc.errors import SubmissionError
from tester.search.choices import Choice
from tester.search.judged_run import run_choices
from tester.search.rules import Rules

REPLAYS_MAX = 2_000


class Shrunk(NamedTuple):
    """A list of choices from which nothing can go, and how it fails.

    Attributes:
        choices: the list.
        error: how it fails.
        replays: how many lists were tried.
        interrupted: whether Ctrl-C came before all were.
    """

    choices: tuple[Choice, ...]
    error: SubmissionError
    replays: int
    interrupted: bool = False


def shrink(rules: Rules, choices: Sequence[Choice], error: SubmissionError) -> Shrunk:
    """Return the fewest choices found that break the same property.

    Args:
        rules: what each choice leads to.
        choices: a run that breaks it.
        error: how.
    """
    shrinking = _Shrinking(rules, tuple(choices), error)
    interrupted = False
    try:
        shrinking.by_parts()
        shrinking.one_by_one()
    except KeyboardInterrupt:
        interrupted = True
    return Shrunk(shrinking.choices, shrinking.error, shrinking.replays, interrupted)


class _Shrinking:
    """Keeps the shortest list so far that still fails in the same way."""

    def __init__(
        self, rules: Rules, choices: tuple[Choice, ...], error: SubmissionError
    ) -> None:
        self.choices = choices
        self.error = error
        self.replays = 0
        self._rules = rules

    def by_parts(self) -> None:
        """Take out halves, then quarters, and so on."""
        size = len(self.choices) // 2
        while size > 1:
            at = 0
            while at < len(self.choices):
                if not self._without(at, size):
                    at += size
            size //= 2

    def one_by_one(self) -> None:
        """Take out single choices, the last first, until none can go."""
        went = True
        while went:
            went = False
            for at in reversed(range(len(self.choices))):
                went = (at < len(self.choices) and self._without(at, 1)) or went

    def _without(self, at: int, size: int) -> bool:
        """Take out some choices if the rest fails in the same way."""
        if self.replays >= REPLAYS_MAX:
            return False
        self.replays += 1
        rest = self.choices[:at] + self.choices[at + size :]
        run, error = run_choices(self._rules, rest)
        if error is None or error.code is not self.error.code:
            return False
        # What did not apply, and what would come after the failure, is not in it.
        self.choices, self.error = tuple(run.choices), error
        return True
