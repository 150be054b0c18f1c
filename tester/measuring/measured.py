"""What was measured of a submission: its samples of each figure, and their summaries."""

from dataclasses import dataclass, field
from math import ceil
from statistics import fmean, median

from tester.measuring.batch import Batch
from tester.measuring.figures import CPU
from tester.verdict import Verdict

# The share of samples that the high end of a summary leaves out: single outliers.
HIGH_SHARE = 0.99
GIVEN_UP = "the rest of the trials was left out: too many had failed"


@dataclass(frozen=True)
class Summary:
    """The distribution of a figure in a few numbers."""

    samples: int
    least: float
    median: float
    mean: float
    high: float
    most: float

    @classmethod
    def of(cls, samples: list[float]) -> "Summary":
        """Return the summary of at least one sample."""
        ordered = sorted(samples)
        return cls(
            samples=len(ordered),
            least=ordered[0],
            median=median(ordered),
            mean=fmean(ordered),
            high=ordered[ceil(HIGH_SHARE * len(ordered)) - 1],
            most=ordered[-1],
        )


@dataclass
class Measured:
    """All that was measured of one submission.

    Attributes:
        name: the submission's, as in the reports.
        samples: by the name of the figure, in the order of the trials.
        cpu_ms_per_command: one sample a batch; no function of the seeds.
        problems: what kept trials from their end, each with the number of batches.
        cpu_s: CPU seconds that all batches took; no function of the seeds either.
        failed: whether it broke a property or did nothing in some trial.
        given_up: whether the rest was left out, since too many batches had failed.
    """

    name: str
    samples: dict[str, list[float]] = field(default_factory=dict)
    cpu_ms_per_command: list[float] = field(default_factory=list)
    problems: dict[str, int] = field(default_factory=dict)
    cpu_s: float = 0.0
    failed: bool = False
    given_up: bool = False

    def add(self, batch: Batch) -> None:
        """Add a batch; the order of batches is that of the trials."""
        self.cpu_s += batch.cpu_s
        for figure, samples in batch.samples.items():
            if figure == CPU.name:
                self.cpu_ms_per_command += samples
            else:
                self.samples.setdefault(figure, []).extend(samples)
        if batch.verdict is not Verdict.PASSED:
            self.failed |= batch.verdict is Verdict.FAILED
            self.problems[batch.reason] = self.problems.get(batch.reason, 0) + 1

    def summary(self, figure: str) -> Summary | None:
        """Return the summary of a figure, None if nothing was measured."""
        samples = self.samples.get(figure)
        return Summary.of(samples) if samples else None

    @property
    def split_share(self) -> float | None:
        """The share of elections that took more than one term, None without any."""
        terms = self.samples.get("election_terms")
        return sum(used > 1 for used in terms) / len(terms) if terms else None

    def problem_lines(self) -> list[str]:
        """Return what kept trials from their end, for people."""
        lines = [
            f"{reason} (in {count} of the batches of trials)"
            for reason, count in self.problems.items()
        ]
        return [*lines, GIVEN_UP] if self.given_up else lines
