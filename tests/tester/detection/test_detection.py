"""The mutants are what they say, the suite finds them, and the measure adds up."""

import ast
import os
import subprocess
import sys

import msgspec
import pytest

import raft.raft
from labrpc.submission.submission import Submission
from tester.detection import measure as detection
from tester.detection.matrix import (
    Matrix,
    Probe,
    property_of,
    share,
    summary,
    write_markdown,
)
from tester.detection.mutants import find_mutants, note_found_by, read_mutant, reference
from tester.errors import UsageError
from tester.judging.run import boot_problem, run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.run_hosting import IN_PROCESS
from tester.judging.suite import collect
from tester.outcome import VerdictCounts
from tester.verdict import Verdict

MUTANTS = find_mutants()
NAMES = [mutant.name for mutant in MUTANTS]
TESTS = {test.name: test for test in collect()}
FOUND = [mutant for mutant in MUTANTS if mutant.found_by]


def test_there_are_enough_mutants():
    assert len(MUTANTS) >= 40
    assert {mutant.breaks for mutant in MUTANTS} == {"safety", "liveness", "nothing"}


def test_a_run_is_known_that_finds_each():
    assert [m.name for m in MUTANTS if not m.found_by and not m.equivalent] == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=NAMES)
def test_a_mutant_overrides_few_methods_of_the_reference(mutant):
    (raft_class,) = [
        node
        for node in ast.parse(mutant.path.read_bytes()).body
        if isinstance(node, ast.ClassDef)
    ]
    assert raft_class.name == "Raft"
    assert [base.id for base in raft_class.bases] == ["Reference"]
    methods = [
        node.name for node in raft_class.body if isinstance(node, ast.FunctionDef)
    ]
    # The others are helpers of it, or what else the same bug needs.
    assert methods[0] in vars(raft.raft.Raft)
    assert len(methods) <= 3


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=NAMES)
def test_a_mutant_boots(mutant):
    assert boot_problem(IN_PROCESS.open(Submission.find(mutant.path))) is None


@pytest.mark.slow
@pytest.mark.parametrize("mutant", FOUND, ids=[mutant.name for mutant in FOUND])
def test_the_suite_finds_a_mutant(mutant):
    test, seed = mutant.found_by
    run = run_test(
        RunConditions(Submission.find(mutant.path), TESTS[test], seed, mutant.preempt)
    )
    assert run.verdict is Verdict.FAILED
    assert run.reason


@pytest.mark.slow
def test_the_reference_passes_where_mutants_fail():
    submission = Submission.find(reference().path)
    runs = sorted({(*mutant.found_by, mutant.preempt) for mutant in FOUND})
    # Every eighth, or all of them: a nightly job of CI sets LAB_NIGHTLY.
    for test, seed, preempt in runs if os.environ.get("LAB_NIGHTLY") else runs[::8]:
        run = run_test(RunConditions(submission, TESTS[test], seed, preempt))
        assert run.passed, run.report()


# Docstrings.

WHOLE = '''"""It forgets.

Paper: section 5.2
Breaks: safety (Election Safety, Log Matching)
Go suite: never
Found by: test_churn at seed 12
Equivalent: it does not
    really forget.
"""
'''


def test_a_digest_is_of_the_code_and_not_of_what_is_said_of_it(tmp_path):
    link = tmp_path / "raft"
    link.symlink_to(reference().path.resolve())
    file = tmp_path / "forgets.py"
    digests = []
    for text in (
        WHOLE + "x = 1\n",
        WHOLE.replace("12", "13") + "x = 1\n",
        WHOLE + "x = 2\n",
    ):
        file.write_text(text)
        digests.append(read_mutant(file).digest)
    assert digests[0] == digests[1] != digests[2]
    assert reference().digest not in digests


def test_a_docstring_is_read(tmp_path):
    file = tmp_path / "forgets.py"
    file.write_text(WHOLE)
    mutant = read_mutant(file)
    assert mutant.name == "forgets"
    assert mutant.bug == "It forgets."
    assert mutant.paper == "section 5.2"
    assert mutant.properties == ("Election Safety", "Log Matching")
    assert mutant.go_suite == "never"
    assert mutant.found_by == ("test_churn", 12)
    assert mutant.equivalent == "it does not really forget."
    assert mutant.breaks == "nothing"


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("It forgets.", ""),
        ("Paper: section 5.2\n", ""),
        ("Breaks: safety (Election Safety, Log Matching)", "Breaks: a lot"),
        ("Found by: test_churn at seed 12", "Found by: chance"),
    ],
)
def test_a_docstring_that_lacks_something_is_refused(tmp_path, line, instead):
    file = tmp_path / "forgets.py"
    file.write_text(WHOLE.replace(line, instead))
    with pytest.raises(UsageError):
        read_mutant(file)


