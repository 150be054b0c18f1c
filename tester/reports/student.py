"""The student's view of a grade, test by test.

Every file that a student sees is made from this view. It names no hidden seed and no
path of the grading machine, and all its text is clean and of bounded size.
"""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tester.judging.graded_test import BONUS_PARTS
from tester.outcome import TestOutcome, VerdictCounts
from tester.reports.redaction import for_the_student, without_paths
from tester.reports.suite_descriptions import about_part, about_test
from tester.scoring.confidence import Sample
from tester.scoring.grades import Grade, PartGrade, TestGrade
from tester.scoring.safety import Breach, cap_words
from tester.situations.report import situation_lines
from tester.text import block, command_line, counted, kind_of, one_line
from tester.verdict import Run, Verdict

NOT_RUN = "not run: the submission does not load"
HIDDEN_TEST = (
    "It is a hidden test, which cannot be replayed: what it found wrong is above. Try the "
    "other tests at many seeds, or write one of your own (docs/scenarios.md)."
)
SEEDS_TO_TRY = 200
WARNINGS_SHOWN = 3


@dataclass(frozen=True)
class TestReport:
    """One test.

    Attributes:
        about: the test's description, "" if the suite has none.
        earned: its points, in words.
        verdict: the test's as a whole; unknown if none failed, and some run may yet.
        tally: the numbers of runs that passed and that came to no verdict, in words.
        reason: why it failed or came to no verdict, "" if it passed.
        evidence: what the reason rests on.
        replay: the command that shows the failure in the student's own repository.
        picture: the file with a picture of a failing run, in the report's folder.
        advice: what the command does, and how reliably it shows the failure.
        hidden: whether it is a hidden test, or any of its seeds is hidden.
        warnings: likely mistakes that break no rule.
    """

    __test__ = False  # Not a test class, though pytest would think so.

    part: str
    name: str
    about: str
    points: float
    points_max: float
    earned: str
    verdict: Verdict
    tally: str
    reason: str = ""
    evidence: str = ""
    replay: str = ""
    picture: str = ""
    advice: str = ""
    hidden: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class PartReport:
    """One part: its points, and its tests in the suite's order.

    Attributes:
        earned: its points, in words.
        extra: its points are added, but are not among those that can be earned.
        policy: how its points are earned, in words.
    """

    name: str
    about: str
    earned: str
    extra: bool
    policy: str
    tests: list[TestReport]


@dataclass(frozen=True)
class StudentReport:
    """One submission.

    Attributes:
        percent: 0 if there was nothing to earn.
        earned: its points, in words.
        load_error: why it does not load, "" if it does.
        load_evidence: what that rests on.
        inside: what was graded of what the student handed in, "" if all of it was.
        try_it: the command that loads it in the student's own repository.
        safety: each property that it broke, with the first test that shows it.
        safety_cap: what that leaves of the points, "" if nothing is taken.
        situations: how many situations its runs have met, and the run that meets each;
            empty if that was not asked for.
    """

    name: str
    points_max: float
    percent: float
    earned: str
    load_error: str
    load_evidence: str
    inside: str
    try_it: str
    safety: list[str]
    safety_cap: str
    situations: list[str]
    parts: list[PartReport]

    @property
    def tests(self) -> list[TestReport]:
        """Every test."""
        return [test for part in self.parts for test in part.tests]

    @property
    def unknown(self) -> list[TestReport]:
        """The tests that came to no verdict."""
        return [test for test in self.tests if test.verdict is Verdict.UNKNOWN]

    @property
    def failed(self) -> list[TestReport]:
        """The tests that failed at some seed."""
        return [test for test in self.tests if test.verdict is Verdict.FAILED]


def student_report(grade: Grade) -> StudentReport:
    """Return a grade as its student may see it."""
    load_error = load_evidence = ""
    if grade.load_error:
        load_error = without_paths(grade.load_error, grade)
    if load := grade.load_result:
        load_evidence = block(without_paths(load.evidence, grade))
    return StudentReport(
        name=one_line(grade.submission),
        points_max=grade.points_max,
        percent=grade.percent or 0.0,
        earned=grade.earned,
        load_error=one_line(load_error),
        load_evidence=load_evidence,
        inside="" if grade.inside == "." else one_line(grade.inside),
        try_it=command_line(
            [
                "pytest",
                _suite_option(grade.runs),
                "--submission",
                one_line(grade.inside),
            ]
        ),
        safety=[_breach(breach) for breach in grade.safety_record],
        safety_cap=cap_words(grade.safety_cap) if grade.safety_record else "",
        situations=situation_lines(grade.runs),
        parts=[_part(grade, part) for part in grade.part_grades],
    )


def _suite_option(runs: Iterable[Run]) -> str:
    """Return the option with which pytest runs the suite that these runs are of."""
    # Other folders that the command names may be called lab3, too.
    test = re.compile(r"/lab3/test_\w+\.py::")
    is_lab3 = any(test.search(run.replay) for run in runs if not run.suite)
    return "--lab3" if is_lab3 else "--lab"


