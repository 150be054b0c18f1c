"""The folder of a Gradescope autograder: `raft-lab autograder DIR`.

It holds the lab's sources as well, so that the same code grades there as here. The
reference is left out, so that no submission finds the solution beside it.
"""

import shutil
import tomllib
from pathlib import Path, PurePath

from tester.errors import UsageError
from tester.handouts.starter_repo import (
    DOCUMENTS,
    OWN_DOCUMENTS,
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
PACKAGES = ("labrpc", "tester")
RUBRIC = "rubric.toml"
# Exactly as it is written in settings.toml.
SEEDS_OPTION = '"--seeds", "3", '
# An experiment replaces parts of the reference, and so names them.
_LEFT_OUT = shutil.ignore_patterns(
    "__pycache__", "*.pyc", "lab2", "lab3", "lab_files", "experiments"
)


def write_autograder(directory: Path, rubric: Path | None = None) -> None:
    """Write the folder to a directory that is new or empty.

    Args:
        directory: where to.
        rubric: the rubric to grade by; the secret and the suites that it names are
            copied, too.

    Raises:
        UsageError: the directory is not empty, or the rubric is wrong.
    """
    copied = _rubric_files(rubric) if rubric is not None else {}
    new_directory(directory)
    try:
        shutil.copytree(TEMPLATE, directory, dirs_exist_ok=True, ignore=_LEFT_OUT)
        _copy_lab(directory / "lab")
        for name, file in copied.items():
            if file.is_dir():
                shutil.copytree(file, directory / name, ignore=_LEFT_OUT)
            else:
                shutil.copyfile(file, directory / name)
        if copied:
            _leave_seeds_to_the_rubric(directory / "settings.toml")
    except OSError as exc:
        raise cannot_write(directory, exc) from None


def _copy_lab(lab: Path) -> None:
    """Copy the files that `pip install` needs."""
    lab.mkdir()
    copy_root_files(ROOT_FILES, lab)
    shutil.copyfile(HERE.parents[1] / "grade.py", lab / "grade.py")
    for package in PACKAGES:
        shutil.copytree(HERE.parents[1] / package, lab / package, ignore=_LEFT_OUT)
    for number in LABS:
        suite = lab / "tests" / f"lab{number}"
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


def _leave_seeds_to_the_rubric(settings: Path) -> None:
    """Remove the option that would override the rubric's number of seeds."""
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace(SEEDS_OPTION, ""), encoding="utf-8")
