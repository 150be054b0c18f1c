"""The server: one ticker that polls, one applier, and a thread for each RPC.

All state is guarded by one lock. Nobody holds it across an RPC or while the service
is given something, and nobody lets go of it, answers or sends before what changed in
`self._state` has been saved.
"""

import queue
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from labrpc import ApplyMsg, ClientEnd, Persister
from raft.storage import load, save

from .messages import (
    AppendArgs,
    AppendReply,
    Entry,
    Role,
    SnapshotArgs,
    SnapshotReply,
    VoteArgs,
    VoteReply,
)

TICK = 0.01
HEARTBEAT = 0.1
ELECTION_TIMEOUT = (0.3, 0.6)


@dataclass
class Follower:
    """What a leader knows of one peer."""

    next_index: int
    match_index: int = 0
    dirty: bool = True  # it lacks something that was not sent yet
    in_flight: bool = False  # an answer may still come: more would only repeat
    sent_at: float = 0.0


class Raft:
    def __init__(
        self, peers: Sequence[ClientEnd], me: int, persister: Persister, apply_ch: Any
    ) -> None:
        self._peers = peers
        self._others = [peer for peer in range(len(peers)) if peer != me]
        self._me = me
        self._persister = persister
        self._apply_ch = apply_ch
        self._lock = threading.RLock()
        self._dead = False

        self._state = load(persister)
        self._role = Role.FOLLOWER
        self._votes: set[int] = set()
        self._followers: dict[int, Follower] = {}
        # Whatever is committed is in the queue already, in order: the service's
        # own snapshot covers what was before this incarnation.
        self._commit_index = self._state.log.base.index
        self._to_apply: queue.Queue[ApplyMsg | None] = queue.Queue()
        self._deadline = 0.0
        self._postpone_election()

        self._spawn(self._tick_forever)
        self._spawn(self._apply_forever)

    # What the service calls

    def get_state(self) -> tuple[int, bool]:
        with self._lock:
            return self._state.term, self._role is Role.LEADER

    def start(self, command: Any) -> tuple[int, int, bool]:
        with self._lock:
            if self._role is not Role.LEADER or self._dead:
                return -1, self._state.term, False
            self._state.log.append(Entry(self._state.term, command))
            self._save()
            # The ticker sends, so that commands that come close together go together.
            self._mark_dirty()
            self._advance_commit()
            return self._state.log.last.index, self._state.term, True

    def snapshot(self, index: int, snapshot: bytes) -> None:
        with self._lock:
            # A leader's snapshot may have overtaken the service's own.
            if self._state.log.base.index < index <= self._commit_index:
                self._state.log.compact(self._state.log.at(index))
                self._state.snapshot = snapshot
                self._save()

    def kill(self) -> None:
        with self._lock:
            self._dead = True
            self._to_apply.put(None)

    # The two threads that last, and those that do not

    def _spawn(self, target: Callable[..., None], *args: Any) -> None:
        threading.Thread(target=target, args=args, daemon=True).start()

    def _tick_forever(self) -> None:
        while True:
            time.sleep(TICK)
            with self._lock:
                if self._dead:
                    return
                if self._role is Role.LEADER:
                    self._send_what_is_due()
                elif time.monotonic() >= self._deadline:
                    self._start_election()

    def _apply_forever(self) -> None:
        # Without the lock: the service calls `snapshot` before it takes the next one.
        while (message := self._to_apply.get()) is not None:
            self._apply_ch.put(message)

    # Elections

    def _postpone_election(self) -> None:
        self._deadline = time.monotonic() + random.uniform(*ELECTION_TIMEOUT)

    def _start_election(self) -> None:
        self._role = Role.CANDIDATE
        self._state.term += 1
        self._state.voted_for = self._me
        self._save()
        self._votes = {self._me}
        self._postpone_election()
        args = VoteArgs(self._state.term, self._me, self._state.log.last)
        for peer in self._others:
            self._spawn(self._ask_for_vote, peer, args)
        self._lead_if_elected()

    def _ask_for_vote(self, peer: int, args: VoteArgs) -> None:
        reply = self._peers[peer].call("Raft.request_vote", args)
        if reply is None:
            return
        with self._lock:
            self._notice_term(reply.term)
            still_asking = self._role is Role.CANDIDATE
            if still_asking and self._state.term == args.term and reply.granted:
                self._votes.add(peer)
                self._lead_if_elected()

    def _lead_if_elected(self) -> None:
        if 2 * len(self._votes) <= len(self._peers):
            return
        self._role = Role.LEADER
        next_index = self._state.log.last.index + 1
        self._followers = {peer: Follower(next_index) for peer in self._others}

    def _notice_term(self, term: int) -> None:
        if term > self._state.term:
            self._role = Role.FOLLOWER
            self._state.term = term
            self._state.voted_for = None
            self._save()

    def request_vote(self, args: VoteArgs) -> VoteReply:
        with self._lock:
            self._notice_term(args.term)
            granted = (
                args.term == self._state.term
                and self._state.voted_for in (None, args.candidate)
                and args.last >= self._state.log.last
            )
            if granted:
                self._postpone_election()
                if self._state.voted_for is None:
                    self._state.voted_for = args.candidate
                    self._save()
            return VoteReply(self._state.term, granted)

    # Replication: the leader

    def _mark_dirty(self) -> None:
        for follower in self._followers.values():
            follower.dirty = True

    def _send_what_is_due(self) -> None:
        now = time.monotonic()
        for peer, follower in self._followers.items():
            # A call to a server that is down may hang for seconds: the heartbeat
            # goes out no matter what is on its way, and repeats what may be lost.
            overdue = now - follower.sent_at >= HEARTBEAT
            if overdue or (follower.dirty and not follower.in_flight):
                follower.dirty, follower.in_flight = False, True
                follower.sent_at = now
                self._send_to(peer, follower)

    def _send_to(self, peer: int, follower: Follower) -> None:
        term, log = self._state.term, self._state.log
        if follower.next_index <= log.base.index:
            snapshot = SnapshotArgs(term, log.base, self._state.snapshot)
            self._spawn(self._send_snapshot, peer, follower, snapshot)
        else:
            prev = log.at(follower.next_index - 1)
            args = AppendArgs(term, prev, log.after(prev.index), self._commit_index)
            self._spawn(self._send_entries, peer, follower, args)

    def _send_entries(self, peer: int, follower: Follower, args: AppendArgs) -> None:
        reply = self._peers[peer].call("Raft.append_entries", args)
        with self._lock:
            if not self._still_leads(follower, args.term, reply):
                return
            if reply.conflict is None:
                self._matched(follower, args.prev.index + len(args.entries))
            elif args.prev.index == follower.next_index - 1:  # else: answered before
                back_to = self._state.log.next_for(reply.conflict, args.prev)
                follower.next_index = max(back_to, follower.match_index + 1)
                follower.dirty = True

    def _send_snapshot(self, peer: int, follower: Follower, args: SnapshotArgs) -> None:
        reply = self._peers[peer].call("Raft.install_snapshot", args)
        with self._lock:
            if self._still_leads(follower, args.term, reply):
                self._matched(follower, args.last.index)

    def _still_leads(self, follower: Follower, term: int, reply: Any) -> bool:
        """Whether an answer came, and to the same leader that asked."""
        follower.in_flight = False
        if reply is None:
            return False
        self._notice_term(reply.term)
        return self._role is Role.LEADER and self._state.term == term

    def _matched(self, follower: Follower, index: int) -> None:
        # Answers may overtake each other: an old one must not take anything back.
        follower.match_index = max(follower.match_index, index)
        follower.next_index = max(follower.next_index, follower.match_index + 1)
        if follower.next_index <= self._state.log.last.index:
            follower.dirty = True
        self._advance_commit()

    def _advance_commit(self) -> None:
        log = self._state.log
        matches = [follower.match_index for follower in self._followers.values()]
        matches = sorted([*matches, log.last.index], reverse=True)
        index = matches[len(self._peers) // 2]  # a majority has all up to here
        # Older terms' entries may still be overwritten (Figure 8): they are only
        # committed along with one of this term.
        if index > self._commit_index and log.at(index).term == self._state.term:
            self._commit_up_to(index)
            self._mark_dirty()

    def _commit_up_to(self, index: int) -> None:
        for i in range(self._commit_index + 1, index + 1):
            command = self._state.log.entry(i).command
            self._to_apply.put(
                ApplyMsg(command_valid=True, command=command, command_index=i)
            )
        self._commit_index = index

    # Replication: the follower

    def _heard_from_leader(self, term: int) -> bool:
        """Whether the sender leads the current term; if so, follow it."""
        self._notice_term(term)
        if term < self._state.term:
            return False
        self._role = Role.FOLLOWER
        self._postpone_election()
        return True

    def append_entries(self, args: AppendArgs) -> AppendReply:
        with self._lock:
            if not self._heard_from_leader(args.term):
                return AppendReply(self._state.term)
            log, prev, entries = self._state.log, args.prev, args.entries
            known = log.base.index - prev.index
            if known > 0:
                # What the snapshot covers is committed, so it agrees unseen.
                prev, entries = log.base, entries[known:]
            elif not log.holds(prev):
                return AppendReply(self._state.term, log.conflict_at(prev.index))
            if log.merge(prev, entries):
                self._save()
            # Beyond the entries of this message, the log may not be the leader's.
            commit = min(args.commit, prev.index + len(entries))
            if commit > self._commit_index:
                self._commit_up_to(commit)
            return AppendReply(self._state.term)

    def install_snapshot(self, args: SnapshotArgs) -> SnapshotReply:
        with self._lock:
            # Up to the commit index the service gets each command anyway: a
            # snapshot from back there would make it apply some of them twice.
            fresh = args.last.index > self._commit_index
            if self._heard_from_leader(args.term) and fresh:
                self._state.log.compact(args.last)
                self._state.snapshot = args.data
                self._save()
                self._commit_index = args.last.index
                self._to_apply.put(
                    ApplyMsg(
                        snapshot_valid=True,
                        snapshot=args.data,
                        snapshot_index=args.last.index,
                        snapshot_term=args.last.term,
                    )
                )
            return SnapshotReply(self._state.term)

    def _save(self) -> None:
        save(self._persister, self._state)
