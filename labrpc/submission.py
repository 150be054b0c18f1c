"""Where a submission's modules lie, and their compiled code.

Accepts a package directory, a directory that contains one, a directory with
a module, or a single file; such a file may import a package `raft` that lies
beside it. Knows nothing of boxes: `simulated.importer`
runs the code once per incarnation.
"""

import ast
import hashlib
import warnings
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePath
from types import CodeType

from labrpc.errors import LoadError
from labrpc.preempt import preemptible

# Folders that are never part of a submission, whatever they contain.
_SKIPPED = {"__pycache__", "tests", "test", "build", "dist", "venv", "node_modules"}
# Beside a package, these are the lab's: who hands in the whole course repository
# means the Raft in it. A second `labrpc` would be one that the network knows not.
_THE_LABS_OWN = {"labrpc", "tester", "grade"}
FILES_MAX = 500
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
        preempt: whether its threads may lose their turn between two statements.
    """

    path: Path
    root: Path
    package: str
    class_name: str
    files: dict[str, Path | None]
    preempt: bool = False
    _code: dict[str, CodeType] = field(default_factory=dict, repr=False)

    @classmethod
    def find(
        cls,
        path: str | Path,
        package: str = "raft",
        class_name: str = "Raft",
        preempt: bool = False,
    ) -> "Submission":
        """Locate the submission at `path`.

        Raises:
            LoadError: nothing there, nothing that could be a submission, or a
                link in it leads elsewhere.
        """
        found = cls._locate(path, package, class_name)
        if found is None:
            raise LoadError(
                f"{path} holds no submission",
                f"expected a package `{package}/` or a file `{package}.py` in it; "
                f"there is {_listing(Path(path))}",
            )
        # A single file is one of a folder that the grader has put together.
        if found.path.is_dir():
            for file in found.files.values():
                _refuse_link_out(file, found.path)
        return replace(found, preempt=True, _code={}) if preempt else found

    @classmethod
    def _locate(
        cls, path: str | Path, package: str, class_name: str
    ) -> "Submission | None":
        path = Path(path).resolve()
        if path.is_file():
            if path.suffix != ".py":
                raise LoadError(
                    f"{path} is not a Python file",
                    "a submission is a directory with a package or module "
                    f"`{package}`, or a single .py file",
                )
            name = path.stem if path.stem.isidentifier() else package
            files: dict[str, Path | None] = {name: path}
            # A variant of a Raft in one file: what it builds upon lies beside it.
            if name != package and (path.parent / package / "__init__.py").is_file():
                files |= _scan(path.parent / package, package)
            return cls(path, path.parent, name, class_name, files)
        if not path.is_dir():
            raise LoadError(f"{path} does not exist")
        if (path / package).is_dir() and _has_python(path / package):
            files = _scan(path / package, package) | _neighbours(path, package)
            return cls(path, path, package, class_name, files)
        if path.name == package or (path / "__init__.py").is_file():
            if _has_python(path):
                return cls(path, path.parent, package, class_name, _scan(path, package))
        elif (path / f"{package}.py").is_file():
            return cls(path, path, package, class_name, _neighbours(path, ""))
        return None

    @staticmethod
    def looks_like_one(path: Path, package: str = "raft") -> bool:
        """Return whether `path` is meant to be a submission, without reading it."""
        try:
            return Submission._locate(path, package, "") is not None
        except LoadError:
            return False

    @staticmethod
    def may_read(inside: PurePath) -> bool:
        """Return whether a path within a submission's directory could be a module's."""
        return not any(
            part.startswith(".") or part in _SKIPPED for part in inside.parts
        )

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
            content = file.read_bytes() if file else b""
            digest.update(f"{name}:{len(content)}:".encode())
            digest.update(content)
        return digest.hexdigest()

    def _compile(self, file: Path) -> CodeType:
        source = file.read_bytes()
        if not self.preempt:
            return compile(source, str(file), "exec", dont_inherit=True)
        tree = preemptible(ast.parse(source, str(file)))
        return compile(tree, str(file), "exec", dont_inherit=True)

    def code(self, module: str) -> CodeType | None:
        """Return the compiled code of a module, None for a bare package.

        Compiled once per process; every incarnation executes it afresh.

        Raises:
            LoadError: a syntax error, or a file that cannot be read as text.
        """
        file = self.files[module]
        if file is None:
            return None
        if module not in self._code:
            try:
                # A warning is no error, whatever this process makes of warnings.
                with warnings.catch_warnings(action="ignore"):
                    self._code[module] = self._compile(file)
            except SyntaxError as exc:
                line = f", line {exc.lineno}" if exc.lineno else ""
                raise LoadError(
                    f"syntax error in {self.relative(file)}{line}: {exc.msg}",
                    _point_at(exc) if line else "save it as plain text, in UTF-8",
                ) from None
            except (OSError, ValueError) as exc:
                raise LoadError(f"cannot read {self.relative(file)}: {exc}") from None
        return self._code[module]

    def relative(self, file: str | Path) -> str:
        """Return a file's name as reports show it: the same on every machine."""
        try:
            return str(Path(file).relative_to(self.root))
        except ValueError:
            return Path(file).name

    def owns(self, filename: str) -> bool:
        """Return whether a frame's file is one of the submission's."""
        return filename in self._filenames

    @cached_property
    def _filenames(self) -> frozenset[str]:
        return frozenset(str(file) for file in self.files.values() if file)


