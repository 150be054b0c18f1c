"""The architecture page: its map has every room of the tree, and what it names exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/architecture.md").read_text()


def rooms(package):
    """Return the rooms of a package: its folders, and the files beside them."""
    folders = [
        f"{package}/{file.parent.name}/"
        for file in (ROOT / package).glob("*/__init__.py")
    ]
    files = [file.name for file in (ROOT / package).glob("*.py")]
    files.remove("__init__.py")
    return sorted([*folders, *(f"{package}/{name}" for name in files)])


def listed(page, package):
    """Return the rooms that a page lists with a line about each."""
    rows = re.findall(rf"^\| `({package}/[\w./]+)` \| [^|]+ \|$", page, re.MULTILINE)
    return sorted(rows)


@pytest.mark.parametrize("package", ["labrpc", "tester"])
def test_the_map_lists_every_room_once(package):
    assert listed(PAGE, package) == rooms(package)


@pytest.mark.parametrize("package", ["labrpc", "tester"])
def test_a_room_that_the_map_lacks_would_be_found(package):
    assert listed(PAGE.replace(f"| `{package}/", "| `", 1), package) != rooms(package)


def test_files_that_the_page_names_exist():
    named = set(re.findall(r"`((?:labrpc|tester|tests|raft)/[\w./]*)`", PAGE))
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
