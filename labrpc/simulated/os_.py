"""`os` and `sys` as a server sees them, and refusals of what it may not use."""

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

NETWORK = (
    "it is for the network, and a server talks to the others by peers[i].call(…) only"
)
PROCESS = (
    "it is for several processes, and a server is one: it cannot start or signal "
    "others, or share anything with them"
)
DISK = (
    "it is for files, and a server has none: what must survive a crash goes to "
    "persister.save, what you print is recorded"
)
LOOPS = "it is for real event loops, and those of a server run in virtual time"
WITHOUT = "it is a part of asyncio that the lab's own does without"
_BACK_DOOR = "it reaches past the simulated threads and clocks that a run replays by"
SIGNALS = "no signal reaches a server: only its own threads and timers wake it"
_COLLECTOR = "when objects are freed is up to the lab, so that a run can be replayed"
_LOGGING = (
    "it is for log files and servers, and all that a server logs is recorded: set "
    "loggers up by logging.basicConfig, setLevel and Formatter"
)
_LAB = "the lab itself is out of a server's reach; import from labrpc only"

# Modules that a server cannot import, and why. A name covers its submodules.
FORBIDDEN = {
    **dict.fromkeys(
        ("socket", "_socket", "ssl", "_ssl", "select", "selectors", "socketserver",
         "http", "urllib", "xmlrpc", "ftplib", "smtplib", "imaplib", "poplib",
         "wsgiref", "requests", "httpx", "aiohttp", "zmq", "grpc"), NETWORK),
    **dict.fromkeys(
        ("subprocess", "multiprocessing", "_multiprocessing", "_posixsubprocess",
         "_posixshmem", "pty", "mmap", "webbrowser", "antigravity",
         "concurrent.futures.process", "concurrent.futures.interpreter",
         "concurrent.interpreters"), PROCESS),
    **dict.fromkeys(
        ("tempfile", "shutil", "fileinput", "sqlite3", "dbm", "shelve", "fcntl"),
        DISK),
    **dict.fromkeys(("signal", "_signal"), SIGNALS),
    **dict.fromkeys(("logging.handlers", "logging.config"), _LOGGING),
    **dict.fromkeys(("asyncio.subprocess", "asyncio.base_subprocess"), PROCESS),
    **dict.fromkeys(
        ("asyncio.sslproto", "asyncio.streams", "asyncio.trsock"), NETWORK),
    **dict.fromkeys(
        ("asyncio.unix_events", "asyncio.windows_events", "asyncio.windows_utils",
         "asyncio.selector_events", "asyncio.proactor_events"), LOOPS),
    **dict.fromkeys(
        ("ctypes", "_ctypes", "cffi", "greenlet", "gevent", "eventlet", "trio",
         "_asyncio", "faulthandler", "posix", "nt", "_winapi", "_overlapped",
         "_xxsubinterpreters", "_interpreters", "_queue", "_random", "_uuid"), _BACK_DOOR),
    "gc": _COLLECTOR,
    **dict.fromkeys(
        ("labrpc", "raft", "tester", "tests", "grade", "pytest", "_pytest", "pluggy",
         "xdist", "execnet"), _LAB),
}  # fmt: skip

_PROCESSES_IN_OS = (
    "fork", "forkpty", "system", "popen", "kill", "killpg", "abort", "_exit",
    "execl", "execle", "execlp", "execlpe", "execv", "execve", "execvp", "execvpe",
    "spawnl", "spawnle", "spawnlp", "spawnlpe", "spawnv", "spawnve", "spawnvp",
    "spawnvpe", "posix_spawn", "posix_spawnp", "wait", "wait3", "wait4", "waitpid",
    "pipe", "pipe2", "openpty", "nice", "setuid", "putenv", "unsetenv",
)  # fmt: skip
_FILES_IN_OS = (
    "open", "fdopen", "remove", "unlink", "rename", "replace", "rmdir", "removedirs",
    "mkdir", "makedirs", "symlink", "link", "truncate", "chdir", "chmod",
)  # fmt: skip


def refuse_import(name: str) -> None:
    """Raise ImportError, with the reason, if a server may not import `name`."""
    part = name
    while part:
        if part in FORBIDDEN:
            raise refused_import(name, FORBIDDEN[part])
        part = part.rpartition(".")[0]


def refused_import(name: str, reason: str) -> ImportError:
    """Return the error of a server that imports what it may not, with the reason."""
    return ImportError(f"a server in the lab cannot import {name}: {reason}")


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
    for denied, reason in ((_PROCESSES_IN_OS, PROCESS), (_FILES_IN_OS, DISK)):
        for name in denied:
            if name in names:
                names[name] = refuse(f"os.{name}", reason)
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
