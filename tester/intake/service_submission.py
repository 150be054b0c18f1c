"""Finding the submission of lab 3: a service, and the Raft that it runs on.

A submission is a folder with `rsm/`, `kv/` from part 3B on, and `raft/`; or a single
file beside them, which is loaded first and replaces what it changes. Where there is no
`raft/`, the service runs on the lab's reference.
"""

from pathlib import Path

from labrpc import codes
from labrpc.errors import LoadError
from labrpc.submission.submission import Submission, candidates
from tester.intake.default_submission import REFERENCE

PACKAGE, CLASS_NAME = "rsm", "RSM"
# The lab's own module, which part 3A runs beside a student's.
COUNTER = "lab_counter"
EXAMPLE_SERVICE = REFERENCE.parent / "tests" / "services" / "kv_threads"


def find_service(path: Path, suite: Path) -> Submission:
    """Return the submission of lab 3 at a path.

    Args:
        path: a folder or a file.
        suite: where the graded suite of lab 3 lies.

    Raises:
        LoadError: there is none.
    """
    found = Submission.find(path, PACKAGE, CLASS_NAME)
    files: dict[str, Path | None] = {COUNTER: suite / "counter.py"}
    if found.path.is_file():
        for name in ("kv", "raft"):
            if candidates(found.root, name):
                files |= Submission.find(found.root / name, name).files
    if "raft" not in found.files | files:
        if not REFERENCE.is_dir():
            raise LoadError(
                codes.NO_SUBMISSION,
                "there is no raft/ beside rsm/, and the lab's reference is not installed "
                "here: add your own raft/",
            )
        files |= Submission.find(REFERENCE).files
    return found.with_modules(files)


def example_service(suite: Path) -> Submission | None:
    """Return the lab's own service, None where the lab was installed without it."""
    return find_service(EXAMPLE_SERVICE, suite) if EXAMPLE_SERVICE.is_dir() else None


def raft_of(service: Submission) -> str:
    """Return whose Raft a service runs on, for a report."""
    file = service.files["raft"]
    is_reference = file is not None and file.is_relative_to(REFERENCE)
    return "the lab's reference Raft" if is_reference else "its own Raft"


def default_service(directory: Path) -> Path:
    """Return the service to test if none is named.

    That is the nearest one in this folder or above, else the lab's example.
    """
    for folder in (directory, *directory.parents):
        if candidates(folder, PACKAGE):
            return folder
    return EXAMPLE_SERVICE if EXAMPLE_SERVICE.is_dir() else directory
