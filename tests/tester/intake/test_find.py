"""Finding submissions: folders, archives, and what course platforms export."""

import shutil
import stat
import sys
import zipfile
from pathlib import Path

import pytest

from tester.errors import UsageError
from tester.intake.find import find_submissions
from tester.reports import write_files

RAFT = "class Raft: pass\n"


def submission_at(directory):
    """Write a submission, as far as anybody looks."""
    directory.mkdir(parents=True)
    (directory / "raft.py").write_text(RAFT)
    return directory


def write(directory, files):
    """Write files below a directory, by name; bytes or text."""
    for name, content in files.items():
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return directory


def zipped(tmp_path, files):
    """Return the bytes of a zip."""
    file = tmp_path / "zipped.zip"
    with zipfile.ZipFile(file, "w") as out:
        for name, content in files.items():
            out.writestr(name, content)
    data = file.read_bytes()
    file.unlink()
    return data


def contents(path):
    """Return what a submission holds: its text, or name to text."""
    if path.is_file():
        return path.read_text()
    return {
        str(file.relative_to(path)): file.read_text()
        for file in sorted(path.rglob("*.py"))
    }


@pytest.fixture
def find(tmp_path):
    """Return a function that finds submissions, and unpacks what has to be."""

    def find_(*paths):
        return find_submissions([*map(str, paths)], tmp_path / "out" / "unpacked")

    return find_


@pytest.fixture(params=["as a folder", "as a zip"])
def export(request, tmp_path, find):
    """Return a function that takes in an export, given either way."""

    def take_in(files):
        directory = write(tmp_path / "download" / "export", files)
        if request.param == "as a folder":
            return find(directory)
        archive = shutil.make_archive(str(tmp_path / "class"), "zip", directory.parent)
        shutil.rmtree(directory)
        return find(archive)

    return take_in


# Folders, and names.


def test_a_path_is_a_submission_or_a_folder_of_them(tmp_path, find):
    alice, bob = submission_at(tmp_path / "alice"), submission_at(tmp_path / "bob")
    (tmp_path / "carol.py").write_text(RAFT)
    (tmp_path / "notes.txt").write_text("none\n")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__MACOSX").mkdir()
    write_files(tmp_path / "grades", [])
    (tmp_path / "out" / "unpacked").mkdir(parents=True)
    everybody = {"alice": alice, "bob": bob, "carol": tmp_path / "carol.py"}
    intake = find(tmp_path)
    assert intake.submissions == everybody
    assert not intake.refused
    assert intake.notes == [f"passed over in {tmp_path}: .hidden, __MACOSX, notes.txt"]
    assert find(bob).submissions == {"bob": bob}
    # Named twice, graded once.
    assert find(tmp_path, bob).submissions == everybody


def test_names_are_unique(tmp_path, find):
    for directory in ("a/x", "b/x", "c/raft", "d/raft"):
        submission_at(tmp_path / directory)
    paths = [tmp_path / d for d in ("a/x", "b/x", "c/raft", "d/raft")]
    assert list(find(*paths).submissions) == ["a/x", "b/x", "c/raft", "d/raft"]
    assert list(find(*paths[2:3]).submissions) == ["raft"]


def test_two_that_share_even_the_directorys_name_are_told_apart(tmp_path, find):
    for directory in ("1/b/x", "2/b/x", "3/b/x"):
        submission_at(tmp_path / directory)
    names = list(find(*[tmp_path / d for d in ("1/b/x", "2/b/x", "3/b/x")]).submissions)
    assert names == ["b/x", "b/x (2)", "b/x (3)"]


def test_an_archive_beside_a_folder_of_its_name_is_named_as_an_archive(tmp_path, find):
    submission_at(tmp_path / "class" / "alice")
    data = zipped(tmp_path, {"raft.py": RAFT})
    write(tmp_path / "class", {"alice.zip": data})
    assert set(find(tmp_path / "class").submissions) == {"class/alice", "alice.zip"}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.mkdir(), "neither a submission nor a folder of submissions"),
        (
            lambda path: write(path, {"submission_metadata.yml": "{}"}),
            "neither a submission nor a folder of submissions",
        ),
    ],
)
def test_a_path_without_submissions_is_wrong_usage(tmp_path, find, make, words):
    make(tmp_path / "x")
    with pytest.raises(UsageError, match=words):
        find(tmp_path / "x")


