"""The content of an assignment's pages, part by part, from what the lab knows already.

Topics and tests come from docstrings, points from the rubric, rules from what traces can
prove, hints from docs/symptoms.md, limits from docs/contract.md, and costs from a run of
the reference. So a page cannot be out of date.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from labrpc.submission.submission import Submission
from tester.explain.explanation import CODES
from tester.handouts.documents import PartHints, contract_limits, part_hints
from tester.handouts.part_content import (
    ADVERSARIES,
    BONUS_CONTRACT,
    FAILURES_OF_PART,
    RULES_OF_PART,
    TASKS,
)
from tester.intake.default_submission import REFERENCE
from tester.intake.service_submission import example_service
from tester.judging.graded_test import GradedTest
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.suite import suite_path
from tester.reports.suite_descriptions import suite_descriptions
from tester.scoring.rubric import Part, Rubric
from tester.scoring.safety import cap_words
from tester.situations.catalogue import situations_of
from tester.text import counted
from tester.verdict import Run


@dataclass(frozen=True)
class TestSheet:
    """One test, as students may know it.

    Attributes:
        about: what it asks.
        more: the rest of its docstring.
        cluster: what its cluster is like, in words.
        hint: what to look at when it fails, "" if there is no hint.
        cost: what a run of the reference took, in words, "" if it was not run.
    """

    __test__ = False  # Not a test class, though pytest would think so.

    name: str
    about: str
    more: str
    points: float
    cluster: str
    hint: str
    cost: str


@dataclass(frozen=True)
class PartSheet:
    """One part.

    Attributes:
        topic: what it is about, with the paper's sections.
        points: how many it has, in words.
        earned: how they are earned, in words.
        seeds: which seeds each test is run at, in words.
        task: what a student writes.
        subject: what a correct one is called.
        documents: where a student reads what it gets and must do.
        rules: the paper's rules that come into play here first.
        failures: what a run can show of a service here first.
        has_all_rules: whether the rules of all other parts apply, and no new ones.
        first_of_all: the first hint.
        tests: those that students may know.
        hidden: how many hidden tests there are, and what they are worth; "" for none.
        situations: what happens in runs of the reference.
        cost: what all its tests take with the reference, in words.
        limits: what the tests expect, in numbers.
        command: what runs the part.
    """

    name: str
    topic: str
    points: str
    earned: list[str]
    seeds: str
    task: str
    subject: str
    documents: list[str]
    rules: list[str]
    failures: list[str]
    has_all_rules: bool
    first_of_all: str
    tests: list[TestSheet]
    hidden: str
    situations: list[str]
    cost: str
    limits: list[tuple[str, str]]
    command: str


def part_sheets(rubric: Rubric, tests: Sequence[GradedTest]) -> list[PartSheet]:
    """Return the sheet of each part that counts.

    Args:
        rubric: what is graded, and how.
        tests: the tests that count, with their points.
    """
    reference = _reference(tests)
    return [
        _part_sheet(name, part, rubric, own, reference)
        for name, part in rubric.parts.items()
        if (own := [test for test in tests if test.part == name])
    ]


def _reference(tests: Sequence[GradedTest]) -> Submission | None:
    """Return the submission that shows what the tests cost, None if it is not here."""
    if any(test.service for test in tests):
        return example_service(suite_path(3))
    return Submission.find(REFERENCE)


def _part_sheet(
    name: str,
    part: Part,
    rubric: Rubric,
    tests: list[GradedTest],
    reference: Submission | None,
) -> PartSheet:
    shown = [test for test in tests if not test.hidden]
    extends_raft = any(test.is_bonus and not test.search_states for test in tests)
    task = TASKS[tests[0].service]
    runs = {
        test.name: run_test(
            RunConditions(reference, test, 0), recording=Recording(situations=True)
        )
        # The reference has none of the extensions, and a search takes a minute.
        for test in shown
        if reference is not None and not test.is_bonus and not test.search_states
    }
    hints = part_hints().get(name, PartHints())
    topic = rubric.about.get(name) or suite_descriptions().parts.get(name, "")
    cap = cap_words(part.safety_cap)
    return PartSheet(
        name=name,
        topic=topic,
        points=f"{sum(test.points for test in tests):g} "
        + ("extra points" if part.extra else "points"),
        earned=[part.policy.words, *([f"the rubric leaves {cap}"] if cap else [])],
        seeds=_seeds(rubric),
        task=task.what,
        subject=task.subject,
        documents=[*task.documents, *([BONUS_CONTRACT] if extends_raft else [])],
        rules=[CODES[code] for code in RULES_OF_PART.get(name, ())],
        failures=[code.meaning for code in FAILURES_OF_PART.get(name, ())],
        has_all_rules=name in ADVERSARIES,
        first_of_all=hints.first_of_all,
        tests=[_test_sheet(test, hints, runs.get(test.name)) for test in shown],
        hidden=_hidden([test for test in tests if test.hidden]),
        situations=_situations(runs.values()),
        cost=_total(list(runs.values())),
        limits=contract_limits(task.documents[0]),
        command=_command(name, tests),
    )


def _test_sheet(test: GradedTest, hints: PartHints, run: Run | None) -> TestSheet:
    doc = (test.function.__doc__ or "").strip().partition("\n")[2]
    return TestSheet(
        name=test.name,
        about=test.description,
        more=" ".join(doc.split()),
        points=test.points,
        cluster=_cluster(test),
        hint=hints.tests.get(test.name, ""),
        cost=_cost(run) if run is not None and run.passed else "",
    )


def _cluster(test: GradedTest) -> str:
    servers = counted(test.servers, "server")
    if test.servers_min:
        servers = f"{test.servers_min} to {servers}, as the seed has it"
    words = [servers]
    if not test.reliable:
        words.append("a network that loses, delays and reorders")
    if test.snapshots:
        words.append("services that take snapshots")
    if test.clerks:
        words.append(counted(test.clerks, "client"))
    if test.max_raft_state != -1:
        words.append(f"`max_raft_state` is {test.max_raft_state:,}")
    if test.persistence:
        words.append("it is checked that servers save what others rely on")
    if test.script is not None:
        words.append("a script says what happens")
    if test.search_states:
        words.append(f"a search of {test.search_states:,} states")
    return "; ".join(words)


def _cost(run: Run) -> str:
    if not run.virtual_s:
        return counted(run.commits, "commit")
    return (
        f"{run.virtual_s:.1f} virtual seconds, {counted(run.rpcs, 'RPC')}, "
        f"{run.bytes:,} bytes, {counted(run.commits, 'commit')}"
    )


def _total(runs: list[Run]) -> str:
    if not runs:
        return ""
    virtual_s = sum(run.virtual_s for run in runs)
    cpu_s = max(sum(run.cpu_s for run in runs), 0.1)
    return f"{virtual_s:.0f} virtual seconds, about {cpu_s:.1f} s of computing"


def _hidden(tests: list[GradedTest]) -> str:
    if not tests:
        return ""
    points = sum(test.points for test in tests)
    return f"{counted(len(tests), 'hidden test')} with {points:g} points"


def _situations(runs: Iterable[Run]) -> list[str]:
    met = {name for run in runs for name in run.situations}
    return [about for name, about in situations_of(met).items() if name in met]


def _seeds(rubric: Rubric) -> str:
    public = rubric.public
    kinds = []
    if public:
        which = f"{public[0]} to {public[-1]}" if len(public) > 1 else f"{public[0]}"
        kinds.append(f"{counted(len(public), 'seed')} that you know ({which})")
    if rubric.hidden:
        kinds.append(
            f"{counted(len(rubric.hidden), 'seed')} that nobody knows beforehand"
        )
    return " and ".join(kinds)


def _command(name: str, tests: list[GradedTest]) -> str:
    suites = {test.suite.name: None for test in tests if test.suite is not None}
    of_lab = any(test.suite is None for test in tests)
    return " ".join(["pytest", *suites, *([f"-k {name}"] if of_lab else [])])
