"""The reference does what Figures 2, 4 and 13 say, one rule at a time.

The graded suite sees servers from outside. Here one server's handlers are
called directly, with its threads held back: `run` lets one of them go on.
"""

import threading
import time

import pytest

from raft.messages import (
    AppendEntriesArgs,
    AppendEntriesReply,
    InstallSnapshotArgs,
    InstallSnapshotReply,
    RequestVoteArgs,
    RequestVoteReply,
)
from raft.raft import Raft, Role


class Disk:
    """A persister, which survives its server."""

    def __init__(self):
        self.saved = b"", b""
        self.saves = 0

    def save(self, raft_state, snapshot):
        self.saved = raft_state, snapshot or b""
        self.saves += 1

    def read_raft_state(self):
        return self.saved[0]

    def read_snapshot(self):
        return self.saved[1]


class Peer:
    """A peer that gives a prepared reply to every call."""

    def __init__(self):
        self.reply = None

    def call(self, method, args):
        return self.reply


class HeldRaft(Raft):
    """A server whose threads do not run by themselves."""

    def __init__(self, disk=None, servers=3):
        self.threads = []
        super().__init__([Peer() for _ in range(servers)], 0, disk or Disk(), None)

    def _start_thread(self, body, *args):
        self.threads.append((body.__name__, args))

    def sent(self, name):
        """Return the RPCs that are to be sent, and forget them."""
        found = [args for body, args in self.threads if body == name]
        self.threads = [held for held in self.threads if held[0] != name]
        return found

    def run(self, name, *args, reply=None):
        """Let a thread send its RPC, and get this reply."""
        self.peers[args[0]].reply = reply
        getattr(self, name)(*args)


@pytest.fixture
def server():
    """Return a follower in term 5, with entries of terms 1, 1 and 3."""
    server = HeldRaft()
    server.append_entries(
        AppendEntriesArgs(5, 1, 0, 0, [(1, "a"), (1, "b"), (3, "c")], 0)
    )
    return server


@pytest.fixture
def leader(server):
    """Return the same server as leader of term 6, before its first heartbeat."""
    elect(server)
    return server


def elect(server):
    """Make a server leader by the vote of server 1."""
    with server.lock:
        server._become_candidate()
    args = next(args for args in server.sent("_send_request_vote") if args[0] == 1)
    reply = RequestVoteReply(server.current_term, True)
    server.run("_send_request_vote", *args, reply=reply)
    assert server.get_state() == (server.current_term, True)


# RequestVote, receiver implementation.


def vote(term=5, candidate_id=2, last_log_index=3, last_log_term=3):
    return RequestVoteArgs(term, candidate_id, last_log_index, last_log_term)


def test_reply_false_to_a_candidate_of_an_earlier_term(server):
    assert server.request_vote(vote(4)) == RequestVoteReply(5, False)


def test_grant_a_vote_once_per_term_and_again_to_the_same_candidate(server):
    assert server.request_vote(vote(candidate_id=2)).vote_granted
    assert not server.request_vote(vote(candidate_id=1)).vote_granted
    assert server.request_vote(vote(candidate_id=2)).vote_granted
    assert server.request_vote(vote(6, candidate_id=1)) == RequestVoteReply(6, True)


@pytest.mark.parametrize(
    ("last_log_index", "last_log_term", "granted"),
    [(3, 3, True), (4, 3, True), (1, 4, True), (2, 3, False), (9, 2, False)],
)
def test_grant_a_vote_to_an_up_to_date_log_only(
    server, last_log_index, last_log_term, granted
):
    """ "The log with the later term is more up-to-date", then the longer (5.4.1)."""
    args = vote(5, 2, last_log_index, last_log_term)
    assert server.request_vote(args).vote_granted is granted


def test_a_vote_survives_a_restart(server):
    server.request_vote(vote(candidate_id=2))
    again = HeldRaft(server.persister)
    assert not again.request_vote(vote(candidate_id=1)).vote_granted


