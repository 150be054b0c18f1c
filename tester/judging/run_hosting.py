"""How runs are hosted: it changes no run's digest.

`RunHosting` is what a person has chosen, and crosses processes. `RunHost` is what
comes of it in one process, for one submission.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import msgspec

from labrpc.box_factory import BoxFactory, Isolation, make_box_factory
from labrpc.machine.watchdog_timer import HangPolicy
from labrpc.submission.submission import Submission
from tester.judging.debugger import PytestDebugger
from tester.scenario.cluster import Cluster


class RunHosting(msgspec.Struct, frozen=True, kw_only=True):
    """How runs are hosted.

    Attributes:
        isolation: where the servers live.
        require_sandbox: whether to run nothing in a sandbox that lacks a layer.
        real_time: whether to run on real threads and clocks. Such a run cannot be
            repeated, and has neither digest nor trace.
    """

    isolation: Isolation = "none"
    require_sandbox: bool = False
    real_time: bool = False

    @property
    def isolated(self) -> bool:
        """Whether no server lives in the process that judges it."""
        return self.isolation != "none"

    def open(
        self,
        submission: Submission,
        preempt: bool = False,
        hang_policy: HangPolicy | None = None,
        process_number: int = 0,
        debugger: PytestDebugger | None = None,
    ) -> "RunHost":
        """Make this process ready for runs of a submission.

        Args:
            submission: what every server runs.
            preempt: whether its threads may lose their turn between two statements.
            hang_policy: what happens where the submission hangs in C.
            process_number: which of several judging processes this is.
            debugger: may look at the runs; None if nobody debugs.

        Raises:
            LabError: the servers cannot live there on this machine.
            LoadError: the submission cannot be made ready.
        """
        boxes = make_box_factory(
            submission,
            preempt,
            self.isolation,
            self.require_sandbox,
            process_number,
            debugger,
        )
        return RunHost(self, boxes, hang_policy, debugger)

    def pytest_options(self) -> list[str]:
        """Return the options with which pytest hosts a run in the same way."""
        isolation = ["--isolation", self.isolation] if self.isolated else []
        return isolation + (["--real-time"] if self.real_time else [])

    def differences(self, other: "RunHosting") -> list[str]:
        """Return how an earlier hosting differs from another one, for a message.

        What was required of a sandbox does not count: nobody sees it in a result.
        """
        found = []
        if self.isolation != other.isolation:
            found.append(f"--isolation ({self.isolation} then, {other.isolation} now)")
        if self.real_time != other.real_time:
            found.append(f"--real-time ({self.real_time} then, {other.real_time} now)")
        return found


IN_PROCESS = RunHosting()


@dataclass(frozen=True)
class RunHost:
    """A process that is ready for runs of one submission.

    Attributes:
        hosting: how it hosts them.
        boxes: makes the servers' boxes.
        hang_policy: what happens where the submission hangs in C.
        debugger: may look at the runs; None if nobody debugs.
    """

    hosting: RunHosting
    boxes: BoxFactory
    hang_policy: HangPolicy | None = None
    debugger: PytestDebugger | None = None

    def looked_at(self, cluster: Cluster) -> AbstractContextManager[None]:
        """Return the block in which a debugger may look at a run, if there is one."""
        return self.debugger.looking_at(cluster) if self.debugger else nullcontext()

    def close(self) -> None:
        """End what was started for the submission."""
        self.boxes.close()
