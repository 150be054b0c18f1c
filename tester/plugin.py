"""The pytest plugin: options, one item per seed, and reports. Hooks only.

A graded test is a function with a `cluster` marker. pytest collects it,
`run_test` runs it, and what came of it travels in the report.
"""

from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from labrpc.errors import LoadError
from labrpc.submission import Submission
from tester.run import run_test
from tester.suite import MARKERS, graded_test, suite_path
from tester.verdict import Run, Verdict

_SUBMISSION = pytest.StashKey[Submission]()
_RUN = "lab_run"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the lab's options."""
    group = parser.getgroup("lab", "Raft lab")
    group.addoption(
        "--lab",
        action="store_true",
        help="run the graded suite, wherever the lab is installed, against this "
        "repository",
    )
    group.addoption(
        "--submission",
        metavar="PATH",
        help="what to test: a directory with raft/ or raft.py, or one .py file "
        "(default: the repository with --lab, else the lab's own reference)",
    )
    group.addoption(
        "--seed", type=int, default=0, metavar="N", help="first seed (default 0)"
    )
    group.addoption(
        "--seeds", type=int, default=1, metavar="N", help="how many (default 1)"
    )
    group.addoption(
        "--lab-digest",
        action="store_true",
        help="print the digest of each run's trace: equal for equal runs",
    )
    group.addoption(
        "--lab-trace",
        action="store_true",
        help="record every event of each run to a file, as docs/trace.md describes",
    )
    group.addoption(
        "--lab-trace-dir",
        default=".lab/traces",
        metavar="DIR",
        help="where traces go (default .lab/traces)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Check the options before anything runs."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    if config.getoption("--seeds") < 1:
        raise pytest.UsageError("--seeds takes a number from 1 on")
    path = config.getoption("--submission")
    if path is not None or config.getoption("--lab"):
        _find_submission(config)
    # Under xdist, each worker parses the command line anew and does the same.
    named = config.args_source is pytest.Config.ArgsSource.ARGS
    if config.getoption("--lab") and not named:
        config.args[:] = [str(suite_path())]


def _find_submission(config: pytest.Config) -> Submission:
    """Return the submission under test; found once per process."""
    if _SUBMISSION not in config.stash:
        path = config.getoption("--submission") or _default_submission(config)
        try:
            config.stash[_SUBMISSION] = Submission.find(path)
        except LoadError as exc:
            raise pytest.UsageError(f"--submission: {exc}") from None
    return config.stash[_SUBMISSION]


def _default_submission(config: pytest.Config) -> Path:
    """Return the reference, or in a student's repository that repository."""
    reference = Path(__file__).resolve().parent.parent / "raft"
    root = config.rootpath
    if config.getoption("--lab") and root / "raft" != reference:
        return root
    return reference


@pytest.fixture
def cluster(request: pytest.FixtureRequest) -> int:
    """Return the seed: `run_test` makes the cluster that a graded test gets."""
    seed: int = request.param
    return seed


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one item of a graded test per seed."""
    if any(marker.name == "cluster" for marker in metafunc.definition.iter_markers()):
        first = metafunc.config.getoption("--seed")
        seeds = range(first, first + metafunc.config.getoption("--seeds"))
        metafunc.parametrize("cluster", seeds, indirect=True, ids=lambda s: f"seed{s}")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a graded test in its own world."""
    test = graded_test(pyfuncitem)
    if test is None:
        return None
    run = run_test(
        test,
        _find_submission(pyfuncitem.config),
        cast(int, pyfuncitem.callspec.params["cluster"]),
        digest=pyfuncitem.config.getoption("--lab-digest"),
        traces=_trace_directory(pyfuncitem.config),
    )
    pyfuncitem.user_properties.append((_RUN, msgspec.to_builtins(run)))
    if run.verdict is Verdict.FAILED:
        pytest.fail(run.report(), pytrace=False)
    if run.verdict is Verdict.UNKNOWN:
        pytest.fail(
            f"UNKNOWN, not the submission's fault: {run.report()}", pytrace=False
        )
    return True


def _trace_directory(config: pytest.Config) -> Path | None:
    """Return where traces go, None if none are wanted."""
    if not config.getoption("--lab-trace"):
        return None
    directory: str = config.getoption("--lab-trace-dir")
    return config.invocation_params.dir / directory


def _run_of(report: Any) -> Run | None:
    """Return the run that a report is about, if it is a graded test's."""
    if getattr(report, "when", None) != "call":
        return None
    for name, value in report.user_properties:
        if name == _RUN:
            return msgspec.convert(value, Run)
    return None


def pytest_report_teststatus(
    report: pytest.TestReport, config: pytest.Config
) -> tuple[str, str, str] | None:
    """Show 6.824's summary beside each graded test under -v."""
    run = _run_of(report)
    if run is None or not run.passed:
        return None
    return "passed", ".", f"PASSED  {run.summary()}"


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Sum the graded runs up; print digests if they were asked for."""
    runs = [
        run
        for reports in terminalreporter.stats.values()
        for report in reports
        if (run := _run_of(report)) is not None
    ]
    if not runs:
        return
    terminalreporter.section("Raft lab")
    traces = _trace_directory(config)
    if traces is not None:
        terminalreporter.write_line(f"traces, with the digest of each: {traces}")
    if traces is not None or config.getoption("--lab-digest"):
        for run in sorted(runs, key=lambda run: (run.part, run.test, run.seed)):
            terminalreporter.write_line(f"{run.digest}  {run.test} seed {run.seed}")
    for run in runs:
        for warning in run.warnings:
            terminalreporter.write_line(
                f"warning: {run.test} seed {run.seed}: {warning}"
            )
    unknown = sum(run.verdict is Verdict.UNKNOWN for run in runs)
    terminalreporter.write_line(
        f"{sum(run.passed for run in runs)} of {len(runs)} runs passed"
        + (f", {unknown} unknown" if unknown else "")
        + f"; {sum(run.virtual_s for run in runs):.0f} virtual seconds, "
        f"{sum(run.cpu_s for run in runs):.1f} s of CPU, "
        f"{sum(run.rpcs for run in runs)} RPCs, "
        f"{sum(run.bytes for run in runs)} bytes, "
        f"{sum(run.commits for run in runs)} commits"
    )
