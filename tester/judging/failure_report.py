"""What a failure says: what is wrong, when, where in the scenario, and what is known."""

import linecache
import traceback
from pathlib import Path

from labrpc.clock import to_seconds
from labrpc.errors import SubmissionError
from tester.judging.graded_test import GradedTest
from tester.scenario.cluster import Cluster
from tester.text import clean, encodable_text
from tester.verdict import Run, Verdict, conclude

LOG_LINES_SHOWN = 20
# Before the line of the test at which it failed.
SCENARIO_STEP = "in the scenario: "


def note_failure(
    run: Run, test: GradedTest, cluster: Cluster, exc: SubmissionError
) -> None:
    """Say what is wrong, when, where in the scenario, and what is known."""
    when = f"at {cluster.now:.6f} s of {{}} time, seed {run.seed}"
    sections = [when.format("virtual")]
    if cluster.real_time:
        sections = [when.format("real") + ": in real time, no two runs are the same"]
    step = _step_of_scenario(test, exc)
    if step:
        sections.append(f"{SCENARIO_STEP}{step}")
    if exc.evidence:
        sections.append(cluster.in_lanes(exc.evidence))
    sections.append(cluster.describe())
    lines = cluster.world.log[-LOG_LINES_SHOWN:]
    if lines:
        printed = [cluster.in_lanes(log_line(*line)) for line in lines]
        sections.append("\n".join(["what the servers printed last:", *printed]))
    headline = cluster.in_lanes(exc.headline)
    conclude(run, Verdict.FAILED, exc.code, headline, "\n".join(sections))


def log_line(time_ns: int, server: int, text: str) -> str:
    """Return a line that a server has printed as people see it."""
    text = clean(encodable_text(text)).replace("\n", " ")
    return f"  {to_seconds(time_ns):10.6f} s  server {server}: {text}"


def scenario_raised(test: GradedTest, exc: BaseException) -> bool:
    """Return whether the scenario itself raised, rather than the lab below it.

    An `assert` of a scenario judges the submission; one of the lab's, the lab.
    """
    return Path(traceback.extract_tb(exc.__traceback__)[-1].filename) == test.file


def assertion_text(exc: AssertionError) -> str:
    """Return what an `assert` of a scenario says: its message.

    What pytest adds to it names objects of this process: no two runs would have the same
    reason.
    """
    message = str(exc).partition("\nassert ")[0]
    if not message or message.startswith("assert "):
        return "a check of the scenario does not hold"
    return message


def _step_of_scenario(test: GradedTest, exc: BaseException) -> str:
    """Return the line of the test at which it failed."""
    frames = traceback.extract_tb(exc.__traceback__)
    own = [frame for frame in frames if Path(frame.filename) == test.file]
    if not own:
        return ""
    frame = own[-1]
    # Of a call over several lines, all of them.
    lines = range(frame.lineno or 0, (frame.end_lineno or frame.lineno or 0) + 1)
    source = " ".join(linecache.getline(frame.filename, n).strip() for n in lines)
    return f"{test.file.name}:{frame.lineno} in {frame.name}: {source}"