def test_a_folder_may_hold_the_submission_further_down_or_as_an_archive(tmp_path, find):
    deep = submission_at(tmp_path / "class" / "alice" / "src" / "lab")
    data = zipped(tmp_path, {"lab/raft.py": "bob = 1\n"})
    write(tmp_path / "class" / "bob", {"hand-in.zip": data, "README.txt": ""})
    write(tmp_path / "class" / "eve", {"a.zip": data, "b.zip": data})
    intake = find(tmp_path / "class")
    assert intake.submissions["alice"] == deep
    assert contents(intake.submissions["bob"]) == {"raft.py": "bob = 1\n"}
    assert intake.refused == {
        "eve": "it holds several archives, and no submission beside them: a.zip, b.zip"
    }


def test_the_only_raft_in_a_folder_is_found_wherever_it_lies(tmp_path, find):
    students = tmp_path / "class"
    write(students / "amy", {"README.md": "", "src/raft/log.py": "", "tests/x.py": ""})
    write(students / "bob", {"x/a.txt": "", "x/final/raft.py": RAFT, "docs/y.py": ""})
    write(students / "cat", {"README.md": "", "lab/main.py": RAFT, "tests/raft.py": ""})
    write(
        students / "dan", {"README.md": "", "old/raft.py": "", "new/raft/raft.py": ""}
    )
    write(students / "eve", {"README.md": "", "a.py": "", "b.py": ""})
    write(students / "fay", {"README.md": ""})
    (students / "fay" / "main.py").symlink_to(students / "cat" / "lab" / "main.py")
    intake = find(students)
    assert intake.submissions == {
        "amy": students / "amy" / "src",
        "bob": students / "bob" / "x" / "final",
        "cat": students / "cat" / "lab" / "main.py",
        "dan": students / "dan",
        "eve": students / "eve",
        "fay": students / "fay",
    }
    assert intake.refused == {"dan": "it holds more than one Raft: in new, old"}
    assert intake.notes == [
        "amy: graded is what lies in src",
        "bob: graded is what lies in x/final",
        "cat: graded is what lies in lab/main.py",
    ]


INSTALLED = {
    "{}/pyvenv.cfg": "home = /usr/bin\n",
    "{}/lib/python3.11/site-packages/raft/raft.py": "the reference\n",
    "{}/lib/python3.11/site-packages/lab.py": "",
    "{}/bin/activate_this.py": "",
}


def installed_in(folder):
    """Return the files of a virtual environment."""
    return {name.format(folder): text for name, text in INSTALLED.items()}


@pytest.mark.parametrize("packed", [False, True])
def test_the_reference_is_nobodys_raft_wherever_it_is_installed(tmp_path, find, packed):
    students = {
        "amy": {"README.md": "", **installed_in("env")},
        "bob": {"README.md": "", "src/raft.py": RAFT, **installed_in("any name")},
        "cat": {"README.md": "", "main.py": RAFT, **installed_in(".")},
        "dan": {"x/site-packages/raft/raft.py": "", "y.py": RAFT},
    }
    for name, files in students.items():
        if packed:
            data = zipped(tmp_path, files)
            write(tmp_path / "class", {f"{name}.zip": data})
        else:
            write(tmp_path / "class" / name, files)
    intake = find(tmp_path / "class")
    found = {name: path.name for name, path in intake.submissions.items()}
    amy = found.pop("amy")
    assert "amy" in amy
    assert found == {"bob": "src", "cat": "main.py", "dan": "y.py"}
    assert intake.notes == [
        "bob: graded is what lies in src",
        "cat: graded is what lies in main.py",
        "dan: graded is what lies in y.py",
    ]


@pytest.mark.parametrize("packed", [False, True])
def test_folders_that_no_module_is_read_from_are_nobodys(tmp_path, find, packed):
    files = {
        "src/raft.py": RAFT,
        "build/lib/raft.py": RAFT,
        "tests/old/raft.py": RAFT,
        **installed_in("env"),
    }
    if packed:
        (tmp_path / "alice.zip").write_bytes(zipped(tmp_path, files))
        intake = find(tmp_path / "alice.zip")
        assert list(intake.submissions) == ["alice"]
        assert intake.notes == ["alice: graded is what lies in src"]
    else:
        intake = find(write(tmp_path / "alice", files))
        assert list(intake.submissions) == ["src"]
        assert intake.notes == [f"passed over in {tmp_path}/alice: build, env, tests"]
    assert not intake.refused


