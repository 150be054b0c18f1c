"""The store of failing seeds, kept from session to session in `.lab/failures`.

One small JSON file per failing run. A kept seed is tried first next time; one
that passes in two sessions after the submission has changed is fixed, and
dropped. CI may keep the directory as an artefact.
"""

import os
import platform
import re
from contextlib import suppress
from pathlib import Path

import msgspec

from labrpc.submission.submission import Submission
from tester import jsonl
from tester.text import cut, kind_of
from tester.verdict import Run, Verdict
from tester.versions import lab_version

DIRECTORY = Path(".lab") / "failures"
PASSES_TO_BE_FIXED = 2
# It was shown in full when the run failed.
REASON_CHARS_MAX = 100
# A submission that fails everywhere would otherwise fill the next session.
KEPT_PER_TEST_MAX = 10


class Failure(msgspec.Struct, kw_only=True):
    """A run that failed.

    Attributes:
        path: where the submission lies, relative to the folder of `.lab`, so that
            a checkout elsewhere may use what CI has kept.
        digest: the submission's fingerprint when it failed.
        passes: in how many sessions the seed has passed since the submission changed.
        preempt: whether its threads could lose their turn between two statements; the
            seed is tried again in sessions with the same choice.
    """

    submission: str
    path: str
    digest: str
    test: str
    seed: int
    reason: str
    replay: str
    lab: str
    python: str
    passes: int = 0
    preempt: bool = False


def format_failures(failures: list[Failure]) -> list[str]:
    """Return a line for each test and kind of reason, with the seeds."""
    alike: dict[tuple[str, str], list[Failure]] = {}
    for failure in sorted(failures, key=lambda failure: failure.seed):
        kind = failure.test, kind_of(failure.reason)
        alike.setdefault(kind, []).append(failure)
    return [
        f"{group[0].test} {'seeds' if len(group) > 1 else 'seed'} "
        f"{', '.join(str(failure.seed) for failure in group)}: "
        f"{cut(group[0].reason, REASON_CHARS_MAX)}"
        for group in alike.values()
    ]


def failure_file(
    directory: Path, submission: str, test: str, seed: int, preempt: bool
) -> Path:
    """Return the file of a failing run, in the directory of kept failures."""
    name = re.sub(r"[^\w.-]", "_", submission)
    how = "-preempt" if preempt else ""
    return directory / f"{name}--{test}--{seed}{how}.json"


def choices_file(file: Path) -> Path:
    """Return the file for the minimal list of a failing run, beside that of the run."""
    return file.with_suffix(".choices.txt")


class FailureStore:
    """The kept failures of one submission, in one session.

    Args:
        directory: where they are kept.
        submission: what is tested.
        preempt: whether its threads may lose their turn in this session.

    Attributes:
        fixed: those that were dropped in this session.
        problem: why seeds cannot be kept, "" if they can.
        puzzling: those that passed though nothing changed.
    """

    def __init__(
        self, directory: Path, submission: Submission, preempt: bool = False
    ) -> None:
        self._directory = directory
        resolved = Path(os.path.realpath(directory))  # Takes a loop of links, too.
        self._root = resolved.parents[len(DIRECTORY.parts) - 1]
        self._submission = submission
        self._preempt = preempt
        self._kept_count: dict[str, int] = {}
        self._passed: set[Path] = set()
        self.fixed: list[Failure] = []
        self.puzzling: list[Failure] = []
        self.problem = ""

    def kept(self, test: str) -> list[int]:
        """Return the seeds at which a test has failed, in order."""
        return self.all_kept().get(test, [])

    def all_kept(self) -> dict[str, list[int]]:
        """Return the seeds at which any test has failed, in order."""
        found: dict[str, list[int]] = {}
        try:
            files = sorted(self._directory.iterdir())
        except OSError:  # Nothing was kept, or nothing that can be read.
            files = []
        for file in files:
            failure = self._read(file) if file.suffix == ".json" else None
            if failure is not None:
                found.setdefault(failure.test, []).append(failure.seed)
        return {test: sorted(seeds) for test, seeds in found.items()}

    def note(self, run: Run) -> None:
        """Keep a failed run; count a kept seed that passes.

        A folder that cannot be written, or a full disk, changes nothing in what came of
        the run: it is a `problem` of the session's.
        """
        try:
            self._note(run)
        except OSError as exc:
            self.problem = (
                f"seeds that fail cannot be kept in {self._directory}: "
                f"{exc.strerror or exc}: the next session will not try them first"
            )

    def _note(self, run: Run) -> None:
        file = self._file(run.test, run.seed)
        if run.verdict is Verdict.FAILED:
            if file.exists() or self._room_for(run.test):
                self._write(file, self._failure(run))
        elif run.verdict is Verdict.PASSED and file.exists():
            failure = None if file in self._passed else self._read(file)
            self._passed.add(file)
            if failure is not None:
                self._count_pass(file, failure)

    def _room_for(self, test: str) -> bool:
        """Return whether one more failure of a test may be kept; count it."""
        if test not in self._kept_count:
            self._kept_count[test] = len(self.kept(test))
        self._kept_count[test] += 1
        return self._kept_count[test] <= KEPT_PER_TEST_MAX

    def _count_pass(self, file: Path, failure: Failure) -> None:
        if failure.digest == self._submission.digest:
            self.puzzling.append(failure)
            return
        failure.passes += 1
        if failure.passes < PASSES_TO_BE_FIXED:
            self._write(file, failure)
        else:
            file.unlink(missing_ok=True)
            choices_file(file).unlink(missing_ok=True)
            self.fixed.append(failure)

    def _failure(self, run: Run) -> Failure:
        return Failure(
            submission=run.submission,
            path=self._path(),
            digest=self._submission.digest,
            test=run.test,
            seed=run.seed,
            reason=run.reason,
            replay=run.replay,
            lab=lab_version(),
            python=platform.python_version(),
            preempt=self._preempt,
        )

    def _path(self) -> str:
        """Return where the submission lies, seen from the folder of `.lab`."""
        path = self._submission.path
        try:
            return Path(os.path.relpath(path, self._root)).as_posix()
        except ValueError:  # On another drive of Windows.
            return path.as_posix()

    def _file(self, test: str, seed: int) -> Path:
        return failure_file(
            self._directory, self._submission.name, test, seed, self._preempt
        )

    def _read(self, file: Path) -> Failure | None:
        """Return a kept failure of this very submission; None for any other file."""
        try:
            failure = msgspec.json.decode(file.read_bytes(), type=Failure)
        except (OSError, msgspec.DecodeError):
            return None
        path = (self._root / failure.path).resolve()
        ours = self._submission.path, self._preempt
        return failure if (path, failure.preempt) == ours else None

    def _write(self, file: Path, failure: Failure) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        try:
            # A folder may have a name that is not UTF-8.
            text = msgspec.json.format(jsonl.encode(failure), indent=1)
            file.write_bytes(text)
        except OSError:
            with suppress(OSError):
                file.unlink()  # Half of it would be in the way of the whole.
            raise