@pytest.mark.parametrize(
    "before", [WHOLE, WHOLE.replace("Found by: test_churn at seed 12\n", "")]
)
def test_the_run_that_finds_a_mutant_is_noted(tmp_path, before):
    file = tmp_path / "forgets.py"
    file.write_text(before + "\nx = 1\n")
    note_found_by(read_mutant(file), "test_swarm", 3)
    assert read_mutant(file).found_by == ("test_swarm", 3)
    assert file.read_text().endswith("\nx = 1\n")
    assert file.read_text().count("Found by") == 1


def test_the_quickest_run_is_noted():
    (mutant,) = find_mutants(["second_vote"])
    matrix = Matrix([mutant], MATRIX_TESTS, range(2))
    for probe in probes(mutant, 0, FAILED, PASSED, FAILED):
        matrix.add(probe)
    matrix.probes[mutant.name, 0]["test_follower_failure"].cpu_s = 1.0
    assert matrix.quickest(mutant).test == "test_follower_failure"
    assert matrix.quickest(reference()) is None


def test_a_mutant_that_does_not_exist_is_named():
    with pytest.raises(UsageError, match="no mutant nonsense"):
        find_mutants(["nonsense"])


# The measure.


def test_a_code_says_which_property_it_is_about():
    assert property_of("two-leaders") == "Election Safety"
    assert property_of("not-stored-by-majority") == "Leader Completeness"
    assert property_of("no-agreement") == property_of("") == ""
    known = {"Election Safety", "Log Matching", "Leader Completeness"}
    known |= {"State Machine Safety", "current_term increases monotonically"}
    known |= {"Leader Append-Only"}
    for mutant in find_mutants():
        assert set(mutant.properties) <= known


def probes(mutant, seed, *verdicts, code="no-leader"):
    return [
        Probe(mutant.name, test.part, test.name, seed, verdict, code, cpu_s=2.0)
        for test, verdict in zip(MATRIX_TESTS, verdicts, strict=True)
    ]


MATRIX_TESTS = [
    TESTS["test_initial_election"],
    TESTS["test_basic_agreement"],
    TESTS["test_follower_failure"],
]
PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN


def test_the_matrix_adds_up(tmp_path):
    (mutant,) = find_mutants(["second_vote"])
    matrix = Matrix([reference(), mutant], MATRIX_TESTS, range(4))
    for seed, verdicts in enumerate([
        (PASSED, PASSED, FAILED),
        (FAILED, FAILED, PASSED),
        (PASSED, UNKNOWN, PASSED),  # Neither seen nor missed.
        (PASSED, PASSED, PASSED),
    ]):  # fmt: skip
        code = "two-leaders" if seed == 0 else "no-leader"
        for probe in probes(mutant, seed, *verdicts, code=code):
            matrix.add(probe)
    for probe in probes(reference(), 0, PASSED, PASSED, FAILED):
        matrix.add(probe)
    row = matrix.row(mutant)
    assert row.by_part == {
        "2A": VerdictCounts(failed=1, passed=3),
        "2B": VerdictCounts(failed=2, passed=1, unknown=1),
    }
    assert row.whole == VerdictCounts(failed=2, passed=1, unknown=1)
    assert row.cpu_s == [6.0, 2.0]
    assert row.named == 1
    assert row.checks == {"two-leaders": 1, "no-leader": 2}

    document = tmp_path / "detection.md"
    document.write_text("Written by a person.\n")
    write_markdown(document, matrix)
    write_markdown(document, matrix)
    text = document.read_text()
    assert text.startswith("Written by a person.\n")
    assert (
        text.count("| second_vote | safety | 25 % | 67 % | 67 % | 67 % | 4.00 | 33 % |")
        == 1
    )
    assert "0 of 1 mutants" in text
    assert "Seeds 0 to 3; 2 rows have fewer: interrupted, or unknown runs." in text
    assert "1 false alarms in 3 runs" in text