def test_a_student_whose_folder_is_an_environment_is_one_all_the_same(tmp_path, find):
    submission_at(tmp_path / "class" / "alice")
    write(tmp_path / "class" / "bob", {"raft.py": RAFT, **installed_in(".")})
    write(tmp_path / "class" / "eve", {"src/raft.py": RAFT, **installed_in(".")})
    submission_at(tmp_path / "class" / "test")
    found = find(tmp_path / "class").submissions
    assert list(found) == ["alice", "bob", "eve", "test"]


def test_of_a_package_and_a_module_it_is_said_which_counts(tmp_path, find):
    students = tmp_path / "class"
    write(students / "amy", {"raft/__init__.py": RAFT, "raft.py": "old"})
    write(students / "bob", {"raft/old.py": "", "raft.py": RAFT})
    write(students / "cat", {"raft/__init__.py": RAFT, "main.py": "old"})
    assert find(students).notes == [
        "amy: graded is raft/, and not the raft.py beside it",
        "bob: graded is raft.py, and not the raft/ beside it",
    ]


def test_every_archive_is_somebodys(tmp_path, export):
    """Also those that nobody reads: their students would vanish from the grades."""
    files = {
        "ada.zip": zipped(tmp_path, {"raft.py": RAFT}),
        "bo.7z": "",
        "cy.RAR": "",
        "di.tar.zst": "",
        "ed.py.gz": "",
        "fay/raft.7z": "",
        "GUS.PY": RAFT,
        "hal.tar.xz": "damaged",
        "README.md": "",
    }
    intake = export(files)
    assert intake.refused.pop("hal").startswith("hal.tar.xz was refused: it cannot be")
    assert intake.refused == {
        "bo": "a .7z is not read: hand in a .zip",
        "cy": "a .rar is not read: hand in a .zip",
        "di": "a .tar.zst is not read: hand in a .zip",
        "ed.py": "a .gz is not read: hand in a .zip",
        "fay": "a .7z is not read: hand in a .zip",
    }
    assert contents(intake.submissions["GUS"]) == RAFT
    assert "GUS" in intake.submissions.keys() - intake.refused.keys()


def test_where_a_raft_lies_is_told_as_its_student_would(tmp_path, find):
    """Relative to the repository, which is what was handed in, or what was packed."""
    layouts = {
        ".": {"raft.py": RAFT},
        "main.py": {"main.py": RAFT, "README.md": ""},
        "src": {"src/raft/raft.py": RAFT, "README.md": ""},
        "lab2/impl": {"lab2/impl/raft.py": RAFT},
    }
    for number, files in enumerate(layouts.values()):
        write(tmp_path / "class" / f"{number} plain", files)
        archive = zipped(tmp_path, {f"proj/{name}": t for name, t in files.items()})
        write(tmp_path / "class", {f"{number} zip.zip": archive})
    intake = find(tmp_path / "class")
    for number, inside in enumerate(layouts):
        assert intake.inside[f"{number} plain"] == inside
        assert intake.inside[f"{number} zip"] == inside


@pytest.mark.parametrize(
    ("file", "inside"),
    [
        ("raft.py", "."),
        ("src/raft.py", "src"),
        ("proj/raft.py", "."),
        ("proj/src/raft.py", "src"),
        ("package/__init__.py", "package"),
        ("proj/package/__init__.py", "package"),
    ],
)
def test_what_was_dragged_or_packed_is_the_repository(tmp_path, export, file, inside):
    """As far as one can see: it is neither a package nor called `src`."""
    intake = export(
        {
            f"Jane Doe_101_assignsubmission_file_/{file}": RAFT,
            "Bo Ek_102_assignsubmission_file_/lab.zip": zipped(tmp_path, {file: RAFT}),
        }
    )
    assert intake.inside == {"Jane Doe": inside, "Bo Ek": inside}


def test_loose_files_are_at_the_top_of_the_repository(export):
    intake = export(
        {
            "a_1_11_raft.py": RAFT,
            "b_2_21_main.py": RAFT,
            "c_3_31_raft.py": RAFT,
            "c_3_32_log.PY": "x = 1\n",
        }
    )
    assert intake.inside == {"a": ".", "b": "main.py", "c": "."}
    assert contents(intake.submissions["c"]) == {"log.py": "x = 1\n", "raft.py": RAFT}


