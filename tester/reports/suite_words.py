"""What the graded suite says of its tests, read from its docstrings.

Read as text: to say what a test is about, nothing has to be collected or run.
"""

import ast
import re
from dataclasses import dataclass, field
from functools import cache

from tester.judging.suite import suite_path

_PART = re.compile(r"Part (\w+)(?:, |: )(.+)")


@dataclass(frozen=True)
class SuiteWords:
    """The suite's own words.

    Attributes:
        parts: what each part is about, with the paper's sections, by its name.
        tests: what each test is about, by its name.
    """

    parts: dict[str, str] = field(default_factory=dict)
    tests: dict[str, str] = field(default_factory=dict)


@cache
def suite_words() -> SuiteWords:
    """Return the words of the suite that is installed."""
    words = SuiteWords()
    for file in sorted(suite_path().glob("test_*.py")):
        tree = ast.parse(file.read_bytes())
        named = _PART.match(_first_line(tree))
        if named:
            # The first file of a part speaks for all of it.
            words.parts.setdefault(named[1], named[2].rstrip(".:"))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                words.tests[node.name] = _first_line(node)
    return words


def _first_line(node: ast.Module | ast.FunctionDef) -> str:
    return (ast.get_docstring(node) or "").partition("\n")[0]
