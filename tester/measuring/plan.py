"""Which batches a measurement consists of, and how many trials each has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# For how many trials the numbers below are.
TRIALS = 1000


@dataclass(frozen=True)
class ProbePlan:
    """How often a probe is made in a whole measurement.

    Attributes:
        trials: how many trials there are in all.
        batch: how many a batch has; each batch has a cluster and a seed of its own.
    """

    trials: int
    batch: int


PLANS = {
    "elections": ProbePlan(trials=1000, batch=25),
    "replication": ProbePlan(trials=500, batch=100),
    "catching_up": ProbePlan(trials=50, batch=10),
    "recovering": ProbePlan(trials=50, batch=10),
}


@dataclass(frozen=True)
class BatchPlan:
    """One batch: which probe, from which seed, and how many trials."""

    probe: str
    seed: int
    trials: int


def batches_of(
    plans: Mapping[str, ProbePlan], trials: int = TRIALS, seed: int = 0
) -> Iterator[BatchPlan]:
    """Yield the batches of a measurement.

    Args:
        plans: how often each probe is made.
        trials: how many of the first probe; the others have fewer, in proportion.
        seed: of the measurement. Each has seeds of its own.
    """
    for probe, plan in plans.items():
        left = -(-plan.trials * trials // TRIALS)
        number = 0
        while left > 0:
            yield BatchPlan(probe, seed * TRIALS + number, min(plan.batch, left))
            left -= plan.batch
            number += 1