def test_only_a_granted_vote_resets_the_election_timer(server):
    server.election_deadline_s = 0.0
    server.request_vote(vote(last_log_index=0))
    assert server.election_deadline_s == 0.0
    server.request_vote(vote())
    assert server.election_deadline_s > 0.0


# AppendEntries, receiver implementation.


def append(term=5, prev_log_index=3, prev_log_term=3, entries=(), leader_commit=0):
    return AppendEntriesArgs(
        term, 1, prev_log_index, prev_log_term, list(entries), leader_commit
    )


def test_step_1_reply_false_to_a_leader_of_an_earlier_term(server):
    server.election_deadline_s = 0.0
    assert server.append_entries(append(4)) == AppendEntriesReply(5, False)
    assert server.election_deadline_s == 0.0


@pytest.mark.parametrize(
    ("prev_log_index", "prev_log_term", "conflict_index", "conflict_term"),
    [(5, 3, 4, 0), (3, 4, 3, 3), (2, 2, 1, 1)],
)
def test_step_2_reply_false_where_the_logs_do_not_agree(
    server, prev_log_index, prev_log_term, conflict_index, conflict_term
):
    reply = server.append_entries(append(5, prev_log_index, prev_log_term, [(5, "x")]))
    assert reply == AppendEntriesReply(5, False, conflict_index, conflict_term)
    assert server.log.last_index == 3


def test_step_3_delete_a_conflicting_entry_and_all_that_follow_it(server):
    assert server.append_entries(append(5, 1, 1, [(2, "x")])).success
    assert server.log.entries == [(1, "a"), (2, "x")]


def test_step_3_keep_what_does_not_conflict(server):
    saves = server.persister.saves
    assert server.append_entries(append(5, 1, 1, [(1, "b")])).success
    assert server.log.last_index == 3
    assert server.persister.saves == saves


def test_step_4_append_entries_that_are_not_in_the_log(server):
    assert server.append_entries(append(5, 2, 1, [(3, "c"), (5, "d")])).success
    assert server.log.entries == [(1, "a"), (1, "b"), (3, "c"), (5, "d")]
    assert HeldRaft(server.persister).log == server.log


def test_step_5_commit_no_further_than_the_last_new_entry(server):
    server.append_entries(append(5, 1, 1, [(1, "b")], leader_commit=3))
    assert server.commit_index == 2
    server.append_entries(append(5, 3, 3, leader_commit=3))
    assert server.commit_index == 3
    server.append_entries(append(5, 3, 3, leader_commit=1))
    assert server.commit_index == 3


def test_entries_that_a_snapshot_holds_are_skipped_and_the_arguments_stay(server):
    server.append_entries(append(leader_commit=2))
    server._take_committed()
    server.snapshot(2, b"a b")
    entries = [(1, "a"), (1, "b"), (3, "c"), (5, "d")]
    args = append(5, 0, 0, entries)
    assert server.append_entries(args).success
    assert server.log.entries == [(3, "c"), (5, "d")]
    assert args == append(5, 0, 0, entries)


# InstallSnapshot, receiver implementation (Figure 13).


def install(term=5, last_included_index=2, last_included_term=1):
    return InstallSnapshotArgs(
        term, 1, last_included_index, last_included_term, b"snapshot"
    )


def test_a_snapshot_of_an_earlier_term_is_refused(server):
    assert server.install_snapshot(install(4)) == InstallSnapshotReply(5)
    assert server.log.last_included_index == 0


@pytest.mark.parametrize(
    ("args", "entries"),
    [
        (install(5, 2, 1), [(3, "c")]),  # Step 6: "retain log entries following it".
        (install(5, 2, 2), []),  # Step 7: "discard the entire log".
        (install(5, 9, 4), []),
    ],
)
def test_a_snapshot_replaces_what_it_holds(server, args, entries):
    server.install_snapshot(args)
    assert server.log.entries == entries
    assert server.persister.read_snapshot() == b"snapshot"
    assert HeldRaft(server.persister).last_applied == args.last_included_index
    (message,) = server._take_committed()
    assert message.snapshot_valid
    assert message.snapshot_index == args.last_included_index


