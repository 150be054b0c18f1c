"""A graded test: a scenario of the suite, and what its markers say of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tester.scenario.checks import CheckedCluster

# They run only where they are asked for by name: docs/contract_bonus.md.
BONUS_PARTS = ("2P", "2R", "2T")


@dataclass(frozen=True)
class GradedTest:
    """A scenario of the graded suite, and what its markers say.

    Attributes:
        name: the function's name.
        function: takes the cluster, and raises SubmissionError if it fails.
        file: where it is defined.
        servers: how many servers it wants.
        reliable: whether the network is reliable at first.
        snapshots: whether the state machines take snapshots.
        persistence: whether servers have to save their state.
        elections: whether a leader must have been answered by a majority.
    """

    name: str
    part: str
    points: float
    function: Callable[[CheckedCluster], None]
    file: Path
    servers: int
    reliable: bool = True
    snapshots: bool = False
    persistence: bool = False
    elections: bool = True

    @property
    def is_bonus(self) -> bool:
        """Whether it runs only where its part is asked for."""
        return self.part in BONUS_PARTS

    @property
    def description(self) -> str:
        """The first line of the docstring."""
        return (self.function.__doc__ or self.name).strip().partition("\n")[0]
