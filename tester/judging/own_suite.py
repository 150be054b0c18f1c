"""An instructor's own suite: graded tests from a folder, checked before anything runs.

What is wrong with a suite is said at once, with file and line. Found during a grading,
it would cost a night, or go unnoticed: a test that counts for nothing.
"""

import ast
import hashlib
import inspect
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tester.errors import UsageError
from tester.judging.collection import (
    Collected,
    SuiteTests,
    collect_folder,
    graded_test,
)
from tester.judging.graded_test import GradedTest
from tester.judging.script_module import read_script
from tester.text import listed, unknown

REFERENCE_PAGE = "docs/scenarios.md"
# As `--parts` and the tables of a rubric name it.
_PART = re.compile(r"Part ([0-9A-Z]+)(?:, |: )(.+)")
# What a `cluster` marker may say: the fields of a graded test with no other source.
_CLUSTER = (
    "servers", "servers_min", "reliable", "snapshots", "persistence", "elections",
)  # fmt: skip
# What it may say beside that in lab 3.
_SERVICE = ("service", "clerks", "max_raft_state")
_SERVICES = ("rsm", "kv")
POINTS_MAX = 1_000_000
Wrong = Callable[[str], UsageError]
"""Makes the error about a test from its reason."""


def read_own_suite(
    folder: Path, taken: Sequence[GradedTest], expression: str = ""
) -> SuiteTests:
    """Read a suite, and check it.

    Args:
        folder: where it lies.
        taken: the tests of the lab, and of suites before this one.
        expression: only tests that match it, as pytest's `-k` does.

    Raises:
        UsageError: something is wrong with it.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder, so no suite to grade by")
    trees = {file: _parsed(file) for file in sorted(folder.rglob("test_*.py"))}
    for file in sorted(folder.rglob("*.txt")):
        read_script(file)
    of_lab = {test.file.name for test in taken if test.suite is None}
    for file, tree in trees.items():
        if file.name in of_lab:
            raise _wrong(
                file, 1, "the lab's own suite has a file of this name: rename it"
            )
        _check_names(file, tree)
    try:
        collected = collect_folder(folder, expression, strict=True)
    finally:
        # Another suite may have a file of the same name.
        _forget_modules(folder)
    _check_collected(folder, collected)
    parts = {test.part for test in taken}
    described: dict[str, str] = {}
    for tree in trees.values():
        about = _PART.match((ast.get_docstring(tree) or "").partition("\n")[0])
        if about:
            described.setdefault(about[1], about[2].rstrip(".:"))
    lab = max((test.lab for test in taken), default=2)
    tests = [_checked(item, parts | {*described}, lab) for item in collected.items]
    _check_unique(tests, taken)
    tests = [
        replace(test, suite=folder, part_about=described.get(test.part, ""))
        for test in tests
    ]
    count = len(collected.selected)
    return SuiteTests(tests[:count], tests[count:])


def suite_digest(folder: Path) -> str:
    """Return the digest of all files of a suite."""
    digest = hashlib.blake2b(digest_size=16)
    for file in sorted(folder.rglob("*")):
        if file.suffix in (".py", ".txt"):
            digest.update(f"{file.relative_to(folder)}\0".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _parsed(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_bytes(), str(file))
    except SyntaxError as exc:
        raise _wrong(file, exc.lineno or 1, f"syntax error: {exc.msg}") from None
    except ValueError as exc:
        raise _wrong(file, 1, f"this is not Python: {exc}") from None


def _wrong(file: Path, line: int, reason: str) -> UsageError:
    return UsageError(f"{file}, line {line}: {reason}")


def _check_names(file: Path, tree: ast.Module) -> None:
    """Refuse a test that another one of its name replaces, so that it would never run."""
    seen: dict[str, int] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            if node.name in seen:
                reason = f"{node.name} is defined again: the one in line {seen[node.name]} would never run"
                raise _wrong(file, node.lineno, reason)
            seen[node.name] = node.lineno


def _forget_modules(folder: Path) -> None:
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and Path(file).is_relative_to(folder):
            del sys.modules[name]


def _check_collected(folder: Path, collected: Collected) -> None:
    if collected.errors:
        file, text = collected.errors[0]
        # pytest marks the lines that say what is wrong.
        marked = [line[1:].strip() for line in text.splitlines() if line[:2] == "E "]
        reason = marked[0] if marked else text.strip().splitlines()[-1]
        raise UsageError(
            f"{folder / file}: cannot be imported: {reason}. A suite's file imports "
            "pytest, labrpc, tester and installed packages, and no file beside it"
        )
    if not collected.items:
        raise UsageError(
            f"{folder} has no graded test: that is a function test_… with the marker "
            f"`cluster`, in a file test_….py, or a script ….txt ({REFERENCE_PAGE})"
        )


def _checked(item: pytest.Item, parts: set[str], lab: int) -> GradedTest:
    """Return the graded test behind an item.

    Raises:
        UsageError: its markers or its parameters are wrong.
    """
    file, line = item.path, 1
    if file.suffix == ".py":
        line = (item.reportinfo()[1] or 0) + 1

    def wrong(reason: str) -> UsageError:
        return _wrong(file, line, f"{item.name.partition('[')[0]}: {reason}")

    clusters = list(item.iter_markers("cluster"))
    if not isinstance(item, pytest.Function) or not clusters:
        raise wrong(
            "it has no marker `cluster`, so it would not be graded: add "
            "@pytest.mark.cluster(servers=3)"
        )
    words = _CLUSTER if lab == 2 else (*_CLUSTER, *_SERVICE)
    for word in clusters[0].kwargs:
        if word in _SERVICE and lab == 2:
            raise wrong(f"`cluster` takes {word!r} in lab 3 only: grade with --lab 3")
        if word not in words:
            raise wrong(f"`cluster` takes no {unknown(word, words)}")
    if clusters[0].args or not isinstance(clusters[0].kwargs.get("servers"), int):
        raise wrong("`cluster` needs the number of servers, as in cluster(servers=3)")
    if len(clusters) > 1:
        raise wrong("it has the marker `cluster` twice")
    if list(inspect.signature(item.obj).parameters) != ["cluster"]:
        raise wrong("a graded test takes its cluster and nothing else: (cluster)")
    if lab == 3:
        _check_service(clusters[0].kwargs, wrong)
        if item.get_closest_marker("search") and clusters[0].kwargs["service"] != "kv":
            raise wrong(
                "a search checks what clients are answered, and a replicated state "
                'machine has none: take service="kv" with clerks=2'
            )
    _check_part(item, parts, wrong)
    _check_points(item, wrong)
    test = graded_test(item)
    assert test is not None
    return test


def _check_service(cluster: Mapping[str, object], wrong: Wrong) -> None:
    """Refuse a cluster of Raft alone, and a service that nobody can ask."""
    service, clerks = cluster.get("service"), cluster.get("clerks", 0)
    if service not in _SERVICES:
        raise wrong(
            'in lab 3, `cluster` needs a service, as in service="rsm", or service="kv" '
            f"with clerks=1, not {service!r}"
        )
    if not isinstance(clerks, int) or (clerks > 0) != (service == "kv"):
        raise wrong(
            'a service="kv" has one client or more, as in clerks=1, and a service="rsm" '
            f"has none: not {clerks!r}"
        )


def _check_part(item: pytest.Item, parts: set[str], wrong: Wrong) -> None:
    own = list(item.iter_markers("part"))
    if not own or len(own[0].args) != 1:
        raise wrong('it has no part: add @pytest.mark.part("2B"), or one of your own')
    part = own[0].args[0]
    if len({marker.args for marker in own}) > 1:
        raise wrong("it is of two parts: leave one marker `part`")
    if part not in parts:
        raise wrong(
            f"there is no part {part}: there are {listed(sorted(parts), 20)}. For a new "
            f'one, begin the file with """Part {str(part).upper()}: what it is about."""'
        )


def _check_points(item: pytest.Item, wrong: Wrong) -> None:
    own = list(item.iter_markers("points"))
    if len(own) > 1:
        given = " and ".join(str(marker.args[0]) for marker in own if marker.args)
        raise wrong(f"it has points twice, {given}: leave one marker `points`")
    if not own or len(own[0].args) != 1:
        raise wrong("it has no points: add @pytest.mark.points(5)")
    points = own[0].args[0]
    if isinstance(points, bool) or not isinstance(points, int | float):
        raise wrong(f"its points must be a number, not {points!r}")
    if not 0 <= points <= POINTS_MAX:
        raise wrong(f"its points must be from 0 to {POINTS_MAX:,}, not {points}")


def _check_unique(tests: list[GradedTest], taken: Sequence[GradedTest]) -> None:
    """Refuse names that another test has: results and rubrics know tests by name."""
    known = {test.name: test for test in taken}
    counts = Counter(test.name for test in tests)
    for test in tests:
        if test.name in known:
            raise UsageError(
                f"{test.file}: there is a test {test.name} in "
                f"{known[test.name].file.name} already: rename this one, since results "
                "and rubrics know tests by their names"
            )
        if counts[test.name] > 1:
            files = sorted({t.file.name for t in tests if t.name == test.name})
            raise UsageError(
                f"{test.file.parent}: {counts[test.name]} tests are called {test.name}, in "
                f"{' and '.join(files)}: give each a name of its own, and no parametrize"
            )
