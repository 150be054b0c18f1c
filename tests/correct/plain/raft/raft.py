"""One Raft server: a thread for each RPC, and the whole log pickled at each save."""

import pickle
import random
import threading
import time

from labrpc import ApplyMsg

from .messages import (
    AppendEntriesArgs,
    AppendEntriesReply,
    Entry,
    InstallSnapshotArgs,
    InstallSnapshotReply,
    RequestVoteArgs,
    RequestVoteReply,
)

FOLLOWER, CANDIDATE, LEADER = "follower", "candidate", "leader"
HEARTBEAT_S = 0.1
ELECTION_TIMEOUT_S = (0.4, 0.8)


class Raft:
    """One Raft server.

    `log[0]` is no entry: it holds the term of the last entry that was discarded, at
    the index `snapshot_index`. So the entry at an index i is `log[i - snapshot_index]`.
    """

    def __init__(self, peers, me, persister, apply_ch):
        """Take up what was saved, and start the two threads that always run."""
        self.peers = peers
        self.me = me
        self.persister = persister
        self.apply_ch = apply_ch
        self.lock = threading.Lock()
        self.can_apply = threading.Condition(self.lock)

        self.current_term = 0
        self.voted_for = None
        self.log = [Entry(0, None)]
        self.snapshot_index = 0
        self.read_saved_state()

        self.role = FOLLOWER
        self.commit_index = self.snapshot_index
        self.last_applied = self.snapshot_index
        self.next_index = []
        self.match_index = []
        self.votes = 0
        self.installed = None  # a snapshot that the service has not got yet

        self.reset_election_timer()
        threading.Thread(target=self.run_election_timer, daemon=True).start()
        threading.Thread(target=self.apply_committed, daemon=True).start()

    # What the service calls.

    def get_state(self):
        """Return the current term, and whether this server believes it leads."""
        with self.lock:
            return self.current_term, self.role == LEADER

    def start(self, command):
        """Append a command to the leader's log and send it to everybody."""
        with self.lock:
            if self.role != LEADER:
                return -1, self.current_term, False
            self.log.append(Entry(self.current_term, command))
            self.save()
            self.broadcast()
            return self.last_index(), self.current_term, True

    def snapshot(self, index, snapshot):
        """Discard the log up to index, and keep the snapshot instead."""
        with self.lock:
            if index > self.snapshot_index:
                self.discard_up_to(index, self.term_at(index))
                self.save(snapshot)

    # State on disk.

    def save(self, snapshot=None):
        """Save Figure 2's persistent state, and the snapshot if there is a new one."""
        state = (self.current_term, self.voted_for, self.snapshot_index, self.log)
        if snapshot is None:
            snapshot = self.persister.read_snapshot()
        self.persister.save(pickle.dumps(state), snapshot)

    def read_saved_state(self):
        """Take up what an earlier incarnation saved."""
        state = self.persister.read_raft_state()
        if state:
            self.current_term, self.voted_for, self.snapshot_index, self.log = (
                pickle.loads(state)
            )

    # The log.

    def last_index(self):
        """Return the index of the last entry."""
        return self.snapshot_index + len(self.log) - 1

    def term_at(self, index):
        """Return the term of the entry at an index, which must be in the log."""
        return self.log[index - self.snapshot_index].term

    def entries_from(self, index):
        """Return the entries at an index and after it."""
        return self.log[index - self.snapshot_index :]

    def discard_up_to(self, index, term):
        """Let the log begin after an index; what follows there stays if it fits."""
        kept = []
        if index <= self.last_index() and self.term_at(index) == term:
            kept = self.entries_from(index + 1)
        self.log = [Entry(term, None), *kept]
        self.snapshot_index = index

    # Elections.

    def reset_election_timer(self):
        """Wait for a random time from now on before the next election."""
        self.election_at = time.monotonic() + random.uniform(*ELECTION_TIMEOUT_S)

    def run_election_timer(self):
        """Begin an election whenever the timer has run out."""
        while True:
            with self.lock:
                if self.role != LEADER and time.monotonic() >= self.election_at:
                    self.begin_election()
                wait_s = self.election_at - time.monotonic()
            time.sleep(max(wait_s, 0.02))

    def begin_election(self):
        """Become a candidate and ask everybody for a vote."""
        self.role = CANDIDATE
        self.current_term += 1
        self.voted_for = self.me
        self.votes = 1
        self.save()
        self.reset_election_timer()
        last = self.last_index()
        args = RequestVoteArgs(self.current_term, self.me, last, self.term_at(last))
        for peer in self.others():
            threading.Thread(target=self.ask_for_vote, args=(peer, args)).start()

    def ask_for_vote(self, peer, args):
        """Ask one server for its vote, and count it."""
        reply = self.peers[peer].call("Raft.request_vote", args)
        if reply is None:
            return
        with self.lock:
            if reply.term > self.current_term:
                self.become_follower(reply.term)
            elif self.role == CANDIDATE and self.current_term == args.term:
                self.votes += reply.vote_granted
                if self.votes > len(self.peers) // 2:
                    self.become_leader()

    def become_leader(self):
        """Lead: send heartbeats from now on."""
        self.role = LEADER
        self.next_index = [self.last_index() + 1] * len(self.peers)
        self.match_index = [0] * len(self.peers)
        threading.Thread(target=self.send_heartbeats, args=(self.current_term,)).start()

    def become_follower(self, term):
        """Follow; a new term comes with a vote that nobody has yet."""
        self.role = FOLLOWER
        if term > self.current_term:
            self.current_term = term
            self.voted_for = None
            self.save()

    def request_vote(self, args):
        """Answer a candidate (Figure 2, RequestVote RPC)."""
        with self.lock:
            if args.term > self.current_term:
                self.become_follower(args.term)
            if args.term < self.current_term:
                return RequestVoteReply(self.current_term, False)
            granted = self.voted_for in (None, args.candidate_id) and (
                self.is_up_to_date(args)
            )
            if granted:
                self.voted_for = args.candidate_id
                self.save()
                self.reset_election_timer()
            return RequestVoteReply(self.current_term, granted)

    def is_up_to_date(self, args):
        """Say whether a candidate's log is at least as up-to-date as this one."""
        last = self.last_index()
        mine = (self.term_at(last), last)
        return (args.last_log_term, args.last_log_index) >= mine

    # Replication, by the leader.

    def others(self):
        """Return the numbers of all servers but this one."""
        return [peer for peer in range(len(self.peers)) if peer != self.me]

    def send_heartbeats(self, term):
        """Send to everybody, again and again, as long as this server leads."""
        while True:
            with self.lock:
                if self.role != LEADER or self.current_term != term:
                    return
                self.broadcast()
            time.sleep(HEARTBEAT_S)

    def broadcast(self):
        """Send everybody what it lacks."""
        for peer in self.others():
            self.send_in_thread(peer)

    def send_in_thread(self, peer):
        """Send one server what it lacks, in a thread of its own."""
        term = self.current_term
        threading.Thread(target=self.send_to, args=(peer, term)).start()

    def send_to(self, peer, term):
        """Send one server what it lacks, and take up its answer."""
        with self.lock:
            if self.role != LEADER or self.current_term != term:
                return
            lacks_snapshot = self.next_index[peer] <= self.snapshot_index
            args = self.snapshot_args() if lacks_snapshot else self.append_args(peer)
        method = "install_snapshot" if lacks_snapshot else "append_entries"
        reply = self.peers[peer].call(f"Raft.{method}", args)
        if reply is None:
            return
        with self.lock:
            if reply.term > self.current_term:
                self.become_follower(reply.term)
            elif self.role == LEADER and self.current_term == term:
                if lacks_snapshot:
                    self.has_up_to(peer, args.last_included_index)
                else:
                    self.take_append_reply(peer, args, reply)

    def append_args(self, peer):
        """Return the entries that a server lacks, as far as this one knows."""
        prev = self.next_index[peer] - 1
        return AppendEntriesArgs(
            self.current_term,
            self.me,
            prev,
            self.term_at(prev),
            self.entries_from(prev + 1),
            self.commit_index,
        )

    def snapshot_args(self):
        """Return the snapshot."""
        return InstallSnapshotArgs(
            self.current_term,
            self.me,
            self.snapshot_index,
            self.log[0].term,
            self.persister.read_snapshot(),
        )

    def take_append_reply(self, peer, args, reply):
        """Note what a follower has, or step back and try again at once."""
        if reply.success:
            self.has_up_to(peer, args.prev_log_index + len(args.entries))
        elif args.prev_log_index == self.next_index[peer] - 1:
            self.next_index[peer] = max(
                self.match_index[peer] + 1, reply.conflict_index
            )
            self.send_in_thread(peer)

    def has_up_to(self, peer, index):
        """Note that a follower has the log up to an index."""
        if index > self.match_index[peer]:
            self.match_index[peer] = index
            self.advance_commit_index()
        self.next_index[peer] = self.match_index[peer] + 1

    def advance_commit_index(self):
        """Commit what a majority has, if it is of this term (section 5.4.2)."""
        for index in range(self.last_index(), self.commit_index, -1):
            if self.term_at(index) != self.current_term:
                return
            holders = 1 + sum(match >= index for match in self.match_index)
            if holders > len(self.peers) // 2:
                self.commit_index = index
                self.can_apply.notify()
                return

    # Replication, by a follower.

    def append_entries(self, args):
        """Answer the leader (Figure 2, AppendEntries RPC)."""
        with self.lock:
            if args.term < self.current_term:
                return AppendEntriesReply(self.current_term, False)
            self.become_follower(args.term)
            self.reset_election_timer()
            conflict_index = self.find_conflict(args)
            if conflict_index is not None:
                return AppendEntriesReply(self.current_term, False, conflict_index)
            self.store(args)
            last_new = args.prev_log_index + len(args.entries)
            if min(args.leader_commit, last_new) > self.commit_index:
                self.commit_index = min(args.leader_commit, last_new)
                self.can_apply.notify()
            return AppendEntriesReply(self.current_term, True)

    def find_conflict(self, args):
        """Return where the leader should try next, or None if its entries fit."""
        prev = args.prev_log_index
        if prev > self.last_index():
            return self.last_index() + 1
        if prev <= self.snapshot_index or self.term_at(prev) == args.prev_log_term:
            return None
        first = prev
        while first > self.snapshot_index + 1 and (
            self.term_at(first - 1) == self.term_at(prev)
        ):
            first -= 1
        return first

    def store(self, args):
        """Append the entries that are not there yet; what contradicts them goes."""
        for number, entry in enumerate(args.entries):
            index = args.prev_log_index + 1 + number
            if index <= self.snapshot_index:
                continue
            if index > self.last_index() or self.term_at(index) != entry.term:
                del self.log[index - self.snapshot_index :]
                self.log.extend(args.entries[number:])
                self.save()
                return

    def install_snapshot(self, args):
        """Answer the leader (Figure 13, InstallSnapshot RPC)."""
        with self.lock:
            if args.term < self.current_term:
                return InstallSnapshotReply(self.current_term)
            self.become_follower(args.term)
            self.reset_election_timer()
            if args.last_included_index > self.commit_index:
                self.discard_up_to(args.last_included_index, args.last_included_term)
                self.commit_index = args.last_included_index
                self.save(args.data)
                self.installed = args
                self.can_apply.notify()
            return InstallSnapshotReply(self.current_term)

    # The service.

    def apply_committed(self):
        """Hand the service what is committed, in order, without holding the lock."""
        while True:
            with self.lock:
                while self.installed is None and self.last_applied >= self.commit_index:
                    self.can_apply.wait()
                messages = self.next_messages()
            for message in messages:
                self.apply_ch.put(message)

    def next_messages(self):
        """Return what the service gets next: a snapshot, or committed entries."""
        if self.installed is not None:
            args, self.installed = self.installed, None
            self.last_applied = args.last_included_index
            return [
                ApplyMsg(
                    snapshot_valid=True,
                    snapshot=args.data,
                    snapshot_index=args.last_included_index,
                    snapshot_term=args.last_included_term,
                )
            ]
        first, self.last_applied = self.last_applied + 1, self.commit_index
        return [
            ApplyMsg(
                command_valid=True,
                command=self.log[index - self.snapshot_index].command,
                command_index=index,
            )
            for index in range(first, self.last_applied + 1)
        ]
