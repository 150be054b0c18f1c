"""Where the boxes of a submission live: in this process, or in others.

Whoever runs a test asks a `Hosting` for boxes, and does not know which it is.
`isolated.zygote.Zygote` is the other one.
"""

from typing import Protocol

from labrpc.box.in_process_box import InProcessBox
from labrpc.submission.submission import Submission
from labrpc.world.box import Box
from labrpc.world.streams import incarnation_streams


class Hosting(Protocol):
    """Makes the boxes of one submission, for any number of runs.

    Attributes:
        submission: what every box runs.
        isolated: whether boxes have processes of their own.
        cpu_s: CPU seconds that other processes have used for it so far.
    """

    submission: Submission
    isolated: bool

    @property
    def cpu_s(self) -> float:
        """CPU seconds that other processes have used for it so far."""

    def begin_run(self) -> None:
        """Forget what earlier runs have used up."""

    def box(self, server: int, incarnation: int, seed: str) -> Box:
        """Make the box of one incarnation, in the run with this seed."""

    def close(self) -> None:
        """End what it has started."""


class ThisProcess:
    """Boxes in this process: fast, and for code that one trusts."""

    isolated = False
    cpu_s = 0.0

    def __init__(self, submission: Submission) -> None:
        self.submission = submission

    def begin_run(self) -> None:
        """Do nothing: the watchdog of a run counts for itself."""

    def box(self, server: int, incarnation: int, seed: str) -> Box:
        """Make the box of one incarnation, in the run with this seed."""
        streams = incarnation_streams(seed, server, incarnation)
        return InProcessBox(self.submission, server, incarnation, streams)

    def close(self) -> None:
        """Do nothing."""
