"""Finding the submission in what one student handed in."""

from dataclasses import dataclass, field
from pathlib import Path

from labrpc.submission.source_tree import read_regular
from labrpc.submission.submission import Submission, candidates
from tester.codes import (
    NO_PROGRAM,
    NO_RAFT_FOUND,
    NOTHING_HANDED_IN,
    SEVERAL_ARCHIVES,
    SEVERAL_RAFTS,
    UNREADABLE_UPLOAD,
    UNSUPPORTED_ARCHIVE,
    UPLOAD_IS_LINK,
)
from tester.errors import is_disk_trouble
from tester.intake.archives import ONE_SUBMISSION
from tester.intake.file_names import is_archive, unread_suffix
from tester.intake.recognition import PACKAGE, looks_like_submission
from tester.intake.refusals import Refused
from tester.intake.roots import (
    archives_below,
    innermost,
    packages_below,
    python_below,
    repository_in,
    students_beside,
)
from tester.intake.unpacked import Unpacked
from tester.intake.uploads import Upload
from tester.text import listed, readable_name


@dataclass(frozen=True)
class FoundSubmission:
    """A submission, ready to be loaded.

    Attributes:
        path: where it lies.
        inside: where it lies in the student's repository, "." if it is all of that.
        notes: what the person who grades should know.
    """

    path: Path
    inside: str
    notes: list[str] = field(default_factory=list)


def submission_in(
    name: str,
    uploads: list[Upload],
    unpacked: Unpacked,
    may_be_wrapped: bool = False,
    package: str = PACKAGE,
) -> FoundSubmission:
    """Return the submission in the uploads of one student.

    Args:
        name: what reports call the student.
        uploads: at least one.
        unpacked: where archives are unpacked.
        may_be_wrapped: whether the folder that was uploaded may hold the student's
            repository, rather than be it; those of course platforms always may.
        package: what a submission of the lab holds at least.

    Raises:
        Refused: there is none, or more than one.
        OSError: the machine's disk is full, or broken.
    """
    search = _Search(name, unpacked, may_be_wrapped, package)
    try:
        path, repository = search.ready(uploads)
    except (OSError, RuntimeError, ValueError) as exc:
        if is_disk_trouble(exc):
            raise
        reason = getattr(exc, "strerror", None) or type(exc).__name__
        raise Refused(UNREADABLE_UPLOAD, f"it cannot be read: {reason}") from None
    search.note_if_two(path)
    return FoundSubmission(path, _inside(path, repository), search.notes)


