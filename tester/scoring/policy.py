"""Policies: the share of its points that a test earns, from its verdicts over the seeds.

Every policy keeps a promise: if no seed passed, nothing is earned. A run without a verdict
may still pass or fail: what is earned then lies between the two.
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
EXACT = 1e-9


class WrongFormula(Exception):
    """A formula cannot be used; the message says why, and how to mend it."""


@dataclass(frozen=True)
class Share:
    """A share of the points, from 0 to 1.

    Attributes:
        least: if every run without a verdict fails.
        most: if every run without a verdict passes.
    """

    least: float
    most: float


@dataclass(frozen=True)
class Policy:
    """A rule that turns the seeds that passed into a share of the points.

    Attributes:
        rule: "all" (no seed may fail), "share" (the share of the seeds that passed),
            or "threshold" (the value of the formula).
        per: the unit that passes or fails at a seed: a "test", or the whole "part",
            which passes if none of its tests fails.
        formula: for the rule "threshold", an expression of `passed` and `seeds`.
    """

    rule: str = "all"
    per: str = "test"
    formula: str = ""

    @property
    def words(self) -> str:
        """The policy, as reports state it."""
        earned = {
            "all": "earns its points if it fails at no seed",
            "share": "earns its points in proportion to the seeds at which it passes",
            "threshold": f"earns {self.formula} of its points, where `passed` is the "
            "number of seeds at which it passes, of `seeds` in all",
        }
        unit = {"test": "each test", "part": "the whole part"}[self.per]
        said = f"{unit} {earned[self.rule]}"
        if self.per == "part":
            said += " (it passes at a seed if none of its tests fails there)"
        return said

    def shares(self, tests: Sequence[Sequence[Run]], seeds: int) -> list[Share]:
        """Return the share that each test of one part has earned.

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

    def share_of(self, passed: int, seeds: int) -> float:
        """Return the share that is earned if this many of all seeds pass."""
        return self._share_if(passed, seeds, seeds)

    def _share(self, counts: VerdictCounts, seeds: int) -> Share:
        least, most = counts.passed, counts.passed + counts.unknown
        return Share(
            self._share_if(least, counts.total, seeds),
            self._share_if(most, counts.total, seeds),
        )

    def _share_if(self, passed: int, total: int, seeds: int) -> float:
        """Return the share that is earned if this number of seeds passes in the end."""
        if passed == 0:
            return 0.0
        if self.rule == "all":
            return float(passed == total)
        if self.rule == "share":
            return passed / total
        # Scale up to all seeds of the rubric, and round in favour of the submission:
        # formulas may name absolute counts, and were validated at whole numbers only.
        return evaluate_formula(self.formula, -(-passed * seeds // total), seeds)


def _counted(runs: Iterable[Run]) -> VerdictCounts:
    return VerdictCounts.of(run.verdict for run in runs)


def evaluate_formula(formula: str, passed: int, seeds: int) -> float:
    """Return the formula's value, limited to the range from 0 to 1.

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
        raise WrongFormula(f"gives {value!r} {where}, and not a number from 0 to 1")
    return min(1.0, max(0.0, float(value)))


def check_formula(formula: str, seeds: int) -> None:
    """Check that a formula can be evaluated, and is fair for this number of seeds.

    Raises:
        WrongFormula: it cannot be parsed or computed; it gives more than 0 if no seed
            passes, or less than 1 if all do; or it gives less if more seeds pass.
    """
    _check_names(formula)
    before = evaluate_formula(formula, 0, seeds)
    if before > 0:
        raise WrongFormula(f"gives {before:g} if no seed passes, but must give 0")
    for passed in range(1, seeds + 1):
        share = evaluate_formula(formula, passed, seeds)
        if share < before - EXACT:
            raise WrongFormula(
                f"gives {share:g} if {passed} of {seeds} seeds pass, but {before:g} if "
                "fewer do"
            )
        before = share
    if before < 1 - EXACT:
        raise WrongFormula(
            f"gives {before:g} if all {seeds} seeds pass, but must give 1: was it made "
            "for another number of seeds?"
        )


def _check_names(formula: str) -> None:
    """Check names and operators, also in branches that no evaluation takes."""
    try:
        tree = ast.parse(formula.strip(), mode="eval")
    except SyntaxError as exc:
        raise WrongFormula(f"is not an expression: {exc.msg}") from None
    except ValueError as exc:  # A null character.
        raise WrongFormula(f"is not an expression: {exc}") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.BitXor):
            raise WrongFormula("has a ^, which is not a power in Python: write **")
        known = (*NAMES, *FUNCTIONS)
        if isinstance(node, ast.Name) and node.id not in known:
            raise WrongFormula(f"has an unknown name: {unknown(node.id, known)}")
