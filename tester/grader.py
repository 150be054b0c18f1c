"""Grading: submissions by tests by seeds, spread over processes.

A submission that cannot be loaded costs one job. What is done is kept,
whatever happens next: Ctrl-C leaves the rest unknown, and still reports.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from labrpc.submission import Submission
from tester.archives import RefusedArchive, archive_stem, innermost, is_archive, unpack
from tester.grades import Grade
from tester.pool import Lost, Pool
from tester.rubric import Rubric
from tester.run import GradedTest, replay_command
from tester.suite import UsageError
from tester.verdict import Run, Verdict
from tester.worker import Job, load_run

Tell = Callable[[Run], None]
"""Told of each run as it comes in."""


@dataclass
class Plan:
    """What to grade.

    Attributes:
        submissions: name to path; names are unique.
        rubric: what the runs are worth.
        preempt: whether the submissions' threads may lose their turn.
        refused: why a submission's archive was not unpacked, by name.
    """

    submissions: dict[str, Path]
    tests: list[GradedTest]
    seeds: Sequence[int]
    rubric: Rubric
    preempt: bool = False
    refused: dict[str, str] = field(default_factory=dict)

    def unpack(self, directory: Path) -> None:
        """Unpack every submission that is an archive to a folder in `directory`.

        One that is refused keeps the archive as its path.
        """
        for number, (name, path) in enumerate(self.submissions.items(), start=1):
            if not is_archive(path):
                continue
            # Numbered: a name may be that of another one, or of a folder above.
            unpacked = directory / f"{number:03}-{Path(name).name}"
            try:
                unpack(path, unpacked)
            except RefusedArchive as exc:
                self.refused[name] = f"{path.name} was refused: {exc}"
            else:
                self.submissions[name] = innermost(unpacked)

    @property
    def runs(self) -> int:
        """How many runs there are if every submission loads."""
        return len(self.submissions) * len(self.tests) * len(self.seeds)


def find_submissions(paths: list[str]) -> dict[str, Path]:
    """Return the submissions at `paths`, by a name that is unique.

    A path is a submission (which may be an archive), or a folder of them.

    Raises:
        UsageError: a path does not exist, or has no submission in it.
    """
    found: list[Path] = []
    for text in paths:
        path = Path(text).resolve()
        if not path.exists():
            raise UsageError(f"{text} does not exist")
        if path.is_file() or Submission.looks_like_one(path):
            found.append(path)
            continue
        children = [
            child
            for child in sorted(path.iterdir())
            if child.name[0] not in "._"
            and (child.is_dir() or child.suffix == ".py" or is_archive(child))
            # The results of an earlier grading are nobody's submission.
            and not (child / "results.json").is_file()
        ]
        if not children:
            raise UsageError(
                f"{text} is neither a submission nor a folder of submissions: a "
                "submission is a directory with raft/ or raft.py, one .py file, or a "
                ".zip or .tar.gz of either"
            )
        found += children
    return _named(list(dict.fromkeys(found)))


def _named(paths: list[Path]) -> dict[str, Path]:
    """Name submissions by directory or file, and by more where that is not unique."""
    short = [_short_name(path) for path in paths]
    names: dict[str, Path] = {}
    for path, name in zip(paths, short, strict=True):
        if short.count(name) > 1:
            name = f"{path.parent.name}/{name}"
        names[name if name not in names else str(path)] = path
    return names


def _short_name(path: Path) -> str:
    if is_archive(path):
        return archive_stem(path)
    return path.stem if path.is_file() else path.name


def grade(plan: Plan, processes: int, tell: Tell) -> tuple[list[Grade], bool]:
    """Run the plan; return each submission's grade, and whether it was interrupted."""
    runs: dict[tuple[str, str, int], Run] = {}
    load_errors = dict(plan.refused)
    interrupted = False

    def note(run: Run) -> None:
        runs[run.submission, run.test, run.seed] = run
        tell(run)

    for name, reason in plan.refused.items():
        for failed in _not_loaded(plan, _refused(name, reason)):
            note(failed)
    with Pool(processes) as pool:
        pool.add(
            *[
                Job(str(path), name, "", 0, preempt=plan.preempt)
                for name, path in plan.submissions.items()
                if name not in plan.refused
            ]
        )
        try:
            for job, run in pool.results():
                if isinstance(run, Lost):
                    run = _lost(plan, job, run)
                if job.test:
                    note(run)
                elif not run.passed:
                    load_errors[job.name] = run.reason
                    for failed in _not_loaded(plan, run):
                        note(failed)
                else:
                    pool.add(*_jobs(plan, job))
        except KeyboardInterrupt:
            interrupted = True
    return [
        plan.rubric.grade(
            name, str(path), _all_runs(plan, name, runs), load_errors.get(name, "")
        )
        for name, path in plan.submissions.items()
    ], interrupted


def _jobs(plan: Plan, loaded: Job) -> list[Job]:
    """Return the runs of a submission that loads, seed by seed."""
    return [
        Job(loaded.path, loaded.name, test.name, seed, preempt=plan.preempt)
        for seed in plan.seeds
        for test in plan.tests
    ]


def _empty_run(
    name: str, test: GradedTest, seed: int, verdict: Verdict, reason: str
) -> Run:
    return Run(
        submission=name,
        part=test.part,
        test=test.name,
        seed=seed,
        points=test.points,
        verdict=verdict,
        reason=reason,
        servers=test.servers,
    )


def _refused(name: str, reason: str) -> Run:
    return load_run(
        name,
        Verdict.FAILED,
        reason,
        "nothing of it was unpacked: ask for the folder as it is, zipped anew",
    )


def _not_loaded(plan: Plan, load: Run) -> list[Run]:
    """Return a run of every test with the verdict that loading came to."""
    runs = []
    for seed in plan.seeds:
        for test in plan.tests:
            run = _empty_run(load.submission, test, seed, load.verdict, load.reason)
            run.evidence = load.evidence
            runs.append(run)
    return runs


def _lost(plan: Plan, job: Job, lost: Lost) -> Run:
    """Return the run of a job whose process did not answer.

    Unknown, unless it was stopped in the submission's own code.
    """
    verdict = Verdict.FAILED if lost.is_submissions_fault else Verdict.UNKNOWN
    if not job.test:
        run = load_run(job.name, verdict, f"{lost.reason}, while it was loaded")
    else:
        test = next(test for test in plan.tests if test.name == job.test)
        run = _empty_run(job.name, test, job.seed, verdict, lost.reason)
        run.replay = replay_command(test, job.submission(), job.seed)
    run.evidence = lost.evidence
    return run


def _all_runs(
    plan: Plan, name: str, runs: dict[tuple[str, str, int], Run]
) -> list[Run]:
    """Return a submission's runs in the suite's order, also those that never ran."""
    return [
        runs.get((name, test.name, seed))
        or _empty_run(name, test, seed, Verdict.UNKNOWN, "interrupted before it ran")
        for test in plan.tests
        for seed in plan.seeds
    ]
