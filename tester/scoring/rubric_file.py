"""Reading a rubric from a TOML file, with file and line in every error."""

import codecs
from collections.abc import Container
from math import fsum
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tester.judging.graded_test import GradedTest
from tester.judging.suite import LABS, Suites, collect, lab_of_part
from tester.scoring.confidence import Confidence
from tester.scoring.grades import DECIMALS
from tester.scoring.measure_points import read_measure
from tester.scoring.policy import RULES, UNITS, Policy, WrongFormula, check_formula
from tester.scoring.rubric import Part, Rubric, divide, hidden_seeds
from tester.scoring.toml_table import Table

FIRST_SEED_MAX = 1_000_000_000_000
SEEDS_MAX = 10_000
SECRET_BYTES_MIN = 16
Points = Annotated[float, Meta(ge=0, le=1_000_000)]
Share = Annotated[float, Meta(ge=0, le=1)]
States = Annotated[int, Meta(ge=1, le=10_000_000)]
Count = Annotated[int, Meta(ge=0, le=SEEDS_MAX)]
Lab = Annotated[int, Meta(ge=min(LABS), le=max(LABS))]


class _Document(msgspec.Struct):
    """The whole file; its tables are read one by one, so that messages have lines."""

    seeds: Any = None
    policy: Any = None
    parts: Any = None
    safety_cap: Share | None = None
    measure: Any = None
    lab: Lab = LABS[0]
    suites: list[str] = []
    lab_tests: bool = True
    confidence: Any = None


class _Seeds(msgspec.Struct):
    first: Annotated[int, Meta(ge=0, le=FIRST_SEED_MAX)] = 0
    count: Count = 1
    hidden: Count | None = None
    secret_file: str = ""


class _Confidence(msgspec.Struct):
    level: Annotated[float, Meta(ge=0.5, lt=1)] | None = None
    within: Annotated[float, Meta(ge=0, le=0.5)] = 0.0


class _Policy(msgspec.Struct):
    rule: str = "all"
    per: str = "test"
    formula: Annotated[str, Meta(max_length=500)] = ""


class _Part(msgspec.Struct):
    points: Points | None = None
    weight: Points = 1.0
    extra: bool = False
    leave_out: bool | list[str] = False
    safety_cap: Share | None = None
    states: States | None = None
    policy: Any = None
    tests: Any = None


def default_rubric(
    tests: list[GradedTest], first: int | None = None, count: int | None = None
) -> Rubric:
    """Return the rubric that applies without a file, to these tests: see `load_rubric`."""
    asked = {test.part for test in tests}
    return _rubric(Table.of_text("", ""), Path(), tests, first, count, asked)


def rubric_suites(file: Path) -> Suites:
    """Return whose tests a rubric grades: the lab's, and those of its `suites`.

    Raises:
        UsageError: the file cannot be read, or a folder is not there.
    """
    table = Table.of_file(file)
    document = table.read(_Document)
    own = [file.parent / name for name in document.suites]
    for folder in own:
        if not folder.is_dir():
            raise table.refusal(f"there is no folder {folder} with a suite", "suites")
    if not own and not document.lab_tests:
        raise table.refusal(
            "without the lab's tests there are none: name a folder in `suites`",
            "lab_tests",
        )
    return Suites(tuple(folder.resolve() for folder in own), document.lab_tests)


def rubric_lab(file: Path) -> int:
    """Return the number of the lab that a rubric is for.

    Raises:
        UsageError: the file cannot be read.
    """
    return Table.of_file(file).read(_Document).lab


def load_rubric_of_suite(file: Path) -> Rubric:
    """Read a rubric, with all tests of its lab and its suites: see `load_rubric`."""
    suites, lab = rubric_suites(file), rubric_lab(file)
    return load_rubric(file, collect(bonus=True, suites=suites, lab=lab))


