"""The pages: what a student and an instructor read, whatever a stranger has written."""

import re
import shlex
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from labrpc.submission.submission import Submission
from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions
from tester.outcome import VerdictCounts
from tester.reports.class_figures import class_figures
from tester.reports.class_report import class_html
from tester.reports.files import submission_folder
from tester.reports.gradescope import gradescope_json
from tester.reports.student import student_report
from tester.reports.student_report import student_html, student_markdown
from tester.reports.suite_descriptions import suite_descriptions
from tester.scoring.grades import Grade, grade_tests
from tester.verdict import RunWarning, Verdict
from tester.versions import PYTHON

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
        if self._open and self._open[-1] != "style":
            self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def of_class(grades):
    return class_html(grades, submission_folder)


def pages(made_up):
    grades = [*made_up.hostile(), made_up.mixed(), made_up.mixed("bob")]
    return [of_class(grades), of_class([]), *map(student_html, grades)]


def test_an_element_that_is_not_closed_would_be_found():
    with pytest.raises(AssertionError):
        Page(b"<p><b>x</p>")
    with pytest.raises(AssertionError):
        Page(b"<p>")


def test_pages_are_whole_and_run_nothing(made_up):
    for content in pages(made_up):
        page = Page(content)
        tags = {tag for tag, _ in page.elements}
        assert not tags & {"script", "img", "iframe", "object", "link", "x", "base"}
        for tag, attributes in page.elements:
            assert not [name for name in attributes if name.startswith("on")], tag
            for name in ("src", "action", "background"):
                assert name not in attributes
            # Nothing is loaded, and nobody is led elsewhere.
            href = attributes.get("href", "#")
            assert re.fullmatch(r"#[\w-]+|#|submissions/[\w.-]+/report\.html", href)
        assert "url(" not in content.decode()
        assert "@import" not in content.decode()


def test_pages_can_be_read_by_everybody(made_up):
    for content in pages(made_up):
        page = Page(content)
        assert page.all("html")[0]["lang"] == "en"
        assert len(page.all("h1")) == 1
        assert len(page.all("main")) == 1
        assert all("scope" in head for head in page.all("th"))
        assert "width=device-width" in page.all("meta")[1]["content"]
        assert "prefers-color-scheme: dark" in content.decode()
        ids = [
            attributes["id"] for _, attributes in page.elements if "id" in attributes
        ]
        assert len(ids) == len(set(ids))
        for _, attributes in page.elements:
            for name in attributes.get("aria-labelledby", "").split():
                assert name in ids
            if attributes.get("href", "").startswith("#"):
                assert attributes["href"][1:] in ids
        levels = [
            int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)
        ]
        for above, below in pairwise(levels):
            assert below <= above + 1, "a level of headings is left out"
        for svg in page.all("svg"):
            assert svg["role"] == "img"


def test_pages_are_of_bounded_size(made_up):
    for content in map(student_html, made_up.hostile()):
        assert len(content) < 60_000
    assert len(of_class(made_up.hostile())) < 200_000


def test_hostile_text_is_shown_as_it_is(made_up):
    assert "<script>alert(1)</script>" in Page(of_class(made_up.hostile())).text
    page = Page(student_html(made_up.hostile()[0]))
    assert "</pre><img src=x onerror=alert(2)>" in page.text
    # A name is no template.
    assert "{{ 7 * 7 }}" in Page(of_class(made_up.hostile())).text


# Colours.


def luminance(colour):
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def test_text_has_contrast_in_light_and_dark(made_up):
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    style = student_html(made_up.mixed()).decode()
    palettes = re.findall(r":root \{(.*?)\}", style, flags=re.DOTALL)
    assert len(palettes) == 2
    for palette in palettes:
        colours = dict(re.findall(r"--([\w-]+): (#\w{6})", palette))
        pairs = [
            (text, ground)
            for text in ("text", "quiet", "link")
            for ground in ("page", "card", "code")
        ]
        pairs += [(name, f"{name}-tint") for name in ("passed", "failed", "unknown")]
        for text, ground in pairs:
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        assert contrast(colours["bar"], colours["card"]) >= 3


# What a student may know.


