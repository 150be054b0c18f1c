"""A search, or a replay, in this process: boxes, memory and collections."""

import gc
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

from labrpc.box.in_process_box import restore_process
from labrpc.box_factory import BoxFactory
from labrpc.errors import SubmissionError
from labrpc.machine.watchdog_timer import HangPolicy
from labrpc.world.observer import Observer
from labrpc.world.recorder import DigestRecorder
from tester.search.budget import Limits
from tester.search.choices import ChoiceList, Setting
from tester.search.failing_run import STANDSTILLS, with_clients, with_threads
from tester.search.histories import Histories
from tester.search.judged_run import JudgedRun, run_choices
from tester.search.rules import Rules
from tester.search.search import Exhausted, Outcome, Search

LookingAt = Callable[[Histories], AbstractContextManager[object]]


def searched(
    boxes: BoxFactory,
    setting: Setting,
    limits: Limits,
    seed: str = "0",
    explored: Collection[Exhausted] = (),
    hang_policy: HangPolicy | None = None,
) -> Outcome:
    """Return what comes of a search.

    Args:
        boxes: makes the servers' boxes.
        setting: what holds in all worlds.
        limits: end the search.
        seed: of its random part.
        explored: budgets that an earlier search has explored completely.
        hang_policy: what happens where the submission hangs in C.
    """
    with quiet_process():
        search = Search(
            boxes, setting, seed, explored=explored, hang_policy=hang_policy
        )
        try:
            outcome = search.run(limits)
        finally:
            search.close()
    if outcome.found is None or outcome.run is None:
        return outcome
    error = outcome.found.error
    if error.code in STANDSTILLS:
        # Only then its servers' threads are still there.
        error = replayed(boxes, outcome.run, hang_policy)[1] or error
    else:
        error = with_clients(outcome.run.setting, error)
    return outcome._replace(found=outcome.found._replace(error=error))


def replayed(
    boxes: BoxFactory,
    run: ChoiceList,
    hang_policy: HangPolicy | None = None,
    recorder: DigestRecorder | None = None,
    looking_at: LookingAt = nullcontext,
    observers: Sequence[Observer] = (),
) -> tuple[JudgedRun, SubmissionError | None, str]:
    """Return a run that takes these choices, what failed in it, and its digest.

    Args:
        boxes: makes the servers' boxes.
        run: what holds in the world, and the choices.
        hang_policy: what happens where the submission hangs in C.
        recorder: records it; None where the digest is enough.
        looking_at: lets a debugger look at the servers while the run goes on.
        observers: watch it as well.
    """
    with quiet_process():
        keeps = recorder is not None
        histories = Histories(boxes, run.setting, hang_policy, attributes=keeps)
        try:
            recorder = recorder or DigestRecorder()
            rules = Rules(histories, run.setting)
            with histories.watched(), looking_at(histories):
                judged, error = run_choices(rules, run.choices, [recorder, *observers])
                if error is not None:
                    error = with_threads(histories, judged.state.servers, error)
                    error = with_clients(run.setting, error)
            return judged, error, recorder.hexdigest()
        finally:
            histories.close()


@contextmanager
def quiet_process() -> Iterator[None]:
    """Collect garbage at fixed points only, and leave out what is there already."""
    restore_process()
    enabled, frozen = gc.isenabled(), gc.get_freeze_count()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        if not frozen:
            gc.unfreeze()
        if enabled:
            gc.enable()
        restore_process()
