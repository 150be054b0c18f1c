"""Running one graded test once: a pure function of (submission, test, seed)."""

import gc
import os
import shlex
import traceback
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from labrpc.box_factory import Hosting, ThisProcess
from labrpc.errors import SubmissionError
from labrpc.machine import memory
from labrpc.machine.unraisable import unraisable_as_warnings
from labrpc.machine.wall_clock import cpu_seconds
from labrpc.machine.watchdog import watchdog
from labrpc.submission.submission import Submission
from labrpc.world.recorder import DigestRecorder, Recorder
from tester.judging.debugger_prompt import lab_at_prompts
from tester.judging.failure_report import (
    log_line,
    note_failure,
    scenario_raised,
)
from tester.judging.graded_test import GradedTest
from tester.scenario.checks import CheckedCluster
from tester.text import encodable_text
from tester.traces.recorder import TraceRecorder
from tester.verdict import Run, Verdict

TakeLine = Callable[[str], None]
"""Takes each line that a server prints, with its time and number."""


def replay_command(
    test: GradedTest,
    submission: Submission,
    seed: int,
    real_time: bool = False,
    isolated: bool = False,
) -> str:
    """Return the command that runs a test again at one seed, from any directory."""
    # The order of a submission's sets depends on it, so it belongs to the run.
    hash_seed = os.environ.get("PYTHONHASHSEED")
    return shlex.join(
        [
            *([f"PYTHONHASHSEED={hash_seed}"] if hash_seed else []),
            "pytest",
            f"{test.file}::{test.name}",
            "--seed",
            str(seed),
            "--submission",
            str(submission.path),
            *(["--preempt"] if submission.preempt else []),
            *(["--isolation", "process"] if isolated else []),
            "--real-time" if real_time else "--lab-trace",
        ]
    )


def run_test(
    test: GradedTest,
    submission: Submission,
    seed: int,
    digest: bool = False,
    traces: Path | None = None,
    real_time: bool = False,
    hosting: Hosting | None = None,
    on_line: TakeLine | None = None,
) -> Run:
    """Run one test of one submission at one seed.

    Never raises for anything the submission does. An error of the lab's own
    makes the verdict unknown.

    Args:
        test: the scenario.
        submission: what every server runs.
        seed: from which all randomness of the run comes.
        digest: whether to compute the trace's digest.
        traces: the directory to which the run is recorded, None for no trace.
        real_time: whether to run on real threads and clocks. Such a run does
            not repeat, and has neither digest nor trace.
        hosting: where the submission's boxes live; None for this process.
        on_line: is given each line that servers print, as soon as they do.
    """
    recorder: DigestRecorder | None = DigestRecorder() if digest else None
    if traces is not None:
        recorder = trace = TraceRecorder(
            traces / f"{test.name}-seed{seed}.jsonl",
            {
                "test": test.name,
                "seed": seed,
                "submission": submission.name,
                "submission_digest": submission.digest,
                "preempt": submission.preempt,
            },
        )
    hosting = hosting or ThisProcess(submission)
    run = new_run(test, submission, seed, real_time, hosting.isolated)
    began_s = cpu_seconds() + hosting.cpu_s
    cluster = open_cluster(test, submission, seed, recorder, real_time, hosting)
    if on_line is not None:
        cluster.world.on_log = lambda *line: on_line(log_line(*line))
    # Collected only between runs, so that no finalizer runs at a moment that
    # depends on what the process did before.
    gc.disable()
    try:
        # What Python warns a student of must not fail them, as it would where
        # pytest is told to make errors of warnings.
        quiet = warnings.catch_warnings(action="ignore")
        # Real threads take address space by the megabyte, and return it later.
        limited = nullcontext() if real_time else memory.limited()
        told = unraisable_as_warnings(cluster.world.warnings)
        watched = watchdog(cluster.world)
        with quiet, limited, told, watched, lab_at_prompts(cluster):
            try:
                judge(run, test, cluster, hosting)
            finally:
                cluster.close()
    finally:
        gc.enable()
    run.cpu_s = round(cpu_seconds() + hosting.cpu_s - began_s, 6)
    run.warnings = [*cluster.warnings, *cluster.world.warnings]
    if recorder is not None:
        run.digest = recorder.hexdigest()
    if traces is not None:
        trace.finish(run)
    return run


