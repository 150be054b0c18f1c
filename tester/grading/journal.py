"""The journal of a grading: what is graded, and each result as it comes in.

One line of JSON each, in `journal.jsonl`. A grading that was stopped continues from
it, whatever stopped it. The first line says what is graded, which must be the same
when the grading continues.
"""

import fcntl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tester import jsonl
from tester.errors import UsageError
from tester.grading.shard import Shard
from tester.judging.run_hosting import RunHosting
from tester.reports.files import write_atomically
from tester.scoring.rubric import Rules
from tester.text import counted, listed
from tester.verdict import LoadResult, Run

FILE = "journal.jsonl"
# After this many results the journal is written to the disk itself: a power failure
# costs no more.
RESULTS_PER_SYNC = 100
VERSION = 3


class Entered(msgspec.Struct, frozen=True):
    """A submission that is graded.

    Attributes:
        fingerprint: of all its files, "" if it has none.
        refused: why it is not graded, "" if it is.
        refused_code: the stable name of that.
        inside: where in the student's repository it lies, "" if that is all.
    """

    name: str
    path: str
    fingerprint: str
    refused: str = ""
    refused_code: str = ""
    inside: str = ""


class EnteredSuite(msgspec.Struct, frozen=True):
    """An instructor's suite whose tests are graded.

    Attributes:
        path: its folder.
        digest: of its files.
    """

    path: str
    digest: str


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """All that the results of a grading depend on.

    Attributes:
        lab: the digest of the lab's own code.
        python: Python's version.
        rubric: points, policies and caps.
        hidden: those of the seeds that are a secret.
        budget_s: CPU seconds that one test of one submission has.
        suites: the instructor's suites.
        shard: the share of it that is run here, None for all.
        out: the folder of the results.
        places: where the code of Python and of the lab lies, as results name it.
    """

    lab: str
    python: str
    tests: list[str]
    seeds: list[int]
    preempt: bool
    situations: bool = False
    hosting: RunHosting
    rubric: Rules
    hidden: list[int]
    budget_s: float
    submissions: list[Entered]
    suites: list[EnteredSuite] = []
    shard: Shard | None = None
    out: str = ""
    places: list[str] = msgspec.field(default_factory=list)
    version: int = VERSION

    def differences(
        self,
        other: "Header",
        then: str = "then",
        now: str = "now",
        anywhere: bool = False,
    ) -> list[str]:
        """Return what is not the same in two headers, in words.

        Args:
            other: another one.
            then, now: where the two are, in words.
            anywhere: whether they may be of several shards and several machines.
        """
        found = []
        for name in self.__struct_fields__:
            ours, theirs = getattr(self, name), getattr(other, name)
            if name in ("submissions", "suites") and anywhere:
                ours, theirs = map(_without_paths, (ours, theirs))
            if ours == theirs or name in _OF_A_PLACE:
                continue
            if name == "hosting":
                found += self.hosting.differences(other.hosting)
            elif name == "submissions":
                by_name = ({entry.name: entry for entry in e} for e in (ours, theirs))
                found.append(f"the submissions ({_changed(*by_name)})")
            elif name == "suites":
                by_path = ({suite.path: suite for suite in s} for s in (ours, theirs))
                found.append(f"the tests of --suite ({_changed(*by_path)})")
            elif name in ("tests", "seeds") and len(ours) == len(theirs):
                found.append(f"the {name} (as many, but others)")
            elif name in ("tests", "seeds"):
                found.append(f"the {name} ({len(ours)} {then}, {len(theirs)} {now})")
            elif name in ("lab", "rubric", "version"):
                found.append(_WORDS[name])
            elif name == "hidden":
                if self.seeds == other.seeds:
                    found.append("which seeds are hidden")
            elif name == "budget_s":
                if self.tests == other.tests and self.seeds == other.seeds:
                    # Or else it is the usual one that goes with them.
                    found.append(f"--budget ({ours:g} s {then}, {theirs:g} s {now})")
            elif name != "shard" or not anywhere:
                found.append(f"{_WORDS[name]} ({ours} {then}, {theirs} {now})")
        return found


_WORDS = {
    "lab": "the lab itself",
    "python": "Python's version",
    "preempt": "--preempt",
    "situations": "--situations",
    "rubric": "the rubric",
    "shard": "--shard",
    "version": "the journal's format",
}
# No result depends on them.
_OF_A_PLACE = {"out", "places"}


def _without_paths(
    entries: list[Entered] | list[EnteredSuite],
) -> list[Entered | EnteredSuite]:
    return [
        msgspec.structs.replace(entry, path=Path(entry.path).name) for entry in entries
    ]


def _changed(then: Mapping[str, object], now: Mapping[str, object]) -> str:
    """Return the names of the first few things that differ between two gradings."""
    names = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    return listed(names or ["their order"], 3)