def load_rubric(
    file: Path,
    tests: list[GradedTest],
    first: int | None = None,
    count: int | None = None,
    asked: Container[str] = (),
) -> Rubric:
    """Read a rubric from a file.

    Args:
        file: the rubric.
        tests: the whole suite, since a test's points do not depend on which other
            tests are run.
        first: the first public seed, None for the file's.
        count: the number of public seeds, None for the file's.
        asked: the bonus parts that count even if the file does not name them.

    Raises:
        UsageError: something is wrong with it; the message says where, and how to mend
            it.
    """
    return _rubric(Table.of_file(file), file.parent, tests, first, count, asked)


def _rubric(
    table: Table,
    folder: Path,
    tests: list[GradedTest],
    first: int | None,
    count: int | None,
    asked: Container[str],
) -> Rubric:
    document = table.read(_Document)
    public, hidden = _read_seeds(table.table("seeds"), folder, first, count)
    seeds = len(public) + len(hidden)
    usual = _read_policy(table.table("policy"), seeds)
    suite: dict[str, list[GradedTest]] = {}
    for test in tests:
        suite.setdefault(test.part, []).append(test)
    given = table.table("parts")
    for name in given.values:
        _check_lab(given, name, suite, document.lab)
        given.check_known(name, suite, "there is no part", name)
    parts: dict[str, Part] = {}
    for name in suite:
        is_bonus = all(test.is_bonus for test in suite[name])
        if is_bonus and name not in given.values and name not in asked:
            continue
        part = _read_part(given.table(name), suite, usual, seeds)
        if part.points:
            parts[name] = part
    if not any(sum(part.points.values()) for part in parts.values() if not part.extra):
        raise table.refusal(
            "no points can be earned: every part is extra, left out, or worth nothing",
            "parts",
        )
    confidence = None
    if document.confidence is not None:
        confidence = _read_confidence(table.table("confidence"), parts)
    measure = read_measure(table.table("measure"), document.lab)
    about = {test.part: test.part_about for test in tests if test.part_about}
    about |= {test.name: test.description for test in tests if test.is_own_and_shown}
    cap = document.safety_cap
    return Rubric(parts, public, hidden, cap, measure, about, confidence)


def _check_lab(parts: Table, name: str, known: Container[str], lab: int) -> None:
    """Refuse a part of the other lab, and say how a rubric names its lab."""
    other = lab_of_part(name)
    if name not in known and other not in (None, lab):
        raise parts.refusal(
            f"part {name} is of lab {other}, and this rubric is for lab {lab}: remove the "
            f"part, or write `lab = {other}` above all tables",
            name,
        )


def _read_seeds(
    table: Table, folder: Path, first: int | None, count: int | None
) -> tuple[range, tuple[int, ...]]:
    seeds = table.read(_Seeds)
    first = seeds.first if first is None else first
    public = range(first, first + (seeds.count if count is None else count))
    if seeds.secret_file and seeds.hidden is None:
        raise table.refusal(
            "`secret_file` is for hidden seeds: add their number, as in `hidden = 20`",
            "secret_file",
        )
    hidden: tuple[int, ...] = ()
    if seeds.hidden:
        hidden = hidden_seeds(_read_secret(table, folder, seeds), seeds.hidden)
    if not public and not hidden:
        raise table.refusal(
            "there are no seeds: `count` is 0, and none is hidden", "count"
        )
    return public, hidden


def _read_secret(table: Table, folder: Path, seeds: _Seeds) -> bytes:
    """Return the secret without what editors may add: a byte order mark, white space."""
    make = (
        'make one with: python -c "import secrets; print(secrets.token_hex(32))" '
        f"> {folder / (seeds.secret_file or 'secret.txt')}"
    )
    if not seeds.secret_file:
        raise table.refusal(
            '`hidden` seeds need a `secret_file`, as in secret_file = "secret.txt"; '
            + make,
            "hidden",
        )
    file = folder / seeds.secret_file
    try:
        secret = file.read_bytes().removeprefix(codecs.BOM_UTF8).strip()
    except OSError as exc:
        raise table.refusal(
            f"the secret cannot be read from {file}: {exc.strerror}; {make}",
            "secret_file",
        ) from None
    if len(secret) < SECRET_BYTES_MIN:
        raise table.refusal(
            f"the secret in {file} has {len(secret)} bytes and could be guessed: it "
            f"needs at least {SECRET_BYTES_MIN}; {make}",
            "secret_file",
        )
    return secret


