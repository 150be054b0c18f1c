"""Where a submission's modules lie, and their compiled code.

Accepts a package directory, a directory that contains one, a directory with
a module, or a single file; such a file may import a package `raft` that lies
beside it. Knows nothing of boxes: `simulated.importer`
runs the code once per incarnation.
"""

import ast
import hashlib
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from types import CodeType

from labrpc import codes
from labrpc.errors import LoadError
from labrpc.submission.entry import Entry
from labrpc.submission.preemptible import preemptible
from labrpc.submission.source_tree import (
    DEPTH_MAX,
    is_skipped,
    list_folder,
    read_regular,
    walk,
)

# Beside a package, these are the lab's: who hands in the whole course repository
# means the Raft in it. A second `labrpc` would be one that the network knows not.
_THE_LABS_OWN = {"labrpc", "tester", "grade"}
FILES_MAX = 500
# Of all source files together. The reference takes 50 KB.
SOURCE_BYTES_MAX = 8 << 20
# So many folders are looked through for Python, where there is none at the top.
_FOLDERS_MAX = 100
# How many names a message lists.
LISTED_MAX = 8


@dataclass(frozen=True, eq=False)
class Submission:
    """A student's modules, found but not yet run.

    Attributes:
        path: what the user named.
        root: file names in reports are relative to this directory.
        package: the module that should define `class_name`.
        files: module name to source file, for every module that can be
            imported; None for a package without `__init__.py`.
    """

    path: Path
    root: Path
    package: str
    class_name: str
    files: dict[str, Path | None]
    _code: dict[tuple[str, bool], CodeType] = field(default_factory=dict, repr=False)

    @classmethod
    def find(
        cls,
        path: str | Path,
        package: str = "raft",
        class_name: str = "Raft",
    ) -> "Submission":
        """Locate the submission at `path`.

        Raises:
            LoadError: nothing there, nothing that could be a submission, or a
                link in it leads elsewhere.
        """
        found = cls._locate(path, package, class_name)
        if found is None:
            raise LoadError(
                codes.NO_SUBMISSION,
                f"{path} holds no submission",
                f"expected a package `{package}/` or a file `{package}.py` in it; "
                f"there is {_listing(Path(path))}",
            )
        files = [file for file in found.files.values() if file]
        # A single file is one of a folder that the grader has put together.
        if found.path.is_dir():
            for file in files:
                _refuse_link_out(file, found.path)
        found._refuse_if_large(files)
        return found

    @classmethod
    def _locate(
        cls, path: str | Path, package: str, class_name: str
    ) -> "Submission | None":
        try:
            path = Path(path).resolve()
        except (OSError, RuntimeError):  # A link that leads to itself.
            raise LoadError(codes.NO_SUBMISSION, f"{path} does not exist") from None
        if path.is_file():
            if path.suffix.lower() != ".py":
                raise LoadError(
                    codes.NO_SUBMISSION,
                    f"{path} is not a Python file",
                    "a submission is a directory with a package or module "
                    f"`{package}`, or a single .py file",
                )
            name = path.stem if path.stem.isidentifier() else package
            files: dict[str, Path | None] = {name: path}
            # A variant of a Raft in one file: what it builds upon lies beside it.
            if name != package and _is_package(path.parent / package):
                files |= _scan(path.parent / package, package)
            return cls(path, path.parent, name, class_name, files)
        if not path.is_dir():
            raise LoadError(codes.NO_SUBMISSION, f"{path} does not exist")
        found = candidates(path, package)
        if found and found[0].is_dir():
            files = _neighbours(path, package) | _scan(found[0], package)
            return cls(path, path, package, class_name, files)
        if path.name == package or _is_package(path):
            if _has_python(path):
                return cls(path, path.parent, package, class_name, _scan(path, package))
        elif found:
            return cls(path, path, package, class_name, _neighbours(path))
        return None

    @staticmethod
    def looks_like_one(path: Path, package: str = "raft") -> bool:
        """Return whether `path` is meant to be a submission, without reading it."""
        try:
            return Submission._locate(path, package, "") is not None
        except LoadError:
            return False

    @property
    def entry(self) -> Entry:
        """What a box constructs, unless the lab asks for another class."""
        return Entry(self.package, self.class_name)

    def with_modules(self, files: dict[str, Path | None]) -> "Submission":
        """Return the submission with further modules from elsewhere."""
        return replace(self, files=self.files | files, _code={})

    @property
    def name(self) -> str:
        """What reports call the submission: its directory's or file's name."""
        if self.path.name == self.package:
            return self.path.name
        return self.path.stem if self.path.is_file() else self.path.name

    @cached_property
    def digest(self) -> str:
        """A fingerprint of every source file, independent of where they lie."""
        digest = hashlib.blake2b(digest_size=16)
        for name in sorted(self.files):
            file = self.files[name]
            content = _read(file) if file else b""
            digest.update(f"{name}:{len(content)}:".encode())
            digest.update(content)
        return digest.hexdigest()

    def code(self, module: str, preempt: bool = False) -> CodeType | None:
        """Return the compiled code of a module, None for a bare package.

        Compiled once per process; every incarnation executes it afresh.

        Args:
            module: one of `files`.
            preempt: whether a thread may lose its turn before any statement.

        Raises:
            LoadError: a syntax error, or a file that cannot be read as text.
        """
        file = self.files[module]
        if file is None:
            return None
        if (module, preempt) not in self._code:
            try:
                # A warning is no error, whatever this process makes of warnings.
                with warnings.catch_warnings(action="ignore"):
                    self._code[module, preempt] = _compile(file, preempt)
            except SyntaxError as exc:
                line = f", line {exc.lineno}" if exc.lineno else ""
                raise LoadError(
                    codes.SYNTAX_ERROR,
                    f"syntax error in {self.relative(file)}{line}: {exc.msg}",
                    _point_at(exc) if line else "save it as plain text, in UTF-8",
                ) from None
            except ValueError as exc:
                # So Python 3.11 refuses null bytes, in some of its releases.
                raise LoadError(
                    codes.SYNTAX_ERROR,
                    f"syntax error in {self.relative(file)}: {exc}",
                    "save it as plain text, in UTF-8",
                ) from None
            except OSError as exc:
                what = f"cannot read {self.relative(file)}: {exc}"
                raise LoadError(codes.UNREADABLE_FILE, what) from None
        return self._code[module, preempt]

    def _refuse_if_large(self, files: list[Path]) -> None:
        """Raise LoadError if the source files are larger than what is read of them."""
        try:
            sizes = {file: file.stat().st_size for file in files}
        except OSError as exc:
            what = f"cannot read {self.relative(exc.filename)}: {exc.strerror}"
            raise LoadError(codes.UNREADABLE_FILE, what) from None
        if sum(sizes.values()) > SOURCE_BYTES_MAX:
            largest = max(sizes, key=lambda file: sizes[file])
            raise LoadError(
                codes.SOURCE_TOO_LARGE,
                f"its Python files have more than {SOURCE_BYTES_MAX >> 20} MB; the "
                f"largest, {self.relative(largest)}, has {sizes[largest] >> 20} MB",
                "hand in the program only: no data, and no recorded output",
            )

    def relative(self, file: str | Path) -> str:
        """Return a file's name as reports show it: the same on every machine."""
        file = Path(file)
        if file.is_relative_to(self.root):
            return _on_one_line(file.relative_to(self.root).as_posix())
        # A module that the lab has added, such as a Raft below a service.
        folders = self.module_of.get(str(file), "").split(".")[:-1]
        return _on_one_line("/".join([*folders, file.name]))

    def owns(self, filename: str) -> bool:
        """Return whether a frame's file is one of the submission's."""
        return filename in self.module_of

    @cached_property
    def module_of(self) -> dict[str, str]:
        """The module that each of the submission's files is, by the file's name."""
        return {str(file): module for module, file in self.files.items() if file}


