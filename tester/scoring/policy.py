"""Policies: which share of its points a test has earned, given how its seeds went.

Every policy keeps two promises: where no seed passed, nothing is earned, and runs
that came to no verdict count for nothing, neither way.
"""

import ast
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from simpleeval import SimpleEval

from tester.outcome import VerdictCounts
from tester.text import unknown
from tester.verdict import Run

RULES = ("all", "share", "threshold")
UNITS = ("test", "part")
NAMES = ("passed", "seeds")
FUNCTIONS: dict[str, Callable[..., float]] = {
    "min": min,
    "max": max,
    "ceil": math.ceil,
    "floor": math.floor,
}
_EXACT = 1e-9


class WrongFormula(Exception):
    """A formula cannot be used; the message says why, and what would be right."""


@dataclass(frozen=True)
class Policy:
    """How the seeds that passed become a share of the points.

    Attributes:
        rule: "all" (no seed may fail), "share" (the share of the seeds that
            passed), or "threshold" (what the formula gives).
        per: what passes at a seed or does not: a "test", or the whole "part",
            which passes where none of its tests fails.
        formula: for the rule "threshold": an expression of `passed` and `seeds`.
    """

    rule: str = "all"
    per: str = "test"
    formula: str = ""

    @property
    def words(self) -> str:
        """The policy as a student reads it."""
        earned = {
            "all": "earns its points if it fails at no seed",
            "share": "earns its points in proportion to the seeds at which it passes",
            "threshold": f"earns {self.formula} of its points, where `passed` of all "
            "`seeds` are those at which it passes",
        }
        unit = {"test": "each test", "part": "the whole part"}[self.per]
        said = f"{unit} {earned[self.rule]}"
        if self.per == "part":
            said += " (it passes at a seed if none of its tests fails there)"
        return said

    def shares(self, tests: Sequence[Sequence[Run]], seeds: int) -> list[float]:
        """Return the share that each test of one part has earned, from 0 to 1.

        Args:
            tests: the runs of each test.
            seeds: how many the rubric has.
        """
        if self.per == "part":
            by_seed: dict[int, list[Run]] = {}
            for run in (run for runs in tests for run in runs):
                by_seed.setdefault(run.seed, []).append(run)
            counts = VerdictCounts.of(
                _counted(runs).verdict for runs in by_seed.values()
            )
            return [self._share(counts, seeds)] * len(tests)
        return [self._share(_counted(runs), seeds) for runs in tests]

    def _share(self, counts: VerdictCounts, seeds: int) -> float:
        passed, failed = counts.passed, counts.failed
        if passed == 0:
            return 0.0
        if self.rule == "all":
            return float(failed == 0)
        if self.rule == "share":
            return passed / (passed + failed)
        # Counted up to all seeds, as if those without a verdict had gone as the
        # others did, and rounded in favour of the submission: a formula may well
        # speak of 200 out of 400, and has been tried at whole numbers.
        return clamped(self.formula, -(-passed * seeds // (passed + failed)), seeds)


def _counted(runs: Iterable[Run]) -> VerdictCounts:
    return VerdictCounts.of(run.verdict for run in runs)


def clamped(formula: str, passed: int, seeds: int) -> float:
    """Return the formula's value, not below 0 and not above 1.

    Raises:
        WrongFormula: it has no value there.
    """
    evaluator = SimpleEval(
        functions=FUNCTIONS, names={"passed": passed, "seeds": seeds}, allowed_attrs={}
    )
    where = f"with {passed} of {seeds} seeds passed"
    try:
        value = evaluator.eval(formula)
    except Exception as exc:
        raise WrongFormula(f"cannot be computed {where}: {exc}") from None
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise WrongFormula(f"gives {value!r} {where}, which is no number from 0 to 1")
    return min(1.0, max(0.0, float(value)))


def check_formula(formula: str, seeds: int) -> None:
    """Check that a formula can be read, and is fair with so many seeds.

    Raises:
        WrongFormula: it cannot be read or computed; it gives something where no
            seed passes, or not everything where all do; or it gives less where
            more seeds pass.
    """
    _check_words(formula)
    before = clamped(formula, 0, seeds)
    if before > 0:
        raise WrongFormula(
            f"gives {before:g} where no seed passes, and has to give 0 there"
        )
    for passed in range(1, seeds + 1):
        share = clamped(formula, passed, seeds)
        if share < before - _EXACT:
            raise WrongFormula(
                f"gives {share:g} where {passed} of {seeds} seeds pass, less than the "
                f"{before:g} where fewer do"
            )
        before = share
    if before < 1 - _EXACT:
        raise WrongFormula(
            f"gives {before:g} where all {seeds} seeds pass, and has to give 1 there: "
            "is it made for another number of seeds?"
        )


def _check_words(formula: str) -> None:
    """Check what no evaluation would see: the words in a branch that is not taken."""
    try:
        tree = ast.parse(formula.strip(), mode="eval")
    except SyntaxError as exc:
        raise WrongFormula(f"is no expression: {exc.msg}") from None
    except ValueError as exc:  # A null character.
        raise WrongFormula(f"is no expression: {exc}") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.BitXor):
            raise WrongFormula("has a ^, which is no power here: write **")
        known = (*NAMES, *FUNCTIONS)
        if isinstance(node, ast.Name) and node.id not in known:
            raise WrongFormula(f"has an unknown name: {unknown(node.id, known)}")
