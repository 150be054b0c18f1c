"""Measuring a class: all batches of all submissions, on several processes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tester.judging.run_hosting import RunHosting
from tester.measuring.batch import Batch, broken_batch
from tester.measuring.labs import LABS
from tester.measuring.measured import Measured
from tester.measuring.plan import BatchPlan
from tester.verdict import Verdict
from tester.workers.engine import Engine, WorkerLost
from tester.workers.job import MeasureJob
from tester.workers.pool import Pool

# After this many failed batches a submission is measured no further: each may take a run's
# whole CPU time.
FAILED_BATCHES_MAX = 3


@dataclass(frozen=True)
class MeasurementPlan:
    """What is to be measured.

    Attributes:
        submissions: where each lies, by name.
        trials: how many of the lab's first probe; the others have fewer, in proportion.
        seed: of the measurement.
        hosting: how the submissions are hosted.
        lab: the number of the lab that they are submissions of.
    """

    submissions: Mapping[str, Path]
    trials: int
    seed: int
    hosting: RunHosting
    lab: int = 2
    batches: list[BatchPlan] = field(init=False)

    def __post_init__(self) -> None:
        planned = LABS[self.lab].batches(self.trials, self.seed)
        object.__setattr__(self, "batches", list(planned))

    @property
    def total(self) -> int:
        """The number of batches of all submissions."""
        return len(self.submissions) * len(self.batches)


def measure(
    plan: MeasurementPlan,
    processes: int,
    notify: Callable[[int], None],
    engine: Engine | None = None,
) -> list[Measured]:
    """Measure all submissions; return what was measured, in their order.

    Args:
        plan: what is to be measured.
        processes: how many processes measure at a time.
        notify: called with the number of batches that are done, or are given up.
        engine: carries out the jobs, None for processes of this machine.
    """
    found: dict[str, dict[BatchPlan, Batch]] = {name: {} for name in plan.submissions}
    given_up: set[str] = set()
    with engine or Pool(processes) as pool:
        for name, path in plan.submissions.items():
            pool.add(*(_job(plan, name, path, batch) for batch in plan.batches))
        for job, answer in pool.batches():
            batches = found[job.name]
            batches[_planned(job)] = _batch(answer)
            notify(1)
            if job.name not in given_up and _failed(batches) >= FAILED_BATCHES_MAX:
                given_up.add(job.name)
                _drop_unneeded(pool, job.path, plan, batches)
    for name in given_up:
        notify(len(plan.batches) - len(found[name]))
    return [_measured(name, plan, batches) for name, batches in found.items()]


def _failed(batches: Mapping[BatchPlan, Batch]) -> int:
    return sum(batch.verdict is not Verdict.PASSED for batch in batches.values())


def _drop_unneeded(
    pool: Engine, path: str, plan: MeasurementPlan, batches: Mapping[BatchPlan, Batch]
) -> None:
    """Drop the batches after the one at which a submission is given up.

    One before it may be waiting still, if the machine that had it was lost.
    """
    needed: set[BatchPlan] = set()
    failed = 0
    for planned in plan.batches:
        needed.add(planned)
        failed += planned in batches and batches[planned].verdict is not Verdict.PASSED
        if failed == FAILED_BATCHES_MAX:
            break
    pool.drop(
        path, lambda job: isinstance(job, MeasureJob) and _planned(job) not in needed
    )


def _planned(job: MeasureJob) -> BatchPlan:
    return BatchPlan(job.probe, job.seed, job.trials)


def _measured(
    name: str, plan: MeasurementPlan, batches: Mapping[BatchPlan, Batch]
) -> Measured:
    """Put a submission's batches together, up to the one at which it is given up.

    Batches are begun in the plan's order, so that this does not depend on how many
    processes there are.
    """
    measured, failed = Measured(name), 0
    for planned in plan.batches:
        batch = batches[planned]
        measured.add(batch)
        failed += batch.verdict is not Verdict.PASSED
        if failed == FAILED_BATCHES_MAX:
            measured.given_up = True
            break
    return measured


def _job(plan: MeasurementPlan, name: str, path: Path, batch: BatchPlan) -> MeasureJob:
    return MeasureJob(
        path=str(path),
        name=name,
        lab=plan.lab,
        hosting=plan.hosting,
        probe=batch.probe,
        seed=batch.seed,
        trials=batch.trials,
    )


def _batch(answer: Batch | WorkerLost) -> Batch:
    if isinstance(answer, Batch):
        return answer
    verdict = Verdict.FAILED if answer.is_submissions_fault else Verdict.UNKNOWN
    return broken_batch(verdict, answer.code, answer.reason)