def test_the_only_raft_is_found_in_an_archive_in_a_folder_and_none_is_without_end(
    tmp_path, find
):
    files = {"proj/README.md": "", "proj/src/raft.py": RAFT}
    for name, times in [("amy", 1), ("bob", 2), ("eve", 3)]:
        data = zipped(tmp_path, files)
        for _ in range(times - 1):
            data = zipped(tmp_path, {"lab.zip": data})
        write(tmp_path / "class" / name, {"lab.zip": data})
    intake = find(tmp_path / "class")
    assert intake.inside == {"amy": "src", "bob": ".", "eve": "."}
    assert contents(intake.submissions["amy"]) == {"raft.py": RAFT}
    assert contents(intake.submissions["bob"]) == {}


def test_no_link_leads_to_somebody_elses(tmp_path, find):
    submission_at(tmp_path / "class" / "bob")
    data = zipped(tmp_path, {"raft.py": RAFT})
    write(tmp_path / "other", {"bob.zip": data})
    for name, target in [("eve", "class/bob"), ("mallory", "other/bob.zip")]:
        (tmp_path / "class" / name).mkdir()
        link = tmp_path / "class" / name / target.split("/")[1]
        link.symlink_to(tmp_path / target)
    found = find(tmp_path / "class").submissions
    assert found["eve"] == tmp_path / "class" / "eve"
    assert found["mallory"] == tmp_path / "class" / "mallory"


def test_an_archive_of_several_students_becomes_several_submissions(tmp_path, find):
    files = {
        "all/alice/raft/raft.py": RAFT,
        "all/bob.zip": zipped(tmp_path, {"raft.py": RAFT}),
    }
    archive = tmp_path / "all.zip"
    archive.write_bytes(zipped(tmp_path, files))
    assert list(find(archive).submissions) == ["alice", "bob"]
    # One with a package and its tests is one.
    archive.write_bytes(zipped(tmp_path, {"a/raft/raft.py": RAFT, "a/old/raft.py": ""}))
    assert list(find(archive).submissions) == ["all"]


def test_a_link_in_an_archive_of_several_is_refused_as_that_students(tmp_path, find):
    link = zipfile.ZipInfo("all/eve/raft/log.py")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    files = {"all/alice/raft.py": RAFT, "all/eve/raft/raft.py": RAFT, link: "../x"}
    (tmp_path / "all.zip").write_bytes(zipped(tmp_path, files))
    intake = find(tmp_path / "all.zip")
    assert list(intake.submissions) == ["alice", "eve"]
    assert list(intake.refused) == ["eve"]
    assert "'raft/log.py' in it is a link" in intake.refused["eve"]


def test_what_cannot_be_read_is_refused_and_the_others_go_on(
    tmp_path, find, monkeypatch
):
    alice = submission_at(tmp_path / "class" / "alice")
    submission_at(tmp_path / "class" / "bob" / "lab")
    real = Path.iterdir

    def iterdir(path):
        if path.name == "bob":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    intake = find(tmp_path / "class")
    assert intake.refused == {"bob": "it cannot be read: Permission denied"}
    assert intake.submissions["alice"] == alice
    with pytest.raises(UsageError, match="bob cannot be read: Permission denied"):
        find(tmp_path / "class" / "bob")


@pytest.mark.skipif(sys.platform == "darwin", reason="file names there are UTF-8")
def test_names_that_are_not_utf_8_become_readable(tmp_path, find):
    folder = tmp_path / "class" / "caf\udce9"
    write(folder, {"raft.py": RAFT, "z\udcff.py": "x = 1\n"})
    (tmp_path / "class" / "na\udcefve.py").write_text(RAFT)
    intake = find(tmp_path / "class")
    assert list(intake.submissions) == ["café", "naïve"]
    for path in intake.submissions.values():
        str(path).encode()
    assert contents(intake.submissions["café"]) == {"raft.py": RAFT, "zÿ.py": "x = 1\n"}


# Course platforms.


