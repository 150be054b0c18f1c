"""junit.xml: failures, errors, and XML whatever a stranger wrote."""

import dataclasses
from xml.etree import ElementTree

from tester.reports.junit import junit_xml


def test_junit_tells_failures_from_errors(made_up):
    suites = ElementTree.fromstring(junit_xml([made_up.mixed(), made_up.mixed("bob")]))
    assert [suite.get("name") for suite in suites] == ["alice", "bob"]
    suite = suites[0]
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "time")}
    assert counts == {"tests": "4", "failures": "2", "errors": "1", "time": "1.750"}
    told = [(case.get("name"), [child.tag for child in case]) for case in suite]
    assert told == [
        ("test_initial_election", []),
        ("test_re_election", ["failure"]),
        ("test_many_elections", ["failure"]),
        ("test_basic_agreement", ["error"]),
    ]
    failure = suite.find("testcase/failure")
    assert failure.get("message") == "term 1 has 2 leaders"
    assert failure.get("type") == "two-leaders"
    assert "1 of 2 seeds passed; this is seed 1" in failure.text
    assert "server 0: leader" in failure.text
    assert "replay: pytest " in failure.text


def test_hostile_junit_is_xml_of_bounded_size(made_up):
    content = junit_xml(made_up.hostile())
    suites = ElementTree.fromstring(content)
    assert [suite.get("name") for suite in suites][:2] == [
        made_up.NAMES[0],
        made_up.NAMES[0] + "2",
    ]
    assert len(content) < 5_000 * 2 * len(made_up.hostile())


def test_junit_has_a_load_error_once(made_up):
    grade = made_up.unloaded("eve")
    more = made_up.a_grade(made_up.a_run("test_re_election"), name="eve")
    both = dataclasses.replace(grade, tests=[*grade.tests, *more.tests])
    root = ElementTree.fromstring(junit_xml([both]))
    first, second = root.iter("failure")
    assert (first.get("message"), first.get("type")) == (
        "no class Raft, line 3", "no-raft-class"
    )  # fmt: skip
    assert "in raft.py" in first.text
    assert second.get("message") == "not run: the submission does not load"
    assert not second.text
    assert root.find("testsuite").get("failures") == "2"
