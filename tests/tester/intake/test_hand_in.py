"""Finding the submission in what one student handed in."""

import pytest

RAFT = "class Raft: pass\n"
NO_SUBMISSION = (
    "it holds no submission: expected a folder raft/ or a file raft.py, or one Python "
    "file; there is "
)


def test_a_folder_may_hold_the_submission_further_down_or_as_an_archive(
    tmp_path, find, write, zipped, submission_at, contents, reasons
):
    deep = submission_at(tmp_path / "class" / "alice" / "src" / "lab")
    data = zipped(tmp_path, {"lab/raft.py": "bob = 1\n"})
    write(tmp_path / "class" / "bob", {"hand-in.zip": data, "README.txt": ""})
    write(tmp_path / "class" / "eve", {"a.zip": data, "b.zip": data})
    intake = find(tmp_path / "class")
    assert intake.submissions["alice"] == deep
    assert contents(intake.submissions["bob"]) == {"raft.py": "bob = 1\n"}
    assert reasons(intake) == {
        "eve": "it holds several archives, and no submission beside them: a.zip, b.zip"
    }


def test_the_only_raft_in_a_folder_is_found_wherever_it_lies(
    tmp_path, find, write, reasons
):
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
    assert reasons(intake) == {
        "dan": "it holds more than one Raft: in new, old",
        "eve": NO_SUBMISSION + "README.md, a.py, b.py",
        "fay": NO_SUBMISSION + "README.md, main.py",
    }
    assert intake.notes == [
        "amy: graded the Raft in src",
        "bob: graded the Raft in x/final",
        "cat: graded the Raft in lab/main.py",
    ]


@pytest.mark.parametrize("packed", [False, True])
def test_the_reference_is_nobodys_raft_wherever_it_is_installed(
    tmp_path, find, packed, write, zipped, installed_in
):
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
        "bob: graded the Raft in src",
        "cat: graded the Raft in main.py",
        "dan: graded the Raft in y.py",
    ]


@pytest.mark.parametrize("packed", [False, True])
def test_folders_that_no_module_is_read_from_are_nobodys(
    tmp_path, find, packed, write, zipped, installed_in
):
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
        assert intake.notes == ["alice: graded the Raft in src"]
    else:
        intake = find(write(tmp_path / "alice", files))
        assert list(intake.submissions) == ["src"]
        assert intake.notes == [f"skipped in {tmp_path}/alice: build, env, tests"]
    assert not intake.refused


def test_of_a_package_and_a_module_it_is_said_which_counts(tmp_path, find, write):
    students = tmp_path / "class"
    write(students / "amy", {"raft/__init__.py": RAFT, "raft.py": "old"})
    write(students / "bob", {"raft/old.py": "", "raft.py": RAFT})
    write(students / "cat", {"raft/__init__.py": RAFT, "main.py": "old"})
    assert find(students).notes == [
        "amy: graded raft/, not the raft.py beside it",
        "bob: graded raft.py, not the raft/ beside it",
    ]


def test_where_a_raft_lies_is_told_as_its_student_would(tmp_path, find, write, zipped):
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
def test_what_was_dragged_or_packed_is_the_repository(
    tmp_path, export, file, inside, zipped
):
    """As far as one can see: it is neither a package nor called `src`."""
    intake = export(
        {
            f"Jane Doe_101_assignsubmission_file_/{file}": RAFT,
            "Bo Ek_102_assignsubmission_file_/lab.zip": zipped(tmp_path, {file: RAFT}),
        }
    )
    assert intake.inside == {"Jane Doe": inside, "Bo Ek": inside}


def test_loose_files_are_at_the_top_of_the_repository(export, contents):
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
    tmp_path, find, write, zipped, contents, reasons
):
    files = {"proj/README.md": "", "proj/src/raft.py": RAFT}
    for name, times in [("amy", 1), ("bob", 2), ("eve", 3)]:
        data = zipped(tmp_path, files)
        for _ in range(times - 1):
            data = zipped(tmp_path, {"lab.zip": data})
        write(tmp_path / "class" / name, {"lab.zip": data})
    intake = find(tmp_path / "class")
    assert intake.inside == {"amy": "src"}
    assert contents(intake.submissions["amy"]) == {"raft.py": RAFT}
    assert reasons(intake) == {
        "bob": NO_SUBMISSION + "lab.zip",
        "eve": NO_SUBMISSION + "lab.zip",
    }


def test_no_link_leads_to_somebody_elses(tmp_path, find, write, zipped, submission_at):
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


def test_of_loose_files_and_archives_the_newest_archive_counts(
    tmp_path, export, zipped, contents
):
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


def test_files_that_a_browser_has_numbered_are_pointed_out(tmp_path, find, write):
    """A folder of the cloud with a class's files, or a student's newer version."""
    files = {"raft.py": RAFT, "raft (1).py": RAFT, "raft (2).py": RAFT}
    intake = find(write(tmp_path / "Lab 2", files))
    assert list(intake.submissions) == ["Lab 2"]
    (note,) = intake.notes
    assert (
        "not raft (1).py, raft (2).py beside it; if these are other students'" in note
    )


def test_a_loose_file_that_a_browser_has_numbered_can_be_imported(
    tmp_path, find, write, contents
):
    names = ["doejane_1_2_raft (1).py", "doejane_1_3_log.py"]
    found = find(write(tmp_path / "export", dict.fromkeys(names, RAFT))).submissions
    assert contents(found["doejane"]) == {"log.py": RAFT, "raft.py": RAFT}
