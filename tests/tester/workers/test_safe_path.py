"""No code of a submission runs in the processes that judge it, wherever they start."""

import sys

import pytest

# A module of this name beside a Raft that does nothing gave it all points, when a
# worker imported it: it makes every run pass.
FORGER = """
import os, sys
path = sys.path[:]
sys.path = [p for p in path if os.path.abspath(p or ".") != os.getcwd()]
del sys.modules["resource"]
import resource
sys.path = path
sys.modules["resource"] = resource
import tester.judging.run
from tester.verdict import Verdict
original = tester.judging.run.run_test

def run_test(*args, **options):
    run = original(*args, **options)
    run.verdict, run.reason, run.evidence = Verdict.PASSED, "", ""
    return run

tester.judging.run.run_test = run_test
"""

DOES_NOTHING = """
class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        pass
    def get_state(self):
        return 1, False
    def start(self, command):
        return -1, 1, False
"""

# Says which process has imported it, and goes on as the real one.
SHADOW = """
import os, sys
with open({marker!r}, "a") as file:
    print(__name__, sys.argv, file=file)
raise ImportError(__name__)
"""


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    (folder / "raft").mkdir(parents=True)
    (folder / "raft" / "__init__.py").write_text("from raft.raft import Raft\n")
    (folder / "raft" / "raft.py").write_text(DOES_NOTHING)
    return folder


def imported_by_the_lab():
    """Return the top-level modules that this process has, which imports the lab."""
    names = {name.partition(".")[0] for name in sys.modules}
    own = {"labrpc", "tester", "grade"}
    # What is built in, nobody can shadow.
    return sorted((names | own) - set(sys.builtin_module_names) - {"raft"})


@pytest.mark.parametrize("python_path", [None, "."])
def test_module_beside_a_raft_does_not_run_in_the_judge(
    repository, shell, tmp_path, python_path
):
    (repository / "resource.py").write_text(FORGER)
    done = shell(
        f"raft-grade . --tests test_initial_election --out {tmp_path / 'grades'}",
        repository,
        PYTHONPATH=python_path,
    )
    assert "repository: 0 of 6" in done.stdout, done.stdout + done.stderr


def test_no_module_is_shadowed(repository, shell, tmp_path):
    marker = tmp_path / "imported"
    for name in imported_by_the_lab():
        shadow = repository / f"{name}.py"
        shadow.write_text(SHADOW.format(marker=str(marker)))
    command = "raft-grade . --tests test_initial_election --jobs 1"
    done = shell(f"{command} --out {tmp_path / 'grades'}", repository)
    assert "initial_election" in done.stdout, done.stdout + done.stderr
    assert not marker.exists(), marker.read_text()
