"""Looking at a run in a debugger: virtual time stands still meanwhile.

With `--pdb`, a graded test runs here instead of in `run`: its cluster stays
open, and the prompt stands where the property broke.
"""

import builtins
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, NoReturn

import pytest

from labrpc.box.ends import PUT
from labrpc.box.in_process_box import InProcessBox
from labrpc.box_factory import InProcessBoxFactory
from labrpc.codes import Code
from labrpc.machine.watchdog import HangPolicy, watchdog
from labrpc.scheduling.greenlets import getcurrent
from labrpc.scheduling.scheduler import Scheduler, Wait, current_task
from labrpc.simulated.importer import BOX_BUILTINS
from labrpc.submission.submission import Submission
from labrpc.world.streams import incarnation_streams
from tester.judging.debugger_prompt import lab_at_prompts
from tester.judging.graded_test import GradedTest
from tester.judging.run import judge, open_cluster
from tester.judging.run_conditions import RunConditions
from tester.judging.run_hosting import IN_PROCESS, RunHost
from tester.verdict import Run, Verdict, failure_text

# `breakpoint()` in a submission.


class DebuggerQuit(BaseException):
    """A person has had enough: no verdict comes of the run.

    No Exception, as pytest's own is: neither a scenario nor the lab may take it
    for a failure.
    """


@contextmanager
def prompts(plugins: pytest.PytestPluginManager) -> Iterator[None]:
    """Let a submission's `breakpoint()` open pytest's debugger while the block runs.

    Who quits it ends the session, as everywhere in pytest.
    """
    hooks = _Hooks()
    plugins.register(hooks)
    refused = BOX_BUILTINS["breakpoint"]
    BOX_BUILTINS["breakpoint"] = builtins.breakpoint
    try:
        yield
    except DebuggerQuit:
        pytest.exit("Quitting debugger")
    finally:
        BOX_BUILTINS["breakpoint"] = refused
        plugins.unregister(hooks)


class _Hooks:
    """Told by pytest of each prompt, before it opens."""

    def pytest_enter_pdb(self, pdb: Any) -> None:
        """Let the world stand still at the prompt, and quitting end the session."""
        set_quit, interaction = pdb.set_quit, pdb.interaction

        def quit_session() -> NoReturn:
            set_quit()
            task = current_task()
            if task is not None and task in task.scheduler.tasks and not task.dying:
                # Not through the submission, which could swallow it.
                task.scheduler.stop(DebuggerQuit())
            raise DebuggerQuit

        def interact(*args: Any) -> None:
            task = current_task()
            with ExitStack() as at_prompt:
                if task is not None:
                    at_prompt.enter_context(_standing_still([task.scheduler]))
                interaction(*args)

        pdb.set_quit, pdb.interaction = quit_session, interact


@contextmanager
def _standing_still(schedulers: list[Scheduler]) -> Iterator[None]:
    """At a prompt, let nothing wait that is typed there, and `print` print there."""
    prompt = getcurrent()
    parks = [scheduler.park for scheduler in schedulers]

    def refuse_at_prompt(scheduler: Scheduler) -> Callable[..., Any]:
        park = scheduler.park

        def park_elsewhere(waits_for: Wait, deadline_ns: int | None = None) -> Any:
            if getcurrent() is not prompt:
                return park(waits_for, deadline_ns)
            if isinstance(waits_for, tuple) or waits_for is PUT:
                scheduler.owner.actions.pop()  # What has just been sent, or applied.
            raise RuntimeError(
                "nothing can wait at a debugger's prompt: the world stands still"
            )

        return park_elsewhere

    to_log = BOX_BUILTINS["print"]
    BOX_BUILTINS["print"] = builtins.print
    for scheduler in schedulers:
        scheduler.park = refuse_at_prompt(scheduler)  # type: ignore[method-assign]
    try:
        yield
    finally:
        BOX_BUILTINS["print"] = to_log
        for scheduler, park in zip(schedulers, parks, strict=True):
            scheduler.park = park  # type: ignore[method-assign]


# `--pdb`.


def debug_test(
    run: Run,
    conditions: RunConditions,
    hang_policy: HangPolicy | None,
    at_teardown: Callable[[Callable[[], None]], None],
) -> BaseException | None:
    """Run a test; return what pytest's debugger shows of a failure, and where.

    Args:
        run: takes what comes of it.
        conditions: all that the run depends on.
        hang_policy: what happens where the submission hangs in C.
        at_teardown: is given what closes the cluster, to be called when nobody
            looks at it any more.
    """
    test, submission = conditions.test, conditions.submission
    boxes = _BoxFactory(submission, conditions.preempt)
    cluster = open_cluster(conditions, RunHost(IN_PROCESS, boxes))
    at_prompt = ExitStack()
    at_prompt.enter_context(lab_at_prompts(cluster))
    at_teardown(cluster.close)
    at_teardown(at_prompt.close)
    with watchdog(cluster.world, hang_policy=hang_policy):
        raised = judge(run, test, cluster, boxes)
    if raised is None:
        return None
    hosts = [host.box for host in cluster.world.hosts if host is not None]
    schedulers = [box.scheduler for box in hosts if isinstance(box, _Box)]
    at_prompt.enter_context(_standing_still(schedulers))
    failure = pytest.fail.Exception(failure_text([run]), pytrace=False)
    if run.verdict is Verdict.UNKNOWN:
        return failure.with_traceback(raised.__traceback__)
    return failure.with_traceback(_frames(test, submission, raised, boxes.raised))


class _Box(InProcessBox):
    """Tells its factory of the exception for which it ends the test."""

    factory: "_BoxFactory"

    def fail(self, code: Code, headline: str, evidence: str = "") -> None:
        """Report that the submission broke."""
        super().fail(code, headline, evidence)
        self.factory.note(sys.exception())

    def report(self, exc: BaseException, where: str) -> None:
        """Report that an exception has left the submission's code."""
        self.factory.note(exc)
        super().report(exc, where)


class _BoxFactory(InProcessBoxFactory):
    """Boxes in this process, of which the first exception is kept.

    Attributes:
        raised: what has left the submission's code.
    """

    raised: BaseException | None = None

    def box(self, server: int, incarnation: int, seed: str) -> _Box:
        """Make the box of one incarnation, in the run with this seed."""
        streams = incarnation_streams(seed, server, incarnation)
        box = _Box(self.submission, server, incarnation, streams, self.preempt)
        box.factory = self
        return box

    def note(self, exc: BaseException | None) -> None:
        """Keep an exception, if it is the first."""
        self.raised = self.raised or exc


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