def test_scenarios_made_for_one_bug_are_counted_apart():
    (mutant,) = find_mutants(["second_vote"])
    made_for_it = TESTS["test_told_term"]
    assert made_for_it.single_bug
    assert not TESTS["test_swarm"].single_bug
    tests = [TESTS["test_basic_agreement"], made_for_it]
    matrix = Matrix([mutant], tests, range(1))
    for test, verdict in zip(tests, (PASSED, FAILED), strict=True):
        matrix.add(Probe(mutant.name, test.part, test.name, 0, verdict, "two-leaders"))
    row = matrix.row(mutant)
    assert (row.whole.failed, row.general.failed, row.general.passed) == (1, 0, 1)
    assert "1 of 1 mutants" in summary(matrix)
    assert "0 by tests that were not made for one kind of bug" in summary(matrix)


def test_a_mutant_of_threads_is_run_with_preemption(tmp_path):
    (mutant,) = find_mutants(["vote_checked_then_given"])
    assert mutant.preempt
    (lane,) = detection.lanes([mutant], MATRIX_TESTS[:1], range(1))
    assert lane.next_job().preempt
    file = tmp_path / "forgets.py"
    file.write_text(WHOLE)
    note_found_by(read_mutant(file), "test_swarm", 3, preempt=True)
    assert read_mutant(file).preempt


def test_a_share_of_nothing_is_no_share():
    assert share(0, 0) == "-"
    assert share(1, 3) == "33 %"


def test_a_lane_ends_where_the_mutant_is_found():
    tests, after = MATRIX_TESTS[1:], "test_follower_failure"
    for name, code, thorough, left in [
        ("equal_timeouts", "no-leader", False, None),
        ("equal_timeouts", "no-leader", True, after),
        # A mutant that breaks a property is to be found by that property.
        ("second_vote", "no-leader", False, after),
        ("second_vote", "two-leaders", False, None),
    ]:
        (mutant,) = find_mutants([name])
        found = probes(mutant, 0, PASSED, FAILED, PASSED, code=code)[1]
        (lane,) = detection.lanes([mutant], tests, range(1), thorough)
        assert lane.next_job().test == "test_basic_agreement"
        lane.note(found)
        job = lane.next_job()
        assert (job and job.test) == left
    # An alarm in the reference does not hide another one.
    (lane,) = detection.lanes([reference()], tests, range(1))
    lane.note(found)
    assert lane.next_job() is not None


def measured(tmp_path, *arguments):
    out, document = tmp_path / "out.jsonl", tmp_path / "detection.md"
    command = [sys.executable, "-m", "tester.detection", *arguments]
    command += ["--jobs", "1", "--out", str(out), "--write", str(document)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done, out, document


@pytest.mark.slow
def test_the_command_measures_and_resumes(tmp_path):
    names = ["leader_does_not_count_itself", "candidate_never_tries_again"]
    options = ["-k", "follower_failure", "--seeds", "2"]
    done, out, document = measured(tmp_path, names[0], *options)
    assert done.returncode == 0, done.stderr
    assert "1 of 1 mutants were found" in done.stdout
    assert "0 false alarms in 2 runs" in document.read_text()
    head, *lines = out.read_bytes().splitlines()
    assert len(lines) == 4

    # A run that is done is taken from the file: this one is changed, to see it.
    forged = [msgspec.json.decode(line) for line in lines]
    for probe in forged:
        probe["verdict"] = "passed"
    out.write_bytes(b"\n".join([head, *map(msgspec.json.encode, forged), b'{"torn']))
    done, out, document = measured(tmp_path, *names, *options, "--resume")
    assert done.returncode == 0, done.stderr
    text = document.read_text()
    assert "| leader_does_not_count_itself | liveness | 0 % |" in text
    assert "| candidate_never_tries_again | liveness | " in text
    assert len(out.read_bytes().splitlines()) == 1 + 6


@pytest.mark.slow
def test_what_the_command_does_not_know_is_said(tmp_path):
    done, _, document = measured(tmp_path, "nonsense")
    assert done.returncode == detection.EXIT_USAGE
    assert "no mutant nonsense" in done.stderr
    assert not document.exists()
