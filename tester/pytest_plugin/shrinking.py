"""`--shrink`: a failing run as the fewest choices that fail in the same way.

They are printed with the failure, and kept beside the failing seed, which stays the one
that counts: no list of choices changes a verdict.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from labrpc.errors import LabError
from labrpc.machine.wall_clock import cpu_seconds
from tester.errors import UsageError
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.run_hosting import RunHost
from tester.search.choice_text import choice_text
from tester.search.minimal import Minimal, NotExpressed, minimal_list
from tester.search.report import file_text
from tester.search.transcript import Transcript
from tester.text import command_line, counted, one_line
from tester.verdict import Run, as_evidence
from tester.views.page import write_page

# CPU time in all, for one failing run.
SHRINK_CPU_S_MAX = 30.0
# Longer lists are in their file only: this many lines fit a screen, with the failure.
LINES_MAX = 40
# In one process of a session.
SHRUNK_RUNS_MAX = 3


def note_minimal_list(
    run: Run, conditions: RunConditions, host: RunHost, file: Path, directory: Path
) -> None:
    """Make a failing run minimal; note what came of it in the run's evidence.

    Args:
        run: what came of it.
        conditions: all that it depends on.
        host: where it is made again.
        file: where the list is kept.
        directory: where pytest was started.
    """
    try:
        found = _minimal_list(run, conditions, host)
    except LabError as exc:
        found = NotExpressed(one_line(str(exc)))
    if isinstance(found, Minimal):
        lines = list(_lines(found, conditions, host, file, directory))
    else:
        lines = [
            f"no list of choices fails in the same way: {found.why}; the seed still "
            "repeats the run"
        ]
    run.evidence = as_evidence("\n".join([run.evidence, *lines]))


def _minimal_list(
    run: Run, conditions: RunConditions, host: RunHost
) -> Minimal | NotExpressed:
    boxes, test = host.boxes, conditions.test
    if test.by_choices:
        return NotExpressed("it is a list of choices already")
    if test.service == "rsm":
        return NotExpressed(
            "part 3A has no clients, and choices no calls of `submit`; those of 3B, 3C and "
            "3X can be expressed"
        )
    began_s = cpu_seconds() + boxes.cpu_s

    def out_of_time() -> bool:
        return cpu_seconds() + boxes.cpu_s - began_s > SHRINK_CPU_S_MAX

    transcript = Transcript()
    again = run_test(conditions, host, Recording(observers=(transcript,)))
    if again.code != run.code:
        return NotExpressed(f"repeated, the run ends differently: {again.reason}")
    setting = test.setting_at(conditions.seed, conditions.preempt)
    return minimal_list(boxes, setting, transcript, run.code, out_of_time)


def _lines(
    found: Minimal,
    conditions: RunConditions,
    host: RunHost,
    file: Path,
    directory: Path,
) -> Iterator[str]:
    """Yield what to say of a minimal list, and keep it."""
    choices, submission = found.run.choices, conditions.submission
    yield (
        f"the fewest choices that fail in the same way: {len(choices)}, of "
        f"{found.expressed} that express the run (docs/search.md)"
    )
    if not found.is_whole:
        yield (
            f"  fewer may be enough: time was up after {counted(found.replays, 'shorter list')}"
        )
    if len(choices) <= LINES_MAX:
        yield from (f"  {choice_text(choice)}" for choice in choices)
        yield f"  {found.error.code.name}: {found.error.headline}"
    text = file_text(found.run, submission.name, found.error)
    try:
        write_page(file, text.encode())
    except UsageError as exc:
        yield f"  the list could not be kept: {exc}"
        return
    words = ["pytest", "--replay", os.path.relpath(file, directory)]
    words += ["--submission", str(submission.path)]
    words += ["--preempt"] if conditions.preempt else []
    words += host.hosting.pytest_options()
    yield f"  replay, with a picture: {command_line(words)}"
