"""The versions of Python and of the lab, as results and traces state them."""

import platform
from importlib.metadata import PackageNotFoundError, version

PYTHON = f"Python {platform.python_version()}"


def lab_version() -> str:
    """Return the version of the lab that is installed."""
    try:
        return version("raft-lab")
    except PackageNotFoundError:
        return "unknown"
