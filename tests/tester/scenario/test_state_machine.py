"""What a server applies: each rule of the service passes what is right, and fails what is not."""

import re

import pytest

from labrpc.contract import ApplyMsg
from labrpc.errors import SubmissionError
from tester.oracles.applied_log import Message
from tester.scenario.state_machine import SNAPSHOT_INTERVAL


def fails(code, *words):
    """Expect a SubmissionError with a code, whose text has these words."""
    return pytest.raises(
        SubmissionError,
        match="(?s)" + ".*".join(map(re.escape, words)),
        check=lambda error: error.code.name == code,
    )


def agree_on(cluster, count):
    """Start `count` commands, one after the other, and wait until all have applied them."""
    for number in range(count):
        cluster.one(f"command {number}", expected=3)


def test_a_message_has_the_fields_of_the_contract_s():
    assert Message.__struct_fields__ == tuple(ApplyMsg.__dataclass_fields__)


# Commands.


def test_each_entry_is_applied_in_order_and_once(make_cluster):
    cluster = make_cluster()
    agree_on(cluster, 5)
    for machine in cluster.state_machines:
        assert list(machine.commands) == [1, 2, 3, 4, 5]
        assert machine.last_applied == 5
    assert cluster.commits() == 5


@pytest.mark.parametrize(
    ("indices", "words"),
    [
        ("[2]", "applied index 2 after index 0; the next index is 1"),
        ("[1, 1]", "applied index 1 after index 1; the next index is 2"),
        ("[1, 3]", "applied index 3 after index 1; the next index is 2"),
        ("[0]", "applied index 0 after index 0; the next index is 1"),
        ("['1']", "applied index '1' after index 0; the next index is 1"),
        ("[1.0]", "applied index 1.0 after index 0; the next index is 1"),
    ],
)
def test_an_entry_out_of_order_is_reported(make_cluster, indices, words):
    cluster = make_cluster(f"""
        def apply(self, index, command):
            if self.me == 1:
                for i in {indices}:
                    self.apply_ch.put(ApplyMsg(True, command, i))
    """)
    with fails(
        "applied-out-of-order",
        "server 1",
        words,
        "section 5.3",
        "each entry is applied once",
    ):
        cluster.one("x", expected=3)


def test_entries_applied_by_two_threads_at_once_are_reported(make_cluster):
    cluster = make_cluster("""
        def set_up(self):
            if self.me == 2:
                for index in (2, 1):
                    message = ApplyMsg(True, "x", index)
                    threading.Thread(target=self.apply_ch.put, args=(message,)).start()
    """)
    with fails("applied-out-of-order", "server 2 applied index", "the next index is 1"):
        cluster.sleep(1)


OTHER = """
    def apply(self, index, command):
        if self.me == 2 and index == 2:
            time.sleep(0.1)
            command = {command}
        self.apply_ch.put(ApplyMsg(True, command, index))
"""


@pytest.mark.parametrize(
    ("command", "shown"),
    [("'other'", "'other'"), ("'x' * 99", "'xxx"), ("None", "None")],
)
def test_another_command_at_an_index_is_reported(make_cluster, command, shown):
    cluster = make_cluster(OTHER.format(command=command))
    cluster.one(17, expected=3)
    with fails(
        "applied-differently",
        f"server 2 applied {shown}",
        "at index 2, where server",
        "had applied 17 (State Machine Safety, Figure 3)",
        "applied 17 at index 2 at 0.",
        "5.4.1",
        "Figure 8",
    ):
        cluster.one(17, expected=3)


@pytest.mark.parametrize("command", ["17.0", "True"])
def test_an_equal_command_of_another_type_is_another_command(make_cluster, command):
    cluster = make_cluster(OTHER.format(command=f"command == 1 and {command} or 17.0"))
    cluster.one(1, expected=3)
    with fails("applied-differently", "server 2 applied", "State Machine Safety"):
        cluster.one(17 if command == "17.0" else 1, expected=3)


