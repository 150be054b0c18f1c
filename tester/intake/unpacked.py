"""The folder for what has to be unpacked or copied before it can be graded."""

import shutil
from pathlib import Path

from labrpc.submission.source_tree import may_read, walk
from tester.codes import LINK_IN_ARCHIVE, UNSUPPORTED_ARCHIVE, UPLOAD_TOO_LARGE
from tester.intake.archives import ONE_SUBMISSION, Bounds, unpack
from tester.intake.file_names import fitting_name, is_large
from tester.intake.refusals import Refused, RefusedArchive
from tester.text import counted, listed, readable_name


class Unpacked:
    """A folder that gets a numbered folder for each archive.

    Args:
        directory: where; None if nothing may be written, so that archives are refused.
    """

    def __init__(self, directory: Path | None) -> None:
        self.directory = directory.resolve() if directory is not None else None
        self._count = 0
        # Where links and devices would lie that archives hold.
        self._links: list[Path] = []

    def new_folder(self, name: str) -> Path:
        """Return the path of a folder that does not exist yet.

        Raises:
            Refused: nothing may be written.
        """
        if self.directory is None:
            raise Refused(
                UNSUPPORTED_ARCHIVE,
                "it has to be unpacked first: name the folder that it holds",
            )
        self._count += 1
        # Numbered, for a name may be that of another one, or of a folder above.
        folder = (
            self.directory / f"{self._count:03}-{fitting_name(Path(name).name, 200)}"
        )
        shutil.rmtree(folder, ignore_errors=True)
        return folder

    def unpack(
        self,
        name: str,
        archive: Path,
        notes: list[str],
        bounds: Bounds = ONE_SUBMISSION,
    ) -> Path:
        """Unpack an archive to a new folder, and return that.

        Args:
            name: what reports call it.
            archive: the file.
            notes: gets a line for what is left out.
            bounds: the most that it may hold.

        Raises:
            Refused: the archive cannot be read, or is not what a submission needs.
        """
        folder = self.new_folder(name)
        try:
            left_out = unpack(archive, folder, bounds)
        except RefusedArchive as exc:
            raise Refused(
                exc.code, f"{readable_name(archive.name)} was refused: {exc}"
            ) from None
        self._links += left_out.links
        _note_beside(left_out.beside, notes)
        return folder

    def links_in(self, directory: Path) -> list[Path]:
        """Return where links and devices would lie side by side in a folder."""
        return [path for path in self._links if path.parent == directory]

    def is_link(self, path: Path) -> bool:
        """Return whether a path is a link, or was one in an archive."""
        return path.is_symlink() or path in self._links

    def check_links(self, directory: Path) -> None:
        """Raise Refused if a link or device would lie where modules are read from."""
        for path in self._links:
            inside = path.is_relative_to(directory) and path.relative_to(directory)
            if inside and may_read(inside):
                raise Refused(
                    LINK_IN_ARCHIVE,
                    f"{str(inside)!r} in it is a link or a device; a submission "
                    "consists of plain files and folders",
                )

    def with_readable_names(self, name: str, directory: Path, notes: list[str]) -> Path:
        """Return the folder, or a copy of it with names that reports can hold.

        The folder itself, too, if nothing may be written. The notes get a line for the
        large files that a copy does not have.
        """
        if self.directory is None:
            return directory
        files = [place / file for place, _, found in walk(directory) for file in found]
        if all(readable_name(str(file)) == str(file) for file in [directory, *files]):
            return directory
        sizes = {
            file: file.stat().st_size
            for file in files
            if file.is_file() and not file.is_symlink()
        }
        large = {f: size for f, size in sizes.items() if is_large(f.name, size)}
        files = [file for file in sizes if file not in large]
        size_bytes = sum(sizes[file] for file in files)
        if len(files) > ONE_SUBMISSION.files or size_bytes > ONE_SUBMISSION.bytes:
            raise Refused(
                UPLOAD_TOO_LARGE,
                f"it holds more than {ONE_SUBMISSION.files} files or "
                f"{ONE_SUBMISSION.bytes >> 20} MB",
            )
        folder = self.new_folder(name)
        for file in files:
            copy = folder / readable_name(str(file.relative_to(directory)))
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
        named = {readable_name(f.name): size for f, size in large.items()}
        _note_beside(named, notes)
        return folder


def _note_beside(beside: dict[str, int], notes: list[str]) -> None:
    """Note which files were left out, the largest first."""
    if beside:
        by_size = sorted(beside, key=lambda name: -beside[name])
        size_mb = sum(beside.values()) / (1 << 20)
        notes.append(
            f"left out {counted(len(beside), 'file')} of {size_mb:.0f} MB that cannot be "
            f"part of a program: {listed(by_size)}"
        )
