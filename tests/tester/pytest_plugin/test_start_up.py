"""Starting pytest: what a student's session does not need is not imported."""

import subprocess
import sys

import pytest

SLOW = ("asyncio", "jinja2", "labrpc.real_time", "multiprocessing", "rich", "yaml")
FOR_PICTURES = ("jinja2", "tester.explain", "tester.views")


def imported_by(program, modules):
    """Run a program; return which of the modules it has imported, and its stderr."""
    report = f"print(*(name for name in {modules} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{program}\n{report}"],
        capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.splitlines()[-1].split(), done.stderr


@pytest.mark.slow
def test_the_plugin_imports_nothing_that_is_slow_and_seldom_needed():
    program = "import tester.pytest_plugin.plugin, tester.pytest_plugin.session"
    assert imported_by(program, SLOW) == ([], "")


def test_a_grading_process_does_not_import_what_draws_pictures():
    assert imported_by("import tester.workers.worker", FOR_PICTURES) == ([], "")


@pytest.mark.slow
def test_a_session_that_passes_does_not_import_what_draws_pictures(project):
    test = project / "tests/lab2/test_2a_election.py::test_initial_election"
    arguments = [str(test), "-p", "no:cacheprovider"]
    program = f"import pytest\nassert pytest.main({arguments}) == 0"
    assert imported_by(program, FOR_PICTURES) == ([], "")
