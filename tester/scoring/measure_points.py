"""Points for what a Raft is like: the table `[measure]` of a rubric.

A figure earns points by thresholds, or by the rank of a submission in its class. Smaller
is better for every figure that earns points.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from tester.measuring.labs import LABS
from tester.measuring.measured import Measured
from tester.scoring.grades import DECIMALS
from tester.scoring.toml_table import Table

STATISTICS = ("median", "mean", "high", "most")
Points = Annotated[float, Meta(ge=0, le=1_000_000)]
Limit = Annotated[float, Meta(ge=0)]


class _Rule(msgspec.Struct):
    """A table such as `[measure.downtime_ms]`."""

    points: Points
    statistic: str = "median"
    full: Limit | None = None
    none: Limit | None = None
    rank: bool = False


@dataclass(frozen=True)
class MeasureRule:
    """How a figure earns points.

    Attributes:
        points: what it is worth.
        statistic: which number of its distribution counts.
        full: up to here it earns all points; None if ranks decide.
        none: from here on it earns none. In between it earns points in proportion.
    """

    points: float
    statistic: str
    full: float | None = None
    none: float = 0.0

    @property
    def words(self) -> str:
        """How the points are earned, in words."""
        if self.full is None:
            return f"by the rank of the {self.statistic} in the class"
        return f"all for a {self.statistic} up to {self.full:g}, none from {self.none:g} on"

    def share(self, number: float) -> float:
        """Return the share of the points that a number earns by the thresholds."""
        assert self.full is not None
        if number <= self.full:
            return 1.0
        if number >= self.none:
            return 0.0
        return (self.none - number) / (self.none - self.full)


def read_measure(table: Table, lab: int = 2) -> dict[str, MeasureRule]:
    """Read the rules of a rubric, by the name of the figure.

    Args:
        table: the rules.
        lab: the number of the lab that the rubric is for.

    Raises:
        UsageError: something is wrong with them; the message says where.
    """
    known = [f.name for f in LABS[lab].figures if not f.larger_is_better]
    for name in table.values:
        table.check_known(name, known, "there is no figure with points", name)
    return {name: _read_rule(table.table(name)) for name in table.values}


def _read_rule(table: Table) -> MeasureRule:
    if "points" not in table.values:
        raise table.refusal("`points` is missing, as in points = 5", table.keys[-1])
    given = table.read(_Rule)
    table.check_known(given.statistic, STATISTICS, "there is no statistic", "statistic")
    if given.rank:
        if given.full is not None or given.none is not None:
            raise table.refusal(
                "`rank` and thresholds contradict each other: remove one of them",
                "rank",
            )
        return MeasureRule(given.points, given.statistic)
    if given.full is None:
        raise table.refusal(
            "how are points earned? By thresholds, as in full = 400 and none = 800, or "
            "by the rank in the class: rank = true",
            "points",
        )
    none = given.full if given.none is None else given.none
    if none < given.full:
        raise table.refusal(
            f"`none` is {none:g}, and less than `full`, {given.full:g}: smaller is better",
            "none",
        )
    return MeasureRule(given.points, given.statistic, given.full, none)


def measure_points(
    rules: Mapping[str, MeasureRule], measured: Sequence[Measured]
) -> dict[str, dict[str, float]]:
    """Return the points of each submission, by the name of the figure.

    A submission that failed in some trial earns none, since it decides itself which
    trials are left.
    """
    found: dict[str, dict[str, float]] = {one.name: {} for one in measured}
    for figure, rule in rules.items():
        numbers: dict[str, float] = {}
        for one in measured:
            summary = one.summary(figure)
            if summary is not None and not one.failed:
                numbers[one.name] = getattr(summary, rule.statistic)
        for one in measured:
            share = 0.0
            if one.name in numbers:
                share = _share(rule, numbers[one.name], list(numbers.values()))
            found[one.name][figure] = round(rule.points * share, DECIMALS)
    return found


def _share(rule: MeasureRule, number: float, numbers: Sequence[float]) -> float:
    """Return the share of the points that one number among all earns."""
    if rule.full is not None:
        return rule.share(number)
    if len(numbers) == 1:
        return 1.0
    # Equals have the same rank, the best of theirs; the last of all earns nothing.
    better = sum(other < number for other in numbers)
    return 1 - better / (len(numbers) - 1)