class _Search:
    """The search for one student's submission; each step returns two paths.

    One is where the submission lies, the other the folder that the student would call
    the repository.
    """

    def __init__(
        self, name: str, unpacked: Unpacked, may_be_wrapped: bool, package: str
    ) -> None:
        self._name = name
        self._package = package
        self._unpacked = unpacked
        self._may_be_wrapped = may_be_wrapped
        self.notes: list[str] = []

    def ready(self, uploads: list[Upload]) -> tuple[Path, Path]:
        """Return the submission, ready to be loaded, and the repository."""
        paths = [upload.path for upload in uploads]
        for link in filter(self._unpacked.is_link, paths):
            raise Refused(
                UPLOAD_IS_LINK,
                f"{readable_name(link.name)} is a link, which could lead to somebody "
                "else's program: name what it leads to, or put a copy in its place",
            )
        upload = self._choose(uploads)
        if upload is None:
            return self._put_together(_newest(uploads))
        if upload.is_archive:
            return self._in_archive(upload.path)
        if not upload.is_folder:
            return upload.path, upload.path.parent
        if not upload.path.exists() or not any(upload.path.iterdir()):
            self._unpacked.check_links(upload.path)
            raise Refused(NOTHING_HANDED_IN, "nothing was handed in")
        directory = self._unpacked.with_readable_names(
            self._name, upload.path, self.notes
        )
        wrapped = self._may_be_wrapped or upload.is_named
        repository = repository_in(directory) if wrapped else directory
        return self._in_folder(directory, repository)

    def note_if_two(self, path: Path) -> None:
        """Note which counts, where a package `raft/` and a module lie side by side."""
        found = candidates(path)
        if len(found) > 1:
            chosen, other = (f"{p.name}/" if p.is_dir() else p.name for p in found)
            self.notes.append(f"graded {chosen}, not the {other} beside it")

    def _note_if_numbered(self, directory: Path) -> None:
        """Note files that a browser has numbered: newer ones, or other students'."""
        numbered = [file.name for file in sorted(directory.glob("raft*([0-9]*).py"))]
        if numbered:
            self.notes.append(
                f"graded raft.py or raft/, not {listed(numbered)} beside it; if these "
                "are other students', give each a folder"
            )

    def _note_if_class(self, directory: Path) -> None:
        """Note if there are Rafts beside the one that counts, as in a class's folder."""
        others = students_beside(directory)
        if len(others) > 1:
            self.notes.append(
                f"graded the Raft in it, not those in {listed(others)}; if this looks "
                "like a class, move that Raft elsewhere to grade the others"
            )

    def _choose(self, uploads: list[Upload]) -> Upload | None:
        """Return the upload that counts, None if it is all Python files together."""
        uploads = sorted(uploads, key=lambda upload: upload.number)
        folders = [upload for upload in uploads if upload.is_folder]
        archives = [upload for upload in uploads if upload.is_archive]
        python = [upload for upload in uploads if upload.is_python]
        chosen = None
        if folders:
            chosen = folders[-1]
        elif archives and "raft.py" not in [upload.module_file for upload in python]:
            chosen = archives[-1]
        elif len(uploads) == 1 and python and self._can_stay(python[0]):
            return python[0]
        elif not python:
            names = [upload.name for upload in uploads]
            _refuse_unread(names)
            raise Refused(
                NO_PROGRAM,
                f"no Python file and no archive was handed in, but {listed(names)}",
            )
        used = [chosen] if chosen else [u for u in _newest(uploads) if u.is_python]
        skipped = [
            readable_name(upload.path.name) for upload in uploads if upload not in used
        ]
        if skipped:
            self.notes.append(f"skipped {listed(skipped)}")
        return chosen

    def _can_stay(self, file: Upload) -> bool:
        """Return whether a file is called as its student, Python and reports need it."""
        path = str(file.path)
        return self._unpacked.directory is None or (
            file.name == file.path.name and readable_name(path) == path
        )

    def _put_together(self, uploads: list[Upload]) -> tuple[Path, Path]:
        """Copy loose Python files to one folder, under names that can be imported."""
        folder = self._unpacked.new_folder(self._name)
        folder.mkdir(parents=True)
        for file in uploads:
            if file.is_python:
                content = read_regular(file.path.resolve(), ONE_SUBMISSION.bytes)
                (folder / file.module_file).write_bytes(content)
        copied = list(folder.iterdir())
        return copied[0] if len(copied) == 1 else folder, folder

    def _in_folder(
        self, directory: Path, repository: Path, unpack: bool = True
    ) -> tuple[Path, Path]:
        """Return the submission in a folder, which may hold it as an archive.

        Args:
            directory: the folder.
            repository: the folder itself, or the only one in it.
            unpack: whether an archive in it is unpacked, too.
        """
        directory = innermost(directory)
        self._unpacked.check_links(directory)
        if looks_like_submission(directory) and not self._is_of_other_lab(directory):
            self._note_if_class(directory)
            self._note_if_numbered(directory)
            return directory, repository
        archives = [
            file
            for file in sorted(directory.iterdir())
            if is_archive(file) and not file.is_symlink()  # To another student's.
        ]
        if not archives and not self._below(directory):
            archives = archives_below(directory)
        if not unpack or not archives:
            return self._only_raft_below(directory, repository), repository
        if len(archives) > 1:
            names = [readable_name(str(f.relative_to(directory))) for f in archives]
            raise Refused(
                SEVERAL_ARCHIVES,
                f"it holds several archives, and no submission beside them: "
                f"{listed(names)}",
            )
        return self._in_archive(archives[0], unpack=False)

    def _in_archive(self, archive: Path, unpack: bool = True) -> tuple[Path, Path]:
        """Return the submission in an archive, and the repository in it."""
        directory = self._unpacked.unpack(self._name, archive, self.notes)
        return self._in_folder(directory, repository_in(directory), unpack)

    def _only_raft_below(self, directory: Path, repository: Path) -> Path:
        """Return the Raft that lies somewhere in a folder, if there is just one."""
        found = self._below(directory)
        what = "Raft" if self._package == PACKAGE else self._package
        if len(found) == 1:
            self.notes.append(f"graded the {what} in {_inside(found[0], repository)}")
            return found[0]
        if found and not found[0].is_file():
            inside = [str(path.relative_to(directory)) for path in found]
            raise Refused(
                SEVERAL_RAFTS, f"it holds more than one {what}: in {listed(inside)}"
            )
        children = sorted(directory.iterdir())
        _refuse_unread([child.name for child in children])
        names = [
            readable_name(f"{c.name}/" if c.is_dir() else c.name) for c in children
        ]
        raise Refused(
            NO_RAFT_FOUND,
            f"it holds no submission: expected a folder {self._package}/ or a file "
            f"{self._package}.py, or one Python file; there is "
            f"{listed(names) or 'nothing'}",
        )

    def _below(self, directory: Path) -> list[Path]:
        """Return what could be the submission, at any depth."""
        return packages_below(directory, self._package) or python_below(directory)

    def _is_of_other_lab(self, directory: Path) -> bool:
        """Return whether a submission holds one of the lab that is graded below it."""
        is_labs = Submission.looks_like_one(directory, self._package)
        return not is_labs and bool(packages_below(directory, self._package))


def _refuse_unread(names: list[str]) -> None:
    """Raise Refused if one of the names is that of an archive of an unread kind."""
    for suffix in filter(None, map(unread_suffix, names)):
        raise Refused(
            UNSUPPORTED_ARCHIVE, f"the lab does not read {suffix} files: hand in a .zip"
        )


def _inside(path: Path, repository: Path) -> str:
    """Return where a submission lies in a repository, as its student would name it."""
    inside = str(path.relative_to(repository))
    return "." if inside == "raft.py" else inside


def _newest(uploads: list[Upload]) -> list[Upload]:
    """Return the newest upload of each name; Python files go by their modules'."""
    in_order = sorted(uploads, key=lambda upload: upload.number)
    return list(
        {
            upload.module_file if upload.is_python else upload.name: upload
            for upload in in_order
        }.values()
    )
