"""No code of a submission runs in the processes that judge it, wherever they start."""

import json
import os
import subprocess
import sys
import tempfile
from multiprocessing.connection import Pipe
from pathlib import Path

import msgspec
import pytest

from labrpc.machine.lab_process import lab_command, lab_environment
from tester.judging.suite import collect
from tester.workers.job import Answer, LoadJob

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

# Modules that Python or pytest import without being asked to.
RUN_BY_NAME = (
    "sitecustomize",
    "usercustomize",
    "conftest",
    "evil_plugin",
    "antigravity",
)


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


@pytest.mark.slow
def test_module_beside_a_raft_does_not_run_in_the_judge(repository, shell, tmp_path):
    (repository / "resource.py").write_text(FORGER)
    done = shell(
        f"raft-grade . --tests test_initial_election --out {tmp_path / 'grades'}",
        repository,
        PYTHONPATH=".",
    )
    assert "repository: 0 of 6" in done.stdout, done.stdout + done.stderr


@pytest.fixture
def marker(repository, tmp_path):
    """Fill the repository with all that Python and pytest run by its name or place.

    Whatever of it runs, but in a server, writes to the file that is returned.
    """
    marker = tmp_path / "imported"
    shadow = SHADOW.format(marker=str(marker))
    for name in [*imported_by_the_lab(), *RUN_BY_NAME]:
        (repository / f"{name}.py").write_text(shadow)
    (repository / "evil.pth").write_text("import evil_plugin\n")
    # A plugin of pytest's, as if it were installed here.
    for made_by in ("evil-1.0.dist-info", "evil.egg-info"):
        information = repository / made_by
        information.mkdir()
        (information / "entry_points.txt").write_text(
            "[pytest11]\nevil = evil_plugin\n[console_scripts]\nraft-lab = evil_plugin\n"
        )
        for name in ("METADATA", "PKG-INFO"):
            (information / name).write_text("Name: evil\nVersion: 1.0\n")
    (repository / "pytest.ini").write_text("[pytest]\naddopts = -p evil_plugin\n")
    (repository / "tox.ini").write_text("[pytest]\naddopts = -p evil_plugin\n")
    (repository / "setup.cfg").write_text("[tool:pytest]\naddopts = -p evil_plugin\n")
    (repository / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\naddopts = "-p evil_plugin"\npythonpath = ["."]\n'
    )
    (repository / "pyvenv.cfg").write_text("home = .\n")
    return marker


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        "raft-grade . --tests test_initial_election --jobs 1 --out ../grades",
        "raft-lab new ../starter",
        "raft-lab rubric",
        "raft-lab trace missing.jsonl",
    ],
)
def test_no_command_runs_what_lies_where_it_is_typed(
    command, repository, shell, marker
):
    done = shell(command, repository)
    ends = {"missing.jsonl cannot be read", "../grades", "wrote", "[part"}
    assert any(end in done.stdout + done.stderr for end in ends), done
    assert not marker.exists(), marker.read_text()


@pytest.mark.slow
def test_pytest_elsewhere_runs_nothing_of_what_it_tests(
    repository, shell, marker, tmp_path, project
):
    suite = project / "tests" / "lab2" / "test_2a_election.py"
    command = (
        f"pytest {suite}::test_initial_election -p no:cacheprovider "
        f"--isolation process --submission {repository}"
    )
    done = shell(command, tmp_path)
    assert "test_initial_election" in done.stdout, done.stdout + done.stderr
    assert not marker.exists(), marker.read_text()


