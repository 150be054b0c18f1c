"""Shrinking: the fewest choices that break the same property.

Delta debugging first, by halves and then smaller parts, then one choice at a time until
none can go. A choice that no longer applies in a shorter list is skipped there. At last,
replies arrive with their requests where their order does not matter, so that those which
come late stand out.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from labrpc.errors import SubmissionError
from tester.search.choices import Choice, Preempt, Recover
from tester.search.judged_run import run_choices
from tester.search.linked import LinkedChoice, run_linked
from tester.search.rules import Rules

REPLAYS_MAX = 2_000
# Often a command can go only together with its delivery. So up to this many neighbours are
# taken out at once.
NEIGHBOURS_MAX = 3


class Shrunk(NamedTuple):
    """A list of choices from which nothing can go, and how it fails.

    Attributes:
        choices: the list.
        error: how it fails.
        replays: how many lists were tried.
        interrupted: whether Ctrl-C came before all were.
        out_of_time: whether time was up before all were.
    """

    choices: tuple[Choice, ...]
    error: SubmissionError
    replays: int
    interrupted: bool = False
    out_of_time: bool = False


def shrink(
    rules: Rules,
    choices: Sequence[Choice],
    error: SubmissionError,
    out_of_time: Callable[[], bool] = lambda: False,
) -> Shrunk:
    """Return the fewest choices found that break the same property.

    Args:
        rules: what each choice leads to.
        choices: a run that breaks it.
        error: how.
        out_of_time: whether no more lists are to be tried.
    """
    shrinking = _Shrinking(rules, tuple(choices), error, out_of_time)
    interrupted = late = False
    try:
        shrinking.link()
        shrinking.by_parts()
        shrinking.one_by_one()
        shrinking.simplify_recoveries()
        shrinking.shorten_preemptions()
        shrinking.with_replies()
        # Where look-alikes are one, the list has to be tried again in any case.
        shrinking.by_neighbours(1 if rules.by_outline else NEIGHBOURS_MAX)
    except KeyboardInterrupt:
        interrupted = True
    except _OutOfTimeError:
        late = True
    return Shrunk(
        shrinking.choices, shrinking.error, shrinking.replays, interrupted, late
    )


class _OutOfTimeError(Exception):
    """The shortest list so far has to do."""


class _Shrinking:
    """Keeps the shortest list so far that still fails in the same way."""

    def __init__(
        self,
        rules: Rules,
        choices: tuple[Choice, ...],
        error: SubmissionError,
        out_of_time: Callable[[], bool],
    ) -> None:
        self.error = error
        self.replays = 0
        self._linked = [LinkedChoice(*numbered) for numbered in enumerate(choices)]
        self._rules = rules
        self._out_of_time = out_of_time

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The shortest list so far."""
        return tuple(linked.choice for linked in self._linked)

    def link(self) -> None:
        """Find out which choice has sent each message, if that can be known.

        Where look-alikes are one, calls change their numbers.
        """
        if not self._rules.by_outline:
            self._keep_if_same(*run_linked(self._rules, self._linked))

    def by_parts(self) -> None:
        """Take out halves, then quarters, and so on."""
        size = len(self._linked) // 2
        while size > 1:
            at = 0
            while at < len(self._linked):
                if not self._without(at, size):
                    at += size
            size //= 2

    def one_by_one(self) -> None:
        """Take out single choices, the last first, until none can go."""
        while self._some_went(1):
            pass

    def by_neighbours(self, size_max: int) -> None:
        """Take out single choices, pairs, and so on, until none of them can go."""
        size = 1
        while size <= size_max:
            size = 1 if self._some_went(size) else size + 1

    def _some_went(self, size: int) -> bool:
        """Take out as many neighbours at each place; return whether any could go."""
        went = False
        for at in reversed(range(len(self._linked) - size + 1)):
            if at + size <= len(self._linked):
                went = self._without(at, size) or went
        return went

    def simplify_recoveries(self) -> None:
        """Let recoveries leave nobody out, and give a command, where they fail alike."""
        for linked in list(self._linked):
            if isinstance(linked.choice, Recover) and linked.choice != Recover():
                self._fails_alike_with(Recover(), linked)

    def shorten_preemptions(self) -> None:
        """Let threads go on sooner that have lost their turn, if the run still fails so.

        What only filled the time can then go.
        """
        for linked in list(self._linked):
            if isinstance(linked.choice, Preempt):
                for steps in range(1, linked.choice.steps):
                    sooner = msgspec.structs.replace(linked.choice, steps=steps)
                    if self._fails_alike_with(sooner, linked):
                        break

    def with_replies(self) -> None:
        """Let replies arrive with their requests."""
        at = 0
        while at < len(self._linked):
            self._with_reply(at)
            at += 1

    def _with_reply(self, at: int) -> None:
        """Let the reply to a request arrive with it, if the run still fails so."""
        first = self._linked[at]
        if not first.delivers_request:
            return
        for later in range(at + 1, len(self._linked)):
            reply = self._linked[later]
            if reply.delivers_reply_to(first):
                joined = list(self._linked)
                joined[at] = first.with_reply(reply.number)
                del joined[later]
                self._fails_alike(joined)
                return

    def _fails_alike_with(self, choice: Choice, linked: LinkedChoice) -> bool:
        """Try another choice in the place of one; keep it if the run fails in the same way."""
        changed = linked._replace(choice=choice)
        return self._fails_alike(
            [changed if one is linked else one for one in self._linked]
        )

    def _without(self, at: int, size: int) -> bool:
        """Take out some choices; return whether the rest fails in the same way."""
        return self._fails_alike(self._linked[:at] + self._linked[at + size :])

    def _fails_alike(self, rest: list[LinkedChoice]) -> bool:
        """Try a shorter list; keep it, and return whether it fails in the same way."""
        if self.replays >= REPLAYS_MAX:
            return False
        if self._out_of_time():
            raise _OutOfTimeError
        self.replays += 1
        if not self._rules.by_outline:
            taken, error = run_linked(self._rules, rest)
        else:
            run, error = run_choices(self._rules, [linked.choice for linked in rest])
            taken = [LinkedChoice(*numbered) for numbered in enumerate(run.choices)]
        return self._keep_if_same(taken, error)

    def _keep_if_same(
        self, taken: list[LinkedChoice], error: SubmissionError | None
    ) -> bool:
        """Keep a list that fails in the same way.

        What did not apply, and what would come after the failure, is not in it.
        """
        if error is None or error.code is not self.error.code:
            return False
        self._linked, self.error = taken, error
        return True
