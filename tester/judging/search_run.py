"""A search as a graded test: with a budget of states, it is the same on every machine.

What it finds is reported with the fewest choices that lead there.
"""

import hashlib
from collections.abc import Callable

from labrpc.errors import SubmissionError
from labrpc.machine.wall_clock import cpu_seconds
from labrpc.world.recorder import DigestRecorder
from tester.judging.graded_test import GradedTest
from tester.judging.run_hosting import RunHost
from tester.judging.without_cluster import judged_without_cluster
from tester.search.budget import Limits
from tester.search.choice_text import list_text
from tester.search.choices import ChoiceList
from tester.search.report import outcome_lines
from tester.search.search import Outcome
from tester.search.session import replayed, searched
from tester.text import counted
from tester.verdict import Run, Verdict, conclude

MakeRecorder = Callable[[int], DigestRecorder | None]
"""Returns what records a run of this number of servers, None if nothing does."""


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
        What has recorded the run that was found, and how it fails; None for what there
        is not.
    """
    boxes = host.boxes
    setting = test.setting_at(run.seed, boxes.preempt)
    limits = Limits(test.search_states, None, lambda: cpu_seconds() + boxes.cpu_s)
    recorder: DigestRecorder | None = None
    error: SubmissionError | None = None
    with judged_without_cluster(run, boxes):
        seed, hang_policy = str(run.seed), host.hang_policy
        outcome = searched(boxes, setting, limits, seed, hang_policy=hang_policy)
        run.digest = _digest(outcome)
        if outcome.run is not None and outcome.found is not None:
            error = outcome.found.error
            recorder = make_recorder(outcome.run.setting.servers)
            if recorder is not None:
                replayed(boxes, outcome.run, hang_policy, recorder)
            _note_found(run, outcome.run, error, outcome)
    return recorder, error


def _note_found(
    run: Run, found: ChoiceList, error: SubmissionError, outcome: Outcome
) -> None:
    """Note how a found run fails, and the list that shows it."""
    run.servers = found.setting.servers
    where = "it fails as soon as its servers start"
    if found.choices:
        where = (
            f"the search has found it after {counted(outcome.states, 'state')}, with "
            f"{counted(len(found.choices), 'choice')}"
        )
    lines = [
        error.evidence,
        f"{where}. To see it again, save these lines as found.txt, and run `pytest "
        "--replay found.txt`:",
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
