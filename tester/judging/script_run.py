"""Running an interaction script on a submission: a graded test without a cluster.

What happens is what the script says, so a run is the same at every seed.
"""

import warnings
from contextlib import nullcontext

import msgspec

from labrpc import codes as labrpc_codes
from labrpc.clock import to_seconds
from labrpc.errors import SubmissionError
from labrpc.machine import memory
from labrpc.machine.wall_clock import cpu_seconds
from labrpc.world.recorder import DigestRecorder
from tester import codes
from tester.judging.failure_report import SCENARIO_STEP
from tester.judging.graded_test import GradedTest
from tester.judging.run_hosting import RunHost
from tester.search.choice_text import choice_text
from tester.search.choices import ChoiceList
from tester.search.judged_run import CHOICE_NS, JudgedRun
from tester.search.session import replayed
from tester.verdict import Run, Verdict, conclude


def run_script(
    run: Run, test: GradedTest, host: RunHost, recorder: DigestRecorder | None = None
) -> SubmissionError | None:
    """Let a script happen, and note in the run what came of it.

    Args:
        run: one that has not begun.
        test: whose script it is.
        host: where it is run.
        recorder: records it; None where the digest is enough.

    Returns:
        What failed; None if nothing did.
    """
    error: SubmissionError | None = None
    script = test.script
    assert script is not None
    boxes = host.boxes
    setting = msgspec.structs.replace(script.setting, preempt=boxes.preempt)
    began_s = cpu_seconds() + boxes.cpu_s
    boxes.begin_run()
    try:
        with warnings.catch_warnings(action="ignore"), memory.limited():
            judged, error, run.digest = replayed(
                boxes,
                ChoiceList(setting, script.choices),
                host.hang_policy,
                recorder,
                host.debugger.looking_at_list if host.debugger else nullcontext,
            )
        run.virtual_s = to_seconds(len(judged.choices) * CHOICE_NS)
        run.commits = max(len(server.applied) for server in judged.state.servers)
        if error is not None:
            conclude(
                run,
                Verdict.FAILED,
                error.code,
                error.headline,
                _evidence(test, judged, error),
            )
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
    for server in judged.state.servers:
        leads = "leader" if server.leads else "not leader"
        sections.append(
            f"server {server.server}: {leads}, term {server.term} when last asked; "
            f"applied up to index {len(server.applied)}"
        )
    return "\n".join(sections)
