"""The house rules for the tests themselves: what each must have, and where it lies."""

import ast
import re
from pathlib import Path

import pytest

# They read the lab's code, and run little of it.
pytestmark = pytest.mark.unmeasured

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
FILES = sorted(
    file for file in TESTS.rglob("*.py") if re.match(r"test_|conftest", file.name)
)
# What passes there or not is for the cluster to say, whose verbs check.
SCENARIOS = ("tests/lab2/", "tests/lab3/")


# A test that asserts nothing passes whatever happens.


def functions(tree):
    """Return every function of a module, with those inside of others."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def calls(node):
    """Return the names by which functions are called, without what they belong to."""
    return {
        call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
        and isinstance(call.func, (ast.Attribute, ast.Name))
    }


def checkers(tree, known=frozenset()):
    """Return the functions that assert, by themselves or by one that they call.

    Args:
        tree: a module.
        known: other functions that assert.
    """
    of_pytest = {"raises", "warns", "fail"}
    called, found = {}, set(known)
    for f in functions(tree):
        names = calls(f)
        called[f.name] = called.get(f.name, set()) | names
        if names & of_pytest or any(isinstance(n, ast.Assert) for n in ast.walk(f)):
            found.add(f.name)
    while more := {name for name, names in called.items() if names & found} - found:
        found |= more
    return found


def asserts_nothing(tree, known=frozenset()):
    """Return the tests of a module in which nothing can fail."""
    checking = checkers(tree, known)
    return [
        f"{f.lineno} {f.name}"
        for f in functions(tree)
        if f.name.startswith("test_") and f.name not in checking
    ]


@pytest.mark.slow
def test_every_test_asserts_something():
    trees = {
        file.relative_to(ROOT).as_posix(): ast.parse(file.read_bytes())
        for file in FILES
    }
    conftests = [tree for name, tree in trees.items() if name.endswith("conftest.py")]
    known = {name for tree in conftests for name in checkers(tree)}
    found = {
        name: asserts_nothing(tree, known)
        for name, tree in trees.items()
        if not name.startswith(SCENARIOS)
    }
    assert {name: tests for name, tests in found.items() if tests} == {}


def test_a_test_that_asserts_nothing_would_be_found():
    tree = ast.parse(
        "def check(x): assert x\n"
        "def test_a(): check(1)\n"
        "def test_b(): print(1)\n"
        "def test_c():\n    with pytest.raises(OSError): open('x')\n"
    )
    assert asserts_nothing(tree) == ["3 test_b"]


# `pytest -m "not slow"` has a test of every module.


def fast_tests(tree):
    """Return the tests of a module of which some run is not slow."""
    return [
        f.name
        for f in functions(tree)
        if f.name.startswith("test_")
        and "pytest.mark.slow" not in map(ast.unparse, f.decorator_list)
    ]


def test_every_module_has_a_test_that_is_not_slow():
    found = {
        file.relative_to(ROOT).as_posix()
        for file in FILES
        if file.name.startswith("test_")
        and not fast_tests(ast.parse(file.read_bytes()))
    }
    assert found == set()


def test_a_module_of_slow_tests_would_be_found():
    slow = "@pytest.mark.slow\ndef test_a(): assert x"
    assert fast_tests(ast.parse(slow)) == []
    assert fast_tests(ast.parse(f"{slow}\ndef test_b(): assert x")) == ["test_b"]


# Work that is left to do belongs to the issues.

LEFT_TO_DO = re.compile(r"#\s*(TODO|FIXME|XXX)\b")
WORDED = [
    file
    for folder in ("labrpc", "raft", "tester", "tests", "docs", ".ci", ".github")
    for file in sorted((ROOT / folder).rglob("*"))
    if file.suffix in (".py", ".md", ".toml", ".yml", ".html", ".css", "")
    and file.is_file()
    # A student's, who is at part 2A.
    and "only_2a" not in file.parts
]


def test_no_work_is_left_to_do():
    found = [
        file.relative_to(ROOT).as_posix()
        for file in WORDED
        if LEFT_TO_DO.search(file.read_text())
    ]
    assert found == []


def test_work_that_is_left_to_do_would_be_found():
    assert LEFT_TO_DO.search("pass  # TO" + "DO: later")
