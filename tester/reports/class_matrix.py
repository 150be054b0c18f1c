"""Who fails what: a matrix of submissions and tests.

Each cell has a symbol and words, so that nothing is shown by colour alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tester import codes
from tester.outcome import TestOutcome, VerdictCounts
from tester.scoring.grades import Grade
from tester.text import one_line
from tester.verdict import Run


class CellState(StrEnum):
    """What a cell shows; the page's colours go by it."""

    PASSED = "passed"
    PARTLY = "partly"
    FAILED = "failed"
    UNKNOWN = "unknown"
    WAITING = "waiting"
    NOT_LOADED = "unloaded"


@dataclass(frozen=True)
class Cell:
    """One submission's runs of one test.

    Attributes:
        mark: a symbol, or how many runs passed of how many.
        words: the same in words.
        anchor: where the submission's report shows the test, "" for its beginning.
    """

    state: CellState
    mark: str
    words: str
    anchor: str = ""


@dataclass(frozen=True)
class MatrixRow:
    """One submission's row: its cells in the order of the columns."""

    name: str
    href: str
    cells: list[Cell]


@dataclass(frozen=True)
class Matrix:
    """The matrix.

    Attributes:
        tests: the columns, each with its part, in the suite's order.
    """

    tests: list[tuple[str, str]]
    rows: list[MatrixRow]


def class_matrix(grades: list[Grade], hrefs: Mapping[str, str]) -> Matrix:
    """Return who fails what.

    Args:
        grades: one per submission.
        hrefs: the link to each submission's report, by its name in the grade.
    """
    tests = {
        (test.outcome.part, test.outcome.test): None
        for grade in grades
        if not grade.load_error
        for test in grade.tests
    }
    return Matrix(list(tests), [_row(grade, list(tests), hrefs) for grade in grades])


def is_waiting(run: Run) -> bool:
    """Return whether a run has not been made yet."""
    return run.code == codes.NOT_RUN.name


def _row(
    grade: Grade, tests: list[tuple[str, str]], hrefs: Mapping[str, str]
) -> MatrixRow:
    found = {
        (test.outcome.part, test.outcome.test): test.outcome for test in grade.tests
    }
    if grade.load_error:
        cells = [Cell(CellState.NOT_LOADED, "\N{EN DASH}", "does not load")] * len(
            tests
        )
    else:
        cells = [_cell(found.get(test)) for test in tests]
    return MatrixRow(one_line(grade.submission), hrefs[grade.submission], cells)


def _cell(outcome: TestOutcome | None) -> Cell:
    if outcome is None:
        return Cell(CellState.WAITING, "", "not among its tests")
    made = [run for run in outcome.runs if not is_waiting(run)]
    waiting = len(outcome.runs) - len(made)
    counts = VerdictCounts.of(run.verdict for run in made)
    words = f"{counts.passed} of {counts.total} runs passed"
    if counts.unknown:
        words += f", {counts.unknown} came to no verdict"
    if waiting:
        words += f", {waiting} still to come"
    state, mark = _state(counts, waiting)
    return Cell(state, mark, words, outcome.test)


def _state(counts: VerdictCounts, waiting: int) -> tuple[CellState, str]:
    """Return what a cell shows: a failure at once, the rest when all runs are made."""
    if counts.failed and not counts.passed:
        return CellState.FAILED, "✗"
    if counts.failed:
        return CellState.PARTLY, f"{counts.passed}/{counts.judged}"
    if waiting:
        return CellState.WAITING, "…"
    if counts.unknown:
        return CellState.UNKNOWN, "?"
    return CellState.PASSED, "✓"
