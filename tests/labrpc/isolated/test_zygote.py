"""Where isolated boxes come into play: pytest, grading processes, a dead zygote."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from labrpc.errors import LabError, LoadError
from labrpc.isolated import zygote as zygote_module
from labrpc.isolated import zygote_link
from labrpc.isolated.messages import Learn, encode
from labrpc.isolated.zygote import Zygote
from labrpc.isolated.zygote_link import ZygoteLink
from labrpc.sandbox.measure import Measure
from labrpc.simulated.stdlib import PRIVATE, SHARED
from labrpc.submission.submission import Submission
from labrpc.world.events import Boot, Ready
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.run_hosting import RunHosting
from tester.workers.job import LoadJob, RunJob
from tester.workers.worker import Worker

ROOT = Path(__file__).resolve().parents[3]
LEVELS = 16
RAFT = ROOT / "raft"


def pids_of_children():
    tasks = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    return set(map(int, tasks.read_text().split()))


@pytest.mark.slow
def test_a_run_leaves_no_process_behind(zygote, run_isolated, graded_tests):
    before = pids_of_children()
    boxes = zygote(RAFT)
    run_isolated(boxes, graded_tests["test_more_persistence"], 0)
    (ours,) = pids_of_children() - before
    pids = Path(f"/proc/{ours}/task/{ours}/children").read_text().split()
    assert {boxes.await_end(int(pid)).status for pid in pids} == {signal.SIGKILL}
    boxes.close()
    assert pids_of_children() == before


def test_a_submission_that_takes_too_long_to_compile_does_not_load(monkeypatch):
    monkeypatch.setattr(zygote_link, "LOOK_MS", 1)
    monkeypatch.setattr(zygote_module, "COMPILE_CPU_S_MAX", -1.0)
    with pytest.raises(LoadError) as refused:
        Zygote(Submission.find(RAFT))
    assert refused.value.code.name == "slow-to-compile"


def test_a_submission_whose_compilation_waits_for_something_does_not_load(monkeypatch):
    monkeypatch.setattr(zygote_link, "LOOK_MS", 1)
    monkeypatch.setattr(zygote_link, "IDLE_S_MAX", -1.0)
    with pytest.raises(LoadError, match="the zygote was idle, and has not") as refused:
        Zygote(Submission.find(RAFT))
    assert refused.value.code.name == "slow-to-compile"


def test_a_submission_that_brings_the_compiler_down_does_not_load(monkeypatch):
    def crash(link):
        os.kill(link.pid, signal.SIGSEGV)
        return 0.0

    monkeypatch.setattr(zygote_link, "LOOK_MS", 1)
    monkeypatch.setattr(ZygoteLink, "_cpu_s", crash)
    with pytest.raises(LoadError, match="Python crashed with SIGSEGV") as refused:
        Zygote(Submission.find(RAFT))
    assert refused.value.code.name == "compiler-died"


@pytest.mark.slow
def test_a_run_whose_zygote_dies_is_unknown_and_the_next_one_is_whole(
    zygote, run_isolated, graded_tests
):
    boxes = zygote(RAFT)
    test = graded_tests["test_initial_election"]
    whole = run_isolated(boxes, test, 0, digest=True)
    box, boxes_made = boxes.box, []

    def dies_at_the_second(*args):
        boxes_made.append(args)
        if len(boxes_made) == 2:
            os.kill(boxes._link.pid, signal.SIGKILL)
        return box(*args)

    boxes.box = dies_at_the_second
    run = run_isolated(boxes, test, 0)
    assert run.verdict == "unknown"
    assert "the zygote has ended" in run.reason
    again = run_isolated(boxes, test, 0, digest=True)
    assert (again.verdict, again.digest) == (whole.verdict, whole.digest)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*PRIVATE, *SHARED, "asyncio", "math", "this"])
def test_a_server_may_import_what_it_may_in_process(
    name, tmp_path, zygote, run_isolated, graded_tests
):
    text = f"try:\n    import {name}\nexcept ImportError:\n    pass\n"
    path = tmp_path / "imports.py"
    path.write_text(text + "from raft.raft import Raft as Raft\n")
    (tmp_path / "raft").mkdir()
    for file in RAFT.glob("*.py"):
        (tmp_path / "raft" / file.name).write_bytes(file.read_bytes())
    boxes = zygote(path)
    test = graded_tests["test_initial_election"]
    here = run_test(
        RunConditions(Submission.find(path), test, 0), recording=Recording(digest=True)
    )
    there = run_isolated(boxes, test, 0, digest=True)
    assert (there.verdict, there.digest) == ("passed", here.digest)


PROCESS = RunHosting(isolation="process")


@pytest.mark.slow
def test_a_grading_process_keeps_the_zygote_of_its_last_submission():
    worker = Worker(0)
    try:
        cores = os.sched_getaffinity(0)
        raft = {"path": str(RAFT), "name": "raft", "hosting": PROCESS}
        job = RunJob(**raft, test="test_initial_election", seed=0)
        runs = [worker.answer(job).run for _ in range(2)]
        first = worker._host
        assert isinstance(first.boxes, Zygote)
        worker.answer(LoadJob(**raft))
        assert worker._host is first
        polling = ROOT / "tests/submissions/polling"
        other = LoadJob(path=str(polling), name="polling", hosting=PROCESS)
        loaded = worker.answer(other).load
        assert worker._host is not first
        assert first.boxes._link.has_ended
        assert [run.verdict for run in (*runs, loaded)] == ["passed"] * 3
        assert runs[0].replay.count("--isolation process") == 1
    finally:
        worker.close()
        os.sched_setaffinity(0, cores)


LACKING = [Measure("files", False, "no Landlock here"), Measure("user", True, "nobody")]


@pytest.mark.slow
def test_a_zygote_behind_too_few_walls_makes_no_box_if_all_are_required(monkeypatch):
    monkeypatch.setattr(
        zygote_link,
        "decode_from_zygote",
        lambda data: zygote_module.Prepared(LACKING),
    )
    with pytest.raises(LabError, match="the sandbox lacks files"):
        Zygote(Submission.find(RAFT), require_sandbox=True)


@pytest.mark.slow
def test_no_box_inherits_a_file_that_a_library_has_left_open(
    zygote, run_isolated, graded_tests, monkeypatch, tmp_path
):
    start = subprocess.Popen

    def start_with_a_file(command, *, pass_fds, **options):
        return start(command, pass_fds=(*pass_fds, left_open.fileno()), **options)

    monkeypatch.setattr(zygote_link.subprocess, "Popen", start_with_a_file)
    with (tmp_path / "library").open("wb") as left_open:
        boxes = zygote(ROOT / "tests/hostile/finds_descriptors.py")
    run = run_isolated(boxes, graded_tests["test_initial_election"], 0, traces=tmp_path)
    assert run.passed
    (trace,) = tmp_path.glob("*.jsonl")
    assert "BREACH" not in trace.read_text()


@pytest.mark.slow
def test_no_message_depends_on_what_a_sockets_buffer_holds(tmp_path, zygote):
    folder = tmp_path / ("x" * 200) / ("y" * 200)
    folder.mkdir(parents=True)
    (folder / "raft.py").write_text("class Raft: pass")
    for number in range(450):
        (folder / f"module_{'n' * 200}_{number}.py").touch()
    boxes = zygote(folder)
    assert len(encode(boxes._prepare())) > 250_000
    box = boxes.box(0, 0, "seed")
    (crash,), _ = box.step(0, Boot(1, b"", b""))
    assert crash.code == "wrong-parameters"


# Compiled anew for each way out of each `try`: twice as long with each level.
NESTED = "".join(f"{' ' * n}try: pass\n{' ' * n}finally:\n" for n in range(LEVELS))
TEACHES = f"""
import collections
from raft.raft import Raft as Raft
dataclasses_ = collections._sys.modules["labrpc.simulated.dataclasses_"]
dataclasses_._codes[{NESTED + " " * LEVELS + "pass"!r}] = None
"""


@pytest.mark.slow
def test_what_a_box_teaches_costs_no_more_than_a_moment(tmp_path, zygote, monkeypatch):
    monkeypatch.setattr(zygote_module, "LEARN_CPU_S_MAX", 0.1)
    monkeypatch.setattr(zygote_link, "LOOK_MS", 10)
    shutil.copytree(RAFT, tmp_path / "raft")
    (tmp_path / "teaches.py").write_text(TEACHES)
    before = pids_of_children()
    boxes = zygote(tmp_path / "teaches.py")
    (ours,) = pids_of_children() - before
    assert boxes._link.pid == ours
    box = boxes.box(0, 0, "seed")
    actions, _ = box.step(0, Boot(1, b"", b""))
    assert any(isinstance(action, Ready) for action in actions)


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "taught"), [(1 << 18, True), (10, False)])
def test_what_is_too_long_is_not_taught(monkeypatch, zygote, limit, taught):
    asked, ask = [], ZygoteLink.ask

    def spy(link, message, *fds, **limits):
        asked.append(type(message))
        return ask(link, message, *fds, **limits)

    monkeypatch.setattr(ZygoteLink, "ask", spy)
    monkeypatch.setattr(zygote_module, "LEARN_BYTES_MAX", limit)
    zygote(ROOT / "tests/submissions/polling")
    assert (Learn in asked) == taught


@pytest.mark.slow
def test_code_that_is_nested_deeply_can_be_looked_through(tmp_path, zygote):
    (tmp_path / "raft.py").write_text(f"deep = {'lambda: ' * 1200}0\nclass Raft: pass")
    assert zygote(tmp_path).measures


@pytest.mark.slow
@pytest.mark.parametrize(
    ("zygotes_that_break", "error", "reason"),
    [
        (1, LoadError, "Python broke while it compiled the submission"),
        (9, LabError, "the zygote has ended, with status 3"),
    ],
)
def test_a_zygote_that_breaks_is_the_submissions_fault_if_another_works(
    zygotes_that_break, error, reason, monkeypatch
):
    """Whatever it was in the submission: with the lab's own, the same machine can."""
    command, started = zygote_link.lab_command, []

    def breaks(*arguments):
        started.append(arguments)
        broken = len(started) <= zygotes_that_break
        return [sys.executable, "-c", "exit(3)"] if broken else command(*arguments)

    monkeypatch.setattr(zygote_link, "lab_command", breaks)
    with pytest.raises(error, match=reason):
        Zygote(Submission.find(RAFT))
