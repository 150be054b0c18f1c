"""Which folders of a submission modules are read from.

None from those with tests, with what a build has made, or with installed packages:
the lab itself is installed with its reference, so a Raft lies there, too.
"""

import os
from collections.abc import Container, Iterable, Iterator
from pathlib import Path, PurePath

# What tools put into folders so called, nobody has written for a submission.
MADE_BY_TOOLS = frozenset(
    ["__pycache__", "node_modules", "venv", "site-packages", "dist-packages"]
)
# Folders that are never part of a submission, whatever they contain.
_SKIPPED = MADE_BY_TOOLS | {"tests", "test", "build", "dist"}
# It marks a virtual environment, of any name. That may be the student's own folder:
# then only what belongs to the environment is skipped.
_MARK = "pyvenv.cfg"
_OF_AN_ENVIRONMENT = {"bin", "include", "lib", "lib64", "scripts", "share"}


def may_read(inside: PurePath) -> bool:
    """Return whether a path within a submission's directory could be a module's."""
    return not any(part.startswith(".") or part in _SKIPPED for part in inside.parts)


def is_skipped(entry: Path) -> bool:
    """Return whether no module is read from a file or folder, or below it."""
    return not may_read(PurePath(entry.name)) or (
        entry.name.lower() in _OF_AN_ENVIRONMENT and is_environment(entry.parent)
    )


def is_environment(directory: Path) -> bool:
    """Return whether a folder is a virtual environment."""
    return (directory / _MARK).is_file()


def walk(directory: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Yield each folder from which modules are read, its folders, and its files.

    Does not go on below folders that are taken out of the list.
    """
    for place, folders, files in os.walk(directory):
        here = Path(place)
        folders[:] = sorted(name for name in folders if not is_skipped(here / name))
        yield here, folders, sorted(files)


def environments(files: Iterable[PurePath]) -> set[PurePath]:
    """Return which folders, of those that hold the files, are virtual environments."""
    return {file.parent for file in files if file.name == _MARK}


def is_installed(file: PurePath, environments: Container[PurePath]) -> bool:
    """Return whether a file belongs to one of the virtual environments."""
    return any(
        place.parent in environments and place.name.lower() in _OF_AN_ENVIRONMENT
        for place in file.parents
    )
