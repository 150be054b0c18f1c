"""A pytest session of the lab: its options, its seeds, its runner, its report."""

from typing import Any

import pytest

from tester.pytest_plugin.failure_store import DIRECTORY, FailureStore
from tester.pytest_plugin.heading import heading
from tester.pytest_plugin.options import named_on_command_line, read_options
from tester.pytest_plugin.run_log import WorkerRunLogs
from tester.pytest_plugin.runner import Runner
from tester.pytest_plugin.seed_choice import SeedChoice, named_batches
from tester.pytest_plugin.session_report import SessionReport
from tester.pytest_plugin.xdist_worker import XdistWorker, send_to_worker


class LabSession:
    """What one pytest process has of the lab.

    Attributes:
        options: what the command line says.
        seeds: chooses the seeds.
        runner: runs the tests.
        report: takes the runs in, in the process that reports.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.options = options = read_options(config)
        self._worker = worker = XdistWorker.of(config)
        failures = options.directory / DIRECTORY
        store = FailureStore(failures, options.submission, options.preempt)
        self._kept = worker.kept if worker is not None else store.all_kept()
        if worker is not None:
            self._named = worker.named
        else:
            self._named = named_batches(config, named_on_command_line(config))
        processes = worker.count if worker is not None else 1
        self.seeds = SeedChoice(options, self._kept, self._named, processes)
        self.runner = Runner(options, worker, failures, config.pluginmanager)
        self.report = SessionReport(options, store)
        self._worker_run_logs: WorkerRunLogs | None = None

    def heading(self) -> str:
        """Return the line at the head of the session."""
        return heading(self.options, self._kept)

    @property
    def reports(self) -> bool:
        """Whether this process reports, rather than a worker of xdist."""
        return self._worker is None

    @property
    def worker_run_logs(self) -> WorkerRunLogs:
        """The run logs of xdist's workers."""
        if self._worker_run_logs is None:
            self._worker_run_logs = WorkerRunLogs(self.options.submission)
        return self._worker_run_logs

    def send_to_worker(self, workerinput: dict[str, Any]) -> None:
        """Send a worker of xdist what all of them, and this process, have in common."""
        run_logs = self.worker_run_logs.directory
        send_to_worker(workerinput, self._kept, self._named, run_logs)

    def add_unreported(self) -> None:
        """Take in what workers have run and not reported, as after Ctrl-C."""
        if self._worker_run_logs is not None:
            self.report.add(self._worker_run_logs.all_unreported())
            # A Ctrl-C may have come while one was about to be kept.
            self.report.keep_failures(self._worker_run_logs.all_failed())

    def close(self) -> None:
        """End what the session has started."""
        self.runner.close()
        if self._worker_run_logs is not None:
            self._worker_run_logs.close()
