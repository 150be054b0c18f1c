"""Stable codes of what the lab's checks, scenarios and grading report.

Beside those of `labrpc.codes`, which the emulated world reports by itself.
"""

from labrpc import codes as labrpc_codes
from labrpc.codes import by_name
from tester.codes.raft import *
from tester.codes.runs import *
from tester.codes.service import *
from tester.codes.uploads import *

CODES = by_name(globals())
ALL_CODES = labrpc_codes.CODES | CODES
