"""What the grader asks of a worker, and what the worker answers.

Both cross the connection as msgpack of fixed types, so the grader never unpickles
what a process sent that may have run a submission's code.
"""

import os
from pathlib import Path

import msgspec

from labrpc.submission.submission import Submission
from tester.intake.default_submission import REFERENCE
from tester.intake.service_submission import find_service
from tester.judging.run import Recording
from tester.judging.run_hosting import IN_PROCESS, RunHosting
from tester.judging.suite import suite_path
from tester.measuring.batch import Batch
from tester.verdict import LoadResult, Run


class Job(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What is to be done with a submission.

    Attributes:
        path: where the submission lies.
        name: what reports call it.
        lab: the number of the lab that it is a submission of.
        preempt: whether its threads may lose their turn between two statements.
        hosting: how it is hosted.
    """

    path: str
    name: str
    lab: int = 2
    preempt: bool = False
    hosting: RunHosting = IN_PROCESS

    def submission(self) -> Submission:
        """Find the submission.

        Raises:
            LoadError: nothing there, or nothing that could be a submission.
        """
        if self.lab == 3:
            return find_service(Path(self.path), suite_path(3))
        return Submission.find(self.path)

    def modules_beside(self) -> dict[str, Path]:
        """Return what a submission in a single file imports from its folder, by name.

        Raises:
            LoadError: as for `submission`.
        """
        if not os.path.isfile(self.path):
            return {}
        found = self.submission()
        return {
            module: file
            for module, file in found.files.items()
            if file is not None
            and file != found.path
            # Wherever the lab is, these are as well.
            and not any(map(file.is_relative_to, (REFERENCE, suite_path(3))))
        }


class LoadJob(Job, frozen=True, kw_only=True):
    """Check that the submission loads: start its servers once."""


class RunJob(Job, frozen=True, kw_only=True):
    """Run one test of the submission at one seed.

    Attributes:
        test: the test's name.
        suite: the folder of the instructor's suite that it is of, "" for the lab's.
        seed: from which all randomness of the run comes.
        digest: whether to compute the trace's digest.
        traces: the directory to which the run is recorded, "" for no trace.
        situations: whether to note which situations it meets.
        search_states: how many states the test's search finds; 0 if it is none.
    """

    test: str
    suite: str = ""
    seed: int
    digest: bool = False
    traces: str = ""
    situations: bool = False
    search_states: int = 0

    def recording(self) -> Recording:
        """Return what is to be kept of the run."""
        traces = Path(self.traces) if self.traces else None
        return Recording(self.digest, traces, situations=self.situations)


class PictureJob(Job, frozen=True, kw_only=True):
    """Draw a picture of a failed run for its student.

    Attributes:
        run: what came of it.
        suite: as for `RunJob`.
        folder: gets the picture.
    """

    run: Run
    suite: str = ""
    folder: str


class MeasureJob(Job, frozen=True, kw_only=True):
    """Measure what the submission is like, in one batch of trials.

    Attributes:
        probe: the name of the probe.
        seed: from which all randomness of the batch comes.
        trials: how many are wanted.
    """

    probe: str
    seed: int
    trials: int


AnyJob = LoadJob | RunJob | PictureJob | MeasureJob
"""What a worker is sent."""


def suite_of(job: Job) -> str:
    """Return the folder of the instructor's suite that a job is of, "" for none."""
    return job.suite if isinstance(job, RunJob | PictureJob) else ""


class Answer(msgspec.Struct, omit_defaults=True):
    """The answer to a job: one of these.

    Attributes:
        problem: why the lab cannot do it, "" if it can.
    """

    run: Run | None = None
    load: LoadResult | None = None
    batch: Batch | None = None
    problem: str = ""