def test_a_restarted_server_is_held_to_what_was_applied_before(make_cluster):
    cluster = make_cluster("""
        def set_up(self):
            self.lives = self.persister.read_raft_state() + b"1"
            self.term = len(self.lives)
            self.persister.save(self.lives, None)
            if self.term > 1:
                threading.Thread(target=self.apply, args=(1, self.term)).start()
    """)
    cluster.one("x", expected=3)
    cluster.restart(*cluster.servers)
    assert cluster.n_committed(1) == (0, None)
    with fails(
        "applied-differently", "applied 2 at index 1, where server", "had applied 'x'"
    ):
        cluster.sleep(1)


@pytest.mark.parametrize("flags", ["False, 'x', 1", "True, 'x', 1, True, b'', 1"])
def test_a_message_of_neither_kind_or_both_is_refused(make_cluster, flags):
    cluster = make_cluster(f"""
        def apply(self, index, command):
            self.apply_ch.put(ApplyMsg({flags}))
    """)
    with fails(
        "wrong-apply-msg",
        "put an ApplyMsg on its apply channel with",
        "set command_valid for a command",
    ):
        cluster.one("x", expected=3)


def test_a_command_that_is_no_plain_value_is_refused(make_cluster):
    cluster = make_cluster("""
        def apply(self, index, command):
            self.apply_ch.put(ApplyMsg(True, {command}, index))
    """)
    with fails("exception", "TypeError: the ApplyMsg contains a set", "raft.py"):
        cluster.one("x", expected=3)


# Snapshots.

UNTIL_SNAPSHOT = SNAPSHOT_INTERVAL - 1

# Server 2 lags behind, and is sent the snapshot when the leader has it.
SENDS_SNAPSHOT = """
    def snapshot(self, index, snapshot):
        if self.me == 0:
            args = index, snapshot
            threading.Thread(target=self.peers[2].call, args=("R.install", args)).start()
    def apply(self, index, command):
        if self.me != 2:
            self.apply_ch.put(ApplyMsg(True, command, index))
    def install(self, args):
        index, snapshot = args
        {install}
        self.put_snapshot(index, snapshot)
    def put_snapshot(self, index, snapshot):
        self.apply_ch.put(ApplyMsg(False, None, 0, True, snapshot, index, 1))
"""


def agree_up_to_the_snapshot(cluster):
    for number in range(UNTIL_SNAPSHOT):
        cluster.one(f"command {number}", expected=2)
    cluster.sleep(1)


def test_snapshots_are_taken_at_every_tenth_entry_and_restored(make_cluster):
    cluster = make_cluster("""
        def snapshot(self, index, snapshot):
            self.persister.save(f"cut at {index}".encode(), snapshot)
    """, snapshots=True)  # fmt: skip
    agree_on(cluster, UNTIL_SNAPSHOT - 1)
    assert cluster.world.disks[1].raft_state == b""
    agree_on(cluster, 1)
    assert cluster.world.disks[1].raft_state == b"cut at 9"
    before = dict(cluster.state_machines[1].commands)
    cluster.crash(1)
    cluster.restart(1)
    assert cluster.state_machines[1].commands == before
    assert cluster.state_machines[1].last_applied == UNTIL_SNAPSHOT


def test_no_snapshots_are_taken_unless_asked_for(make_cluster):
    cluster = make_cluster("def snapshot(self, index, snapshot): raise RuntimeError")
    agree_on(cluster, UNTIL_SNAPSHOT)
    assert cluster.state_machines[1].last_applied == UNTIL_SNAPSHOT


