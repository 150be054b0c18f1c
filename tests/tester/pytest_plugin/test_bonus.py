"""A bonus part runs if the command line names it, and is not collected otherwise."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from tester.judging.suite import suite_path
from tester.pytest_plugin.bonus import is_left_out
from tester.pytest_plugin.plugin import pytest_ignore_collect

FILE = "test_2p_pre_vote.py"


@pytest.mark.parametrize(
    ("file", "expression", "named", "left_out"),
    [
        (FILE, "", [], True),
        (FILE, "", ["tests/lab2"], True),
        (FILE, "2A or 2R", [], True),
        (FILE, "2P", [], False),
        (FILE, "2p and returning", [], False),
        (FILE, "returning", [], True),
        (FILE, "", [f"tests/lab2/{FILE}::test_returning_server"], False),
        (FILE, "", [f"tests\\lab2\\{FILE}"], False),
        (FILE, "", [FILE], False),
        (FILE, "", [f"my_{FILE}"], True),
        ("test_2a_election.py", "", [], False),
        ("conftest.py", "", [], False),
    ],
)
def test_it_is_asked_for_by_its_part_or_its_file(file, expression, named, left_out):
    assert is_left_out(file, expression, named) is left_out


@pytest.mark.parametrize(
    ("file", "expression", "ignored"),
    [
        (suite_path() / FILE, "", True),
        (suite_path() / FILE, "2P", None),
        (suite_path() / "test_2a_election.py", "", None),
        (Path("tests/of_a_student") / FILE, "", None),
    ],
)
def test_pytest_ignores_what_is_left_out_of_the_suite(file, expression, ignored):
    config = SimpleNamespace(getoption=lambda _: expression, args=["tests/lab2"])
    assert pytest_ignore_collect(file, config) is ignored
