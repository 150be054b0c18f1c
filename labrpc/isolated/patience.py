"""How long the judge waits for a box that says nothing."""

import os

from labrpc import codes
from labrpc.errors import SubmissionError
from labrpc.isolated.run_limits import LOOK_MS
from labrpc.machine.activity import IdleMeter
from labrpc.machine.wall_clock import cpu_seconds_of_all

# CPU time that a silent box may take. Its own watchdog acts after one second.
SILENT_CPU_S_MAX = 5.0
# Real time for which a box may sleep instead of answering.
SILENT_IDLE_S_MAX = 10.0


class Patience:
    """How long the judge waits for one answer of a box.

    In the box's own time: how busy the machine is does not count.
    """

    def __init__(self, server: int, pid: int) -> None:
        self._server = server
        self._pid = pid
        self._began_s = self._cpu_s()
        # The judge's own time is not the box's: it may be slow to read.
        self._pids = (os.getpid(), pid)
        self._idle = IdleMeter(self._pids, LOOK_MS)

    def look(self) -> None:
        """Give the box up if it has used too much time.

        Raises:
            SubmissionError: it has.
        """
        if self._cpu_s() - self._began_s > SILENT_CPU_S_MAX:
            raise SubmissionError(
                codes.PROCESS_SILENT,
                f"server {self._server}: its process used {SILENT_CPU_S_MAX:.0f} s of "
                "CPU time without answering",
                "the submission has disabled the lab's watchdog in that process, or a "
                "call into C does not return",
            )
        if self._idle.look(self._pids) > SILENT_IDLE_S_MAX:
            raise SubmissionError(
                codes.PROCESS_SILENT,
                f"server {self._server}: its process sleeps and does not answer",
                "a server may wait in virtual time only, through the simulated modules",
            )

    def _cpu_s(self) -> float:
        # Where it has ended, the pipe will say so.
        return cpu_seconds_of_all([self._pid])
