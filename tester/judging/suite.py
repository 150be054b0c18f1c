"""The graded suites: where they are, and which of their tests are graded.

A wheel has them as `tester/lab2` and `tester/lab3`, the repository as `tests/lab2` and
`tests/lab3`. An instructor's own suites may be added to them, or replace them.
"""

import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from labrpc.errors import LabError
from labrpc.submission.submission import candidates
from tester.errors import UsageError
from tester.judging.collection import SuiteTests, collect_folder, graded_tests
from tester.judging.graded_test import GradedTest
from tester.judging.own_suite import read_own_suite
from tester.text import nearest

# What is handed in for each lab.
PACKAGES = {2: ("raft",), 3: ("rsm", "kv", "raft")}
LABS = tuple(PACKAGES)


@cache
def suite_path(lab: int = 2) -> Path:
    """Return the directory of a lab's graded suite."""
    here, name = Path(__file__).resolve().parents[1], f"lab{lab}"
    for path in (here / name, here.parent / "tests" / name):
        if path.is_dir():
            return path
    raise LabError(f"the graded suite {name} is neither in {here} nor beside it")


def lab_of_part(name: str) -> int | None:
    """Return the number of the lab that names its parts so, as in "3A"; None for none."""
    return next((lab for lab in LABS if name.startswith(str(lab))), None)


def with_suite(test: GradedTest) -> GradedTest:
    """Return a test of pytest's session with its suite, unless it is the lab's own."""
    folder = test.file.parent.resolve()
    is_labs = folder in map(suite_path, LABS)
    return test if is_labs else replace(test, suite=folder)


def what_to_collect(root: Path, named: list[str], lab: int = 2) -> list[str]:
    """Return what pytest is to collect in a student's repository.

    Args:
        root: the repository.
        named: the files, folders and tests that the person has named.
        lab: the number of the lab that the repository is for.
    """
    root = root.resolve()
    suite, own_tests = suite_path(lab), root / "tests"
    named = [_as_printed(name, suite) for name in named]
    if suite.is_relative_to(own_tests):
        # The lab's own repository, whose tests are not a student's.
        return named or [str(suite)]
    paths = [Path(name).resolve() for name in named]
    packages = PACKAGES[lab]
    handed_in = [p.resolve() for name in packages for p in candidates(root, name)]
    if any(path not in (root, *handed_in) for path in paths):
        return named
    # Naming the repository, or the package in it, asks for it to be tested.
    tests = [] if root in paths or not own_tests.is_dir() else [str(own_tests)]
    return [str(suite), *tests, *named]


def _as_printed(name: str, suite: Path) -> str:
    """Return where a graded test lies that pytest calls `test_2a_election.py::test_x`.

    It does so wherever the suite lies outside its root.
    """
    file, *test = name.split("::")
    inside = suite / Path(file).name
    if Path(file).exists() or inside.suffix != ".py" or not inside.is_file():
        return name
    return "::".join([str(inside), *test])


@dataclass(frozen=True)
class Suites:
    """Whose tests are graded.

    Attributes:
        own: the folders of an instructor's own suites.
        lab: whether the lab's tests are graded beside them.
    """

    own: tuple[Path, ...] = ()
    lab: bool = True

    def joined(self, other: "Suites") -> "Suites":
        """Return the suites of both."""
        own = dict.fromkeys(path.resolve() for path in (*self.own, *other.own))
        return Suites(tuple(own), self.lab and other.lab)


LAB_ONLY = Suites()


def collect(
    parts: list[str] | None = None,
    expression: str = "",
    bonus: bool = False,
    suites: Suites = LAB_ONLY,
    lab: int = 2,
) -> list[GradedTest]:
    """Return the graded tests, in the suite's order, then those of own suites.

    Args:
        parts: only these parts, as in ["2A", "2B"]; None for all but the bonus parts.
        expression: only tests that match it, as pytest's `-k` does.
        bonus: whether None stands for all parts, the bonus parts among them.
        suites: whose tests.
        lab: the number of the lab whose tests stand beside those of own suites.

    Raises:
        UsageError: no such part, a wrong expression, nothing matches, or an own suite
            has something wrong with it.
    """
    labs = _lab_tests(expression, lab)
    graded = [labs] if suites.lab else []
    taken = labs.everything
    for folder in suites.own:
        own = read_own_suite(folder, taken, expression)
        graded.append(own)
        taken = taken + own.everything
    everything = [test for each in graded for test in each.everything]
    known = sorted({test.part for test in everything})
    unknown = [part for part in parts or [] if part not in known]
    if unknown:
        reason = f"no part {', '.join(unknown)}; there are {', '.join(known)}"
        if (other := lab_of_part(unknown[0])) not in (None, lab):
            reason += f"; parts of lab {other} need --lab {other}, or a rubric with `lab = {other}`"
        raise UsageError(reason)

    def is_wanted(test: GradedTest) -> bool:
        return (bonus or not test.is_bonus) if parts is None else test.part in parts

    tests = [test for each in graded for test in each.tests if is_wanted(test)]
    if not tests:
        which = f" of part {', '.join(parts)}" if parts else ""
        words = [test.name for test in everything if is_wanted(test)]
        raise UsageError(
            f"no graded test{which} matches {expression!r}{_meant(expression, words)}"
        )
    return tests


def _lab_tests(expression: str, lab: int) -> SuiteTests:
    """Return the tests of a lab's own suite."""
    found = collect_folder(suite_path(lab), expression)
    if found.errors:
        raise LabError("the graded suite cannot be collected:\n" + found.errors[0][1])
    return SuiteTests(graded_tests(found.selected), graded_tests(found.others))


def _meant(expression: str, known: list[str]) -> str:
    """Return which test an expression that matches nothing may have meant."""
    for word in re.findall(r"[^\s()]+", expression):
        if not any(word.lower() in name for name in known):
            # What `-k` is given is often a part of a name.
            short = {name.removeprefix("test_"): name for name in known}
            near = nearest(word.lower().removeprefix("test_"), short)
            if near is not None:
                return f": did you mean {short[near]}?"
    return f"; there are {', '.join(known)}"
