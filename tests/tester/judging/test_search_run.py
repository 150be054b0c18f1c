"""A search as a graded test: what it finds is in the failure, and can be replayed."""

from dataclasses import replace
from pathlib import Path

import pytest

from labrpc.errors import LabError
from labrpc.submission.submission import Submission
from tester.errors import UsageError
from tester.grading.plan import BUDGET_S_PER_STATE, Plan
from tester.intake.service_submission import find_service
from tester.judging import search_run
from tester.judging.picture import Pictures
from tester.judging.run import run_test, this_process
from tester.judging.run_conditions import RunConditions
from tester.judging.suite import collect, suite_path
from tester.scoring.rubric_file import default_rubric, load_rubric
from tester.search.choice_text import parse_choices
from tester.verdict import Verdict

ROOT = Path(__file__).resolve().parents[3]
# Each server says that it leads term 1, and nothing else ever happens.
ALL_LEAD = """\
class Raft:
    def __init__(self, peers, me, persister, apply_ch): pass
    def get_state(self): return 1, True
    def start(self, command): return -1, 1, False
"""


@pytest.fixture(scope="module")
def search():
    (test,) = collect(["2S"])
    return test


@pytest.fixture
def all_lead(tmp_path, search):
    """The conditions of a search of servers that all lead."""
    file = tmp_path / "all_lead.py"
    file.write_text(ALL_LEAD)
    return RunConditions(Submission.find(file), replace(search, search_states=60), 0)


@pytest.mark.unmeasured
def test_a_search_that_finds_nothing_passes_and_is_the_same_each_time(search):
    test = replace(search, search_states=60)
    raft = Submission.find(ROOT / "raft")
    runs = [run_test(RunConditions(raft, test, seed)) for seed in (0, 0, 1)]
    assert [run.verdict for run in runs] == [Verdict.PASSED] * 3
    assert runs[0].digest == runs[1].digest
    assert " --search-states 60 " in runs[0].replay


def test_what_is_found_is_a_list_that_fails_in_the_same_way(all_lead, tmp_path):
    run = run_test(all_lead)
    assert (run.verdict, run.code) == (Verdict.FAILED, "not-elected-by-majority")
    before, _, text = run.evidence.partition("run `pytest --replay found.txt`:\n")
    assert "it fails as soon as its servers start" in before
    found = parse_choices(text, "found.txt")
    test = replace(all_lead.test, search_states=0, script=found)
    again = run_test(RunConditions(all_lead.submission, test, 0))
    assert (again.code, again.reason) == (run.code, run.reason)
    pictures = Pictures(tmp_path / "pictures", tmp_path / "traces")
    pictures.draw(run, all_lead, this_process(all_lead))
    assert (Path(run.picture).name, run.warnings) == ("test_search-seed0.html", [])


def test_what_does_not_start_is_no_find_of_the_search(search, tmp_path):
    file = tmp_path / "raises.py"
    file.write_text("class Raft:\n    def __init__(self, *_): self.nothing.here\n")
    test = replace(search, search_states=60)
    run = run_test(RunConditions(Submission.find(file), test, 0))
    assert run.verdict is Verdict.FAILED
    assert "'Raft' object has no attribute 'nothing'" in run.reason
    assert "\nit fails as soon as its servers start. To see it" in run.evidence


def service_run(place, states):
    """Return a run of part 3S of a service in `tests`."""
    (test,) = collect(["3S"], lab=3)
    service = find_service(ROOT / "tests" / place, suite_path(3))
    test = replace(test, search_states=states)
    return run_test(conditions := RunConditions(service, test, 0)), conditions


@pytest.mark.slow
def test_part_3s_finds_what_clients_must_not_be_answered():
    run, conditions = service_run("mutants/kv/put_answers_before_the_commit.py", 200)
    assert (run.verdict, run.part, run.servers) == (Verdict.FAILED, "3S", 3)
    _, _, text = run.evidence.partition("run `pytest --replay found.txt`:\n")
    found = parse_choices(text, "found.txt")
    assert found.setting.clients == 2
    again = replace(conditions.test, search_states=0, script=found)
    assert run_test(replace(conditions, test=again)).reason == run.reason


@pytest.mark.slow
def test_part_3s_passes_a_correct_service():
    run, _ = service_run("services/kv_threads", 60)
    assert (run.verdict, run.reason) == (Verdict.PASSED, "")
    assert "/test_3s_search.py::test_kv_search --seed 0 " in run.replay


@pytest.mark.parametrize(
    ("error", "verdict", "code"),
    [
        (MemoryError(), Verdict.FAILED, "memory-limit"),
        (LabError("no box answers"), Verdict.UNKNOWN, "lab-broke"),
    ],
)
def test_a_search_that_breaks(all_lead, monkeypatch, error, verdict, code):
    def searched(*args, **options):
        raise error

    monkeypatch.setattr(search_run, "searched", searched)
    run = run_test(all_lead)
    assert (run.verdict, run.code) == (verdict, code)


def test_a_rubric_says_how_many_states_it_finds(search, tmp_path):
    file = tmp_path / "rubric.toml"
    file.write_text("[parts.2S]\npoints = 5\nstates = 70\n")
    (test,) = load_rubric(file, [search]).tests([search])
    assert (test.search_states, test.points) == (70, 5)
    (usual,) = default_rubric([search]).tests([search])
    assert usual.search_states == search.search_states
    plan = Plan({"a": ROOT / "raft"}, [test], [0, 1], load_rubric(file, [search]))
    assert plan.run_job("a", test, 0).search_states == 70
    more_s = plan.budget_s_of(test) - plan.cpu_s_max
    assert more_s == pytest.approx(2 * 70 * BUDGET_S_PER_STATE)


def test_a_budget_of_states_is_refused_where_nothing_is_searched(tmp_path, suite):
    file = tmp_path / "rubric.toml"
    file.write_text("[parts.2A]\nstates = 70\n")
    words = r"line 2: .*no test of the part is one: remove it, or move it to part 2S"
    with pytest.raises(UsageError, match=words):
        load_rubric(file, suite)
