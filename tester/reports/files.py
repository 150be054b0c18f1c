"""Which files there are, and where: each is whole at every moment.

A file is written beside its place and then put there, so that a grader that is
stopped, by a person or by an outer time limit, leaves the last state and never
half of one.
"""

import hashlib
import os
import re
from pathlib import Path

from tester.grades import Grade
from tester.reports.class_report import class_html
from tester.reports.classroom import classroom_json
from tester.reports.grades_csv import grades_csv
from tester.reports.gradescope import gradescope_json
from tester.reports.junit import junit_xml
from tester.reports.results import results_json
from tester.reports.student_report import student_html, student_markdown

NAME_CHARACTERS_MAX = 60
_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]*[a-z0-9_-]|[a-z0-9]")
# What some file systems keep for devices, whatever follows the dot.
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_ENDS_IN_A_HASH = re.compile(r".*-[0-9a-f]{10}")


def write_files(directory: Path, grades: list[Grade]) -> None:
    """Write what there is of the class: results.json, grades.csv, junit.xml, class.html.

    May be called again and again while grading goes on. Where there is but one
    submission, as on Gradescope, its own files are kept up to date as well.
    """
    directory.mkdir(parents=True, exist_ok=True)
    write_whole(directory / "results.json", results_json(grades))
    write_whole(directory / "grades.csv", grades_csv(grades))
    write_whole(directory / "junit.xml", junit_xml(grades))
    write_whole(directory / "class.html", class_html(grades, submission_folder))
    if len(grades) == 1:
        write_submission_files(directory, grades[0])


def write_submission_files(directory: Path, grade: Grade) -> None:
    """Write one submission's own files to its folder: what a student may see."""
    folder = directory / submission_folder(grade.submission)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "report.html", student_html(grade))
    write_whole(folder / "report.md", student_markdown(grade))
    write_whole(folder / "gradescope.json", gradescope_json(grade))
    write_whole(folder / "classroom.json", classroom_json(grade))


def submission_folder(name: str) -> str:
    """Return where a submission's own files go, relative to the results.

    No two names share a folder, on no file system: a name that is not plain
    lower case gets a hash of itself, and so does one that looks as if it had one.
    """
    plain = (
        _PLAIN.fullmatch(name)
        and len(name) <= NAME_CHARACTERS_MAX
        and not _RESERVED.fullmatch(name)
        and not _ENDS_IN_A_HASH.fullmatch(name)
    )
    if plain:
        return f"submissions/{name}"
    readable = re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:10]
    readable = readable[:NAME_CHARACTERS_MAX].strip("-") or "submission"
    return f"submissions/{readable}-{digest}"


def write_whole(file: Path, content: bytes) -> None:
    """Write a file so that whoever reads it finds the old content or the new."""
    beside = file.with_name(f".{file.name}.new")
    beside.write_bytes(content)
    os.replace(beside, file)
