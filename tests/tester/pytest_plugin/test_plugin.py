"""The pytest plugin from outside: options, reports, and three verdicts."""

import re
import shlex
import textwrap

import pytest

from labrpc.world.world import LOG_LINES_KEPT
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions

LEADERLESS = "def get_state(self): return 1, False"
QUICK = "-k 'initial_election or basic_agreement'"


@pytest.fixture
def lab(shell, tmp_path, project):
    """Return a function that runs the graded suite from an empty directory."""
    suite = shlex.quote(str(project / "tests/lab2"))

    def run(options, *more, files=suite, **variables):
        words = [shlex.quote(str(word)) for word in more]
        command = f"pytest -p no:cacheprovider {files} {options} {' '.join(words)}"
        return shell(command, tmp_path, **variables)

    return run


@pytest.fixture
def own_suite(tmp_path):
    """Return a function that writes a graded suite of its own."""

    def write(body):
        head = """
            import pytest
            from tester import codes
            pytestmark = [
                pytest.mark.part("2A"), pytest.mark.points(1),
                pytest.mark.cluster(servers=3),
            ]
        """
        file = tmp_path / "test_own.py"
        file.write_text(textwrap.dedent(head) + textwrap.dedent(body))
        return str(file)

    return write


def verdicts(done):
    """Return what -v says of each item, without what the run took."""
    found = re.findall(r"::(\w+\[\w+\]) (PASSED|FAILED)", done.stdout)
    # Under xdist the verdict comes first.
    found += [
        (item, verdict)
        for verdict, item in re.findall(
            r"\] (PASSED|FAILED)[^:\n]*::(\w+\[\w+\])", done.stdout
        )
    ]
    return sorted(found)


# What is run.


@pytest.mark.slow
def test_seeds_parts_and_the_summary_of_each_run(lab):
    done = lab("-k 2A -v --seed 5 --seeds 2")
    assert done.returncode == 0, done.stdout
    assert verdicts(done) == [
        (f"{test}[seed{seed}]", "PASSED")
        for test in ("test_initial_election", "test_many_elections", "test_re_election")
        for seed in (5, 6)
    ]
    summary = r"PASSED +\d+\.\d s  [37] servers +\d+ RPCs +\d+ bytes +0 commits"
    assert len(re.findall(summary, done.stdout)) == 6
    assert "6 of 6 runs passed" in done.stdout
    assert not re.search(r"^[0-9a-f]{32} ", done.stdout, re.M)


@pytest.mark.slow
def test_the_submission_option_and_what_a_failure_shows(lab, dictator, tmp_path):
    broken = dictator("def take(self, entry): print('ignored')")
    shown = ("--lab-pictures", "3", "--decision", "--shrink")
    done = lab(QUICK, "--submission", broken.path, *shown)
    assert done.returncode == 1
    assert "server 0 accepted command 100 at index 1" in done.stdout
    assert "in the scenario: test_2b_log.py:" in done.stdout
    assert "server 1: ignored" in done.stdout
    assert "replay: pytest " in done.stdout
    assert "what happened last:" in done.stdout
    assert "when it was decided:\n  from the start: 20 of 20 runs" in done.stdout
    assert "the fewest choices that fail in the same way: 1, of " in done.stdout
    assert "  recover\n  no-agreement: for 10 virtual seconds no new" in done.stdout
    picture = re.search(
        r"^picture: (\.lab/pictures/test_\w+-seed0\.html)$", done.stdout, re.M
    )
    assert (tmp_path / picture[1]).is_file()
    assert "1 of 2 runs passed" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "tester/" not in done.stdout.replace(str(broken.path), "")


@pytest.mark.slow
def test_a_minimal_list_is_replayed_by_the_command_that_is_printed(
    lab, dictator, tmp_path
):
    broken = dictator("def take(self, entry): print('ignored')")
    file = tmp_path / "found.choices.txt"
    file.write_text("recover")
    options = ("--submission", broken.path, "--lab-pictures", "1")
    done = lab("--replay", str(file), *options, files="")
    assert done.returncode == 1
    assert "no new command was applied by all servers" in done.stdout
    assert "picture: .lab/pictures/test_found-seed0.html" in done.stdout
    assert f"replay: pytest --replay {file} --submission " in done.stdout
    assert not (tmp_path / ".lab" / "failures").exists()


@pytest.mark.slow
def test_a_list_with_clients_is_replayed_by_the_command_that_a_search_prints(
    lab, project, tmp_path
):
    file = tmp_path / "found.choices.txt"
    file.write_text("servers 3\nclients 2\nput 3 k\nexpect 0, term 5")
    service = project / "tests/services/kv_threads"
    done = lab("--replay", str(file), "--submission", service, files="")
    assert done.returncode == 1, done.stdout
    assert "server 0 is not in the state that the list expects" in done.stdout


