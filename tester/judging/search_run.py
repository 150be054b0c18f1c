"""A search as a graded test: it has a budget of states, and so is the same everywhere.

What it finds is reported with the fewest choices that bring it about.
"""

import hashlib
import warnings
from collections.abc import Callable

from labrpc import codes as labrpc_codes
from labrpc.errors import SubmissionError
from labrpc.machine import memory
from labrpc.machine.wall_clock import cpu_seconds
from labrpc.world.recorder import DigestRecorder
from tester import codes
from tester.judging.graded_test import GradedTest
from tester.judging.run_hosting import RunHost
from tester.search.budget import Limits
from tester.search.choice_text import list_text
from tester.search.choices import ChoiceList, Setting
from tester.search.report import outcome_lines
from tester.search.search import Outcome
from tester.search.session import replayed, searched
from tester.text import counted
from tester.verdict import Run, Verdict, conclude

MakeRecorder = Callable[[int], DigestRecorder | None]
"""Returns what records a run of so many servers, None if nothing does."""


def run_search(
    run: Run, test: GradedTest, host: RunHost, make_recorder: MakeRecorder
) -> tuple[DigestRecorder | None, SubmissionError | None]:
    """Search, and note in the run what came of it.

    Args:
        run: one that has not begun.
        test: says how many states to find.
        host: where it is run.
        make_recorder: records what was found.

    Returns:
        What has recorded the found run, and how that fails; None if nothing was found.
    """
    boxes = host.boxes
    setting = Setting(
        test.servers_at(run.seed), persistence=test.persistence, preempt=boxes.preempt
    )
    began_s = cpu_seconds() + boxes.cpu_s
    limits = Limits(test.search_states, None, lambda: cpu_seconds() + boxes.cpu_s)
    recorder: DigestRecorder | None = None
    error: SubmissionError | None = None
    try:
        with warnings.catch_warnings(action="ignore"), memory.limited():
            outcome = searched(boxes, setting, limits, str(run.seed))
            run.digest = _digest(outcome)
            if outcome.run is not None and outcome.found is not None:
                error = outcome.found.error
                recorder = make_recorder(outcome.run.setting.servers)
                if recorder is not None:
                    replayed(boxes, outcome.run, host.hang_policy, recorder)
                _note_found(run, outcome.run, error, outcome)
    except MemoryError:
        memory.lift_limit()
        most = memory.RUN_BYTES_MAX >> 20
        reason = f"memory limit: the servers take more than {most} MB"
        conclude(run, Verdict.FAILED, labrpc_codes.MEMORY_LIMIT, reason)
    except Exception as exc:
        reason = f"the lab itself broke: {type(exc).__name__}: {exc}"
        conclude(run, Verdict.UNKNOWN, codes.LAB_BROKE, reason)
    run.cpu_s = round(cpu_seconds() + boxes.cpu_s - began_s, 6)
    run.idle_s = float(int(boxes.idle_s))
    return recorder, error


def _note_found(
    run: Run, found: ChoiceList, error: SubmissionError, outcome: Outcome
) -> None:
    """Note how a found run fails, and the list that shows it."""
    run.servers = found.setting.servers
    run.commits = 0
    lines = [
        error.evidence,
        f"the search has found it after {counted(outcome.states, 'state')}, with "
        f"{counted(len(found.choices), 'choice')}. To see it again, save these lines as "
        "found.txt, and run `pytest --replay found.txt`:",
        *(f"  {line}" for line in list_text(found).splitlines()),
    ]
    conclude(
        run, Verdict.FAILED, error.code, error.headline, "\n".join(filter(None, lines))
    )


def _digest(outcome: Outcome) -> str:
    """Return the digest of what came of a search, whatever it took."""
    text = "\n".join([str(outcome.states), *outcome_lines(outcome)])
    return hashlib.blake2b(
        text.encode(errors="backslashreplace"), digest_size=16
    ).hexdigest()
