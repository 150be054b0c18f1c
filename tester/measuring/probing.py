"""One cluster under measurement, and what was measured of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from tester.scenario.measured_cluster import MeasuredCluster

# A scenario may take 120 virtual seconds: a trial that begins later might not end.
LAST_TRIAL_S = 90.0

Cluster = TypeVar("Cluster", bound=MeasuredCluster)


@dataclass
class Probing(Generic[Cluster]):
    """One cluster under measurement.

    Attributes:
        cluster: the servers, and the clients of a service.
        trials: how many are wanted.
        cpu_s: returns the CPU seconds that lab and servers have used so far.
        samples: what was measured, by the name of the figure.
    """

    cluster: Cluster
    trials: int
    cpu_s: Callable[[], float]
    samples: dict[str, list[float]] = field(default_factory=dict)

    def note(self, figure: str, sample: float) -> None:
        """Add a sample of a figure; more digits than these are noise."""
        self.samples.setdefault(figure, []).append(round(sample, 6))

    def more(self, figure: str) -> bool:
        """Return whether another trial is wanted, and there is time for it."""
        done = len(self.samples.get(figure, ()))
        return done < self.trials and self.cluster.now < LAST_TRIAL_S
