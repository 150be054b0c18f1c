"""What each rule gives for the seeds that passed, and which formulas are refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tester.scoring.policy import Policy, WrongFormula, check_formula
from tester.verdict import Run, Verdict

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN


def share(policy, passed, failed=0, unknown=0, seeds=None):
    """Return what one test earns under a policy."""
    verdicts = [PASSED] * passed + [FAILED] * failed + [UNKNOWN] * unknown
    runs = [
        Run(submission="s", part="2A", test="t", seed=n, points=1, verdict=verdict)
        for n, verdict in enumerate(verdicts)
    ]
    (found,) = policy.shares([runs], len(runs) if seeds is None else seeds)
    if not unknown:
        assert found.least == found.most
        return found.least
    return found.least, found.most


ALL, SHARE = Policy("all"), Policy("share")


THRESHOLD = Policy("threshold", formula="max(passed - 4, 0) / (seeds - 4)")


@pytest.mark.parametrize(
    ("policy", "passed", "failed", "unknown", "earned"),
    [
        (ALL, 4, 0, 0, 1),
        (ALL, 3, 1, 0, 0),
        (ALL, 3, 0, 1, (0, 1)),
        (ALL, 3, 1, 1, (0, 0)),
        (ALL, 0, 0, 4, (0, 1)),
        (SHARE, 3, 1, 0, 0.75),
        (SHARE, 3, 1, 4, (0.375, 0.875)),
        (SHARE, 0, 0, 4, (0, 1)),
        (THRESHOLD, 8, 0, 0, 1),
        (THRESHOLD, 5, 3, 0, 0.25),
        (THRESHOLD, 4, 4, 0, 0),
        (THRESHOLD, 1, 7, 0, 0),
        # One seed that passed does not earn what seven others leave open.
        (THRESHOLD, 1, 0, 7, (0, 1)),
        (THRESHOLD, 5, 2, 1, (0.25, 0.5)),
    ],
)
def test_each_rule(policy, passed, failed, unknown, earned):
    assert share(policy, passed, failed, unknown) == earned


def part_shares(policy, *tests, seeds=4):
    """Return what a part's tests earn, at least and at most, by texts such as "pffu"."""
    verdicts = {"p": PASSED, "f": FAILED, "u": UNKNOWN}
    found = policy.shares(
        [
            [
                Run(submission="s", part="2A", test=str(n), seed=seed, points=1,
                    verdict=verdicts[letter])
                for seed, letter in enumerate(letters)
            ]
            for n, letters in enumerate(tests)
        ],
        seeds,
    )  # fmt: skip
    return [(share.least, share.most) for share in found]


@pytest.mark.parametrize(
    ("rule", "tests", "earned"),
    [
        ("all", ["pppp", "pppp"], (1, 1)),
        ("all", ["pppp", "pppf"], (0, 0)),
        ("share", ["fppp", "pfpp"], (0.5, 0.5)),
        ("share", ["fppp", "fppp"], (0.75, 0.75)),
        # A test without a verdict leaves open how the part went, unless another failed.
        ("share", ["uppp", "pfpp"], (0.5, 0.75)),
        ("share", ["uppp", "ffpp"], (0.5, 0.5)),
        ("all", ["uuuu", "pppp"], (0, 1)),
    ],
)
def test_a_part_passes_at_a_seed_if_none_of_its_tests_fails(rule, tests, earned):
    assert part_shares(Policy(rule, per="part"), *tests) == [earned, earned]
    assert "none of its tests fails" in Policy(rule, per="part").words


policies = st.builds(
    Policy,
    st.sampled_from(["all", "share", "threshold"]),
    st.sampled_from(["test", "part"]),
    st.sampled_from(
        [
            "passed / seeds",
            "floor(3 * passed / seeds) / 3",
            "2 * passed / seeds - 1",
            "(0.85 ** (seeds - passed) - 0.85 ** seeds) / (1 - 0.85 ** seeds)",
        ]
    ),
)


letters = st.lists(st.sampled_from("pfu"), min_size=5, max_size=5)


@pytest.mark.unmeasured
@settings(deadline=None)
@given(policies, st.lists(letters, min_size=1, max_size=4), st.data())
def test_a_seed_more_that_passes_never_costs_points(policy, tests, data):
    before = part_shares(policy, *tests, seeds=5)
    assert all(0 <= least <= most <= 1 for least, most in before)
    test = data.draw(st.integers(0, len(tests) - 1))
    seed = data.draw(st.integers(0, 4))
    better = {"f": "u", "u": "p", "p": "p"}
    tests[test][seed] = better[tests[test][seed]]
    after = part_shares(policy, *tests, seeds=5)
    for now, then in zip(after, before, strict=True):
        assert now[0] >= then[0]
        assert now[1] >= then[1]


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("passed /", "is not an expression: invalid syntax"),
        ("", "is not an expression: invalid syntax"),
        ("\0", "is not an expression: "),
        ("passed = seeds", "is not an expression: invalid syntax"),
        ("passd / seeds", r"unknown name: passd \(did you mean passed\?\); there are"),
        ("open('x')", "unknown name: open"),
        ("1 if passed else __import__('os')", "unknown name: __import__"),
        ("passed.real / seeds", "cannot be computed with 0 of 8 seeds passed: .*attr"),
        ("(passed / seeds) ^ 2", "has a ^, which is not a power in Python: write"),
        ("1 / (passed - 3)", "cannot be computed with 3 of 8 seeds passed: division"),
        ("[0][passed]", "cannot be computed"),
        ("'a' * passed", "gives '' with 0 of 8 seeds passed, and not a number"),
        ("(passed - 1) ** 0.5", "gives .*j.* and not a number"),
        ("1e308 * 10 * passed", "gives nan|gives inf"),
        ("1", "gives 1 if no seed passes, but must give 0"),
        ("passed / 400", "gives 0.02 if all 8 seeds pass, but must give 1"),
        ("1 - abs(passed - 4) / 4", "unknown name: abs"),
        ("1 if passed == 2 or passed == 8 else 0", "gives 0 if 3 of 8 seeds pass, but"),
    ],
)  # fmt: skip
def test_a_formula_that_is_not_fair_or_not_one_is_refused(formula, reason):
    with pytest.raises(WrongFormula, match=reason.replace("^", r"\^")):
        check_formula(formula, 8)


def test_best_n_of_several_runs_is_a_formula():
    best = Policy("threshold", formula="min(passed, 2) / 2")
    check_formula(best.formula, 3)
    assert [share(best, passed, 3 - passed) for passed in range(4)] == [0, 0.5, 1, 1]


@pytest.mark.slow
@settings(deadline=None)
@given(st.integers(1, 50), st.data())
def test_a_formulas_value_is_clamped(seeds, data):
    steep = Policy("threshold", formula="3 * passed / seeds - 1")
    check_formula(steep.formula, seeds)
    passed = data.draw(st.integers(0, seeds))
    assert 0 <= share(steep, passed, seeds - passed) <= 1
