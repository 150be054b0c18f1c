"""A grading leaves a picture of the first failure of each test."""

from pathlib import Path

import msgspec

from labrpc.codes import HANGS_IN_C
from tester.codes import PICTURE_NOT_DRAWN
from tester.grading import unmade_runs
from tester.grading.grader import Grading
from tester.grading.plan import Plan
from tester.judging.suite import collect
from tester.scoring.rubric_file import default_rubric
from tester.workers.engine import WorkerLost
from tester.workers.job import PictureJob

AMY = Path(__file__).resolve().parents[2] / "mutants" / "role_kept_in_new_term.py"


def test_the_first_failing_run_of_a_test_has_a_picture(tmp_path):
    tests = collect(None, "test_re_election")
    rubric = default_rubric(tests, 0, 2)
    plan = Plan({"amy": AMY}, tests, [3, 0], rubric, out=tmp_path)
    grading, reported = Grading(plan), []
    assert grading.make_runs(1, reported.append)
    assert sorted(run.seed for run in reported) == [0, 3]
    first, second = grading.record.runs("amy")
    assert (first.picture, second.picture) == ("test_re_election-seed3.html", "")
    assert {(run.seed, run.picture) for run in reported} == {
        (3, first.picture),
        (0, ""),
    }
    assert first.verdict == second.verdict == "failed"
    assert "what happened last" not in first.evidence
    folder = tmp_path / "submissions" / "amy"
    assert str(AMY.parent) not in (folder / first.picture).read_text()
    assert [file.name for file in folder.iterdir()] == [first.picture]
    # What has a picture needs none; what has none and needs one gets it.
    assert plan.picture_job(first) is None
    without = msgspec.structs.replace(first, picture="")
    job = plan.picture_job(without)
    assert isinstance(job, PictureJob)
    # A process that dies while it draws costs no verdict.
    lost = unmade_runs.unanswered(plan, job, WorkerLost(HANGS_IN_C, "it hung"))
    assert (lost.verdict, lost.code) == (first.verdict, first.code)
    assert [warning.code for warning in lost.warnings][-1] == PICTURE_NOT_DRAWN.name
    assert plan.picture_job(lost) is None
