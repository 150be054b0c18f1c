"""A process that watches pytest's run log, and reports on its behalf if it hangs in C.

A call into C that does not return leaves no Python code in its process that could
report it. This process, started beside it, does: it reports, keeps the failure, and
ends the process that hangs.

Run as a script: it imports nothing of the lab before there is something to report,
so that it costs next to nothing while all goes well.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tester.pytest_plugin.options import SessionOptions

# How `faulthandler` heads the stack of each thread.
HEADING = b"(most recent call first):"
# It writes a stack in many pieces, one right after another.
QUIET_S = 0.3


class HangReporter:
    """The hang reporter, seen from the process that it watches.

    Args:
        options: of the session.
        failures: the directory of kept failures.

    Attributes:
        fd: of the pipe that takes the run log.
    """

    def __init__(self, options: "SessionOptions", failures: Path) -> None:
        settings = {
            "sys_path": sys.path,
            "lab": options.lab,
            "submission": str(options.submission.path),
            "preempt": options.preempt,
            "failures": str(failures),
            "real_time": options.real_time,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, json.dumps(settings)],
            stdin=subprocess.PIPE,
            # Ctrl-C is for pytest, which then ends this process.
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        assert self._process.stdin is not None
        self.fd = self._process.stdin.fileno()

    def close(self) -> None:
        """End it: this process ends in an orderly way."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.terminate()
        self._process.wait()


def main() -> None:
    """Wait for a stack; end silently if the other process ends without one."""
    log = _read_until_hang()
    if log:
        try:
            _report(log, json.loads(sys.argv[1]))
        finally:
            # SIGTERM ends a process as surely where there is no SIGKILL.
            os.kill(os.getppid(), getattr(signal, "SIGKILL", signal.SIGTERM))


def _read_until_hang() -> bytes:
    """Return the whole log once there is a stack in it, b"" if it ends without one."""
    pieces: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read_pieces, args=[pieces], daemon=True).start()
    log = bytearray()
    while HEADING not in log[-(1 << 17) :]:
        data = pieces.get()
        if not data:
            return b""
        log += data
    with suppress(queue.Empty):
        while data := pieces.get(timeout=QUIET_S):
            log += data
    return bytes(log)


def _read_pieces(pieces: "queue.SimpleQueue[bytes]") -> None:
    """Hand on what comes, b"" at the end: not every system can wait for a pipe with a timeout."""
    while data := os.read(0, 1 << 16):
        pieces.put(data)
    pieces.put(b"")


def _report(log: bytes, settings: dict[str, object]) -> None:
    """Report as the session would have done, and keep the failures."""
    sys.path[:] = settings["sys_path"]  # type: ignore[call-overload]

    from tester.pytest_plugin.failure_store import FailureStore
    from tester.pytest_plugin.run_log import RunLogContents
    from tester.pytest_plugin.tally import Tally, table_lines
    from tester.verdict import Verdict, failure_text
    from tester.workers.job import Job

    path, lab = str(settings["submission"]), int(str(settings["lab"]))
    submission = Job(path=path, name="", lab=lab).submission()
    contents = RunLogContents.read(log)
    last = contents.last_run(submission, died=True)
    runs = contents.ended + last
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
    lines += [store.problem] if store.problem else []
    lines += [
        tally.summary(),
        "pytest was ended here, so the tests that were to follow did not run; with -n 1 "
        "or more, only the test that hangs is ended",
    ]
    sys.stderr.write("\n".join(lines) + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
