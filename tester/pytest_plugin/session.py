"""One pytest session of the lab: its options, its failure store, its tally.

The plugin's hooks call this; it knows pytest only by its configuration.
"""

import os
import re
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from labrpc.box_factory import isolation_problem
from labrpc.errors import LoadError
from labrpc.machine.wall_clock import Deadline
from labrpc.machine.watchdog import HangPolicy
from labrpc.submission.submission import Submission
from tester.codes import TIMED_OUT
from tester.console import live_lines
from tester.intake.find import default_submission, find_submission
from tester.intake.refusals import Refused
from tester.judging.debug import debug_test, prompts
from tester.judging.graded_test import GradedTest
from tester.judging.run import Recording, TakeLine, graded_run, new_run
from tester.judging.run_conditions import RunConditions
from tester.judging.run_hosting import RunHost, RunHosting
from tester.judging.seed_batch import (
    SeedBatch,
    batches,
    parse_duration,
    timed_batches,
    without,
)
from tester.pytest_plugin.determinism import DeterminismCheck
from tester.pytest_plugin.failure_store import DIRECTORY, FailureStore
from tester.pytest_plugin.hang_reporter import LastWords
from tester.pytest_plugin.run_log import Journal, WorkerJournals
from tester.pytest_plugin.tally import Tally, markdown
from tester.verdict import Run, Verdict


