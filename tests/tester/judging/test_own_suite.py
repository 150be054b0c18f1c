"""An instructor's own suite: what is read, and what is said of one that is wrong."""

import dataclasses
import sys

import msgspec
import pytest

import grade
from tester import codes
from tester.errors import UsageError
from tester.grading.journal import EnteredSuite
from tester.grading.plan import Plan, plan_of
from tester.judging.collection import MARKERS
from tester.judging.own_suite import read_own_suite, suite_digest
from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.run_hosting import RunHosting
from tester.judging.suite import Suites, collect
from tester.reports.classroom import classroom_json
from tester.reports.gradescope import gradescope_json
from tester.reports.results import results_json
from tester.reports.student import student_report
from tester.reports.student_report import student_html, student_markdown
from tester.scoring.rubric_file import default_rubric
from tester.verdict import Verdict
from tester.workers.job import RunJob
from tester.workers.worker import Worker

HEAD = '''\
"""Part 9A: leaders that stay."""

import pytest

pytestmark = pytest.mark.part("9A")
'''
STAYS = '''
@pytest.mark.points(5)
@pytest.mark.cluster(servers=3)
def test_stays(cluster):
    """A leader stays."""
    leader = cluster.check_one_leader()
    cluster.sleep(1)
    assert cluster.check_one_leader() == leader, "another server leads"
'''
SECRET = '''
@pytest.mark.points(2)
@pytest.mark.hidden
@pytest.mark.cluster(servers=3)
def test_secret(cluster):
    """A trap that nobody knows."""
    assert cluster.check_one_leader() == 17, "server 17 does not lead"
'''


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a file of a suite, and returns the suite's folder."""

    def write(text, name="test_stays.py"):
        file = tmp_path / "suite" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        return file.parent

    return write


@pytest.fixture
def own_tests(suite):
    """Return a function that reads a suite beside the lab's, and returns its tests."""
    return lambda folder: read_own_suite(folder, suite).tests


@pytest.mark.slow
def test_own_tests_stand_beside_the_labs_or_instead_of_them(write, own_tests):
    folder = write(HEAD + STAYS + SECRET)
    stays, secret = own_tests(folder)
    assert (stays.name, stays.part, stays.points) == ("test_stays", "9A", 5)
    assert (stays.suite, stays.part_about) == (folder, "leaders that stay")
    assert (stays.hidden, secret.hidden) == (False, True)
    both = collect(suites=Suites((folder,)))
    assert both == [*collect(), *both[-2:]]
    assert [test.name for test in both[-2:]] == ["test_stays", "test_secret"]
    selected = collect(
        ["2A", "9A"], "test_stays and not secret or initial", suites=Suites((folder,))
    )
    assert [test.name for test in selected] == ["test_initial_election", "test_stays"]
    assert "test_stays" not in sys.modules


