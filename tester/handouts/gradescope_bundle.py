"""The folder of a Gradescope autograder: `raft-lab autograder DIR`.

It holds the lab's sources as well, so that the same code grades there as here. The
reference is left out, so that no submission finds the solution beside it; but for lab 3,
where services without a Raft of their own run on it.
"""

import shutil
import tomllib
from pathlib import Path, PurePath

from tester.errors import UsageError
from tester.handouts.starter_documents import DOCUMENTS, OWN_DOCUMENTS
from tester.handouts.starter_repo import (
    cannot_write,
    copy_root_files,
    new_directory,
)
from tester.judging.suite import LABS, suite_path
from tester.scoring.rubric_file import load_rubric_of_suite, rubric_suites

HERE = Path(__file__).resolve().parent
TEMPLATE = HERE / "autograder_files"
ROOT_FILES = (
    "pyproject.toml",
    "README.md",
    "LICENSE",
    *DOCUMENTS,
    *OWN_DOCUMENTS.values(),
)
# By lab.
PACKAGES = {2: ("labrpc", "tester"), 3: ("labrpc", "tester", "raft")}
RUBRIC = "rubric.toml"
# Exactly as it is written in settings.toml.
SEEDS_OPTION = '"--seeds", "3", '
LAB_LINE = "\nlab = {}\n"
# An experiment replaces parts of the reference, and so names them.
_LEFT_OUT = shutil.ignore_patterns(
    "__pycache__", "*.pyc", "lab2", "lab3", "lab_files", "experiments"
)


def write_autograder(directory: Path, rubric: Path | None = None, lab: int = 2) -> None:
    """Write the folder to a directory that is new or empty.

    Args:
        directory: where to.
        lab: the number of the lab that is graded.
        rubric: the rubric to grade by; the secret and the suites that it names are
            copied, too.

    Raises:
        UsageError: the directory is not empty, or the rubric is wrong.
    """
    copied = _rubric_files(rubric) if rubric is not None else {}
    new_directory(directory)
    try:
        shutil.copytree(TEMPLATE, directory, dirs_exist_ok=True, ignore=_LEFT_OUT)
        _copy_lab(directory / "lab", lab)
        for name, file in copied.items():
            if file.is_dir():
                shutil.copytree(file, directory / name, ignore=_LEFT_OUT)
            else:
                shutil.copyfile(file, directory / name)
        settings = directory / "settings.toml"
        _replace(settings, LAB_LINE.format(LABS[0]), LAB_LINE.format(lab))
        if copied:
            # It would override the number of seeds of the rubric.
            _replace(settings, SEEDS_OPTION, "")
    except OSError as exc:
        raise cannot_write(directory, exc) from None


def _copy_lab(to: Path, lab: int) -> None:
    """Copy the files that `pip install` needs."""
    to.mkdir()
    copy_root_files(ROOT_FILES, to)
    shutil.copyfile(HERE.parents[1] / "grade.py", to / "grade.py")
    for package in PACKAGES[lab]:
        shutil.copytree(HERE.parents[1] / package, to / package, ignore=_LEFT_OUT)
    for number in LABS:
        suite = to / "tests" / f"lab{number}"
        shutil.copytree(suite_path(number), suite, ignore=_LEFT_OUT)


def _rubric_files(rubric: Path) -> dict[str, Path]:
    """Return the rubric's files to copy, by their names in the folder.

    Raises:
        UsageError: the rubric is wrong, or its secret is in another folder.
    """
    load_rubric_of_suite(rubric)
    files = {RUBRIC: rubric}
    for folder in rubric_suites(rubric).own:
        beside = folder.parent == rubric.resolve().parent
        if not beside or not folder.name.startswith("suite"):
            raise UsageError(
                f"--rubric: {rubric} names the suite {folder}; it is copied only if it "
                "lies beside the rubric and its name begins with `suite`"
            )
        files[folder.name] = folder
    seeds = tomllib.loads(rubric.read_text(encoding="utf-8")).get("seeds", {})
    name = seeds.get("secret_file", "")
    if name:
        if PurePath(name).name != name or not name.startswith("secret"):
            raise UsageError(
                f"--rubric: {rubric} names the secret {name!r}; it is copied only if it "
                "lies beside the rubric and its name begins with `secret`"
            )
        files[name] = rubric.parent / name
    return files


def _replace(settings: Path, old: str, new: str) -> None:
    """Replace a piece of settings.toml."""
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace(old, new), encoding="utf-8")
