"""Running one graded test once: a pure function of its conditions."""

import gc
import platform
import traceback
import warnings
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from labrpc import codes as labrpc_codes
from labrpc.box_factory import BoxFactory
from labrpc.errors import SubmissionError
from labrpc.machine import memory
from labrpc.machine.unraisable import unraisable_as_warnings
from labrpc.machine.wall_clock import cpu_seconds
from labrpc.machine.watchdog import watchdog
from labrpc.submission.submission import Submission
from labrpc.world.futures import DrawingAnew, Future
from labrpc.world.observer import Observer
from labrpc.world.recorder import DigestRecorder
from tester import codes
from tester.intake.service_submission import COUNTER
from tester.judging.failure_report import (
    assertion_text,
    log_line,
    note_failure,
    scenario_raised,
)
from tester.judging.graded_test import GradedTest
from tester.judging.run_conditions import RunConditions
from tester.judging.run_hosting import IN_PROCESS, RunHost, RunHosting
from tester.scenario.checks import CheckedCluster
from tester.scenario.kv_cluster import KVCluster
from tester.scenario.measured_cluster import MeasuredCluster
from tester.scenario.rsm_cluster import RsmCluster
from tester.situations.observer import SituationObserver
from tester.situations.service_observer import ServiceObserver
from tester.traces.field_names import field_names
from tester.traces.recorder import TraceRecorder
from tester.traces.rows import TRACE_VERSION, Header
from tester.traces.store import TRACES_KEPT, make_room
from tester.verdict import Run, Verdict, conclude, run_warnings
from tester.versions import lab_version

TakeLine = Callable[[str], None]
"""Takes each line that a server prints, with its time and number."""


class LinePrinter(Observer):
    """Hands on each line that a server prints, as soon as it does."""

    def __init__(self, take_line: TakeLine) -> None:
        self._take_line = take_line

    def printed(self, now_ns: int, server: int, line: str) -> None:
        """Hand a line on."""
        self._take_line(log_line(now_ns, server, line))


@dataclass(frozen=True)
class Recording:
    """What is kept of a run beside its verdict, and who is shown it as it goes on.

    Attributes:
        digest: whether to compute the trace's digest.
        traces: the directory to which the run is recorded, None for no trace.
        on_line: takes each line that servers print, as soon as they do.
        situations: whether to note which situations it meets.
        observers: watch it as well.
        at_once: whether each row of a trace is on disk as soon as it has happened.
    """

    digest: bool = False
    traces: Path | None = None
    on_line: TakeLine | None = None
    situations: bool = False
    observers: tuple[Observer, ...] = ()
    at_once: bool = True

    def recorder(self, conditions: RunConditions) -> DigestRecorder | None:
        """Return what records a run, None if nothing does."""
        if self.traces is not None:
            make_room(self.traces, "*-seed*.jsonl", TRACES_KEPT)
            return TraceRecorder(
                trace_file(self.traces, conditions),
                _header(conditions),
                _field_names(conditions.submission),
                conditions.test.file,
                at_once=self.at_once,
            )
        return DigestRecorder() if self.digest else None


NOTHING_KEPT = Recording()


def trace_file(traces: Path, conditions: RunConditions) -> Path:
    """Return the file, in the directory of traces, to which a run is recorded."""
    return traces / f"{conditions.test.name}-seed{conditions.seed}.jsonl"


def _header(conditions: RunConditions) -> Header:
    test = conditions.test
    return Header(
        trace=TRACE_VERSION,
        test=test.name,
        seed=conditions.seed,
        servers=test.servers_at(conditions.seed),
        clients=test.clerks,
        service=test.service,
        persistence=test.persistence,
        submission=conditions.submission.name,
        submission_digest=conditions.submission.digest,
        preempt=conditions.preempt,
        hash_seed=conditions.hash_seed,
        file=test.file.name,
        by_choices=test.by_choices,
        lab=lab_version(),
        python=platform.python_version(),
    )