def test_a_snapshot_never_takes_the_service_back(server):
    server.append_entries(append(leader_commit=3))
    server.install_snapshot(install())
    assert [message.command for message in server._take_committed()] == ["a", "b", "c"]
    assert server.log.last_included_index == 0


# Rules for servers, and Figure 4.


def test_a_higher_term_makes_anyone_a_follower(leader):
    assert leader.append_entries(append(7)).success
    assert leader.get_state() == (7, False)
    assert leader.voted_for is None


def test_a_candidate_follows_the_leader_of_its_term(server):
    with server.lock:
        server._become_candidate()
    assert (server.role, server.current_term) == (Role.CANDIDATE, 6)
    server.append_entries(append(6))
    assert (server.role, server.current_term) == (Role.FOLLOWER, 6)
    assert server.voted_for == 0


def test_a_candidate_votes_for_itself_and_needs_a_majority():
    server = HeldRaft(servers=5)
    with server.lock:
        server._become_candidate()
    assert server.voted_for == 0
    for args in server.sent("_send_request_vote")[:2]:
        assert server.role is Role.CANDIDATE
        server.run("_send_request_vote", *args, reply=RequestVoteReply(1, True))
    assert server.role is Role.LEADER


def test_votes_of_an_earlier_candidacy_do_not_count(server):
    with server.lock:
        server._become_candidate()
    args = server.sent("_send_request_vote")[0]
    with server.lock:
        server._become_candidate()
    server.run("_send_request_vote", *args, reply=RequestVoteReply(6, True))
    assert server.role is Role.CANDIDATE


def test_a_server_alone_leads_and_commits_at_once():
    server = HeldRaft(servers=1)
    with server.lock:
        server._become_candidate()
    assert server.start("a") == (1, 1, True)
    assert server.commit_index == 1


def test_time_outs_are_drawn_between_the_bounds_of_the_class():
    class Slow(HeldRaft):
        election_timeout_s_min = 50.0
        election_timeout_s_max = 60.0

    before_s = time.monotonic()
    server = Slow()
    assert before_s + 50.0 <= server.election_deadline_s <= time.monotonic() + 60.0


# Leaders.


def accept(leader, args):
    """Let a peer accept the entries that it is sent."""
    reply = AppendEntriesReply(leader.current_term, True)
    leader.run("_send_append_entries", *args, reply=reply)


def test_a_leader_commits_what_a_majority_stores(leader):
    assert leader.start("d") == (4, 6, True)
    accept(leader, leader.sent("_send_append_entries")[0])
    assert leader.commit_index == 4
    assert len(leader._take_committed()) == 4


def test_a_leader_does_not_commit_entries_of_earlier_terms_by_counting(leader):
    """Section 5.4.2 and Figure 8."""
    for peer in leader.others:
        with leader.lock:
            leader._replicate_to(peer)
    for args in leader.sent("_send_append_entries"):
        accept(leader, args)
    assert leader.match_index[1:] == [3, 3]
    assert leader.commit_index == 0


@pytest.mark.parametrize(("servers", "needed"), [(3, 1), (4, 2), (5, 2)])
def test_half_of_the_servers_are_no_majority(servers, needed):
    leader = HeldRaft(servers=servers)
    with leader.lock:
        leader._become_candidate()
        leader._become_leader()
    leader.start("a")
    for number, args in enumerate(leader.sent("_send_append_entries"), start=1):
        accept(leader, args)
        assert (leader.commit_index == 1) is (number >= needed)


def test_a_refusal_takes_a_leader_back_over_a_whole_term(leader):
    leader.start("d")
    (args, _) = leader.sent("_send_append_entries")
    assert args[1].prev_log_index == 3
    # The follower has entries of term 2 from index 2 on, which the leader lacks.
    reply = AppendEntriesReply(6, False, conflict_index=2, conflict_term=2)
    leader.run("_send_append_entries", *args, reply=reply)
    assert leader.next_index[1] == 2
    # It has entries of term 1 up to index 2, as the leader does.
    ((_, args),) = leader.sent("_send_append_entries")
    assert (args.prev_log_index, len(args.entries)) == (1, 3)


