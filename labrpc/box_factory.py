"""Making the boxes of a submission: in this process, or in processes of their own.

Whoever runs a test asks a `BoxFactory` for boxes and does not know of which kind
they are: `make_box_factory` alone decides.
"""

from typing import Literal, Protocol

from labrpc.box.debugger import Debugger
from labrpc.box.in_process_box import InProcessBox
from labrpc.isolated.support import missing
from labrpc.submission.entry import Entry
from labrpc.submission.submission import Submission
from labrpc.world.box import Box
from labrpc.world.streams import incarnation_streams

Isolation = Literal["none", "process"]
"""Where boxes live: in this process, or each in a sandboxed process of its own."""


class BoxFactory(Protocol):
    """Makes the boxes of one submission, for any number of runs.

    Attributes:
        submission: what every box runs.
        preempt: whether its threads may lose their turn between two statements.
    """

    submission: Submission
    preempt: bool

    @property
    def cpu_s(self) -> float:
        """CPU seconds that other processes have used for it so far."""

    @property
    def idle_s(self) -> float:
        """Seconds of the run in which neither this process nor those was active."""

    def begin_run(self) -> None:
        """Forget what earlier runs have used up."""

    def box(
        self, server: int, incarnation: int, seed: str, entry: Entry | None = None
    ) -> Box:
        """Make the box of one incarnation, in the run with this seed.

        Args:
            server: the server's number.
            incarnation: which of the server's lives this is, from 1.
            seed: text from which all randomness of the run is derived.
            entry: what it constructs; None for the submission's own class.
        """

    def close(self) -> None:
        """End what it has started."""


class InProcessBoxFactory:
    """Makes boxes in this process: fast, and for code that one trusts."""

    cpu_s = 0.0
    idle_s = 0.0

    def __init__(
        self,
        submission: Submission,
        preempt: bool = False,
        debugger: Debugger | None = None,
    ) -> None:
        self.submission = submission
        self.preempt = preempt
        self._debugger = debugger

    def begin_run(self) -> None:
        """Do nothing: the watchdog of a run counts for itself."""

    def box(
        self, server: int, incarnation: int, seed: str, entry: Entry | None = None
    ) -> Box:
        """Make the box of one incarnation, in the run with this seed."""
        streams = incarnation_streams(seed, server, incarnation)
        return InProcessBox(
            self.submission,
            server,
            incarnation,
            streams,
            self.preempt,
            self._debugger,
            entry,
        )

    def close(self) -> None:
        """Do nothing: it has started nothing."""


def isolation_problem(isolation: Isolation) -> str:
    """Return why boxes cannot live there on this system, "" if they can."""
    return missing() if isolation == "process" else ""


def make_box_factory(
    submission: Submission,
    preempt: bool = False,
    isolation: Isolation = "none",
    require_sandbox: bool = False,
    process_number: int = 0,
    debugger: Debugger | None = None,
) -> BoxFactory:
    """Return what makes a submission's boxes.

    Args:
        submission: what every box runs.
        preempt: whether its threads may lose their turn between two statements.
        isolation: where the boxes live.
        require_sandbox: whether to refuse a sandbox that lacks a layer.
        process_number: which of several judging processes this is. With isolation,
            judge and boxes take turns, and keep to one processor together.
        debugger: looks into boxes in this process; None if nobody debugs.

    Raises:
        LabError: boxes cannot live there on this machine.
        LoadError: the submission cannot be made ready.
    """
    if isolation == "none":
        return InProcessBoxFactory(submission, preempt, debugger)
    # What only Linux has is imported only where it is wanted.
    from labrpc.isolated.zygote import Zygote
    from labrpc.sandbox.linux import pin_to_one_core

    pin_to_one_core(process_number)
    return Zygote(submission, preempt, require_sandbox)
