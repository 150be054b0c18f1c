"""Files of `/proc` about a process, read at the least cost: a judge reads many."""

import os

_BYTES_MAX = 1 << 14


def read_proc(pid: int, name: str) -> bytes:
    """Return what `/proc/PID/name` holds.

    Raises:
        OSError: the process is gone, or the system has no such file.
    """
    fd = os.open(f"/proc/{pid}/{name}", os.O_RDONLY)
    try:
        return os.read(fd, _BYTES_MAX)
    finally:
        os.close(fd)
