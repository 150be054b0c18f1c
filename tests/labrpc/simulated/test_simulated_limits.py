"""What leaves a box and what stays out: refusals, printed lines, entropy."""

import importlib
from pathlib import Path

import pytest

from labrpc.errors import SubmissionError
from labrpc.world.world import LOG_LINES_KEPT

REFUSED = {
    "import socket": "peers[i].call",
    "import ssl": "peers[i].call",
    "import urllib.request": "peers[i].call",
    "from http import client": "peers[i].call",
    "import subprocess": "several processes",
    "import multiprocessing": "several processes",
    "from concurrent.futures import ProcessPoolExecutor": "several processes",
    "import concurrent.futures; concurrent.futures.ProcessPoolExecutor": "several processes",
    "from concurrent.futures import InterpreterPoolExecutor": "several processes",
    "import concurrent.futures.interpreter": "several processes",
    "import signal": "no signal",
    "import ctypes": "replays",
    "import greenlet": "replays",
    "import _queue": "replays",
    "import gc": "can be replayed",
    "import tester": "labrpc only",
    "from labrpc.world.world import World": "labrpc only",
    "import labrpc.scheduling.scheduler": "labrpc only",
    "import importlib; importlib.import_module('socket')": "peers[i].call",
    "__import__('socket')": "peers[i].call",
    "exec('import socket')": "peers[i].call",
    "eval('__import__(\"socket\")')": "peers[i].call",
    "import os; os.fork()": "several processes",
    "import os; os.system('true')": "several processes",
    "import os; os._exit(0)": "several processes",
    "import os; os.kill(1, 9)": "several processes",
    "from os import remove; remove('x')": "persister.save",
    "open('x')": "persister.save",
    "import builtins; builtins.open('x', 'w')": "persister.save",
    "import io; io.open('x')": "persister.save",
    "import codecs; codecs.open('x', 'w')": "persister.save",
    "import gzip; gzip.open('x', 'w')": "persister.save",
    "import tempfile": "persister.save",
    "import sqlite3": "persister.save",
    "import logging.config": "logging.basicConfig",
    "import pathlib; pathlib.Path('x').read_text()": "persister.save",
    "from pathlib import Path; (Path(__file__).parent / 'x').mkdir()": "persister.save",
    "input()": "keyboard",
}


@pytest.mark.parametrize("statement", REFUSED)
def test_refused_with_a_sentence(lab, statement):
    program = f"""
        def program():
            try:
                {statement}
            except (ImportError, PermissionError) as exc:
                return str(exc)
    """
    # In this process, as by anything that uses it: a server must not come by it.
    importlib.import_module("concurrent.futures.process")
    told = lab.run(program)
    assert told is not None
    assert told.startswith("a server in the lab cannot ")
    assert REFUSED[statement] in told


def test_a_single_file_does_not_get_the_labs_own_raft(lab):
    path = lab.write({"alice.py": "from raft import Raft"}) / "alice.py"
    with pytest.raises(SubmissionError, match="cannot import raft: the lab itself"):
        lab.world(path)


def test_nothing_registered_at_exit_runs(lab, other_process):
    head = "import atexit\n@atexit.register\ndef bye(): print('bye')"
    path = lab.write(lab.raft("def boot(self): print('booted')", head))
    script = """
        import sys
        from labrpc.box.in_process_box import InProcessBox
        from labrpc.world.streams import incarnation_streams
        from labrpc.submission.submission import Submission
        from labrpc.world.world import World
        sub = Submission.find(sys.argv[1])
        world = World(1, "a", lambda server, life: InProcessBox(sub, server, life, incarnation_streams("a", server, life)))
        world.start(0)
        world.close()
        print(world.log)
    """
    assert other_process(script, 0, str(path)) == "[(0, 0, 'booted')]"


def test_refused_import_at_the_top_names_module_and_line(lab):
    with pytest.raises(SubmissionError) as told:
        lab.world(lab.raft("pass", head="x = 1\nimport socket"))
    assert "cannot import socket" in told.value.headline
    assert "raft.py:" in told.value.headline


def test_ordinary_modules_are_the_processes_own(lab):
    def program():
        import collections
        import heapq
        import json
        import os.path
        import re
        from os import path, sep

        return [
            collections.deque([1, 2], 1)[0], heapq.nsmallest(1, [3, 2]),
            json.loads("[1]"), re.findall("a", "banana"), os.path.join("a", "b"),
            path.basename("a/b"), sep, os.environ.get("PATH"), os.getenv("HOME", "x"),
        ]  # fmt: skip

    assert lab.run(program) == [2, [2], [1], ["a"] * 3, "a/b", "b", "/", None, "x"]


