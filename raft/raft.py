"""The Raft consensus algorithm, in the order of Figure 2.

One lock guards all state. Nothing that can take time (an RPC, the apply
channel) is done while it is held. Methods whose docstring says "with the lock
held" expect the caller to hold it.
"""

import enum
import pickle
import random
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from labrpc import ApplyMsg, ClientEnd, Persister
from raft.log import Log
from raft.messages import (
    AppendEntriesArgs,
    AppendEntriesReply,
    InstallSnapshotArgs,
    InstallSnapshotReply,
    RequestVoteArgs,
    RequestVoteReply,
)

# Section 5.2: heartbeats come several times within the shortest election
# time-out, and time-outs are spread so widely that split votes are rare.
HEARTBEAT_S = 0.1
ELECTION_TIMEOUT_S_MIN = 0.3
ELECTION_TIMEOUT_S_MAX = 0.6


class Role(enum.Enum):
    """What a server is at the moment (Figure 4)."""

    FOLLOWER = "follower"
    CANDIDATE = "candidate"
    LEADER = "leader"


class Raft:
    """One Raft server."""

    # State (Figure 2).

    def __init__(
        self,
        peers: Sequence[ClientEnd],
        me: int,
        persister: Persister,
        apply_ch: Any,
    ) -> None:
        self.peers = peers
        self.me = me
        self.others = [peer for peer in range(len(peers)) if peer != me]
        self.persister = persister
        self.apply_ch = apply_ch
        self.lock = threading.Lock()
        self.killed = False

        # Persistent state on all servers.
        self.current_term = 0
        self.voted_for: int | None = None
        self.log = Log()
        self.restore()

        # Volatile state on all servers.
        self.commit_index = 0
        self.last_applied = 0
        self.go_on_after_snapshot()
        self.role = Role.FOLLOWER
        self.received_snapshot: ApplyMsg | None = None
        self.votes_received: set[int] = set()
        self.election_deadline = 0.0
        self.reset_election_timer()

        # Volatile state on leaders.
        self.next_index = [1] * len(peers)
        self.match_index = [0] * len(peers)
        # Per peer: whether a heartbeat is due, the number of the RPC under way
        # (0: none), and of the thread that is in charge of replication.
        self.heartbeat_due = [False] * len(peers)
        self.in_call = [0] * len(peers)
        self.replicator_number = [0] * len(peers)
        self.calls_made = 0

        self.news = [threading.Condition(self.lock) for _ in peers]
        self.something_to_apply = threading.Condition(self.lock)
        self.run_in_thread(self.run_election_timer)
        self.run_in_thread(self.run_applier)

    def run_in_thread(self, function: Any, *args: Any) -> None:
        """Run `function` in the background."""
        threading.Thread(
            target=function, args=args, name=function.__name__, daemon=True
        ).start()

    def persist(self) -> None:
        """Save the persistent state, before any RPC that depends on it."""
        self.persister.save(self.raft_state(), self.persister.read_snapshot())

    def raft_state(self) -> bytes:
        """Return the persistent state of Figure 2 as bytes."""
        return pickle.dumps((self.current_term, self.voted_for, self.log.pack()))

    def restore(self) -> None:
        """Take up what an earlier incarnation persisted."""
        saved = self.persister.read_raft_state()
        if saved:
            self.current_term, self.voted_for, log = pickle.loads(saved)
            self.log = Log.unpack(*log)

    def go_on_after_snapshot(self) -> None:
        """Count what the snapshot holds as applied: the service has loaded it."""
        self.commit_index = self.log.last_included_index
        self.last_applied = self.log.last_included_index

    # The service's side: get_state, start, snapshot, kill.

    def get_state(self) -> tuple[int, bool]:
        """Return the current term and whether this server believes it leads."""
        with self.lock:
            return self.current_term, self.role is Role.LEADER

    def start(self, command: Any) -> tuple[int, int, bool]:
        """Begin agreement on `command` if this server leads (section 5.3)."""
        with self.lock:
            if self.role is not Role.LEADER:
                return -1, self.current_term, False
            self.log.append((self.current_term, command))
            self.persist()
            self.commit_replicated()
            self.wake_replicators()
            return self.log.last_index, self.current_term, True

    def snapshot(self, index: int, snapshot: bytes) -> None:
        """Replace the log up to `index` by the service's snapshot (section 7)."""
        with self.lock:
            if index > self.log.last_included_index:
                self.log.compact(index, self.log.term_at(index))
                self.persister.save(self.raft_state(), snapshot)

    def kill(self) -> None:
        """Let every thread come to its end."""
        with self.lock:
            self.killed = True
            self.wake_replicators()
            self.something_to_apply.notify_all()

    # RequestVote RPC (Figure 2).

    def request_vote(self, args: RequestVoteArgs) -> RequestVoteReply:
        """Grant at most one vote per term, to an up-to-date candidate."""
        with self.lock:
            self.step_down_if_behind(args.term)
            granted = (
                args.term == self.current_term
                and self.may_vote_for(args.candidate_id)
                and self.is_up_to_date(args)
            )
            if granted:
                self.grant_vote(args.candidate_id)
            return RequestVoteReply(self.current_term, granted)

    def may_vote_for(self, candidate_id: int) -> bool:
        """Return whether this term's vote is still free, or was theirs already."""
        return self.voted_for is None or self.voted_for == candidate_id

    def is_up_to_date(self, args: RequestVoteArgs) -> bool:
        """Return whether the candidate's log is at least as up-to-date (5.4.1)."""
        return (args.last_log_term, args.last_log_index) >= (
            self.log.last_term,
            self.log.last_index,
        )

    def grant_vote(self, candidate_id: int) -> None:
        """Give this term's vote, for good: a crash must not make it free again.

        With the lock held.
        """
        self.voted_for = candidate_id
        self.persist()
        self.reset_election_timer()

    # AppendEntries RPC (Figure 2).

    def append_entries(self, args: AppendEntriesArgs) -> AppendEntriesReply:
        """Take the leader's entries, if the logs agree up to there."""
        with self.lock:
            self.step_down_if_behind(args.term)
            if args.term < self.current_term:
                return AppendEntriesReply(self.current_term, False)
            self.follow_current_leader()
            if args.prev_log_index < self.log.last_included_index:
                self.skip_compacted_entries(args)
            conflict = self.find_conflict(args)
            if conflict is not None:
                return conflict
            self.store_entries(args)
            self.follow_commit_index(args)
            return AppendEntriesReply(self.current_term, True)

    def follow_current_leader(self) -> None:
        """Follow the leader of this term, also as its losing candidate (5.2).

        With the lock held.
        """
        self.role = Role.FOLLOWER
        self.reset_election_timer()

    def skip_compacted_entries(self, args: AppendEntriesArgs) -> None:
        """Leave out entries that the snapshot covers: they are committed.

        With the lock held.
        """
        skipped = self.log.last_included_index - args.prev_log_index
        args.entries = args.entries[skipped:]
        args.prev_log_index = self.log.last_included_index
        args.prev_log_term = self.log.last_included_term

    def find_conflict(self, args: AppendEntriesArgs) -> AppendEntriesReply | None:
        """Check the consistency of the logs (5.3); a refusal says where to go back.

        With the lock held.
        """
        if args.prev_log_index > self.log.last_index:
            return AppendEntriesReply(
                self.current_term, False, conflict_index=self.log.last_index + 1
            )
        term = self.log.term_at(args.prev_log_index)
        if term == args.prev_log_term:
            return None
        first = self.log.first_index_of_term_at(args.prev_log_index)
        return AppendEntriesReply(
            self.current_term, False, conflict_index=first, conflict_term=term
        )

    def store_entries(self, args: AppendEntriesArgs) -> None:
        """Append what is missing; delete only what conflicts (steps 3 and 4).

        An older AppendEntries may arrive late: what follows its entries must
        stay. With the lock held.
        """
        for index, entry in enumerate(args.entries, start=args.prev_log_index + 1):
            if index <= self.log.last_index:
                if self.log.term_at(index) == entry[0]:
                    continue
                self.log.truncate_from(index)
            for missing in args.entries[index - args.prev_log_index - 1 :]:
                self.log.append(missing)
            self.persist()
            return

    def follow_commit_index(self, args: AppendEntriesArgs) -> None:
        """Commit what the leader has, as far as the logs are known to agree.

        Step 5. With the lock held.
        """
        last_new_entry = args.prev_log_index + len(args.entries)
        self.advance_commit_index(min(args.leader_commit, last_new_entry))

    def advance_commit_index(self, index: int) -> None:
        """Commit up to `index`, if that is news. With the lock held."""
        if index > self.commit_index:
            self.commit_index = index
            self.something_to_apply.notify()

    # InstallSnapshot RPC (Figure 13).

    def install_snapshot(self, args: InstallSnapshotArgs) -> InstallSnapshotReply:
        """Take the leader's snapshot in place of entries that it has discarded."""
        with self.lock:
            self.step_down_if_behind(args.term)
            if args.term == self.current_term:
                self.follow_current_leader()
                # What is committed here already is never replaced by older state.
                if args.last_included_index > self.commit_index:
                    self.take_snapshot(args)
            return InstallSnapshotReply(self.current_term)

    def take_snapshot(self, args: InstallSnapshotArgs) -> None:
        """Persist a snapshot and have the service reset to it.

        With the lock held.
        """
        self.log.compact(args.last_included_index, args.last_included_term)
        self.persister.save(self.raft_state(), args.data)
        self.received_snapshot = ApplyMsg(
            snapshot_valid=True,
            snapshot=args.data,
            snapshot_index=args.last_included_index,
            snapshot_term=args.last_included_term,
        )
        self.advance_commit_index(args.last_included_index)

    # Rules for servers (Figure 2): all servers.

    def step_down_if_behind(self, term: int) -> None:
        """Become a follower in a higher term (section 5.1). With the lock held."""
        if term > self.current_term:
            self.current_term = term
            self.voted_for = None
            self.role = Role.FOLLOWER
            self.persist()

    def run_applier(self) -> None:
        """Hand what is committed to the service, in order, without the lock.

        The service may call `snapshot` before it takes the next message.
        """
        while True:
            with self.lock:
                while not self.killed and self.last_applied >= self.commit_index:
                    self.something_to_apply.wait()
                if self.killed:
                    return
                messages = self.take_committed()
            for message in messages:
                self.apply_ch.put(message)

    def take_committed(self) -> list[ApplyMsg]:
        """Return the messages to apply next, and count them as applied.

        Only one thread takes and applies them, so they stay in order. With
        the lock held.
        """
        messages = []
        snapshot, self.received_snapshot = self.received_snapshot, None
        if snapshot is not None and snapshot.snapshot_index > self.last_applied:
            messages.append(snapshot)
            self.last_applied = snapshot.snapshot_index
        for index in range(self.last_applied + 1, self.commit_index + 1):
            command = self.log.command_at(index)
            messages.append(
                ApplyMsg(command_valid=True, command=command, command_index=index)
            )
        self.last_applied = self.commit_index
        return messages

    # Followers and candidates (section 5.2).

    def reset_election_timer(self) -> None:
        """Give the leader, or the election, a new time-out. With the lock held."""
        timeout = random.uniform(ELECTION_TIMEOUT_S_MIN, ELECTION_TIMEOUT_S_MAX)
        self.election_deadline = time.monotonic() + timeout

    def run_election_timer(self) -> None:
        """Start an election whenever the time-out passes without a leader."""
        while True:
            with self.lock:
                if self.killed:
                    return
                if not self.may_start_election():
                    self.reset_election_timer()
                remaining = self.election_deadline - time.monotonic()
                if remaining <= 0:
                    self.start_election()
                    remaining = self.election_deadline - time.monotonic()
            time.sleep(remaining)

    def may_start_election(self) -> bool:
        """Return whether a time-out makes this server a candidate (Figure 4)."""
        return self.role is not Role.LEADER

    def start_election(self) -> None:
        """Become a candidate and ask all others for their vote.

        With the lock held.
        """
        self.current_term += 1
        self.role = Role.CANDIDATE
        self.voted_for = self.me
        self.votes_received = {self.me}
        self.persist()
        self.reset_election_timer()
        args = self.request_vote_args()
        for peer in self.others:
            self.run_in_thread(self.ask_for_vote, peer, args)
        self.lead_if_elected()

    def request_vote_args(self) -> RequestVoteArgs:
        """Return what a vote depends on (section 5.4.1). With the lock held."""
        return RequestVoteArgs(
            self.current_term, self.me, self.log.last_index, self.log.last_term
        )

    def ask_for_vote(self, peer: int, args: RequestVoteArgs) -> None:
        """Ask one peer for its vote, and count it."""
        reply = self.peers[peer].call("Raft.request_vote", args)
        if reply is None:
            return
        with self.lock:
            self.step_down_if_behind(reply.term)
            if self.is_candidate_in(args.term) and reply.vote_granted:
                self.votes_received.add(peer)
                self.lead_if_elected()

    def is_candidate_in(self, term: int) -> bool:
        """Return whether votes of `term` still count. With the lock held."""
        return self.role is Role.CANDIDATE and self.current_term == term

    def is_majority(self, count: int) -> bool:
        """Return whether so many servers are a majority of all."""
        return count > len(self.peers) // 2

    # Leaders (sections 5.3 and 5.4).

    def lead_if_elected(self) -> None:
        """Become leader with the votes of a majority. With the lock held."""
        if self.is_majority(len(self.votes_received)):
            self.role = Role.LEADER
            self.reset_progress()
            for peer in self.others:
                self.start_replicator(peer)
            self.run_in_thread(self.run_heartbeats, self.current_term)

    def reset_progress(self) -> None:
        """Assume nothing of the peers' logs (Figure 2). With the lock held."""
        for peer in self.others:
            self.next_index[peer] = self.log.last_index + 1
            self.match_index[peer] = 0

    def leads(self, term: int) -> bool:
        """Return whether this server is the leader of `term`. With the lock held."""
        return (
            self.role is Role.LEADER and self.current_term == term and not self.killed
        )

    def run_heartbeats(self, term: int) -> None:
        """Let every peer hear of the leader at a steady rate (section 5.2)."""
        last_seen = [0] * len(self.peers)
        while True:
            with self.lock:
                if not self.leads(term):
                    self.wake_replicators()
                    return
                for peer in self.others:
                    self.replace_if_stuck(peer, last_seen[peer])
                    last_seen[peer] = self.in_call[peer]
                    self.heartbeat_due[peer] = True
                    self.news[peer].notify_all()
            time.sleep(HEARTBEAT_S)

    def replace_if_stuck(self, peer: int, call_seen: int) -> None:
        """Replace a replicator that is in the same call as one heartbeat ago.

        A call to a server that is cut off may take seconds to fail; its reply
        still counts when it comes. With the lock held.
        """
        if self.in_call[peer] and self.in_call[peer] == call_seen:
            self.start_replicator(peer)

    def start_replicator(self, peer: int) -> None:
        """Put a new thread in charge of a peer's log. With the lock held."""
        self.replicator_number[peer] += 1
        self.in_call[peer] = 0
        self.run_in_thread(
            self.run_replicator, peer, self.current_term, self.replicator_number[peer]
        )

    def wake_replicators(self) -> None:
        """Let the replicators look for something to send. With the lock held."""
        for peer in self.others:
            self.news[peer].notify_all()

    def run_replicator(self, peer: int, term: int, number: int) -> None:
        """Bring one peer's log to what this leader's log is, and keep it so."""
        while True:
            with self.lock:
                while self.is_in_charge(peer, term, number):
                    if self.has_news_for(peer):
                        break
                    self.news[peer].wait()
                else:
                    return
                self.heartbeat_due[peer] = False
                self.calls_made += 1
                self.in_call[peer] = self.calls_made
                send = self.what_to_send(peer)
            send()
            with self.lock:
                if self.is_in_charge(peer, term, number):
                    self.in_call[peer] = 0

    def what_to_send(self, peer: int) -> Callable[[], None]:
        """Return the RPC that a peer needs next: entries, or the snapshot.

        The snapshot if the entries have been discarded (section 7). With the
        lock held.
        """
        if self.next_index[peer] <= self.log.last_included_index:
            return partial(self.send_snapshot, peer, self.install_snapshot_args())
        return partial(self.send_entries, peer, self.append_entries_args(peer))

    def is_in_charge(self, peer: int, term: int, number: int) -> bool:
        """Return whether a replicator still has its task. With the lock held."""
        return self.leads(term) and self.replicator_number[peer] == number

    def has_news_for(self, peer: int) -> bool:
        """Return whether a peer should hear from this leader now.

        With the lock held.
        """
        return self.heartbeat_due[peer] or self.next_index[peer] <= self.log.last_index

    def append_entries_args(self, peer: int) -> AppendEntriesArgs:
        """Return all entries from next_index on. With the lock held."""
        next_index = self.next_index[peer]
        return AppendEntriesArgs(
            self.current_term,
            self.me,
            next_index - 1,
            self.log.term_at(next_index - 1),
            self.log.entries_from(next_index),
            self.commit_index,
        )

    def send_entries(self, peer: int, args: AppendEntriesArgs) -> None:
        """Replicate entries to one peer and learn from its reply."""
        reply = self.peers[peer].call("Raft.append_entries", args)
        if reply is None:
            return
        with self.lock:
            self.step_down_if_behind(reply.term)
            if not self.leads(args.term):
                return
            if reply.success:
                self.note_match(peer, args.prev_log_index + len(args.entries))
            elif args.prev_log_index == self.next_index[peer] - 1:
                self.back_up(peer, reply)

    def back_up(self, peer: int, reply: AppendEntriesReply) -> None:
        """Go back over a whole conflicting term at once (end of section 5.3).

        With the lock held.
        """
        next_index = reply.conflict_index
        if reply.conflict_term:
            last_of_term = self.log.last_index_of_term(reply.conflict_term)
            if last_of_term is not None:
                next_index = last_of_term + 1
        self.next_index[peer] = max(
            self.match_index[peer] + 1, min(next_index, self.next_index[peer] - 1)
        )

    def note_match(self, peer: int, index: int) -> None:
        """Note that a peer's log agrees up to `index`. With the lock held."""
        self.match_index[peer] = max(self.match_index[peer], index)
        self.next_index[peer] = max(self.next_index[peer], self.match_index[peer] + 1)
        self.commit_replicated()

    def commit_replicated(self) -> None:
        """Commit what a majority has, if it is of this term (section 5.4.2).

        Entries of earlier terms are committed with it, never by counting
        their own replicas (Figure 8). With the lock held.
        """
        matched = sorted(
            [self.log.last_index, *(self.match_index[p] for p in self.others)]
        )
        index = matched[(len(matched) - 1) // 2]
        if index > self.commit_index and self.log.term_at(index) == self.current_term:
            self.advance_commit_index(index)

    def install_snapshot_args(self) -> InstallSnapshotArgs:
        """Return the latest snapshot, for a peer that is far behind.

        With the lock held.
        """
        return InstallSnapshotArgs(
            self.current_term,
            self.me,
            self.log.last_included_index,
            self.log.last_included_term,
            self.persister.read_snapshot(),
        )

    def send_snapshot(self, peer: int, args: InstallSnapshotArgs) -> None:
        """Send the snapshot to one peer and learn from its reply."""
        reply = self.peers[peer].call("Raft.install_snapshot", args)
        if reply is None:
            return
        with self.lock:
            self.step_down_if_behind(reply.term)
            if self.leads(args.term):
                self.note_match(peer, args.last_included_index)
