"""Which situations many runs have met, and the cheapest run that meets each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tester.situations.catalogue import (
    AT_TIMES_FROM_OUTSIDE,
    FROM_OUTSIDE,
    SERVICE_SITUATIONS,
    SITUATIONS,
    situations_of,
)
from tester.verdict import Run

NAMES_DIFFER = (
    "no RPC has the recommended names of methods and fields, with indices from 1 "
    "(docs/contract.md): of Raft, only what shows from outside could be seen"
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
    def can_be_read(self) -> bool:
        """Whether messages were read: else they show no situation, whatever the runs met."""
        by_messages = SITUATIONS.keys() - FROM_OUTSIDE - AT_TIMES_FROM_OUTSIDE
        return not by_messages.isdisjoint(self.cheapest)

    @property
    def never(self) -> list[str]:
        """The situations that no run has met, of those that could be seen."""
        return [
            name
            for name in self.possible
            if name not in self.cheapest and self._could_be_seen(name)
        ]

    def _could_be_seen(self, name: str) -> bool:
        seen = {*FROM_OUTSIDE, *SERVICE_SITUATIONS, *self.cheapest}
        return self.can_be_read or name in seen

    def headline(self) -> str:
        """Return how many were met, which never, and how many could not be seen."""
        met = f"situations: the runs met {len(self.cheapest)} of {len(self.possible)}"
        unseen = sum(not self._could_be_seen(name) for name in self.possible)
        return (
            met
            + (f"; {unseen} cannot be seen" if unseen else "")
            + (f"; never: {', '.join(self.never)}" if self.never else "")
        )

    def lines(self) -> Iterator[str]:
        """Yield the headline, and each situation with the run that meets it."""
        yield self.headline()
        if not self.can_be_read:
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
