"""The option `--lab`, and the lab that it and a rubric choose together."""

from pathlib import Path

from tester.cli.parser import Parser
from tester.errors import UsageError
from tester.judging.suite import LABS
from tester.scoring.rubric_file import rubric_lab


def add_lab(parser: Parser) -> None:
    """Add `--lab`; its value is None where it is not given, for what the rubric says."""
    parser.add_argument(
        "--lab",
        type=int,
        choices=LABS,
        help="2: Raft; 3: the key/value service, docs/contract_kv.md (default: what the "
        "rubric says, or 2)",
    )


def choose_lab(asked: int | None, rubric: Path | None) -> int:
    """Return the number of the lab that is meant.

    Args:
        asked: the value of `--lab`.
        rubric: the file, None for no rubric.

    Raises:
        UsageError: the rubric cannot be read, or is for another lab than the one asked for.
    """
    if rubric is None:
        return asked or LABS[0]
    lab = rubric_lab(rubric)
    if asked not in (None, lab):
        raise UsageError(
            f"--lab {asked}: {rubric} is a rubric for lab {lab}: leave --lab out, or write "
            f"`lab = {asked}` above all tables of the rubric"
        )
    return lab
