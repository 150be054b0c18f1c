"""The lab's options of pytest: read and checked once.

Every other module sees them as one value, `SessionOptions`.
"""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from labrpc.box_factory import isolation_problem
from labrpc.errors import LoadError
from labrpc.submission.submission import Submission
from tester.intake.default_submission import REFERENCE, default_submission
from tester.intake.find import find_submission
from tester.intake.refusals import Refused
from tester.intake.service_submission import default_service
from tester.judging.graded_test import GradedTest
from tester.judging.run_conditions import current_hash_seed
from tester.judging.run_hosting import RunHosting
from tester.pytest_plugin.restart import HASH_SEED_MAX
from tester.pytest_plugin.service_options import (
    find_service_of,
    service_at,
    wants_lab_3,
)
from tester.text import indented_below, parse_duration

# What makes no sense where no two runs are the same, and time does not stand still.
VIRTUAL_TIME_ONLY = (
    "--lab-digest",
    "--lab-trace",
    "--lab-check-determinism",
    "--lab-failed",
    "--situations",
    "--shrink",
    "--replay",
    "--pdb",
    "--preempt",
)
# What needs the servers in the process that judges them.
IN_PROCESS_ONLY = ("--real-time", "--pdb")


@dataclass(frozen=True)
class SessionOptions:
    """What the options of a pytest session say.

    Attributes:
        lab: the number of the lab whose suite the command line names.
        submission: what is tested, in that lab.
        named: the path that `--submission` names, None for none.
        problem: why it is not the Raft that lies here, though nobody has named
            another one, "" where there is no reason to ask.
        preempt: whether its threads may lose their turn between two statements.
        hosting: how the runs are hosted.
        first_seed: the seed that `--seed` asks for, None for the default.
        seed_count: how many seeds each test has.
        duration_s: how long to run fresh seeds, None without `--for`.
        failed_only: whether to run only the seeds that failed before.
        digest: whether to compute the digest of each run's trace.
        traces: where traces go, None if none are wanted.
        picture_count: of how many failing runs to draw a picture.
        situations: whether to note which situations the runs meet.
        decision: whether to find the step at which such a run was decided.
        shrink: whether to make failing runs minimal, as lists of choices.
        replay: the list of choices that is run instead of any test, None for none.
        search_states: how many states searches find; None for what the tests say.
        check_determinism: whether to run each seed twice and compare.
        debugger: whether pytest's debugger opens at a failure.
        live: whether to show what servers print while they run.
        summary: the file that gets a summary in Markdown, None for none.
        directory: where pytest was started.
    """

    lab: int
    submission: Submission
    named: Path | None
    problem: str
    preempt: bool
    hosting: RunHosting
    first_seed: int | None
    seed_count: int
    duration_s: float | None
    failed_only: bool
    digest: bool
    traces: Path | None
    picture_count: int
    situations: bool
    decision: bool
    shrink: bool
    replay: Path | None
    search_states: int | None
    check_determinism: bool
    debugger: bool
    live: bool
    summary: Path | None
    directory: Path

    def submission_of(self, test: GradedTest) -> Submission:
        """Return what runs in a test, which may be one of the other lab.

        Raises:
            LoadError: there is none for that lab.
        """
        return self.submission if test.lab == self.lab else self._of_other_lab

    @cached_property
    def _of_other_lab(self) -> Submission:
        # Found once: what is compiled and hosted belongs to one object.
        if self.lab == 3:
            return Submission.find(self.named or REFERENCE)
        return service_at(self.named or default_service(self.directory))

    @property
    def real_time(self) -> bool:
        """Whether runs are made on real threads and clocks."""
        return self.hosting.real_time

    @property
    def many_seeds(self) -> bool:
        """Whether tests have many seeds, so that a table of rates makes sense."""
        return self.seed_count > 1 or self.duration_s is not None


