"""What a process that judges answers to a job that it cannot do."""

from multiprocessing.connection import Pipe

import msgspec

from tester.workers.engine import WorkerLost
from tester.workers.job import Answer, RunJob
from tester.workers.pool import GradingProcess
from tester.workers.worker import Worker


def test_a_suite_that_cannot_be_read_is_the_labs_problem(dictator, tmp_path):
    path, suite = str(dictator().path), str(tmp_path / "gone")
    job = RunJob(path=path, name="fake", test="test_own", suite=suite, seed=0)
    worker = Worker(0)
    answer = worker.answer(job)
    worker.close()
    assert answer.problem.startswith(f"{suite}: there is no such folder")
    assert answer.run is None


def test_the_grader_is_given_the_reason():
    ours, theirs = Pipe()
    theirs.send_bytes(msgspec.msgpack.encode(Answer(problem="no numpy")))
    # Without a process behind it.
    process = GradingProcess.__new__(GradingProcess)
    process.connection = ours
    answer = process.receive()
    assert isinstance(answer, WorkerLost)
    assert (answer.code.name, answer.reason) == ("lab-broke", "no numpy")
    assert not answer.is_submissions_fault