def test_canvas(tmp_path, export):
    intake = export(
        {
            "doejane_LATE_101_9001_raft-2.py": "jane = 1\n",
            "doejane_LATE_101_9002_log.py": "",
            "doejane_LATE_101_9000_raft.py": "an older one of the same name",
            "doejane_102_9003_raft.py": "another Jane\n",
            "o_malleybo_103_9004_my-lab-1.zip": zipped(
                tmp_path, {"__MACOSX/._x": "", "lab/raft/__init__.py": "bo = 1\n"}
            ),
            "o_malleybo_103_9005_report.pdf": "",
            "leelin_104_9006_essay.docx": "",
            "anon_Ab3dE_9007_raft.py": "anon = 1\n",
            "koandy_105_text.html": "typed into the browser",
            "paxi_106_9008_raft.7z": "",
        }
    )
    found = {name: contents(path) for name, path in intake.submissions.items()}
    del found["leelin"], found["paxi"]
    assert found == {
        "anon": "anon = 1\n",
        "doejane_101": {"log.py": "", "raft.py": "jane = 1\n"},
        "doejane_102": "another Jane\n",
        "o_malleybo": {"raft/__init__.py": "bo = 1\n"},
    }
    assert intake.refused == {
        "leelin": "no Python file and no archive was handed in, but essay.docx",
        "paxi": "a .7z is not read: hand in a .zip",
    }
    said = "\n".join(intake.notes)
    assert "passed over doejane_LATE_101_9000_raft.py" in said
    assert "o_malleybo: passed over o_malleybo_103_9005_report.pdf" in said
    assert "koandy_105_text.html" in said


def test_canvas_names_are_those_that_modules_import_each_other_by(export):
    intake = export({"doejane_1_2_raft-1.py": RAFT, "doejane_1_3_log-1.py": ""})
    assert [file.name for file in sorted(intake.submissions["doejane"].iterdir())] == [
        "log.py",
        "raft.py",
    ]


def test_of_loose_files_and_archives_the_newest_archive_counts(tmp_path, export):
    old, new = (zipped(tmp_path, {"raft.py": f"{n} = 1\n"}) for n in ("old", "new"))
    intake = export(
        {
            "a_1_12_lab.zip": new,
            "a_1_11_lab.zip": old,
            "a_1_13_notes.py": "",
            # Here the archive holds something else.
            "b_2_21_logs.zip": old,
            "b_2_20_raft.py": "loose = 1\n",
        }
    )
    assert contents(intake.submissions["a"]) == {"raft.py": "new = 1\n"}
    assert contents(intake.submissions["b"]) == "loose = 1\n"
    assert len(intake.notes) == 2


def test_moodle_with_folders(tmp_path, export):
    intake = export(
        {
            "Jane Doe_101_assignsubmission_file_/raft/__init__.py": "jane = 1\n",
            "Jane Doe_101_assignsubmission_onlinetext_/onlinetext.html": "",
            "Bo Ek_102_assignsubmission_file/lab.zip": zipped(
                tmp_path, {"raft.py": "bo = 1\n"}
            ),
            "Participant_103_assignsubmission_file_/raft.py": "one = 1\n",
            "Participant_104_assignsubmission_file_/raft.py": "two = 1\n",
            "Al Typer_105_assignsubmission_onlinetext_/onlinetext.html": "",
        }
    )
    found = {name: contents(path) for name, path in intake.submissions.items()}
    del found["Al Typer"]
    assert found == {
        "Bo Ek": {"raft.py": "bo = 1\n"},
        "Jane Doe": {"raft/__init__.py": "jane = 1\n"},
        "Participant_103": {"raft.py": "one = 1\n"},
        "Participant_104": {"raft.py": "two = 1\n"},
    }
    assert intake.refused.keys() == {"Al Typer"}


def test_moodle_with_a_single_student(export):
    files = {"Jane Doe_101_assignsubmission_file_/raft/__init__.py": "jane = 1\n"}
    assert list(export(files).submissions) == ["Jane Doe"]


def test_moodle_without_folders(tmp_path, export):
    intake = export(
        {
            "Jane Doe_101_assignsubmission_file_raft.py": "jane = 1\n",
            "Jane Doe_101_assignsubmission_file_log.py": "",
            "Bo Ek_102_assignsubmission_file_lab.tar.gz": b"damaged",
        }
    )
    assert contents(intake.submissions["Jane Doe"]) == {
        "log.py": "",
        "raft.py": "jane = 1\n",
    }
    assert intake.refused["Bo Ek"].startswith(
        "Bo Ek_102_assignsubmission_file_lab.tar.gz was refused: it cannot be unpacked"
    )


