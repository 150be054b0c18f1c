"""`pathlib` as a server sees it: paths are words, and lead to no files.

What people use it for in a server is to find their own modules, as in
`sys.path.insert(0, str(Path(__file__).resolve().parent))`.
"""

import pathlib
from pathlib import PurePosixPath
from posixpath import normpath
from types import ModuleType
from typing import Any

from labrpc.simulated.os_ import DISK, refuse


class Path(PurePosixPath):
    """A path without what reads or writes at it."""

    def resolve(self, strict: bool = False) -> "Path":
        """Return the path without `..`; links are not looked at."""
        return Path(normpath(self))

    def absolute(self) -> "Path":
        """Return the path: that of a server's own module is absolute."""
        return self

    def __getattr__(self, name: str) -> Any:
        """Refuse what the real class can do, with the reason."""
        if name.startswith("_") or not hasattr(pathlib.Path, name):
            raise AttributeError(f"'Path' object has no attribute {name!r}")
        return refuse(f"Path.{name}", DISK)


def as_module() -> ModuleType:
    """Return the module that a server imports as `pathlib`."""
    module = ModuleType("pathlib", pathlib.__doc__)
    names = vars(module)
    names.update({name: vars(pathlib)[name] for name in pathlib.__all__})
    names["Path"] = names["PosixPath"] = Path
    Path.__module__ = "pathlib"
    return module
