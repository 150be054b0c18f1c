"""Finding submissions whose files are all the same, so that their runs are, too."""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from labrpc.errors import LoadError
from labrpc.submission.source_tree import DEPTH_MAX, list_folder, read_regular
from tester.intake.archives import ONE_SUBMISSION
from tester.intake.recognition import find_any
from tester.text import quoted
from tester.verdict import LoadResult, Run

Result = TypeVar("Result", bound=Run | LoadResult)


def fingerprint(path: Path) -> str:
    """Return a digest of all files that a run of a submission depends on.

    "" if it is no submission, or too large to be read: it duplicates none.
    """
    try:
        submission = find_any(path)
        digest = hashlib.blake2b(submission.digest.encode(), digest_size=16)
        for name, file in sorted(submission.files.items()):
            # A package and a module with one name and one text are different code.
            place = submission.relative(file) if file else ""
            digest.update(f"{name}={place}\0".encode())
        if submission.path.is_dir():
            digest.update(_data_digest(submission.path))
    except (LoadError, OSError, RuntimeError, ValueError):
        return ""
    return digest.hexdigest()


def _data_digest(directory: Path) -> bytes:
    """Return a digest of a submission's other files, which it may open and read."""
    digest = hashlib.blake2b(digest_size=16)
    left_bytes = ONE_SUBMISSION.bytes
    for file in _data_files(directory):
        # A link counts by what it says: what it leads to is none of the submission's.
        is_link = file.is_symlink()
        content = os.fsencode(os.readlink(file)) if is_link else b""
        if not is_link and file.is_file():
            content = read_regular(file, left_bytes)
        left_bytes -= len(content)
        name = os.fsencode(file.relative_to(directory))
        digest.update(b"%d:%s=%d:" % (is_link, name, len(content)))
        digest.update(content)
    return digest.digest()


def _data_files(directory: Path) -> Iterator[Path]:
    """Yield all that lies in a folder, in order, but for modules and folders.

    Raises:
        ValueError: folders lie too deep, or there is too much.
    """
    waiting = [(directory, 0)]
    count = 0
    while waiting:
        here, depth = waiting.pop()
        for entry in list_folder(here):
            count += 1
            if depth > DEPTH_MAX or count > ONE_SUBMISSION.files:
                raise ValueError("too large")
            path = here / entry.name
            if not entry.is_dir(follow_symlinks=False):
                if path.suffix != ".py":
                    yield path
            elif entry.name != "__pycache__":
                waiting.append((path, depth + 1))


def find_duplicates(
    submissions: dict[str, Path], fingerprints: dict[str, str]
) -> dict[str, str]:
    """Return the name of the first submission with the same files, for each duplicate."""
    first: dict[str, str] = {}
    return {
        name: original
        for name in submissions
        if fingerprints.get(name)
        and (original := first.setdefault(fingerprints[name], name)) != name
    }


def as_run_of_duplicate(run: Run, name: str, original: Path, path: Path) -> Run:
    """Return a run as that of the duplicate called `name`, which lies at `path`."""
    moved = with_place(run, str(original), str(path))
    # The picture lies in the other submission's folder.
    return msgspec.structs.replace(moved, submission=name, picture="")


def with_places(result: Result, pairs: Iterable[tuple[str, str]]) -> Result:
    """Return a result of another machine, with the paths of this one."""
    pairs = list(pairs)
    moved = msgspec.structs.replace(
        result,
        reason=text_with_places(result.reason, pairs),
        evidence=text_with_places(result.evidence, pairs),
    )
    if isinstance(moved, Run):
        words = [(quoted(old), quoted(new)) for old, new in pairs]
        moved = msgspec.structs.replace(
            moved, replay=text_with_places(moved.replay, words)
        )
    return moved


def with_place(result: Result, old: str, new: str) -> Result:
    """Return a result that names a file or folder by another path."""
    return with_places(result, [(old, new)])


def text_with_places(text: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Return a text with other paths."""
    # A folder of packages lies inside Python's own.
    for old, new in sorted(pairs, key=lambda pair: len(pair[0]), reverse=True):
        if old != new:
            text = _replaced(text, old, new)
    return text


def _replaced(text: str, old: str, new: str) -> str:
    """Return a text with another path, also where the path is the beginning of one."""
    # Not /amy in /class/amy or in /amy2.
    path = rf"(?<![\w./-]){re.escape(old)}(?![\w-]|\.\w)"
    return re.sub(path, lambda found: new, text)