def run_test(
    conditions: RunConditions,
    host: RunHost | None = None,
    recording: Recording = NOTHING_KEPT,
    future: Future | None = None,
) -> Run:
    """Run one test of one submission at one seed.

    Never raises for anything the submission does. An error of the lab's own
    makes the verdict unknown.

    Args:
        conditions: all that the run depends on.
        host: where it is run; None for this process.
        recording: what is kept of it.
        future: from when on chance goes another way; None for the run itself.
    """
    host = host or this_process(conditions)
    if conditions.test.script is not None:
        return _run_script(conditions, host, recording)
    if conditions.test.search_states:
        return _run_search(conditions, host, recording)
    recorder = recording.recorder(conditions)
    run = new_run(conditions, host.hosting)
    began_s = cpu_seconds() + host.boxes.cpu_s
    observers = [] if recorder is None or host.hosting.real_time else [recorder]
    cluster = open_cluster(conditions, host, observers)
    if future is not None:
        cluster.world.observe(DrawingAnew(cluster.world, future))
    watchers, situations = _watchers(conditions, recording, len(cluster.servers))
    for observer in watchers:
        cluster.world.observe(observer)
    # Collected only between runs, so that no finalizer runs at a moment that
    # depends on what the process did before.
    gc.disable()
    try:
        # What Python warns a student of must not fail them, as it would where
        # pytest makes errors of warnings.
        quiet = warnings.catch_warnings(action="ignore")
        # Real threads take address space by the megabyte, and return it later.
        limited = nullcontext() if host.hosting.real_time else memory.limited()
        unraisable = unraisable_as_warnings(cluster.world.warnings)
        watched = watchdog(cluster.world, hang_policy=host.hang_policy)
        with quiet, limited, unraisable, watched, host.looked_at(cluster):
            try:
                raised = judge(run, conditions.test, cluster, host.boxes)
            finally:
                cluster.close()
    finally:
        gc.enable()
    run.cpu_s = round(cpu_seconds() + host.boxes.cpu_s - began_s, 6)
    run.idle_s = float(int(host.boxes.idle_s))
    run.warnings = run_warnings(cluster.world.warnings)
    if situations is not None:
        run.situations = situations.met()
    if recorder is not None:
        run.digest = recorder.hexdigest()
    _finish(recorder, run, raised)
    return run


def _finish(
    recorder: DigestRecorder | None, run: Run, raised: Exception | None
) -> None:
    """Write the end of a run to its trace, if there is one."""
    if isinstance(recorder, TraceRecorder):
        recorder.finish(run, getattr(raised, "facts", ()))
        if recorder.problem:
            run.warnings += run_warnings({recorder.problem: codes.TRACE_NOT_WRITTEN})


def _run_script(conditions: RunConditions, host: RunHost, recording: Recording) -> Run:
    # Few suites have scripts, and the search takes long to import.
    from tester.judging.script_run import run_script

    recorder = recording.recorder(conditions)
    run = new_run(conditions, host.hosting)
    script = conditions.test.script
    assert script is not None
    observers, situations = _watchers(conditions, recording, script.setting.servers)
    raised = run_script(run, conditions.test, host, recorder, observers)
    if situations is not None:
        run.situations = situations.met()
    _finish(recorder, run, raised)
    return run


def _run_search(conditions: RunConditions, host: RunHost, recording: Recording) -> Run:
    from tester.judging.search_run import run_search

    def recorder_of(servers: int) -> DigestRecorder | None:
        # The run that is found may have more servers than the test, or fewer.
        test = replace(conditions.test, servers=servers, servers_min=0)
        return recording.recorder(replace(conditions, test=test))

    run = new_run(conditions, host.hosting)
    recorder, error = run_search(run, conditions.test, host, recorder_of)
    _finish(recorder, run, error)
    return run


_FIELD_NAMES: dict[str, dict[str, list[str]]] = {}


def _field_names(submission: Submission) -> dict[str, list[str]]:
    """Return the names of the fields of a submission's classes, read once."""
    if submission.digest not in _FIELD_NAMES:
        _FIELD_NAMES.clear()
        _FIELD_NAMES[submission.digest] = field_names(submission.files)
    return _FIELD_NAMES[submission.digest]


def _watchers(
    conditions: RunConditions, recording: Recording, servers: int
) -> tuple[list[Observer], SituationObserver | None]:
    """Return who watches a run without keeping a trace, and who notes situations."""
    watchers: list[Observer] = []
    if recording.on_line is not None:
        watchers.append(LinePrinter(recording.on_line))
    watchers += recording.observers
    if not recording.situations:
        return watchers, None
    kind = ServiceObserver if conditions.test.service else SituationObserver
    situations = kind(servers, _field_names(conditions.submission))
    return [*watchers, situations], situations


