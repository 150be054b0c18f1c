"""Descriptions of the graded suite's parts and tests, from its docstrings.

The files are parsed, not imported, so that nothing has to be collected or run.
"""

import ast
import re
from dataclasses import dataclass, field
from functools import cache

from tester.judging.suite import LABS, suite_path
from tester.scoring.grades import Grade

_PART = re.compile(r"Part (\w+)(?:, |: )(.+)")


@dataclass(frozen=True)
class SuiteDescriptions:
    """One line for each part and each test.

    Attributes:
        parts: each part's topic, with the paper's sections, by its name.
        tests: each test's first line, by its name.
    """

    parts: dict[str, str] = field(default_factory=dict)
    tests: dict[str, str] = field(default_factory=dict)


@cache
def suite_descriptions() -> SuiteDescriptions:
    """Return the descriptions of the installed suites."""
    found = SuiteDescriptions()
    files = [file for lab in LABS for file in sorted(suite_path(lab).glob("test_*.py"))]
    for file in files:
        tree = ast.parse(file.read_bytes())
        named = _PART.match(_first_line(tree))
        if named:
            # The first file of a part describes all of it.
            found.parts.setdefault(named[1], named[2].rstrip(".:"))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found.tests[node.name] = _first_line(node)
    return found


def about_part(grade: Grade, part: str) -> str:
    """Return what a part is about, "" if no suite says so."""
    return grade.about.get(part) or suite_descriptions().parts.get(part, "")


def about_test(grade: Grade, test: str) -> str:
    """Return what a test is about, "" if its suite does not say, or not to students."""
    return grade.about.get(test) or suite_descriptions().tests.get(test, "")


def _first_line(node: ast.Module | ast.FunctionDef) -> str:
    return (ast.get_docstring(node) or "").partition("\n")[0]
