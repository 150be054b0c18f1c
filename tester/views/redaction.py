"""Taking out of a text where things lie on this machine."""

import os
import sysconfig
from functools import cache
from pathlib import Path


def without_places(text: str, path: str) -> str:
    """Return a text about a submission without paths of this machine.

    So equal reasons of different submissions are equal.

    Args:
        text: what is said about it.
        path: where the submission lies, "" if that is not known.
    """
    if path:
        text = text.replace(f"{path}/", "").replace(path, path.rpartition("/")[2])
    for folder in _code_folders():
        text = text.replace(folder, "")
    return text


def code_places() -> list[str]:
    """Return where the modules of Python, of its packages and of the lab lie."""
    places = [sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")]
    return [*places, str(Path(__file__).parents[2])]


@cache
def _code_folders() -> list[str]:
    """Return the folders of Python's and the lab's own modules, inner folders first."""
    places = code_places()
    places += [os.path.realpath(place) for place in places]
    return sorted({f"{place}/" for place in places}, key=len, reverse=True)
