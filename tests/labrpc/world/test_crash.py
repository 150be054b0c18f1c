"""Crashes and what leaves a thread: nothing of the dead acts any more."""

import pytest

from labrpc.clock import MILLISECOND, SECOND
from labrpc.errors import CtrlC, SubmissionError

STORE = """
    def boot(self):
        self.found = self.persister.read_raft_state(), self.persister.read_snapshot()
        threading.Thread(target=self.work, daemon=True).start()
    def work(self):
        try:
            for n in range(100):
                time.sleep(0.1)
                self.persister.save(b"%d" % n, b"s%d" % n if n % 2 else None)
                self.apply_ch.put(ApplyMsg(command_valid=True, command_index=n))
        finally:
            self.persister.save(b"after death", b"")
            print("last words")
            self.peers[1].call("Raft.late", 1)
    def late(self, _):
        self.found = "a dead server called"
    def look(self):
        return self.found
"""


def test_a_crash_is_a_cut_and_the_disk_survives(lab):
    world = lab.world(lab.raft(STORE), servers=2)
    world.sleep_ns(350 * MILLISECOND)
    assert world.invoke(0, "look") == (b"", b"")
    world.crash(0)
    sent, applied = world.network.calls, []
    lab.take_applied(world, lambda host, put_id, message: applied.append(host.server))
    assert (world.disks[0].raft_state, world.disks[0].snapshot) == (b"2", b"")
    world.sleep_ns(10 * SECOND)
    assert world.network.calls == sent
    assert 0 not in applied
    assert not [line for _, server, line in world.log if server == 0]
    assert world.invoke(1, "look") == (b"", b"")
    world.start(0)
    assert world.invoke(0, "look") == (b"2", b"")


def test_what_was_saved_last_is_found_and_snapshots_are_replaced(lab):
    world = lab.world(lab.raft(STORE), servers=2)
    world.sleep_ns(250 * MILLISECOND)
    world.crash(0)
    assert (world.disks[0].raft_state, world.disks[0].snapshot) == (b"1", b"s1")
    world.start(0)
    assert world.invoke(0, "look") == (b"1", b"s1")


def test_only_bytes_are_saved(lab):
    world = lab.world(lab.raft("def save(self): self.persister.save({'a': 1}, None)"))
    with pytest.raises(SubmissionError, match=r"persister.save takes bytes; raft_state is a dict"):  # fmt: skip
        world.invoke(0, "save")


def test_threads_that_swallow_their_death_hang_nobody(lab):
    body = """
    def boot(self):
        self.n = 0
        for wait in (lambda: time.sleep(1), threading.Event().wait,
                     lambda: self.peers[1].call("Raft.stay", 1)):
            threading.Thread(target=self.stubborn, args=(wait,), daemon=True).start()
    def stubborn(self, wait):
        while True:
            try:
                wait()
            except BaseException:
                pass
            self.n += 1
    def stay(self, _):
        time.sleep(1)
    def look(self):
        return self.n
    """
    world = lab.world(lab.raft(body), servers=2)
    world.sleep_ns(SECOND)
    world.crash(0)
    world.start(0)
    before = world.invoke(1, "look")
    world.sleep_ns(5 * SECOND)
    assert world.invoke(0, "look") >= 4
    assert world.invoke(1, "look") >= before + 4


def test_killing_a_server_runs_its_finally_blocks_but_nothing_comes_of_them(lab):
    body = """
    def boot(self):
        self.lock, self.condition = threading.RLock(), threading.Condition()
        for work in (self.waits, self.holds, self.wants):
            threading.Thread(target=work, daemon=True).start()
    def waits(self):
        with self.condition:
            self.condition.wait()
    def holds(self):
        with self.lock:
            time.sleep(100)
    def wants(self):
        time.sleep(0.1)
        with self.lock:
            raise ValueError("never got here")
    """
    world = lab.world(lab.raft(body))
    world.sleep_ns(SECOND)
    world.crash(0)
    world.start(0)
    world.sleep_ns(SECOND)
    assert world.hosts[0].up


def test_an_exception_of_any_kind_in_a_thread_fails_the_test(lab):
    for kind in ("ValueError", "GeneratorExit", "Own"):
        head = "class Own(BaseException): pass"
        body = f"""
        def boot(self):
            threading.Thread(target=self.work, name="worker").start()
        def work(self):
            time.sleep(0.1)
            raise {kind}("boom")
        """
        world = lab.world(lab.raft(body, head))
        with pytest.raises(SubmissionError, match=f"{kind}: boom .*thread 'worker'"):
            world.sleep_ns(SECOND)


def test_an_interrupt_by_the_person_at_the_keyboard_ends_the_run(lab):
    class Interrupts:
        def breakpoint(self):
            raise CtrlC

        def exception(self, exc):
            pass

    body = """
    def boot(self):
        for n in range(5):
            threading.Thread(target=self.work, args=(n,)).start()
    def work(self, n):
        try:
            time.sleep(0.1 * (n + 1))
            if n == 1:
                breakpoint()
        except Exception:
            print("wrong thread")
    """
    world = lab.world(lab.raft(body), debugger=Interrupts())
    with pytest.raises(CtrlC):
        world.sleep_ns(SECOND)
    assert world.now_ns < 300 * MILLISECOND
    assert world.log == []


@pytest.mark.parametrize("kind", ["KeyboardInterrupt", "asyncio.CancelledError"])
def test_one_that_a_server_raises_is_its_own(lab, kind):
    body = f"""
    def boot(self):
        threading.Thread(target=self.work, name="worker").start()
    def work(self):
        time.sleep(0.1)
        raise {kind}
    """
    world = lab.world(lab.raft(body, "import asyncio"))
    kind = kind.rpartition(".")[2]
    with pytest.raises(SubmissionError, match=f"{kind} .*in thread 'worker'") as caught:
        world.sleep_ns(SECOND)
    assert "in work" in caught.value.evidence