def test_printed_lines_carry_time_and_server(lab):
    body = """
    def say(self):
        print("one", 2, sep="-")
        time.sleep(1.5)
        print("two\\nthree", end="")
        print(" and four")
        import sys
        sys.stderr.write("five\\n")
        print("six", file=sys.stdout)
    """
    world = lab.world(lab.raft(body), servers=2)
    before_ns = world.now_ns
    world.invoke(1, "say")
    lines = [(server, line) for _, server, line in world.log]
    texts = ["one-2", "two", "three and four", "five", "six"]
    assert lines == [(1, text) for text in texts]
    times = [time_ns - before_ns for time_ns, _, _ in world.log]
    assert times[0] == 0
    assert times[1:] == [1_500_000_000] * 4


def test_what_is_logged_to_a_file_is_recorded_like_all_else(lab, tmp_path):
    body = """
    def say(self):
        import logging
        logging.basicConfig(filename="raft.log", level=logging.DEBUG, force=True)
        logging.debug("one")
        log = logging.getLogger("raft")
        log.addHandler(logging.FileHandler("x/y.log", mode="w", encoding="utf-8"))
        log.propagate = False
        log.error("two")
        log.handlers[0].close()
        logging.shutdown()
    """
    before = set(Path.cwd().iterdir())
    world = lab.world(lab.raft(body))
    world.invoke(0, "say")
    assert [line for _, _, line in world.log] == ["DEBUG:root:one", "two"]
    assert set(Path.cwd().iterdir()) == before


def test_a_command_line_is_a_servers_own_and_empty(lab, monkeypatch):
    monkeypatch.setattr("sys.argv", ["pytest", "--what"])

    def program():
        import argparse

        parser = argparse.ArgumentParser()
        parser.add_argument("--debug", action="store_true")
        return parser.parse_args().debug, parser.prog

    assert lab.run(program) == (False, "raft")


def test_what_was_printed_just_before_a_crash_is_there_though_its_line_has_no_end(lab):
    body = """
    def say(self):
        print("the conflict is at", end=" ")
        return [][0]
    """
    world = lab.world(lab.raft(body))
    with pytest.raises(SubmissionError, match="IndexError"):
        world.invoke(0, "say")
    assert [line for _, _, line in world.log] == ["the conflict is at "]


@pytest.mark.unmeasured
def test_of_many_lines_the_last_are_kept(lab):
    body = "def say(self, start):\n        for n in range(start, start + 500): print(n)"
    world = lab.world(lab.raft(body))
    for start in range(0, 30_000, 500):
        world.invoke(0, "say", start)
    assert LOG_LINES_KEPT <= len(world.log) <= 2 * LOG_LINES_KEPT
    last = [int(line) for _, _, line in world.log]
    assert last == list(range(30_000 - len(last), 30_000))


def test_nothing_printed_reaches_the_process(lab, capfd):
    body = """
    def say(self):
        import logging, pprint, sys, traceback
        print("printed")
        pprint.pprint({"pretty": 1})
        logging.getLogger("x").warning("warned")
        try:
            1 / 0
        except ZeroDivisionError:
            traceback.print_exc()
        sys.stdout.flush()
    """
    world = lab.world(lab.raft(body))
    world.invoke(0, "say")
    assert capfd.readouterr() == ("", "")
    lines = [line for _, _, line in world.log]
    assert lines[:3] == ["printed", "{'pretty': 1}", "warned"]
    assert lines[-1] == "ZeroDivisionError: division by zero"


def test_logging_is_configured_by_each_server_for_itself(lab):
    head = "import logging"
    body = """
    def boot(self):
        if self.me == 0:
            logging.basicConfig(
                level=logging.DEBUG,
                format="%(asctime)s %(levelname)s %(name)s %(threadName)s %(message)s",
            )
    def say(self):
        logger = logging.getLogger("raft")
        logger.debug("quiet %d", self.me)
        logger.error("loud %d", self.me)
    """
    world = lab.world(lab.raft(body, head), servers=2)
    world.invoke(0, "say")
    world.invoke(1, "say")
    lines = [(server, line) for _, server, line in world.log]
    assert lines[-1] == (1, "loud 1")
    assert [server for server, _ in lines] == [0, 0, 1]
    assert lines[0][1].startswith("2023-11-14 22:13:20,")
    assert lines[0][1].endswith(" DEBUG raft say() quiet 0")


