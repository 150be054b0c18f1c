"""`os` and `sys` as a server sees them, and what it has no business with."""

import builtins
import importlib
import io
import os as real_os
import sys as real_sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

from labrpc.simulated.context import current_box
from labrpc.simulated.module_copy import copy_of
from labrpc.simulated.output import Output

NETWORK = "a server talks to the others by peers[i].call(…), and to nobody else"
PROCESS = "a server is one process: it cannot start, signal or share with others"
_BACK_DOOR = "it reaches past the simulated threads and clocks that a run replays by"
DISK = "what must survive a crash goes to persister.save, what you print is recorded"
_LAB = "the lab itself is out of a server's reach; import from labrpc only"

# Modules that a server cannot import, and why. A name covers its submodules.
FORBIDDEN = {
    **dict.fromkeys(
        ("socket", "_socket", "ssl", "_ssl", "select", "selectors", "socketserver",
         "http", "urllib", "xmlrpc", "ftplib", "smtplib", "imaplib", "poplib",
         "wsgiref", "requests", "httpx", "aiohttp", "zmq", "grpc"), NETWORK),
    **dict.fromkeys(
        ("subprocess", "multiprocessing", "_multiprocessing", "_posixsubprocess",
         "_posixshmem", "pty", "signal", "_signal", "fcntl", "mmap",
         "concurrent.futures.process", "concurrent.futures.interpreter"), PROCESS),
    **dict.fromkeys(
        ("tempfile", "shutil", "fileinput", "sqlite3", "dbm", "shelve",
         "logging.handlers", "logging.config"), DISK),
    **dict.fromkeys(
        ("ctypes", "_ctypes", "cffi", "greenlet", "gevent", "eventlet", "trio",
         "_asyncio", "faulthandler", "posix", "_xxsubinterpreters",
         "_interpreters", "gc", "_queue", "_random", "_uuid"), _BACK_DOOR),
    **dict.fromkeys(
        ("labrpc", "raft", "tester", "tests", "grade", "pytest", "_pytest", "pluggy",
         "xdist", "execnet"), _LAB),
}  # fmt: skip

_DENIED_IN_OS = (
    "fork", "forkpty", "system", "popen", "kill", "killpg", "abort", "_exit",
    "execl", "execle", "execlp", "execlpe", "execv", "execve", "execvp", "execvpe",
    "spawnl", "spawnle", "spawnlp", "spawnlpe", "spawnv", "spawnve", "spawnvp",
    "spawnvpe", "posix_spawn", "posix_spawnp", "wait", "wait3", "wait4", "waitpid",
    "pipe", "pipe2", "open", "fdopen", "openpty", "remove", "unlink", "rename",
    "replace", "rmdir", "removedirs", "mkdir", "makedirs", "symlink", "link",
    "truncate", "chdir", "chmod", "nice", "setuid", "putenv", "unsetenv",
)  # fmt: skip


def refuse_import(name: str) -> None:
    """Raise ImportError, with the reason, if a server may not import `name`."""
    part = name
    while part:
        if part in FORBIDDEN:
            raise ImportError(
                f"a server in the lab cannot import {name}: {FORBIDDEN[part]}"
            )
        part = part.rpartition(".")[0]


def refuse(name: str, reason: str) -> Callable[..., NoReturn]:
    """Return a function that fails with a sentence instead of doing `name`."""

    def refused(*args: object, **kwargs: object) -> NoReturn:
        raise PermissionError(f"a server in the lab cannot use {name}: {reason}")

    refused.__name__ = name.rpartition(".")[2]
    return refused


open_file = refuse("open", DISK)
read_input = refuse("input", "nobody sits at its keyboard")


def leave(code: object = None) -> NoReturn:
    """Stand in for `exit` and `quit`, which would close the process's own stdin."""
    raise SystemExit(code)


def urandom(size: int) -> bytes:
    """Return bytes from the box's own entropy."""
    return current_box().entropy.randbytes(size)


def as_module() -> ModuleType:
    """Return the module that a server imports as `os`."""
    module = copy_of(real_os)
    names = vars(module)
    for name in _DENIED_IN_OS:
        if name in names:
            names[name] = refuse(f"os.{name}", PROCESS)
    names["urandom"] = urandom
    names["getrandom"] = lambda size, flags=0: urandom(size)
    names["getpid"] = lambda: 1000 * current_box().incarnation + current_box().server
    names["getppid"] = lambda: 1
    names["cpu_count"] = names["process_cpu_count"] = lambda: 4
    names["register_at_fork"] = lambda **hooks: None
    environ: dict[str, str] = {}
    names["environ"] = environ
    names["getenv"] = environ.get
    return module


# What opens files in modules that are of use without, as for compressing a snapshot.
OPENS_FILES = {
    "io": ("open", "open_code", "FileIO"),
    "codecs": ("open",),
    "gzip": ("open",),
    "bz2": ("open",),
    "lzma": ("open",),
}


def without_files(name: str) -> ModuleType:
    """Return a module as a server imports it: it opens no files."""
    module = copy_of(importlib.import_module(name))
    for opens in OPENS_FILES[name]:
        vars(module)[opens] = refuse(f"{name}.{opens}", DISK)
    return module


def atexit_module() -> ModuleType:
    """Return the module that a server imports as `atexit`.

    Nothing that is registered ever runs: a server ends by a power cut.
    """
    module = ModuleType("atexit")
    names = vars(module)
    names["register"] = lambda function, *args, **kwargs: function
    names["unregister"] = lambda function: None
    return module


def print_to_box(*values: object, file: Any = None, **how: Any) -> None:
    """Print to the log of the box that is running."""
    builtins.print(*values, file=file or current_box().output, **how)


def sys_module(modules: dict[str, ModuleType], output: Output) -> ModuleType:
    """Return the module that a server imports as `sys`: its own copy."""
    module = copy_of(real_sys)
    names = vars(module)
    names["modules"] = modules
    names["stdout"] = names["stderr"] = output
    names["__stdout__"] = names["__stderr__"] = output
    names["stdin"] = names["__stdin__"] = io.StringIO()
    names["argv"] = ["raft"]
    for name in ("meta_path", "path_hooks", "warnoptions"):
        names[name] = list(names[name])
    # What these set, they would set for the process and for good.
    for name in (
        "setrecursionlimit", "settrace", "setprofile", "setswitchinterval",
        "set_int_max_str_digits", "addaudithook", "setdlopenflags",
    ):  # fmt: skip
        names[name] = lambda *args: None
    return module
