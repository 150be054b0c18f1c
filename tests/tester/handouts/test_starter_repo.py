"""The student's starter, and the wheel in which it and the graded suite travel."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import grade
from labrpc.errors import LoadError
from labrpc.submission.submission import Submission
from tester.handouts.gradescope_bundle import ROOT_FILES
from tester.intake.service_submission import find_service, raft_of
from tester.judging.graded_test import BONUS_PARTS
from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.suite import collect, suite_path, what_to_collect
from tester.verdict import Verdict


@pytest.fixture
def starter(tmp_path):
    """Write a starter repository."""
    assert grade.main(["new", str(tmp_path / "my-raft")]) == 0
    return tmp_path / "my-raft"


def test_new_writes_a_repository(starter, project, capsys):
    handouts = project / "tester/handouts"
    files, own, shared = (
        {p.relative_to(root) for p in root.rglob("*") if p.suffix != ".pyc"}
        for root in (starter, handouts / "starter", handouts / "starter_shared")
    )
    expected = own | shared
    expected.discard(Path("raft/__pycache__"))
    documents = {
        Path(f"docs/{name}.md")
        for name in (
            "contract", "contract_bonus", "debugging", "search", "symptoms", "trace"
        )
    }  # fmt: skip
    assert files == expected | documents | {Path("docs")}
    readme = (starter / "README.md").read_text()
    for document in documents:
        assert f"]({document})" in readme
    parts = {file.stem.split("_")[1].upper() for file in suite_path().glob("test_*.py")}
    assert set(re.findall(r"pytest -k (2\w) +#", readme)) == parts - set(BONUS_PARTS)
    assert {Path(".gitignore"), Path("README.md"), Path("pyproject.toml")} <= files
    # What the contract asks for is there to be filled in.
    source = (starter / "raft/raft.py").read_text()
    for method in ("__init__", "get_state", "start", "snapshot"):
        assert f"    def {method}(" in source


@pytest.mark.unmeasured
def test_the_starter_of_lab_3_loads_and_says_what_is_to_do(tmp_path, project):
    starter = tmp_path / "my-service"
    assert grade.main(["new", str(starter), "--lab", "3"]) == 0
    contract = (starter / "docs/contract_kv.md").read_text()
    assert contract == (project / "docs/contract_kv.md").read_text()
    readme = (starter / "README.md").read_text()
    parts = {
        file.stem.split("_")[1].upper() for file in suite_path(3).glob("test_*.py")
    }
    assert set(re.findall(r"pytest -k (3\w) +#", readme)) == parts
    service = find_service(starter, suite_path(3))
    assert raft_of(service) == "the lab's reference Raft"
    for name, code in (
        ("test_rsm_basic", "no-agreement"),
        ("test_kv_versions", "operation-stuck"),
    ):
        (test,) = collect(expression=name, lab=3)
        assert run_test(RunConditions(service, test, 0)).code == code
    shutil.copytree(project / "tests/correct/plain/raft", starter / "raft")
    assert raft_of(find_service(starter, suite_path(3))) == "its own Raft"


def test_a_service_without_a_raft_needs_the_reference(tmp_path, monkeypatch):
    assert grade.main(["new", str(tmp_path / "mine"), "--lab", "3"]) == 0
    monkeypatch.setattr("tester.intake.service_submission.REFERENCE", tmp_path / "none")
    with pytest.raises(LoadError, match=r"no raft/ beside rsm/.* add your own"):
        find_service(tmp_path / "mine", suite_path(3))


def test_the_starter_of_lab_3_runs_the_suite_of_lab_3(tmp_path):
    assert grade.main(["new", str(tmp_path / "mine"), "--lab", "3"]) == 0
    root, suite = tmp_path / "mine", str(suite_path(3))
    assert what_to_collect(root, [], lab=3) == [suite]
    assert what_to_collect(root, [str(root / "kv")], lab=3)[0] == suite
    assert 'addopts = ["--lab3"]' in (root / "pyproject.toml").read_text()


@pytest.mark.parametrize("kind", ["directory", "file", "below a file"])
def test_new_overwrites_nothing(tmp_path, capsys, kind):
    target = tmp_path / "mine"
    if kind == "directory":
        target.mkdir()
        (target / "notes.txt").write_text("mine")
    else:
        target.write_text("mine")
    before = {p: p.is_file() and p.read_text() for p in tmp_path.rglob("*")}
    arguments = ["new", str(target / "deeper" if kind == "below a file" else target)]
    assert grade.main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(target) in line
    assert {p: p.is_file() and p.read_text() for p in tmp_path.rglob("*")} == before


@pytest.mark.slow
def test_pytest_in_the_starter_fails_helpfully(starter, shell):
    done = shell("pytest -k 2A -p no:cacheprovider", starter)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "3 failed" in done.stdout
    assert "no leader after 5 s, though servers 0, 1, 2" in done.stdout
    assert "(section 5.2)" in done.stdout
    assert f"--submission {starter}" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.slow
def test_a_graded_test_named_by_its_place_tests_the_starter(starter, project, shell):
    """pytest's root is then the lab's, and its settings too."""
    place = project / "tests/lab2/test_2a_election.py::test_initial_election"
    done = shell(f"pytest -p no:cacheprovider {place}", starter)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"Raft lab: submission {starter}, seed 0, isolation none" in done.stdout
    assert "no leader after 5 s, though servers 0, 1, 2 are connected" in done.stdout


@pytest.mark.slow
def test_what_pytest_prints_behind_failed_can_be_pasted_back(starter, shell):
    """Twice: the second time the failure is a kept one; and `--lf` finds it, too."""
    command = "pytest -q -k initial_election"
    for again in ('pytest -q "{}" --hash-seed 3', "pytest -q --lf"):
        done = shell(command, starter)
        failed = re.findall(r"^FAILED (\S+)", done.stdout, re.M)
        assert failed == ["test_2a_election.py::test_initial_election[seed0]"]
        assert "1 failed" in done.stdout
        command = again.format(failed[0])


@pytest.mark.slow
def test_a_submission_with_a_blank_leaves_the_starters_settings(starter, shell):
    """pytest takes its path for the one of a folder of tests, and its root from it."""
    other = starter.parent / "other"
    assert grade.main(["new", str(other)]) == 0
    (other / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    options = "-k initial_election -p no:cacheprovider"
    for option in (f"--submission {other}", f"--submission={other}"):
        done = shell(f"pytest {options} {option} --co", starter)
        assert f"rootdir: {starter}\n" in done.stdout, done.stdout + done.stderr
        assert f"Raft lab: submission {other}, seed 0" in done.stdout
        assert "1/66 tests collected" in done.stdout


@pytest.fixture
def with_own_tests(starter):
    """Write tests of the student's own into the starter."""
    (starter / "tests").mkdir()
    (starter / "tests/test_mine.py").write_text(
        "import raft\n"
        "from raft import Raft\n"
        f"def test_mine(): assert raft.__file__ == {str(starter / 'raft/__init__.py')!r}\n"
    )
    return starter


