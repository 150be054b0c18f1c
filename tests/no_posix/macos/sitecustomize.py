"""Hides what the standard library of macOS' Python does not have, and `/proc`."""

import builtins
import ctypes
import ctypes.util  # noqa: F401 - these look at sys.platform when they are imported
import io
import multiprocessing  # noqa: F401
import os
import platform
import select
import selectors  # noqa: F401
import shutil  # noqa: F401
import signal
import socket  # noqa: F401
import subprocess  # noqa: F401
import sys
import sysconfig
import tempfile  # noqa: F401
import threading  # noqa: F401
import uuid  # noqa: F401
import webbrowser  # noqa: F401

# What they keep once they have been asked is that of the real system.
sysconfig.get_config_vars()
platform.machine()
platform.uname()

_NAMES = {
    os: (
        "sched_getaffinity", "sched_setaffinity", "pidfd_open", "O_PATH",
        "memfd_create", "eventfd", "setresuid", "setresgid", "getresuid", "waitid",
        "posix_fallocate", "copy_file_range", "splice", "unshare", "getrandom",
    ),
    select: ("epoll",),
    signal: (
        "pidfd_send_signal", "SIGSTKFLT", "SIGPWR", "SIGPOLL", "SIGRTMIN", "SIGRTMAX",
    ),
}  # fmt: skip
for _module, _names in _NAMES.items():
    for _name in _names:
        if hasattr(_module, _name):
            delattr(_module, _name)
sys.platform = "darwin"

_open = io.open


def _open_without_proc(file, *args, **options):
    if isinstance(file, str) and file.startswith("/proc"):
        raise FileNotFoundError(2, "No such file or directory", file)
    return _open(file, *args, **options)


builtins.open = _open_without_proc

_isdir = os.path.isdir
os.path.isdir = lambda path: str(path) != "/proc" and _isdir(path)