def test_a_student_is_told_what_failed_why_and_what_to_do(made_up):
    for content in (student_html(made_up.mixed()), student_markdown(made_up.mixed())):
        text = content.decode()
        if text.startswith("<!doctype"):
            text = Page(content).text
        for words in (
            "6 of 20 points",
            "leader election (sections 5.1 and 5.2)",
            "test_re_election",
            "Leaders that fail are replaced, and nobody leads without a majority.",
            "term 1 has 2 leaders",
            "server 0: leader",
            'pytest --lab -k "test_re_election[" --seed 1 --submission . --hash-seed 0',
            "no verdict",
            "not your fault",
        ):
            assert words in text, words


def test_a_student_whose_submission_does_not_load_is_told_that_only(made_up):
    run = made_up.a_run(reason="no class Raft", evidence="in raft.py")
    grade = made_up.a_grade(run, load_error=run.reason)
    for text in (Page(student_html(grade)).text, student_markdown(grade).decode()):
        assert f"the submission does not load with {PYTHON}" in text
        assert "no class Raft" in text
        assert "in raft.py" in text
        assert "test_initial_election" not in text


def test_every_page_says_with_which_python_it_was_graded(made_up):
    for grade in (made_up.mixed(), made_up.no_verdict()):
        pages = student_html(grade), student_markdown(grade), of_class([grade])
        for content in pages:
            assert f"Graded with {PYTHON}." in content.decode()
    broken = made_up.a_grade(made_up.a_run(), load_error="invalid syntax")
    assert f"Did not load with {PYTHON}" in Page(of_class([broken])).text


def test_a_student_without_linux_is_told_what_to_leave_out(made_up):
    run = made_up.a_run()
    run.replay += " --isolation process"
    (test,) = student_report(made_up.a_grade(run)).tests
    assert "leave it out elsewhere" in test.advice
    (test,) = student_report(made_up.a_grade(made_up.a_run())).tests
    assert "elsewhere" not in test.advice


def test_a_student_is_told_of_what_is_odd(made_up):
    odd = [f"the <term> went from 1 to {n}" for n in range(50)]
    warnings = [RunWarning("term-rose", text) for text in [*odd, "x\x07" * 10_000]]
    run = made_up.a_run(verdict=Verdict.PASSED, warnings=warnings)
    report = student_report(made_up.a_grade(run))
    first, second = report.tests[0].warnings
    assert first == odd[0]
    assert len(second) < 400
    page = Page(student_html(made_up.a_grade(run)))
    assert f"Warning, which costs no points: {odd[0]}" in page.text
    text = student_markdown(made_up.a_grade(run)).decode()
    assert "costs no points: the &lt;term&gt; went from 1 to 0" in text


def test_a_student_is_told_what_earns_the_points(made_up):
    grade = made_up.with_extra()
    report = student_report(grade)
    assert [(part.name, part.extra) for part in report.parts] == [
        ("2A", False),
        ("2X", True),
    ]
    for content in (student_html(grade), student_markdown(grade)):
        text = content.decode()
        assert "6 of 6 points" in text
        assert "in proportion to the seeds at which it passes" in text
        assert "3 of 3 extra" in text
        assert "Extra points: each test earns" in text


def test_no_student_sees_a_hidden_seed_or_the_instructors_folders(made_up):
    grade = made_up.mixed()
    for content in (student_html(grade), student_markdown(grade)):
        assert str(made_up.HIDDEN_SEED) not in content.decode()
        assert "/home/prof" not in content.decode()
        assert "at 1.5 s of virtual time, seed (hidden)" in content.decode()
        assert "--seeds 200" in content.decode()
    hidden = student_report(grade).parts[0].tests[2]
    assert hidden.hidden
    assert hidden.replay == (
        'pytest --lab -k "test_many_elections[" --seeds 200 --submission . --hash-seed 0 '
        "--preempt"
    )
    assert "hidden seed, which cannot be replayed" in hidden.advice


def test_a_failure_that_can_be_replayed_is_shown_rather_than_a_hidden_one(made_up):
    runs = [made_up.a_run(seed=3, hidden=True), made_up.a_run(seed=5)]
    report = student_report(made_up.a_grade(*runs))
    assert report.tests[0].reason == "term 5 has 2 leaders"
    assert "--seed 5" in report.tests[0].replay


