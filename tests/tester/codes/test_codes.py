"""The registry of codes: complete, in use, shown by tests, and documented.

`python tests/tester/codes/test_codes.py` writes docs/failures.md anew.
"""

import ast
import re
from pathlib import Path

import pytest

from labrpc import codes as labrpc_codes
from labrpc.codes import Code, Kind
from tester import codes as tester_codes
from tester.codes import ALL_CODES

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/failures.md"
REGISTRIES = [ROOT / "labrpc/codes.py", *(ROOT / "tester/codes").glob("[a-z]*.py")]
SOURCES = [
    *(ROOT / "labrpc").rglob("*.py"),
    *(ROOT / "tester").rglob("*.py"),
    *(ROOT / "tests/lab2").glob("*.py"),
]
# What a box may say without one that is known.
FALLBACKS = {"UNKNOWN_FAILURE", "UNKNOWN_WARNING"}

KINDS = {
    Kind.LOAD: (
        "The submission does not load",
        "Nothing of it can be run, so every test fails.",
    ),
    Kind.FAILURE: ("A test fails", "The submission broke a rule in this run."),
    Kind.WARNING: (
        "Warnings",
        "Likely mistakes that break no rule and cost nothing; beside a failure, one is "
        "often its cause.",
    ),
    Kind.REFUSAL: (
        "An upload is refused",
        "What was handed in is not graded, and has to be handed in anew.",
    ),
    Kind.NO_VERDICT: (
        "A run has no verdict",
        "The lab or the machine is at fault, never the submission. The run is made once "
        "more, alone; if it has no verdict then either, its points stay undecided.",
    ),
}
INTRODUCTION = """\
# Codes of failures, warnings and refusals

Each failure, warning and refusal has a code. Wordings may improve from one version of
the lab to the next; a code keeps its meaning. It stands in `results.json` and in the
journal (`code` of a run, `code` of each warning), in `junit.xml` (`type` of a failure),
and in the last line of a trace. `labrpc/codes.py` and `tester/codes/` define them;
`python tests/tester/codes/test_codes.py` writes this page.
"""


@pytest.fixture(scope="module")
def trees():
    """Return the syntax tree of each file that may mention a code."""
    return {file: ast.parse(file.read_bytes()) for file in sorted(SOURCES)}


def page():
    """Return docs/failures.md as the registry wants it."""
    lines = [INTRODUCTION]
    for kind, (title, explanation) in KINDS.items():
        codes = [code for code in ALL_CODES.values() if code.kind is kind]
        lines += [f"## {title}", "", explanation, "", "| code | meaning | paper |"]
        lines.append("|---|---|---|")
        for code in codes:
            paper = ", ".join(filter(None, [code.section, code.breaks]))
            lines.append(f"| `{code.name}` | {code.meaning} | {paper} |")
        lines.append("")
    return "\n".join(lines)


def constants(tree):
    """Return the names of registered codes that a module mentions."""
    named = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in (
            "labrpc.codes",
            "tester.codes",
        ):
            named |= {alias.name for alias in node.names}
    return named


def calls(tree, name):
    """Return the calls of a function or a method of this name."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Name) and node.func.id == name)
            or (isinstance(node.func, ast.Attribute) and node.func.attr == name)
        )
    ]


def registered():
    """Return each code with the name of its constant."""
    return {
        name: value
        for module in (labrpc_codes, tester_codes)
        for name, value in vars(module).items()
        if isinstance(value, Code)
    }


@pytest.mark.parametrize("code", ALL_CODES.values(), ids=lambda code: code.name)
def test_a_code_has_a_plain_name_and_one_line_that_explains_it(code):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code.name)
    assert re.fullmatch(r"[A-Z].*\.", code.meaning)
    assert "\n" not in code.meaning
    assert re.fullmatch(r"((sections?|Figure) .+)?", code.section)
    if code.breaks:
        assert code.section


def test_no_name_is_given_twice():
    assert len(ALL_CODES) == len(registered())
    for name, code in registered().items():
        assert name == name.upper()
        assert ALL_CODES[code.name] is code


@pytest.mark.slow
def test_codes_are_made_in_the_registries_only(trees):
    makers = [file for file, tree in trees.items() if calls(tree, "Code")]
    assert makers == sorted(REGISTRIES)


@pytest.mark.slow
def test_each_code_is_used(trees):
    used = set().union(
        *(constants(tree) for file, tree in trees.items() if file not in REGISTRIES)
    )
    assert registered().keys() - used - FALLBACKS == set()


@pytest.mark.slow
@pytest.mark.parametrize("error", ["SubmissionError", "LoadError"])
def test_each_error_of_a_submission_is_raised_with_a_code(error, trees):
    sites = [
        (f"{file.relative_to(ROOT)}:{call.lineno}", call)
        for file, tree in trees.items()
        for call in calls(tree, error)
    ]
    assert len(sites) > 5
    for place, call in sites:
        code = call.args[0]
        if isinstance(code, ast.Call):
            continue  # Looked up, where a box has named it.
        name = code.attr if isinstance(code, ast.Attribute) else code.id
        if name in ("code", "codes"):
            continue  # Handed on: a parameter, which mypy knows to be a Code.
        assert name in registered(), place
        is_load = registered()[name].kind is Kind.LOAD
        # What cannot be compiled is a LoadError, and is thrown by its own class.
        assert is_load == (error == "LoadError"), place


@pytest.mark.unmeasured
def test_each_code_is_expected_by_some_test():
    texts = [
        file.read_text(encoding="utf-8")
        for file in sorted((ROOT / "tests").rglob("*.py"))
        if file != Path(__file__).resolve()
    ]
    missing = [
        name
        for name in ALL_CODES
        if not any(
            name in text
            and re.search(
                rf'["|]{name}["|:]|^Outcome: caught, \S*\b{name}\b', text, re.M
            )
            for text in texts
        )
    ]
    assert missing == []


def test_the_page_lists_all_codes():
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "run tests/tester/codes/test_codes.py"
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
