"""The folder of a Gradescope autograder: what is in it, and what is not."""

import os
import subprocess

import msgspec
import pytest

import grade
from tester.cli.main import parse
from tester.errors import UsageError
from tester.handouts import gradescope_bundle as autograder
from tester.handouts import starter_repo
from tester.handouts.gradescope_bundle import write_autograder
from tester.handouts.gradescope_run import Settings

SECRET = "0123456789abcdef" * 4


FILES = {"setup.sh", "run_autograder", "settings.toml", "lab"}


@pytest.fixture
def written(tmp_path):
    """Write an autograder's folder."""
    directory = tmp_path / "written"
    assert grade.main(["autograder", str(directory)]) == 0
    return directory


def names_in(directory):
    return {path.name for path in directory.iterdir()}


def test_the_folder_has_what_gradescope_wants(written, capsys):
    assert names_in(written) == FILES
    for script in ("setup.sh", "run_autograder"):
        assert os.access(written / script, os.X_OK)
        checked = subprocess.run(["bash", "-n", written / script])
        assert checked.returncode == 0
        assert b"\r" not in (written / script).read_bytes()
    settings = msgspec.toml.decode(
        (written / "settings.toml").read_bytes(), type=Settings
    )
    assert settings.time_limit_s < 600
    assert "--jobs" in settings.options
    parse("raft-lab", ["./submission", *settings.options])


def test_the_lab_travels_along_but_not_the_solution(written, project):
    lab = written / "lab"
    assert (lab / "tests/lab2/test_2a_election.py").is_file()
    assert (lab / "tester/reports/templates/class.html").is_file()
    assert (lab / "pyproject.toml").read_bytes() == (
        project / "pyproject.toml"
    ).read_bytes()
    assert not list(lab.rglob("*.pyc"))
    # Neither the reference nor an example: a submission could read it there.
    assert not (lab / "raft").exists()
    sources = [file.read_text() for file in lab.rglob("*.py")]
    assert not [text for text in sources if "def _become_candidate" in text]
    assert "def _become_candidate" in (project / "raft/raft.py").read_text()


def test_of_lab_3_the_reference_travels_along_for_services_to_run_on(tmp_path, capsys):
    rubric = tmp_path / "rubric.toml"
    rubric.write_text("lab = 3\n")
    written = tmp_path / "written"
    assert grade.main(["autograder", str(written), "--rubric", str(rubric)]) == 0
    assert (written / "lab/raft/raft.py").is_file()
    assert (written / "lab/tests/lab3/counter.py").is_file()
    # The starter's, and no solution.
    (clerk,) = (written / "lab").rglob("clerk.py")
    assert "starter_kv" in clerk.parts
    settings = msgspec.toml.decode(
        (written / "settings.toml").read_bytes(), type=Settings
    )
    assert (settings.lab, settings.options) == (3, ["--jobs", "1"])
    assert grade.main(["autograder", str(tmp_path / "a"), "--lab", "3"]) == 0
    assert "\nlab = 3\n" in (tmp_path / "a/settings.toml").read_text()
    other = ["autograder", str(tmp_path / "b"), "--rubric", str(rubric), "--lab", "2"]
    assert grade.main(other) == 2
    assert "is a rubric for lab 3" in capsys.readouterr().err


def test_an_installed_lab_has_its_own_copy_of_what_pip_needs(tmp_path, monkeypatch):
    kept = tmp_path / "lab_files"
    kept.mkdir()
    for name in autograder.ROOT_FILES:
        (kept / name).parent.mkdir(exist_ok=True)
        (kept / name).write_text(f"{name} of the wheel")
    monkeypatch.setattr(starter_repo, "KEPT_IN_WHEEL", kept)
    write_autograder(tmp_path / "written")
    written = (tmp_path / "written/lab/pyproject.toml").read_text()
    assert written == "pyproject.toml of the wheel"


def test_nothing_is_overwritten(tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    assert grade.main(["autograder", str(tmp_path / "mine")]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert names_in(tmp_path / "mine") == {"notes.txt"}


@pytest.mark.slow
def test_a_rubric_and_its_secret_travel_along(tmp_path):
    rubric = tmp_path / "course.toml"
    rubric.write_text('[seeds]\nhidden = 20\nsecret_file = "secret.txt"\n')
    (tmp_path / "secret.txt").write_text(SECRET)
    write_autograder(tmp_path / "written", rubric)
    assert names_in(tmp_path / "written") == FILES | {"rubric.toml", "secret.txt"}
    assert (tmp_path / "written/rubric.toml").read_text() == rubric.read_text()
    assert (tmp_path / "written/secret.txt").read_text() == SECRET
    # How many seeds there are is then the rubric's affair.
    settings = (tmp_path / "written/settings.toml").read_bytes()
    assert msgspec.toml.decode(settings, type=Settings).options == ["--jobs", "1"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot read"),
        ("[seeds", "rubric.toml"),
        ("[seeds]\nhiden = 1", "hidden"),
        ('[seeds]\nhidden = 1\nsecret_file = "secret.txt"', "secret"),
        ('[seeds]\nhidden = 1\nsecret_file = "../secret.txt"', "beside the rubric"),
        # Only by such a name does run_autograder know what not to show.
        ('[seeds]\nhidden = 1\nsecret_file = "key.txt"', "begins with `secret`"),
    ],
)
def test_a_rubric_that_is_wrong_or_cannot_travel_is_refused(tmp_path, text, words):
    rubric = tmp_path / "course/rubric.toml"
    rubric.parent.mkdir()
    for secret in (tmp_path / "secret.txt", tmp_path / "course/key.txt"):
        secret.write_text(SECRET)
    if text is not None:
        rubric.write_text(text)
    with pytest.raises(UsageError, match=words):
        write_autograder(tmp_path / "written", rubric)
    assert not (tmp_path / "written").exists()


@pytest.mark.slow
def test_the_suites_of_a_rubric_travel_along(tmp_path):
    suite = tmp_path / "suite-autumn"
    suite.mkdir()
    text = (
        '"""Part 9A: calm clusters."""\nimport pytest\n@pytest.mark.part("9A")\n'
        "@pytest.mark.points(1)\n@pytest.mark.cluster(servers=3)\n"
        "def test_calm(cluster): cluster.check_one_leader()\n"
    )
    (suite / "test_calm.py").write_text(text)
    rubric = tmp_path / "rubric.toml"
    rubric.write_text('suites = ["suite-autumn"]\n')
    write_autograder(tmp_path / "written", rubric)
    assert (tmp_path / "written/suite-autumn/test_calm.py").read_text() == text
    # Only by such a name does run_autograder know what not to show.
    assert "/suite*" in (tmp_path / "written/run_autograder").read_text()
    suite.rename(tmp_path / "autumn")
    rubric.write_text('suites = ["autumn"]\n')
    with pytest.raises(UsageError, match="its name begins with `suite`"):
        write_autograder(tmp_path / "again", rubric)
