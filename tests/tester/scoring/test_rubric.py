"""What a rubric says, and what that makes of runs."""

import contextlib
import io
from math import fsum
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import grade
from tester.cli.rubric_text import default_text
from tester.errors import UsageError
from tester.judging.graded_test import BONUS_PARTS
from tester.judging.suite import collect
from tester.scoring.rubric import Seed, divide, hidden_seeds
from tester.scoring.rubric_file import default_rubric, load_rubric, rubric_lab
from tester.verdict import Run, Verdict

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN


EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "rubrics"


SECRET = b"a secret of enough bytes"


@pytest.fixture
def rubric(tmp_path, suite):
    """Return a function that writes a rubric and reads it."""

    def load(text, **options):
        (tmp_path / "rubric.toml").write_text(text)
        return load_rubric(tmp_path / "rubric.toml", suite, **options)

    return load


def run_all(suite, rubric, verdict=lambda test, seed: PASSED):
    """Return runs of the suite at the rubric's seeds, as the grader hands them over.

    Args:
        verdict: by the test and the number of the seed in the rubric, from 0 on.
    """
    return [
        Run(
            submission="s", part=test.part, test=test.name, seed=seed.number,
            points=test.points, verdict=verdict(test, number),
        )
        for test in suite
        for number, seed in enumerate(rubric.seeds())
    ]  # fmt: skip


def failing(**tests):
    """Return a verdict by which each test named fails at its first so many seeds."""
    return lambda test, seed: FAILED if seed < tests.get(test.name, 0) else PASSED


def test_what_is_printed_grades_as_no_rubric_does(suite, rubric, capsys):
    assert grade.main(["rubric"]) == 0
    printed = rubric(capsys.readouterr().out)
    default = default_rubric(suite)
    assert printed == default
    assert printed.seeds() == [Seed(0)]
    runs = run_all(suite, default, failing(test_re_election=1, test_swarm=1))
    before, after = (one.grade("s", "/s", runs) for one in (default, printed))
    assert before == after
    assert (after.points, after.points_max) == (150 - 7 - 2, 150)


def test_each_line_that_is_printed_as_a_comment_is_right(suite, rubric, tmp_path):
    (tmp_path / "secret.txt").write_bytes(SECRET)
    lines = default_text(suite).splitlines()
    settings = [line for line in lines if line.startswith("# ") and " = " in line]
    assert len(settings) == 13
    for line in settings:
        # What it replaces has to go.
        key = line.split()[1]
        others = [each for each in lines if not each.startswith(f"{key} =")]
        with_it = "\n".join(others).replace(line, line[2:])
        if key == "secret_file":
            with_it = with_it.replace("# hidden", "hidden")
        elif key == "formula":
            with_it = with_it.replace('rule = "all"', 'rule = "threshold"')
        elif key in ("rule", "hidden"):
            continue  # Only with the line after it.
        rubric(with_it)


def test_an_empty_rubric_is_the_default(suite, rubric):
    assert rubric("") == default_rubric(suite)


def points_of(rubric, part):
    return list(rubric.parts[part].points.values())


def test_a_total_is_divided_by_the_default_points(rubric):
    assert points_of(rubric("[parts.2A]\npoints = 40"), "2A") == [12, 14, 14]


def test_what_some_tests_have_of_their_own_is_taken_from_the_total(rubric):
    text = "parts.2A = {points = 40, tests = {test_re_election = 1.5}}"
    found = points_of(rubric(text), "2A")
    assert found == pytest.approx([38.5 * 6 / 13, 1.5, 38.5 * 7 / 13])
    assert round(sum(found), 9) == 40


def test_a_total_that_agrees_with_every_test_is_no_contradiction(rubric):
    tests = "{test_initial_election = 1, test_re_election = 2, test_many_elections = 3}"
    assert points_of(rubric(f"parts.2A = {{points = 6, tests = {tests}}}"), "2A") == [
        1, 2, 3,
    ]  # fmt: skip


def test_a_weight_multiplies_named_divided_and_default_points(rubric):
    assert points_of(rubric("[parts.2A]\nweight = 0.5"), "2A") == [3, 3.5, 3.5]
    assert points_of(rubric("[parts.2A]\nweight = 2\npoints = 10"), "2A") == [6, 7, 7]
    named = rubric("parts.2A = {weight = 3, tests = {test_re_election = 5}}")
    assert points_of(named, "2A") == [18, 15, 21]


