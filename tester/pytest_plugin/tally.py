"""What came of many seeds: rates, intervals, distinct reasons.

Adds runs up as they come in, and keeps only those that did not pass.
"""

import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tester.outcome import TestOutcome, VerdictCounts
from tester.text import markdown_fenced, markdown_plain, markdown_row, one_line
from tester.verdict import REPLAY_CHARS_MAX, Run

if TYPE_CHECKING:
    from rich.table import Table


@dataclass
class Tally:
    """All runs of a session.

    Attributes:
        real_time: whether their seconds are real ones.
        warnings: each with how many runs of which tests it came up in.
    """

    real_time: bool = False
    tests: dict[str, TestOutcome] = field(default_factory=dict)
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
            test = self.tests.setdefault(run.test, TestOutcome(run.part, run.test))
            test.add(run, keep=not run.passed)
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

    def summary(self) -> str:
        """Return one line over all runs."""
        all_counts = [test.counts for test in self.tests.values()]
        passed = sum(counts.passed for counts in all_counts)
        total = sum(counts.total for counts in all_counts)
        unknown = sum(counts.unknown for counts in all_counts)
        return (
            f"{passed} of {total} runs passed"
            + (f", {unknown} unknown" if unknown else "")
            + (f", {self.retried} tried twice" if self.retried else "")
            + f"; {self.virtual_s:.0f} "
            + ("seconds of real time" if self.real_time else "virtual seconds")
            + f", {self.cpu_s:.1f} s of CPU, "
            f"{self.rpcs} RPCs, {self.bytes} bytes, {self.commits} commits"
        )


def stress_table(tally: Tally) -> "Table":
    """Return a row of rates per test."""
    # Slow to import, and a session at one seed needs none.
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("part", "test", "runs", "failed", "rate", "95 % interval"):
        left = heading in ("part", "test")
        table.add_column(heading, justify="left" if left else "right", no_wrap=True)
    for test in _in_order(tally):
        table.add_row(
            test.part,
            test.test,
            *_rates(test.counts),
        )
    return table


def table_lines(tally: Tally) -> list[str]:
    """Return the table as text, and below it each test's distinct reasons."""
    from rich.console import Console

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
            lines.append(f"  replay: {one_line(run.replay, REPLAY_CHARS_MAX)}")
    return lines


def markdown(tally: Tally, title: str) -> str:
    """Return the session as Markdown, for the summary page of a CI job."""
    lines = [
        f"### {markdown_plain(title)}",
        "",
        tally.summary(),
        "",
        "| part | test | runs | failed | rate | 95 % interval |",
        "|---|---|--:|--:|--:|--:|",
    ]
    lines += [
        markdown_row([test.part, test.test, *_rates(test.counts)])
        for test in _in_order(tally)
    ]
    for test in _in_order(tally):
        for run, count in test.reasons():
            lines += [
                "",
                f"**{test.test}**: {count} {run.verdict}, first at seed {run.seed}",
                "",
                markdown_fenced(run.reason),
                "",
                markdown_fenced(one_line(run.replay, REPLAY_CHARS_MAX)),
            ]
    return "\n".join(lines) + "\n"


def _rates(counts: VerdictCounts) -> list[str]:
    """Return the cells of a row: runs, failures, their rate and its interval."""
    low, high = counts.failure_interval_95
    return [
        str(counts.total),
        str(counts.failed),
        f"{100 * counts.failure_rate:.2f} %",
        f"{100 * low:.2f} to {100 * high:.2f} %",
    ]


def _in_order(tally: Tally) -> list[TestOutcome]:
    return sorted(tally.tests.values(), key=lambda test: (test.part, test.test))
