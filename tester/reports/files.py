"""The files of a grading: which there are, where, and how they are replaced.

Each file is written beside its place and then moved there. So a grader that is stopped,
by a person or by a time limit, leaves the last state and never half of one.
"""

import errno
import hashlib
import os
import re
from collections.abc import Container, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from tester.intake.similarity import SimilarPair
from tester.reports.class_report import class_html
from tester.reports.classroom import classroom_json
from tester.reports.grades_csv import grades_csv
from tester.reports.gradescope import gradescope_json
from tester.reports.junit import junit_xml
from tester.reports.results import results_json
from tester.reports.student_report import student_html, student_markdown
from tester.reports.terminal import details_text
from tester.scoring.grades import Grade

SUBMISSIONS = "submissions"
CLASS_FILES = ("results.json", "grades.csv", "junit.xml", "class.html")
DETAILS = "details.txt"
NAME_CHARACTERS_MAX = 60
_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]*[a-z0-9_-]|[a-z0-9]")
# Names that some file systems reserve for devices, with any suffix.
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_ENDS_IN_A_HASH = re.compile(r".*-[0-9a-f]{10}")
# The name under which a file is written before it is moved to its place.
BESIDE = ".{}.new"
# The files in a submission's folder, all of which its student may see.
REPORTS = ("report.html", "report.md", "gradescope.json", "classroom.json")
_WRITTEN = frozenset([*REPORTS, *map(BESIDE.format, REPORTS)])
# Pictures of failing runs lie beside them.
_PICTURE = re.compile(r"test_\w+-seed\d+\.html|\.test_\w+-seed\d+\.html\.new")


def write_files(
    directory: Path,
    grades: list[Grade],
    similar: Sequence[SimilarPair] = (),
    *,
    under_way: bool = False,
) -> None:
    """Write the files of the class: results.json, grades.csv, junit.xml, class.html.

    They can be written again and again while grading goes on. If there is only one
    submission, as on Gradescope, its own files are written as well.

    Args:
        directory: where the results are.
        grades: one per submission.
        similar: the submissions that have much code in common, for class.html alone.
        under_way: whether the grading goes on.
    """
    (directory / SUBMISSIONS).mkdir(parents=True, exist_ok=True)
    write_atomically(directory / "results.json", results_json(grades))
    write_atomically(directory / "grades.csv", grades_csv(grades))
    write_atomically(directory / "junit.xml", junit_xml(grades))
    page = class_html(grades, submission_folder, similar, under_way=under_way)
    write_atomically(directory / "class.html", page)
    if len(grades) == 1:
        write_submission_files(directory, grades[0])


def write_submission_files(directory: Path, grade: Grade) -> None:
    """Write one submission's own files, which its student may see, to its folder."""
    folder = directory / submission_folder(grade.submission)
    folder.mkdir(parents=True, exist_ok=True)
    if folder.is_symlink():
        raise OSError(errno.ELOOP, "it is a link", str(folder))
    contents = (student_html, student_markdown, gradescope_json, classroom_json)
    for name, content in zip(REPORTS, contents, strict=True):
        write_atomically(folder / name, content(grade))


def write_details(directory: Path, grades: list[Grade]) -> Path:
    """Write the tables of all submissions to a file, and return which."""
    file = directory / DETAILS
    write_atomically(file, details_text(grades))
    return file


def remove_reports(
    directory: Path, before: Iterable[str], now: Container[str]
) -> list[str]:
    """Remove the reports that an earlier grading wrote and this one may not replace.

    Otherwise a student could be handed the report of another grading. A folder in which
    somebody has put other files is left as it is.

    Args:
        directory: where the results are.
        before: submissions of the earlier grading; its results.json may name more.
        now: submissions for which new reports will be written.

    Returns:
        The folders that were left and will get no new reports.
    """
    (directory / DETAILS).unlink(missing_ok=True)
    left = []
    for name in sorted({*before, *_names_in_results(directory)}):
        folder = directory / submission_folder(name)
        if folder.is_symlink() or not folder.is_dir():
            continue
        files = list(folder.iterdir())
        if all(_is_written(file) for file in files):
            for file in files:
                file.unlink()
            folder.rmdir()
        elif name not in now:
            left.append(str(folder))
    return left


def remove_class_files(directory: Path) -> None:
    """Remove the files of the class that an earlier grading wrote."""
    for name in CLASS_FILES:
        (directory / name).unlink(missing_ok=True)


def is_picture(name: str) -> bool:
    """Return whether a file of a submission's folder is a picture of a run."""
    return _PICTURE.fullmatch(name) is not None


def _is_written(file: Path) -> bool:
    """Return whether a file of a submission's folder is one that the lab writes."""
    named = file.name in _WRITTEN or _PICTURE.fullmatch(file.name)
    return bool(named) and not file.is_dir()


class _Named(msgspec.Struct):
    """A submission in results.json; only its name is read."""

    submission: str


class _NamesInResults(msgspec.Struct):
    """results.json, of any version."""

    submissions: list[_Named]


def _names_in_results(directory: Path) -> list[str]:
    """Return the submissions of an earlier grading, if its results can be read."""
    with suppress(OSError, msgspec.DecodeError):
        content = (directory / "results.json").read_bytes()
        found = msgspec.json.decode(content, type=_NamesInResults)
        return [entry.submission for entry in found.submissions]
    return []


def submission_folder(name: str) -> str:
    """Return the folder of a submission's own files, relative to the results.

    No two names share a folder on any file system: a name that is not plain lower case
    gets a hash of itself, and so does a name that looks as if it had one.
    """
    plain = (
        _PLAIN.fullmatch(name)
        and len(name) <= NAME_CHARACTERS_MAX
        and not _RESERVED.fullmatch(name)
        and not _ENDS_IN_A_HASH.fullmatch(name)
    )
    if plain:
        return f"{SUBMISSIONS}/{name}"
    readable = re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:10]
    readable = readable[:NAME_CHARACTERS_MAX].strip("-") or "submission"
    return f"{SUBMISSIONS}/{readable}-{digest}"


def write_atomically(file: Path, content: bytes) -> None:
    """Write a file so that a reader finds either the old content or the new."""
    beside = file.with_name(BESIDE.format(file.name))
    # Made anew: what lies there may be a link that somebody has left.
    beside.unlink(missing_ok=True)
    with beside.open("xb") as opened:
        opened.write(content)
    os.replace(beside, file)