def _breach(breach: Breach) -> str:
    run = breach.run
    seed = "a hidden seed" if run.hidden else f"seed {run.seed}"
    return f"{breach.property}: {breach.code.name}, first in {run.test} at {seed}"


def _part(grade: Grade, part: PartGrade) -> PartReport:
    return PartReport(
        name=part.name,
        about=about_part(grade, part.name),
        earned=part.earned,
        extra=part.extra,
        policy=part.policy,
        tests=[_test(grade, test) for test in part.tests],
    )


def _test(grade: Grade, test: TestGrade) -> TestReport:
    outcome = test.outcome
    report = TestReport(
        part=outcome.part,
        name=outcome.test,
        about=about_test(grade, outcome.test),
        points=test.points,
        points_max=test.points_max,
        earned=test.earned,
        verdict=outcome.verdict,
        tally=_tally(outcome.counts, test.sample),
        hidden=any(run.hidden or run.hidden_test for run in outcome.runs),
        warnings=_warnings(grade, outcome),
    )
    if grade.load_error:
        return replace(report, reason=NOT_RUN)
    shown = _shown_run(outcome)
    if shown is None:
        return report
    reason = one_line(for_the_student(shown.reason, grade, shown))
    report = replace(report, reason=reason)
    if outcome.verdict is Verdict.UNKNOWN:
        # Its evidence is about the lab, not about the submission.
        return report
    evidence = block(for_the_student(shown.evidence, grade, shown))
    replay, advice = _what_to_do(grade, shown)
    picture = next((run.picture for run in outcome.failures if run.picture), "")
    return replace(
        report, evidence=evidence, replay=replay, advice=advice, picture=picture
    )


def _shown_run(outcome: TestOutcome) -> Run | None:
    """Return the run that the student sees of a test, None if it passed.

    Prefer a failed run that the student can replay.
    """
    if outcome.verdict is Verdict.PASSED:
        return None
    public = (run for run in outcome.failures if not run.hidden)
    return next(public, outcome.first_failure or outcome.first_unknown)


def _warnings(grade: Grade, outcome: TestOutcome) -> tuple[str, ...]:
    """Return a test's first warnings, one of each kind."""
    kinds: dict[str, str] = {}
    for run in outcome.runs:
        for warning in run.warnings:
            shown = one_line(for_the_student(warning.text, grade, run))
            kinds.setdefault(kind_of(shown), shown)
    return tuple(kinds.values())[:WARNINGS_SHOWN]


def _tally(counts: VerdictCounts, sample: Sample | None) -> str:
    if counts.total <= 1 and sample is None:
        return ""
    text = f"{counts.passed} of {counted(counts.total, 'run')} passed"
    if counts.unknown:
        text += f", {counts.unknown} came to no verdict"
    if sample is not None and counts.total < sample.seeds:
        text += f"; no more were needed: it passes at {sample.words}"
    return text


def _what_to_do(grade: Grade, run: Run) -> tuple[str, str]:
    """Return the command that shows a failure, and advice on it."""
    if run.hidden_test:
        return "", HIDDEN_TEST
    words = _own_command(grade, run)
    if not words:
        return "", ""
    elsewhere = ""
    if "--isolation" in words:
        elsewhere = " (--isolation process needs Linux: leave it out elsewhere)"
    if run.suite:
        elsewhere += f" (you need the folder {run.suite}, from your instructors)"
    if not run.hidden:
        return (
            command_line(words),
            f"To run exactly this again on your own machine{elsewhere}:",
        )
    at = words.index("--seed")
    words[at : at + 2] = ["--seeds", str(SEEDS_TO_TRY)]
    # Traces of all these runs would only fill the disk.
    words = [word for word in words if word != "--lab-trace"]
    return command_line(words), (
        "It failed at a hidden seed, which cannot be replayed. The same bug probably "
        f"shows at other seeds, too. To try {SEEDS_TO_TRY} of them{elsewhere}, with a "
        "replay command for each failure:"
    )


def _own_command(grade: Grade, run: Run) -> list[str]:
    """Return the words of a replay command, as they work in the student's repository.

    There the suite is the installed one, or an instructor's folder beside the
    repository's own, and the submission is the repository or the part of it that was
    graded. Other options, such as `--preempt`, belong to the run.
    """
    words = shlex.split(run.replay)
    if "pytest" not in words or "--submission" not in words:
        return []
    words[words.index("--submission") + 1] = one_line(grade.inside)
    # The bracket ends the name, since other names may begin with it.
    asked = f"{run.part} and " if run.part in BONUS_PARTS else ""
    own = [_suite_option([run]), "-k", f"{asked}{run.test}["]
    found: list[str] = []
    for word in words:
        if not word.endswith(f"::{run.test}"):
            found.append(word)
        elif run.suite:
            found.append(f"{run.suite}/{word.rpartition(f'/{run.suite}/')[2]}")
        else:
            found += own
    return found
