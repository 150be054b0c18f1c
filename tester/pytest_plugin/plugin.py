"""The pytest plugin: options, items, and reports. Hooks only.

A graded test is a function with a `cluster` marker. pytest collects it, one
item per batch of seeds; `LabSession` runs it; what came of it travels in
the report, also from xdist's workers.
"""

from collections.abc import Callable, Generator
from typing import Any

import msgspec
import pytest

from tester.judging.seed_batch import SeedBatch
from tester.judging.suite import MARKERS, graded_test, what_to_collect
from tester.pytest_plugin.failure_store import told
from tester.pytest_plugin.session import LabSession, batch_of, junit_properties
from tester.pytest_plugin.tally import reasons, table_lines
from tester.verdict import Run, failure_text

_SESSION = pytest.StashKey[LabSession]()
_RUNS = pytest.StashKey[list[Run]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the lab's options."""
    add = parser.getgroup("lab", "Raft lab").addoption
    _add_choices(add)
    _add_records(add)


def _add_choices(add: Callable[..., None]) -> None:
    """Declare what to run, at which seeds, and how."""
    add(
        "--lab",
        action="store_true",
        help="run the graded suite, wherever the lab is installed, against this "
        "repository",
    )
    add(
        "--submission",
        metavar="PATH",
        help="what to test: a directory with raft/ or raft.py, or one .py file "
        "(default: the repository with --lab, else the lab's own reference)",
    )
    add(
        "--seed",
        type=int,
        metavar="N",
        help="first seed (default: seeds that failed before, then from 0)",
    )
    add("--seeds", type=int, default=1, metavar="N", help="how many (default 1)")
    add("--for", metavar="TIME", help="run fresh seeds for so long, as in 90s, 10m, 8h")
    add(
        "--isolation",
        choices=["process", "none"],
        default="none",
        help="process: each server in a sandboxed process of its own, as grading does",
    )
    add(
        "--lab-failed",
        action="store_true",
        help="run only the seeds that failed before, kept in .lab/failures",
    )
    add(
        "--real-time",
        action="store_true",
        help="run on real threads and clocks, to check the simulation against them; "
        "takes as long as it takes, and no run can be replayed",
    )
    add(
        "--preempt",
        action="store_true",
        help="let threads of the submission lose their turn between two statements, "
        "which finds what a lock is missing for",
    )


def _add_records(add: Callable[..., None]) -> None:
    """Declare what to compare, and what to write down of each run."""
    add(
        "--lab-check-determinism",
        action="store_true",
        help="run each seed twice, in two processes, and fail where the two differ",
    )
    add(
        "--lab-summary",
        metavar="FILE",
        help="append a summary in Markdown to FILE, as for $GITHUB_STEP_SUMMARY",
    )
    add(
        "--lab-digest",
        action="store_true",
        help="print the digest of each run's trace: equal for equal runs",
    )
    add(
        "--lab-trace",
        action="store_true",
        help="record every event of each run to a file, as docs/trace.md describes",
    )
    add(
        "--lab-trace-dir",
        default=".lab/traces",
        metavar="DIR",
        help="where traces go (default .lab/traces)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Check the options before anything runs."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    config.stash[_SESSION] = LabSession(config)
    # Under xdist, each worker parses the command line anew and does the same.
    if config.getoption("--lab"):
        config.args[:] = what_to_collect(config.rootpath, _named(config))


def _named(config: pytest.Config) -> list[str]:
    """Return the files, folders and tests that the command line names."""
    named = config.args_source is pytest.Config.ArgsSource.ARGS
    return list(config.args) if named else []


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what the session has started."""
    session = config.stash.get(_SESSION, None)
    if session is not None:
        session.close()


@pytest.fixture
def cluster(request: pytest.FixtureRequest) -> SeedBatch:
    """Return the seeds: each run makes the cluster that a graded test gets."""
    batch: SeedBatch = request.param
    return batch


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make an item of a graded test per batch of seeds."""
    if any(marker.name == "cluster" for marker in metafunc.definition.iter_markers()):
        session = metafunc.config.stash[_SESSION]
        batches = session.batches(metafunc.definition.name)
        metafunc.parametrize("cluster", batches, indirect=True, ids=lambda p: p.id)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Put kept failures first; leave out tests without any, and needless timed batches."""
    session = config.stash[_SESSION]
    items[:] = session.select(
        [i for i in items if batch_of(i) or not i.get_closest_marker("cluster")]
    )


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a graded test in its own world, once per seed."""
    test, batch = graded_test(pyfuncitem), batch_of(pyfuncitem)
    if test is None or batch is None:
        return None
    session = pyfuncitem.config.stash[_SESSION]
    runs = pyfuncitem.stash[_RUNS] = []
    try:
        with session.prompts():
            if pyfuncitem.config.getoption("usepdb"):
                session.debug(test, batch, runs, pyfuncitem.addfinalizer)
            else:
                session.run(test, batch, runs)
    except (KeyboardInterrupt, pytest.exit.Exception):
        # No report will be made of this item: keep what it has done.
        session.add(runs)
        raise
    pyfuncitem.user_properties += junit_properties(runs)
    if not runs:
        pytest.skip("the time was up before it had a turn")
    if any(not run.passed for run in runs):
        pytest.fail(failure_text(runs), pytrace=False)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the runs into the report."""
    report = yield
    runs = item.stash.get(_RUNS, None)
    if report.when == "call" and runs is not None:
        # xdist carries any attribute of a report from a worker to the reporter.
        vars(report)["lab_runs"] = msgspec.to_builtins(runs)
    return report


def _runs_of(report: Any) -> list[Run]:
    """Return the runs that a report is about; none if it is no graded test's."""
    return msgspec.convert(getattr(report, "lab_runs", []), list[Run])


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(
    report: pytest.TestReport, config: pytest.Config
) -> tuple[str, str, str] | None:
    """Show 6.824's summary beside each graded test under -v."""
    runs = _runs_of(report) if config.get_verbosity() > 0 else []
    if not runs or not report.passed:
        return None
    if len(runs) == 1:
        return "passed", ".", f"PASSED  {runs[0].summary()}"
    return "passed", ".", f"PASSED  {len(runs)} seeds"


class _Collector:
    """Takes the runs in, in the process that reports."""

    def __init__(self, session: LabSession) -> None:
        self._session = session

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add an item's runs, also one that a worker has sent."""
        runs = _runs_of(report)
        if report.skipped and hasattr(report, "lab_runs"):
            self._session.had_no_turn[report.nodeid.partition("[")[0]] = None
        node = getattr(report, "node", None)
        if node is not None:
            # First: a Ctrl-C may come in between, and none is to be counted twice.
            self._session.worker_journals.note_reported(node.gateway.id, len(runs))
        self._session.add(runs)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Add what no report came of: the workers have ended."""
        self._session.add_unreported()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of xdist what it cannot know by itself."""
        self._session.tell_worker(node.workerinput)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, report: Any) -> None:
        """Say what a worker died of, and what it had done of the item before."""
        worker = report.node.gateway.id
        runs = self._session.worker_journals.unreported(worker, died=True)
        if runs:
            report.lab_runs = msgspec.to_builtins(runs)
            report.longrepr = failure_text(runs)
            report.user_properties += junit_properties(runs)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Collect runs in the process that reports, not in xdist's workers."""
    lab = session.config.stash[_SESSION]
    if lab.reports:
        session.config.pluginmanager.register(_Collector(lab), "lab-collector")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Sum the graded runs up: rates if there are many seeds, digests if asked for."""
    session = config.stash[_SESSION]
    tally, line = session.tally, terminalreporter.write_line
    if not tally.tests:
        if _tests_nothing(config):
            line(
                "--submission: no graded test has run: add --lab to run the graded suite"
            )
        return
    terminalreporter.section("Raft lab")
    if session.trace_directory is not None:
        line(
            f"traces, with the digest of each: {session.trace_directory}; "
            "`raft-lab trace FILE` prints one in words"
        )
    for digest in sorted(tally.digests, key=lambda text: text.split(maxsplit=1)[1]):
        line(digest)
    for warning in tally.warning_lines():
        line(warning)
    if session.is_stress:
        for row in table_lines(tally):
            line(row)
    elif any(len(test.reasons()) > 1 for test in tally.tests.values()):
        # A failure shows the first seed of its batch only.
        for row in reasons(tally):
            line(row)
    for fixed in told(session.store.fixed):
        line(f"fixed, no longer kept: {fixed}")
    for puzzling in told(session.store.puzzling):
        line(f"passed this time though the submission has not changed: {puzzling}")
    left_out = [
        t for t in session.had_no_turn if t.partition("::")[2] not in tally.tests
    ]
    if left_out:
        line(
            f"{len(left_out)} tests had no turn before the time was up: a longer --for, "
            "or fewer tests (-k), would give them one"
        )
    line(tally.summary())
    session.write_summary()


def _tests_nothing(config: pytest.Config) -> bool:
    """Return whether a submission was named, but no test and not the suite."""
    option = config.getoption
    nothing_named = config.args_source is pytest.Config.ArgsSource.INVOCATION_DIR
    named = option("--submission") and not option("--lab")
    return bool(named and nothing_named and not option("collectonly"))
