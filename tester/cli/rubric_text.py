"""Rubrics as text: the default one as a file to edit, and a summary of any rubric."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tester.console import say
from tester.judging.graded_test import GradedTest
from tester.scoring.policy import Policy, evaluate_formula
from tester.scoring.rubric import Rubric
from tester.scoring.safety import cap_words
from tester.text import counted

_HEAD = """\
# The rubric of lab {lab}, with its defaults: grading without a rubric uses them, and keys
# that you delete keep them. docs/rubric.md explains every key.
#
#     raft-lab rubric --check rubric.toml              check and summarise it
#     raft-lab submissions/ --rubric rubric.toml       grade with it

# The lab: 2 for Raft, 3 for the key/value service.
lab = {lab}

# If any run breaks a safety property, such as {property}, at most this share of
# all points is left:
# safety_cap = 0.5

# Folders beside this file with tests of your own, and whether the lab's are graded, too:
# suites = ["suite-autumn"]
# lab_tests = true
{measure}
# Stop a test as soon as its points are clear, with this probability at least; the seeds
# below are then the most that a test gets:
# confidence = {{ level = 0.99 }}

[seeds]
first = 0    # the first public seed, and
count = 1    # how many; --seed and --seeds override them
# Hidden seeds are added to them, derived from a secret in a file beside this one.
# hidden = 20
# secret_file = "secret.txt"

[policy]
# How points are earned: "all" (by passing at every seed), "share" (in proportion to the
# seeds that passed), or "threshold" (by a formula with values from 0 to 1).
rule = "all"
# What passes or fails at a seed: each "test", or the whole "part" with all its tests.
per = "test"
# rule = "threshold"
# formula = "ceil(max(passed - seeds / 2, 0) / seeds * 200) / 100"
"""

_MEASURE = """
# What `raft-lab measure --rubric` gives for a figure, all of it up to `full`, and nothing
# from `none` on; docs/measure.md has the figures, and points by rank:
# measure.downtime_ms = { points = 5, full = 400, none = 800 }
"""

_FIRST_PART = """\
# points = {points:g}    # a total, divided among the tests without points of their own below
# policy = {{ rule = "share", per = "part" }}    # this part's own
# leave_out = ["{test}"]    # these tests; true: the whole part
# safety_cap = 0.5    # the share of its points that is left if a run of it breaks safety
"""


def default_text(tests: list[GradedTest]) -> str:
    """Return the default rubric as a commented TOML file.

    Args:
        tests: the whole suite of a lab; bonus parts are commented out.
    """
    lab = tests[0].lab
    of_raft = {"property": "Election Safety", "measure": _MEASURE}
    of_service = {"property": "linearizability", "measure": ""}
    lines = [_HEAD.format(lab=lab, **(of_raft if lab == 2 else of_service))]
    for number, name in enumerate(dict.fromkeys(test.part for test in tests)):
        own = [test for test in tests if test.part == name]
        if own[0].is_bonus:
            continue
        points = sum(test.points for test in own)
        lines.append(f"[parts.{name}]    # {points:g} points")
        if number == 0:
            lines.append("weight = 1         # multiplies the points of the part")
            lines.append(
                "extra = false      # true: a bonus, on top of the points of all others"
            )
            lines.append("leave_out = false  # true: not run at all")
            lines.append(_FIRST_PART.format(points=points, test=own[0].name))
        else:
            lines += ["weight = 1", "extra = false", "leave_out = false", ""]
        lines += [f"[parts.{name}.tests]", *_worth(own), ""]
    return "\n".join([*lines, *_bonus_parts(tests)])


def _worth(tests: list[GradedTest]) -> list[str]:
    """Return a line for each test, with its points."""
    width = max(len(f"{test.name} = {test.points}") for test in tests)
    return [
        f"{f'{test.name} = {test.points}':{width}}    # {test.description}"
        for test in tests
    ]


def _bonus_parts(tests: list[GradedTest]) -> list[str]:
    """Return the tables of the bonus parts, commented out, if there are any."""
    parts: dict[str, list[GradedTest]] = {}
    for test in tests:
        if test.is_bonus:
            parts.setdefault(test.part, []).append(test)
    lines = ["# Bonus parts run only if they have a table here.\n"] if parts else []
    for name, own in parts.items():
        points = sum(test.points for test in own)
        table = [f"[parts.{name}]    # {points:g} points", "extra = true"]
        table += [f"[parts.{name}.tests]", *_worth(own)]
        lines += [*(f"# {line}" for line in table), ""]
    return lines


def print_rubric(console: Console, rubric: Rubric) -> None:
    """Print a rubric's seeds, points and policies."""
    table = Table(box=None, pad_edge=False)
    for heading in ("part", "test", "points"):
        table.add_column(heading, justify="right" if heading == "points" else "left")
    for name, part in rubric.parts.items():
        for test, points in part.points.items():
            table.add_row(escape(name), escape(test), f"{points:g}")
    console.print(table)
    console.print()
    seeds = len(rubric.seeds())
    for name, part in rubric.parts.items():
        kind = "extra points" if part.extra else "points"
        say(
            console,
            f"{name}: {sum(part.points.values()):g} {kind}: {part.policy.words}",
        )
        if part.safety_cap is not None:
            say(console, f"    {cap_words(part.safety_cap)}")
        if part.policy.rule == "threshold":
            say(console, f"    {_curve(part.policy, seeds)}")
    for figure, rule in rubric.measure.items():
        say(console, f"measure, {figure}: {rule.points:g} points: {rule.words}")
    total = sum(sum(p.points.values()) for p in rubric.parts.values() if not p.extra)
    say(console, f"in all: {total:g} points, at {_seeds(rubric)}")
    if rubric.safety_cap is not None:
        say(console, f"    {cap_words(rubric.safety_cap)}")
    if rubric.confidence is not None:
        say(console, f"    {rubric.confidence.words}")


def _seeds(rubric: Rubric) -> str:
    """Return how many seeds there are, and which ones students know."""
    public = rubric.public
    kinds = []
    if public:
        range_ = f"{public[0]} to {public[-1]}" if len(public) > 1 else f"{public[0]}"
        kinds.append(f"{counted(len(public), 'public seed')} ({range_})")
    if rubric.hidden:
        kinds.append(counted(len(rubric.hidden), "hidden seed"))
    return " and ".join(kinds)


def _curve(policy: Policy, seeds: int) -> str:
    """Return a formula's values for none, a quarter, … and all of the seeds."""
    steps = sorted({seeds * quarter // 4 for quarter in range(5)})
    values = [
        f"{n}: {100 * evaluate_formula(policy.formula, n, seeds):.3g} %" for n in steps
    ]
    return "passed and earned: " + ", ".join(values)
