"""The documents of a starter: complete, without dead links and without other labs' parts."""

import re

import pytest

from tester.handouts.starter_documents import documents_of, text_for_starter
from tester.handouts.starter_repo import root_file


@pytest.mark.parametrize("lab", [2, 3])
def test_every_link_in_a_starter_leads_somewhere(lab):
    names = {name.rpartition("/")[2] for name in documents_of(lab)}
    linked = {
        page
        for name in documents_of(lab)
        for page in re.findall(
            r"\]\((?!http)([^)#]+)", text_for_starter(root_file(name).read_text(), lab)
        )
    }
    assert linked
    assert linked <= names


def test_a_link_to_a_page_that_is_not_there_becomes_text():
    text = (
        "See [the trace](trace.md#x), [rates](measure.md#y) and [rubric.md](rubric.md)."
    )
    assert text_for_starter(text, 2) == (
        "See [the trace](trace.md#x), rates and `docs/rubric.md` in the lab's repository."
    )


@pytest.mark.parametrize(("lab", "other"), [(2, 3), (3, 2)])
def test_symptoms_are_those_of_one_lab(lab, other):
    text = text_for_starter(root_file("docs/symptoms.md").read_text(), lab)
    assert f"### Part {lab}A" in text
    assert f"### Part {other}A" not in text
    assert "## From part to part" in text
    assert ("| lab 3: " in text) == (lab == 3)