class LabSession:
    """What the options of one pytest process say, and what has come of it.

    Attributes:
        tally: all runs so far, in the process that reports.
        duration_s: how long to run fresh seeds, None without `--for`.
        had_no_turn: the tests that had an item for which no time was left.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._real_time: bool = config.getoption("--real-time")
        self.tally = Tally(real_time=self._real_time)
        self.had_no_turn: dict[str, None] = {}
        self.submission = self._find_submission()
        self._failures = config.invocation_params.dir / DIRECTORY
        self._preempt: bool = config.getoption("--preempt")
        self.store = FailureStore(self._failures, self.submission, self._preempt)
        if config.getoption("--seeds") < 1:
            raise pytest.UsageError("--seeds takes a number from 1 on")
        virtual_only = (
            "--lab-digest", "--lab-trace", "--lab-check-determinism", "--lab-failed",
            "--pdb", "--preempt",
        )  # fmt: skip
        for virtual in virtual_only if self._real_time else ():
            if config.getoption(virtual):
                raise pytest.UsageError(
                    f"{virtual} needs runs that repeat, and time that stands still: "
                    "not with --real-time"
                )
        self._hosting = RunHosting(
            isolation=config.getoption("--isolation"), real_time=self._real_time
        )
        for here in ("--real-time", "--pdb") if self._hosting.isolated else ():
            if config.getoption(here):
                raise pytest.UsageError(
                    f"{here} needs the servers in this process: not with --isolation"
                )
        problem = isolation_problem(self._hosting.isolation)
        if problem:
            raise pytest.UsageError(f"--isolation process: {problem}")
        self._host: RunHost | None = None
        self.determinism = DeterminismCheck()
        self._journal: Journal | None = None
        self._last_words: LastWords | None = None
        self._worker_journals: WorkerJournals | None = None
        self.duration_s = self._duration_s()

    def _find_submission(self) -> Submission:
        """Return the submission under test.

        Raises:
            pytest.UsageError: there is none.
        """
        option, root = self._config.getoption, self._config.rootpath
        named = option("--submission")
        path = Path(named) if named else default_submission(root, option("--lab"))
        try:
            return Submission.find(find_submission(path).path)
        except Refused as exc:
            raise pytest.UsageError(f"--submission {path}: {exc}") from None
        except LoadError as exc:
            raise pytest.UsageError(f"--submission: {exc}") from None

    def _duration_s(self) -> float | None:
        text = self._config.getoption("--for")
        try:
            return parse_duration(text) if text else None
        except ValueError:
            raise pytest.UsageError(
                f"--for takes a duration such as 90s, 10m or 8h, not {text!r}"
            ) from None

    # Which seeds.

    def batches(self, test: str) -> list[SeedBatch]:
        """Return the batches of seeds that a test runs, kept failures first.

        A seed that was asked for by `--seed` is a replay: it runs alone. In real
        time a seed that failed before is worth no more than any other.
        """
        option = self._config.getoption
        first = option("--seed")
        if first is not None or self._real_time:
            return self._fresh(first or 0)
        seeds = tuple(self.kept.get(test, []))
        kept = [SeedBatch(seeds, kept=True)] if seeds else []
        if option("--lab-failed"):
            return kept
        return kept + without(seeds, self._fresh(0))

    @cached_property
    def kept(self) -> dict[str, list[int]]:
        """The seeds at which each test failed before this session.

        A worker that replaces another must have the same items as the rest, though
        failures have been added meanwhile.
        """
        workerinput = getattr(self._config, "workerinput", None)
        return workerinput["lab_kept"] if workerinput else self.store.all_kept()

    def _fresh(self, first: int) -> list[SeedBatch]:
        if self.duration_s is not None:
            return timed_batches(first, self.duration_s, self._workers())
        return batches(first, self._config.getoption("--seeds"))

    def _workers(self) -> int:
        """Return how many processes run tests, the same number in each of them."""
        workerinput = getattr(self._config, "workerinput", None)
        return workerinput["workercount"] if workerinput else 1

    def select(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """Return the items to run: kept failures first, then round by round.

        In real time, those that it can run; with `--lab-failed`, nothing else.
        With a time limit, as many batches as fill it, each test's in turn.
        """
        rounds: dict[str, int] = {}
        ranked: list[tuple[int, pytest.Item]] = []
        for item in items:
            batch = batch_of(item)
            if self._real_time and item.get_closest_marker("virtual_time"):
                continue
            if batch is None and self._config.getoption("--lab-failed"):
                continue
            if batch is None or batch.kept:
                ranked.append((-1, item))
            elif batch.duration_s is None:
                ranked.append((0, item))
            else:
                test = item.nodeid.partition("[")[0]
                rounds[test] = rounds.get(test, 0) + 1
                ranked.append((rounds[test], item))
        most = max(rounds.values(), default=0) // max(len(rounds), 1) + 1
        return [
            item
            for rank, item in sorted(ranked, key=lambda pair: pair[0])
            if rank <= most
        ]

    # Running.

    @cached_property
    def _deadline(self) -> Deadline:
        """When the time of `--for` is up; it begins with the first fresh run."""
        return Deadline(self.duration_s or 0)

    def run(self, test: GradedTest, batch: SeedBatch, runs: list[Run]) -> None:
        """Run a test at every seed of a batch, adding to `runs` as they end."""
        batch_ends = Deadline(batch.duration_s or 0)
        for seed in batch.seeds:
            if batch.duration_s is not None and (
                batch_ends.left_s() <= 0 or self._deadline.left_s() <= 0
            ):
                return
            try:
                runs.append(self._run_once(test, seed))
            except pytest.fail.Exception as exc:
                if not is_timeout(exc):
                    raise
                # There is no net any more for what would follow.
                runs.append(self._timed_out(test, seed, exc))
                return

    def _timed_out(self, test: GradedTest, seed: int, exc: BaseException) -> Run:
        """Return the run that pytest-timeout has ended: a limit on the machine's time."""
        run = self._new_run(test, seed)
        run.verdict, run.code = Verdict.UNKNOWN, TIMED_OUT.name
        limit = re.search(r"[\d.]+ ?s", str(exc))
        run.reason = (
            f"pytest-timeout ended it after {limit[0] if limit else 'its time'}: not "
            "the submission's fault"
        )
        places = getattr(exc, "__notes__", [])
        run.evidence = "\n".join(
            [
                "the machine was slow, or --timeout is short for what the test does",
                *places,
            ]
        )
        self.journal.end(run)
        return run

    @property
    def host(self) -> RunHost:
        """What hosts the runs; from now on, a call into C that hangs ends the process.

        Raises:
            LabError: the servers cannot live there on this machine.
            LoadError: the submission cannot be made ready.
        """
        if self._host is None:
            workerinput = getattr(self._config, "workerinput", {"workerid": "gw0"})
            number = int(workerinput["workerid"].removeprefix("gw"))
            self._host = self._hosting.open(
                self.submission,
                self._preempt,
                self._hang_policy,
                process_number=os.getppid() + number,
            )
        return self._host

    def debug(
        self,
        test: GradedTest,
        batch: SeedBatch,
        runs: list[Run],
        at_teardown: Callable[[Callable[[], None]], None],
    ) -> None:
        """Run a test at every seed, for a debugger: see `debug_test`."""
        for seed in batch.seeds:
            run = self._new_run(test, seed)
            self.journal.begin(run)
            conditions = self._conditions(test, seed)
            failure = debug_test(run, conditions, self._hang_policy, at_teardown)
            runs.append(run)
            self.journal.end(run)
            if failure is not None:
                raise failure

    def prompts(self) -> AbstractContextManager[None]:
        """While entered, `breakpoint()` opens a prompt, if a person can be there."""
        if self._hosting.isolated or not self.reports:
            return nullcontext()
        return prompts(self._config.pluginmanager)

    def _new_run(self, test: GradedTest, seed: int) -> Run:
        return new_run(self._conditions(test, seed), self._hosting)

    def _conditions(self, test: GradedTest, seed: int) -> RunConditions:
        return RunConditions(self.submission, test, seed, self._preempt)

    def _run_once(self, test: GradedTest, seed: int) -> Run:
        self.journal.begin(self._new_run(test, seed))
        run = self._judged(test, seed)
        self.journal.end(run)
        return run

    def _judged(self, test: GradedTest, seed: int) -> Run:
        on_line = self._on_line(test, seed)
        conditions = self._conditions(test, seed)
        if self._config.getoption("--lab-check-determinism"):
            return self.determinism.run(conditions, self.host, on_line)
        digest: bool = self._config.getoption("--lab-digest")
        recording = Recording(digest, self.trace_directory, on_line)
        return graded_run(conditions, self.host, recording)

    def _on_line(self, test: GradedTest, seed: int) -> TakeLine | None:
        """Return what shows all that servers print: with `-s`, where it can be seen."""
        if self._config.getoption("capture") != "no" or not self.reports:
            return None
        return live_lines(f"{test.name}, seed {seed}:")

    @property
    def trace_directory(self) -> Path | None:
        """Where traces go, None if none are wanted."""
        if not self._config.getoption("--lab-trace"):
            return None
        directory: str = self._config.getoption("--lab-trace-dir")
        return self._config.invocation_params.dir / directory

    # What others need to know, should this process die.

    @property
    def journal(self) -> Journal:
        """This process's journal."""
        if self._journal is None:
            self._journal = Journal(self._open_journal())
        return self._journal

    @property
    def _hang_policy(self) -> HangPolicy:
        return HangPolicy(self.journal.fd, ends_process=not self.reports)

    def _open_journal(self) -> int:
        if not self.reports:
            worker = self._config.workerinput  # type: ignore[attr-defined]
            file = Path(worker["lab_journals"]) / worker["workerid"]
            return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        capture = self._config.pluginmanager.getplugin("capturemanager")
        # What it may have to say is for the real stderr.
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            self._last_words = LastWords(
                self.submission, self._preempt, self._failures, self._real_time
            )
        return self._last_words.fd

    @property
    def worker_journals(self) -> WorkerJournals:
        """The journals of xdist's workers."""
        if self._worker_journals is None:
            self._worker_journals = WorkerJournals(self.submission)
        return self._worker_journals

    def tell_worker(self, workerinput: dict[str, Any]) -> None:
        """Tell a worker of xdist what all of them, and this process, have to share."""
        workerinput["lab_kept"] = self.kept
        workerinput["lab_journals"] = self.worker_journals.directory

    def add_unreported(self) -> None:
        """Take in what workers have run and not come to report, as after Ctrl-C."""
        journals = self._worker_journals
        if journals is None:
            return
        self.add(journals.all_unreported())
        # A Ctrl-C may have come while one was about to be kept.
        for run in journals.all_failed() if not self._real_time else []:
            self.store.note(run)

    def close(self) -> None:
        """End what the session has started."""
        self.determinism.close()
        if self._host is not None:
            self._host.close()
        if self._last_words is not None:
            self._last_words.close()
        if self._worker_journals is not None:
            self._worker_journals.close()

    # Reporting.

    def add(self, runs: list[Run]) -> None:
        """Take runs into the tally, and failures into the store."""
        self.tally.add(runs)
        for run in runs if not self._real_time else []:
            self.store.note(run)

    def write_summary(self) -> None:
        """Append the session in Markdown to the file that was asked for."""
        name = self._config.getoption("--lab-summary")
        if name:
            file = self._config.invocation_params.dir / name
            with file.open("a", encoding="utf-8") as out:
                out.write(markdown(self.tally, f"Raft lab: {self.submission.name}"))

    @property
    def is_stress(self) -> bool:
        """Whether there are many seeds, so that a table of rates makes sense."""
        return self._config.getoption("--seeds") > 1 or self.duration_s is not None

    @property
    def reports(self) -> bool:
        """Whether this process reports, rather than a worker of xdist."""
        return not hasattr(self._config, "workerinput")


def is_timeout(exc: BaseException) -> bool:
    """Return whether pytest-timeout has raised, wherever the main thread was."""
    frames = traceback.extract_tb(exc.__traceback__)
    return any(Path(frame.filename).stem == "pytest_timeout" for frame in frames)


def batch_of(item: pytest.Item) -> SeedBatch | None:
    """Return the batch of seeds of a graded test's item."""
    callspec = getattr(item, "callspec", None)
    batch = callspec.params.get("cluster") if callspec is not None else None
    return batch if isinstance(batch, SeedBatch) else None


def junit_properties(runs: list[Run]) -> list[tuple[str, str]]:
    """Return what `--junitxml` carries of the runs that did not pass, or of the first."""
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
