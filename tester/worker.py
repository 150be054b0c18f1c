"""A grading process: takes jobs from the grader, one at a time, and answers.

Started as `python -m tester.worker FD`. What it sends is msgpack of fixed
types, so that the grader never unpickles what came from here.
"""

import sys
from multiprocessing.connection import Connection

import msgspec

from labrpc.errors import LoadError, SubmissionError
from labrpc.submission import Submission
from tester.run import GradedTest, boot_problem, graded_run
from tester.suite import collect
from tester.verdict import Run, Verdict


class Job(msgspec.Struct):
    """What the grader asks for: to load a submission, or to run one test of it.

    Attributes:
        path: where the submission lies.
        name: what reports call it.
        test: the test's name; "" only checks that the submission loads.
    """

    path: str
    name: str
    test: str
    seed: int


def main() -> None:
    """Answer jobs until the grader closes the connection."""
    connection = Connection(int(sys.argv[1]))
    tests = {test.name: test for test in collect()}
    submissions: dict[str, Submission] = {}
    while True:
        try:
            job = msgspec.msgpack.decode(connection.recv_bytes(), type=Job)
        except (EOFError, KeyboardInterrupt):
            return
        try:
            run = _answer(job, tests, submissions)
        except KeyboardInterrupt:
            return
        connection.send_bytes(msgspec.msgpack.encode(run))


def _answer(
    job: Job, tests: dict[str, GradedTest], submissions: dict[str, Submission]
) -> Run:
    """Do one job; a job that only loads answers with an otherwise empty run."""
    loading = Run(
        submission=job.name,
        part="",
        test="",
        seed=job.seed,
        points=0,
        verdict=Verdict.PASSED,
    )
    try:
        if job.path not in submissions:
            submissions[job.path] = Submission.find(job.path)
        submission = submissions[job.path]
        if job.test:
            run = graded_run(tests[job.test], submission, job.seed)
            run.submission = job.name
            return run
        problem: SubmissionError | None = boot_problem(submission)
    except LoadError as exc:
        problem = exc
    if problem is not None:
        loading.verdict = Verdict.FAILED
        loading.reason = problem.headline
        loading.evidence = problem.evidence
    return loading


if __name__ == "__main__":
    main()
