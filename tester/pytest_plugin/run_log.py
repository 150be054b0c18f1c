"""What a process that runs tests leaves to others, should it not come to its end.

A line when a run begins, a line when it has ended, and perhaps the stack that
C has written below them (`labrpc.machine.watchdog.HangPolicy`). Under xdist each
worker keeps a file, which the process that reports can read; without it,
`last_words` reads along.
"""

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
from tester.verdict import Run, Verdict


class _Line(msgspec.Struct, omit_defaults=True):
    """A line of the journal: one of these."""

    begun: Run | None = None
    ended: Run | None = None


class Journal:
    """Written by the process that runs tests.

    Args:
        fd: of a file, or of a pipe to whoever reads along.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._lines = jsonl.Appender(fd)

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
class Remains:
    """What is found in a journal.

    Attributes:
        ended: the runs that came to their end, in order.
        under_way: the run that has begun and not ended.
        stack: what C wrote when a call did not return, "" if none was stuck.
    """

    ended: list[Run] = field(default_factory=list)
    under_way: Run | None = None
    stack: str = ""

    @classmethod
    def read(cls, journal: bytes) -> "Remains":
        """Return what a journal says; its last line may be cut off."""
        found = cls()
        stack = []
        for text in journal.splitlines(keepends=True):
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
        """Return the run of which the process has died, if there is one.

        Args:
            submission: what was tested.
            died: whether the process has died, for whatever reason.
        """
        run = self.under_way
        if run is None or not (died or self.stack):
            return []
        run.verdict = Verdict.UNKNOWN
        run.code, run.reason = PROCESS_LOST.name, "the process that ran it died"
        if self.stack:
            run.reason, evidence = stuck_call(self.stack, submission)
            run.evidence = evidence or self.stack
            if evidence:
                run.verdict, run.code = Verdict.FAILED, HANGS_IN_C.name
        return [run]


class WorkerJournals:
    """The journals of xdist's workers, for the process that reports."""

    def __init__(self, submission: Submission) -> None:
        self._submission = submission
        self._directory = tempfile.TemporaryDirectory(prefix="raft-lab-")
        self._reported: dict[str, int] = {}

    @property
    def directory(self) -> str:
        """Where each worker is to write its own, under its id."""
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
        remains = Remains.read(file.read_bytes())
        runs = remains.ended + remains.last_run(self._submission, died)
        return runs[self._reported.get(worker, 0) :]

    def all_unreported(self) -> list[Run]:
        """Return what no worker came to report, as after Ctrl-C."""
        return [
            run for name in self._workers() for run in self.unreported(name, died=False)
        ]

    def all_failed(self) -> list[Run]:
        """Return every run that failed, reported or not."""
        return [
            run
            for name in self._workers()
            for run in Remains.read((Path(self.directory) / name).read_bytes()).ended
            if run.verdict is Verdict.FAILED
        ]

    def _workers(self) -> list[str]:
        return sorted(file.name for file in Path(self.directory).iterdir())

    def close(self) -> None:
        """Remove the files."""
        self._directory.cleanup()
