"""What a session reports at its end: rates, reasons, warnings, and kept failures."""

from collections.abc import Iterator

from tester.pytest_plugin.failure_store import FailureStore, format_failures
from tester.pytest_plugin.options import SessionOptions
from tester.pytest_plugin.tally import Tally, markdown, reasons, table_lines
from tester.situations.report import MetSituations
from tester.verdict import Run


class SessionReport:
    """Takes the runs in, in the process that reports.

    Args:
        options: of the session.
        store: keeps the failures.
    """

    def __init__(self, options: SessionOptions, store: FailureStore) -> None:
        self._options = options
        self._store = store
        self._tally = Tally(real_time=options.real_time)
        self._without_turn: dict[str, None] = {}
        self._situations = MetSituations()

    @property
    def is_empty(self) -> bool:
        """Whether no graded test has run."""
        return not self._tally.tests

    def add(self, runs: list[Run]) -> None:
        """Count runs, and keep their failures."""
        self._tally.add(runs)
        self._situations.add(runs)
        self.keep_failures(runs)

    def keep_failures(self, runs: list[Run]) -> None:
        """Keep the failures among runs; in real time no seed would repeat them.

        A list of choices is kept already.
        """
        options = self._options
        for run in [] if options.real_time or options.replay else runs:
            self._store.note(run)

    def add_without_turn(self, test: str) -> None:
        """Note that an item of a test did not run, since the time was up."""
        self._without_turn[test] = None

    def lines(self) -> Iterator[str]:
        """Yield the lines of the report."""
        tally, options = self._tally, self._options
        if options.traces is not None and options.traces.is_dir():
            yield (
                f"traces, with the digest of each: {options.traces}; `raft-lab trace "
                "FILE` prints one in words"
            )
        yield from sorted(tally.digests, key=lambda text: text.split(maxsplit=1)[1])
        yield from tally.warning_lines()
        if options.many_seeds:
            yield from table_lines(tally)
        elif any(len(test.reasons()) > 1 for test in tally.tests.values()):
            # A failure shows the first seed of its batch only.
            yield from reasons(tally)
        for fixed in format_failures(self._store.fixed):
            yield f"fixed, no longer kept: {fixed}"
        for puzzling in format_failures(self._store.puzzling):
            yield (
                "passed this time though the submission has not changed: " + puzzling
            )
        if self._store.problem:
            yield self._store.problem
        left_out = [
            test
            for test in self._without_turn
            if test.partition("::")[2] not in tally.tests
        ]
        if left_out:
            yield (
                f"{len(left_out)} of the tests did not run before the time was up: use a "
                "longer --for, or fewer tests (-k)"
            )
        if options.situations:
            headline, *rows = self._situations.lines()
            yield headline
            yield from (f"  {row}" for row in rows)
        if self._is_one_passed_seed():
            yield (
                "each test passed at one seed: what happens only now and then needs "
                "--seeds 20"
            )
        yield tally.summary()

    def _is_one_passed_seed(self) -> bool:
        """Return whether all has passed, but each test only once, at a seed not chosen."""
        options = self._options
        if options.first_seed is not None or options.many_seeds or options.real_time:
            return False
        runs = [test.counts for test in self._tally.tests.values()]
        return bool(runs) and all(run.passed == run.total == 1 for run in runs)

    def write_summary(self) -> str:
        """Append the session in Markdown to the file that was asked for.

        Returns:
            Why that is impossible, "" if it is not.
        """
        file = self._options.summary
        if file is None or self.is_empty:
            return ""
        title = f"Raft lab: {self._options.submission.name}"
        try:
            with file.open("a", encoding="utf-8", errors="backslashreplace") as out:
                out.write(markdown(self._tally, title))
        except OSError as exc:
            return f"--lab-summary: {file} cannot be written: {exc.strerror or exc}"
        return ""


def junit_properties(runs: list[Run]) -> list[tuple[str, str]]:
    """Return what `--junitxml` has of the runs that did not pass, or of the first."""
    return [
        (name, str(getattr(run, name)))
        for run in [run for run in runs if not run.passed] or runs[:1]
        for name in (
            "seed",
            "verdict",
            "code",
            "reason",
            "replay",
            "virtual_s",
            "rpcs",
            "bytes",
        )
    ]
