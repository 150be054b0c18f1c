"""The printed replay command is run, from elsewhere, and gives the same run again."""

import re
import shlex
import sys

import pytest

from labrpc.submission.submission import Submission
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions

# Writes the digests of a few runs; run in a process of its own.
DIGESTS = """
import sys
from labrpc.submission.submission import Submission
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.suite import collect
submission = Submission.find(sys.argv[1])
tests = {test.name: test for test in collect()}
for name in sys.argv[2:]:
    conditions = RunConditions(submission, tests[name], 7)
    print(run_test(conditions, recording=Recording(digest=True)).digest)
"""
TESTS = [
    "test_re_election",
    "test_basic_agreement",
    "test_concurrent_starts",
    "test_more_persistence",
    "test_install_snapshots_crash_unreliable",
    "test_unreliable_agreement",
]


def replayed(shell, command, directory, **variables):
    """Run a replay command; return its reason and digest."""
    done = shell(f"{command} --lab-digest -p no:cacheprovider", directory, **variables)
    assert done.returncode == 1, done.stdout + done.stderr
    (digest,) = re.findall(r"^([0-9a-f]{32}) ", done.stdout, re.M)
    return done.stdout, digest


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "test", "seed"),
    [
        ("counts_older_terms", "test_figure_8", 0),
        ("deadlock", "test_many_elections", 3),
        ("endless_loop", "test_re_election", 1),
        ("syntax_error.py", "test_re_election", 4),
    ],
)
def test_a_replay_command_gives_the_same_failure(
    shell, example, graded_tests, tmp_path, monkeypatch, name, test, seed
):
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    submission = Submission.find(example(name))
    run = run_test(
        RunConditions(submission, graded_tests[test], seed),
        recording=Recording(digest=True),
    )
    assert run.verdict == "failed"
    # From another directory, and with another order of sets.
    output, digest = replayed(shell, run.replay, tmp_path, PYTHONHASHSEED="99")
    assert run.reason in output
    assert f"seed {seed}" in output
    assert digest == run.digest


@pytest.mark.slow
def test_a_failure_under_pytest_prints_a_command_that_can_be_pasted(
    shell, dictator, tmp_path, project
):
    # Blanks and quotes in a path must come through the shell.
    submission = dictator("def get_state(self): return 1, False", name="it's my raft")
    suite = shlex.quote(str(project / "tests/lab2"))
    first = shell(
        f"pytest -p no:cacheprovider {suite} -k re_election --seed 3 "
        f"--submission {shlex.quote(str(submission.path))} --lab-digest",
        tmp_path,
        PYTHONHASHSEED="1",
    )
    commands = re.findall(r"^replay: (.*)$", first.stdout, re.M)
    assert len(commands) == 1, first.stdout
    command = commands[0]
    (digest,) = re.findall(r"^([0-9a-f]{32}) ", first.stdout, re.M)
    assert " --hash-seed 1 " in command
    (tmp_path / "elsewhere").mkdir()
    output, again = replayed(shell, command, tmp_path / "elsewhere", PYTHONHASHSEED="2")
    assert "no leader after 5 s, though servers 0, 1, 2" in output
    assert again == digest
    # It has recorded the run, where it was run.
    assert (tmp_path / "elsewhere/.lab/traces/test_re_election-seed3.jsonl").is_file()


def test_the_command_fixes_the_hash_seed_only_where_the_run_had_one(
    monkeypatch, dictator, graded_tests
):
    test, submission = graded_tests["test_re_election"], dictator()
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    assert "--hash-seed" not in RunConditions(submission, test, 0).replay_command()
    monkeypatch.setenv("PYTHONHASHSEED", "0")
    command = RunConditions(submission, test, 17).replay_command()
    assert " --hash-seed 0 " in command
    assert "--seed 17 " in command
    assert shlex.split(command)[1] == f"{test.file}::test_re_election"


@pytest.mark.slow
def test_equal_runs_have_equal_digests_in_every_process(
    shell, example, graded_tests, tmp_path
):
    (tmp_path / "digests.py").write_text(DIGESTS)
    command = shlex.join(
        [sys.executable, "digests.py", str(example("polling")), *TESTS]
    )
    one, two = (
        shell(command, tmp_path, PYTHONHASHSEED=hash_seed).stdout.split()
        for hash_seed in ("1", "4242")
    )
    assert len(set(one)) == len(TESTS)
    assert one == two
    submission = Submission.find(example("polling"))
    here = [
        run_test(
            RunConditions(submission, graded_tests[t], 7),
            recording=Recording(digest=True),
        )
        for t in TESTS[:3]
    ]
    assert [run.digest for run in here] == one[:3]


@pytest.mark.unmeasured
def test_another_seed_is_another_run(example, graded_tests):
    submission = Submission.find(example("raft"))
    test = graded_tests["test_re_election"]
    digests = {
        run_test(
            RunConditions(submission, test, s), recording=Recording(digest=True)
        ).digest
        for s in range(4)
    }
    assert len(digests) == 4


@pytest.mark.slow
def test_a_digest_does_not_depend_on_being_recorded_or_on_earlier_runs(
    example, graded_tests, tmp_path
):
    submission = Submission.find(example("raft"))
    first = graded_tests["test_initial_election"]
    digest = run_test(
        RunConditions(submission, first, 0), recording=Recording(digest=True)
    ).digest
    run_test(RunConditions(submission, graded_tests["test_backup_of_wrong_logs"], 1))
    assert (
        run_test(
            RunConditions(submission, first, 0), recording=Recording(traces=tmp_path)
        ).digest
        == digest
    )
