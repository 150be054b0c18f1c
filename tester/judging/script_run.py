"""Running an interaction script on a submission: a graded test without a cluster.

What happens is what the script says, so a run is the same at every seed.
"""

from collections.abc import Sequence
from contextlib import nullcontext

import msgspec

from labrpc.clock import to_seconds
from labrpc.errors import SubmissionError
from labrpc.world.observer import Observer
from labrpc.world.recorder import DigestRecorder
from tester.judging.failure_report import SCENARIO_STEP
from tester.judging.graded_test import GradedTest
from tester.judging.run_hosting import RunHost
from tester.judging.without_cluster import judged_without_cluster
from tester.search.choice_text import choice_text
from tester.search.choices import ChoiceList
from tester.search.judged_run import CHOICE_NS, JudgedRun
from tester.search.session import replayed
from tester.text import counted
from tester.verdict import Run, Verdict, conclude


def run_script(
    run: Run,
    test: GradedTest,
    host: RunHost,
    recorder: DigestRecorder | None = None,
    observers: Sequence[Observer] = (),
) -> SubmissionError | None:
    """Let a script happen, and note in the run what came of it.

    Args:
        run: one that has not begun.
        test: whose script it is.
        host: where it is run.
        recorder: records it; None where the digest is enough.
        observers: watch it as well.

    Returns:
        What failed; None if nothing did.
    """
    error: SubmissionError | None = None
    script = test.script
    assert script is not None
    boxes = host.boxes
    setting = msgspec.structs.replace(script.setting, preempt=boxes.preempt)
    with judged_without_cluster(run, boxes):
        judged, error, run.digest = replayed(
            boxes,
            ChoiceList(setting, script.choices),
            host.hang_policy,
            recorder,
            host.debugger.looking_at_list if host.debugger else nullcontext,
            observers,
        )
        run.virtual_s = to_seconds(len(judged.choices) * CHOICE_NS)
        run.commits = max(len(server.applied) for server in judged.state.servers)
        if error is not None:
            evidence = _evidence(test, judged, error)
            conclude(run, Verdict.FAILED, error.code, error.headline, evidence)
    return error


def _evidence(test: GradedTest, judged: JudgedRun, error: SubmissionError) -> str:
    """Return at which choice it failed, and what is known of the servers."""
    sections = []
    if judged.choices:
        taken = f"choice {len(judged.choices)} that applies"
        last = choice_text(judged.choices[-1])
        sections.append(f"{SCENARIO_STEP}{test.file.name}, {taken}: {last}")
    if error.evidence:
        sections.append(error.evidence)
    assert test.script is not None
    for server in judged.state.servers[: test.script.setting.servers]:
        leads = "leader" if server.leads else "not leader"
        sections.append(
            f"server {server.server}: {leads}, term {server.term} when last asked; "
            f"has applied {counted(len(server.applied), 'command')}"
        )
    return "\n".join(sections)
