"""A bonus part runs if the command line names it, and is not collected otherwise."""

import pytest

from tester.pytest_plugin.bonus import is_left_out

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


def test_pytest_collects_a_bonus_part_that_k_names(project, shell, suite):
    done = shell("pytest tests/lab2 -k 2P --co -q -p no:cacheprovider", project)
    count = f"4/{len(suite) + 4} tests collected"
    assert count in done.stdout, done.stdout + done.stderr
