"""The run log: what a process that runs tests leaves to others if it dies.

A line when a run begins, a line when it has ended, and where a call into C hung,
the stack that C has written below them (`labrpc.machine.watchdog.HangPolicy`). Under
xdist each worker writes a file, which the process that reports reads; without xdist
the log is a pipe to the `hang_reporter`.
"""

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from labrpc.codes import HANGS_IN_C
from labrpc.submission.native_hang import stuck_call
from labrpc.submission.submission import Submission
from tester import jsonl
from tester.codes import PROCESS_LOST
from tester.verdict import Run, Verdict, conclude


class _Line(msgspec.Struct, omit_defaults=True):
    """A line of the log: one of these."""

    begun: Run | None = None
    ended: Run | None = None


class RunLog:
    """The log of this process, to be written.

    Args:
        fd: of a file, or of a pipe to the hang reporter.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._lines = jsonl.Appender(fd)

    @classmethod
    def open(cls, file: Path) -> "RunLog":
        """Open a log in a file; where the disk is full, one that keeps nothing."""
        try:
            return cls(jsonl.Appender.open(file).fd)
        except OSError:
            return cls(os.open(os.devnull, os.O_WRONLY))

    def begin(self, run: Run) -> None:
        """Note which run is under way from now on."""
        self._write(_Line(begun=run))

    def end(self, run: Run) -> None:
        """Note what came of it."""
        self._write(_Line(ended=run))

    def _write(self, line: _Line) -> None:
        with suppress(OSError):  # Nobody reads any more, or the disk is full.
            self._lines.append(line)


@dataclass
class RunLogContents:
    """What a run log holds.

    Attributes:
        ended: the runs that came to their end, in order.
        under_way: the run that has begun and not ended.
        stack: what C wrote when a call did not return, "" if none was stuck.
    """

    ended: list[Run] = field(default_factory=list)
    under_way: Run | None = None
    stack: str = ""

    @classmethod
    def read(cls, log: bytes) -> "RunLogContents":
        """Return what a log holds; its last line may be cut off."""
        found = cls()
        stack = []
        for text in log.splitlines(keepends=True):
            line = jsonl.decode(text, _Line)
            if line is not None:
                found.under_way = line.begun
                found.ended += [line.ended] if line.ended else []
            elif not text.startswith(b"{"):
                # C writes between the lines.
                stack.append(text.decode(errors="replace").rstrip("\n"))
        found.stack = "\n".join(stack)
        return found

    def last_run(self, submission: Submission, died: bool) -> list[Run]:
        """Return the run during which the process died, if there is one.

        Args:
            submission: what was tested.
            died: whether the process has died, for whatever reason.
        """
        run = self.under_way
        if run is None or not (died or self.stack):
            return []
        if not self.stack:
            reason = "the process that ran it died"
            conclude(run, Verdict.UNKNOWN, PROCESS_LOST, reason)
            return [run]
        reason, evidence = stuck_call(self.stack, submission)
        if evidence:
            conclude(run, Verdict.FAILED, HANGS_IN_C, reason, evidence)
        else:
            conclude(run, Verdict.UNKNOWN, PROCESS_LOST, reason, self.stack)
        return [run]


class WorkerRunLogs:
    """The run logs of xdist's workers, for the process that reports."""

    def __init__(self, submission: Submission) -> None:
        self._submission = submission
        self._directory = tempfile.TemporaryDirectory(
            prefix="raft-lab-",
            ignore_cleanup_errors=True,  # Where a worker that lives on has it open.
        )
        self._reported: dict[str, int] = {}

    @property
    def directory(self) -> str:
        """Where each worker writes its own, under its id."""
        return self._directory.name

    def note_reported(self, worker: str, count: int) -> None:
        """Count the runs that a worker itself has reported."""
        self._reported[worker] = self._reported.get(worker, 0) + count

    def unreported(self, worker: str, died: bool) -> list[Run]:
        """Return a worker's other runs, in order.

        Args:
            worker: its id.
            died: whether it has died, so that its run under way is one of them.
        """
        file = Path(self.directory) / worker
        if not file.is_file():
            return []
        contents = RunLogContents.read(file.read_bytes())
        runs = contents.ended + contents.last_run(self._submission, died)
        return runs[self._reported.get(worker, 0) :]

    def all_unreported(self) -> list[Run]:
        """Return the runs that no worker has reported, as after Ctrl-C."""
        return [
            run for name in self._workers() for run in self.unreported(name, died=False)
        ]

    def all_failed(self) -> list[Run]:
        """Return every run that failed, reported or not."""
        return [
            run
            for name in self._workers()
            for run in self._read(name).ended
            if run.verdict is Verdict.FAILED
        ]

    def _read(self, worker: str) -> RunLogContents:
        return RunLogContents.read((Path(self.directory) / worker).read_bytes())

    def _workers(self) -> list[str]:
        return sorted(file.name for file in Path(self.directory).iterdir())

    def close(self) -> None:
        """Remove the files."""
        self._directory.cleanup()
