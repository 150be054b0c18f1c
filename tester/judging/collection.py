"""Collecting the graded tests of a folder with pytest, and reading them off its items.

pytest collects; the markers say what each test is worth and what cluster it wants.
"""

import contextlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from labrpc.errors import LabError
from tester.errors import UsageError
from tester.judging.graded_test import GradedTest
from tester.judging.script_module import script_module

MARKERS = (
    "part(name): the part of the lab that a graded test belongs to, as in '2A'",
    "points(number): what a graded test is worth",
    "cluster(servers, reliable=True, snapshots=False, persistence=False, "
    "elections=True, servers_min=0, service='', clerks=0, max_raft_state=-1): the "
    "cluster a graded test gets, at each seed of another size where servers_min is set; "
    "with persistence, that servers save their state is checked; with elections, that a "
    "majority answered a leader; with a service, that is above Raft, with clerks",
    "hidden: an instructor's secret graded test: students see whether it passed and why "
    "not, but neither its source nor a replay command",
    "search(states): a graded test without a scenario: a search for an order of "
    "events that breaks a property, which ends when it has found this number of states",
    "single_bug: a scenario made for one kind of bug, which measures of detection count "
    "apart",
    "virtual_time: a graded test that needs what real time lacks, such as pauses, "
    "skewed clocks and crash points; left out with --real-time",
)


def graded_test(item: pytest.Item) -> GradedTest | None:
    """Return the graded test behind a pytest item, None if it is not one."""
    cluster = item.get_closest_marker("cluster")
    if cluster is None or not isinstance(item, pytest.Function):
        return None
    part = item.get_closest_marker("part")
    points = item.get_closest_marker("points")
    search = item.get_closest_marker("search")
    return GradedTest(
        name=item.originalname,
        part=part.args[0] if part else "",
        points=points.args[0] if points else 0,
        function=item.obj,
        file=item.path,
        single_bug=item.get_closest_marker("single_bug") is not None,
        hidden=item.get_closest_marker("hidden") is not None,
        script=getattr(item.obj, "script", None),
        search_states=search.kwargs["states"] if search else 0,
        **cluster.kwargs,
    )


def graded_tests(items: list[pytest.Item]) -> list[GradedTest]:
    """Return the graded tests among pytest items."""
    found = [graded_test(item) for item in items]
    return [test for test in found if test is not None]


@dataclass(frozen=True)
class SuiteTests:
    """The graded tests of a suite.

    Attributes:
        tests: those that match the expression.
        others: those that do not.
    """

    tests: list[GradedTest]
    others: list[GradedTest]

    @property
    def everything(self) -> list[GradedTest]:
        """All tests."""
        return self.tests + self.others


@dataclass(eq=False)  # pytest may want a plugin's hash.
class Collected:
    """A pytest plugin that keeps what was collected, what not, and what went wrong.

    Attributes:
        selected: the items that match the expression.
        others: the items that do not.
        errors: each file that cannot be collected, and why.
    """

    selected: list[pytest.Item] = field(default_factory=list)
    others: list[pytest.Item] = field(default_factory=list)
    errors: list[tuple[str, str]] = field(default_factory=list)

    @property
    def items(self) -> list[pytest.Item]:
        """All items."""
        return self.selected + self.others

    def pytest_configure(self, config: pytest.Config) -> None:
        """Declare the lab's markers."""
        for marker in MARKERS:
            config.addinivalue_line("markers", marker)

    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> pytest.Module | None:
        """Collect scripts, too."""
        return script_module(file_path, parent)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Keep what matches."""
        self.selected = list(session.items)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Keep what does not match."""
        self.others += items

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what went wrong."""
        if report.failed:
            self.errors.append((report.nodeid, str(report.longrepr)))


def collect_folder(
    folder: Path, expression: str = "", strict: bool = False
) -> Collected:
    """Return what pytest collects in a folder.

    Args:
        folder: with files `test_*.py`, and scripts.
        expression: only tests that match it, as pytest's `-k` does.
        strict: whether an unknown marker is an error.

    Raises:
        UsageError: the expression is none that `-k` takes.
    """
    found = Collected()
    options = ["--collect-only", "-p", "no:cacheprovider", "-p", "no:terminal"]
    options += ["--import-mode=importlib", f"--rootdir={folder}", "-c", "/dev/null"]
    # The lab may be installed in a student's repository, below a conftest.py of theirs.
    # Without a limit, pytest also lists each folder above the suite.
    options += ["--noconftest", f"--confcutdir={folder}"]
    # These look for what others have left, by ten full collections of garbage.
    options += ["-p", "no:unraisableexception", "-p", "no:threadexception"]
    if strict:
        options.append("--strict-markers")
    if expression:
        options += ["-k", expression]
    # A wrong expression is reported below.
    with contextlib.redirect_stderr(io.StringIO()), _no_plugins():
        status = pytest.main([str(folder), *options], plugins=[found])
    if found.errors:
        return found
    if status == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if status == pytest.ExitCode.INTERNAL_ERROR:
        raise LabError(f"pytest {pytest.__version__} cannot collect {folder}")
    if status == pytest.ExitCode.USAGE_ERROR:
        raise UsageError(f"{expression!r} is not an expression that pytest's -k takes")
    return found


@contextlib.contextmanager
def _no_plugins() -> Iterator[None]:
    """Let pytest load no plugins but its own while the block runs.

    The variables of its own could name any module, and any option. The lab's plugin
    would look for something to test.
    """
    own = {name: os.environ[name] for name in os.environ if name.startswith("PYTEST_")}
    for name in own:
        del os.environ[name]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        os.environ.update(own)
