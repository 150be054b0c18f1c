"""Grading: submissions by tests by seeds, spread over processes.

A submission that cannot be loaded costs one job. What is done is kept,
whatever happens next: Ctrl-C leaves the rest unknown, and still reports.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from labrpc.submission import Submission
from tester.grades import Grade, by_test
from tester.pool import Pool
from tester.run import GradedTest
from tester.suite import UsageError
from tester.verdict import Run, Verdict
from tester.worker import Job

Tell = Callable[[Run], None]
"""Told of each run as it comes in."""


@dataclass
class Plan:
    """What to grade.

    Attributes:
        submissions: name to path; names are unique.
    """

    submissions: dict[str, Path]
    tests: list[GradedTest]
    seeds: range

    @property
    def runs(self) -> int:
        """How many runs there are if every submission loads."""
        return len(self.submissions) * len(self.tests) * len(self.seeds)


def find_submissions(paths: list[str]) -> dict[str, Path]:
    """Return the submissions at `paths`, by a name that is unique.

    A path is a submission, or a folder of them.

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
            if child.name[0] not in "._" and (child.is_dir() or child.suffix == ".py")
        ]
        if not children:
            raise UsageError(
                f"{text} is neither a submission nor a folder of submissions: a "
                "submission is a directory with raft/ or raft.py, or one .py file"
            )
        found += children
    return _named(list(dict.fromkeys(found)))


def _named(paths: list[Path]) -> dict[str, Path]:
    """Name submissions by their directory or file, and by more where that is not unique."""
    names: dict[str, Path] = {}
    for path in paths:
        name = path.stem if path.is_file() else path.name
        if name in names or (
            path.name == "raft" and len(paths) > 1 and path.parent.name
        ):
            longer = f"{path.parent.name}/{name}"
            name = longer if longer not in names else str(path)
        names[name] = path
    return names


def grade(plan: Plan, processes: int, tell: Tell) -> tuple[list[Grade], bool]:
    """Run the plan; return each submission's grade, and whether it was interrupted."""
    runs: dict[tuple[str, str, int], Run] = {}
    load_errors: dict[str, str] = {}
    interrupted = False
    with Pool(processes) as pool:
        pool.add(
            *[Job(str(path), name, "", 0) for name, path in plan.submissions.items()]
        )
        try:
            for job, run in pool.results():
                if job.test:
                    run = run or _lost(plan, job)
                    runs[job.name, job.test, job.seed] = run
                    tell(run)
                elif run is None or run.verdict is Verdict.FAILED:
                    why = run.reason if run else "its process died while it was loaded"
                    load_errors[job.name] = why
                    for failed in _not_loaded(plan, job.name, why, run):
                        runs[job.name, failed.test, failed.seed] = failed
                        tell(failed)
                else:
                    pool.add(*_jobs(plan, job))
        except KeyboardInterrupt:
            interrupted = True
    return [
        Grade(
            name,
            str(path),
            by_test(_all_runs(plan, name, runs)),
            load_errors.get(name, ""),
        )
        for name, path in plan.submissions.items()
    ], interrupted


def _jobs(plan: Plan, loaded: Job) -> list[Job]:
    """Return the runs of a submission that loads, seed by seed."""
    return [
        Job(loaded.path, loaded.name, test.name, seed)
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


def _not_loaded(plan: Plan, name: str, why: str, run: Run | None) -> list[Run]:
    """Return a failed run of every test for a submission that does not load."""
    found = []
    for seed in plan.seeds:
        for test in plan.tests:
            failed = _empty_run(name, test, seed, Verdict.FAILED, why)
            failed.evidence = run.evidence if run else ""
            found.append(failed)
    return found


def _lost(plan: Plan, job: Job) -> Run:
    """Return the run of a job whose process died: that is not known to be its fault."""
    test = next(test for test in plan.tests if test.name == job.test)
    reason = "the grading process died or hung during this run"
    return _empty_run(job.name, test, job.seed, Verdict.UNKNOWN, reason)


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