class _Line(msgspec.Struct, omit_defaults=True):
    """A line of the journal: one of these."""

    header: Header | None = None
    run: Run | None = None
    load: LoadResult | None = None
    finished: bool = False


def _line(result: Run | LoadResult) -> _Line:
    return _Line(run=result) if isinstance(result, Run) else _Line(load=result)


@dataclass
class JournalContents:
    """What a journal holds.

    Attributes:
        results: in the order in which they came in.
        finished: whether the grading came to its end.
        size_bytes: how much of the file is whole.
    """

    header: Header
    results: list[Run | LoadResult] = field(default_factory=list)
    finished: bool = False
    size_bytes: int = 0

    @property
    def runs(self) -> list[Run]:
        """The results that are runs."""
        return [result for result in self.results if isinstance(result, Run)]


def read(directory: Path) -> JournalContents | None:
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
    found: JournalContents | None = None
    for line in contents.records:
        if line.header is not None:
            found = JournalContents(line.header)
        if found is None:
            break
        result = line.run or line.load
        if result is not None:
            found.results.append(result)
        found.finished = line.finished
    if found is not None:
        found.size_bytes = contents.size_bytes
    return found


def is_begun(directory: Path) -> bool:
    """Return whether the journal in a directory has a first line, of whatever kind."""
    try:
        with (directory / FILE).open("rb") as lines:
            return lines.readline().endswith(b"\n")
    except OSError:
        return False


class Journal:
    """A journal that is being written, by nobody else meanwhile."""

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
        self._before = read(directory)
        self._unsynced = 0
        self._continued: JournalContents | None = None

    def refuse_to_overwrite(self) -> None:
        """Raise UsageError if it holds the runs of a grading that was not finished."""
        self._refuse_foreign()
        before = self._before
        if before is not None and before.runs and not before.finished:
            raise UsageError(
                f"{self._directory} holds a grading that was stopped after "
                f"{counted(len(before.runs), 'run')}: continue it with --resume, choose another "
                "--out, or drop it with --fresh"
            )

    @property
    def results(self) -> list[Run | LoadResult]:
        """The results of the earlier grading that this one continues, if it does."""
        return self._continued.results if self._continued is not None else []

    @property
    def runs(self) -> list[Run]:
        """The results that are runs."""
        return self._continued.runs if self._continued is not None else []

    @property
    def names(self) -> list[str]:
        """The submissions of the grading that was there before, if there was one."""
        if self._before is None:
            return []
        return [entry.name for entry in self._before.header.submissions]

    def begin(self, header: Header) -> None:
        """Begin anew, and drop what was there."""
        self._lines.truncate(0)
        self._lines.append(_Line(header=header))
        self._sync()

    def resume(self, header: Header) -> bool:
        """Continue an earlier grading that was stopped; return False if there is none.

        Raises:
            UsageError: what is graded is not the same.
        """
        self._refuse_foreign()
        before = self._before
        if before is None:
            return False
        differences = before.header.differences(header)
        if differences:
            raise UsageError(
                f"--resume: {self._directory} holds another grading: different are "
                f"{'; '.join(differences)}. Undo that, choose another --out, or begin "
                "anew with --fresh"
            )
        self._lines.truncate(before.size_bytes)
        self._continued = before
        return True

    def _refuse_foreign(self) -> None:
        """Raise UsageError if there is a journal that cannot be understood."""
        file = self._directory / FILE
        if self._before is None and is_begun(self._directory):
            raise UsageError(
                f"{file} is damaged, or another version of the lab has written it: "
                "choose another --out, or drop it with --fresh"
            )

    def of_same(self, header: Header) -> JournalContents | None:
        """Return what is there of the same grading, None if there is nothing."""
        before = self._before
        if before is None or before.header.differences(header):
            return None
        return before

    def replace(
        self, header: Header, results: Iterable[Run | LoadResult], finished: bool
    ) -> None:
        """Write a whole grading in place of what is there, at one stroke."""
        lines = [_Line(header=header), *map(_line, results)]
        if finished:
            lines.append(_Line(finished=True))
        content = b"".join(jsonl.encode(line) + b"\n" for line in lines)
        write_atomically(self._directory / FILE, content)

    def add(self, result: Run | LoadResult) -> None:
        """Write down a result."""
        self._lines.append(_line(result))
        self._unsynced += 1
        if self._unsynced >= RESULTS_PER_SYNC:
            self._sync()

    def finish(self) -> None:
        """Write down that the grading has come to its end."""
        self._lines.append(_Line(finished=True))
        self._sync()

    def close(self) -> None:
        """Let others write the journal."""
        self._lines.close()

    def _sync(self) -> None:
        self._lines.sync()
        self._unsynced = 0
