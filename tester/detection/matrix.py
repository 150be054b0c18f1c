"""The matrix of detection: mutants by parts, as a table and in Markdown."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path
from statistics import median

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tester.codes import ALL_CODES
from tester.detection.mutants import REFERENCE, Mutant
from tester.judging.graded_test import GradedTest
from tester.outcome import VerdictCounts
from tester.text import markdown_row
from tester.verdict import Verdict

# A document keeps everything above this line, which people write.
MARK = "<!-- measured: what follows is written by `python -m tester.detection` -->"
CHECKS_SHOWN = 2
# Columns about 6.824's suite, and about scenarios that were made for one kind of bug.
ONLY_IN_LAB_2 = ("general", "Go suite")


class Probe(msgspec.Struct):
    """The result of one test of one mutant at one seed."""

    mutant: str
    part: str
    test: str
    seed: int
    verdict: Verdict
    code: str = ""
    reason: str = ""
    cpu_s: float = 0.0


def property_of(code: str) -> str:
    """Return the safety property that a failure's code stands for, "" if none."""
    return ALL_CODES[code].breaks if code in ALL_CODES else ""


@dataclass
class Matrix:
    """The runs of a measurement, and each mutant's row.

    Attributes:
        mutants: the rows, the reference among them.
        tests: in the suite's order.
    """

    mutants: list[Mutant]
    tests: list[GradedTest]
    seeds: range
    probes: dict[tuple[str, int], dict[str, Probe]] = field(default_factory=dict)

    def add(self, probe: Probe) -> None:
        """Add a run."""
        self.probes.setdefault((probe.mutant, probe.seed), {})[probe.test] = probe

    @property
    def parts(self) -> list[str]:
        """The parts, in the suite's order."""
        return list(dict.fromkeys(test.part for test in self.tests))

    @property
    def is_of_lab_2(self) -> bool:
        """Whether the columns that only lab 2 has are shown."""
        return all(mutant.lab == 2 for mutant in self.mutants)

    def row(self, mutant: Mutant) -> "Row":
        """Return a mutant's row."""
        row = Row(mutant)
        for seed in self.seeds:
            runs = self.probes.get((mutant.name, seed), {})
            row.add_seed(
                {part: self._verdict(runs, part) for part in self.parts},
                self._verdict_of_general_tests(runs),
                self._cpu_s_to_first_detection(runs),
            )
            row.note_checks(runs)
        return row

    def quickest(self, mutant: Mutant) -> Probe | None:
        """Return the failing run of a mutant that took the least CPU time.

        A run that names a property which the mutant breaks comes before any other.
        """
        failed = [
            probe
            for seed in self.seeds
            for probe in self.probes.get((mutant.name, seed), {}).values()
            if probe.verdict is Verdict.FAILED
        ]
        return min(
            failed,
            key=lambda run: (property_of(run.code) not in mutant.properties, run.cpu_s),
            default=None,
        )

    def _verdict(self, runs: dict[str, Probe], part: str) -> Verdict:
        """Return a part's verdict on the mutant: failed if some test found it."""
        return _verdict_of(runs, [test for test in self.tests if test.part == part])

    def _verdict_of_general_tests(self, runs: dict[str, Probe]) -> Verdict:
        """Return the verdict without the scenarios that were made for one kind of bug."""
        return _verdict_of(runs, [test for test in self.tests if not test.single_bug])

    def _cpu_s_to_first_detection(self, runs: dict[str, Probe]) -> float | None:
        """Return the CPU seconds of the tests up to the first that fails."""
        total = 0.0
        for test in self.tests:
            probe = runs.get(test.name)
            if probe is not None:
                total += probe.cpu_s
                if probe.verdict is Verdict.FAILED:
                    return total
        return None


def _verdict_of(runs: dict[str, Probe], tests: list[GradedTest]) -> Verdict:
    return VerdictCounts.of(
        runs[test.name].verdict if test.name in runs else Verdict.UNKNOWN
        for test in tests
    ).verdict


