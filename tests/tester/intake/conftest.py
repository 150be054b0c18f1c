"""Folders and archives as students and course platforms make them."""

import shutil
import zipfile

import pytest

from tester.intake.find import find_submissions

RAFT = "class Raft: pass\n"


def _submission_at(directory):
    """Write a submission, as far as anybody looks."""
    directory.mkdir(parents=True)
    (directory / "raft.py").write_text(RAFT)
    return directory


def _write(directory, files):
    """Write files below a directory, by name; bytes or text."""
    for name, content in files.items():
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return directory


def _zipped(tmp_path, files):
    """Return the bytes of a zip."""
    file = tmp_path / "zipped.zip"
    with zipfile.ZipFile(file, "w") as out:
        for name, content in files.items():
            out.writestr(name, content)
    data = file.read_bytes()
    file.unlink()
    return data


def _contents(path):
    """Return what a submission holds: its text, or name to text."""
    if path.is_file():
        return path.read_text()
    return {
        str(file.relative_to(path)): file.read_text()
        for file in sorted(path.rglob("*.py"))
    }


INSTALLED = {
    "{}/pyvenv.cfg": "home = /usr/bin\n",
    "{}/lib/python3.11/site-packages/raft/raft.py": "the reference\n",
    "{}/lib/python3.11/site-packages/lab.py": "",
    "{}/bin/activate_this.py": "",
}


def _installed_in(folder):
    """Return the files of a virtual environment."""
    return {name.format(folder): text for name, text in INSTALLED.items()}


@pytest.fixture(scope="session")
def submission_at():
    """Return the function that writes a submission."""
    return _submission_at


@pytest.fixture(scope="session")
def write():
    """Return the function that writes files by name."""
    return _write


@pytest.fixture(scope="session")
def zipped():
    """Return the function that makes a zip of files by name."""
    return _zipped


@pytest.fixture(scope="session")
def contents():
    """Return the function that reads what a submission holds."""
    return _contents


@pytest.fixture(scope="session")
def reasons():
    """Return the function that says why each submission was refused, by name."""
    return lambda intake: {name: str(why) for name, why in intake.refused.items()}


@pytest.fixture(scope="session")
def installed_in():
    """Return the function that names the files of a virtual environment."""
    return _installed_in


@pytest.fixture
def find(tmp_path):
    """Return a function that finds submissions, and unpacks what has to be."""

    def find_(*paths, single=False, pattern=None, **options):
        to = tmp_path / "out" / "unpacked"
        return find_submissions([*map(str, paths)], to, single, pattern, **options)

    return find_


@pytest.fixture(params=["as a folder", "as a zip"])
def export(request, tmp_path, find):
    """Return a function that takes in an export, given either way."""

    def take_in(files):
        directory = _write(tmp_path / "download" / "export", files)
        if request.param == "as a folder":
            return find(directory)
        archive = shutil.make_archive(str(tmp_path / "class"), "zip", directory.parent)
        shutil.rmtree(directory)
        return find(archive)

    return take_in
