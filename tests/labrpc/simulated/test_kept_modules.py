"""Modules that a life takes over: it does what one does that loads them."""

import gc
from collections.abc import Callable

import pytest

from labrpc.box_factory import InProcessBoxFactory
from labrpc.submission.submission import Submission
from labrpc.world.events import Boot, Invoke, Result

RAFT = """\
import random
from dataclasses import dataclass

@dataclass
class State:
    term: int

class Raft:
    lives = 0

    def __init__(self, peers, me, persister, apply_ch):
        self.state = State(random.randrange(1_000_000))

    def get_state(self):
        return self.state.term, random.random() < 0.5

    def start(self, command):
        Raft.lives += 1
        return Raft.lives, type(self).__name__, False
"""


@pytest.fixture
def live(lab) -> Callable[..., list]:
    """Return a function that lives lives of one server, and returns what each has said."""
    enabled = gc.isenabled()
    gc.disable()

    def live(source: str, lives: int, methods: tuple[str, ...], again: bool = True):
        boxes = InProcessBoxFactory(Submission.find(lab.write(source)))
        said = []
        for _ in range(lives):
            box = boxes.box(0, 1, "seed", again=again)
            actions = box.step(0, Boot(3, b"", b""))[0]
            for number, method in enumerate(methods):
                args = (1,) if method == "start" else ()
                actions += box.step(10, Invoke(number, method, args))[0]
            said.append([a.value for a in actions if type(a) is Result])
            box.crash()
        kept = boxes._kept_modules.get((0, 1, "seed"))
        return said, kept and kept.taken_over

    yield live
    if enabled:
        gc.enable()


def test_a_life_that_takes_modules_over_draws_the_same(live):
    said, taken_over = live(RAFT, 3, ("get_state", "get_state"))
    assert taken_over == 2
    assert said == live(RAFT, 3, ("get_state", "get_state"), again=False)[0]


def test_modules_that_have_changed_are_loaded_anew(live):
    said, taken_over = live(RAFT, 6, ("start",))
    assert taken_over == 0
    assert said == [[(1, "Raft", False)]] * 6


@pytest.mark.parametrize(
    "when_loaded",
    [
        "print('loaded')",
        "import time; time.sleep(0.1)",
        "import time; time.monotonic()",
        "import threading; threading.Thread(target=print).start()",
        "import threading; lock = threading.Lock()",
        "from labrpc import annotate",
    ],
)
def test_loading_that_does_more_than_define_is_done_each_time(live, when_loaded):
    assert live(f"{when_loaded}\n{RAFT}", 3, ("get_state",))[1] == 0
