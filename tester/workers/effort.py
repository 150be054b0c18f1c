"""The CPU time and the idle time of a job's process, for finding processes that hang.

The load of the machine changes neither. A run has limits of its own, which end it long
before these: they are the outer net.
"""

from labrpc.machine.activity import IdleMeter, activity_of
from labrpc.machine.wall_clock import Deadline, cpu_seconds_of_all

JOB_CPU_S_MAX = 300.0
JOB_IDLE_S_MAX = 60.0
# Where the system does not count what processes do, only the clock is left.
JOB_S_MAX = 600.0


class Effort:
    """What one job has taken of its process so far.

    Args:
        pid: the process.
        is_judge_only: other processes run the submission, and it waits for them: it is
            idle only if it does not even look after them.
        look_ms: how often `excess` is called.

    Attributes:
        cpu_s: CPU seconds, at the last look.
        idle_s: seconds in which it neither ran nor waited for a processor.
    """

    def __init__(self, pid: int, is_judge_only: bool, look_ms: int) -> None:
        self._pid = pid
        self._is_judge_only = is_judge_only
        self._began_cpu_s = cpu_seconds_of_all([pid])
        self._idle = IdleMeter([pid], look_ms)
        self._turns = 0
        self._idle_at_turn_s = 0.0
        self._deadline = Deadline(JOB_S_MAX)
        self.cpu_s = 0.0
        self.idle_s = 0.0

    def excess(self) -> str:
        """Return what the job has taken too much of, in words; "" if nothing."""
        activity = activity_of(self._pid)
        if activity is None:
            late = self._deadline.left_s() <= 0
            return f"did not answer for {JOB_S_MAX:.0f} s" if late else ""
        self.cpu_s = cpu_seconds_of_all([self._pid]) - self._began_cpu_s
        idle_s = self._idle.look([self._pid])
        if self._is_judge_only and activity.turns != self._turns:
            self._turns, self._idle_at_turn_s = activity.turns, idle_s
        self.idle_s = idle_s - self._idle_at_turn_s
        if self.cpu_s > JOB_CPU_S_MAX:
            return f"used more than {JOB_CPU_S_MAX:.0f} s of CPU time"
        if self.idle_s > JOB_IDLE_S_MAX:
            return f"was idle for more than {JOB_IDLE_S_MAX:.0f} s"
        return ""