@dataclass
class Row:
    """One mutant's row.

    Attributes:
        by_part: each part's verdicts over the seeds: failed where some test found the
            mutant, unknown where the part was not run to its end.
        whole: the same for the whole suite.
        general: the same without the scenarios made for one kind of bug.
        cpu_s: CPU seconds to the first detection, for each seed with one.
        checks: the codes of the failures, each with its number of runs.
        named: the number of seeds at which some failure named a property that
            the mutant breaks.
    """

    mutant: Mutant
    by_part: dict[str, VerdictCounts] = field(default_factory=dict)
    whole: VerdictCounts = field(default_factory=VerdictCounts)
    general: VerdictCounts = field(default_factory=VerdictCounts)
    cpu_s: list[float] = field(default_factory=list)
    checks: Counter[str] = field(default_factory=Counter)
    named: int = 0

    def add_seed(
        self, verdicts: dict[str, Verdict], general: Verdict, cpu_s: float | None
    ) -> None:
        """Add the verdicts of the parts, and of the general tests, at one seed."""
        self.general.add(general)
        for part, verdict in verdicts.items():
            self.by_part.setdefault(part, VerdictCounts()).add(verdict)
        self.whole.add(VerdictCounts.of(verdicts.values()).verdict)
        if cpu_s is not None:
            self.cpu_s.append(cpu_s)

    def note_checks(self, runs: dict[str, Probe]) -> None:
        """Add the codes of the failures at one seed."""
        failed = [run for run in runs.values() if run.verdict is Verdict.FAILED]
        self.checks.update(run.code for run in failed)
        named = [property_of(run.code) for run in failed]
        self.named += any(name in self.mutant.properties for name in named)

    def cells(self, parts: list[str]) -> list[str]:
        """Return the row's cells, as `columns` names them."""
        named = share(self.named, self.whole.judged) if self.mutant.properties else "-"
        checks = [
            f"{check} ({count})"
            for check, count in self.checks.most_common(CHECKS_SHOWN)
        ]
        return [
            self.mutant.name,
            self.mutant.breaks,
            *(_detected(self.by_part.get(part, VerdictCounts())) for part in parts),
            _detected(self.whole),
            _detected(self.general),
            f"{median(self.cpu_s):.2f}" if self.cpu_s else "-",
            named,
            ", ".join(checks) or "-",
            self.mutant.go_suite or "-",
        ]


def columns(parts: list[str]) -> list[str]:
    """Return the matrix's column heads."""
    return [
        "mutant", "breaks", *parts, "all", "general", "CPU s", "named", "found by",
        "Go suite",
    ]  # fmt: skip


def table(matrix: Matrix) -> tuple[list[str], dict[str, list[str]]]:
    """Return the heads of the columns that the lab has, and each mutant's cells."""
    heads = columns(matrix.parts)
    kept = [matrix.is_of_lab_2 or head not in ONLY_IN_LAB_2 for head in heads]
    rows = {
        mutant.name: [*compress(matrix.row(mutant).cells(matrix.parts), kept)]
        for mutant in matrix.mutants
    }
    return [*compress(heads, kept)], rows


def _detected(counts: VerdictCounts) -> str:
    return share(counts.failed, counts.judged)


def share(found: int, tried: int) -> str:
    """Return the share found of those tried in per cent, `-` if none was tried."""
    return f"{100 * found / tried:.0f} %" if tried else "-"


def print_matrix(console: Console, matrix: Matrix) -> None:
    """Print the matrix."""
    printed = Table()
    heads, rows = table(matrix)
    for name in heads:
        printed.add_column(name, overflow="fold")
    for mutant in matrix.mutants:
        missed = mutant.breaks != "nothing" and matrix.row(mutant).whole.passed > 0
        cells = [escape(cell) for cell in rows[mutant.name]]
        printed.add_row(*cells, style="bold red" if missed else None)
    console.print(printed)
    console.print(summary(matrix), highlight=False)


def summary(matrix: Matrix) -> str:
    """Return a few sentences on how much the suite detects."""
    rows = [matrix.row(m) for m in matrix.mutants if m.breaks != "nothing"]
    rows = [row for row in rows if row.whole.judged]
    seen = sum(row.whole.failure_rate >= 0.95 for row in rows)
    general = sum(row.general.failure_rate >= 0.95 for row in rows)
    never = sum(row.whole.failed == 0 for row in rows)
    alarms = [p for runs in matrix.probes.values() for p in runs.values()]
    alarms = [p for p in alarms if p.mutant == REFERENCE]
    false = sum(p.verdict is Verdict.FAILED for p in alarms)
    by_general = f"; {general} by tests that were not made for one kind of bug"
    return (
        f"{seen} of {len(rows)} mutants were found at 95 % of the seeds or more, "
        f"{never} never{by_general if matrix.is_of_lab_2 else ''}. "
        f"The reference: {false} false alarms in {len(alarms)} runs."
    )


def read_markdown(file: Path) -> dict[str, dict[str, str]]:
    """Return each mutant's cells by their heads, as a document has them below the mark.

    An installed lab has no such document, and so no cells.
    """
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    heads, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.partition(MARK)[2].splitlines()
        if line.startswith("|")
    ] or [[], []]
    return {row[0]: dict(zip(heads, row, strict=True)) for row in rows}


def write_markdown(file: Path, matrix: Matrix) -> None:
    """Write the matrix below the mark in a document, and keep the text above it."""
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    above = text.partition(MARK)[0]
    heads, rows = table(matrix)
    lines = [MARK, "", summary(matrix), ""]
    part = sum(matrix.row(m).whole.judged < len(matrix.seeds) for m in matrix.mutants)
    fewer = f"; {part} rows have fewer: interrupted, or unknown runs" if part else ""
    lines.append(f"Seeds {matrix.seeds[0]} to {matrix.seeds[-1]}{fewer}.")
    lines += ["", markdown_row(heads), "|" + "---|" * len(heads)]
    lines += [markdown_row(cells) for cells in rows.values()]
    file.write_text(above + "\n".join(lines) + "\n", encoding="utf-8")
