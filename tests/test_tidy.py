"""The house rules, as tests: who may import whom, sizes, order, and what lies where."""

import ast
import re
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

# They read the lab's code, and run little of it.
pytestmark = pytest.mark.unmeasured

ROOT = Path(__file__).resolve().parents[1]
FUNCTION_LINES_MAX = 60
MODULE_LINES_MAX = 400
ROOT_FILES_MAX = 9
# The reference is Figure 2 in one file, in its order.
LONGER_MODULES = {"raft/raft.py": 550}

PACKAGES = ("labrpc", "raft", "tester")
# The starter is a student's code: what holds for a submission holds for it.
MODULES = [
    *sorted(
        file.relative_to(ROOT).as_posix()
        for folder in PACKAGES
        for file in (ROOT / folder).rglob("*.py")
        if "tester/handouts/starter" not in file.as_posix()
        and "__pycache__" not in file.parts
    ),
    "grade.py",
]


def dotted(name):
    """Return the name by which a file is imported."""
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


DOTTED = {dotted(name) for name in MODULES}


@cache  # Not while tests are collected: each worker does that.
def tree_of(name):
    """Return the syntax tree of a module."""
    return ast.parse((ROOT / name).read_bytes())


# A submission of the lab's own, to warm up with.
WARMUP_SERVER = "labrpc/isolated/warmup_server.py"
# The only doors to the machine's clock: watchdogs, real time, and the simulation.
MAY_IMPORT_TIME = re.compile(
    r"labrpc/(machine/wall_clock|real_time/real_modules|simulated/\w+)\.py"
)


def modules(*folders):
    """Return the modules below folders; grade.py is a folder of its own."""
    return [name for name in MODULES if name.split("/")[0] in folders]


@cache
def imports(name):
    """Return every module that a file imports, wherever in it, with the line."""
    found = []
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}:{node.lineno}: import absolutely"
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            modules_of_it = [module for module in inner if module in DOTTED]
            found += [(module, node.lineno) for module in modules_of_it]
            if len(modules_of_it) < len(inner):
                found.append((node.module, node.lineno))
    return found


def offences(folders, forbidden, but=()):
    """Return the imports, below folders, of modules that are forbidden there."""
    return [
        f"{name}:{line} imports {module}"
        for name in modules(*folders)
        if name not in but
        for module, line in imports(name)
        if module.split(".")[0] in forbidden
    ]


# Layers: grade → tester → labrpc ← raft.


@pytest.mark.slow
def test_no_modules_import_each_other_in_a_circle():
    # The reference's package shows its class, as packages do.
    faces = {"raft", "labrpc"}
    graph = {
        dotted(name): {module for module, _ in imports(name)} & (DOTTED - faces)
        for name in MODULES
    }
    order = list(TopologicalSorter(graph).static_order())  # Raises on a circle.
    assert order.index("labrpc.world.events") < order.index("labrpc.world.world")


def test_there_is_something_to_check():
    assert len(modules("labrpc")) > 20
    assert len(modules("tester")) > 15
    assert imports("tester/judging/run.py")


@pytest.mark.parametrize(
    ("folders", "forbidden"),
    [
        (["labrpc"], {"raft", "tester", "tests", "grade", "pytest", "_pytest", "rich"}),
        (["raft"], {"tester", "tests", "grade", "greenlet", "pytest"}),
        (["tester"], {"raft", "tests", "grade"}),
        (["grade.py"], {"raft", "labrpc", "tests", "pytest"}),
    ],
)
def test_layers_are_imported_one_way(folders, forbidden):
    assert offences(folders, forbidden) == []


# Rooms: the folders of labrpc and tester, and the files beside them, floor by floor
# from the ground. A room knows rooms of lower floors only, so that there is no circle.

FLOORS = {
    "labrpc": [
        ["clock", "codes", "contract", "plain_values"],
        ["errors", "scheduling"],
        ["machine", "world"],
        ["submission", "sandbox"],
        ["simulated"],
        ["box"],
        ["isolated", "real_time"],
        ["box_factory"],
    ],
    "tester": [
        ["codes", "errors", "service_errors", "text", "versions"],
        ["console", "jsonl", "verdict"],
        ["intake", "oracles", "outcome", "traces"],
        ["explain", "situations"],
        ["scenario", "views"],
        ["search"],
        ["judging"],
        ["measuring"],
        ["scoring", "workers"],
        ["experiments", "pytest_plugin", "reports"],
        ["cluster_engine", "grading", "handouts"],
        ["detection"],
        ["cli"],
    ],
}


