"""The parts of a class's grades, as columns of a table."""

from collections.abc import Iterable, Sequence

from tester.scoring.grades import Grade


def part_names(grades: Iterable[Grade]) -> list[str]:
    """Return the names of all parts, in order."""
    return sorted({test.outcome.part for grade in grades for test in grade.tests})


def part_points(grade: Grade, names: Sequence[str]) -> list[float]:
    """Return the points that a submission earned in each part, 0 if it lacks one."""
    earned = grade.parts
    return [earned.get(name, 0) for name in names]
