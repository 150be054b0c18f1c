"""A picture of a failing run, and its last events in words, without being asked for.

A run depends on nothing but its conditions, so a failing one is made once more, with
recording: a passing run pays nothing. What goes wrong here never changes a verdict.
"""

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from labrpc.machine.wall_clock import cpu_seconds
from labrpc.machine.watchdog_timer import looking_in
from tester import codes
from tester.explain.explain import closer_look, explain, explanation_blocks
from tester.judging.decision_moment import decision_lines, find_decision
from tester.judging.run import Recording, run_test, trace_file
from tester.judging.run_conditions import RunConditions
from tester.judging.run_hosting import RunHost
from tester.text import one_line
from tester.traces.reader import Trace, read_trace
from tester.traces.store import make_room
from tester.verdict import Run, RunWarning, Verdict, as_evidence
from tester.views.lines import last_lines
from tester.views.page import page_html, write_page
from tester.views.timeline import timeline

# A run that took longer is not made again.
RUN_S_MAX = 5.0
# What a submission sends decides how much there is to read, to explain and to draw; an
# ordinary trace has a few MB, and takes a second.
TRACE_BYTES_MAX = 32 << 20
DRAW_CPU_S_MAX = 30.0
LAST_LINES = 12
PICTURES_KEPT = 100


@dataclass(frozen=True)
class Pictures:
    """Where pictures go.

    Attributes:
        folder: of the pages.
        traces: of the recorded runs.
        redact: removes from a page's texts what its reader must not see.
        for_student: whether the page is for the student of a grading, whose report has
            the replay command; then the last events are left out of the evidence, too.
        decision: whether to say when the run was decided, which takes a hundred runs.
    """

    folder: Path
    traces: Path
    redact: Callable[[str], str] = lambda text: text
    for_student: bool = False
    decision: bool = False

    def file(self, run: Run) -> Path:
        """Return the file of a run's picture."""
        return self.folder / f"{run.test}-seed{run.seed}.html"

    def draw(
        self,
        run: Run,
        conditions: RunConditions,
        host: RunHost,
        recorded: bool = False,
    ) -> None:
        """Draw a picture of a failing run, and note it and the last events in the run.

        Args:
            run: what came of it.
            conditions: all that it depends on.
            host: where it is made again.
            recorded: whether its trace is there already.
        """
        if not _may_be_drawn(run):
            return
        try:
            if not self._record(run, conditions, host, recorded):
                return
            with _cpu_limited(DRAW_CPU_S_MAX), _uncollected():
                trace = read_trace(trace_file(self.traces, conditions))
            decided = self._decided(run, conditions, host, trace)
            with _cpu_limited(DRAW_CPU_S_MAX), _uncollected():
                self._draw(run, conditions, trace, decided)
        except Exception as exc:
            _warn(run, f"the picture could not be drawn: {exc}")

    def _decided(
        self, run: Run, conditions: RunConditions, host: RunHost, trace: Trace
    ) -> list[list[str]]:
        """Return a block of lines on when the run was decided, if that is wanted."""
        # Choices leave nothing to chance.
        if not self.decision or trace.end is None or conditions.test.by_choices:
            return []
        found = find_decision(run, conditions, host, trace.end.steps)
        return [decision_lines(found, trace)]

    def _draw(
        self,
        run: Run,
        conditions: RunConditions,
        trace: Trace,
        decided: list[list[str]],
    ) -> None:
        laid_out = timeline(trace)
        found = explain(trace)
        explanations = explanation_blocks(trace, found) + decided
        closer = closer_look(found, str(trace_file(self.traces, conditions)))
        last = [*closer, "what happened last:", *last_lines(laid_out, LAST_LINES)]
        explained = [line for block in explanations for line in block]
        added = [*explained, *([] if self.for_student else last)]
        run.evidence = as_evidence("\n".join([run.evidence, *added]))
        make_room(self.folder, "*-seed*.html", PICTURES_KEPT)
        replay = "" if self.for_student else run.replay
        page = page_html(laid_out, replay, explanations, self.redact)
        write_page(self.file(run), page)
        run.picture = str(self.file(run))

    def _record(
        self, run: Run, conditions: RunConditions, host: RunHost, recorded: bool
    ) -> bool:
        """Record the run; return whether there is a trace of it that can be drawn."""
        file = trace_file(self.traces, conditions)
        if recorded and not file.is_file():
            return False  # It could not be written, which is a warning already.
        if not recorded:
            recording = Recording(traces=self.traces, at_once=False)
            again = run_test(conditions, host, recording)
            if again.reason != run.reason:
                came_to = again.reason or "it passes"
                _warn(
                    run, f"made again for a picture, it came to another end: {came_to}"
                )
                return False
            for warning in again.warnings:
                if warning.code == codes.TRACE_NOT_WRITTEN.name:
                    raise OSError(warning.text)
        size = file.stat().st_size
        if size > TRACE_BYTES_MAX:
            _warn(run, f"no picture is drawn of a trace of {size >> 20} MB")
            return False
        return True


@contextmanager
def _uncollected() -> Iterator[None]:
    """Collect no garbage in the block.

    None of a trace's hundred thousand objects is garbage, and looking through them again
    and again takes a third of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def _cpu_limited(seconds: float) -> Iterator[None]:
    """Raise TimeoutError if the block takes too long; without effect in a thread."""
    end_s = cpu_seconds() + seconds

    def look(signum: int, frame: FrameType | None) -> None:
        if cpu_seconds() > end_s:
            raise TimeoutError(f"it took more than {seconds:g} s of CPU time")

    in_main = threading.current_thread() is threading.main_thread()
    with looking_in(look, None) if in_main else nullcontext():
        yield


def _may_be_drawn(run: Run) -> bool:
    """Return whether a run failed, and may be made once more."""
    # One that used up the machine's memory or time would do so again.
    return run.verdict is Verdict.FAILED and run.cpu_s + run.idle_s <= RUN_S_MAX


def _warn(run: Run, text: str) -> None:
    run.warnings.append(RunWarning(codes.PICTURE_NOT_DRAWN.name, one_line(text)))
