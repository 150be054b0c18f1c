"""The safety record: which properties of the paper a submission broke, and where.

A protocol that is no consensus can pass most tests: few runs bring about what it does
wrong. So the record counts every run, and a rubric can limit the points by it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from labrpc.codes import Code
from tester.codes import ALL_CODES
from tester.verdict import Run, Verdict


@dataclass(frozen=True)
class Breach:
    """A property that a submission broke, and the first run that shows it."""

    code: Code
    run: Run

    @property
    def property(self) -> str:
        """The property, and where the paper has it."""
        return f"{self.code.breaks} ({self.code.section})"


def safety_record(runs: Iterable[Run]) -> list[Breach]:
    """Return the first run of each code that breaks a property, public seeds first."""
    first: dict[str, Breach] = {}
    for run in sorted(runs, key=lambda run: run.hidden):
        code = ALL_CODES.get(run.code)
        if run.verdict is Verdict.FAILED and code is not None and code.breaks:
            first.setdefault(code.name, Breach(code, run))
    return list(first.values())


def capped(points: float, points_max: float, cap: float | None, broken: bool) -> float:
    """Return the points that are left of those earned.

    Args:
        points_max: the points that could be earned.
        cap: the share of them that is left at most, None for all that was earned.
        broken: whether a run breaks a safety property.
    """
    return points if cap is None or not broken else min(points, cap * points_max)


def cap_words(cap: float | None) -> str:
    """Return what a cap says, "" for none."""
    if cap is None:
        return ""
    return f"at most {100 * cap:g} % of the points if any run breaks a safety property"
