"""A Raft of elections only, in a few lines: its worlds are small and start fast."""

import gc
import itertools
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random

import pytest

from labrpc.box_factory import InProcessBoxFactory
from labrpc.errors import SubmissionError
from labrpc.submission.submission import Submission
from tester.search.choices import Choice, Setting
from tester.search.disturbances import Disturbances
from tester.search.episode_run import Episode, EpisodeRun
from tester.search.episodes import elect
from tester.search.exhaustive import node_of
from tester.search.histories import Histories
from tester.search.judged_run import run_choices
from tester.search.rules import Rules
from tester.search.session import quiet_process

ORDINARY = Setting()
# Correct as far as it goes: a server elects itself, and commits nothing.
ELECTOR = """\
import pickle, random, threading, time

class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me, self.persister = peers, me, persister
        self.apply_ch = apply_ch
        self.lock = threading.Lock()
        self.term, self.voted_for = 0, None
        saved = persister.read_raft_state()
        if saved:
            self.term, self.voted_for = pickle.loads(saved)
        self.votes, self.leads = 0, False
        threading.Thread(target=self.tick).start()

    def save(self):
        self.persister.save(pickle.dumps((self.term, self.voted_for)))

    def observe(self, term):
        if term > self.term:
            self.term, self.voted_for, self.leads = term, None, False
            self.save()

    def tick(self):
        while True:
            time.sleep(random.uniform(0.3, 0.6))
            with self.lock:
                if self.leads:
                    continue
                self.term += 1
                self.voted_for, self.votes = self.me, 1
                self.save()
                for peer in range(len(self.peers)):
                    if peer != self.me:
                        args = (peer, self.term)
                        threading.Thread(target=self.ask, args=args).start()

    def ask(self, peer, term):
        reply = self.peers[peer].call("Raft.vote", (term, self.me))
        if reply is None:
            return
        with self.lock:
            self.observe(reply[0])
            if reply[1] and self.term == term and self.voted_for == self.me:
                self.votes += 1
                if 2 * self.votes > len(self.peers):
                    self.leads = True

    def vote(self, args):
        term, candidate = args
        with self.lock:
            self.observe(term)
            granted = term == self.term and self.voted_for in (None, candidate)
            if granted:
                self.voted_for = candidate
                self.save()
            return self.term, granted

    def get_state(self):
        with self.lock:
            return self.term, self.leads

    def start(self, command):
        return -1, self.term, False

    def snapshot(self, index, snapshot):
        pass
"""


THREE = Setting(servers=3, elections_only=True)


@pytest.fixture
def elector_boxes(tmp_path: Path) -> Callable[..., InProcessBoxFactory]:
    """Return a function that makes the boxes of electors, with changes perhaps.

    Its arguments are pairs: a piece of the source, and what replaces it.
    """
    numbers = itertools.count()

    def make(*bug: str) -> InProcessBoxFactory:
        source = ELECTOR
        for old, new in zip(bug[::2], bug[1::2], strict=True):
            assert old in source
            source = source.replace(old, new)
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        (folder / "raft.py").write_text(source)
        return InProcessBoxFactory(Submission.find(folder))

    return make


# Between a voter's look at its vote and the vote, the lock is free.
_LOOK = (
    "            granted = term == self.term and self.voted_for in (None, candidate)\n"
)
_LOOKS_THEN_VOTES = (_LOOK, f"{_LOOK}        with self.lock:\n")


@pytest.fixture
def preempted_boxes(
    elector_boxes: Callable[..., InProcessBoxFactory],
) -> Callable[[bool], InProcessBoxFactory]:
    """Return a function that makes boxes whose threads lose their turn.

    It is given whether a voter may vote twice if it is interrupted.
    """

    def make(votes_twice: bool = True) -> InProcessBoxFactory:
        bug = _LOOKS_THEN_VOTES if votes_twice else ()
        return InProcessBoxFactory(elector_boxes(*bug).submission, preempt=True)

    return make


@pytest.fixture
def world_rules(
    elector_boxes: Callable[..., InProcessBoxFactory],
) -> Iterator[Callable[..., Rules]]:
    """Return a function that returns the rules of a world of electors."""
    opened: list[Histories] = []

    def open_world(
        *bug: str, setting: Setting = THREE, look_alikes: bool = False
    ) -> Rules:
        boxes = elector_boxes(*bug)
        histories = Histories(boxes, setting, look_alikes=look_alikes)
        opened.append(histories)
        return Rules(histories, setting, by_outline=look_alikes)

    enabled = gc.isenabled()
    gc.disable()
    yield open_world
    for histories in opened:
        histories.close()
    if enabled:
        gc.enable()


@pytest.fixture
def elector_file(
    elector_boxes: Callable[..., InProcessBoxFactory],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Callable[..., str]:
    """Return a function that writes an elector, and returns the path to it."""
    monkeypatch.chdir(tmp_path)
    return lambda *bug: str(elector_boxes(*bug).submission.root)


@pytest.fixture
def happened() -> Iterator[Callable[..., tuple[list[Choice], SubmissionError | None]]]:
    """Return a function that lets server 0 be elected, and then an episode happen.

    It returns the choices, and how the run fails that ends with some more.
    """
    opened: list[Histories] = []

    def happen(
        path: Path, episode: Episode, *end: Choice, setting: Setting = ORDINARY
    ) -> tuple[list[Choice], SubmissionError | None]:
        boxes = InProcessBoxFactory(Submission.find(path), setting.preempt)
        histories = Histories(boxes, setting)
        opened.append(histories)
        rules = Rules(histories, setting)
        disturbances, node = Disturbances(Random(0), True, calm=1), node_of(rules, ())
        for happens in (partial(elect, 0), episode):
            run = EpisodeRun(rules, node, disturbances)
            happens(run)
            node = run.node
        choices = node.path()
        return choices, run_choices(rules, [*choices, *end])[1]

    with quiet_process():
        yield happen
    for histories in opened:
        histories.close()
