"""Which files a process may still open: Landlock, from Linux 5.13 on.

Reading below the paths that are named, and nothing else: no writing, making or
removing anywhere, no listing of other folders. Newer kernels also take away TCP,
sockets without a name in a folder, and signals to processes outside.
"""

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

from labrpc.sandbox.linux import PR_SET_NO_NEW_PRIVS, prctl, syscall

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_TELL_VERSION = 1
_PATH_BENEATH = 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
# How many rights over files each version knows; all of them are taken.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_FILE_RIGHTS_NEWEST = 16
_NET_RIGHTS = 0b11
_SCOPES = 0b11
_NET_SINCE, _SCOPES_SINCE = 4, 6


def version() -> int:
    """Return which version of Landlock the kernel has.

    Raises:
        OSError: none, or it is switched off.
    """
    return syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _TELL_VERSION)


def allow_reading(paths: Iterable[Path]) -> int:
    """Let this process, and those it makes, read these files and folders only.

    Returns the version of Landlock that is in force.

    Raises:
        OSError: the kernel does not do it.
    """
    known = version()
    files = (1 << _FILE_RIGHTS.get(known, _FILE_RIGHTS_NEWEST)) - 1
    attributes = struct.pack(
        "QQQ",
        files,
        _NET_RIGHTS if known >= _NET_SINCE else 0,
        _SCOPES if known >= _SCOPES_SINCE else 0,
    )
    size = 24 if known >= _SCOPES_SINCE else 16 if known >= _NET_SINCE else 8
    ruleset = syscall(
        _CREATE_RULESET, ctypes.c_char_p(attributes), ctypes.c_size_t(size), 0
    )
    try:
        for path in paths:
            _allow(ruleset, path)
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0)
        syscall(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return known


def _allow(ruleset: int, path: Path) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # What cannot be opened cannot be read either.
    try:
        rights = _READ_FILE | _READ_DIR if path.is_dir() else _READ_FILE
        # struct landlock_path_beneath_attr is packed: 8 bytes and 4.
        rule = struct.pack("=Qi", rights, fd)
        syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.c_char_p(rule), 0)
    finally:
        os.close(fd)
