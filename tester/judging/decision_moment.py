"""The moment at which a failing run was decided: after it, no future could pass.

A run is a function of its random streams. So it can be repeated up to any step, and go on
from there with other delays, losses and ties, again and again. The first step from which
nearly all of these futures fail in the same way is the one to look at.
"""

from dataclasses import dataclass

from labrpc.world.futures import Future
from tester.explain.history import seconds
from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.run_hosting import RunHost
from tester.traces.reader import Trace
from tester.verdict import Run
from tester.views.wording import row_line

FUTURES = 20
# The most of them that may end in another way where the failure counts as decided.
OTHERS_MAX = 2
# In all; a run of a second is made some hundred times.
DECISION_CPU_S_MAX = 60.0
ROWS_SHOWN = 6


@dataclass(frozen=True)
class Futures:
    """What came of the futures that part from a run in one step.

    Attributes:
        step: the number of the step.
        made: how many there were; fewer than `FUTURES` once it was clear.
        failed: how many of them failed as the run did.
    """

    step: int
    made: int
    failed: int

    @property
    def all_fail(self) -> bool:
        """Whether nearly all of them fail, so that nothing was left to chance."""
        return self.made - self.failed <= OTHERS_MAX


@dataclass(frozen=True)
class Decision:
    """When a run was decided.

    Attributes:
        at: the futures of the first step from which nearly all fail.
        before: those of the last step before from which others were possible; None if
            the first step is the run's first.
    """

    at: Futures
    before: Futures | None


class _Search:
    """Makes the futures of a run, within a budget of CPU time."""

    def __init__(self, run: Run, conditions: RunConditions, host: RunHost) -> None:
        self._run = run
        self._conditions = conditions
        self._host = host
        self.left_s = DECISION_CPU_S_MAX

    def futures(self, step: int) -> Futures:
        """Make the futures that part in a step, until it is clear what they come to."""
        made = failed = 0
        while made < FUTURES and made - failed <= OTHERS_MAX:
            again = run_test(
                self._conditions, self._host, future=Future(step, number=made)
            )
            self.left_s -= again.cpu_s + again.idle_s
            made += 1
            failed += (again.verdict, again.code) == (self._run.verdict, self._run.code)
        return Futures(step, made, failed)


def find_decision(
    run: Run, conditions: RunConditions, host: RunHost, steps: int
) -> Decision:
    """Find the first step from which on nearly all futures of a failing run fail.

    Args:
        run: what came of it.
        conditions: all that it depends on.
        host: where it is made again.
        steps: how many it has.
    """
    search = _Search(run, conditions, host)
    before, at = search.futures(1), None
    if before.all_fail:
        return Decision(before, None)
    low, high = 1, steps
    while high - low > 1 and search.left_s > 0:
        middle = search.futures((low + high) // 2)
        if middle.all_fail:
            at, high = middle, middle.step
        else:
            before, low = middle, middle.step
    return Decision(at or search.futures(high), before)


def decision_lines(decision: Decision, trace: Trace) -> list[str]:
    """Return when a recorded run was decided, as lines for a person."""
    at, before = decision.at, decision.before
    lines = ["when it was decided:"]
    if before is None:
        lines.append(
            f"  from the start: {at.failed} of {at.made} runs with other delays, losses and "
            "ties fail in the same way"
        )
        return lines
    # The lab's own questions to servers are steps without a row.
    step = min((row.step for row in trace.rows if row.step >= at.step), default=at.step)
    rows = [row for row in trace.rows if row.step == step]
    when = f"{seconds(rows[0].t)}, " if rows else ""
    lines += [
        f"  at {when}step {at.step}: of {at.made} runs that are the same until then, and go "
        f"on with other delays, losses and ties, {at.failed} fail in the same way",
        f"  of {before.made} that part from it in step {before.step} only {before.failed} do",
        f"  what happened {'in this step' if step == at.step else 'next'}:",
        *(f"    {row_line(row, trace)}" for row in rows[:ROWS_SHOWN]),
    ]
    return lines