@pytest.mark.slow
@settings(deadline=None)
@given(
    st.integers(0, 10**6).map(lambda number: number / 100),
    st.lists(st.integers(1, 100), min_size=1, max_size=40),
)
def test_divided_points_add_up(total, weights):
    parts = divide(total, weights, 9)
    assert round(fsum(parts), 9) == total
    assert min(parts) >= 0
    for part, weight in zip(parts, weights, strict=True):
        assert part == pytest.approx(total * weight / sum(weights), abs=2e-9)


def test_thirds_have_a_sum_without_a_crumb(suite, rubric):
    found = rubric('parts.2B = {points = 25, leave_out = ["test_rpc_bytes"]}')
    graded = found.grade("s", "/s", run_all(suite, found))
    assert graded.parts["2B"] == 25 != 9 * round(25 / 9, 9)
    for test in graded.tests:
        assert test.points == round(test.points, 9) == test.outcome.runs[0].points


def test_parts_and_tests_that_are_left_out_are_neither_run_nor_graded(suite, rubric):
    found = rubric(
        "parts.2X.leave_out = true\n"
        'parts.2A = {leave_out = ["test_re_election"], points = 26}'
    )
    names = [test.name for test in found.tests(suite)]
    assert "test_swarm" not in names
    assert "test_re_election" not in names
    assert len(names) == len([test for test in suite if test.part != "2X"]) - 1
    # Runs of such tests may come from an older grading.
    graded = found.grade("s", "/s", run_all(suite, found))
    assert [test.outcome.test for test in graded.tests] == names
    assert graded.parts == {"2A": 26, "2B": 30, "2C": 25, "2D": 25}


def test_what_is_left_to_run_says_what_it_is_worth(suite, rubric):
    found = rubric("[parts.2A]\npoints = 40").tests(suite)
    assert [test.points for test in found if test.part == "2A"] == [12, 14, 14]


def test_to_select_only_tests_that_are_left_out_is_wrong_usage(suite, rubric):
    found = rubric("parts.2X.leave_out = true")
    with pytest.raises(UsageError, match="leaves out every test that was selected"):
        found.tests([test for test in suite if test.part == "2X"])


def test_an_extra_part_is_added_and_not_held_against_anybody(suite, rubric):
    found = rubric("parts.2X.extra = true")
    everything = found.grade("s", "/s", run_all(suite, found))
    assert (everything.points, everything.points_max) == (150, 100)
    assert everything.percent == 150
    no_extra = run_all(suite, found, lambda t, _: FAILED if t.part == "2X" else PASSED)
    assert found.grade("s", "/s", no_extra).percent == 100


@pytest.mark.unmeasured
def test_a_bonus_part_counts_if_the_rubric_or_the_command_names_it(tmp_path):
    suite = collect(bonus=True)
    file = tmp_path / "rubric.toml"
    file.write_text("[parts.2P]\nextra = true\n[parts.2R]\npoints = 20\n")
    found = load_rubric(file, suite)
    assert list(found.parts) == ["2A", "2B", "2C", "2D", "2P", "2R", "2X"]
    everything = found.grade("s", "/s", run_all(found.tests(suite), found))
    assert (everything.points, everything.points_max) == (180, 170)
    file.write_text("")
    assert not {*BONUS_PARTS} & {*load_rubric(file, suite).parts}
    assert "2T" in load_rubric(file, suite, asked=["2T"]).parts
    assert list(default_rubric(collect(["2T"])).parts) == ["2T"]


def test_a_policy_is_for_all_parts_or_for_one(suite, rubric):
    found = rubric(
        '[seeds]\ncount = 4\n[policy]\nrule = "share"\n'
        '[parts.2B.policy]\nrule = "threshold"\nformula = "max(passed - 2, 0) / 2"\n'
        '[parts.2C.policy]\nrule = "all"\n'
        '[parts.2D.policy]\nrule = "share"\nper = "part"\n'
    )
    verdict = failing(
        test_re_election=1, test_rpc_counts=1, test_churn=1,
        test_snapshots_basic=1, test_crash_and_restart_all=2,
    )  # fmt: skip
    graded = found.grade("s", "/s", run_all(suite, found, verdict))
    assert graded.parts == {
        "2A": 20 - 7 / 4, "2B": 30 - 3 / 2, "2C": 25 - 2, "2D": 25 / 2, "2X": 50,
    }  # fmt: skip