def _refuse_link_out(file: Path | None, directory: Path) -> None:
    """Raise LoadError if a file is none of the submission's: a report may quote it."""
    if file is not None and not file.resolve().is_relative_to(directory):
        raise LoadError(
            f"{file.relative_to(directory)} is a link that leads out of the submission",
            "only files within it are read: put a copy there instead of the link",
        )


def _listing(directory: Path) -> str:
    """Return what lies in a folder, for a message."""
    try:
        names = [f"{p.name}/" if p.is_dir() else p.name for p in directory.iterdir()]
    except OSError as exc:
        return f"nothing that can be read: {exc.strerror}"
    some = ", ".join(sorted(names)[:LISTED_MAX]) or "nothing"
    return f"{some}, …" if len(names) > LISTED_MAX else some


def _has_python(directory: Path) -> bool:
    return any(directory.glob("*.py"))


def _scan(directory: Path, name: str) -> dict[str, Path | None]:
    """Return the modules of the package at `directory`, itself included."""
    init = directory / "__init__.py"
    files: dict[str, Path | None] = {name: init if init.is_file() else None}
    for entry in sorted(directory.iterdir()):
        if entry.name.startswith(".") or entry.name in _SKIPPED:
            continue
        if entry.suffix == ".py" and entry.stem != "__init__" and entry.is_file():
            files[f"{name}.{entry.stem}"] = entry
        elif entry.is_dir() and entry.name.isidentifier() and _has_python(entry):
            files |= _scan(entry, f"{name}.{entry.name}")
    if len(files) > FILES_MAX:
        raise LoadError(f"{directory} has more than {FILES_MAX} Python files")
    return files


def _neighbours(directory: Path, package: str) -> dict[str, Path | None]:
    """Return the top-level modules and packages beside the package."""
    files: dict[str, Path | None] = {}
    for entry in sorted(directory.iterdir()):
        if entry.name.startswith(".") or entry.name in _SKIPPED:
            continue
        if entry.stem in _THE_LABS_OWN:
            continue
        if entry.suffix == ".py" and entry.stem.isidentifier() and entry.is_file():
            files.setdefault(entry.stem, entry)
        elif entry.name != package and (entry / "__init__.py").is_file():
            files |= _scan(entry, entry.name)
    return files


def _point_at(exc: SyntaxError) -> str:
    """Return the offending line with a caret below it."""
    line = (exc.text or "").rstrip()
    stripped = line.lstrip()
    column = max((exc.offset or 1) - 1 - (len(line) - len(stripped)), 0)
    return f"    {stripped}\n    {' ' * column}^" if stripped else ""
