"""Repeating one submission of an earlier grading, to show that its runs are the same.

Tests, seeds and options are those of the grading: its journal has them.
"""

import dataclasses
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tester.errors import UsageError
from tester.grading import journal
from tester.grading.journal import Header, JournalContents
from tester.grading.plan import Plan, plan_of
from tester.grading.record import GradingRecord
from tester.judging.own_suite import suite_digest
from tester.judging.run_conditions import lab_digest
from tester.text import listed, readable_name
from tester.verdict import LoadResult, Run, Verdict

# What two runs of one seed have in common, wherever and however often they are made.
COMPARED = ("verdict", "reason", "digest", "virtual_s", "rpcs", "bytes", "commits")
COMPARED_OF_LOADING = ("verdict", "reason")


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
        self._add(f"{then.test} at seed {then.seed}", COMPARED, then, now)

    def add_load(self, then: LoadResult, now: LoadResult) -> None:
        """Compare two results of loading; that it loads both times is not counted."""
        if not (then.passed and now.passed):
            self._add("loading", COMPARED_OF_LOADING, then, now)

    def _add(
        self,
        what: str,
        compared: Sequence[str],
        then: Run | LoadResult,
        now: Run | LoadResult,
    ) -> None:
        if Verdict.UNKNOWN in (then.verdict, now.verdict):
            self.unknown += 1
            return
        found = [
            f"{name} was {_shown(getattr(then, name))}, is {_shown(getattr(now, name))}"
            for name in compared
            if getattr(then, name) != getattr(now, name)
        ]
        if found:
            self.differences.append(f"{what}: {'; '.join(found)}")
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
        before = journal.read(directory)
        if before is None:
            raise UsageError(
                f"no grading stands in {directory}/{journal.FILE}: name the "
                "--out of an earlier one"
            )
        self._before: JournalContents = before
        self._name = name
        self._require_sandbox = require_sandbox
        self.plan = self._plan(before.header, directory)

    def compare(self, again: GradingRecord) -> Comparison:
        """Return how the runs that were recorded compare with those made again."""
        entered = {entry.name: entry for entry in self._before.header.submissions}
        fingerprint = entered[self._name].fingerprint
        # Runs of duplicates stand under the name of the first of them.
        names = [
            name
            for name, entry in entered.items()
            if name == self._name or (fingerprint and entry.fingerprint == fingerprint)
        ]
        found = Comparison()
        if fingerprint != self.plan.fingerprints[self._name]:
            found.caveats.append("its files are not those that were graded")
        if self._before.header.lab != lab_digest():
            found.caveats.append("the lab itself has changed")
        for suite in self._before.header.suites:
            if suite_digest(Path(suite.path)) != suite.digest:
                found.caveats.append(f"the tests in {suite.path} have changed")
        if self._before.header.python != platform.python_version():
            found.caveats.append("Python's version has changed")
        # A result without a verdict may have been replaced: the last one counts.
        results = [r for r in self._before.results if r.submission in names]
        loads = [result for result in results if isinstance(result, LoadResult)]
        load = again.load(self._name)
        if loads and load is not None:
            found.add_load(loads[-1], load)
        recorded = {
            (run.test, run.seed): run for run in results if isinstance(run, Run)
        }
        for run in again.runs(self._name):
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
        return dataclasses.replace(
            plan_of(header, {self._name: Path(entry.path)}, None),
            hosting=msgspec.structs.replace(
                header.hosting, require_sandbox=self._require_sandbox
            ),
            situations=False,
            refused={},
            # Taken anew: the files may have changed.
            fingerprints={},
        )