def candidates(directory: Path, package: str = "raft") -> list[Path]:
    """Return the package and the module of one name, first the one that Python takes."""
    folder, module = directory / package, directory / f"{package}.py"
    found = [folder] if _has_python(folder) else []
    if module.is_file():
        found.insert(_is_package(folder), module)
    return found


def _compile(file: Path, preempt: bool) -> CodeType:
    source = _read(file)
    if not preempt:
        return compile(source, str(file), "exec", dont_inherit=True)
    tree = preemptible(ast.parse(source, str(file)))
    return compile(tree, str(file), "exec", dont_inherit=True)


def _read(file: Path) -> bytes:
    """Return the content of a source file, which may be a link within the submission."""
    return read_regular(file.resolve(), SOURCE_BYTES_MAX)


def _refuse_link_out(file: Path, directory: Path) -> None:
    """Raise LoadError if a file is none of the submission's: a report may quote it."""
    if not file.resolve().is_relative_to(directory):
        raise LoadError(
            codes.LINK_LEADS_OUT,
            f"{file.relative_to(directory)} is a link that leads out of the submission",
            "only files within it are read: put a copy there instead of the link",
        )


def _listing(directory: Path) -> str:
    """Return what lies in a folder, for a message."""
    try:
        names = [f"{p.name}/" if p.is_dir() else p.name for p in directory.iterdir()]
    except OSError as exc:
        return f"nothing that can be read: {exc.strerror}"
    names = [_on_one_line(name) for name in sorted(names)]
    some = ", ".join(names[:LISTED_MAX]) or "nothing"
    return f"{some}, …" if len(names) > LISTED_MAX else some


