"""Recognition of submissions, whichever lab they are of."""

from pathlib import Path

from labrpc.submission.submission import Submission

# What a submission of lab 2 has at least, and one of lab 3.
PACKAGE = "raft"
_PACKAGES = (PACKAGE, "rsm")


def find_any(path: Path) -> Submission:
    """Locate the submission at `path`.

    Raises:
        LoadError: there is none, of either lab.
    """
    packages = (name for name in _PACKAGES if Submission.looks_like_one(path, name))
    return Submission.find(path, next(packages, _PACKAGES[0]))


def looks_like_submission(path: Path) -> bool:
    """Return whether `path` is meant to be a submission, without reading it."""
    return any(Submission.looks_like_one(path, package) for package in _PACKAGES)
