"""Which situations many runs have met, and the cheapest run that meets each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tester.situations.catalogue import (
    FROM_OUTSIDE,
    SERVICE_SITUATIONS,
    SITUATIONS,
    situations_of,
)
from tester.verdict import Run

NAMES_DIFFER = (
    "no RPC has the recommended names of methods and fields (docs/contract.md), so only "
    "what shows from outside could be seen"
)


@dataclass
class MetSituations:
    """The situations that runs have met, each with the cheapest run: the fewest RPCs."""

    cheapest: dict[str, Run] = field(default_factory=dict)

    def add(self, runs: Iterable[Run]) -> None:
        """Add what runs have met."""
        for run in runs:
            for name in run.situations:
                if name not in SITUATIONS and name not in SERVICE_SITUATIONS:
                    continue
                known = self.cheapest.get(name)
                if known is None or _cost(run) < _cost(known):
                    self.cheapest[name] = run

    @property
    def possible(self) -> dict[str, str]:
        """The situations that runs of this lab may meet."""
        return situations_of(self.cheapest)

    @property
    def never(self) -> list[str]:
        """The situations that no run has met."""
        return [name for name in self.possible if name not in self.cheapest]

    def headline(self) -> str:
        """Return how many were met, and which never."""
        met = f"situations: the runs met {len(self.cheapest)} of {len(self.possible)}"
        return met + (f"; never: {', '.join(self.never)}" if self.never else "")

    def lines(self) -> Iterator[str]:
        """Yield the headline, and each situation with the run that meets it."""
        yield self.headline()
        if self.cheapest.keys() - SERVICE_SITUATIONS.keys() <= FROM_OUTSIDE:
            yield NAMES_DIFFER
        for name, about in self.possible.items():
            run = self.cheapest.get(name)
            if run is not None:
                yield f"{name}: {about} ({run_words(run)})"


def situation_lines(runs: Iterable[Run]) -> list[str]:
    """Return the lines about some runs; none if no run was watched."""
    met = MetSituations()
    met.add(runs)
    return list(met.lines()) if met.cheapest else []


def run_words(run: Run) -> str:
    """Return which run it was, as a student may know it."""
    seed = "a hidden seed" if run.hidden else f"seed {run.seed}"
    return f"{run.test} at {seed}"


def _cost(run: Run) -> tuple[bool, int, str, int]:
    # A seed that is a secret cannot be run again: any other is better.
    return run.hidden, run.rpcs, run.test, run.seed
