"""Interaction scripts as graded tests: what their head says, and what comes of a run."""

from pathlib import Path

import pytest

from labrpc.errors import LabError
from labrpc.submission.submission import Submission
from tester.errors import UsageError
from tester.judging import script_run
from tester.judging.own_suite import read_own_suite
from tester.judging.picture import Pictures
from tester.judging.run import Recording, run_test, this_process
from tester.judging.run_conditions import RunConditions
from tester.judging.run_hosting import RunHosting
from tester.judging.script_module import is_script, read_replay, read_script
from tester.verdict import Verdict

ROOT = Path(__file__).resolve().parents[3]
FIGURE_8 = ROOT / "tests/tester/search/testdata/figure_8.txt"
HEAD = "# Copies of an old entry do not commit it.\n# part: 2C\n# points: 2.5\n"
RAFT = ROOT / "raft"
MUTANT = ROOT / "tests/mutants/counts_replicas_of_older_terms.py"


@pytest.fixture
def script(tmp_path):
    """Return a function that writes a script, and returns its file."""

    def write(text, name="old_copies.txt"):
        file = tmp_path / "suite" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        return file

    return write


@pytest.fixture
def scripted(script, suite):
    """Return a function that writes a suite of one script, and returns its test."""

    def write(text):
        (test,) = read_own_suite(script(text).parent, suite).tests
        return test

    return write


@pytest.fixture
def figure_8(scripted):
    return scripted(HEAD + "# hidden\n" + FIGURE_8.read_text())


def test_the_head_says_what_markers_say_elsewhere(figure_8):
    assert (figure_8.name, figure_8.part, figure_8.points) == (
        "test_old_copies",
        "2C",
        2.5,
    )
    assert figure_8.description == "Copies of an old entry do not commit it."
    assert figure_8.hidden
    assert (figure_8.servers, figure_8.persistence) == (3, True)
    assert not is_script(FIGURE_8)
    assert is_script(figure_8.file)
    assert not is_script(figure_8.file.with_name("gone.txt"))


@pytest.mark.parametrize(
    ("text", "preempt", "name"),
    [("preempt 0\nrecover", False, "test_found_here"),
     ("preempt 1\nrecover", True, "test_found_here")],
)  # fmt: skip
def test_a_list_that_is_of_no_suite_is_replayed(script, text, preempt, name):
    file = script(text, "found-here.choices.txt")
    replay = read_replay(file, preempt)
    assert (replay.name, replay.part, replay.points) == (name, "", 0.0)
    with pytest.raises(UsageError, match="--preempt"):
        read_replay(file, not preempt)


@pytest.mark.slow
def test_a_correct_raft_passes_and_who_counts_copies_fails(figure_8):
    conditions = RunConditions(Submission.find(RAFT), figure_8, 7)
    run, again = run_test(conditions), run_test(conditions)
    assert (run.verdict, run.digest) == (Verdict.PASSED, again.digest)
    assert run.replay.endswith(" --lab-trace")
    run = run_test(RunConditions(Submission.find(MUTANT), figure_8, 7))
    assert (run.verdict, run.code) == (Verdict.FAILED, "applied-differently")
    assert (
        "in the scenario: old_copies.txt, choice 27 that applies: deli" in run.evidence
    )
    assert "server 1: leader, term 4 when last asked; has applied " in run.evidence
    assert (run.commits, run.suite, run.hidden_test) == (1, "suite", True)


@pytest.mark.slow
def test_servers_in_processes_of_their_own_take_the_same_choices(scripted):
    test = scripted(f"{HEAD}time-out 0\nexpect 0, term 9\n")
    raft = Submission.find(RAFT)
    runs = []
    for isolation in ("none", "process"):
        host = RunHosting(isolation=isolation).open(raft)
        try:
            runs.append(run_test(RunConditions(raft, test, 0), host))
        finally:
            host.close()
    assert runs[0].digest == runs[1].digest != ""
    assert {(run.verdict, run.code) for run in runs} == {
        (Verdict.FAILED, "check-failed")
    }
    assert {run.evidence for run in runs} == {runs[0].evidence}


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    ("error", "verdict", "code"),
    [
        (LabError("oh"), Verdict.UNKNOWN, "lab-broke"),
        (MemoryError(), Verdict.FAILED, "memory-limit"),
    ],
)
def test_whose_fault_it_is(scripted, monkeypatch, error, verdict, code):
    def replayed(*_):
        raise error

    monkeypatch.setattr(script_run, "replayed", replayed)
    test = scripted(f"{HEAD}time-out 0\n")
    run = run_test(RunConditions(Submission.find(RAFT), test, 0))
    assert (run.verdict, run.code) == (verdict, code)


