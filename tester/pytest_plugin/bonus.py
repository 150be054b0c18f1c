"""Bonus parts run only where they are asked for: most submissions do not have them."""

import re
from collections.abc import Iterable

from tester.judging.graded_test import BONUS_PARTS


def is_left_out(file: str, expression: str, named: Iterable[str]) -> bool:
    """Return whether a file of the suite is of a bonus part that is not asked for.

    It is if `-k` has the part's name in it, or if the command line names the file, as
    replay commands do.

    Args:
        file: its name, as in `test_2p_pre_vote.py`.
        expression: what `-k` has been given.
        named: the files, folders and tests of the command line.
    """
    part = file.split("_")[1].upper() if file.count("_") > 1 else ""
    if part not in BONUS_PARTS or part in re.findall(r"\w+", expression.upper()):
        return False
    return not any(re.search(rf"(^|[/\\]){file}(::|$)", name) for name in named)
