"""A picture of a failing run, and its last events in words, made by themselves.

A run depends on nothing but its conditions, so a failing one is made once more, with
recording: a passing run pays nothing. What goes wrong here never changes a verdict.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tester import codes
from tester.explain.explain import explanation_lines
from tester.judging.run import Recording, run_test, trace_file
from tester.judging.run_conditions import RunConditions
from tester.judging.run_hosting import RunHost
from tester.text import one_line
from tester.traces.reader import Trace, read_trace
from tester.traces.store import make_room
from tester.verdict import Run, RunWarning, Verdict, as_evidence
from tester.views.lines import last_lines
from tester.views.page import page_html, write_page

# A run that took longer is not made again by itself.
RUN_CPU_S_MAX = 5.0
LAST_LINES = 12
PICTURES_KEPT = 100


@dataclass(frozen=True)
class Pictures:
    """Where pictures go.

    Attributes:
        folder: of the pages.
        traces: of the recorded runs.
        redact: takes out of a page's texts what whoever gets it must not see.
        for_student: whether the page is for the student of a grading, whose report has
            the replay command; then the last events are left out of the evidence, too.
    """

    folder: Path
    traces: Path
    redact: Callable[[str], str] = lambda text: text
    for_student: bool = False

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
            trace = self._trace(run, conditions, host, recorded)
            if trace is None:
                return
            proved = explanation_lines(trace)
            last = ["what happened last:", *last_lines(trace, LAST_LINES)]
            added = [*proved, *([] if self.for_student else last)]
            run.evidence = as_evidence("\n".join([run.evidence, *added]))
            make_room(self.folder, "*-seed*.html", PICTURES_KEPT)
            replay = "" if self.for_student else run.replay
            page = page_html(trace, replay, "\n".join(proved[1:]), self.redact)
            write_page(self.file(run), page)
            run.picture = str(self.file(run))
        except Exception as exc:
            _warn(run, f"the picture could not be drawn: {exc}")

    def _trace(
        self, run: Run, conditions: RunConditions, host: RunHost, recorded: bool
    ) -> Trace | None:
        """Return the run's trace; None if there is none, or of another run."""
        file = trace_file(self.traces, conditions)
        if recorded and not file.is_file():
            return None  # It could not be written, which is a warning already.
        if not recorded:
            again = run_test(conditions, host, Recording(traces=self.traces))
            if again.reason != run.reason:
                came_to = again.reason or "it passes"
                _warn(
                    run, f"made again for a picture, it came to another end: {came_to}"
                )
                return None
        return read_trace(file)


def _may_be_drawn(run: Run) -> bool:
    """Return whether a run failed, and may be made once more."""
    # One that used up the machine's memory or time would do so again.
    return run.verdict is Verdict.FAILED and run.cpu_s <= RUN_CPU_S_MAX


def _warn(run: Run, text: str) -> None:
    run.warnings.append(RunWarning(codes.PICTURE_NOT_DRAWN.name, one_line(text)))
