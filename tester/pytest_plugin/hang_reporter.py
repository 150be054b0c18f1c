"""Reads a pytest process's journal along, and speaks when that process no more can.

A call into C that does not return leaves nobody in its process to say so. This
one, started beside it, does, keeps the failure, and ends the stuck one.

Run as a script: it imports nothing of the lab's before there is something to say,
so that standing by costs next to nothing.
"""

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labrpc.submission.submission import Submission

# How `faulthandler` heads the stack of each thread.
HEADING = b"(most recent call first):"
# It writes a stack in many pieces, at once.
QUIET_S = 0.3


class LastWords:
    """The process that stands by, as its owner sees it.

    Args:
        submission: what is tested.
        preempt: whether its threads may lose their turn.
        failures: the directory of kept failures.
        real_time: whether no failure is to be kept.
    """

    def __init__(
        self,
        submission: "Submission",
        preempt: bool,
        failures: Path,
        real_time: bool,
    ) -> None:
        settings = {
            "sys_path": sys.path,
            "submission": str(submission.path),
            "preempt": preempt,
            "failures": str(failures),
            "real_time": real_time,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, json.dumps(settings)],
            stdin=subprocess.PIPE,
            # Ctrl-C is not meant for it.
            start_new_session=True,
        )
        assert self._process.stdin is not None
        self.fd = self._process.stdin.fileno()

    def close(self) -> None:
        """End it: this process comes to its own end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.terminate()
        self._process.wait()


def main() -> None:
    """Wait for a stack; end silently if the other process ends without one."""
    journal = _read_until_stuck()
    if journal:
        try:
            _speak(journal, json.loads(sys.argv[1]))
        finally:
            os.kill(os.getppid(), signal.SIGKILL)


def _read_until_stuck() -> bytes:
    """Return the whole journal once there is a stack in it, b"" at its end."""
    journal = bytearray()
    while HEADING not in journal[-(1 << 17) :]:
        data = os.read(0, 1 << 16)
        if not data:
            return b""
        journal += data
    while select.select([0], [], [], QUIET_S)[0] and (data := os.read(0, 1 << 16)):
        journal += data
    return bytes(journal)


def _speak(journal: bytes, settings: dict[str, object]) -> None:
    """Report as the session would have done, and keep the failures."""
    sys.path[:] = settings["sys_path"]  # type: ignore[call-overload]

    from labrpc.submission.submission import Submission
    from tester.pytest_plugin.failure_store import FailureStore
    from tester.pytest_plugin.run_log import Remains
    from tester.pytest_plugin.tally import Tally, table_lines
    from tester.verdict import Verdict, failure_text

    submission = Submission.find(str(settings["submission"]))
    remains = Remains.read(journal)
    last = remains.last_run(submission, died=True)
    runs = remains.ended + last
    failures, preempt = Path(str(settings["failures"])), bool(settings["preempt"])
    store = FailureStore(failures, submission, preempt)
    tally = Tally(real_time=bool(settings["real_time"]))
    tally.add(runs)
    for run in runs if not settings["real_time"] else []:
        # The session itself has noted those that passed.
        if run.verdict is Verdict.FAILED:
            store.note(run)
    lines = ["", ""]
    for run in last:
        lines += [f"{run.test}, seed {run.seed}:", "", failure_text([run]), ""]
    if len(runs) > 1:
        lines += table_lines(tally)
    lines += [
        tally.summary(),
        "pytest had to be ended here, and what was to follow did not run; with -n 1 "
        "or more, only the one test ends so",
    ]
    sys.stderr.write("\n".join(lines) + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