def room(module):
    """Return package and room of a module; a package's own face is no room."""
    package, *inner = module.split(".")
    return (package, inner[0] if inner else "")


def floor(package, name):
    """Return on which floor of its package a room is."""
    (number,) = [n for n, rooms in enumerate(FLOORS[package]) if name in rooms]
    return number


def climbs(package, name, module):
    """Return whether it is against the order that a room knows a module."""
    there, other = room(module)
    if there != package or other in ("", name):
        return False
    return floor(package, other) >= floor(package, name)


@pytest.mark.parametrize("package", FLOORS)
def test_every_room_is_on_one_floor(package):
    listed = [name for rooms in FLOORS[package] for name in rooms]
    found = {room(dotted(name))[1] for name in modules(package)} - {""}
    assert sorted(listed) == sorted(found), "give every room its floor in FLOORS"


@pytest.mark.parametrize("package", FLOORS)
def test_a_room_knows_rooms_of_lower_floors_only(package):
    found = [
        f"{name}:{line} imports {module}"
        for name in modules(package)
        if room(dotted(name))[1]
        for module, line in imports(name)
        if module in DOTTED and climbs(package, room(dotted(name))[1], module)
    ]
    assert found == []


def test_a_room_that_knows_a_higher_one_or_one_beside_it_would_be_found():
    assert climbs("tester", "oracles", "tester.judging.run")
    assert climbs("tester", "oracles", "tester.traces.reader")
    assert not climbs("tester", "oracles", "tester.oracles.commits")
    assert not climbs("tester", "judging", "tester.oracles.commits")
    assert not climbs("tester", "oracles", "labrpc.box.lint")


@pytest.mark.parametrize("package", FLOORS)
def test_only_what_all_else_stands_on_lies_beside_the_rooms(package):
    assert len(list((ROOT / package).glob("*.py"))) <= ROOT_FILES_MAX


def test_the_reference_needs_the_standard_library_and_the_contract_only():
    allowed = {"labrpc", "raft", *sys.stdlib_module_names}
    for name in modules("raft"):
        for module, line in imports(name):
            assert module.split(".")[0] in allowed, f"{name}:{line} imports {module}"
            # The contract is what the package itself exports.
            assert not module.startswith("labrpc."), f"{name}:{line} imports {module}"


def test_greenlet_is_imported_in_one_place():
    door = "labrpc/scheduling/greenlets.py"
    assert offences(PACKAGES, {"greenlet"}, but=[door]) == []
    assert "greenlet" in [module for module, _ in imports(door)]


# Determinism.


def test_the_machines_clock_has_one_door():
    allowed = [name for name in MODULES if MAY_IMPORT_TIME.fullmatch(name)]
    # A submission's `time`, as the reference's, is the simulated one.
    allowed += [*modules("raft"), WARMUP_SERVER]
    assert offences([*PACKAGES, "grade.py"], {"time", "datetime"}, but=allowed) == []


@pytest.mark.slow
def test_random_numbers_come_from_named_streams():
    found = []
    for name in set(modules("labrpc", "tester", "grade.py")) - {WARMUP_SERVER}:
        for node in ast.walk(tree_of(name)):
            if isinstance(node, ast.ImportFrom) and node.module == "random":
                drawn = [alias.name for alias in node.names if alias.name != "Random"]
                found += [
                    f"{name}:{node.lineno}: from random import {d}" for d in drawn
                ]
            elif (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id in ("random", "real_random", "secrets", "uuid")
                and imports_as(name, node.value.id)
                and node.attr != "Random"
            ):
                found.append(f"{name}:{node.lineno}: {node.value.id}.{node.attr}")
    # The simulated modules wrap the real ones, and draw from the box's own entropy.
    assert [f for f in found if not f.startswith("labrpc/simulated/")] == []


def imports_as(name, local):
    """Return whether a file imports a module under the name `local`."""
    return any(
        (alias.asname or alias.name) == local
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.Import)
        for alias in node.names
    )