def read_options(config: pytest.Config) -> SessionOptions:
    """Return what a session's options say.

    Raises:
        pytest.UsageError: one is wrong, or two contradict each other.
    """
    option, directory = config.getoption, config.invocation_params.dir
    if option("--seeds") < 1:
        raise pytest.UsageError(
            f"--seeds {option('--seeds')}: a test needs at least one seed"
        )
    _check_hash_seed(option("--hash-seed"))
    summary, replay = option("--lab-summary"), option("--replay")
    lab = 3 if wants_lab_3(config, named_on_command_line(config)) else 2
    submission, problem = _find_submission(config, lab)
    named = option("--submission")
    return SessionOptions(
        lab=lab,
        submission=submission,
        named=Path(named) if named else None,
        problem=problem,
        preempt=option("--preempt"),
        hosting=_read_hosting(config),
        first_seed=option("--seed"),
        seed_count=option("--seeds"),
        duration_s=_read_duration(option("--for")),
        failed_only=option("--lab-failed"),
        digest=option("--lab-digest"),
        traces=directory / option("--lab-trace-dir") if option("--lab-trace") else None,
        picture_count=option("--lab-pictures"),
        situations=option("--situations"),
        decision=option("--decision"),
        shrink=option("--shrink"),
        search_states=option("--search-states"),
        replay=(directory / replay).resolve() if replay else None,
        check_determinism=option("--lab-check-determinism"),
        debugger=option("--pdb"),
        live=option("capture") == "no",
        summary=directory / summary if summary else None,
        directory=directory,
    )


def named_on_command_line(config: pytest.Config) -> list[str]:
    """Return the files, folders and tests that the command line names."""
    named = config.args_source is pytest.Config.ArgsSource.ARGS
    return list(config.args) if named else []


def _check_hash_seed(hash_seed: int | None) -> None:
    """Raise UsageError if this process has not the hash seed that was asked for."""
    if hash_seed is None or hash_seed == current_hash_seed():
        return
    if not 0 <= hash_seed <= HASH_SEED_MAX:
        raise pytest.UsageError(
            f"--hash-seed {hash_seed}: Python takes 0 to {HASH_SEED_MAX}"
        )
    raise pytest.UsageError(
        f"--hash-seed {hash_seed}: Python takes it when it starts, and a pytest that a "
        f"program has called cannot start again: set PYTHONHASHSEED={hash_seed}"
    )


def _find_submission(config: pytest.Config, lab: int) -> tuple[Submission, str]:
    """Return what is tested, and why it is not what lies here.

    A session that tests something else may begin where lies what looks like a Raft: it
    is no error before a graded test is collected.
    """
    if lab == 3:
        return find_service_of(config), ""
    named, is_students = config.getoption("--submission"), config.getoption("--lab")
    if named:
        path = Path(named)
    else:
        path = default_submission(
            config.rootpath, is_students, config.invocation_params.dir
        )
    try:
        return Submission.find(find_submission(path).path), ""
    except Refused as exc:
        problem = indented_below(f"--submission {path}: {exc}")
    except LoadError as exc:
        problem = indented_below(f"--submission: {exc}")
    if named or is_students:
        raise pytest.UsageError(problem)
    return Submission.find(REFERENCE), problem


def _read_hosting(config: pytest.Config) -> RunHosting:
    option = config.getoption
    hosting = RunHosting(
        isolation=option("--isolation"), real_time=option("--real-time")
    )
    for name in VIRTUAL_TIME_ONLY if hosting.real_time else ():
        if option(name):
            raise pytest.UsageError(
                f"{name} needs runs that repeat, and time that stands still: leave it "
                "or --real-time out"
            )
    for name in IN_PROCESS_ONLY if hosting.isolated else ():
        if option(name):
            raise pytest.UsageError(
                f"{name} needs the servers in this process: leave it or --isolation out"
            )
    if option("--lab-check-determinism") and not hasattr(os, "fork"):
        raise pytest.UsageError(
            "--lab-check-determinism runs each seed in a second process, too, which "
            "needs Linux or macOS (on Windows, WSL)"
        )
    problem = isolation_problem(hosting.isolation)
    if problem:
        raise pytest.UsageError(f"--isolation process: {problem}")
    return hosting


def _read_duration(text: str | None) -> float | None:
    try:
        return parse_duration(text) if text else None
    except ValueError:
        raise pytest.UsageError(
            f"--for takes a duration such as 90s, 10m or 8h, not {text!r}"
        ) from None
