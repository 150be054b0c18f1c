"""junit.xml: a test suite per submission, for CI servers.

A failed test is a *failure*. A test that came to no verdict is an *error*, which JUnit
uses for what is not the fault of the code under test.
"""

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from tester.outcome import TestOutcome
from tester.reports.student import NOT_RUN
from tester.scoring.grades import Grade
from tester.text import block, one_line
from tester.verdict import REPLAY_CHARS_MAX, Run

EVIDENCE_MAX = 2_000


def junit_xml(grades: list[Grade]) -> bytes:
    """Return the file's content."""
    suites = Element("testsuites", name="raft-lab")
    for grade in grades:
        suites.append(_suite(grade))
    indent(suites)
    content: bytes = tostring(suites, encoding="utf-8", xml_declaration=True)
    return content


def _suite(grade: Grade) -> Element:
    suite = Element("testsuite", name=one_line(grade.submission))
    for number, test in enumerate(grade.tests):
        if grade.load_error and number > 0:
            suite.append(_not_run(test.outcome))
        else:
            suite.append(_case(test.outcome))
    seconds = sum(run.cpu_s for run in grade.runs)
    for name, count in (
        ("tests", len(grade.tests)),
        ("failures", len(suite.findall("testcase/failure"))),
        ("errors", len(suite.findall("testcase/error"))),
        ("skipped", 0),
    ):
        suite.set(name, str(count))
    suite.set("time", f"{seconds:.3f}")
    return suite


def _case(test: TestOutcome) -> Element:
    case = Element(
        "testcase", classname=test.part, name=test.test, time=f"{test.cpu_s:.3f}"
    )
    if test.first_failure is not None:
        _add_problem(case, "failure", test.first_failure, test)
    elif test.first_unknown is not None:
        _add_problem(case, "error", test.first_unknown, test)
    return case


def _not_run(test: TestOutcome) -> Element:
    """Return the case of a test that was not run, since the submission does not load.

    The first case has the reason and the evidence, so that they stand there once.
    """
    case = Element("testcase", classname=test.part, name=test.test, time="0.000")
    SubElement(case, "failure", message=NOT_RUN, type=test.runs[0].code)
    return case


def _add_problem(case: Element, kind: str, run: Run, test: TestOutcome) -> None:
    problem = SubElement(case, kind, message=one_line(run.reason), type=run.code)
    counts = test.counts
    problem.text = "\n".join(
        [
            f"{counts.passed} of {counts.total} seeds passed; this is seed {run.seed}",
            block(run.evidence, EVIDENCE_MAX),
            f"replay: {one_line(run.replay, REPLAY_CHARS_MAX)}" if run.replay else "",
        ]
    )
