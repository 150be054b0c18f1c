"""The Raft consensus algorithm, in the order of Figure 2.

One lock guards all state. A method whose name begins with an underscore
expects its caller to hold the lock; only those named `_run_…` and `_send_…`
take it themselves, since each is the body of a thread. No thread holds the
lock while it waits for an RPC, for the apply channel or for time to pass.
"""

import enum
import pickle
import random
import threading
import time
from collections.abc import Sequence
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


class Role(enum.Enum):
    """What a server is at the moment (Figure 4)."""

    FOLLOWER = "follower"
    CANDIDATE = "candidate"
    LEADER = "leader"


class Raft:
    """One Raft server.

    A subclass may choose other times. Several heartbeats must fit into the
    shortest election time-out, and time-outs must be spread widely enough that
    split votes are rare (section 5.2).
    """

    heartbeat_interval_s = 0.1
    election_timeout_s_min = 0.3
    election_timeout_s_max = 0.6

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
        self.something_to_apply = threading.Condition(self.lock)
        self.killed = False

        # Persistent state on all servers.
        self.current_term = 0
        self.voted_for: int | None = None
        self.log = Log()

        # Volatile state on all servers.
        self.commit_index = 0
        self.last_applied = 0
        self.role = Role.FOLLOWER
        self.votes_received: set[int] = set()
        self.election_deadline_s = 0.0
        self.snapshot_to_apply: InstallSnapshotArgs | None = None

        # Volatile state on leaders. Not in the paper: in_flight has the last
        # RPC sent to each peer, None once it has been answered or has failed.
        self.next_index = [1] * len(peers)
        self.match_index = [0] * len(peers)
        self.in_flight: list[object] = [None] * len(peers)

        self._restore()
        self._reset_election_timer()
        self._start_thread(self._run_election_timer)
        self._start_thread(self._run_applier)

    def _persist(self) -> None:
        """Save the persistent state, before any RPC or reply that depends on it."""
        self.persister.save(self._raft_state(), self.persister.read_snapshot())

    def _raft_state(self) -> bytes:
        """Return the persistent state as bytes."""
        return pickle.dumps((self.current_term, self.voted_for, self.log))

    def _restore(self) -> None:
        """Continue from what an earlier incarnation persisted.

        The service has loaded the snapshot, so what it holds counts as applied.
        """
        saved = self.persister.read_raft_state()
        if saved:
            self.current_term, self.voted_for, self.log = pickle.loads(saved)
        self.commit_index = self.last_applied = self.log.last_included_index

    def _start_thread(self, body: Any, *args: Any) -> None:
        """Run `body` in a thread of its own."""
        name = body.__name__.removeprefix("_")
        threading.Thread(target=body, args=args, name=name, daemon=True).start()

    # What the service calls.

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
            self._persist()
            self._commit_replicated()
            for peer in self.others:
                self._replicate_if_idle(peer)
            return self.log.last_index, self.current_term, True

    def snapshot(self, index: int, snapshot: bytes) -> None:
        """Replace the log up to `index` by the service's snapshot (section 7)."""
        with self.lock:
            if index > self.log.last_included_index:
                self.log.compact(index, self.log.term_at(index))
                self.persister.save(self._raft_state(), snapshot)

    def kill(self) -> None:
        """Let all threads end."""
        with self.lock:
            self.killed = True
            self.something_to_apply.notify_all()

    # RequestVote RPC (Figure 2).

    def request_vote(self, args: RequestVoteArgs) -> RequestVoteReply:
        """Grant at most one vote per term, to an up-to-date candidate."""
        with self.lock:
            self._observe_term(args.term)
            vote_granted = (
                # Step 1: the candidate is not behind (5.1).
                args.term == self.current_term
                # Step 2: the vote is free and the log good enough (5.2, 5.4).
                and self._may_vote_for(args.candidate_id)
                and self._is_up_to_date(args)
            )
            if vote_granted:
                self._vote_for(args.candidate_id)
            return RequestVoteReply(self.current_term, vote_granted)

    def _may_vote_for(self, candidate_id: int) -> bool:
        """Return whether this term's vote is free, or went to this candidate."""
        return self.voted_for is None or self.voted_for == candidate_id

    def _is_up_to_date(self, args: RequestVoteArgs) -> bool:
        """Return whether the candidate's log is at least as up-to-date (5.4.1)."""
        return (args.last_log_term, args.last_log_index) >= (
            self.log.last_term,
            self.log.last_index,
        )

    def _vote_for(self, candidate_id: int) -> None:
        """Vote for a candidate; a restart must not make the vote free again."""
        self.voted_for = candidate_id
        self._persist()
        self._reset_election_timer()

    # AppendEntries RPC (Figure 2).

    def append_entries(self, args: AppendEntriesArgs) -> AppendEntriesReply:
        """Store the leader's entries if the logs agree on all that precedes them."""
        with self.lock:
            self._observe_term(args.term)
            # Step 1: refuse a leader of an earlier term (5.1).
            if args.term < self.current_term:
                return AppendEntriesReply(self.current_term, False)
            self._follow_current_leader()
            # Step 2: refuse entries that do not fit onto the log (5.3).
            if not self._agrees_at_prev_log_index(args):
                return self._refuse_entries(args.prev_log_index)
            # Steps 3 and 4: replace what conflicts, append what is new (5.3).
            self._store_entries(args)
            # Step 5: commit what the leader has committed.
            self._follow_commit_index(args)
            return AppendEntriesReply(self.current_term, True)

    def _follow_current_leader(self) -> None:
        """Follow the leader of this term, also as its losing candidate (5.2)."""
        self._become_follower(self.current_term)
        self._reset_election_timer()

    def _agrees_at_prev_log_index(self, args: AppendEntriesArgs) -> bool:
        """Return whether the log has the entry before the new ones.

        If it does, the logs are the same up to there (Log Matching, Figure 3).
        """
        return self.log.contains(args.prev_log_index, args.prev_log_term)

    def _refuse_entries(self, prev_log_index: int) -> AppendEntriesReply:
        """Return a refusal that says where to try next (end of section 5.3)."""
        if prev_log_index > self.log.last_index:
            return AppendEntriesReply(
                self.current_term, False, conflict_index=self.log.last_index + 1
            )
        return AppendEntriesReply(
            self.current_term,
            False,
            conflict_index=self.log.first_index_of_term_at(prev_log_index),
            conflict_term=self.log.term_at(prev_log_index),
        )

    def _store_entries(self, args: AppendEntriesArgs) -> None:
        """Append what is missing; delete only what conflicts.

        An AppendEntries may arrive late. Entries that follow its own may have
        been acknowledged since, and must stay.
        """
        first_index = args.prev_log_index + 1
        for index, (term, _) in enumerate(args.entries, start=first_index):
            if not self.log.contains(index, term):
                self.log.truncate_from(index)
                self.log.append(*args.entries[index - first_index :])
                self._persist()
                return

    def _follow_commit_index(self, args: AppendEntriesArgs) -> None:
        """Commit up to the leader's commit index, as far as the logs agree.

        Beyond the last new entry this log may still conflict with the leader's.
        """
        last_new_entry = args.prev_log_index + len(args.entries)
        self._advance_commit_index(min(args.leader_commit, last_new_entry))

    def _advance_commit_index(self, index: int) -> None:
        """Commit up to `index`; the commit index never goes back."""
        if index > self.commit_index:
            self.commit_index = index
            self.something_to_apply.notify()

    # InstallSnapshot RPC (Figure 13).

    def install_snapshot(self, args: InstallSnapshotArgs) -> InstallSnapshotReply:
        """Take the leader's snapshot in place of entries that it has discarded."""
        with self.lock:
            self._observe_term(args.term)
            # Step 1: refuse a leader of an earlier term.
            if args.term < self.current_term:
                return InstallSnapshotReply(self.current_term)
            self._follow_current_leader()
            # Steps 2 to 4 are for chunks; this snapshot comes in one piece.
            # Unless it reaches beyond the commit index it is of no use: the
            # service must not go back.
            if args.last_included_index > self.commit_index:
                self._install(args)
            return InstallSnapshotReply(self.current_term)

    def _install(self, args: InstallSnapshotArgs) -> None:
        """Save a snapshot and let the service load it (steps 5 to 8)."""
        self.log.compact(args.last_included_index, args.last_included_term)
        self.persister.save(self._raft_state(), args.data)
        self.snapshot_to_apply = args
        self._advance_commit_index(args.last_included_index)

    # Rules for servers (Figure 2): all servers.

    def _observe_term(self, term: int) -> None:
        """Become a follower if an RPC or a reply shows a higher term (5.1)."""
        if term > self.current_term:
            self._become_follower(term)

    def _run_applier(self) -> None:
        """Pass what is committed to the service, in order.

        This happens without the lock, since the service may call `snapshot`
        before it takes the next message. One thread does it all: two could
        overtake each other.
        """
        while True:
            with self.lock:
                while not self.killed and self.last_applied >= self.commit_index:
                    self.something_to_apply.wait()
                if self.killed:
                    return
                messages = self._take_committed()
            for message in messages:
                self.apply_ch.put(message)

    def _take_committed(self) -> list[ApplyMsg]:
        """Return the messages to apply next, and count them as applied."""
        messages = []
        snapshot, self.snapshot_to_apply = self.snapshot_to_apply, None
        if snapshot is not None and snapshot.last_included_index > self.last_applied:
            self.last_applied = snapshot.last_included_index
            messages.append(
                ApplyMsg(
                    snapshot_valid=True,
                    snapshot=snapshot.data,
                    snapshot_index=snapshot.last_included_index,
                    snapshot_term=snapshot.last_included_term,
                )
            )
        while self.last_applied < self.commit_index:
            self.last_applied += 1
            messages.append(
                ApplyMsg(
                    command_valid=True,
                    command=self.log.command_at(self.last_applied),
                    command_index=self.last_applied,
                )
            )
        return messages

    # Followers (section 5.2).

    def _become_follower(self, term: int) -> None:
        """Follow in `term`: a higher one, or this one once its leader is known."""
        if term > self.current_term:
            self.current_term = term
            self.voted_for = None
            self._persist()
        self.role = Role.FOLLOWER

    def _reset_election_timer(self) -> None:
        """Wait a new random time before the next election."""
        timeout_s = random.uniform(
            self.election_timeout_s_min, self.election_timeout_s_max
        )
        self.election_deadline_s = time.monotonic() + timeout_s

    def _run_election_timer(self) -> None:
        """Start an election whenever the time-out passes without a leader."""
        while True:
            with self.lock:
                if self.killed:
                    return
                if self.role is Role.LEADER:
                    self._reset_election_timer()
                elif time.monotonic() >= self.election_deadline_s:
                    self._become_candidate()
                remaining_s = self.election_deadline_s - time.monotonic()
            time.sleep(max(0.0, remaining_s))

    # Candidates (section 5.2).

    def _become_candidate(self) -> None:
        """Start an election: vote for this server and ask all others to."""
        self.role = Role.CANDIDATE
        self.current_term += 1
        self.voted_for = self.me
        self.votes_received = {self.me}
        self._persist()
        self._reset_election_timer()
        args = self._request_vote_args()
        for peer in self.others:
            self._start_thread(self._send_request_vote, peer, args)
        self._lead_if_elected()

    def _request_vote_args(self) -> RequestVoteArgs:
        """Return this candidate's term and how up-to-date its log is (5.4.1)."""
        return RequestVoteArgs(
            self.current_term, self.me, self.log.last_index, self.log.last_term
        )

    def _send_request_vote(self, peer: int, args: RequestVoteArgs) -> None:
        """Ask one peer for its vote, and count it if it is still of use."""
        reply = self.peers[peer].call("Raft.request_vote", args)
        if reply is None:
            return
        with self.lock:
            self._observe_term(reply.term)
            if reply.vote_granted and self._is_candidate_in(args.term):
                self.votes_received.add(peer)
                self._lead_if_elected()

    def _is_candidate_in(self, term: int) -> bool:
        """Return whether votes of `term` still count."""
        return self.role is Role.CANDIDATE and self.current_term == term

    def _lead_if_elected(self) -> None:
        """Become leader with the votes of a majority."""
        if self._is_majority(len(self.votes_received)):
            self._become_leader()

    def _is_majority(self, count: int) -> bool:
        """Return whether this number of servers is more than half of all."""
        return count > len(self.peers) // 2

    # Leaders (sections 5.3 and 5.4).

    def _become_leader(self) -> None:
        """Lead this term, without any knowledge of the peers' logs yet."""
        self.role = Role.LEADER
        self.next_index = [self.log.last_index + 1] * len(self.peers)
        self.match_index = [0] * len(self.peers)
        self.in_flight = [None] * len(self.peers)
        self._start_thread(self._run_heartbeats, self.current_term)

    def _is_leader_in(self, term: int) -> bool:
        """Return whether this server still leads `term`."""
        return (
            self.role is Role.LEADER and self.current_term == term and not self.killed
        )

    def _run_heartbeats(self, term: int) -> None:
        """Send every peer an RPC at a steady rate (section 5.2).

        It does not wait for the reply to the previous one: a call to a server
        that is cut off may take seconds to fail.
        """
        while True:
            with self.lock:
                if not self._is_leader_in(term):
                    return
                for peer in self.others:
                    self._replicate_to(peer)
            time.sleep(self.heartbeat_interval_s)

    def _replicate_if_idle(self, peer: int) -> None:
        """Send a peer the entries it lacks, unless an RPC to it is under way.

        If one is, its reply or the next heartbeat sends them.
        """
        lacks_entries = self.next_index[peer] <= self.log.last_index
        if lacks_entries and self.in_flight[peer] is None:
            self._replicate_to(peer)

    def _replicate_to(self, peer: int) -> None:
        """Send a peer the entries it lacks, or the snapshot that covers them.

        If it lacks none, this is a mere heartbeat.
        """
        args: AppendEntriesArgs | InstallSnapshotArgs
        if self.next_index[peer] > self.log.last_included_index:
            args = self._append_entries_args(peer)
            self._start_thread(self._send_append_entries, peer, args)
        else:
            args = self._install_snapshot_args()
            self._start_thread(self._send_install_snapshot, peer, args)
        self.in_flight[peer] = args

    def _append_entries_args(self, peer: int) -> AppendEntriesArgs:
        """Return all entries from next_index on."""
        prev_log_index = self.next_index[peer] - 1
        return AppendEntriesArgs(
            self.current_term,
            self.me,
            prev_log_index,
            self.log.term_at(prev_log_index),
            self.log.entries_from(prev_log_index + 1),
            self.commit_index,
        )

    def _install_snapshot_args(self) -> InstallSnapshotArgs:
        """Return the latest snapshot."""
        return InstallSnapshotArgs(
            self.current_term,
            self.me,
            self.log.last_included_index,
            self.log.last_included_term,
            self.persister.read_snapshot(),
        )

    def _send_append_entries(self, peer: int, args: AppendEntriesArgs) -> None:
        """Replicate entries to one peer and learn from its reply (section 5.3)."""
        reply = self.peers[peer].call("Raft.append_entries", args)
        with self.lock:
            self._note_landed(peer, args)
            if reply is None:
                return
            self._observe_term(reply.term)
            if not self._is_leader_in(args.term):
                return
            if reply.success:
                self._note_match(peer, args.prev_log_index + len(args.entries))
            elif args.prev_log_index == self.next_index[peer] - 1:
                self._back_up(peer, reply)
            self._replicate_if_idle(peer)

    def _send_install_snapshot(self, peer: int, args: InstallSnapshotArgs) -> None:
        """Send the snapshot to one peer and learn from its reply (section 7)."""
        reply = self.peers[peer].call("Raft.install_snapshot", args)
        with self.lock:
            self._note_landed(peer, args)
            if reply is None:
                return
            self._observe_term(reply.term)
            if not self._is_leader_in(args.term):
                return
            self._note_match(peer, args.last_included_index)
            self._replicate_if_idle(peer)

    def _note_landed(self, peer: int, args: object) -> None:
        """Note that an RPC is no longer under way, if it is the last one sent."""
        if self.in_flight[peer] is args:
            self.in_flight[peer] = None

    def _note_match(self, peer: int, index: int) -> None:
        """Note that a peer's log agrees up to `index`; replies may come late."""
        self.match_index[peer] = max(self.match_index[peer], index)
        self.next_index[peer] = max(self.next_index[peer], self.match_index[peer] + 1)
        self._commit_replicated()

    def _back_up(self, peer: int, reply: AppendEntriesReply) -> None:
        """Go back over a whole conflicting term at once (end of section 5.3)."""
        next_index = reply.conflict_index
        if reply.conflict_term:
            last_of_term = self.log.last_index_of_term(reply.conflict_term)
            if last_of_term is not None:
                next_index = last_of_term + 1
        self.next_index[peer] = max(self.match_index[peer] + 1, next_index)

    def _commit_replicated(self) -> None:
        """Commit what a majority stores, if it is of this term (section 5.4.2).

        Entries of earlier terms are committed with it, never by counting
        their own replicas (Figure 8).
        """
        matched = sorted(
            [self.log.last_index, *(self.match_index[peer] for peer in self.others)]
        )
        # The servers from the median on are a majority, and each of them stores
        # everything up to the median. With an even number of servers it must be
        # the lower of the two in the middle: from the upper one on, they are
        # only half.
        index = matched[(len(matched) - 1) // 2]
        if index > self.commit_index and self.log.term_at(index) == self.current_term:
            self._advance_commit_index(index)
