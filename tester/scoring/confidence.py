"""Stopping a test early: what some seeds say about all, with a stated error.

A grading without this rule runs all seeds. What it would come to is a fact, the number of
the seeds at which the test fails; after some of them it is known up to an interval. The
interval is that of a confidence sequence for sampling without replacement (Waudby-Smith and
Ramdas, NeurIPS 2020, with a uniform prior): it may be looked at after every seed, and the
probability that any of these looks misses the number is at most the stated error.
"""

import functools
from dataclasses import dataclass
from fractions import Fraction
from math import comb

from tester.scoring.policy import EXACT, Policy

# At many seeds, more looks than this take time, and hardly stop a test earlier.
LOOKS = 200


@dataclass(frozen=True)
class Confidence:
    """How sure a grading wants to be before it stops a test.

    Attributes:
        level: the probability, at least, that a test's interval holds what all seeds
            would have come to.
        within: how much the share of the points may differ inside the interval.
    """

    level: float
    within: float = 0.0

    @property
    def error(self) -> Fraction:
        """The probability, at most, that the interval does not hold it."""
        # As it is written, and not as a binary number.
        return 1 - Fraction(str(self.level))

    @property
    def words(self) -> str:
        """The same for a person."""
        within = (
            f", within {100 * self.within:g} % of its points" if self.within else ""
        )
        return (
            "a test is stopped when its points are clear with a probability of "
            f"{100 * self.level:g} %{within}"
        )


@dataclass(frozen=True)
class Sample:
    """What the seeds that were run say about all seeds.

    Attributes:
        seeds: how many there are.
        failing_least: how many of them fail, at least.
        failing_most: the same, at most.
        error: the probability, at most, that this is wrong.
    """

    seeds: int
    failing_least: int
    failing_most: int
    error: float

    @property
    def passing(self) -> tuple[float, float]:
        """The share of all seeds that pass, at least and at most."""
        return 1 - self.failing_most / self.seeds, 1 - self.failing_least / self.seeds

    @property
    def words(self) -> str:
        """The same for a person."""
        least, most = (round(100 * share, 1) for share in self.passing)
        if least == most:
            return f"{most:g} % of {self.seeds} seeds"
        return (
            f"{least:g} to {most:g} % of {self.seeds} seeds, with an error of at most "
            f"{100 * self.error:g} %"
        )


def sample(confidence: Confidence, judged: int, failed: int, seeds: int) -> Sample:
    """Return what some seeds say about all.

    Args:
        confidence: how sure one wants to be.
        judged: how many came to a verdict.
        failed: how many of these failed.
        seeds: how many there are.
    """
    least, most = failing_seeds(judged, failed, seeds, confidence.error)
    return Sample(seeds, least, most, float(confidence.error))


@functools.cache
def is_clear(
    policy: Policy, confidence: Confidence, seeds: int, judged: int, failed: int
) -> bool:
    """Return whether the seeds that are left cannot change what a test earns.

    That is: all numbers in the interval earn the same share, or nearly so.
    """
    if judged % -(-seeds // LOOKS) and judged != seeds:
        return False
    least, most = failing_seeds(judged, failed, seeds, confidence.error)
    worst, best = (policy.share_of(seeds - failing, seeds) for failing in (most, least))
    return best - worst <= confidence.within + EXACT


@functools.cache
def failing_seeds(
    judged: int, failed: int, seeds: int, error: Fraction
) -> tuple[int, int]:
    """Return the least and the greatest number of seeds that may fail in all.

    A number is ruled out when what was seen is far less likely by it than by all numbers
    together, each as likely as the others: by Ville's inequality that happens to the true
    one, at any look, with a probability of at most `error`. In whole numbers, so that
    every machine gets the same.
    """
    least, most = failed, seeds - judged + failed
    if not judged:
        return least, most
    mode = min(max(failed * (seeds + 1) // judged, least), most)
    seen = (judged + 1) * comb(judged, failed) * error.denominator

    def is_possible(failing: int) -> bool:
        by_it = comb(seeds - judged, failing - failed) * seen
        return comb(seeds, failing) * error.numerator < by_it

    # The likelihood rises up to the mode and falls from there.
    below, above = least, most
    reach = mode
    while below < reach:
        middle = (below + reach) // 2
        below, reach = (below, middle) if is_possible(middle) else (middle + 1, reach)
    reach = mode
    while reach < above:
        middle = (reach + above + 1) // 2
        reach, above = (middle, above) if is_possible(middle) else (reach, middle - 1)
    return below, above
