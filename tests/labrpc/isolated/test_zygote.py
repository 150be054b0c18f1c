"""Where isolated boxes come into play: pytest, grading processes, a dead zygote."""

import os
import signal
from pathlib import Path

import pytest

from labrpc.errors import LabError
from labrpc.isolated import zygote as zygote_module
from labrpc.isolated.messages import Measure
from labrpc.isolated.zygote import Zygote
from labrpc.simulated.stdlib import PRIVATE, SHARED
from labrpc.submission.submission import Submission
from tester.judging.run import run_test
from tester.workers.worker import Answers, Job

ROOT = Path(__file__).resolve().parents[3]
RAFT = ROOT / "raft"


def pids_of_children():
    tasks = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    return set(map(int, tasks.read_text().split()))


def test_a_run_leaves_no_process_behind(zygote, graded_tests):
    before = pids_of_children()
    hosting = zygote(RAFT)
    run_test(
        graded_tests["test_more_persistence"], hosting.submission, 0, hosting=hosting
    )
    (ours,) = pids_of_children() - before
    boxes = Path(f"/proc/{ours}/task/{ours}/children").read_text().split()
    assert {hosting.await_end(int(pid)).status for pid in boxes} == {signal.SIGKILL}
    hosting.close()
    assert pids_of_children() == before


def test_a_run_whose_zygote_dies_is_unknown_and_the_next_one_is_whole(
    zygote, graded_tests
):
    hosting = zygote(RAFT)
    test = graded_tests["test_initial_election"]
    whole = run_test(test, hosting.submission, 0, digest=True, hosting=hosting)
    box, boxes_made = hosting.box, []

    def dies_at_the_second(*args):
        boxes_made.append(args)
        if len(boxes_made) == 2:
            os.kill(hosting._process.pid, signal.SIGKILL)
        return box(*args)

    hosting.box = dies_at_the_second
    run = run_test(test, hosting.submission, 0, hosting=hosting)
    assert run.verdict == "unknown"
    assert "the zygote has ended" in run.reason
    again = run_test(test, hosting.submission, 0, digest=True, hosting=hosting)
    assert (again.verdict, again.digest) == (whole.verdict, whole.digest)


@pytest.mark.parametrize("name", [*PRIVATE, *SHARED, "asyncio", "math", "this"])
def test_a_server_may_import_what_it_may_in_process(
    name, tmp_path, zygote, graded_tests
):
    text = f"try:\n    import {name}\nexcept ImportError:\n    pass\n"
    path = tmp_path / "imports.py"
    path.write_text(text + "from raft.raft import Raft as Raft\n")
    (tmp_path / "raft").mkdir()
    for file in RAFT.glob("*.py"):
        (tmp_path / "raft" / file.name).write_bytes(file.read_bytes())
    hosting = zygote(path)
    test = graded_tests["test_initial_election"]
    here = run_test(test, Submission.find(path), 0, digest=True)
    there = run_test(test, hosting.submission, 0, digest=True, hosting=hosting)
    assert (there.verdict, there.digest) == ("passed", here.digest)


def test_a_grading_process_keeps_the_zygote_of_its_last_submission():
    answers = Answers(0)
    try:
        cores = os.sched_getaffinity(0)
        job = Job(str(RAFT), "raft", "test_initial_election", 0, isolation="process")
        runs = [answers.to(job) for _ in range(2)]
        first = answers._hosting
        assert isinstance(first, Zygote)
        answers.to(Job(str(RAFT), "raft", "", 0, isolation="process"))
        assert answers._hosting is first
        polling = ROOT / "tests/submissions/polling"
        other = answers.to(Job(str(polling), "polling", "", 0, isolation="process"))
        assert answers._hosting is not first
        assert first._process.poll() is not None
        assert [run.verdict for run in (*runs, other)] == ["passed"] * 3
        assert runs[0].replay.count("--isolation process") == 1
    finally:
        answers.close()
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
