"""What the starter has for editors: settings, a container, and skeletons that load."""

import ast
import json
import os
import re
import shutil
import textwrap

import pytest

import grade
from labrpc.submission.submission import Submission
from tester.intake.service_submission import find_service
from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.suite import suite_path

# Stands for a download: what would be installed is there already.
PIP = '#!/bin/sh\necho "pip $*" >> "$PIP_LOG"\n'


@pytest.fixture(scope="module")
def starter(tmp_path_factory):
    """Write a starter repository, which no test changes."""
    directory = tmp_path_factory.mktemp("starter") / "my-raft"
    assert grade.main(["new", str(directory)]) == 0
    return directory


@pytest.fixture(scope="module")
def service_starter(tmp_path_factory):
    """Write a starter repository of lab 3, which no test changes."""
    directory = tmp_path_factory.mktemp("starter") / "my-service"
    assert grade.main(["new", str(directory), "--lab", "3"]) == 0
    return directory


def read(starter, name):
    return json.loads((starter / name).read_text())


@pytest.mark.slow
def test_the_container_is_set_up_by_its_own_steps(starter, shell, tmp_path):
    container = read(starter, ".devcontainer/devcontainer.json")
    version = container["image"].rpartition(":")[2]
    assert re.fullmatch(r"3\.1[2-9]", version), "editors' breakpoints need 3.12"
    (tmp_path / "pip").write_text(PIP)
    (tmp_path / "pip").chmod(0o755)
    done = shell(
        f'export PATH="{tmp_path}:$PATH"; {container["postCreateCommand"]}',
        starter,
        PIP_LOG=str(tmp_path / "log"),
        **container["containerEnv"],
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "log").read_text() == "pip install raft-lab\n"
    assert "test_2a_election.py::test_initial_election[seed0]" in done.stdout


def test_a_container_without_the_lab_is_not_set_up(starter, shell, tmp_path):
    (tmp_path / "pip").write_text("#!/bin/sh\nexit 7\n")
    (tmp_path / "pip").chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    assert shell(f'PATH="{path}" bash .devcontainer/setup.sh', starter).returncode == 7


@pytest.mark.slow
def test_an_editor_finds_the_tests_and_runs_one_by_its_place(starter, shell, project):
    settings = read(starter, ".vscode/settings.json")
    assert settings["python.testing.pytestEnabled"]
    # As the extension for Python does: a root of its own, and ids that are places.
    place = project / "tests/lab2/test_2a_election.py::test_initial_election[seed0]"
    arguments = " ".join(settings["python.testing.pytestArgs"])
    command = f'pytest --rootdir={starter} {arguments} --collect-only "{place}"'
    done = shell(command, starter)
    assert f"submission {starter}, seed 0" in done.stdout, done.stdout + done.stderr
    assert "collected 1 item" in done.stdout


def test_tasks_and_launches_name_parts_and_options_that_there_are(starter, suite):
    check_tasks_and_launches(starter, suite)


def test_those_of_lab_3_name_its_parts_and_tests(service_starter, service_suite):
    check_tasks_and_launches(service_starter, service_suite)


def check_tasks_and_launches(starter, suite):
    """Check what the editor's files say against a lab's suite."""
    tasks = read(starter, ".vscode/tasks.json")
    launch = read(starter, ".vscode/launch.json")
    known = {"part": None, "test": None, "seed": None}
    for file in (tasks, launch):
        inputs = {each["id"]: each for each in file["inputs"]}
        asked = set(re.findall(r"\$\{input:(\w+)\}", json.dumps(file)))
        assert asked == set(inputs) <= set(known)
        assert inputs["test"]["default"] in [test.name for test in suite]
    (parts,) = [each["options"] for each in tasks["inputs"] if each["id"] == "part"]
    assert parts == list(dict.fromkeys(test.part for test in suite))
    readme = (starter / "README.md").read_text()
    names = [each["name"] for each in launch["configurations"]]
    assert names == ["Debug this seed"]
    assert f"*{names[0]}*" in readme


def skeletons_in(starter):
    """Return the code blocks of a starter's page of skeletons, by part."""
    page = (starter / "docs/skeletons.md").read_text()
    parts = re.split(r"^## Part (\w+)$", page, flags=re.M)[1:]
    return {
        part: re.findall(r"```python\n(.*?)```", text, re.S)
        for part, text in zip(parts[::2], parts[1::2], strict=True)
    }


def starting(names):
    """Return the lines that start a thread for each of these methods."""
    return "".join(
        f"        threading.Thread(target=self.{name}, daemon=True).start()\n"
        for name in names
    )


def with_skeletons(source, blocks):
    """Return a class's source with methods added that it does not have yet."""
    names = {node.name for node in ast.walk(ast.parse(source)) if hasattr(node, "name")}
    for code in blocks:
        functions = {node.name for node in ast.parse(code).body}
        assert not names & functions
        names |= functions
        source += "\n" + textwrap.indent(code, "    ")
    return source


def test_the_skeletons_fit_into_the_class_and_break_nothing(
    starter, tmp_path, graded_tests
):
    skeletons = skeletons_in(starter)
    assert list(skeletons) == ["2A", "2B", "2C", "2D"]
    blocks = [block for (block,) in skeletons.values()]
    source = with_skeletons((starter / "raft/raft.py").read_text(), blocks)
    package = tmp_path / "raft"
    package.mkdir()
    for name in ("__init__.py", "messages.py"):
        (package / name).write_bytes((starter / "raft" / name).read_bytes())
    threads = starting(("run_election_timer", "send_heartbeats"))
    mark = "    # What the service calls."
    source = source.replace(mark, f"{threads}\n{mark}", 1)
    source = source.replace("import threading\n", "import random, threading, time\n", 1)
    (package / "raft.py").write_text(source)
    submission = Submission.find(tmp_path)
    run = run_test(RunConditions(submission, graded_tests["test_initial_election"], 0))
    assert (run.code, run.warnings) == ("no-leader", []), run.report()


@pytest.mark.unmeasured
def test_the_skeletons_of_lab_3_fit_into_its_classes_and_break_nothing(
    service_starter, service_suite, tmp_path
):
    skeletons = skeletons_in(service_starter)
    assert list(skeletons) == ["3A", "3B", "3C"]
    blocks = {
        "rsm/rsm.py": skeletons["3A"],
        "kv/server.py": skeletons["3B"][:1],
        "kv/clerk.py": skeletons["3B"][1:],
    }
    shutil.copytree(service_starter, tmp_path / "mine")
    for name, found in blocks.items():
        file = tmp_path / "mine" / name
        file.write_text(with_skeletons(file.read_text(), found))
    rsm = tmp_path / "mine/rsm/rsm.py"
    mark = "    def submit("
    source = rsm.read_text().replace(
        "import threading\n", "import threading, time\n", 1
    )
    threads = starting(("run_applier", "run_term_check"))
    rsm.write_text(source.replace(mark, f"{threads}\n{mark}", 1))
    service = find_service(tmp_path / "mine", suite_path(3))
    run = run_test(RunConditions(service, service_suite[0], 0))
    assert (run.code, run.warnings) == ("no-agreement", []), run.report()