def new_run(
    test: GradedTest,
    submission: Submission,
    seed: int,
    real_time: bool = False,
    isolated: bool = False,
) -> Run:
    """Return a run that has not begun, and in which so far nothing is wrong."""
    return Run(
        submission=submission.name,
        part=test.part,
        test=test.name,
        seed=seed,
        points=test.points,
        verdict=Verdict.PASSED,
        servers=test.servers,
        replay=replay_command(test, submission, seed, real_time, isolated),
    )


def open_cluster(
    test: GradedTest,
    submission: Submission,
    seed: int,
    recorder: Recorder | None = None,
    real_time: bool = False,
    hosting: Hosting | None = None,
) -> CheckedCluster:
    """Return the cluster that a test wants, with no server started yet."""
    return CheckedCluster(
        submission,
        # The name, not the path: a run is the same wherever the suite lies.
        f"{test.name}/{seed}",
        test.servers,
        reliable=test.reliable,
        snapshots=test.snapshots,
        persistence=test.persistence,
        recorder=recorder,
        real_time=real_time,
        hosting=hosting,
    )


def judge(
    run: Run, test: GradedTest, cluster: CheckedCluster, hosting: Hosting
) -> Exception | None:
    """Run a test on its cluster, note what came of it, and return what it raised."""
    raised: Exception | None = None
    try:
        try:
            hosting.begin_run()
            cluster.boot()
            test.function(cluster)
        finally:
            _measure(run, cluster)
        cluster.shut_down()
    except SubmissionError as exc:
        raised = exc
        note_failure(run, test, cluster, exc)
    except MemoryError as exc:
        raised = exc
        memory.lift_limit()
        most = memory.RUN_BYTES_MAX >> 20
        failure = SubmissionError(
            f"memory blow-up: the servers take more than {most} MB",
            "something grows without end: a list, a log, a message",
        )
        note_failure(run, test, cluster, failure)
    except Exception as exc:
        raised = exc
        if isinstance(exc, AssertionError) and scenario_raised(test, exc):
            failure = SubmissionError(str(exc)).with_traceback(exc.__traceback__)
            note_failure(run, test, cluster, failure)
        else:
            run.verdict = Verdict.UNKNOWN
            run.reason = f"the lab itself broke: {type(exc).__name__}: {exc}"
            run.evidence = traceback.format_exc()
    # Half of a surrogate pair would otherwise cost the submission no points: the
    # process that judges it would die of it, and the run be unknown.
    run.reason = encodable_text(run.reason)
    run.evidence = encodable_text(run.evidence)
    return raised


def _measure(run: Run, cluster: CheckedCluster) -> None:
    """Note what the scenario took."""
    run.virtual_s = round(cluster.now, 6)
    run.rpcs = cluster.network.calls
    run.bytes = cluster.network.bytes
    run.commits = cluster.commits()


def graded_run(
    test: GradedTest,
    submission: Submission,
    seed: int,
    digest: bool = False,
    traces: Path | None = None,
    real_time: bool = False,
    hosting: Hosting | None = None,
    on_line: TakeLine | None = None,
) -> Run:
    """Run a test as `run_test` does; once more if it came to no verdict.

    An unknown run is the lab's fault, so it may go away; a failed one is the
    submission's, and stands.
    """
    how = digest, traces, real_time, hosting, on_line
    run = run_test(test, submission, seed, *how)
    if run.verdict is Verdict.UNKNOWN:
        run = run_test(test, submission, seed, *how)
        run.retried = True
    return run


def boot_problem(
    submission: Submission, hosting: Hosting | None = None
) -> SubmissionError | None:
    """Return why no server of a submission can be started, None if it can."""
    cluster = CheckedCluster(submission, "load", servers=3, hosting=hosting)
    with memory.limited(), watchdog(cluster.world):
        try:
            cluster.boot()
        except SubmissionError as exc:
            return exc
        except MemoryError:
            return SubmissionError("memory blow-up while it was loaded")
        finally:
            cluster.close()
    return None
