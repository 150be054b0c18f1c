"""Hints for parts and tests, and the contract's limits, read from the lab's documents."""

import re
from dataclasses import dataclass, field
from functools import cache

from tester.handouts.starter_repo import root_file

_ROW = re.compile(r"^\| (.+?) \| (.+) \|$", re.M)


@dataclass(frozen=True)
class PartHints:
    """Hints for one part.

    Attributes:
        first_of_all: what to look at before anything else.
        tests: what to look at first when a test fails, by its name.
    """

    first_of_all: str = ""
    tests: dict[str, str] = field(default_factory=dict)


@cache
def part_hints() -> dict[str, PartHints]:
    """Return the hints of docs/symptoms.md, by part."""
    page = root_file("docs/symptoms.md").read_text(encoding="utf-8")
    section = page.partition("\n## Test by test\n")[2].partition("\n## ")[0]
    parts = re.split(r"^### Part (\w+):.*$", section, flags=re.M)[1:]
    return {
        name: PartHints(
            _paragraph(text).removeprefix("First of all: "),
            {test.strip("`"): hint for test, hint in _rows(text)},
        )
        for name, text in zip(parts[::2], parts[1::2], strict=True)
    }


@cache
def contract_limits(document: str) -> list[tuple[str, str]]:
    """Return what the tests expect, in numbers, and how much: rows of a contract."""
    page = root_file(document).read_text(encoding="utf-8")
    return _rows(page.partition("\n## What the tests expect, in numbers\n")[2])


def _paragraph(text: str) -> str:
    return " ".join(text.strip().partition("\n\n")[0].split())


def _rows(text: str) -> list[tuple[str, str]]:
    """Return the rows of the first table of two columns, without its head."""
    table = text[text.index("\n|") :].lstrip("\n").partition("\n\n")[0]
    return [(row[1], row[2]) for row in _ROW.finditer(table)][1:]
