"""What the arguments of options may be."""

import re
from argparse import ArgumentTypeError

import pytest

from tester.cli.options import (
    name_pattern,
    percentage,
    seconds,
    server_numbers,
    whole_number,
)


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("007", 7), ("10", 10)])
def test_a_whole_number(text, number):
    assert whole_number(1, 10)(text) == number


@pytest.mark.parametrize(
    "text", ["0", "11", "-1", "1.5", "one", "", "1_0", "²", "9" * 5000]
)
def test_another_one_is_refused_with_the_limits(text):
    with pytest.raises(ArgumentTypeError, match="is not a whole number from 1 to 10"):
        whole_number(1, 10)(text)


def test_without_an_upper_limit():
    assert whole_number(0)("9" * 19) == int("9" * 19)
    with pytest.raises(ArgumentTypeError, match="'-1' is not a whole number from 0 on"):
        whole_number(0)("-1")


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("66.6", 66.6), ("100", 100)])
def test_a_percentage(text, number):
    assert percentage(text) == number


@pytest.mark.parametrize("text", ["-1", "101", "all", "nan", "inf"])
def test_another_percentage_is_refused(text):
    with pytest.raises(ArgumentTypeError, match="is not a number from 0 to 100"):
        percentage(text)


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("1.5", 1.5), ("090", 90)])
def test_a_number_of_seconds(text, number):
    assert seconds(text) == number


@pytest.mark.parametrize("text", ["-1", "noon", "nan", "inf", "1e3", "1.", ""])
def test_another_one_of_seconds_is_refused(text):
    with pytest.raises(ArgumentTypeError, match="is not a number of seconds"):
        seconds(text)


def test_servers():
    assert server_numbers("0") == {0}
    assert server_numbers("2,0") == {0, 2}


@pytest.mark.parametrize("text", ["x", "", "1;2", "1,", "-1"])
def test_other_servers_are_refused(text):
    with pytest.raises(ArgumentTypeError, match="is not a list such as 0,2"):
        server_numbers(text)


def test_a_pattern_of_names():
    pattern = name_pattern(r"(?P<student>\w+)-(?P<attempt>\d)-(?P<file>.+)")
    assert pattern.fullmatch("ann-1-raft.py")["student"] == "ann"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("(", "is not a regular expression: missing ), unterminated subpattern"),
        (
            "(?P<file>.+)",
            "has no group (?P<student>…); there are student, attempt, file",
        ),
        ("(?P<studnet>.+)", "unknown group studnet (did you mean student?); there are"),
        (".+", "has no group (?P<student>…)"),
    ],
)
def test_another_pattern_of_names_is_refused(text, reason):
    with pytest.raises(ArgumentTypeError, match=re.escape(reason)):
        name_pattern(text)