def test_an_empty_folder_is_a_student_who_handed_in_nothing(tmp_path, find):
    folder = tmp_path / "export"
    submission_at(folder / "Jane Doe_101_assignsubmission_file_")
    (folder / "Bo Ek_102_assignsubmission_file_").mkdir()
    archive = shutil.make_archive(str(tmp_path / "class"), "zip", folder)
    for given in (folder, archive):
        intake = find(given)
        assert list(intake.submissions) == ["Bo Ek", "Jane Doe"]
        assert intake.refused == {"Bo Ek": "nothing was handed in"}


# In one folder, or one archive, more.


MOODLE = {
    "Jane Doe_101_assignsubmission_file_/raft.py": RAFT,
    "Bo Ek_102_assignsubmission_file_/raft.py": RAFT,
}


@pytest.mark.parametrize("folder", ["", "export/", "a/b/"])
@pytest.mark.parametrize("packed", [False, True])
def test_an_export_is_found_in_folders_that_hold_nothing_else(
    tmp_path, find, folder, packed
):
    files = {f"{folder}class.zip": zipped(tmp_path, MOODLE)} if packed else {
        f"{folder}{name}": text for name, text in MOODLE.items()
    }  # fmt: skip
    top = write(tmp_path / "download", files | {"__MACOSX/x": ""})
    write(top / "grades", {"results.json": "{}"})
    assert list(find(top).submissions) == ["Bo Ek", "Jane Doe"]


def test_the_results_of_this_grading_are_not_beside_the_export(tmp_path):
    top = write(tmp_path / "download", {f"x/{n}": t for n, t in MOODLE.items()})
    (top / "grades" / "unpacked").mkdir(parents=True)
    intake = find_submissions([str(top)], top / "grades" / "unpacked")
    assert list(intake.submissions) == ["Bo Ek", "Jane Doe"]


def test_a_class_is_found_in_a_folder_that_holds_nothing_else(tmp_path, find):
    everybody = {"all/alice/raft/raft.py": RAFT, "all/bob/raft.py": RAFT}
    assert list(find(write(tmp_path / "1", everybody)).submissions) == ["alice", "bob"]
    # A class of one is no such folder, whatever that one has handed in.
    for number, name in enumerate(["raft.py", "src/raft.py", "hand-in.zip"], start=2):
        data = zipped(tmp_path, {"raft.py": RAFT})
        path = write(tmp_path / str(number), {f"alice/{name}": data})
        assert list(find(path).submissions) == ["alice"]


METADATA = """\
submission_11:
  :submitters:
  - :name: Jane Doe
    :sid: '1'
    :email: jane@example.org
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2026-01-02 03:04:05.000000000 Z
    zone: !ruby/object:ActiveSupport::TimeZone
      name: Etc/UTC
  :score: 0.0
submission_12:
  :submitters:
  - :name: José/Núñez
    :email: jose@example.org
  - :email: bo@example.org
submission_13:
  :submitters:
  - :name: Jane Doe
submission_15:
  :submitters:
  - :name: Eve Empty
"""


def test_gradescope(export):
    intake = export(
        {
            "submission_metadata.yml": METADATA,
            "submission_11/raft/__init__.py": "jane = 1\n",
            "submission_12/raft.py": "both = 1\n",
            "submission_13/src/raft.py": "other = 1\n",
            "submission_14/raft.py": "unnamed = 1\n",
        }
    )
    found = {name: contents(path) for name, path in intake.submissions.items()}
    assert found.pop("Eve Empty") == {}
    assert intake.refused == {"Eve Empty": "nothing was handed in"}
    assert found == {
        "Jane Doe_11": {"raft/__init__.py": "jane = 1\n"},
        "José_Núñez and bo@example.org": {"raft.py": "both = 1\n"},
        "Jane Doe_13": {"raft.py": "other = 1\n"},
        "submission_14": {"raft.py": "unnamed = 1\n"},
    }
    assert not intake.notes


@pytest.mark.parametrize(
    "text", ["", "- 1", "a: [", "submission_1: 3", b"\xff\xfe\x00"]
)
def test_gradescopes_folders_name_those_of_whom_nothing_is_told(export, text):
    intake = export({"submission_metadata.yml": text, "submission_1/raft.py": RAFT})
    assert list(intake.submissions) == ["submission_1"]
    (note,) = intake.notes
    assert "cannot be read as Gradescope writes it" in note
