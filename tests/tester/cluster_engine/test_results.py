"""Results of a worker's machine name the places of this one."""

import pytest

from tester.cluster_engine.messages import Description, Lost, Reply
from tester.cluster_engine.results import result_here
from tester.codes import PROCESS_LOST
from tester.judging.run import blank_run
from tester.judging.suite import collect
from tester.measuring.batch import Batch
from tester.verdict import Verdict
from tester.views.redaction import code_places
from tester.workers.engine import WorkerLost
from tester.workers.job import MeasureJob, PictureJob, RunJob

(TEST,) = collect(None, "test_initial_election")
THERE = Description("lab", "3.11", [f"/there{place}" for place in code_places()], [])


def run_of(text):
    run = blank_run(TEST, "amy", 0)
    run.evidence = text
    return run


def test_the_places_of_the_worker_do_not_show(tmp_path):
    suite = str(tmp_path / "suite")
    job = RunJob(path=str(tmp_path / "amy"), name="amy", test="t", seed=0, suite=suite)
    lab = code_places()[-1]
    found = run_of(f"/w/1/amy/raft.py, /w/2/own/test_x.py and /there{lab}/tester/x.py")
    reply = Reply(run=found, path="/w/1/amy", suite="/w/2/own")
    here = result_here(job, reply, THERE)
    places = f"{job.path}/raft.py, {suite}/test_x.py and {lab}/tester/x.py"
    assert here.evidence == places


def test_a_file_has_its_neighbours_here(tmp_path):
    file = tmp_path / "amy.py"
    file.write_text("")
    job = MeasureJob(path=str(file), name="amy", probe="elections", seed=0, trials=1)
    batch = Batch(verdict=Verdict.FAILED, reason="/w/1/raft/log.py and /w/1/amy.py")
    here = result_here(job, Reply(batch=batch, path="/w/1/amy.py"), THERE)
    assert here.reason == f"{tmp_path}/raft/log.py and {file}"


def test_what_became_of_a_process_arrives():
    lost = WorkerLost(PROCESS_LOST, "it hung", "at line 3", True, 1.5, 2.0)
    job = RunJob(path="/amy", name="amy", test="t", seed=0)
    assert result_here(job, Reply(lost=Lost.of(lost)), THERE) == lost


@pytest.mark.parametrize("name", ["p.html", "../../p.html"])
def test_a_picture_is_put_into_its_folder(tmp_path, name):
    folder = tmp_path / "pictures"
    run = run_of("")
    run.picture = name
    job = PictureJob(path="/amy", name="amy", run=run, folder=str(folder))
    result_here(job, Reply(run=run, path="/w/1/amy", picture=b"<html>"), THERE)
    assert [file.name for file in tmp_path.rglob("*.html")] == ["p.html"]
    assert (folder / "p.html").read_bytes() == b"<html>"
