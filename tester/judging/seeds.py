"""Which seeds each graded test runs at, and in what portions.

One pytest item runs a portion of seeds, so that a run of a few milliseconds
does not cost more in collection and reporting than in running.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

# Up to so many seeds, each is an item of its own; beyond, a test has at most
# so many items, of at most so many seeds: small enough to spread over workers,
# and to lose little on Ctrl-C.
SINGLE_MAX = 10
PORTIONS_MAX = 40
PORTION_SEEDS_MAX = 25
# With a time limit there are up to so many slices, each of half a second or more.
SLICES_MAX = 600
SLICE_S_MIN = 0.5
SLICE_SEEDS = 10_000


@dataclass(frozen=True)
class Portion:
    """The seeds that one item runs.

    Attributes:
        seeds: in this order.
        kept: they failed in an earlier session, and are tried first.
        slice_s: stop after so many seconds of real time, None for all seeds.
    """

    seeds: Sequence[int]
    kept: bool = False
    slice_s: float | None = None

    @property
    def id(self) -> str:
        """The portion's name in a pytest node id."""
        first, last = self.seeds[0], self.seeds[-1]
        if self.slice_s is not None:
            return f"from{first}"
        name = f"seed{first}" if first == last else f"seeds{first}-{last}"
        return f"kept-{name}" if self.kept else name


def portions(first: int, count: int) -> list[Portion]:
    """Divide `count` seeds from `first` on into portions."""
    size = 1
    if count > SINGLE_MAX:
        size = min(PORTION_SEEDS_MAX, -(-count // PORTIONS_MAX))
    end = first + count
    return [Portion(range(i, min(i + size, end))) for i in range(first, end, size)]


def without(seeds: Sequence[int], divided: list[Portion]) -> list[Portion]:
    """Return portions with certain seeds left out; those of which none is left, too."""
    found = []
    for portion in divided:
        if any(seed in portion.seeds for seed in seeds):
            # As a tuple, for a slice has many; most have none that is to be left out.
            left = tuple(seed for seed in portion.seeds if seed not in seeds)
            portion = replace(portion, seeds=left)
        if portion.seeds:
            found.append(portion)
    return found


def slices(first: int, duration_s: float, workers: int) -> list[Portion]:
    """Return enough slices for one test to fill `duration_s` on all workers.

    Those that are not needed, because there are other tests or the time is up,
    are left out or run nothing.
    """
    work_s = duration_s * workers
    slice_s = max(SLICE_S_MIN, work_s / SLICES_MAX)
    starts = range(first, first + int(work_s / slice_s + 1) * SLICE_SEEDS, SLICE_SEEDS)
    return [
        Portion(range(start, start + SLICE_SEEDS), slice_s=slice_s) for start in starts
    ]


def parse_duration(text: str) -> float:
    """Return the seconds of a duration such as "90s", "10m" or "8h".

    Raises:
        ValueError: it is none.
    """
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    number, unit = text[:-1], text[-1:]
    if unit not in units:
        number, unit = text, "s"
    seconds = float(number) * units[unit]
    if not 0 < seconds < float("inf"):
        raise ValueError(text)
    return seconds
