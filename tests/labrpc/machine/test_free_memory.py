"""Free memory: what the machine has, or less where a cgroup has a limit."""

import pytest

from labrpc.machine import free_memory
from labrpc.machine.free_memory import free_bytes

MB = 1 << 20
V2 = {"memory.max": 600 * MB, "memory.current": 200 * MB}
V1 = {"memory.limit_in_bytes": 600 * MB, "memory.usage_in_bytes": 200 * MB}


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Return a function that makes up a machine; 900 MB are free on it."""
    proc, groups = tmp_path / "proc", tmp_path / "cgroup"
    monkeypatch.setattr(free_memory, "_PROC", proc)
    monkeypatch.setattr(free_memory, "_CGROUPS", groups)
    (proc / "self").mkdir(parents=True)

    def make(line, folders):
        available = 900 * MB >> 10
        (proc / "meminfo").write_text(f"MemFree: 1 kB\nMemAvailable: {available} kB\n")
        (proc / "self/cgroup").write_text(f"9:name=systemd:/\n{line}\n")
        for folder, files in folders.items():
            (groups / folder).mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                (groups / folder / name).write_text(f"{content}\n")

    return make


def test_without_a_limit_the_machine_counts(machine):
    machine("0::/", {"": {"memory.max": "max", "memory.current": 5}})
    assert free_bytes() == 900 * MB


@pytest.mark.parametrize(
    ("line", "folder", "files", "given_up"),
    [
        ("0::/a/b", "a/b", V2, "inactive_file"),
        # The limit is one of a group above, or of the root that a container sees.
        ("0::/a/b", "a", V2, "inactive_file"),
        ("0::/elsewhere", "", V2, "inactive_file"),
        ("4:cpu,memory:/a", "memory/a", V1, "total_inactive_file"),
        ("4:memory:/docker/1", "memory", V1, "total_inactive_file"),
    ],
)
def test_a_cgroups_limit_counts(machine, line, folder, files, given_up):
    machine(line, {folder: {**files, "memory.stat": f"{given_up} {50 * MB}"}})
    assert free_bytes() == 450 * MB


def test_a_cgroup_over_its_limit_has_nothing_left(machine):
    stat = {"memory.stat": "anon 1"}
    machine("0::/", {"": {"memory.max": MB, "memory.current": 2 * MB, **stat}})
    assert free_bytes() == 0


def test_where_nobody_tells_it_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setattr(free_memory, "_PROC", tmp_path)
    assert free_bytes() is None
