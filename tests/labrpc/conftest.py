"""Worlds of small submissions, closed when the test ends."""

import inspect
import os
import re
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import labrpc
from labrpc.box.debugger import Debugger
from labrpc.box.in_process_box import InProcessBox
from labrpc.submission.submission import Submission
from labrpc.world.host import Host
from labrpc.world.observer import Observer
from labrpc.world.streams import incarnation_streams
from labrpc.world.supervisor import SupervisedWorld, Supervisor
from labrpc.world.world import World

ROOT = Path(labrpc.__file__).parents[1]

# What a test's submission gets unless it brings a constructor of its own.
HEAD = """\
import threading, time
from labrpc import ApplyMsg

class Server:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me, self.persister = peers, me, persister
        self.apply_ch = apply_ch
        self.boot()

    def boot(self):
        pass
"""

# Stands for a program that neither ends nor fails.
STUCK = "the program did not end"
REAL_SECONDS_MAX = 20.0
REAL_RUNS_MAX = 10


class Taking(Supervisor):
    """Leaves it to a test what becomes of the messages that servers apply."""

    def __init__(self, take: Callable[[Host, int, Any], None]) -> None:
        self._take = take

    def take(
        self, world: SupervisedWorld, host: Host, put_id: int, message: Any
    ) -> None:
        self._take(host, put_id, message)


class Lab:
    """Writes submissions and runs worlds of them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.worlds: list[World] = []
        self._written = 0

    def write(self, files: str | Mapping[str, str], at: str | None = None) -> Path:
        """Write `raft.py`, or several files, into a directory of their own."""
        if isinstance(files, str):
            files = {"raft.py": files}
        self._written += 1
        directory = self.directory / (at or f"submission_{self._written}")
        for name, text in files.items():
            file = directory / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(text))
        return directory

    def raft(self, body: str, head: str = "") -> str:
        """Return a submission: methods for `Raft`, after module-level code."""
        methods = textwrap.indent(textwrap.dedent(body), "    ")
        return f"{HEAD}\n{textwrap.dedent(head)}\nclass Raft(Server):\n{methods}\n"

    def world(
        self,
        source: str | Path,
        servers: int = 1,
        seed: str = "seed",
        observers: Sequence[Observer] = (),
        start: bool = True,
        preempt: bool = False,
        debugger: Debugger | None = None,
    ) -> World:
        """Return a world of running servers, all connected."""
        path = source if isinstance(source, Path) else self.write(source)
        submission = Submission.find(path)
        world = World(
            servers,
            seed,
            lambda server, life: InProcessBox(
                submission,
                server,
                life,
                incarnation_streams(seed, server, life),
                preempt,
                debugger,
            ),
        )
        for observer in observers:
            world.observe(observer)
        self.worlds.append(world)
        for src in range(servers):
            for dst in range(servers):
                world.network.enable(src, dst)
        for server in range(servers if start else 0):
            world.start(server)
        return world

    @staticmethod
    def take_applied(world: World, take: Callable[[Host, int, Any], None]) -> None:
        """Give what servers apply to `take`, by host, number and message."""
        world.supervise(Taking(take))

    def run(
        self,
        program: Callable[[], Any] | str,
        seed: str = "seed",
        preempt: bool = False,
    ) -> Any:
        """Run a program inside a box, and return what it returned."""
        source = _source(program) + (
            "\nclass Raft:\n"
            "    def __init__(self, peers, me, persister, apply_ch): pass\n"
            "    def run(self): return program()\n"
        )
        world = self.world(source, seed=seed, preempt=preempt)
        return world.invoke(0, "run")

    def close(self) -> None:
        """End every world."""
        for world in self.worlds:
            world.close()


def _source(program: Callable[[], Any] | str) -> str:
    """Return module text that defines `program`."""
    if isinstance(program, str):
        return textwrap.dedent(program)
    text = textwrap.dedent(inspect.getsource(program))
    text = text[text.index("def ") :]
    return re.sub(r"^def \w+\(", "def program(", text)


def run_for_real(program: Callable[[], Any] | str) -> Any:
    """Run a program on the process's own modules, in a thread of its own."""
    if isinstance(program, str):
        module = type(sys)("real_program")
        sys.modules["real_program"] = module
        exec(_source(program), vars(module))
        program = module.program
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(program())
        except Exception as exc:  # The test compares it with what the box says.
            results.append(exc)
        finally:
            sys.modules.pop("real_program", None)

    # Python's own hook, not pytest's, which takes a SystemExit for a failure.
    hook, threading.excepthook = threading.excepthook, threading.__excepthook__
    thread = threading.Thread(target=run)
    thread.daemon = True
    thread.start()
    thread.join(REAL_SECONDS_MAX)
    threading.excepthook = hook
    result = results[0] if results else STUCK
    if isinstance(result, Exception):
        raise result
    return result


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Worlds of small submissions, closed when the test ends."""
    lab = Lab(tmp_path)
    yield lab
    lab.close()


@pytest.fixture
def same_for_real(lab: Lab) -> Callable[..., Any]:
    """Check that a program does inside a box what it does on real threads.

    `for_real` is what runs on real threads, where that is not the program itself.

    On a machine that is busy with something else, a program with time-outs of
    milliseconds does not do the same each time. What it does in the box must be
    among the things that it does for real.
    """

    def check(
        program: Callable[[], Any] | str, for_real: Callable[[], Any] | None = None
    ) -> Any:
        simulated = lab.run(program)
        assert simulated not in (None, STUCK, (), [], {}), "the program shows nothing"
        seen: list[Any] = []
        while simulated not in seen and len(seen) < REAL_RUNS_MAX:
            seen.append(run_for_real(for_real or program))
        assert simulated in seen
        return simulated

    return check


@pytest.fixture
def other_process(tmp_path: Path) -> Callable[..., str]:
    """Run a script in a process of its own, under another hash seed."""

    def run(script: str, hash_seed: int, *args: str) -> str:
        file = tmp_path / "script.py"
        file.write_text(textwrap.dedent(script))
        path = os.pathsep.join([str(ROOT), *filter(None, [os.getenv("PYTHONPATH")])])
        done = subprocess.run(
            [sys.executable, str(file), *args],
            env=os.environ | {"PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run
