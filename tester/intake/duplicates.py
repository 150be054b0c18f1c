"""Finding submissions whose files are all the same, so that their runs are, too."""

import hashlib
from pathlib import Path

import msgspec

from labrpc.errors import LoadError
from labrpc.submission.submission import Submission
from tester.intake.archives import ONE_SUBMISSION
from tester.text import quoted
from tester.verdict import Run


def fingerprint(path: Path) -> str:
    """Return a digest of all files that a run of a submission depends on.

    "" if it is no submission, or too large to be read: it is nobody's duplicate.
    """
    try:
        submission = Submission.find(path)
        digest = hashlib.blake2b(submission.digest.encode(), digest_size=16)
        for name, file in sorted(submission.files.items()):
            # A package and a module with one name and one text are different code.
            place = submission.relative(file) if file else ""
            digest.update(f"{name}={place}\0".encode())
        if submission.path.is_dir():
            digest.update(_data_digest(submission.path))
    except (LoadError, OSError, ValueError):
        return ""
    return digest.hexdigest()


def _data_digest(directory: Path) -> bytes:
    """Return a digest of a submission's other files, which it may open and read."""
    files = [
        file
        for file in sorted(directory.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".py"
    ]
    size_bytes = sum(file.stat().st_size for file in files)
    if len(files) > ONE_SUBMISSION.files or size_bytes > ONE_SUBMISSION.bytes:
        raise ValueError("too large")
    digest = hashlib.blake2b(digest_size=16)
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.relative_to(directory)}={len(content)}\0".encode())
        digest.update(content)
    return digest.digest()


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
    return msgspec.structs.replace(
        run,
        submission=name,
        reason=run.reason.replace(str(original), str(path)),
        evidence=run.evidence.replace(str(original), str(path)),
        replay=run.replay.replace(quoted(str(original)), quoted(str(path))),
    )
