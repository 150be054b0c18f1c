"""Where isolated boxes come into play: pytest, grading processes, a dead zygote."""

import os
import signal
from pathlib import Path

import pytest

from labrpc.errors import LabError, LoadError
from labrpc.isolated import zygote as zygote_module
from labrpc.isolated.zygote import Zygote
from labrpc.sandbox.measure import Measure
from labrpc.simulated.stdlib import PRIVATE, SHARED
from labrpc.submission.submission import Submission
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.run_hosting import RunHosting
from tester.workers.job import LoadJob, RunJob
from tester.workers.worker import Worker

ROOT = Path(__file__).resolve().parents[3]
RAFT = ROOT / "raft"


def pids_of_children():
    tasks = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    return set(map(int, tasks.read_text().split()))


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
    monkeypatch.setattr(zygote_module, "LOOK_MS", 1)
    monkeypatch.setattr(zygote_module, "COMPILE_CPU_S_MAX", -1.0)
    with pytest.raises(LoadError) as refused:
        Zygote(Submission.find(RAFT))
    assert refused.value.code.name == "slow-to-compile"


def test_a_submission_that_brings_the_compiler_down_does_not_load(monkeypatch):
    def crash(zygote):
        zygote._process.send_signal(signal.SIGSEGV)
        return 0.0

    monkeypatch.setattr(zygote_module, "LOOK_MS", 1)
    monkeypatch.setattr(Zygote, "_zygote_cpu_s", crash)
    with pytest.raises(LoadError, match="Python crashed with SIGSEGV") as refused:
        Zygote(Submission.find(RAFT))
    assert refused.value.code.name == "compiler-died"


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
            os.kill(boxes._process.pid, signal.SIGKILL)
        return box(*args)

    boxes.box = dies_at_the_second
    run = run_isolated(boxes, test, 0)
    assert run.verdict == "unknown"
    assert "the zygote has ended" in run.reason
    again = run_isolated(boxes, test, 0, digest=True)
    assert (again.verdict, again.digest) == (whole.verdict, whole.digest)


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
        assert first.boxes._process.poll() is not None
        assert [run.verdict for run in (*runs, loaded)] == ["passed"] * 3
        assert runs[0].replay.count("--isolation process") == 1
    finally:
        worker.close()
        os.sched_setaffinity(0, cores)


LACKING = [Measure("files", False, "no Landlock here"), Measure("user", True, "nobody")]


def test_a_zygote_behind_too_few_walls_makes_no_box_if_all_are_required(monkeypatch):
    monkeypatch.setattr(
        zygote_module,
        "decode_from_zygote",
        lambda data: zygote_module.Prepared(LACKING),
    )
    with pytest.raises(LabError, match="the sandbox lacks files"):
        Zygote(Submission.find(RAFT), require_sandbox=True)