@pytest.mark.slow
def test_no_policy_gives_points_to_a_submission_that_does_not_load(suite):
    suites = {2: suite, 3: collect(lab=3)}
    for file in EXAMPLES.glob("*.toml"):
        tests = suites[rubric_lab(file)]
        found = load_rubric(file, tests)
        runs = run_all(tests, found, lambda test, seed: FAILED)
        graded = found.grade("s", "/s", runs, "syntax error in raft.py, line 1")
        assert graded.points == 0 < graded.points_max
        assert graded.load_error == "syntax error in raft.py, line 1"


def test_seeds_are_public_then_hidden(rubric, tmp_path):
    (tmp_path / "secret.txt").write_bytes(SECRET + b"\n")
    text = '[seeds]\nfirst = 7\ncount = 2\nhidden = 3\nsecret_file = "secret.txt"'
    found = rubric(text)
    assert found.seeds() == [
        Seed(7), Seed(8), *[Seed(number, True) for number in hidden_seeds(SECRET, 3)]
    ]  # fmt: skip
    # The command line is about the public ones.
    other = rubric(text, first=0, count=1)
    assert [seed.number for seed in other.seeds()] == [0, *hidden_seeds(SECRET, 3)]
    assert rubric(text, count=4).public == range(7, 11)
    assert rubric(text, first=3).public == range(3, 5)


def test_there_may_be_hidden_seeds_only(rubric, tmp_path):
    (tmp_path / "s").write_bytes(SECRET)
    found = rubric('seeds = {count = 0, hidden = 2, secret_file = "s"}')
    assert all(seed.hidden for seed in found.seeds())
    # With none, the secret is not looked at.
    assert len(rubric('seeds = {hidden = 0, secret_file = "gone"}').seeds()) == 1


def test_formulas_know_of_hidden_seeds(suite, rubric, tmp_path):
    (tmp_path / "s").write_bytes(SECRET)
    seeds = 'seeds = {count = 1, hidden = 3, secret_file = "s"}\n'
    policy = 'policy = {rule = "threshold", formula = "max(passed - 2, 0) / 2"}'
    found = rubric(seeds + policy)
    graded = found.grade("s", "/s", run_all(suite, found, failing(test_churn=1)))
    assert graded.parts["2C"] == 24
    with pytest.raises(UsageError, match="if all 3 seeds pass"):
        rubric(seeds.replace("hidden = 3", "hidden = 2") + policy)


def test_hidden_seeds_follow_from_the_secret_alone():
    found = hidden_seeds(SECRET, 1000)
    # As openssl has it, and for ever: a grade of last year may be looked into this year.
    # printf 'seed 0' | openssl dgst -sha256 -hmac "$SECRET": the first 63 bits
    assert found[0] == 1937279765965140127
    assert found[:10] == hidden_seeds(SECRET, 10)
    assert len(set(found)) == 1000
    assert all(1 << 40 < seed < 1 << 63 for seed in found)
    assert not set(found) & set(hidden_seeds(SECRET + b"!", 1000))


def test_runs_are_told_what_they_are_worth_and_whether_they_are_hidden(
    suite, rubric, tmp_path
):
    (tmp_path / "s").write_bytes(SECRET)
    found = rubric(
        'seeds = {count = 1, hidden = 1, secret_file = "s"}\nparts.2A.points = 40'
    )
    graded = found.grade("s", "/s", run_all(suite, found))
    assert [(run.hidden, run.points) for run in graded.tests[0].outcome.runs] == [
        (False, 12), (True, 12)
    ]  # fmt: skip


# The examples.


def example(name, suite, verdict, code=""):
    """Grade by an example what fails with a code."""
    found = load_rubric(EXAMPLES / f"{name}.toml", suite)
    runs = run_all(suite, found, verdict)
    for run in runs:
        run.code = "" if run.passed else code
    return found.grade("s", "/s", runs)


@pytest.mark.slow
def test_the_example_in_sjtus_style(suite):
    def verdict(test, seed):
        # 2A fails at 101 seeds, by one test or the other: 299 are left.
        # 2C fails at 200, and 2D at 5 of 400.
        fails = {
            "test_re_election": range(100),
            "test_many_elections": range(50, 101),
            "test_churn": range(200),
            "test_snapshots_basic": range(5),
        }
        return FAILED if seed in fails.get(test.name, ()) else PASSED

    graded = example("sjtu", suite, verdict)
    # ceil(99 / 2) = 50 per cent of 15; all of 25; nothing; 15² * 0.25 = 56.25 % of 5.
    assert graded.parts == {"2A": 7.5, "2B": 25, "2C": 0, "2D": 2.8125}
    assert (graded.points, graded.points_max) == (35.3125, 65)


