"""Starting a Python of the lab's that imports nothing from where it is started.

Python puts the current folder and `PYTHONPATH` before its own modules. Either may
be a submission's: a `resource.py` beside its Raft would then run in the process
that judges it. So every process of the lab is started by `lab_command`, with
`lab_environment`: it finds the lab, the standard library and what is installed.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Variables that begin so are Python's and pytest's own, and may name modules.
_NAME_CODE = ("PYTHON", "_PYTHON", "PYTEST_")
# What of Python's own variables a process of the lab is given: none of these names
# code that it would import.
_KEPT = {
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONHASHSEED",
    "PYTHONHOME",
    "PYTHONIOENCODING",
    "PYTHONNOUSERSITE",
    "PYTHONPYCACHEPREFIX",
    "PYTHONUTF8",
}

# Where the lab is installed, its folder is on the path already, behind the standard
# library; where it only lies there, it comes first.
_START = """\
import sys
root, module = sys.argv[1:3]
del sys.argv[:2]
if root not in sys.path:
    sys.path.insert(0, root)
from importlib import import_module
sys.exit(import_module(module).main())
"""


def lab_command(module: str, *arguments: object) -> list[str]:
    """Return the command that calls `main` of one of the lab's modules.

    `main` finds the arguments in `sys.argv[1:]`; what it returns is the exit status.
    """
    command = [sys.executable, "-P", "-c", _START, str(ROOT), module]
    return [*command, *map(str, arguments)]


def lab_environment(**variables: str) -> dict[str, str]:
    """Return this process's environment without what names code for Python or pytest.

    Args:
        variables: set in addition, or instead.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_NAME_CODE) or name in _KEPT
    }
    return inherited | variables