def test_what_the_lab_itself_broke_at_is_not_for_students(made_up):
    run = made_up.a_run(verdict=Verdict.UNKNOWN, reason="the lab itself broke: x")
    test = student_report(made_up.a_grade(run)).tests[0]
    assert (test.reason, test.evidence, test.replay) == (run.reason, "", "")


def test_the_command_replays_the_failure_in_the_students_repository(
    graded_tests, example, tmp_path, shell
):
    """From the instructor's run to the student's terminal, as it is printed."""
    theirs = Submission.find(example("only_2a"))
    test = graded_tests["test_basic_agreement"]
    run = run_test(RunConditions(theirs, test, 17))
    run.replay = RunConditions(theirs, test, 17, hash_seed=0).replay_command()
    shown = student_report(Grade("s", str(theirs.path), grade_tests([run]))).tests[0]
    assert str(theirs.path) not in shown.replay
    assert "tests/lab2" not in shown.replay

    (tmp_path / "raft.py").write_bytes((theirs.path / "raft.py").read_bytes())
    done = shell(f"{shown.replay} -p no:cacheprovider", tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed" in done.stdout
    assert run.reason in done.stdout
    assert run.evidence.splitlines()[0] in done.stdout


@pytest.mark.parametrize(
    ("inside", "word"),
    [("src", "src"), ("main.py", "main.py"), ("my lab/x", '"my lab/x"')],
)
def test_the_command_and_the_report_name_what_was_graded(made_up, inside, word):
    grade = made_up.a_grade(made_up.a_run(), inside=inside)
    hidden = made_up.a_grade(made_up.a_run(hidden=True), inside=inside)
    assert f"--submission {word} " in student_report(hidden).tests[0].replay
    unloaded = made_up.a_grade(made_up.a_run(), inside=inside, load_error="x")
    for render in (student_html, student_markdown):
        text = Page(render(grade)).text if render is student_html else (
            render(grade).decode()
        )  # fmt: skip
        assert f"We graded {inside} from what you handed in." in text
        assert f"--seed 0 --submission {word} --hash-seed 0 --preempt" in text
        assert "pytest --lab --submission" in render(unloaded).decode()
    assert student_report(unloaded).try_it == f"pytest --lab --submission {word}"
    assert (
        f"We graded {inside} from what you handed in."
        in gradescope_json(grade).decode()
    )


def test_of_what_was_graded_whole_nothing_is_said(made_up):
    grade = made_up.a_grade(made_up.a_run())
    for render in (student_html, student_markdown, gradescope_json):
        assert "what lies in" not in render(grade).decode()


def test_a_command_of_another_kind_is_not_shown(made_up):
    run = made_up.a_run(replay="")
    assert student_report(made_up.a_grade(run)).tests[0].replay == ""


def test_a_path_that_looks_like_a_test_is_none(made_up):
    run = made_up.a_run()
    run.replay = run.replay.replace("/subs/alice", f"/'a b::{run.test}'")
    words = shlex.split(student_report(made_up.a_grade(run)).tests[0].replay)
    assert words[words.index("--submission") + 1] == "."
    assert words.count("-k") == 1


def test_the_suite_speaks_for_itself(graded_tests):
    words = suite_descriptions()
    assert set(words.parts) == {test.part for test in graded_tests.values()}
    assert words.tests == {t.name: t.description for t in graded_tests.values()}


# Markdown.


def test_hostile_markdown_stays_in_its_blocks(made_up):
    for grade in made_up.hostile():
        text = student_markdown(grade).decode()
        outside, fence = [], ""
        for line in text.splitlines():
            if fence:
                fence = "" if line == fence else fence
            elif line.startswith("```"):
                fence = line.removesuffix("text")
            else:
                outside.append(line)
        assert fence == ""
        assert "<script" not in "\n".join(outside)
        assert "onerror" not in "\n".join(outside)
        assert [line for line in outside if line.startswith("# ")] == [outside[0]]


# The class.


def test_the_class_in_figures(made_up):
    all_passed = made_up.a_grade(
        made_up.a_run(verdict=Verdict.PASSED), name="carol", digest="d"
    )
    broken = made_up.a_run(reason="no class Raft", seed=0)
    grades = [
        made_up.mixed("alice"),
        made_up.mixed("bob"),
        all_passed,
        made_up.a_grade(broken, name="dave", load_error="no class Raft", digest="d"),
    ]
    figures = class_figures(grades, submission_folder)
    assert [row.percent for row in figures.submissions] == [30, 30, 100, 0]
    assert (figures.mean, figures.median) == (40, 30)
    assert [bar.count for bar in figures.bars] == [1, 0, 0, 2, 0, 0, 0, 0, 0, 1]
    assert [row.name for row in figures.not_loaded] == ["dave"]
    assert [row.name for row in figures.with_unknown] == ["alice", "bob"]
    assert [[row.name for row in group] for group in figures.identical] == [
        ["carol", "dave"]
    ]
    # Who does not load says nothing of a test.
    tests = {test.outcome.test: test for test in figures.tests}
    first = tests["test_initial_election"]
    second = tests["test_re_election"]
    assert (first.passed, first.judged) == (3, 3)
    assert first.outcome.counts == VerdictCounts(passed=5)
    assert (second.passed, second.judged) == (0, 2)
    assert second.outcome.counts == VerdictCounts(passed=2, failed=2)
    assert second.reason == "term 1 has 2 leaders"
    assert tests["test_basic_agreement"].judged == 0
    # One reason, whatever the term; hidden seeds are no secret to an instructor.
    reason, not_loading = figures.reasons
    assert figures.load_errors == [not_loading]
    assert (not_loading.example, not_loading.tests) == ("no class Raft", {})
    assert list(not_loading.submissions.values()) == ["dave"]
    assert list(reason.submissions.values()) == ["alice", "bob"]
    assert reason.tests == {"test_re_election": 2, "test_many_elections": 2}


def test_more_than_full_marks_are_full_marks_in_the_chart(made_up):
    figures = class_figures([made_up.mixed()], submission_folder)
    assert sum(bar.count for bar in figures.bars) == 1


def test_who_has_nothing_to_earn_does_not_count_as_zero(made_up):
    dash = "\N{EN DASH}"
    grades = [made_up.mixed(), made_up.no_verdict(), made_up.only_extra()]
    figures = class_figures(grades, submission_folder)
    assert (figures.mean, figures.median) == (30, 30)
    assert sum(bar.count for bar in figures.bars) == 1
    text = " ".join(Page(of_class(grades)).text.split())
    assert "30 % mean grade" in text
    assert "Not counted here, nor in mean and median: 2 submissions" in text
    assert f"xena 20 extra {dash} " in text
    text = " ".join(Page(of_class(grades[1:])).text.split())
    assert f"{dash} mean grade {dash} median grade" in text
    for content in (student_html(grades[2]), student_markdown(grades[2])):
        assert "20 extra points" in content.decode()


def test_a_class_in_which_nobody_loads_has_its_reasons(made_up):
    grades = [
        made_up.a_grade(
            made_up.a_run(), name=name, path=f"/subs/{name}",
            load_error=f"no class Raft in /subs/{name}/raft.py, line {line}",
        )
        for line, name in enumerate(["alice", "bob", "carol"])
    ]  # fmt: skip
    text = " ".join(Page(of_class(grades)).text.split())
    assert "No run failed" not in text
    assert (
        "no class Raft in raft.py, line 0 3 submissions did not load alice, bob" in text
    )
    assert text.count("no class Raft") == 2  # Among the reasons, and what to look at.


def test_the_class_page_says_it(made_up):
    grades = [made_up.mixed("alice"), made_up.mixed("bob")]
    grades = [Grade(g.submission, g.path, g.tests, digest="same") for g in grades]
    text = " ".join(Page(of_class(grades)).text.split())
    for words in (
        "2 submissions", "30 % mean grade", "2 submissions with 30 to 40 per cent.",
        "Identical submissions", "2 submissions, 4 runs of", "1 unknown run",
        "term 0 has 2 leaders (2 runs)",
    ):  # fmt: skip
        assert words in text, words
    assert "alice, bob" in text
