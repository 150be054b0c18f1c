"""Running graded tests in a pytest process, seed by seed."""

import math
import os
import re
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from labrpc.machine.wall_clock import Deadline
from labrpc.machine.watchdog_timer import HangPolicy
from labrpc.submission.submission import Submission
from tester.codes import TIMED_OUT
from tester.judging.debug import debug_test
from tester.judging.debugger import PytestDebugger
from tester.judging.graded_test import GradedTest
from tester.judging.run import Recording, TakeLine, graded_run, new_run
from tester.judging.run_conditions import RunConditions
from tester.judging.run_hosting import RunHost
from tester.judging.seed_batch import SeedBatch
from tester.pytest_plugin.failure_store import choices_file, failure_file
from tester.pytest_plugin.hang_reporter import HangReporter
from tester.pytest_plugin.live_lines import live_lines
from tester.pytest_plugin.options import SessionOptions
from tester.pytest_plugin.run_log import RunLog
from tester.pytest_plugin.xdist_worker import XdistWorker
from tester.verdict import Run, Verdict, conclude

if TYPE_CHECKING:
    from tester.pytest_plugin.determinism import DeterminismCheck

# What few sessions need, and takes long to import, is imported where it is needed.


class Runner:
    """Runs graded tests, and logs each run in case this process dies.

    Args:
        options: of the session.
        worker: the worker of xdist that this process is, None if it is none.
        failures: the directory of kept failures.
        plugins: pytest's, for its debugger and its capturing.
    """

    def __init__(
        self,
        options: SessionOptions,
        worker: XdistWorker | None,
        failures: Path,
        plugins: pytest.PytestPluginManager,
    ) -> None:
        self._options = options
        self._worker = worker
        self._failures = failures
        self._plugins = plugins
        self._failed = 0
        self._determinism: DeterminismCheck | None = None
        # A session may run the suites of two labs, each on a submission of its own.
        self._hosts: dict[Submission, RunHost] = {}
        self._debugger: PytestDebugger | None = None
        if worker is None and not options.hosting.isolated:
            self._debugger = PytestDebugger()
            plugins.register(self._debugger)
        self._hang_reporter: HangReporter | None = None

    def run(self, test: GradedTest, batch: SeedBatch, runs: list[Run]) -> None:
        """Run a test at every seed of a batch, adding to `runs` as they end."""
        batch_ends = Deadline(batch.duration_s or 0)
        for seed in batch.seeds:
            if batch.duration_s is not None and (
                batch_ends.left_s() <= 0 or self._session_ends.left_s() <= 0
            ):
                return
            conditions = self._conditions(test, seed)
            try:
                runs.append(self._run_once(conditions))
            except pytest.fail.Exception as exc:
                if not is_timeout(exc):
                    raise
                # pytest-timeout watches no longer, so no further seed may begin.
                runs.append(self._timed_out(conditions, exc))
                return

    def debug(
        self,
        test: GradedTest,
        batch: SeedBatch,
        runs: list[Run],
        at_teardown: Callable[[Callable[[], None]], None],
    ) -> None:
        """Run a test at every seed, for a debugger: see `debug_test`."""
        for seed in batch.seeds:
            conditions = self._conditions(test, seed)
            run = self._new_run(conditions)
            self._log.begin(run)
            host = self._open_host(conditions.submission)
            failure = debug_test(run, conditions, host, at_teardown)
            runs.append(run)
            self._log.end(run)
            if failure is not None:
                raise failure

    def prompts(self) -> AbstractContextManager[None]:
        """While entered, `breakpoint()` opens a prompt, if a person can be there."""
        if self._debugger is None:
            return nullcontext()
        return self._debugger.quitting_ends_session()

    def close(self) -> None:
        """End what was started for the runs."""
        if self._determinism is not None:
            self._determinism.close()
        for host in self._hosts.values():
            host.close()
        if self._hang_reporter is not None:
            self._hang_reporter.close()

    @cached_property
    def _session_ends(self) -> Deadline:
        """When the time of `--for` is up; it begins with the first fresh run."""
        return Deadline(self._options.duration_s or 0)

    def _conditions(self, test: GradedTest, seed: int) -> RunConditions:
        options = self._options
        if test.search_states and options.search_states:
            test = replace(test, search_states=options.search_states)
        submission = options.submission_of(test)
        return RunConditions(submission, test, seed, options.preempt)

    def _new_run(self, conditions: RunConditions) -> Run:
        return new_run(conditions, self._options.hosting)

    def _run_once(self, conditions: RunConditions) -> Run:
        self._log.begin(self._new_run(conditions))
        run = self._judge(conditions)
        self._log.end(run)
        return run

    def _judge(self, conditions: RunConditions) -> Run:
        options = self._options
        on_line = None
        if options.live and self._worker is None:
            on_line = live_lines(f"{conditions.test.name}, seed {conditions.seed}:")
        if options.check_determinism:
            return self._check_determinism(conditions, on_line)
        recording = Recording(
            options.digest, options.traces, on_line, options.situations
        )
        host = self._open_host(conditions.submission)
        run = graded_run(conditions, host, recording)
        if run.verdict is Verdict.FAILED and not options.real_time:
            self._failed += 1
            self._draw(run, conditions)
            self._shrink(run, conditions)
        return run

    def _check_determinism(
        self, conditions: RunConditions, on_line: TakeLine | None
    ) -> Run:
        from tester.pytest_plugin.determinism import DeterminismCheck

        if self._determinism is None:
            self._determinism = DeterminismCheck()
        host = self._open_host(conditions.submission)
        return self._determinism.run(conditions, host, on_line)

    def _draw(self, run: Run, conditions: RunConditions) -> None:
        """Draw a picture of one of the first runs that fail."""
        options = self._options
        workers = self._worker.count if self._worker is not None else 1
        # Each worker draws its share, and at least one.
        if self._failed > math.ceil(options.picture_count / workers):
            return
        from tester.judging.picture import Pictures

        home = options.directory / ".lab"
        pictures = Pictures(
            home / "pictures",
            options.traces or home / "traces",
            decision=options.decision,
        )
        recorded = options.traces is not None
        host = self._open_host(conditions.submission)
        pictures.draw(run, conditions, host, recorded)
        if run.picture:
            run.picture = os.path.relpath(run.picture, options.directory)

    def _shrink(self, run: Run, conditions: RunConditions) -> None:
        """Make one of the first runs that fail minimal, if that is wanted."""
        if not self._options.shrink:
            return
        from tester.pytest_plugin.shrinking import SHRUNK_RUNS_MAX, note_minimal_list

        if self._failed > SHRUNK_RUNS_MAX:
            return
        kept = failure_file(
            self._failures,
            conditions.submission.name,
            run.test,
            run.seed,
            conditions.preempt,
        )
        note_minimal_list(
            run,
            conditions,
            self._open_host(conditions.submission),
            choices_file(kept),
            self._options.directory,
        )

    def _timed_out(self, conditions: RunConditions, exc: BaseException) -> Run:
        """Return the run that pytest-timeout has ended: a limit on the machine's time."""
        run = self._new_run(conditions)
        limit = re.search(r"[\d.]+ ?s", str(exc))
        places = getattr(exc, "__notes__", [])
        conclude(
            run,
            Verdict.UNKNOWN,
            TIMED_OUT,
            f"pytest-timeout ended it after {limit[0] if limit else 'its time'}: not "
            "the submission's fault",
            "\n".join(
                [
                    "the machine was slow, or --timeout is short for what the test does",
                    *places,
                ]
            ),
        )
        self._log.end(run)
        return run

    def _open_host(self, submission: Submission) -> RunHost:
        """Return what hosts the runs of a submission.

        Raises:
            LabError: the servers cannot live there on this machine.
            LoadError: the submission cannot be made ready.
        """
        host = self._hosts.get(submission)
        if host is None:
            number = self._worker.number if self._worker is not None else 0
            host = self._hosts[submission] = self._options.hosting.open(
                submission,
                self._options.preempt,
                self._hang_policy,
                process_number=os.getppid() + number,
                debugger=self._debugger,
            )
        return host

    @property
    def _hang_policy(self) -> HangPolicy:
        # The hang reporter, where there is one, ends this process itself.
        return HangPolicy(self._log.fd, ends_process=self._worker is not None)

    @cached_property
    def _log(self) -> RunLog:
        """This process's run log: a worker's file, or a pipe to the hang reporter."""
        if self._worker is not None:
            return RunLog.open(self._worker.run_logs / self._worker.id)
        capture = self._plugins.getplugin("capturemanager")
        # What it may have to report is for the real stderr.
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            self._hang_reporter = HangReporter(self._options, self._failures)
        return RunLog(self._hang_reporter.fd)


def is_timeout(exc: BaseException) -> bool:
    """Return whether pytest-timeout has raised, wherever the main thread was."""
    frames = traceback.extract_tb(exc.__traceback__)
    return any(Path(frame.filename).stem == "pytest_timeout" for frame in frames)
