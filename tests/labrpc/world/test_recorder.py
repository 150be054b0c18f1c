"""The digest of a run: equal for equal runs, whatever the process."""

import pytest

import labrpc
from labrpc.world.events import Log
from labrpc.world.observer import Observer
from labrpc.world.recorder import DigestRecorder

# Everything that could leak: sets of text and objects, hashes, ids, pools,
# unseeded numbers, pickled sets, threads that race.
HEAD = """
import random, queue, uuid
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

@dataclass
class Note:
    term: int
    text: str
    more: dict = field(default_factory=dict)
"""
BODY = """
    def boot(self):
        self.inbox, self.lock, self.n = queue.Queue(), threading.Lock(), 0
        self.pool = ThreadPoolExecutor(3)
        saved = self.persister.read_raft_state()
        self.term = int(saved or b"0")
        for work in (self.calls, self.reads, self.pools):
            threading.Thread(target=work, daemon=True).start()
    def calls(self):
        while True:
            time.sleep(random.uniform(0.001, 0.02))
            with self.lock:
                self.term += 1
                self.persister.save(b"%d" % self.term, None)
            peer = random.choice(self.peers)
            reply = peer.call("Raft.note", Note(self.term, str(uuid.uuid4()), {"n": self.n}))
            if reply:
                self.inbox.put(reply)
    def reads(self):
        while True:
            reply = self.inbox.get()
            self.apply_ch.put(ApplyMsg(command_valid=True, command=reply.text))
    def pools(self):
        while True:
            futures = {self.pool.submit(time.sleep, random.random() / 50) for _ in range(3)}
            for future in as_completed(futures):
                self.n += 1
                self.peers[self.me].call("Raft.note", Note(self.n, "done"))
    def note(self, note):
        return Note(max(note.term, self.term), note.text[::-1], {"at": time.time()})
"""


def run(lab, path, seed):
    recorder = DigestRecorder()
    world = lab.world(path, servers=3, seed=seed, observers=[recorder])
    world.network.reliable = False
    world.sleep_ns(200_000_000)
    world.crash(1)
    world.sleep_ns(100_000_000)
    world.start(1)
    world.sleep_ns(200_000_000)
    world.close()
    return recorder


SCRIPT = """
import importlib.util, pathlib, sys
def module(name, file):
    spec = importlib.util.spec_from_file_location(name, file)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found
here = pathlib.Path(sys.argv[1])
conftest = module("conftest", here.parent / "conftest.py")
test = module("test_recorder", here / "test_recorder.py")
lab = conftest.Lab(pathlib.Path(sys.argv[2]))
print(test.run(lab, pathlib.Path(sys.argv[2]), "a").hexdigest())
"""


@pytest.fixture
def path(lab):
    return lab.write(lab.raft(BODY, HEAD))


@pytest.mark.unmeasured
def test_one_seed_gives_one_digest_again_and_again(lab, path):
    first = run(lab, path, "a")
    assert first.steps > 300
    assert [run(lab, path, "a").hexdigest() for _ in range(2)] == [
        first.hexdigest()
    ] * 2


@pytest.mark.unmeasured
def test_another_seed_gives_another_digest(lab, path):
    digests = {run(lab, path, seed).hexdigest() for seed in ("a", "b", "c")}
    assert len(digests) == 3


@pytest.mark.slow
def test_every_process_and_hash_seed_gives_the_same_digest(
    lab, path, other_process, request
):
    here = run(lab, path, "a").hexdigest()
    folder = str(request.path.parent)
    for hash_seed in (1, 2):
        assert other_process(SCRIPT, hash_seed, folder, str(path)) == here


@pytest.mark.unmeasured
def test_runs_before_it_do_not_change_a_run(lab, path):
    alone = run(lab, path, "a").hexdigest()
    other = "import decimal\\ndecimal.getcontext().prec = 3\\nimport random\\nrandom.seed(1)"
    run(lab, lab.write(lab.raft(BODY, HEAD + other.replace("\\n", "\n"))), "z")
    assert run(lab, path, "a").hexdigest() == alone


def test_what_the_scenario_does_belongs_to_the_digest(lab, path):
    def controlled(*verbs):
        recorder = DigestRecorder()
        world = lab.world(path, servers=1, observers=[recorder])
        for verb in verbs:
            world.control(verb, 0)
        return recorder.hexdigest()

    assert controlled("cut") == controlled("cut")
    assert len({controlled(), controlled("cut"), controlled("cut", "heal")}) == 3


def test_printed_lines_and_moments_do_not_belong_to_the_digest(lab):
    def digest(work):
        recorder = DigestRecorder()
        world = lab.world(lab.raft(f"def f(self): {work}"), observers=[recorder])
        world.invoke(0, "f")
        return recorder.hexdigest()

    assert digest("pass") == digest("print('loud')")
    assert digest("pass") != digest("self.persister.save(b'', b'')")


class Logged(Observer):
    """Keeps what servers print and annotate."""

    def __init__(self):
        self.lines = []

    def stepped(self, now_ns, host, event, actions):
        self.lines += [a for a in actions if isinstance(a, Log)]


NOTES = """
def f(self):
    time.sleep(1.5)
    annotate("two\\nlines")
    print("printed")
    annotate(7)
"""


def test_an_annotation_goes_to_observers_and_to_nobody_else(lab):
    logged = Logged()
    source = lab.raft(NOTES, "from labrpc import annotate")
    world = lab.world(source, observers=[logged])
    before_ns = world.now_ns
    world.invoke(0, "f")
    assert [(log.line, log.annotates) for log in logged.lines] == [
        ("two lines", True), ("printed", False), ("7", True),
    ]  # fmt: skip
    assert logged.lines[0].time_ns - before_ns == 1_500_000_000
    assert [line for _, _, line in world.log] == ["printed"]


def test_an_annotation_does_not_belong_to_the_digest(lab):
    def digest(work):
        recorder = DigestRecorder()
        head = "from labrpc import annotate"
        world = lab.world(lab.raft(f"def f(self): {work}", head), observers=[recorder])
        world.invoke(0, "f")
        return recorder.hexdigest()

    assert digest("pass") == digest("annotate('here')")


def test_outside_of_the_lab_an_annotation_does_nothing(capsys):
    assert labrpc.annotate("here") is None
    assert capsys.readouterr().out == ""
