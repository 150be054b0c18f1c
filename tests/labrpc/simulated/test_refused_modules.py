"""Each module of the standard library can be imported, or is refused for a true reason."""

import json
import sys

import pytest

from labrpc.simulated import os_

# By what the reason says of them; a module's name covers those inside it.
TRUE_OF = {
    "it is for the network": (
        "_socket", "_ssl", "asyncio.sslproto", "asyncio.streams", "asyncio.trsock",
        "ftplib", "http", "imaplib", "poplib", "select", "selectors", "smtplib",
        "socket", "socketserver", "ssl", "urllib", "wsgiref", "xmlrpc",
    ),
    "it is for several processes": (
        "_multiprocessing", "_posixshmem", "_posixsubprocess", "antigravity",
        "asyncio.base_subprocess", "asyncio.subprocess", "concurrent.futures.interpreter",
        "concurrent.futures.process", "concurrent.interpreters", "mmap",
        "multiprocessing", "pty", "subprocess", "webbrowser",
    ),
    "it is for files": (
        "dbm", "fcntl", "fileinput", "shelve", "shutil", "sqlite3", "tempfile",
    ),
    "it is for log files and servers": ("logging.config", "logging.handlers"),
    "it is for real event loops": (
        "asyncio.proactor_events", "asyncio.selector_events", "asyncio.unix_events",
        "asyncio.windows_events", "asyncio.windows_utils",
    ),
    "no signal reaches a server": ("_signal", "signal"),
    "when objects are freed": ("gc",),
    "it reaches past the simulated threads and clocks": (
        "_asyncio", "_ctypes", "_interpreters", "_overlapped", "_queue", "_random",
        "_uuid", "_winapi", "_xxsubinterpreters", "ctypes", "faulthandler", "nt",
        "posix",
    ),
    "it is a part of asyncio that the lab's own does without": (
        "asyncio.log", "asyncio.staggered",
    ),
}  # fmt: skip
REASONS = {name: reason for reason, names in TRUE_OF.items() for name in names}
# Not in the standard library: each stands for what it is known for.
OTHERS = {
    "requests", "httpx", "aiohttp", "zmq", "grpc", "cffi", "greenlet", "gevent",
    "eventlet", "trio", "labrpc", "raft", "tester", "tests", "grade", "pytest",
    "_pytest", "pluggy", "xdist", "execnet",
}  # fmt: skip
SCRIPT = """
    import importlib, json, sys, warnings
    from labrpc.box.in_process_box import InProcessBox
    from labrpc.submission.submission import Submission
    from labrpc.world.streams import incarnation_streams
    from labrpc.world.world import World

    warnings.simplefilter("ignore")
    sub = Submission.find(sys.argv[1])
    world = World(1, "a", lambda server, life: InProcessBox(
        sub, server, life, incarnation_streams("a", server, life)))
    world.start(0)
    world.close()

    def is_there(name):
        # Some are of other systems, or were left out where this Python was made.
        try:
            importlib.import_module(name)
        except ImportError:
            return False
        return True

    told = [line.split(" ", 2)[1:] for _, _, line in world.log if line[:4] == "NOT "]
    print(json.dumps({name: words for name, words in told if is_there(name)}))
"""


def test_each_refusal_is_in_the_table():
    listed = {name for name in REASONS if not REASONS[name].startswith("it is a part")}
    assert os_.FORBIDDEN.keys() - OTHERS == listed
    for name in listed:
        assert os_.FORBIDDEN[name].startswith(REASONS[name])


@pytest.mark.slow
def test_each_module_is_imported_or_refused_for_that_reason(lab, other_process):
    names = sorted({*sys.stdlib_module_names, *REASONS} - {"idlelib", "this"})
    path = lab.write(
        lab.raft(
            f"""
            def boot(self):
                for name in {names!r}:
                    try:
                        importlib.import_module(name)
                    except BaseException as exc:
                        print("NOT", name, f"{{type(exc).__name__}}: {{exc}}")
            """,
            head="import importlib",
        )
    )
    refused = json.loads(other_process(SCRIPT, 0, str(path)))
    assert refused.keys() >= {"socket", "subprocess", "logging.config", "asyncio.log"}
    for name, told in refused.items():
        reason = REASONS.get(name, f"nothing in this table: {told}")
        assert told.startswith(
            f"ImportError: a server in the lab cannot import {name}: "
        )
        assert f": {reason}" in told