def _read_confidence(table: Table, parts: dict[str, Part]) -> Confidence:
    given = table.read(_Confidence)
    if given.level is None:
        raise table.refusal(
            "[confidence] needs a `level`, as in level = 0.99: how sure to be before a "
            "test is stopped",
            "level",
        )
    for name, part in parts.items():
        if part.policy.per == "part":
            raise table.refusal(
                f"part {name} is graded as a whole at each seed, so that no test of it "
                'can be stopped: take per = "test" there, or leave [confidence] out',
                "level",
            )
    return Confidence(given.level, given.within)


def _read_policy(table: Table, seeds: int) -> Policy:
    given = table.read(_Policy)
    policy = Policy(given.rule, given.per, given.formula)
    table.check_known(policy.rule, RULES, "there is no rule", "rule")
    table.check_known(policy.per, UNITS, "`per` cannot be", "per")
    if policy.rule != "threshold":
        if policy.formula:
            raise table.refusal(
                f"the rule {policy.rule!r} takes no formula; the one that does is "
                '"threshold"',
                "formula",
            )
        return policy
    if not policy.formula:
        raise table.refusal(
            'the rule "threshold" needs a `formula`, as in formula = "passed / seeds"',
            "rule",
        )
    try:
        check_formula(policy.formula, seeds)
    except WrongFormula as exc:
        raise table.refusal(f"the formula {exc}", "formula") from None
    return policy


def _read_part(
    table: Table, suite: dict[str, list[GradedTest]], usual: Policy, seeds: int
) -> Part:
    given = table.read(_Part)
    policy = usual
    if "policy" in table.values:
        policy = _read_policy(table.table("policy"), seeds)
    own = suite[table.keys[-1]]
    search_part = f"{own[0].lab}S"
    points = table.table("tests")
    for name in points.values:
        _check_test(points, name, suite, name)
    named = {name: points.value(name, Points) for name in points.values}
    if isinstance(given.leave_out, list):
        for name in given.leave_out:
            _check_test(table, name, suite, "leave_out")
        own = [test for test in own if test.name not in given.leave_out]
    elif given.leave_out:
        own = []
    worth = _worth(table, given, own, named)
    if given.states is not None and not any(test.search_states for test in own):
        raise table.refusal(
            "`states` is the budget of a search, and no test of the part is one: remove "
            f"it, or move it to part {search_part}",
            "states",
        )
    return Part(worth, policy, given.extra, given.safety_cap, given.states)


def _check_test(
    table: Table, name: str, suite: dict[str, list[GradedTest]], key: str
) -> None:
    """Check that a test's name is one of the part whose table it is in."""
    part = table.keys[1]
    names = {home: [test.name for test in tests] for home, tests in suite.items()}
    for home in suite:
        if home != part and name in names[home]:
            raise table.refusal(f"{name} is a test of part {home}: move it there", key)
    table.check_known(name, names[part], f"part {part} has no test", key)


def _worth(
    table: Table, given: _Part, tests: list[GradedTest], named: dict[str, float]
) -> dict[str, float]:
    """Return the points of each of a part's tests, multiplied by the weight.

    If the part has a total, the tests that are named get their own points, and the rest
    is divided over the others in proportion to their default points.
    """
    weight = given.weight
    worth = {
        test.name: round(named.get(test.name, test.points) * weight, DECIMALS)
        for test in tests
    }
    if given.points is None or not tests:
        return worth
    # A test without default points gets no share.
    others = [t for t in tests if t.name not in named and t.points > 0]
    taken = fsum(named[test.name] for test in tests if test.name in named)
    rest = round(given.points - taken, DECIMALS)
    if rest < 0 or (rest > 0 and not others):
        raise table.refusal(
            f"`points` is {given.points:g}, but the named tests add up to {taken:g}: "
            "remove `points`, or change the tests' points",
            "points",
        )
    shares = divide(rest * weight, [test.points for test in others], DECIMALS)
    return worth | dict(zip([test.name for test in others], shares, strict=True))
