"""Dividing the seeds of a graded test into batches.

One pytest item runs a batch of seeds. With an item for each seed, a run of a few
milliseconds would cost more in collection and reporting than in running.
"""

import re
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
        kept: whether some failed in an earlier session: it is run before the others.
        duration_s: the real time after which no further seed begins, None for
            all seeds.
        name: what it is called where its seeds are too many to be listed.
    """

    seeds: Sequence[int]
    kept: bool = False
    duration_s: float | None = None
    name: str = ""

    @property
    def id(self) -> str:
        """The batch's name in a pytest node id: in every session that of these seeds."""
        return self.name or ("seeds" if len(self.seeds) > 1 else "seed") + "+".join(
            str(first) if first == last else f"{first}-{last}"
            for first, last in _intervals(sorted(self.seeds))
        )


def _intervals(seeds: list[int]) -> list[tuple[int, int]]:
    """Return the first and the last of each row of adjacent numbers."""
    found: list[tuple[int, int]] = []
    for seed in seeds:
        if found and seed == found[-1][1] + 1:
            found[-1] = found[-1][0], seed
        else:
            found.append((seed, seed))
    return found


def batch_called(name: str, kept: Sequence[int] = ()) -> SeedBatch | None:
    """Return the batch that a node id names, None if none is called so.

    Args:
        name: what stands between the brackets.
        kept: the test's seeds that failed before.
    """
    timed = re.fullmatch(r"from(\d{1,20})", name)
    if timed:
        # What is known of the many seeds that it had.
        first = int(timed[1])
        known = [seed for seed in kept if first <= seed < first + TIMED_BATCH_SEEDS]
        return SeedBatch(tuple(known or [first]), name=name)
    if not re.fullmatch(r"seeds?\d{1,20}([+-]\d{1,20})*", name):
        return None
    seeds: list[int] = []
    for interval in re.findall(r"[\d-]+", name):
        first, *_, last = map(int, interval.split("-") * 2)
        if last - first >= BATCH_SEEDS_MAX:
            return None
        seeds += range(first, last + 1)
    inside = [seed for seed in kept if seed in seeds]
    batch = SeedBatch(tuple(dict.fromkeys([*inside, *seeds])), kept=bool(inside))
    return batch if batch.id == name else None


def batches(first: int, count: int) -> list[SeedBatch]:
    """Divide `count` seeds from `first` on into batches."""
    size = 1
    if count > SINGLE_MAX:
        size = min(BATCH_SEEDS_MAX, -(-count // BATCHES_MAX))
    end = first + count
    return [SeedBatch(range(i, min(i + size, end))) for i in range(first, end, size)]


def kept_first(kept: Sequence[int], divided: list[SeedBatch]) -> list[SeedBatch]:
    """Put the seeds that failed before at the head of their batches.

    Those that are in none are a batch of their own, and so are those of a batch that
    has a time limit, which may have run out before they have had their turn.
    """
    found, alone = [], list(kept)
    for batch in divided:
        inside = [seed for seed in kept if seed in batch.seeds]
        if inside:
            # Only here is a tuple made: a timed batch has thousands of seeds.
            others = tuple(seed for seed in batch.seeds if seed not in inside)
            if batch.duration_s is not None:
                batch = replace(batch, seeds=others)
            else:
                batch = replace(batch, seeds=(*inside, *others), kept=True)
                alone = [seed for seed in alone if seed not in inside]
        found.append(batch)
    return ([SeedBatch(tuple(alone), kept=True)] if alone else []) + found


def timed_batches(first: int, duration_s: float, workers: int) -> list[SeedBatch]:
    """Return enough batches for one test to fill `duration_s` on all workers.

    Where other tests share the time, some of them are left out or run nothing.
    """
    work_s = duration_s * workers
    batch_s = max(BATCH_DURATION_S_MIN, work_s / TIMED_BATCHES_MAX)
    size = TIMED_BATCH_SEEDS
    starts = range(first, first + int(work_s / batch_s + 1) * size, size)
    return [
        SeedBatch(range(i, i + size), duration_s=batch_s, name=f"from{i}")
        for i in starts
    ]