@pytest.mark.slow
def test_own_tests_test_the_students_raft(with_own_tests, shell):
    done = shell("pytest tests -p no:cacheprovider", with_own_tests)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    # They are no seeds that failed before.
    done = shell("pytest --lab-failed -p no:cacheprovider", with_own_tests)
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED


@pytest.mark.slow
@pytest.mark.parametrize(
    ("below", "naming"),
    [("my-raft", ""), ("my-raft", "."), ("my-raft", "raft"), ("", "my-raft")],
)
def test_pytest_runs_the_suite_and_the_own_tests(with_own_tests, shell, below, naming):
    # Who names the repository or its Raft, and nothing else, means that it be tested.
    command = f"pytest -p no:cacheprovider --co -q {naming}"
    done = shell(command, with_own_tests.parent / below)
    found = [
        line.partition("::")[0] for line in done.stdout.splitlines() if "::" in line
    ]
    suite = {test.file.name for test in collect()}
    assert {Path(file).name for file in found} == {*suite, "test_mine.py"}
    assert len([file for file in found if file.endswith("test_mine.py")]) == 1


def test_whoever_names_a_test_gets_no_more(with_own_tests, project, monkeypatch):
    monkeypatch.chdir(with_own_tests)
    suite, own_tests = str(suite_path()), str(with_own_tests / "tests")
    for named in (["tests"], ["tests", "raft"], ["tests/test_mine.py::test_mine"]):
        assert what_to_collect(with_own_tests, named) == named
    for named in ([], ["raft/"], [str(with_own_tests / "raft")]):
        expected = [suite, own_tests, *named]
        assert what_to_collect(with_own_tests, named) == expected
    # In the lab's own repository, the tests beside the suite are no student's.
    assert what_to_collect(project, []) == [suite]
    assert what_to_collect(project, [str(project)]) == [str(project)]


