"""Running a graded test for a debugger: with `--pdb`, in place of `run`.

The cluster stays open, and the prompt stands where the property broke.
"""

from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType

import pytest

from labrpc.box.in_process_box import InProcessBox
from labrpc.machine.watchdog import watchdog
from labrpc.submission.submission import Submission
from tester.judging.debugger import PytestDebugger
from tester.judging.graded_test import GradedTest
from tester.judging.run import judge, open_cluster, run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.run_hosting import RunHost
from tester.verdict import Run, Verdict, failure_text


def debug_test(
    run: Run,
    conditions: RunConditions,
    host: RunHost,
    at_teardown: Callable[[Callable[[], None]], None],
) -> BaseException | None:
    """Run a test; return what pytest's debugger shows of a failure, and where.

    Args:
        run: takes what comes of it.
        conditions: all that the run depends on.
        host: where it is run: in this process, with a debugger.
        at_teardown: is given what closes the cluster, to be called when nobody
            looks at it any more.
    """
    test, submission = conditions.test, conditions.submission
    debugger = host.debugger
    assert debugger is not None
    if test.by_choices:
        return _debug_list(run, conditions, host, debugger)
    cluster = open_cluster(conditions, host)
    looking = ExitStack()
    looking.enter_context(debugger.looking_at(cluster))
    at_teardown(cluster.close)
    at_teardown(looking.close)
    with watchdog(cluster.world, hang_policy=host.hang_policy):
        raised = judge(run, test, cluster, host.boxes)
    if raised is None:
        return None
    for server in cluster.world.hosts:
        if server is not None and isinstance(server.box, InProcessBox):
            looking.enter_context(server.box.at_prompt())
    failure = pytest.fail.Exception(failure_text([run]), pytrace=False)
    if run.verdict is Verdict.UNKNOWN:
        return failure.with_traceback(raised.__traceback__)
    return failure.with_traceback(_frames(test, submission, raised, debugger.raised))


def _debug_list(
    run: Run, conditions: RunConditions, host: RunHost, debugger: PytestDebugger
) -> BaseException | None:
    """Run a script, or a search, as `debug_test` does a scenario.

    Its servers have ended when the prompt opens.
    """
    made = run_test(conditions, host)
    for name in made.__struct_fields__:
        setattr(run, name, getattr(made, name))
    if run.passed:
        return None
    frames: TracebackType | None = None
    if debugger.raised is not None:
        frames = _linked(_entries(debugger.raised, conditions.submission.owns))
    failure = pytest.fail.Exception(failure_text([run]), pytrace=False)
    return failure.with_traceback(frames)


def _frames(
    test: GradedTest,
    submission: Submission,
    raised: Exception,
    in_server: BaseException | None,
) -> TracebackType | None:
    """Return the frames of the scenario, and within them those of the server's code.

    A debugger opens in the last of them.
    """
    frames = _entries(raised, lambda file: file == str(test.file))
    if in_server is not None:
        frames += _entries(in_server, submission.owns)
    return _linked(frames)


def _linked(frames: list[TracebackType]) -> TracebackType | None:
    """Return entries as one traceback, None for none."""
    linked: TracebackType | None = None
    for entry in reversed(frames):
        linked = TracebackType(linked, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return linked


def _entries(exc: BaseException, wanted: Callable[[str], bool]) -> list[TracebackType]:
    """Return the entries of an exception's traceback in files that are wanted."""
    entries, entry = [], exc.__traceback__
    while entry is not None:
        if wanted(entry.tb_frame.f_code.co_filename):
            entries.append(entry)
        entry = entry.tb_next
    return entries
