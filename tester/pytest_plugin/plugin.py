"""The pytest plugin: hooks only.

A graded test is a function with a `cluster` marker. pytest collects it, one item for
each batch of seeds; the session's `Runner` runs it; its runs travel in the report,
even from xdist's workers.
"""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tester.judging.collection import MARKERS, graded_test
from tester.judging.script_module import replay_module, script_module
from tester.judging.seed_batch import SeedBatch
from tester.judging.suite import LABS, suite_path, what_to_collect, with_suite
from tester.pytest_plugin.bonus import is_left_out
from tester.pytest_plugin.declarations import add_options
from tester.pytest_plugin.options import named_on_command_line
from tester.pytest_plugin.repeated_failures import runs_of, shorten_repeated
from tester.pytest_plugin.restart import restart_if_needed
from tester.pytest_plugin.seed_choice import batch_of
from tester.pytest_plugin.session import LabSession
from tester.pytest_plugin.session_report import junit_properties
from tester.text import indented_below
from tester.verdict import Run, failure_text

_SESSION = pytest.StashKey[LabSession]()
_RUNS = pytest.StashKey[list[Run]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the lab's options."""
    add_options(parser)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config,
) -> Generator[None, None, None]:
    """Start again if need be, before pytest captures what is printed."""
    restart_if_needed(early_config)
    return (yield)


def pytest_configure(config: pytest.Config) -> None:
    """Check the options before anything runs."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    config.stash[_SESSION] = LabSession(config)
    # Under xdist, each worker parses the command line anew and does the same.
    replay = config.stash[_SESSION].options.replay
    if replay is not None:
        config.args[:] = [str(replay)]
    elif config.getoption("--lab") or config.getoption("--lab3"):
        named, lab = named_on_command_line(config), config.stash[_SESSION].options.lab
        config.args[:] = what_to_collect(config.rootpath, named, lab)


def pytest_report_header(config: pytest.Config) -> str:
    """Say what is tested, and how."""
    return config.stash[_SESSION].heading()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what the session has started."""
    session = config.stash.get(_SESSION, None)
    if session is not None:
        session.close()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the bonus parts that nobody has asked for."""
    inside = collection_path.parent.resolve() in map(suite_path, LABS)
    expression = config.getoption("keyword")
    if inside and is_left_out(collection_path.name, expression, config.args):
        return True
    return None


def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """Collect graded scripts: lists of choices whose head names a part, or `--replay`'s."""
    session = parent.config.stash.get(_SESSION, None)
    if session is not None and file_path == session.options.replay:
        return replay_module(file_path, parent)
    return script_module(file_path, parent)


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """Call a file of the suite outside pytest's root the same, however it was named."""
    is_inside = module_path.is_relative_to(parent.config.rootpath)
    if is_inside or module_path.resolve().parent not in map(suite_path, LABS):
        return None
    named: pytest.Module = pytest.Module.from_parent(
        parent, path=module_path, nodeid=module_path.name
    )
    return named


@pytest.fixture
def cluster(request: pytest.FixtureRequest) -> SeedBatch:
    """Return the seeds: each run makes the cluster that a graded test gets."""
    batch: SeedBatch = request.param
    return batch


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make an item of a graded test per batch of seeds."""
    if any(marker.name == "cluster" for marker in metafunc.definition.iter_markers()):
        session = metafunc.config.stash[_SESSION]
        batches = session.seeds.batches(metafunc.definition.name)
        metafunc.parametrize("cluster", batches, indirect=True, ids=lambda b: b.id)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Put kept failures first, and leave out what is not to run."""
    session = config.stash[_SESSION]
    if session.options.problem and any(map(graded_test, items)):
        raise pytest.UsageError(session.options.problem)
    items[:] = session.seeds.select(items)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a graded test in its own world, once per seed."""
    test, batch = graded_test(pyfuncitem), batch_of(pyfuncitem)
    if test is None or batch is None:
        return None
    test = with_suite(test)
    session = pyfuncitem.config.stash[_SESSION]
    runs = pyfuncitem.stash[_RUNS] = []
    try:
        with session.runner.prompts():
            if session.options.debugger:
                session.runner.debug(test, batch, runs, pyfuncitem.addfinalizer)
            else:
                session.runner.run(test, batch, runs)
    except (KeyboardInterrupt, pytest.exit.Exception):
        # No report will be made of this item: keep what it has done.
        session.report.add(runs)
        raise
    pyfuncitem.user_properties += junit_properties(runs)
    if not runs:
        pytest.skip("the time was up before its turn")
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


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(
    report: pytest.TestReport, config: pytest.Config
) -> tuple[str, str, str] | None:
    """Show 6.824's summary beside each graded test under -v."""
    runs = runs_of(report) if config.get_verbosity() > 0 else []
    if not runs or not report.passed:
        return None
    if len(runs) == 1:
        return "passed", ".", f"PASSED  {runs[0].summary()}"
    return "passed", ".", f"PASSED  {len(runs)} seeds"


class _Collector:
    """Takes the runs in, in the process that reports."""

    def __init__(self, session: LabSession, config: pytest.Config) -> None:
        self._session = session
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add an item's runs, even of one that a worker has sent."""
        runs = runs_of(report)
        if report.skipped and hasattr(report, "lab_runs"):
            self._session.report.add_without_turn(report.nodeid.partition("[")[0])
        node = getattr(report, "node", None)
        if node is not None:
            # First: a Ctrl-C may come in between, and no run may be counted twice.
            self._session.worker_run_logs.note_reported(node.gateway.id, len(runs))
        self._session.report.add(runs)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Add the runs that no report had: the workers have ended."""
        self._session.add_unreported()
        reporter: Any = self._config.pluginmanager.getplugin("terminalreporter")
        if reporter is not None and self._config.get_verbosity() <= 0:
            shorten_repeated(reporter.stats.get("failed", []))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Send a worker of xdist what it cannot know by itself."""
        self._session.send_to_worker(node.workerinput)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, report: Any) -> None:
        """Report why a worker died, and the runs that it had made of the item before."""
        worker = report.node.gateway.id
        runs = self._session.worker_run_logs.unreported(worker, died=True)
        if runs:
            report.lab_runs = msgspec.to_builtins(runs)
            report.longrepr = failure_text(runs)
            report.user_properties += junit_properties(runs)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Collect runs in the process that reports, not in xdist's workers."""
    lab = session.config.stash[_SESSION]
    if lab.reports:
        session.config.pluginmanager.register(
            _Collector(lab, session.config), "lab-collector"
        )


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Sum up the graded runs: rates if there are many seeds, digests if asked for."""
    report, line = config.stash[_SESSION].report, terminalreporter.write_line
    if report.is_empty:
        if _tests_nothing(config):
            line(
                "--submission: no graded test has run: add --lab to run the graded suite"
            )
        return
    terminalreporter.section("Raft lab")
    if config.get_verbosity() < 0:
        line(config.stash[_SESSION].heading())  # -q leaves out pytest's own heading.
    for text in report.lines():
        # Some are from files of a student's repository: kept failures.
        line(indented_below(text))
    problem = report.write_summary()
    if problem:
        line(problem)


def _tests_nothing(config: pytest.Config) -> bool:
    """Return whether a submission was named, but no test and not the suite."""
    option = config.getoption
    nothing_named = config.args_source is pytest.Config.ArgsSource.INVOCATION_DIR
    suite = option("--lab") or option("--lab3")
    named = option("--submission") and not suite
    return bool(named and nothing_named and not option("collectonly"))