def _on_one_line(name: str) -> str:
    """Return the name of a file as a message can hold it."""
    return " ".join(name.splitlines())


def _has_python(directory: Path) -> bool:
    return any(directory.glob("*.py"))


def _is_package(directory: Path) -> bool:
    return (directory / "__init__.py").is_file()


def _scan(directory: Path, name: str) -> dict[str, Path | None]:
    """Return the modules of the package at `directory`, itself included.

    Raises:
        LoadError: there are too many.
    """
    files = dict(islice(_modules(directory, name), FILES_MAX + 1))
    if any(module.count(".") > DEPTH_MAX for module in files):
        raise LoadError(
            codes.TOO_MANY_FILES,
            f"the package {name} has folders nested more than {DEPTH_MAX} deep",
        )
    if len(files) > FILES_MAX:
        raise LoadError(
            codes.TOO_MANY_FILES,
            f"{directory} has more than {FILES_MAX} Python files",
        )
    return files


def _modules(directory: Path, name: str) -> Iterator[tuple[str, Path | None]]:
    """Yield the modules of a package; of one nested too deep, the first that is."""
    yield name, directory / "__init__.py" if _is_package(directory) else None
    if name.count(".") > DEPTH_MAX:
        return
    for child, entry in _importable(directory).items():
        if entry.is_dir():
            yield from _modules(entry, f"{name}.{child}")
        elif child != "__init__":
            yield f"{name}.{child}", entry


def _importable(directory: Path) -> dict[str, Path]:
    """Return what Python would import from a folder, by name.

    Of two with one name, a package comes before a module, and a folder without
    `__init__.py` comes last.
    """
    packages, modules, folders = {}, {}, {}
    for entry in (directory / found.name for found in list_folder(directory)):
        is_module = entry.suffix == ".py" and entry.is_file()
        name = entry.stem if is_module else entry.name
        if is_skipped(entry) or "." in name:
            continue
        if is_module:
            modules[name] = entry
        elif _is_package(entry):
            packages[name] = entry
        elif name.isidentifier() and entry.is_dir() and _holds_python(entry):
            folders[name] = entry
    return folders | modules | packages


def _holds_python(directory: Path) -> bool:
    """Return whether there is Python in a folder, or below it."""
    if directory.is_symlink():
        return _has_python(directory)  # Below it could lie the whole disk.
    return any(
        file.endswith(".py")
        for _, _, files in islice(walk(directory), _FOLDERS_MAX)
        for file in files
    )


def _neighbours(directory: Path, package: str = "") -> dict[str, Path | None]:
    """Return the top-level modules and packages beside the package."""
    files: dict[str, Path | None] = {}
    folders = {}
    for name, entry in _importable(directory).items():
        if name in _THE_LABS_OWN or name == package:
            continue
        if _is_package(entry):
            files |= _scan(entry, name)
        elif entry.is_dir():
            folders[name] = entry
        else:
            files[name] = entry
    return files | _in_folders(directory, folders)


def _in_folders(directory: Path, folders: dict[str, Path]) -> dict[str, Path | None]:
    """Return the modules of folders without `__init__.py`, by the folders' names.

    Nobody says that they are meant as packages. So it is no mistake if there are
    too many modules in them, or links: then they cannot be imported, no more.
    """
    found = [
        dict(islice(_modules(folder, name), FILES_MAX + 1))
        for name, folder in folders.items()
        # Python, too, finds its own modules rather than such a folder.
        if name not in sys.stdlib_module_names
    ]
    files: dict[str, Path | None] = {}
    for modules in sorted(found, key=len):
        if len(files) + len(modules) <= FILES_MAX:
            files |= modules
    return {
        name: file
        for name, file in files.items()
        if file is None or file.resolve().is_relative_to(directory)
    }


def _point_at(exc: SyntaxError) -> str:
    """Return the offending line with a caret below it."""
    line = (exc.text or "").rstrip()
    stripped = line.lstrip()
    column = max((exc.offset or 1) - 1 - (len(line) - len(stripped)), 0)
    return f"    {stripped}\n    {' ' * column}^" if stripped else ""
