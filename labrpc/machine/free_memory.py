"""Free memory of this machine and of the cgroups that this process is in."""

from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_CGROUPS = Path("/sys/fs/cgroup")
# Limit, use, and what of it a cgroup gives up when it needs memory: versions 2 and 1.
_FILES = {
    2: ("memory.max", "memory.current", "inactive_file"),
    1: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}


def free_bytes() -> int | None:
    """Return how many bytes processes can still take, None where that is unknown."""
    found = list(_in_cgroups())
    try:
        fields = _fields(_PROC / "meminfo")
        found.append(fields["MemAvailable:"] << 10)
    except (OSError, KeyError, ValueError):
        pass
    return min(found, default=None)


def _in_cgroups() -> Iterator[int]:
    """Yield what each cgroup that this process is in has left, if it has a limit."""
    try:
        lines = (_PROC / "self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            version, root = 2, _CGROUPS
        elif "memory" in controllers.split(","):
            version, root = 1, _CGROUPS / "memory"
        else:
            continue
        group = root / path.lstrip("/")
        # A container sees its own cgroup as the root, whatever its path outside is.
        for folder in (group, *group.parents):
            if not folder.is_relative_to(root):
                break
            left = _left(folder, *_FILES[version])
            if left is not None:
                yield left


def _left(folder: Path, limit: str, used: str, given_up: str) -> int | None:
    try:
        most = int((folder / limit).read_text())
        in_use = int((folder / used).read_text())
        in_use -= _fields(folder / "memory.stat").get(given_up, 0)
    except (OSError, ValueError):  # There is no such group, or no limit: "max".
        return None
    return max(0, most - in_use)


def _fields(file: Path) -> dict[str, int]:
    """Return a file of names and numbers."""
    rows = (line.split() for line in file.read_text().splitlines())
    return {row[0]: int(row[1]) for row in rows}
