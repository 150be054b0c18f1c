"""Folders of results, which may lie beside what was handed in.

Students keep results of their own beside their Raft. So a folder counts as results only
if it holds nothing else: otherwise a hand-in would vanish from the class.
"""

from pathlib import Path

from labrpc.submission.source_tree import walk
from tester.intake.file_names import STRAY, is_source

# The folder, among the results, for what is unpacked.
UNPACKED = "unpacked"
_REPORTS = "submissions"
# One of these lies in every folder of results, from the first moments on.
_MARKS = {"results.json", "journal.jsonl"}
_WRITTEN = _MARKS | {
    "grades.csv",
    "junit.xml",
    "class.html",
    "details.txt",
    _REPORTS,
    UNPACKED,
}


def holds_only_results(folder: Path, unpack_to: Path) -> bool:
    """Return whether a folder holds results of gradings, and nothing handed in.

    Args:
        folder: what lies beside hand-ins.
        unpack_to: the folder, among this grading's results, for what is unpacked.
    """
    if folder == unpack_to:
        return True
    try:
        children = [c for c in folder.iterdir() if not _is_hidden(c.name)]
    except OSError:  # It is a file, or refused as its student's.
        return False
    names = {child.name for child in children}
    is_this_one = unpack_to.is_relative_to(folder)
    if names <= _WRITTEN and (is_this_one or names & _MARKS):
        return not _holds_source(folder / _REPORTS)
    return is_this_one and all(holds_only_results(c, unpack_to) for c in children)


def _is_hidden(name: str) -> bool:
    return name in STRAY or name.startswith(".")


def _holds_source(folder: Path) -> bool:
    return any(is_source(name) for _, _, files in walk(folder) for name in files)