@pytest.mark.slow
def test_digests_are_printed_when_asked_for(lab):
    done = lab(QUICK + " -q --lab-digest --seeds 2")
    found = re.findall(r"^([0-9a-f]{32}) ", done.stdout, re.M)
    assert len(found) == len(set(found)) == 4, done.stdout


@pytest.mark.slow
def test_lab_runs_the_suite_from_anywhere_against_that_directory(shell, dictator):
    directory = dictator("def get_state(self): return 1, False").path
    done = shell("pytest --lab -p no:cacheprovider -k initial_election", directory)
    assert done.returncode == 1
    assert "no leader after 5 s, though servers 0, 1, 2" in done.stdout


@pytest.mark.slow
def test_two_workers_give_the_same_verdicts_and_properties(lab, example, tmp_path):
    options = (
        "-k '2A or concurrent' -v --seed 0 --lab-pictures 3 --submission",
        example("only_2a"),
    )
    alone = lab(*options, "--junitxml=alone.xml")
    spread = lab(*options, "--junitxml=spread.xml", "-n", "2")
    assert alone.returncode == spread.returncode == 1
    assert len(verdicts(alone)) == 4
    assert verdicts(alone) == verdicts(spread)
    properties = [
        sorted(
            re.findall(
                r'<property name="(\w+)" value="([^"]*)"', (tmp_path / f).read_text()
            )
        )
        for f in ("alone.xml", "spread.xml")
    ]
    assert properties[0] == properties[1]
    names = {name for name, _ in properties[0]}
    assert names >= {"seed", "verdict", "reason", "replay", "rpcs"}
    last = "3 of 4 runs passed"
    assert last in alone.stdout
    assert last in spread.stdout
    assert "picture: .lab/pictures/test_" in spread.stdout


# All that the servers print.


@pytest.mark.slow
def test_with_s_each_line_is_printed_below_test_and_seed(lab, dictator):
    chatty = dictator("def take(self, entry): print('took', entry[0], '\\ud800')")
    # Each run is made twice, and shown once.
    options = "--seed 3 --seeds 2 --lab-check-determinism --submission"
    done = lab(f"-s -k basic_agreement {options}", chatty.path)
    assert done.returncode == 1
    for seed in (3, 4):
        first = (
            rf"test_basic_agreement, seed {seed}:\n +\d\.\d{{6}} s  server \d: took 1 "
        )
        assert len(re.findall("^" + first, done.stdout, re.M)) == 1, done.stdout
    quiet = lab("-k basic_agreement --seed 3 --submission", chatty.path)
    assert "test_basic_agreement, seed 3:" not in quiet.stdout
    spread = lab("-s -n 1 -k basic_agreement --submission", chatty.path)
    assert "test_basic_agreement, seed 0:" not in spread.stdout


@pytest.mark.slow
def test_to_be_given_the_lines_does_not_change_a_run(dictator, graded_tests):
    take = """
def apply(self, index, command):
    for i in range(3000):
        print(i)
    self.apply_ch.put(ApplyMsg(True, command, index))
"""
    submission, lines = dictator(take), []
    for test in map(graded_tests.get, ("test_basic_agreement", "test_rpc_bytes")):
        without = run_test(
            RunConditions(submission, test, 5), recording=Recording(digest=True)
        )
        lines.clear()
        given = run_test(
            RunConditions(submission, test, 5),
            recording=Recording(digest=True, on_line=lines.append),
        )
        assert without.passed, without.report()
        assert given.digest == without.digest
    # More than are kept for a failure.
    assert len(lines) > 2 * LOG_LINES_KEPT
    assert re.fullmatch(r" +\d\.\d{6} s  server \d: 0", lines[0])


# Seeds that failed before.


@pytest.mark.slow
def test_kept_seeds_run_once_until_two_sessions_find_them_fixed(lab, dictator):
    options = "-k initial_election -v --submission", dictator(LEADERLESS).path
    seeds = ", ".join(map(str, range(10)))
    first, again = (lab(*options, "--seeds", "12") for _ in range(2))
    items = re.findall(r"\[([\w-]+)\] FAILED", again.stdout)
    assert items == re.findall(r"\[([\w-]+)\] FAILED", first.stdout)
    assert items == [f"seed{seed}" for seed in range(12)]
    assert "0 of 12 runs passed" in again.stdout
    alone = lab(f"--lab-failed {options[0]}", options[1])
    assert re.findall(r"\[([\w-]+)\] FAILED", alone.stdout) == ["seeds0-9"]
    assert f"also failed: 9 of 10 seeds: {seeds.removeprefix('0, ')}" in alone.stdout
    dictator()
    for is_fixed in (False, True):
        done = lab(*options)
        assert "10 of 10 runs passed" in done.stdout, done.stdout
        line = f"fixed, no longer kept: test_initial_election seeds {seeds}: no leader"
        assert (line in done.stdout) == is_fixed