@pytest.mark.unmeasured
def test_suites_may_have_files_of_the_same_name_and_parts_of_the_lab(write, tmp_path):
    write(HEAD + STAYS)
    (tmp_path / "suite").rename(tmp_path / "first")
    second = write(HEAD.replace('k.part("9A")', 'k.part("2B")') + SECRET)
    found = collect(["2B", "9A"], suites=Suites((tmp_path / "first", second)))
    assert [(test.part, test.name) for test in found[-2:]] == [
        ("9A", "test_stays"),
        ("2B", "test_secret"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no graded test: that is a function test_"),
        ("def test_x(cluster:\n", r"test_stays.py, line 1: syntax error: '\(' was never"),
        ("import no_such_module\n", "cannot be imported: ModuleNotFoundError: No module"),
        ("def test_x(cluster): ...", "test_x: it has no marker `cluster`"),
        (HEAD + STAYS.replace("servers=3", "server=3"), "server .did you mean servers?"),
        (HEAD + STAYS.replace("servers=3", "3"), "needs the number of servers, as in"),
        (HEAD + STAYS.replace("cluster)", "cluster, tmp_path)"), "and nothing else"),
        (HEAD + STAYS.replace(".points(5)", ".hidden"), "it has no points: add"),
        (HEAD + STAYS.replace(".points(5)", ".point(5)"), "cannot be imported: 'point'"),
        (HEAD + STAYS.replace("(5)", "('5')"), "must be a number, not '5'"),
        (HEAD + STAYS.replace("(5)", "(-5)"), "from 0 to 1,000,000, not -5"),
        (
            HEAD + "\n@pytest.mark.points(4)" + STAYS,
            "test_stays: it has points twice, 4 and 5|it has points twice, 5 and 4",
        ),
        (HEAD.replace('.part("9A")', ".hidden") + STAYS, "it has no part: add"),
        (
            HEAD.replace('.part("9A")', '.part("9a")') + STAYS,
            'no part 9a: there are 2A, .* 9A. For a new one, .*"""Part 9A: what it is',
        ),
        (HEAD + '\n@pytest.mark.part("2A")' + STAYS, "it is of two parts"),
        (HEAD + STAYS + STAYS, "line 17: test_stays is defined again: the one in line 9"),
        (
            HEAD + STAYS.replace("test_stays", "test_churn"),
            "there is a test test_churn in test_2c_persistence.py already: rename",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_suite_is_said_in_one_line(write, text, words, own_tests):
    with pytest.raises(UsageError, match=words) as raised:
        own_tests(write(text))
    assert "\n" not in str(raised.value)


def test_a_suite_that_is_not_there_or_takes_the_labs_names_is_refused(
    write, tmp_path, own_tests
):
    with pytest.raises(UsageError, match="nowhere: there is no such folder"):
        own_tests(tmp_path / "nowhere")
    write(HEAD + STAYS, "test_2a_election.py")
    with pytest.raises(UsageError, match="the lab's own suite has a file of this name"):
        own_tests(tmp_path / "suite")
    (tmp_path / "suite" / "test_2a_election.py").unlink()
    for name in ("test_one.py", "test_two.py"):
        write(HEAD + STAYS, name)
    with pytest.raises(UsageError, match="2 tests are called test_stays, in"):
        own_tests(tmp_path / "suite")


def test_every_marker_of_the_lab_may_stand_in_a_suite(write, own_tests):
    names = [marker.partition("(")[0].partition(":")[0] for marker in MARKERS]
    assert {"hidden", "part", "points", "cluster", "virtual_time"} <= {*names}
    flags = "".join(f"\n@pytest.mark.{name}" for name in ("virtual_time", "single_bug"))
    assert own_tests(write(HEAD + flags + STAYS))[0].single_bug


def test_the_digest_of_a_suite_changes_with_its_files(write):
    before = suite_digest(write(HEAD + STAYS))
    assert suite_digest(write(HEAD + STAYS)) == before
    assert suite_digest(write(HEAD + STAYS + SECRET)) != before


def test_a_process_that_judges_reads_the_suite_itself(write, dictator):
    folder = write(HEAD + STAYS)
    job = RunJob(
        path=str(dictator().path),
        name="amy",
        suite=str(folder),
        test="test_stays",
        seed=3,
    )
    worker = Worker(0)
    try:
        run = worker.answer(job).run
        other = msgspec.structs.replace(job, suite="", test="test_initial_election")
        assert worker.answer(other).run.suite == ""
    finally:
        worker.close()
    assert (run.verdict, run.part, run.suite) == (Verdict.PASSED, "9A", "suite")


@pytest.mark.slow
def test_no_server_can_read_a_suite(write, dictator, own_tests):
    folder = write(HEAD + STAYS)
    spy = dictator(f"""
        def set_up(self):
            import collections
            builtins = collections._sys.modules["builtins"]
            try:
                with builtins.open({str(folder / "test_stays.py")!r}) as file:
                    print("BREACH", file.read())
            except OSError as exc:
                print("refused:", exc)
    """)
    (test,) = own_tests(folder)
    lines = []
    for isolation in ("process", "none"):
        host = RunHosting(isolation=isolation).open(spy)
        try:
            run = run_test(RunConditions(spy, that_fails(test), 0), host)
        finally:
            host.close()
        lines.append(run.evidence)
    assert "refused: " in lines[0]
    assert "BREACH" not in lines[0]
    assert "BREACH" in lines[1]


def that_fails(test):
    """Return the test with a scenario that fails, so that what is printed is shown."""

    def scenario(cluster):
        cluster.fail(codes.CHECK_FAILED, "look at what was printed")

    return dataclasses.replace(test, function=scenario)


@pytest.mark.unmeasured
def test_students_see_the_reason_of_a_hidden_test_and_none_of_its_lines(
    write, dictator, own_tests
):
    tests = own_tests(write(HEAD + STAYS + SECRET))
    amy = dictator()
    runs = [run_test(RunConditions(amy, test, 0)) for test in tests]
    grade = default_rubric(tests).grade("amy", str(amy.path), runs)
    assert (grade.points, grade.points_max) == (5, 7)
    for content in (student_markdown, student_html, gradescope_json, classroom_json):
        text = content(grade).decode()
        assert "A trap that nobody knows" not in text
        assert "check_one_leader" not in text
        assert "server 17 does not lead" in text
        assert "::test_secret" not in text
    text = student_markdown(grade).decode()
    assert "A leader stays" not in text  # Of a test that has passed.
    assert "hidden test, which cannot be replayed" in text
    assert "| 9A | leaders that stay |" in text
    assert "check_one_leader" in results_json([grade]).decode()


def test_a_test_that_is_not_hidden_is_replayed_from_the_suites_folder(
    write, dictator, own_tests
):
    (test,) = own_tests(write(HEAD + SECRET.replace("@pytest.mark.hidden\n", "")))
    amy = dictator()
    run = run_test(RunConditions(amy, test, 0))
    assert "docs/symptoms.md" not in run.report()
    grade = default_rubric([test]).grade("amy", str(amy.path), [run])
    (shown,) = student_report(grade).tests
    assert shown.about == "A trap that nobody knows."
    assert shown.replay.startswith("pytest suite/test_stays.py::test_secret --seed 0 ")
    assert "you need the folder suite, from your instructors" in shown.advice


@pytest.mark.unmeasured
def test_a_grading_does_not_continue_with_another_suite(write, tmp_path, own_tests):
    def header():
        tests = own_tests(folder)
        return Plan({}, tests, range(1), default_rubric(tests)).header()

    folder = write(HEAD + STAYS)
    before = header()
    assert before.suites[0].path == str(folder)
    assert before.differences(header()) == []
    write(HEAD + STAYS.replace("sleep(1)", "sleep(2)"))
    assert before.differences(header()) == [f"the tests of --suite ({folder})"]
    more = EnteredSuite("/more", "digest")
    both = msgspec.structs.replace(before, suites=[*before.suites, more])
    turned = msgspec.structs.replace(both, suites=both.suites[::-1])
    assert both.differences(turned) == ["the tests of --suite (their order)"]


@pytest.mark.unmeasured
def test_a_suite_beside_lab_3_may_use_its_parts_and_is_found_again(write):
    head = HEAD.replace("Part 9A: leaders", "Leaders").replace("9A", "3A")
    folder = write(head + STAYS.replace("servers=3", 'servers=3, service="rsm"'))
    tests = collect(expression="stays or rsm_basic", suites=Suites((folder,)), lab=3)
    header = Plan({}, tests, range(1), default_rubric(tests)).header()
    again = plan_of(header, {}, None)
    assert [test.name for test in again.tests] == ["test_rsm_basic", "test_stays"]


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    ("cluster", "words"),
    [
        ("servers=3", 'in lab 3, `cluster` needs a service, as in service="rsm"'),
        ('servers=3, service="kvs"', "with clerks=1, not 'kvs'"),
        ('servers=3, service="kv"', "one client or more, as in clerks=1, .* not 0"),
        ('servers=3, service="rsm", clerks=2', 'and a service="rsm" has none: not 2'),
        (
            'servers=3, service="rsm")\n@pytest.mark.search(states=9',
            "a search checks what clients are answered",
        ),
    ],
)
def test_a_suite_of_lab_3_asks_for_a_service(write, service_suite, cluster, words):
    folder = write(HEAD + STAYS.replace("servers=3", cluster))
    with pytest.raises(UsageError, match=words):
        read_own_suite(folder, service_suite)


def test_a_suite_of_lab_2_has_no_service(write, own_tests):
    folder = write(HEAD + STAYS.replace("servers=3", 'servers=3, service="rsm"'))
    with pytest.raises(UsageError, match="'service' in lab 3 only: grade with --lab 3"):
        own_tests(folder)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--no-lab-tests"], "--no-lab-tests leaves no tests: add --suite DIR"),
        (["--suite", "SUITE"], "lies in PATH, which is graded: the code there could"),
        (["--suite", "nowhere"], "nowhere: there is no such folder"),
        (["--rubric", "RUBRIC"], "line 1: there is no folder FOLDER/gone with a suite"),
    ],
)
def test_suites_that_cannot_be_graded_by_are_refused(
    write, tmp_path, capsys, options, words
):
    stand_for = {"SUITE": write(HEAD + STAYS), "RUBRIC": tmp_path / "rubric.toml"}
    stand_for["RUBRIC"].write_text('suites = ["gone"]\n')
    options = [str(stand_for.get(option, option)) for option in options]
    assert grade.main([str(tmp_path), *options, "--out", str(tmp_path / "out")]) == 2
    words = words.replace("PATH", str(tmp_path)).replace("FOLDER", str(tmp_path))
    assert words in capsys.readouterr().err


@pytest.mark.unmeasured
def test_a_rubric_names_suites_and_gives_their_tests_points(write, tmp_path, capsys):
    write(HEAD + STAYS + SECRET)
    rubric = tmp_path / "rubric.toml"
    rubric.write_text(
        'suites = ["suite"]\nlab_tests = false\n'
        "[parts.9A.tests]\ntest_secret = 40\n[parts.9A.policy]\nrule = 'share'\n"
    )
    assert grade.main(["rubric", "--check", str(rubric)]) == 0
    said = capsys.readouterr().out
    assert "in all: 45 points" in said
    assert "2A" not in said