def makes_a_set(node):
    """Return whether an expression makes a set: by a literal, a call, or of two sets."""
    if isinstance(node, ast.BinOp):
        return makes_a_set(node.left) or makes_a_set(node.right)
    return isinstance(node, (ast.Set, ast.SetComp)) or (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("set", "frozenset")
    )


def iterated(tree):
    """Return every expression that something iterates over, in its order."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.For, ast.comprehension)):
            yield node.iter
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("list", "tuple", "enumerate", "iter", "dict")
        ):
            yield from node.args
        elif isinstance(node, ast.Starred):
            yield node.value


@pytest.mark.slow
def test_no_order_comes_from_a_set():
    found = [
        f"{name}:{node.lineno}: {ast.unparse(node)}"
        for name in modules("labrpc", "raft", "tester")
        for node in iterated(tree_of(name))
        if makes_a_set(node)
    ]
    assert found == []


@pytest.mark.parametrize(
    "source", ["for x in {1, 2}: f(x)", "[x for x in set(y)]", "list(set(a) | b)"]
)
def test_an_order_that_comes_from_a_set_would_be_found(source):
    assert any(makes_a_set(node) for node in iterated(ast.parse(source)))


# Sizes and words.


def untidy(name):
    """Return what of a module is too long, or does not say what it is for."""
    tree = tree_of(name)
    if not ast.get_docstring(tree):
        yield f"{name} has no docstring"
    lines = len((ROOT / name).read_text().splitlines())
    if lines > LONGER_MODULES.get(name, MODULE_LINES_MAX):
        yield f"{name}: {lines} lines"
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or 0) - node.lineno + 1
            if length > FUNCTION_LINES_MAX:
                yield f"{name}:{node.lineno} {node.name}: {length} lines"


@pytest.mark.slow
def test_modules_and_functions_are_short_and_say_what_they_are_for():
    assert [found for name in MODULES for found in untidy(name)] == []


def test_a_module_that_is_too_long_would_be_found(monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "MODULE_LINES_MAX", 30)
    monkeypatch.setattr(sys.modules[__name__], "FUNCTION_LINES_MAX", 10)
    module, *functions = untidy("labrpc/world/world.py")
    assert re.fullmatch(r"labrpc/world/world.py: \d+ lines", module)
    assert functions


# What lies where.

ROOT_ENTRIES = {
    "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md",
    "pyproject.toml", "grade.py",
    "labrpc", "raft", "tester", "tests", "docs",
}  # fmt: skip


def test_the_root_holds_what_belongs_there():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode != 0:
        pytest.skip("not a git repository")
    entries = {line.split("/")[0] for line in listed.stdout.splitlines()}
    visible = {entry for entry in entries if not entry.startswith(".")}
    assert visible - ROOT_ENTRIES == set()
    assert ROOT_ENTRIES - visible == set()


@pytest.mark.parametrize("package", FLOORS)
def test_the_tests_have_the_rooms_of_what_they_test(package):
    rooms, of_tests = (
        {file.parent.name for file in folder.glob("*/*.py")}
        for folder in (ROOT / package, ROOT / "tests" / package)
    )
    assert of_tests == rooms


# What a graded test speaks.

SPEAK_VERBS = [
    *sorted((ROOT / "tests/lab2").glob("*.py")),
    *sorted((ROOT / "tests/lab3").glob("*.py")),
    ROOT / "tester/scenario/faults.py",
]
INSIDE_A_CLUSTER = {"world", "network", "state_machines", "invariants", "states"}


def reaches_through(tree):
    """Return where a scenario takes hold of what lies inside its cluster."""
    return [
        f"{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in INSIDE_A_CLUSTER
    ]


@pytest.mark.parametrize("file", SPEAK_VERBS, ids=lambda file: file.name)
def test_a_scenario_speaks_verbs_of_its_cluster_only(file):
    assert reaches_through(ast.parse(file.read_bytes())) == []


def test_a_scenario_that_reaches_through_its_cluster_would_be_found():
    tree = ast.parse("cluster.world.pause(1)\ncluster.pause(1)")
    assert reaches_through(tree) == ["1: cluster.world"]
