"""What is wrong with a command line, in one line."""

import pytest

from tester.cli.parser import Parser
from tester.errors import UsageError


@pytest.fixture
def parser():
    made = Parser(prog="raft-lab check")
    made.add_argument("--seeds", type=int)
    made.add_argument("--tests")
    made.add_argument("what")
    return made


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sedes", "3"], "there is no option --sedes (did you mean --seeds?)"),
        (["--sedes=3"], "there is no option --sedes (did you mean --seeds?)"),
        (["x", "-q"], "there is no option -q"),
        # An abbreviation is not taken for the whole.
        (["--test", "x"], "there is no option --test (did you mean --tests?)"),
    ],
)
def test_an_unknown_option_is_refused(parser, arguments, message):
    with pytest.raises(UsageError) as refused:
        parser.refuse_unknown_options(arguments)
    assert str(refused.value) == f"{message}; see raft-lab check --help"


@pytest.mark.parametrize(
    "arguments",
    [
        ["x", "--seeds", "-1"],
        ["--tests", "-k a or b", "x"],
        ["--seeds=3", "--", "--sedes"],
        ["-"],
        ["-h"],
    ],
)
def test_what_is_no_unknown_option_is_left_to_argparse(parser, arguments):
    assert parser.refuse_unknown_options(arguments) is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "the following arguments are required: what; see raft-lab check --help"),
        (["x", "--seeds", "one"], "--seeds: invalid int value: 'one'; see raft-lab"),
        (["x", "--tests"], "--tests: expected one argument; see raft-lab"),
        # An abbreviation is not taken for the whole.
        (["x", "--seed", "3"], "unrecognized arguments: --seed 3"),
    ],
)
def test_what_argparse_refuses_is_wrong_usage(parser, arguments, words):
    with pytest.raises(UsageError) as refused:
        parser.parse_args(arguments)
    assert words in str(refused.value)
