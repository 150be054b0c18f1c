"""docs/symptoms.md knows every explanation with its rule, and has hints for every test."""

import re
from pathlib import Path

import pytest

from tester.explain.explanation import CODES
from tester.explain.service_rules import SERVICE_CODES
from tester.judging.suite import collect

PAGE = (Path(__file__).resolve().parents[3] / "docs/symptoms.md").read_text()


def test_the_page_lists_every_explanation_with_its_rule():
    table = PAGE.partition("## What the trace proves")[2].partition("## Symptoms")[0]
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (.+) \|$", table, re.MULTILINE))
    assert rows == CODES | SERVICE_CODES


def test_every_explanation_helps_with_a_symptom():
    symptoms = PAGE.partition("## Symptoms")[2].partition("## From part")[0]
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", symptoms))
    assert named == {*CODES, *SERVICE_CODES}, (
        "each explanation is a cause of some symptom"
    )


@pytest.mark.unmeasured
def test_there_is_a_hint_for_every_test_under_its_part():
    hints = PAGE.partition("## Test by test")[2].partition("\n## ")[0]
    parts = re.split(r"^### Part (\w+):.*$", hints, flags=re.MULTILINE)[1:]
    found = {
        (part, name)
        for part, text in zip(parts[::2], parts[1::2], strict=True)
        for name in re.findall(r"^\| `(test_\w+)` \| \S.* \|$", text, re.MULTILINE)
    }
    tests = [*collect(bonus=True), *collect(bonus=True, lab=3)]
    assert found == {(test.part, test.name) for test in tests}