@pytest.mark.slow
def test_without_the_lab_pytest_says_what_is_missing(starter, shell):
    done = shell("pytest", starter, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "Missing required plugins: raft-lab" in done.stderr
    assert "unrecognized" not in done.stderr


@pytest.mark.slow
def test_every_test_comes_to_a_verdict_on_the_starter(starter, graded_tests):
    submission = Submission.find(starter)
    found = {
        name: run_test(RunConditions(submission, test, 0))
        for name, test in graded_tests.items()
    }
    assert {run.verdict for run in found.values()} == {Verdict.FAILED}
    for run in found.values():
        assert run.code in ("no-leader", "no-agreement"), run.report()


@pytest.fixture
def wheel(project, tmp_path):
    """Build a wheel of the project; return the names in it."""
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "-q", "-w", "."]
    try:
        import hatchling  # noqa: F401

        command.append("--no-build-isolation")
    except ImportError:  # pip fetches it.
        pass
    built = subprocess.run(
        [*command, str(project)], cwd=tmp_path, capture_output=True, text=True
    )
    if "No matching distribution found for hatchling" in built.stderr:
        pytest.skip("neither hatchling nor a package index to fetch it from")
    assert built.returncode == 0, built.stderr
    (file,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        return {name: archive.getinfo(name).file_size for name in archive.namelist()}


@pytest.mark.slow
def test_suite_and_starter_travel_in_the_wheel_and_nothing_else(wheel, project):
    expected = [
        "grade.py",
        "labrpc/__init__.py",
        "raft/raft.py",
        "tester/pytest_plugin/plugin.py",
    ]
    for folder, inside in {
        "tester/handouts/starter": "tester/handouts/starter",
        "tester/handouts/starter_kv": "tester/handouts/starter_kv",
        "tester/handouts/starter_shared": "tester/handouts/starter_shared",
        "tester/handouts/autograder_files": "tester/handouts/autograder_files",
        "tester/reports": "tester/reports",
        "tests/lab2": "tester/lab2",
    }.items():
        expected += [
            f"{inside}/{file.relative_to(project / folder)}"
            for file in sorted((project / folder).rglob("*"))
            if file.is_file() and "__pycache__" not in file.parts
        ]
    assert "tester/lab2/test_2a_election.py" in expected
    assert "tester/handouts/starter_shared/.gitignore" in expected
    assert "tester/reports/templates/class.html" in expected
    # An installed lab can be packed up for Gradescope.
    expected += [f"tester/lab_files/{name}" for name in ROOT_FILES]
    assert [name for name in expected if name not in wheel] == []
    # Nothing else does.
    roots = {name.split("/")[0] for name in wheel}
    packages = {root for root in roots if not root.endswith(".dist-info")}
    assert packages == {"labrpc", "tester", "raft", "grade.py"}
    assert not [name for name in wheel if name.endswith(".pyc")]
