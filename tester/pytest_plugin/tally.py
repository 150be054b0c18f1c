"""What came of many seeds: rates, intervals, distinct reasons.

Adds runs up as they come in, and keeps only those that did not pass.
"""

import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import sqrt

from rich.console import Console
from rich.table import Table

from tester.text import kind_of, markdown_fenced, markdown_row
from tester.verdict import Run, Verdict

# The normal quantile of a two-sided 95 % interval.
_Z = 1.96


@dataclass
class TestTally:
    """All runs of one test."""

    __test__ = False  # Not a test class, though pytest would think so.

    part: str
    test: str
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    bad_runs: list[Run] = field(default_factory=list)

    @property
    def runs(self) -> int:
        """How many there were."""
        return self.verdicts.total()

    @property
    def failures(self) -> int:
        """How many failed."""
        return self.verdicts[Verdict.FAILED]

    @property
    def judged(self) -> int:
        """How many came to a verdict."""
        return self.runs - self.verdicts[Verdict.UNKNOWN]

    def rate(self) -> tuple[str, str]:
        """Return the failure rate and its 95 % interval, as reports show them."""
        rate = self.failures / self.judged if self.judged else 0.0
        low, high = interval_95(self.failures, self.judged)
        return f"{100 * rate:.2f} %", f"{100 * low:.2f} to {100 * high:.2f} %"

    def reasons(self) -> list[tuple[Run, int]]:
        """Return the first run of each kind of reason, and how often it came."""
        counts: Counter[str] = Counter()
        first: dict[str, Run] = {}
        for run in sorted(self.bad_runs, key=lambda run: run.seed):
            kind = kind_of(run.reason)
            counts[kind] += 1
            first.setdefault(kind, run)
        return [(first[kind], count) for kind, count in counts.most_common()]


@dataclass
class Tally:
    """All runs of a session.

    Attributes:
        real_time: whether their seconds are real ones.
        warnings: each with how many runs of which tests it came up in.
    """

    real_time: bool = False
    tests: dict[str, TestTally] = field(default_factory=dict)
    virtual_s: float = 0.0
    cpu_s: float = 0.0
    rpcs: int = 0
    bytes: int = 0
    commits: int = 0
    retried: int = 0
    warnings: dict[str, Counter[str]] = field(default_factory=dict)
    digests: list[str] = field(default_factory=list)

    def add(self, runs: Iterable[Run]) -> None:
        """Add runs up."""
        for run in runs:
            test = self.tests.setdefault(run.test, TestTally(run.part, run.test))
            test.verdicts[run.verdict] += 1
            if not run.passed:
                test.bad_runs.append(run)
            self.virtual_s += run.virtual_s
            self.cpu_s += run.cpu_s
            self.rpcs += run.rpcs
            self.bytes += run.bytes
            self.commits += run.commits
            self.retried += run.retried
            for warning in run.warnings:
                self.warnings.setdefault(warning.text, Counter())[run.test] += 1
            if run.digest:
                self.digests.append(f"{run.digest}  {run.test} seed {run.seed}")

    def warning_lines(self) -> list[str]:
        """Return a line for each warning, and where it came up."""
        lines = []
        for warning, tests in self.warnings.items():
            where = next(iter(tests)) if len(tests) == 1 else f"{len(tests)} tests"
            lines.append(f"warning ({tests.total()} runs of {where}): {warning}")
        return lines

    @property
    def verdicts(self) -> Counter[Verdict]:
        """How many runs ended in each verdict."""
        total: Counter[Verdict] = Counter()
        for test in self.tests.values():
            total += test.verdicts
        return total

    def summary(self) -> str:
        """Return one line over all runs."""
        verdicts = self.verdicts
        unknown = verdicts[Verdict.UNKNOWN]
        return (
            f"{verdicts[Verdict.PASSED]} of {verdicts.total()} runs passed"
            + (f", {unknown} unknown" if unknown else "")
            + (f", {self.retried} tried twice" if self.retried else "")
            + f"; {self.virtual_s:.0f} "
            + ("seconds of real time" if self.real_time else "virtual seconds")
            + f", {self.cpu_s:.1f} s of CPU, "
            f"{self.rpcs} RPCs, {self.bytes} bytes, {self.commits} commits"
        )


def interval_95(failures: int, runs: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a failure rate.

    Unlike the textbook's, it is sensible at no failure in many runs.
    """
    if not runs:
        return 0.0, 1.0
    rate = failures / runs
    centre = rate + _Z**2 / (2 * runs)
    spread = _Z * sqrt(rate * (1 - rate) / runs + _Z**2 / (4 * runs**2))
    scale = 1 + _Z**2 / runs
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def stress_table(tally: Tally) -> Table:
    """Return a row of rates per test."""
    table = Table(box=None, pad_edge=False)
    for heading in ("part", "test", "runs", "failed", "rate", "95 % interval"):
        left = heading in ("part", "test")
        table.add_column(heading, justify="left" if left else "right", no_wrap=True)
    for test in _in_order(tally):
        table.add_row(
            test.part,
            test.test,
            str(test.runs),
            str(test.failures),
            *test.rate(),
        )
    return table


def table_lines(tally: Tally) -> list[str]:
    """Return the table as text, and below it each test's distinct reasons."""
    out = io.StringIO()
    Console(file=out, width=120, no_color=True).print(stress_table(tally))
    rows = [*out.getvalue().splitlines(), *reasons(tally)]
    return [row.rstrip() for row in rows]


def reasons(tally: Tally) -> list[str]:
    """Return each test's distinct reasons, with how to replay the first of each."""
    lines = []
    for test in _in_order(tally):
        for run, count in test.reasons():
            lines.append(
                f"{test.test}: {count} {run.verdict}, first at seed {run.seed}: "
                f"{run.reason}"
            )
            lines.append(f"  replay: {run.replay}")
    return lines


def markdown(tally: Tally, title: str) -> str:
    """Return the session as Markdown, for the summary page of a CI job."""
    lines = [
        f"### {title}",
        "",
        tally.summary(),
        "",
        "| part | test | runs | failed | rate | 95 % interval |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for test in _in_order(tally):
        counts = str(test.runs), str(test.failures)
        lines.append(markdown_row([test.part, test.test, *counts, *test.rate()]))
    for test in _in_order(tally):
        for run, count in test.reasons():
            lines += [
                "",
                f"**{test.test}**: {count} {run.verdict}, first at seed {run.seed}",
                "",
                markdown_fenced(run.reason),
                "",
                markdown_fenced(run.replay),
            ]
    return "\n".join(lines) + "\n"


def _in_order(tally: Tally) -> list[TestTally]:
    return sorted(tally.tests.values(), key=lambda test: (test.part, test.test))
