"""Dividing the seeds of a graded test into batches.

One pytest item runs a batch of seeds. With an item for each seed, a run of a few
milliseconds would cost more in collection and reporting than in running.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

# Up to this many seeds, each is an item of its own. Beyond, a test has at most
# BATCHES_MAX items of at most BATCH_SEEDS_MAX seeds: small enough to spread over
# workers, and to lose little on Ctrl-C.
SINGLE_MAX = 10
BATCHES_MAX = 40
BATCH_SEEDS_MAX = 25
# With a time limit, a test has at most this many batches of at least this time.
TIMED_BATCHES_MAX = 600
BATCH_DURATION_S_MIN = 0.5
TIMED_BATCH_SEEDS = 10_000


@dataclass(frozen=True)
class SeedBatch:
    """The seeds that one item runs.

    Attributes:
        seeds: in this order.
        kept: whether they failed in an earlier session, and are tried first.
        duration_s: the real time after which no further seed begins, None for
            all seeds.
    """

    seeds: Sequence[int]
    kept: bool = False
    duration_s: float | None = None

    @property
    def id(self) -> str:
        """The batch's name in a pytest node id."""
        first, last = self.seeds[0], self.seeds[-1]
        if self.duration_s is not None:
            return f"from{first}"
        name = f"seed{first}" if first == last else f"seeds{first}-{last}"
        return f"kept-{name}" if self.kept else name


def batches(first: int, count: int) -> list[SeedBatch]:
    """Divide `count` seeds from `first` on into batches."""
    size = 1
    if count > SINGLE_MAX:
        size = min(BATCH_SEEDS_MAX, -(-count // BATCHES_MAX))
    end = first + count
    return [SeedBatch(range(i, min(i + size, end))) for i in range(first, end, size)]


def without(seeds: Sequence[int], divided: list[SeedBatch]) -> list[SeedBatch]:
    """Leave certain seeds out of batches, and drop the batches that are then empty."""
    found = []
    for batch in divided:
        if any(seed in batch.seeds for seed in seeds):
            # Only here is a tuple made: a timed batch has thousands of seeds.
            left = tuple(seed for seed in batch.seeds if seed not in seeds)
            batch = replace(batch, seeds=left)
        if batch.seeds:
            found.append(batch)
    return found


def timed_batches(first: int, duration_s: float, workers: int) -> list[SeedBatch]:
    """Return enough batches for one test to fill `duration_s` on all workers.

    Where other tests share the time, some of them are left out or run nothing.
    """
    work_s = duration_s * workers
    batch_s = max(BATCH_DURATION_S_MIN, work_s / TIMED_BATCHES_MAX)
    size = TIMED_BATCH_SEEDS
    starts = range(first, first + int(work_s / batch_s + 1) * size, size)
    return [SeedBatch(range(i, i + size), duration_s=batch_s) for i in starts]