def this_process(conditions: RunConditions) -> RunHost:
    """Return a host that runs a submission in this very process."""
    return IN_PROCESS.open(conditions.submission, conditions.preempt)


def new_run(conditions: RunConditions, hosting: RunHosting = IN_PROCESS) -> Run:
    """Return a run that has not begun, and in which so far nothing is wrong."""
    run = blank_run(conditions.test, conditions.submission.name, conditions.seed)
    run.replay = conditions.replay_command(hosting)
    return run


def blank_run(test: GradedTest, submission: str, seed: int) -> Run:
    """Return a run as `new_run` does, of a submission that need not be there.

    Args:
        test: the scenario.
        submission: the submission's name, as in the reports.
        seed: of the run.
    """
    return Run(
        submission=submission,
        part=test.part,
        test=test.name,
        seed=seed,
        points=test.points,
        verdict=Verdict.PASSED,
        servers=test.servers_at(seed),
        suite=test.suite.name if test.suite is not None else "",
        hidden_test=test.hidden,
    )


def open_cluster(
    conditions: RunConditions, host: RunHost, observers: Sequence[Observer] = ()
) -> MeasuredCluster:
    """Return the cluster that a test wants, with no server started yet."""
    test = conditions.test
    if test.service:
        kind = RsmCluster if test.service == "rsm" else KVCluster
        return kind(
            conditions.submission,
            test.run_name(conditions.seed),
            test.servers_at(conditions.seed),
            reliable=test.reliable,
            clerks=test.clerks,
            max_raft_state=test.max_raft_state,
            observers=observers,
            boxes=host.boxes,
        )
    return CheckedCluster(
        conditions.submission,
        test.run_name(conditions.seed),
        test.servers_at(conditions.seed),
        reliable=test.reliable,
        snapshots=test.snapshots,
        persistence=test.persistence,
        elections=test.elections,
        observers=observers,
        real_time=host.hosting.real_time,
        boxes=host.boxes,
    )


def judge(
    run: Run, test: GradedTest, cluster: MeasuredCluster, boxes: BoxFactory
) -> Exception | None:
    """Run a test on its cluster, note what came of it, and return what it raised."""
    raised: Exception | None = None
    try:
        try:
            boxes.begin_run()
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
            labrpc_codes.MEMORY_LIMIT,
            f"memory limit: the servers take more than {most} MB",
            memory.SOMETHING_GROWS,
        )
        note_failure(run, test, cluster, failure)
    except Exception as exc:
        raised = exc
        if isinstance(exc, AssertionError) and scenario_raised(test, exc):
            failure = SubmissionError(codes.CHECK_FAILED, assertion_text(exc))
            failure = failure.with_traceback(exc.__traceback__)
            note_failure(run, test, cluster, failure)
        else:
            reason = f"the lab itself broke: {type(exc).__name__}: {exc}"
            evidence = traceback.format_exc()
            conclude(run, Verdict.UNKNOWN, codes.LAB_BROKE, reason, evidence)
    return raised


def _measure(run: Run, cluster: MeasuredCluster) -> None:
    """Note what the scenario took."""
    run.virtual_s = round(cluster.now, 6)
    run.rpcs = cluster.network.calls
    run.bytes = cluster.network.bytes
    run.commits = cluster.commits()


def graded_run(
    conditions: RunConditions,
    host: RunHost | None = None,
    recording: Recording = NOTHING_KEPT,
) -> Run:
    """Run a test as `run_test` does; once more if it came to no verdict.

    An unknown run is the lab's fault, so it may go away; a failed one is the
    submission's, and stands.
    """
    run = run_test(conditions, host, recording)
    if run.verdict is Verdict.UNKNOWN:
        run = run_test(conditions, host, recording)
        run.retried = True
    return run


def boot_problem(host: RunHost) -> SubmissionError | None:
    """Return why no server of a submission can be started, None if it can."""
    boxes = host.boxes
    boxes.begin_run()
    submission = boxes.submission
    kind = RsmCluster if COUNTER in submission.files else CheckedCluster
    cluster = kind(submission, "load", servers=3, boxes=boxes)
    with memory.limited(), watchdog(cluster.world, hang_policy=host.hang_policy):
        try:
            cluster.boot()
        except SubmissionError as exc:
            return exc
        except MemoryError:
            return SubmissionError(
                labrpc_codes.MEMORY_LIMIT, "memory limit: loading it takes too much"
            )
        finally:
            cluster.close()
    return None
