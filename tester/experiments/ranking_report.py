"""Ranks against random time-outs, as tables and graphs."""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from tester.experiments.plots import plot_downtimes, plot_means
from tester.experiments.ranking import (
    CASES,
    CASES_OF_A_WAIT,
    LOGS_DIFFER,
    YIELDS_MS,
    waits_in,
)
from tester.experiments.trials import Measured, milliseconds
from tester.text import markdown_row

_HEAD = (
    "| servers | trials | median | mean | worst | split votes | terms |\n"
    "|---|--:|--:|--:|--:|--:|--:|\n"
)


def all_tables(found: dict[str, list[Measured]]) -> str:
    """Return a table for each case, one for different logs, and one for the waits."""
    tables = [
        f"### {_title(case)}\n\n{_designs(found[case])}"
        for case in (*CASES, LOGS_DIFFER)
    ]
    return "\n".join([*tables, _waits(found)])


def write_graphs(folder: Path, found: dict[str, list[Measured]]) -> list[Path]:
    """Write a graph for each case, and one for the waits; return the files."""
    files = []
    for number, case in enumerate(CASES, start=1):
        file = folder / f"ranking-{number}.svg"
        plot_downtimes(file, found[case], _title(case), (0, 800))
        files.append(file)
    file = folder / "ranking-waits.svg"
    means = {
        case: [measured.mean_ms for measured in found[waits_in(case)]]
        for case in CASES_OF_A_WAIT
    }
    plot_means(
        file,
        YIELDS_MS,
        means,
        "Ranked: no wait is right for all",
        "how much longer a server waits once it has yielded (ms)",
    )
    return [*files, file]


def _title(case: str) -> str:
    return case[0].upper() + case[1:]


def _designs(curves: Sequence[Measured]) -> str:
    return _HEAD + "".join(_row(measured) for measured in curves)


def _row(measured: Measured) -> str:
    limit_ms = measured.setting.limit_ms
    numbers = (measured.median_ms, measured.mean_ms, measured.worst_ms)
    cells = [
        measured.setting.label,
        f"{len(measured.replacements):,}",
        *(milliseconds(number, limit_ms) for number in numbers),
        f"{measured.split_share:.1%}",
        f"{fmean(one.terms for one in measured.replacements):.1f}",
    ]
    return markdown_row(cells) + "\n"


def _waits(found: dict[str, list[Measured]]) -> str:
    """Return the mean downtimes of the ranked design, for each wait in each case."""
    lines = [
        "### How long to wait after yielding\n",
        f"| wait | {' | '.join(CASES_OF_A_WAIT)} |",
        f"|--:|{'--:|' * len(CASES_OF_A_WAIT)}",
    ]
    for number, yield_ms in enumerate(YIELDS_MS):
        of_wait = [found[waits_in(case)][number] for case in CASES_OF_A_WAIT]
        means = [milliseconds(m.mean_ms, m.setting.limit_ms) for m in of_wait]
        lines.append(f"| {yield_ms} | {' | '.join(means)} |")
    return "\n".join(lines) + "\n"
