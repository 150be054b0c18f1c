"""Grades for the tests of reports, some shaped by a stranger, and a reader of pages."""

from html.parser import HTMLParser

from tester.reports.class_report import class_html
from tester.reports.files import submission_folder
from tester.scoring.grades import Grade, grade_tests
from tester.scoring.policy import Policy
from tester.verdict import Run, Verdict

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN
SUITE = "/home/prof/lab/tests/lab2/test_2a_election.py"
HIDDEN_SEED = 7_364_512_098
NAMES = (
    "<script>alert(1)</script>",
    "a & b \"quoted\" 'twice'",
    "../../etc/passwd",
    "]]><x/>",
    "`code` | [link](http://x) *bold* # head",
    "\x1b[31mred\x1b[0m \x00\x07 \ud800 \u202eevil",
    "name\nwith\r\nlines\t",
    "=HYPERLINK(0)",
    "x" * 100_000,
    "{{ 7 * 7 }} {% raw %}",
    "",
)


def a_run(test="test_initial_election", verdict=FAILED, seed=0, **fields):
    given = {
        "submission": "alice",
        "part": "2A",
        "points": 6,
        "code": "" if verdict is PASSED else "two-leaders",
        "reason": "" if verdict is PASSED else f"term {seed} has 2 leaders",
        "evidence": f"at 1.5 s of virtual time, seed {seed}\nserver 0: leader",
        "replay": f"pytest {SUITE}::{test} --seed {seed} "
        "--submission /home/prof/subs/alice --hash-seed 0 --preempt --lab-trace",
        "cpu_s": 0.25,
    }
    return Run(test=test, verdict=verdict, seed=seed, **given | fields)


def a_grade(*runs, name="alice", path="/home/prof/subs/alice", **fields):
    for run in runs:
        run.submission = name
    return Grade(name, path, grade_tests(runs), **fields)


def mixed(name="alice"):
    """Return a grade with a test of each kind: passed, failed, hidden, unknown."""
    return a_grade(
        a_run("test_initial_election", PASSED, 0),
        a_run("test_initial_election", PASSED, 1),
        a_run("test_re_election", PASSED, 0, points=7),
        a_run("test_re_election", FAILED, 1, points=7),
        a_run("test_many_elections", PASSED, 0, points=7),
        a_run("test_many_elections", FAILED, HIDDEN_SEED, points=7, hidden=True),
        a_run("test_basic_agreement", UNKNOWN, 0, points=3, part="2B"),
        name=name,
    )


def no_verdict(name="eve"):
    """Return a grade with nothing to earn, since the lab came to no verdict."""
    return a_grade(a_run(verdict=UNKNOWN, reason="the machine fell over"), name=name)


def only_extra():
    """Return a grade with extra points, and no others."""
    extra = grade_tests([a_run("test_swarm", PASSED, part="2X", points=20)], extra=True)
    return Grade("xena", "/home/prof/subs/xena", extra)


def unloaded(name="eve", error="no class Raft, line 3", evidence="in raft.py"):
    """Return the grade of a submission that does not load."""
    run = a_run(reason=error, evidence=evidence, code="no-raft-class")
    return a_grade(run, name=name, path=f"/subs/{name}", load_error=error)


def hostile():
    """Return grades in which every text that a student shapes is hostile."""
    grades = []
    for name in NAMES:
        text = f"{name} \ud83d\x1b]0;title\x07</pre><img src=x onerror=alert(2)>``````"
        run = a_run(reason=text, evidence=f"{text}\n{'y' * 1_000_000}\n" * 2)
        run.replay = run.replay.replace("alice", "'a::test_re_election b'")
        grades.append(
            a_grade(run, a_run("test_re_election", UNKNOWN, reason=text), name=name)
        )
        grades.append(
            a_grade(a_run(reason=text, evidence=text), name=f"{name}2", load_error=text)
        )
    return grades


def with_extra():
    """Return a grade with a part by shares, and an extra part."""
    shares = grade_tests(
        [a_run(verdict=PASSED, seed=0), a_run(seed=1)], Policy(rule="share")
    )
    extra = grade_tests([a_run("test_swarm", PASSED, part="2X", points=3)], extra=True)
    return Grade("alice", "/home/prof/subs/alice", [*shares, *extra])


# Elements that have no end.
VOID = {"meta", "br", "img", "link", "input", "hr", "line", "rect"}


class Page(HTMLParser):
    """What is in a page; fails where an element is not closed."""

    def __init__(self, content):
        super().__init__()
        self.elements = []
        self.text = ""
        self._open = []
        self.feed(content.decode())
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] not in ("style", "script"):
            self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def of_class(grades):
    """Return the page of a class."""
    return class_html(grades, submission_folder)
