"""Modules that the lab makes itself: copies of standard ones, and their specs."""

from importlib.machinery import ModuleSpec
from types import ModuleType


class _Executed:
    """Stands for the loader of a module whose code the lab executes itself."""


_EXECUTED = _Executed()


def executed_spec(
    name: str, origin: str | None = None, is_package: bool = False
) -> ModuleSpec:
    """Return the spec of a module that the lab executes itself.

    It names a loader, because from Python 3.15 on a traceback through a module that
    has none is a DeprecationWarning.
    """
    return ModuleSpec(name, _EXECUTED, origin=origin, is_package=is_package)  # type: ignore[arg-type]


def copy_of(real: ModuleType) -> ModuleType:
    """Return another module with the names of a real one."""
    module = ModuleType(real.__name__, real.__doc__)
    vars(module).update(vars(real))
    return module