def test_the_example_in_cmus_style(suite):
    verdict = failing(
        test_initial_election=7, test_re_election=8, test_many_elections=2
    )
    graded = example("cmu", suite, verdict)
    first, second, third = graded.tests[:3]
    # 0.85^8 = 0.272490525; (0.85^7 - 0.85^8) / (1 - 0.85^8) = 0.048086563 / 0.727509475,
    # and (0.85² - 0.85^8) / (1 - 0.85^8) = 0.450009475 / 0.727509475.
    assert first.points == pytest.approx(0.66097508, abs=1e-7)
    assert second.points == 0
    assert third.points == pytest.approx(12.37123338, abs=1e-7)
    assert graded.parts["2B"] == 210
    assert graded.points_max == 260


def test_the_example_in_ubcs_style(suite, rubric, tmp_path):
    verdict = failing(test_re_election=1, test_churn=100)
    graded = example("ubc", suite, verdict)
    assert (graded.points, graded.points_max) == (26, 28)
    assert graded.parts == {"2A": 2, "2B": 10, "2C": 7, "2D": 7}
    # With the lines that it has as comments, eighty of the seeds are hidden.
    (tmp_path / "secret.txt").write_bytes(SECRET)
    text = (EXAMPLES / "ubc.toml").read_text().replace("count = 100\n", "")
    for key in ("count", "hidden", "secret_file"):
        text = text.replace(f"# {key} =", f"{key} =")
    found = rubric(text)
    assert (len(found.public), len(found.hidden)) == (20, 80)


def test_the_example_with_a_safety_cap(suite):
    verdict = failing(test_rpc_counts=20, test_churn=2)
    graded = example("safety", suite, verdict, code="applied-differently")
    assert graded.points == graded.points_max / 2 == 50
    kept = example("safety", suite, verdict, code="no-agreement")
    assert kept.points > 100


def test_the_example_for_lab_3(service_suite):
    verdict = failing(test_rsm_basic=5, test_kv_basic=4, test_kv_swarm=10)
    graded = example("kv", service_suite, verdict)
    # 15 of 20 seeds of the whole part; 16 of 20 for one of 2 of 32 points, which are 45.
    assert graded.parts["3A"] == 15
    assert graded.parts["3B"] == pytest.approx(45 - 0.4 * 2 / 32 * 45, abs=1e-6)
    assert (graded.parts["3C"], graded.parts["3X"]) == (35, 5)
    assert graded.points_max == 100
    stale = example("kv", service_suite, verdict, code="stale-read")
    assert stale.points == 50


# The command line.


@pytest.mark.slow
def test_a_submission_is_graded_by_a_rubric(tmp_path, dictator, capsys):
    (tmp_path / "s").write_bytes(SECRET)
    (tmp_path / "rubric.toml").write_text(
        'seeds = {count = 1, hidden = 2, secret_file = "s"}\n'
        "parts.2A = {points = 40, extra = true}\n"
        'parts.2B.policy.rule = "share"\n'
    )
    submission = dictator().path
    with contextlib.chdir(tmp_path):
        status = grade.main(
            [
                str(submission), "--rubric", "rubric.toml", "--jobs", "1", "--seeds", "2",
                "--tests", "test_initial_election or basic_agreement",
            ]
        )  # fmt: skip
    assert status == 0
    said = capsys.readouterr().out
    assert "15 of 3 points" in said
    assert "[1/1] fake: 8 of 8 runs passed" in said
    assert (
        str(hidden_seeds(SECRET, 1)[0])
        in (tmp_path / "grades" / "results.json").read_text()
    )


def test_a_wrong_rubric_is_refused_before_anything_is_run(tmp_path, dictator, capsys):
    (tmp_path / "wrong.toml").write_text("[seeds]\n\ncuont = 3\n")
    out = tmp_path / "out"
    with contextlib.redirect_stderr(io.StringIO()) as said:
        status = grade.main(
            [str(dictator().path), "--rubric", str(tmp_path / "wrong.toml"),
             "--out", str(out)]
        )  # fmt: skip
    assert status == 2
    assert not out.exists()
    assert said.getvalue() == (
        f"raft-lab: {tmp_path}/wrong.toml, line 3: [seeds] has no key cuont (did you "
        "mean count?); there are first, count, hidden, secret_file\n"
    )