def test_a_refusal_takes_a_leader_to_the_end_of_a_term_that_it_has(leader):
    leader.start("d")
    (args, _) = leader.sent("_send_append_entries")
    # The follower has only entries of term 1.
    reply = AppendEntriesReply(6, False, conflict_index=1, conflict_term=1)
    leader.run("_send_append_entries", *args, reply=reply)
    assert leader.next_index[1] == 3


def test_a_reply_of_an_earlier_leadership_does_not_count(leader):
    leader.start("d")
    args = leader.sent("_send_append_entries")[0]
    elect(leader)
    accept(leader, args)
    assert leader.match_index[1] == 0


def test_a_peer_gets_one_rpc_at_a_time_and_then_all_that_it_lacks(leader):
    leader.start("d")
    leader.start("e")
    first = [args for args in leader.sent("_send_append_entries") if args[0] == 1]
    assert [len(args.entries) for _, args in first] == [1]
    accept(leader, first[0])
    ((_, args),) = leader.sent("_send_append_entries")
    assert args.entries == [(6, "e")]


def test_a_heartbeat_does_not_wait_for_the_rpc_before_it(leader):
    leader.start("d")
    stuck = leader.sent("_send_append_entries")[0]
    with leader.lock:
        leader._replicate_to(1)
    # Replication follows the heartbeat from now on; the stuck call may fail.
    heartbeat = leader.sent("_send_append_entries")[0]
    leader.run("_send_append_entries", *stuck, reply=None)
    assert leader.in_flight[1] is heartbeat[1]
    accept(leader, heartbeat)
    assert leader.in_flight[1] is None
    assert leader.match_index[1] == 4


def test_a_peer_that_lacks_discarded_entries_gets_the_snapshot(leader):
    leader.start("d")
    for args in leader.sent("_send_append_entries"):
        accept(leader, args)
    leader._take_committed()
    leader.snapshot(3, b"a b c")
    leader.next_index[1], leader.match_index[1] = 2, 0
    with leader.lock:
        leader._replicate_to(1)
    ((peer, args),) = leader.sent("_send_install_snapshot")
    assert (args.last_included_index, args.last_included_term) == (3, 3)
    assert args.data == b"a b c"
    # The leader may have made a later snapshot meanwhile: not that one was sent.
    leader.snapshot(4, b"a b c d")
    reply = InstallSnapshotReply(6)
    leader.run("_send_install_snapshot", peer, args, reply=reply)
    assert (leader.match_index[1], leader.next_index[1]) == (3, 4)


# The service.


def test_a_follower_refuses_commands(server):
    assert server.start("x") == (-1, 5, False)
    assert server.log.last_index == 3


def test_a_restarted_server_continues_after_its_snapshot(server):
    server.append_entries(append(leader_commit=3))
    server._take_committed()
    server.snapshot(2, b"a b")
    again = HeldRaft(server.persister)
    assert (again.commit_index, again.last_applied) == (2, 2)
    assert again.append_entries(append(leader_commit=3)).success
    assert [message.command_index for message in again._take_committed()] == [3]


def test_all_threads_end_when_a_server_is_killed():
    started = []

    class Watched(Raft):
        heartbeat_interval_s = election_timeout_s_min = election_timeout_s_max = 0.01

        def _start_thread(self, body, *args):
            started.append(threading.Thread(target=body, args=args, daemon=True))
            started[-1].start()

    server = Watched([Peer()], 0, Disk(), None)
    with server.lock:
        server._become_candidate()
    assert server.get_state()[1]
    server.kill()
    # The election timer, the applier, and the heartbeats of each term led.
    assert len(started) >= 3
    for thread in started:
        thread.join()
