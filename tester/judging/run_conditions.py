"""All that a run depends on, as one value.

A run with the same conditions is the same run, event by event. How it is hosted
(`run_hosting`) stands beside them, and changes nothing in it.
"""

import functools
import hashlib
import os
import platform
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from labrpc.submission.submission import Submission
from tester.judging.graded_test import GradedTest
from tester.judging.own_suite import suite_digest
from tester.judging.run_hosting import IN_PROCESS, RunHosting
from tester.judging.suite import LABS, suite_path
from tester.text import command_line


def current_hash_seed() -> int | None:
    """Return the hash seed of this process, None if Python has drawn one itself."""
    text = os.environ.get("PYTHONHASHSEED", "")
    return int(text) if text.isdecimal() else None


class RunIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """A run's conditions as plain values: equal where the runs are.

    Attributes:
        submission: the digest of its source files.
        test: the test function's name.
        suite: the digest of the instructor's suite that it is of, "" for the lab's.
        seed: from which all randomness of the run comes.
        preempt: whether threads may lose their turn between two statements.
        hash_seed: on which the order of a submission's sets depends, None if
            Python has drawn one itself.
        lab: the digest of the lab's code, the suite included.
        python: Python's version.
    """

    submission: str
    test: str
    suite: str
    seed: int
    preempt: bool
    hash_seed: int | None
    lab: str
    python: str


@dataclass(frozen=True)
class RunConditions:
    """All that a run depends on, beside the lab's code and Python's version.

    Attributes:
        submission: what every server runs.
        test: the scenario.
        seed: from which all randomness of the run comes.
        preempt: whether threads may lose their turn between two statements.
        hash_seed: on which the order of a submission's sets depends, None if
            Python has drawn one itself.
    """

    submission: Submission
    test: GradedTest
    seed: int
    preempt: bool = False
    hash_seed: int | None = field(default_factory=current_hash_seed)

    def identity(self) -> RunIdentity:
        """Return the conditions as plain values, for files and other processes."""
        return RunIdentity(
            submission=self.submission.digest,
            test=self.test.name,
            suite=suite_digest(self.test.suite) if self.test.suite else "",
            seed=self.seed,
            preempt=self.preempt,
            hash_seed=self.hash_seed,
            lab=lab_digest(),
            python=platform.python_version(),
        )

    def replay_command(self, hosting: RunHosting = IN_PROCESS) -> str:
        """Return the command that repeats the run, from any directory.

        Args:
            hosting: how the run was hosted.
        """
        hash_seed, test = self.hash_seed, self.test
        what = [f"{test.file}::{test.name}", "--seed", str(self.seed)]
        return command_line(
            [
                "pytest",
                *(["--replay", str(test.file)] if test.is_replay else what),
                *(
                    ["--search-states", str(test.search_states)]
                    if test.search_states
                    else []
                ),
                "--submission",
                str(self.submission.path),
                *(["--hash-seed", str(hash_seed)] if hash_seed is not None else []),
                *(["--preempt"] if self.preempt else []),
                *hosting.pytest_options(),
                *([] if hosting.real_time else ["--lab-trace"]),
            ]
        )


@functools.cache
def lab_digest() -> str:
    """Return the digest of all code that a verdict depends on."""
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.blake2b(digest_size=16)
    for folder in (root / "labrpc", root / "tester", *map(suite_path, LABS)):
        for file in sorted(folder.rglob("*.py")):
            digest.update(f"{file.relative_to(folder)}\0".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()
