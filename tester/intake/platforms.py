"""Course platforms' names for files, which say whose each is.

- Blackboard, "Download Assignment Files": `Lab 2_jdoe_attempt_2026-01-05-10-11-12_raft.py`,
  which is assignment, user, time, and the file's own name; without that it is a
  receipt, the `.txt` with what the student has typed.
- Brightspace, "Download": folders `123-456 - Jane Doe - Jan 5, 2026 1011 AM`, or files
  that begin so.
- Canvas, "Download Submissions": `doejane_LATE_123_4567_raft.py`, which is student,
  perhaps LATE, the user's number, the attachment's, and the file's own name.
- Gradescope, "Export Submissions": folders `submission_123`, and a file with the names.
- Moodle, "Download all submissions": a folder `Jane Doe_123_assignsubmission_file_`,
  or files that begin so; "onlinetext" is what was typed into the browser.
- ILIAS, Sakai and GitHub Classroom write a folder for each student, which is taken as
  any other; and for all others there is a pattern of one's own.

This module only looks at names; it neither opens nor unpacks what was handed in.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tester.intake.gradescope_export import METADATA
from tester.intake.uploads import Upload

GROUPS = ("student", "attempt", "file")
_BLACKBOARD = re.compile(
    r"(?P<id>.*_(?P<student>[^_]+))_attempt_(?P<attempt>\d{4}(?:-\d\d){5})"
    r"(?:_(?P<file>.+)|(?P<receipt>\.txt))"
)
_BRIGHTSPACE = re.compile(
    r"(?P<id>\d+)-\d+ - (?P<student>.+?) - (?P<attempt>[^-]*\d{4}[^-]*?)"
    r"(?: - (?P<file>.+))?"
)
_CANVAS = re.compile(
    r"(?P<student>.+?)_(?:LATE_)?(?P<id>\d+)_(?P<number>\d+)_(?P<file>.+)"
)
_CANVAS_ANONYMOUS = re.compile(
    r"(?:LATE_)?(?P<student>anon)_(?P<id>[^_]+)_(?P<number>\d+)_(?P<file>.+)"
)
_MOODLE = re.compile(
    r"(?P<student>.+)_(?P<id>\d+)_assignsubmission_(?P<kind>[a-z]+)_?(?P<file>.*)"
)
_GRADESCOPE = re.compile(r"submission_(?P<id>\d+)")
# Canvas numbers a file that was handed in before under the same name.
_AGAIN = re.compile(r"-\d+(?=\.\w+$)")


@dataclass(frozen=True)
class Student:
    """The student whom a file belongs to.

    Attributes:
        name: as the platform writes it; without a platform, the file's own name.
        number: distinguishes students of one name: the student's number or the
            submission's, "" if the platform has none; None without a platform.
    """

    name: str
    number: str | None = None


@dataclass(frozen=True)
class Names:
    """The names of files as one class has them.

    Attributes:
        pattern: for names of no platform that the lab knows, with the groups `student`
            and perhaps `attempt` and `file`; then it alone counts.
        students: the names in Gradescope's metadata, by folder.
    """

    pattern: re.Pattern[str] | None = None
    students: Mapping[str, str] = field(default_factory=dict)

    def is_export(self, names: Iterable[str]) -> bool:
        """Return whether files or folders of one folder come from a course platform."""
        if self.pattern is not None:
            return any(map(self.pattern.fullmatch, names))
        return any(name == METADATA or _match(name) for name in names)

    def owner_of(self, child: Path, name: str) -> tuple[Student, Upload]:
        """Return whose a file or folder is, and what it is without the platform's marks.

        Args:
            child: where it lies.
            name: its name as text.
        """
        is_folder = child.is_dir()
        if found := self._owner_match(name, is_folder):
            marks = found.groupdict()
            file = marks.get("file") or name
            if found.re in (_CANVAS, _CANVAS_ANONYMOUS):
                file = _AGAIN.sub("", file)
            # Text that was typed into the browser is no program.
            is_text = marks.get("kind", "file") != "file"
            upload = Upload(
                child,
                file,
                int(marks.get("number") or 0),
                is_folder=is_folder and not is_text,
                attempt=marks.get("attempt") or "",
                is_receipt=bool(marks.get("receipt")),
                is_named=True,
            )
            return Student(marks["student"], marks.get("id") or ""), upload
        if self.pattern is None and (student := self.gradescope_student(name)):
            return student, Upload(child, name, is_folder=is_folder, is_named=True)
        return Student(name), Upload(child, name, is_folder=is_folder)

    def gradescope_student(self, folder: str) -> Student | None:
        """Return the student of a folder in Gradescope's metadata, None if not in it."""
        found = _GRADESCOPE.fullmatch(folder)
        if found is None or folder not in self.students:
            return None
        return Student(self.students[folder], found["id"])

    def _owner_match(self, name: str, is_folder: bool) -> re.Match[str] | None:
        if self.pattern is not None:
            return self.pattern.fullmatch(name)
        found = _match(name)
        is_canvas = found is not None and found.re in (_CANVAS, _CANVAS_ANONYMOUS)
        if found is None or found.re is _GRADESCOPE or (is_canvas and is_folder):
            return None
        return found


def _match(name: str) -> re.Match[str] | None:
    patterns = (
        _BLACKBOARD, _BRIGHTSPACE, _MOODLE, _GRADESCOPE, _CANVAS_ANONYMOUS, _CANVAS
    )  # fmt: skip
    return next(filter(None, (pattern.fullmatch(name) for pattern in patterns)), None)