@pytest.mark.slow
def test_kept_seeds_that_fail_differently_are_told_apart(lab, own_suite):
    suite = own_suite("""
        def test_fails(cluster):
            cluster.fail(codes.CHECK_FAILED, "it is too high" if cluster.seed.endswith("1") else "too low")
    """)
    lab("--seeds 3", files=suite)
    done = lab("", files=suite)
    assert "2 failed" in done.stdout.splitlines()[-1]
    assert "test_fails: 2 failed, first at seed 0: too low" in done.stdout
    assert "test_fails: 1 failed, first at seed 1: it is too high" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["", "-n 1"])
def test_where_nothing_can_be_written_the_failure_is_shown(
    lab, dictator, tmp_path, workers
):
    (tmp_path / ".lab").write_text("in the way")
    submission = dictator(LEADERLESS)
    done = lab(
        f"-k initial_election --lab-trace {workers} --submission", submission.path
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "no leader after 5 s, though servers 0, 1, 2 are connected" in done.stdout
    assert done.stdout.count("traces cannot be written to") == 2
    assert done.stdout.count("seeds that fail cannot be kept in") == 1
    assert "INTERNALERROR" not in done.stdout


# Whose fault it is.


@pytest.mark.slow
def test_an_error_of_the_labs_own_is_unknown_and_no_failure(lab, own_suite):
    suite = own_suite("""
        def test_breaks(cluster):
            raise RuntimeError("the scenario is wrong")
    """)
    done = lab("--junitxml=results.xml", files=suite)
    assert done.returncode == 1
    assert "UNKNOWN, not the submission's fault:" in done.stdout
    assert "the lab itself broke: RuntimeError: the scenario is wrong" in done.stdout
    assert "1 unknown" in done.stdout


@pytest.mark.slow
def test_a_failure_is_not_called_unknown(lab, own_suite):
    suite = own_suite("""
        def test_fails(cluster):
            cluster.fail(codes.CHECK_FAILED, "it is wrong", "because of this")
    """)
    done = lab("", files=suite)
    assert done.returncode == 1
    assert "it is wrong" in done.stdout
    assert "because of this" in done.stdout
    assert "UNKNOWN" not in done.stdout
    assert "unknown" not in done.stdout


@pytest.mark.slow
def test_warnings_are_shown_once_with_how_often(lab, own_suite):
    suite = own_suite("""
        def test_warns(cluster):
            cluster.warn(codes.TERM_ROSE, "a term has changed")
        def test_warns_more(cluster):
            cluster.warn(codes.TERM_ROSE, "a lock is held")
            test_warns(cluster)
    """)
    done = lab("--seeds 3", files=suite)
    assert done.returncode == 0
    assert "warning (6 runs of 2 tests): a term has changed\n" in done.stdout
    assert "warning (3 runs of test_warns_more): a lock is held\n" in done.stdout


@pytest.mark.slow
def test_tests_that_are_not_graded_are_left_alone(lab, tmp_path):
    (tmp_path / "test_plain.py").write_text("def test_plain(): assert True\n")
    done = lab("-v", files="test_plain.py")
    assert done.returncode == 0
    assert "test_plain PASSED" in done.stdout
    assert "= Raft lab =" not in done.stdout


def test_a_raft_further_down_is_the_one_that_is_tested(shell, dictator, tmp_path):
    (tmp_path / "repo" / "src").mkdir(parents=True)
    source = (dictator().path / "raft.py").read_bytes()
    (tmp_path / "repo" / "src" / "raft.py").write_bytes(source)
    (tmp_path / "repo" / "docs").mkdir()
    command = "pytest -p no:cacheprovider --lab -k initial_election"
    done = shell(command, tmp_path / "repo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


# Wrong options.


@pytest.mark.slow
def test_a_submission_without_anything_to_run_says_what_to_do(lab, shell, dictator):
    directory = dictator().path
    words = "--submission: no graded test has run: add --lab to run the graded suite"
    command = "pytest -p no:cacheprovider --submission raft.py"
    done = shell(command, directory)
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
    assert done.stdout.count(words) == 1
    assert words not in shell(f"{command} --lab -k initial_elec", directory).stdout
    assert words not in lab("-k nothing --submission", directory).stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            "--submission /no/such/place",
            "--submission /no/such/place: it does not exist",
        ),
        ("--submission .", "--submission .: the folder is empty"),
        ("--seeds 0", "--seeds 0: a test needs at least one seed"),
    ],
)
def test_wrong_options_end_in_a_clear_line(lab, options, words):
    done = lab(options)
    assert done.returncode == 4
    assert words in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert len(done.stderr.strip().splitlines()) <= 4