# What each of the lab's processes says of itself, once it has imported all that it is
# made of.
PROBE = """
import json
from importlib.metadata import entry_points
import_module(module)
print(json.dumps({
    "path": sys.path,
    "files": [str(getattr(m, "__file__", "")) for m in list(sys.modules.values())],
    "plugins": [point.value for point in entry_points(group="pytest11")],
}))
"""
# What would let modules be found here, or names some.
TAINTED = {
    "PYTHONPATH": ".",
    "PYTHONUSERBASE": ".",
    "PYTHONWARNINGS": "error::evil_plugin.Warn",
    "PYTHONBREAKPOINT": "evil_plugin.run",
    "PYTHONSTARTUP": "evil_plugin.py",
    "PYTHONINSPECT": "1",
    "_PYTHON_SYSCONFIGDATA_NAME": "evil_plugin",
    "PYTEST_ADDOPTS": "-p evil_plugin",
    "PYTEST_PLUGINS": "evil_plugin",
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "module",
    [
        "tester.workers.worker",
        "labrpc.isolated.zygote_start",
        "grade",
        "tester.handouts.gradescope_run",
    ],
)
def test_no_process_of_the_lab_finds_modules_where_it_starts(
    module, repository, marker, monkeypatch
):
    for name, value in TAINTED.items():
        monkeypatch.setenv(name, value)
    command = lab_command(module)
    start = command.index("-c") + 1
    command[start] = command[start].rpartition("sys.exit")[0] + PROBE
    done = subprocess.run(
        command, cwd=repository, env=lab_environment(), capture_output=True, text=True
    )
    assert not done.stderr
    found = json.loads(done.stdout)
    here = [".", "", str(repository), str(repository.resolve())]
    assert not set(here) & set(found["path"])
    assert len(found["files"]) > 50
    assert not [file for file in found["files"] if str(repository) in file]
    assert "tester.pytest_plugin.plugin" in found["plugins"]
    assert "evil_plugin" not in found["plugins"]
    assert not marker.exists(), marker.read_text()


def test_the_suite_is_collected_without_strangers_plugins(monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p evil_plugin --of-evil")
    monkeypatch.setenv("PYTEST_PLUGINS", "evil_plugin")
    before = dict(os.environ)
    assert len(collect(expression="test_initial_election")) == 1
    assert dict(os.environ) == before


def test_what_lies_above_the_suite_does_not_run(tmp_path, project, monkeypatch):
    """A student's repository, in which the virtual environment of the lab was made."""
    suite = tmp_path / "repository" / ".venv" / "lab2"
    suite.mkdir(parents=True)
    election = (project / "tests/lab2/test_2a_election.py").read_text()
    (suite / "test_2a_election.py").write_text(election)
    marker = tmp_path / "imported"
    (tmp_path / "repository" / "conftest.py").write_text(
        SHADOW.format(marker=str(marker))
    )
    monkeypatch.setattr("tester.judging.suite.suite_path", lambda lab: suite)
    assert len(collect(expression="test_initial_election")) == 1
    assert not marker.exists(), marker.read_text()


# A worker that starts again after each job.
_GROWN = "import tester.workers.worker as w; w.MEMORY_BYTES_KEPT = 0; w.main()"


@pytest.mark.slow
def test_a_worker_that_starts_again_finds_no_modules_here(
    repository, marker, monkeypatch
):
    ours, theirs = Pipe()
    with tempfile.TemporaryFile() as stack:
        fds = (theirs.fileno(), stack.fileno())
        command = [sys.executable, "-P", "-c", _GROWN, *map(str, fds), "0"]
        # Its environment as if it were the grader's own, PYTHONPATH apart.
        tainted = {**lab_environment(), **TAINTED, "PYTHONPATH": "/nowhere"}
        del tainted["PYTHONWARNINGS"]  # At the first start, which is not the lab's.
        process = subprocess.Popen(command, cwd=repository, env=tainted, pass_fds=fds)
        theirs.close()
        try:
            for _ in range(2):
                job = LoadJob(path=str(repository / "raft"), name="evil")
                ours.send_bytes(msgspec.msgpack.encode(job))
                assert msgspec.msgpack.decode(ours.recv_bytes(), type=Answer).load
            environment = Path(f"/proc/{process.pid}/environ").read_bytes().decode()
        finally:
            ours.close()
            process.wait(30)
    assert process.returncode == 0
    assert not marker.exists(), marker.read_text()
    for name in TAINTED:
        assert f"{name}=" not in environment
