"""Which lab an option and a rubric choose together."""

import pytest

from tester.cli.lab_option import choose_lab
from tester.errors import UsageError


@pytest.fixture
def rubric(tmp_path):
    """Return a function that writes a rubric."""

    def write(text):
        (tmp_path / "rubric.toml").write_text(text)
        return tmp_path / "rubric.toml"

    return write


def test_without_a_rubric_the_option_says_it():
    assert [choose_lab(asked, None) for asked in (None, 2, 3)] == [2, 2, 3]


def test_a_rubric_says_it_alone(rubric):
    assert choose_lab(None, rubric("[seeds]")) == 2
    assert choose_lab(None, rubric("lab = 3\n[seeds]")) == 3
    assert choose_lab(3, rubric("lab = 3")) == 3


@pytest.mark.parametrize(("text", "asked", "lab"), [("", 3, 2), ("lab = 3", 2, 3)])
def test_an_option_that_contradicts_the_rubric_is_refused(rubric, text, asked, lab):
    with pytest.raises(UsageError) as refused:
        choose_lab(asked, rubric(text))
    said = str(refused.value)
    assert said.startswith(f"--lab {asked}: ")
    assert (
        f"is a rubric for lab {lab}: leave --lab out, or write `lab = {asked}`" in said
    )