def test_crashed_pool_workers_are_silent(lab, capfd):
    body = """
    def boot(self):
        from concurrent.futures import ThreadPoolExecutor
        self.pool = ThreadPoolExecutor(3)
        self.busy = [self.pool.submit(time.sleep, 60) for _ in range(2)]
        self.pool.submit(len, ())
    """
    world = lab.world(lab.raft(body))
    world.sleep_ns(10**9)
    world.crash(0)
    assert capfd.readouterr() == ("", "")


def test_failing_callback_of_a_future_is_logged_by_its_server(lab, capfd):
    def program():
        from concurrent.futures import ThreadPoolExecutor

        def complain(future):
            raise ValueError("in the callback")

        with ThreadPoolExecutor(1) as pool:
            pool.submit(len, ()).add_done_callback(complain)

    lab.run(program)
    lines = [line for _, _, line in lab.worlds[0].log]
    assert lines[0].startswith("exception calling callback for <Future")
    assert lines[-1] == "ValueError: in the callback"
    assert capfd.readouterr() == ("", "")


ENTROPY = """
import os, random, secrets, threading, time, uuid, queue, datetime
from concurrent.futures import ThreadPoolExecutor, as_completed

def program():
    log = []
    def work(n):
        time.sleep(random.random())
        log.append(n)
        return n
    threads = [threading.Thread(target=work, args=(n,)) for n in range(9)]
    for thread in threads:
        thread.start()
    with ThreadPoolExecutor(4) as pool:
        futures = {pool.submit(work, n) for n in range(20, 29)}
        done = [f.result() for f in as_completed(futures)]
        done += [f.result() for f in as_completed(futures)]
    for thread in threads:
        thread.join()
    return [
        log, done, random.random(), random.Random().random(), str(uuid.uuid4()),
        str(uuid.uuid1()), os.urandom(8), secrets.token_hex(4), time.time(),
        random.SystemRandom().random(), str(datetime.datetime.now()), os.getpid(),
        [t.name for t in threads], repr(threads[0]), threading.get_ident(),
        time.perf_counter(), time.strftime("%c"), hash(threads[0]),
    ]
"""


def test_one_seed_gives_one_outcome_and_another_seed_another(lab):
    first = lab.run(ENTROPY, seed="a")
    assert lab.run(ENTROPY, seed="a") == first
    other = lab.run(ENTROPY, seed="b")
    random_values = range(8), range(9, 10)
    for i in (i for values in random_values for i in values):
        assert other[i] != first[i]


@pytest.mark.slow
def test_one_seed_gives_one_outcome_in_every_process(lab, other_process):
    script = """
        import sys
        from labrpc.box.in_process_box import InProcessBox
        from labrpc.world.streams import incarnation_streams
        from labrpc.submission.submission import Submission
        from labrpc.world.world import World
        sub = Submission.find(sys.argv[1])
        world = World(1, "a", lambda server, life: InProcessBox(sub, server, life, incarnation_streams("a", server, life)))
        world.start(0)
        print(world.invoke(0, "run"))
        world.close()
    """
    here = lab.run(ENTROPY, seed="a")
    path = str(lab.directory / "submission_1")
    assert other_process(script, 1, path) == repr(here)
    assert other_process(script, 2, path) == repr(here)


def test_servers_and_incarnations_draw_different_numbers(lab):
    body = """
    def draw(self):
        import random, uuid
        return random.random(), str(uuid.uuid4())
    """
    world = lab.world(lab.raft(body), servers=2)
    drawn = [world.invoke(0, "draw"), world.invoke(1, "draw")]
    world.crash(0)
    world.start(0)
    drawn.append(world.invoke(0, "draw"))
    assert len(set(drawn)) == 3


def test_seeding_one_server_leaves_the_others_alone(lab):
    body = """
    def draw(self, seed):
        import random
        if seed:
            random.seed(seed)
        return random.random()
    """
    alone = lab.world(lab.raft(body), servers=2).invoke(1, "draw", 0)
    world = lab.world(lab.raft(body), servers=2)
    assert world.invoke(0, "draw", 5) == 0.6229016948897019
    assert world.invoke(1, "draw", 0) == alone