@pytest.mark.slow
def test_a_picture_is_drawn_of_a_script(figure_8, tmp_path):
    conditions = RunConditions(Submission.find(MUTANT), figure_8, 0)
    run = run_test(conditions)
    pictures = Pictures(tmp_path / "pictures", tmp_path / "traces", decision=True)
    pictures.draw(run, conditions, this_process(conditions))
    assert run.warnings == []
    assert "deliver 2 -&gt; 1 reply append_entries" in Path(run.picture).read_text()
    assert "only entries of the leader's own term are committed" in run.evidence
    # Nothing of a script is left to chance.
    assert "when it was decided" not in run.evidence


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        (
            "Remember the milk",
            "notes.txt",
            "is no graded script: its head needs the lines",
        ),
        ("# part: 2C\ntime-out 0", "x.txt", "`# points: 3`, a number, not nothing"),
        ("# part: 2C\n# points: many\ntime-out 0", "x.txt", "a number, not many"),
        (f"{HEAD}time-out 0", "My Test.txt", "write it in small letters"),
        (f"{HEAD}time-out 7", "x.txt", "line 4: 'time-out 7': "),
        (f"{HEAD}preempt 1\ntime-out 0", "x.txt", "leave out `preempt 1`"),
        (HEAD, "x.txt", "there is no choice in it"),
        (f"{HEAD}time-out 0", "gone/x.txt", "cannot be read: No such file"),
    ],
)
def test_what_is_wrong_with_a_script_is_said_in_one_line(script, text, name, words):
    file = script(text, Path(name).name)
    if name.startswith("gone"):
        file.unlink()
    with pytest.raises(UsageError, match=words) as raised:
        read_script(file)
    assert "\n" not in str(raised.value)


@pytest.mark.slow
def test_pytest_runs_a_suites_folder_with_its_scripts(script, shell, tmp_path):
    folder = script(f"{HEAD}time-out 0\nexpect 0, term 9\n").parent
    script("Some notes of somebody's.", "notes.txt")
    (folder / "test_mine.py").write_text(
        "import pytest\n"
        "@pytest.mark.cluster(servers=3)\n"
        "def test_mine(cluster): cluster.check_one_leader()\n"
    )
    done = shell(
        f"pytest {folder} -v -p no:cacheprovider --submission {RAFT}", tmp_path
    )
    assert "old_copies.txt::test_old_copies[seed0] FAILED" in done.stdout, done.stderr
    assert "test_mine.py::test_mine[seed0] PASSED" in done.stdout
    assert "server 0 is not in the state that the list expects" in done.stdout
    assert "1 failed, 1 passed" in done.stdout


def test_a_suite_with_a_wrong_script_is_refused(scripted):
    with pytest.raises(UsageError, match="there is no part 9Z"):
        scripted("# part: 9Z\n# points: 1\ntime-out 0\n")
    with pytest.raises(UsageError, match="its head needs `# points: 3`"):
        scripted("# part: 2C\ntime-out 0\n")


@pytest.mark.unmeasured
def test_lines_and_situations_of_a_script_are_noted(scripted, dictator):
    talker = dictator('def set_up(self): print("here I am")')
    test = scripted(f"{HEAD}time-out 0\nstart 0\n")
    lines = []
    recording = Recording(on_line=lines.append, situations=True)
    run = run_test(RunConditions(talker, test, 0), recording=recording)
    assert any("server 0" in line and line.endswith("here I am") for line in lines)
    test = scripted(
        f"{HEAD}time-out 0\ndeliver 0 -> 1 request_vote\ndeliver 1 -> 0 reply request_vote\n"
    )
    raft = Submission.find(RAFT)
    run = run_test(RunConditions(raft, test, 0), recording=recording)
    assert "elected-at-once" in run.situations
    plain = run_test(RunConditions(raft, test, 0))
    assert plain.situations == []
    assert plain.digest == run.digest
