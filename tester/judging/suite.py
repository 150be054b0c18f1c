"""Where the graded suite lies, and reading a graded test off a pytest item.

pytest collects; its markers say what each test is worth and what cluster it
wants. In a wheel the suite travels as `tester/lab2`, in the repository it is
`tests/lab2`.
"""

import contextlib
import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from labrpc.errors import LabError
from labrpc.submission.submission import candidates
from tester.errors import UsageError
from tester.judging.graded_test import GradedTest
from tester.text import nearest

MARKERS = (
    "part(name): the part of the lab that a graded test belongs to, as in '2A'",
    "points(number): what a graded test is worth",
    "cluster(servers, reliable=True, snapshots=False, persistence=False, "
    "elections=True, servers_min=0): the cluster a graded test gets, at each seed of "
    "another size where servers_min is set; with persistence, that servers save their "
    "state is checked; with elections, that a majority answered a leader",
    "single_bug: a scenario made for one kind of bug, which measures of detection count "
    "apart",
    "virtual_time: a graded test that needs what real time has not, such as pauses, "
    "skewed clocks and crash points; left out with --real-time",
)


def suite_path() -> Path:
    """Return the directory of the graded suite."""
    here = Path(__file__).resolve().parents[1]
    for path in (here / "lab2", here.parent / "tests" / "lab2"):
        if path.is_dir():
            return path
    raise LabError(f"the graded suite is neither in {here} nor beside it")


def what_to_collect(root: Path, named: list[str]) -> list[str]:
    """Return what pytest is to collect in a student's repository.

    Args:
        root: the repository.
        named: the files, folders and tests that the person has named.
    """
    root = root.resolve()
    suite, own_tests = suite_path(), root / "tests"
    named = [_as_printed(name, suite) for name in named]
    if suite.is_relative_to(own_tests):
        # The lab's own repository, whose tests are not a student's.
        return named or [str(suite)]
    paths = [Path(name).resolve() for name in named]
    rafts = [path.resolve() for path in candidates(root)]
    if any(path not in (root, *rafts) for path in paths):
        return named
    # Who names the repository or the Raft in it means that it be tested.
    tests = [] if root in paths or not own_tests.is_dir() else [str(own_tests)]
    return [str(suite), *tests, *named]


def _as_printed(name: str, suite: Path) -> str:
    """Return where a graded test lies that pytest calls `test_2a_election.py::test_x`.

    It does so wherever the suite lies outside its root.
    """
    file, *test = name.split("::")
    inside = suite / Path(file).name
    if Path(file).exists() or inside.suffix != ".py" or not inside.is_file():
        return name
    return "::".join([str(inside), *test])


def graded_test(item: pytest.Item) -> GradedTest | None:
    """Return the graded test behind a pytest item, None if it is not one."""
    cluster = item.get_closest_marker("cluster")
    if cluster is None or not isinstance(item, pytest.Function):
        return None
    part = item.get_closest_marker("part")
    points = item.get_closest_marker("points")
    return GradedTest(
        name=item.originalname,
        part=part.args[0] if part else "",
        points=points.args[0] if points else 0,
        function=item.obj,
        file=item.path,
        single_bug=item.get_closest_marker("single_bug") is not None,
        **cluster.kwargs,
    )


def graded_tests(items: list[pytest.Item]) -> list[GradedTest]:
    """Return the graded tests among pytest items."""
    found = [graded_test(item) for item in items]
    return [test for test in found if test is not None]


@dataclass(eq=False)  # pytest may want a plugin's hash.
class _Collected:
    """A pytest plugin that keeps what was collected, what not, and what went wrong."""

    tests: list[GradedTest] = field(default_factory=list)
    others: list[GradedTest] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def pytest_configure(self, config: pytest.Config) -> None:
        for marker in MARKERS:
            config.addinivalue_line("markers", marker)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.tests = graded_tests(session.items)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self.others += graded_tests(items)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.errors.append(str(report.longrepr))


def collect(
    parts: list[str] | None = None, expression: str = "", bonus: bool = False
) -> list[GradedTest]:
    """Return the graded tests, in the suite's order.

    Args:
        parts: only these parts, as in ["2A", "2B"]; None for all but the bonus parts.
        expression: only tests that match it, as pytest's `-k` does.
        bonus: whether None stands for all parts, the bonus parts among them.

    Raises:
        UsageError: no such part, a wrong expression, or nothing matches.
    """
    found = _Collected()
    suite = suite_path()
    options = ["--collect-only", "-p", "no:cacheprovider", "-p", "no:terminal"]
    options += ["--import-mode=importlib", f"--rootdir={suite}", "-c", "/dev/null"]
    # The lab may be installed in a student's repository, below a conftest.py of theirs.
    # Without a limit, pytest also lists each folder above the suite.
    options += ["--noconftest", f"--confcutdir={suite}"]
    # These look for what others have left, by ten full collections of garbage.
    options += ["-p", "no:unraisableexception", "-p", "no:threadexception"]
    if expression:
        options += ["-k", expression]
    # What pytest has to say of a wrong expression is said below.
    with contextlib.redirect_stderr(io.StringIO()), _no_plugins():
        status = pytest.main([str(suite), *options], plugins=[found])
    if found.errors:
        raise LabError("the graded suite cannot be collected:\n" + found.errors[0])
    if status == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if status == pytest.ExitCode.INTERNAL_ERROR:
        raise LabError(f"pytest {pytest.__version__} cannot collect the graded suite")
    if status == pytest.ExitCode.USAGE_ERROR:
        raise UsageError(f"{expression!r} is not an expression that pytest's -k takes")
    suite_tests = found.tests + found.others
    known = sorted({test.part for test in suite_tests})
    unknown = [part for part in parts or [] if part not in known]
    if unknown:
        raise UsageError(f"no part {', '.join(unknown)}; there are {', '.join(known)}")

    def is_wanted(test: GradedTest) -> bool:
        return (bonus or not test.is_bonus) if parts is None else test.part in parts

    tests = [test for test in found.tests if is_wanted(test)]
    if not tests:
        which = f" of part {', '.join(parts)}" if parts else ""
        names = [test.name for test in suite_tests if is_wanted(test)]
        raise UsageError(
            f"no graded test{which} matches {expression!r}{_meant(expression, names)}"
        )
    return tests


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


def _meant(expression: str, known: list[str]) -> str:
    """Return what an expression that matches nothing was perhaps meant to name."""
    for word in re.findall(r"[^\s()]+", expression):
        if not any(word.lower() in name for name in known):
            # What `-k` is given is often a part of a name.
            short = {name.removeprefix("test_"): name for name in known}
            near = nearest(word.lower().removeprefix("test_"), short)
            if near is not None:
                return f": did you mean {short[near]}?"
    return f"; there are {', '.join(known)}"
