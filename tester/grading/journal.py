"""The ledger of a grading: what is graded, and each run as it comes in.

One line of JSON each, in `journal.jsonl`. A grading that was stopped goes on from
it, whatever stopped it; so a line counts only if it is whole. What is graded stands
in the first line, and must be the same when it goes on.
"""

import fcntl
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tester import jsonl
from tester.errors import UsageError
from tester.judging.run_hosting import RunHosting
from tester.text import listed
from tester.verdict import Run

FILE = "journal.jsonl"
# Written to the disk itself every so many runs: an outage costs no more.
RUNS_PER_SYNC = 100
VERSION = 1


class Entered(msgspec.Struct, frozen=True):
    """A submission that is graded.

    Attributes:
        fingerprint: of all its files, "" if it has none.
        refused: why it is not graded, "" if it is.
    """

    name: str
    path: str
    fingerprint: str
    refused: str = ""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """All that the results of a grading depend on.

    Attributes:
        lab: the digest of the lab's own code.
        python: Python's version.
        rubric: its digest.
        budget_s: CPU seconds that one submission has.
    """

    lab: str
    python: str
    tests: list[str]
    seeds: list[int]
    preempt: bool
    hosting: RunHosting
    rubric: str
    budget_s: float
    submissions: list[Entered]
    version: int = VERSION

    def differences(self, other: "Header") -> list[str]:
        """Return what is not the same in two headers, in words."""
        found = []
        for name in self.__struct_fields__:
            ours, theirs = getattr(self, name), getattr(other, name)
            if ours == theirs:
                continue
            if name == "hosting":
                found += self.hosting.differences(other.hosting)
            elif name == "submissions":
                found.append(f"the submissions ({_changed(ours, theirs)})")
            elif name in ("tests", "seeds") and len(ours) == len(theirs):
                found.append(f"the {name} (as many, but others)")
            elif name in ("tests", "seeds"):
                found.append(f"the {name} ({len(ours)} then, {len(theirs)} now)")
            elif name in ("lab", "rubric", "version"):
                found.append(_WORDS[name])
            elif name == "budget_s":
                if self.tests == other.tests and self.seeds == other.seeds:
                    # Or else it is the usual one that goes with them.
                    found.append(f"--budget ({ours:g} s then, {theirs:g} s now)")
            else:
                found.append(f"{_WORDS[name]} ({ours} then, {theirs} now)")
        return found


_WORDS = {
    "lab": "the lab itself",
    "python": "Python's version",
    "preempt": "--preempt",
    "rubric": "the rubric",
    "version": "the journal's format",
}


def _changed(then: list[Entered], now: list[Entered]) -> str:
    """Return the first few submissions that are not the same in two gradings."""
    old, new = ({entry.name: entry for entry in entries} for entries in (then, now))
    names = [name for name in old | new if old.get(name) != new.get(name)]
    names = names or ["their order"]
    return listed(names, 3)


class _Line(msgspec.Struct, omit_defaults=True):
    """A line of the journal: one of these."""

    header: Header | None = None
    run: Run | None = None
    finished: bool = False


@dataclass
class Record:
    """What a journal holds.

    Attributes:
        runs: in the order in which they came in.
        finished: whether the grading came to its end.
        bytes: how much of the file is whole.
    """

    header: Header
    runs: list[Run] = field(default_factory=list)
    finished: bool = False
    bytes: int = 0


def read(directory: Path) -> Record | None:
    """Return what the journal in a directory holds, None if there is none.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        contents = jsonl.read(directory / FILE, _Line)
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise UsageError(f"{directory / FILE} cannot be read: {exc.strerror}") from None
    record: Record | None = None
    for line in contents.records:
        if line.header is not None:
            record = Record(line.header)
        if record is None:
            break
        if line.run is not None:
            record.runs.append(line.run)
        record.finished = line.finished
    if record is not None:
        record.bytes = contents.size_bytes
    return record


class Ledger:
    """A journal that is being written; nobody else may, meanwhile.

    Attributes:
        runs: what an earlier grading has left, if this one goes on with it.
    """

    def __init__(self, directory: Path) -> None:
        """Open a directory's journal, and find out what is in it.

        The directory is made if there is none.

        Raises:
            UsageError: it cannot be written, or another process is writing it.
        """
        self._directory = directory
        try:
            self._lines = jsonl.Appender.open(directory / FILE)
        except OSError as exc:
            raise UsageError(
                f"--out: cannot write to {directory}: {exc.strerror}: results go there, "
                "so name a directory that can be written"
            ) from None
        try:
            fcntl.flock(self._lines.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lines.close()
            raise UsageError(
                f"another grading is writing to {directory}: wait for it, or choose "
                "another --out"
            ) from None
        self._record = read(directory)
        self._unsynced = 0
        self.runs: list[Run] = []

    def refuse_to_overwrite(self) -> None:
        """Raise UsageError if it holds the runs of a grading that was not finished."""
        record = self._record
        if record is not None and record.runs and not record.finished:
            raise UsageError(
                f"{self._directory} holds a grading that was stopped after "
                f"{len(record.runs)} runs: go on with --resume, choose another --out, "
                "or drop it with --fresh"
            )

    @property
    def names(self) -> list[str]:
        """The submissions of the grading that was there before, if there was one."""
        if self._record is None:
            return []
        return [entry.name for entry in self._record.header.submissions]

    def begin(self, header: Header) -> None:
        """Begin anew: what was there is gone."""
        self._lines.truncate(0)
        self._lines.append(_Line(header=header))
        self._sync()

    def resume(self, header: Header) -> bool:
        """Go on where an earlier grading was stopped; return False if there is none.

        Raises:
            UsageError: what is graded is not the same.
        """
        record = self._record
        if record is None:
            return False
        differences = record.header.differences(header)
        if differences:
            raise UsageError(
                f"--resume: {self._directory} holds a grading of something else: "
                f"not the same are {'; '.join(differences)}. Undo that, choose another "
                "--out, or begin anew with --fresh"
            )
        self._lines.truncate(record.bytes)
        self.runs = record.runs
        return True

    def add(self, run: Run) -> None:
        """Write down a run."""
        self._lines.append(_Line(run=run))
        self._unsynced += 1
        if self._unsynced >= RUNS_PER_SYNC:
            self._sync()

    def finish(self) -> None:
        """Write down that the grading came to its end."""
        self._lines.append(_Line(finished=True))
        self._sync()

    def close(self) -> None:
        """Let others write."""
        self._lines.close()

    def _sync(self) -> None:
        self._lines.sync()
        self._unsynced = 0
