"""A copy of a standard module, for a server to have: changed, and its own to change."""

from types import ModuleType


def copy_of(real: ModuleType) -> ModuleType:
    """Return another module with the names of a real one."""
    module = ModuleType(real.__name__, real.__doc__)
    vars(module).update(vars(real))
    return module