def test_a_snapshot_brings_a_server_up_to_date(make_cluster):
    cluster = make_cluster(SENDS_SNAPSHOT.format(install="pass"), snapshots=True)
    agree_up_to_the_snapshot(cluster)
    assert cluster.state_machines[2].last_applied == UNTIL_SNAPSHOT
    assert cluster.state_machines[2].commands == cluster.state_machines[0].commands


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    ("install", "words"),
    [
        (
            "snapshot = snapshot[:-1]",
            "bytes as a snapshot, but the service never made it",
        ),
        ("snapshot = b''", "handed the service 0 bytes as a snapshot"),
        ("snapshot += b'x'", "(Figure 13)"),
        ("snapshot = snapshot.replace(b'4', b'5')", "bytes as a snapshot, but"),
        ("snapshot = None", "handed the service a NoneType as a snapshot"),
        ("snapshot = snapshot.hex()", "handed the service a str as a snapshot"),
        (
            "index -= 1",
            "a snapshot with snapshot_index 8, but the service made it at index 9",
        ),
    ],
)
def test_an_altered_snapshot_is_reported(make_cluster, install, words):
    cluster = make_cluster(SENDS_SNAPSHOT.format(install=install), snapshots=True)
    code = "wrong-snapshot-index" if "index" in install else "unknown-snapshot"
    with fails(code, "server 2", words):
        agree_up_to_the_snapshot(cluster)


def test_an_older_snapshot_must_not_replace_newer_state(make_cluster):
    cluster = make_cluster("""
        def snapshot(self, index, snapshot):
            self.saved = index, snapshot
        def apply(self, index, command):
            self.apply_ch.put(ApplyMsg(True, command, index))
            if self.me == 1 and index == 12:
                index, snapshot = self.saved
                self.apply_ch.put(ApplyMsg(False, None, 0, True, snapshot, index, 1))
    """, snapshots=True)  # fmt: skip
    with fails(
        "snapshot-went-back",
        "server 1 applied a snapshot of index 9 after index 12: its state went back "
        "(section 7)",
        "must be ignored",
    ):
        agree_on(cluster, 13)


def test_entries_below_a_snapshot_are_not_applied_again(make_cluster):
    install = (
        "self.put_snapshot(*args); self.apply_ch.put(ApplyMsg(True, 'x', 9)); return"
    )
    cluster = make_cluster(SENDS_SNAPSHOT.format(install=install), snapshots=True)
    with fails(
        "applied-out-of-order",
        "server 2 applied index 9 after index 9; the next index is 10",
    ):
        agree_up_to_the_snapshot(cluster)


def test_a_snapshot_lost_by_a_restart_is_reported(make_cluster):
    # It applies from 10 on, as if the service still had what was in the snapshot.
    cluster = make_cluster("""
        def set_up(self):
            saved = self.persister.read_raft_state()
            if saved:
                message = ApplyMsg(True, "x", 10)
                threading.Thread(target=self.apply_ch.put, args=(message,)).start()
        def snapshot(self, index, snapshot):
            self.persister.save(b"saved", None)
    """, snapshots=True)  # fmt: skip
    agree_on(cluster, UNTIL_SNAPSHOT)
    cluster.crash(1)
    with fails(
        "applied-out-of-order",
        "server 1 applied index 10 after index 0",
        "it started without a saved snapshot",
    ):
        cluster.restart(1)
        cluster.sleep(1)


def test_a_persisted_snapshot_that_is_not_the_services_is_reported(make_cluster):
    cluster = make_cluster("""
        def set_up(self):
            self.persister.save(b"", b"my own bytes")
    """)
    with fails(
        "unknown-snapshot",
        "server 0 handed the service 12 bytes as a snapshot",
        "Figure 13",
    ):
        cluster.restart(0)


def test_the_next_entry_waits_until_snapshot_has_returned(make_cluster):
    cluster = make_cluster("""
        def snapshot(self, index, snapshot):
            time.sleep(1)
            print("snapshot done")
        def apply(self, index, command):
            self.apply_ch.put(ApplyMsg(True, command, index))
            print("applied", index)
    """, snapshots=True)  # fmt: skip
    for number in range(11):
        cluster.start(0, number)
    cluster.sleep(3)
    printed = [line for _, server, line in cluster.world.log if server == 1]
    assert printed[8:11] == ["applied 9", "snapshot done", "applied 10"]
