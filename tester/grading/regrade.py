"""Repeats one submission of an earlier grading, to show that its runs are the same.

What was graded stands in the ledger: tests, seeds and options are taken from there.
"""

import platform
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tester.errors import UsageError
from tester.grading import journal as ledger
from tester.grading.grader import Grading
from tester.grading.journal import Header, Record
from tester.grading.plan import Plan
from tester.judging.run_conditions import lab_digest
from tester.judging.suite import collect
from tester.scoring.rubric_file import default_rubric
from tester.text import listed, readable_name
from tester.verdict import Run, Verdict

# What two runs of one seed have in common, wherever and however often they are made.
COMPARED = ("verdict", "reason", "digest", "virtual_s", "rpcs", "bytes", "commits")


@dataclass
class Comparison:
    """Runs of one submission, then and now.

    Attributes:
        same: how many are identical in all that is compared.
        differences: one line for each that is not.
        unknown: how many came to no verdict, then or now: nothing to compare.
        caveats: what has changed meanwhile.
    """

    same: int = 0
    differences: list[str] = field(default_factory=list)
    unknown: int = 0
    caveats: list[str] = field(default_factory=list)

    def add(self, then: Run, now: Run) -> None:
        """Compare two runs of one seed."""
        if not then.test and then.passed and now.passed:
            return  # Of loading there is nothing to tell unless it fails.
        if Verdict.UNKNOWN in (then.verdict, now.verdict):
            self.unknown += 1
            return
        found = [
            f"{name} was {_shown(getattr(then, name))}, is {_shown(getattr(now, name))}"
            for name in COMPARED
            if getattr(then, name) != getattr(now, name)
        ]
        if found:
            where = f"{then.test} at seed {then.seed}" if then.test else "loading"
            self.differences.append(f"{where}: {'; '.join(found)}")
        else:
            self.same += 1


def _shown(value: object) -> str:
    return str(value) if isinstance(value, Verdict) else repr(value)


class Regrading:
    """One submission of an earlier grading, to be graded again.

    Args:
        directory: of the earlier grading.
        name: as it calls the submission.
        require_sandbox: whether to run nothing in a sandbox that lacks a layer.

    Raises:
        UsageError: there is no such grading, or no such submission in it.
    """

    def __init__(
        self, directory: Path, name: str, require_sandbox: bool = False
    ) -> None:
        record = ledger.read(directory)
        if record is None:
            raise UsageError(
                f"no grading stands in {directory}/{ledger.FILE}: name the "
                "--out of an earlier one"
            )
        self._record: Record = record
        self._name = name
        self._require_sandbox = require_sandbox
        self.plan = self._plan(record.header, directory)

    def compare(self, again: Grading) -> Comparison:
        """Return how the runs that were recorded compare with those made again."""
        entered = {entry.name: entry for entry in self._record.header.submissions}
        fingerprint = entered[self._name].fingerprint
        # The runs of a submission that was the same may stand under its twin's name.
        names = [
            name
            for name, entry in entered.items()
            if name == self._name or (fingerprint and entry.fingerprint == fingerprint)
        ]
        found = Comparison()
        if fingerprint != self.plan.fingerprints[self._name]:
            found.caveats.append("its files are not those that were graded")
        if self._record.header.lab != lab_digest():
            found.caveats.append("the lab itself has changed")
        if self._record.header.python != platform.python_version():
            found.caveats.append("Python's version has changed")
        # A run that came to no verdict may have been made again: the last one counts.
        recorded = {
            (run.test, run.seed): run
            for run in self._record.runs
            if run.submission in names
        }
        for run in again.made(self._name):
            if (run.test, run.seed) in recorded:
                found.add(recorded[run.test, run.seed], run)
        return found

    def _plan(self, header: Header, directory: Path) -> Plan:
        entered = {entry.name: entry for entry in header.submissions}
        if self._name not in entered:
            raise UsageError(
                f"{directory} has no submission {self._name!r}; it has "
                f"{listed(list(entered), 10)}"
            )
        entry = entered[self._name]
        if entry.refused:
            raise UsageError(f"{self._name} was not graded: {entry.refused}")
        if not Path(entry.path).exists():
            raise UsageError(
                f"{self._name} is no longer at {readable_name(entry.path)}"
            )
        tests = {test.name: test for test in collect()}
        missing = [name for name in header.tests if name not in tests]
        if missing:
            raise UsageError(f"there is no test {missing[0]} any more")
        return Plan(
            {self._name: Path(entry.path)},
            [tests[name] for name in header.tests],
            header.seeds,
            default_rubric(list(tests.values())),  # No points are given here.
            preempt=header.preempt,
            hosting=msgspec.structs.replace(
                header.hosting, require_sandbox=self._require_sandbox
            ),
            budget_s=header.budget_s,
        )
