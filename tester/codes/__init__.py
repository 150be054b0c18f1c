"""Stable codes of what the lab's checks, scenarios and grading report.

Beside those of `labrpc.codes`, which the emulated world reports by itself.
"""

from labrpc import codes as labrpc_codes
from labrpc.codes import Code, by_name
from labrpc.errors import LabError
from tester.codes.raft import *
from tester.codes.runs import *
from tester.codes.service import *
from tester.codes.uploads import *

CODES = by_name(globals())
ALL_CODES = labrpc_codes.CODES | CODES


def require_code(code: object) -> None:
    """Refuse what a scenario gives as a code and is none.

    Raises:
        LabError: it is no code.
    """
    if not isinstance(code, Code):
        raise LabError(
            f"the test names what is wrong by {code!r}: take one of the codes in "
            "docs/failures.md, as in `codes.NO_LEADER` of `tester.codes`"
        )
