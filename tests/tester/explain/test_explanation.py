"""docs/symptoms.md knows every explanation, with its rule, and no other."""

import re
from pathlib import Path

from tester.explain.explanation import CODES

PAGE = (Path(__file__).resolve().parents[3] / "docs/symptoms.md").read_text()


def test_the_page_lists_every_explanation_with_its_rule():
    table = PAGE.partition("## What the trace proves")[2].partition("## Symptoms")[0]
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (.+) \|$", table, re.MULTILINE))
    assert rows == CODES


def test_every_explanation_helps_with_a_symptom():
    symptoms = PAGE.partition("## Symptoms")[2].partition("## From part")[0]
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", symptoms))
    assert named == set(CODES), "each explanation is a cause of some symptom"
