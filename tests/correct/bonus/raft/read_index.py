"""Reads without log entries, by ReadIndex (Ongaro's dissertation, section 6.4)."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from raft.messages import AppendEntriesArgs
from raft.raft import Raft as Reference
from raft.raft import Role

REFUSED = -1, False


@dataclass
class Reading:
    """A read that waits until a majority has acknowledged the leader's term."""

    term: int
    index: int
    acknowledged: set[int] = field(default_factory=set)


class ReadIndex(Reference):
    """A server that can answer reads from its state machine."""

    read_timeout_s = 1.0

    def __init__(self, *args: Any) -> None:
        self.readings: list[Reading] = []
        super().__init__(*args)
        self.something_acknowledged = threading.Condition(self.lock)

    # What the service calls.

    def read_index(self) -> tuple[int, bool]:
        """Return up to where the service must have applied to answer a read."""
        with self.lock:
            if not self._knows_what_is_committed():
                return REFUSED
            reading = Reading(self.current_term, self.commit_index, {self.me})
            self.readings.append(reading)
            is_confirmed = self._await_majority(reading)
            self.readings.remove(reading)
            return (reading.index, True) if is_confirmed else REFUSED

    # The leader.

    def _knows_what_is_committed(self) -> bool:
        """Return whether this server leads, and has committed an entry of its term."""
        is_leader = self.role is Role.LEADER
        return is_leader and self.log.term_at(self.commit_index) == self.current_term

    def _await_majority(self, reading: Reading) -> bool:
        """Send heartbeats until a majority has answered one; return whether it has."""
        deadline_s = time.monotonic() + self.read_timeout_s
        while self._is_leader_in(reading.term) and time.monotonic() < deadline_s:
            args = self._heartbeat_args()
            for peer in self.others:
                self._start_thread(self._send_confirmation, peer, args, reading)
            round_ends_s = time.monotonic() + self.heartbeat_interval_s
            while time.monotonic() < round_ends_s and self._is_leader_in(reading.term):
                if self._is_confirmed(reading):
                    return True
                self.something_acknowledged.wait(round_ends_s - time.monotonic())
        return False

    def _is_confirmed(self, reading: Reading) -> bool:
        """Return whether a majority has acknowledged the term since the read began."""
        return self._is_majority(len(reading.acknowledged))

    def _heartbeat_args(self) -> AppendEntriesArgs:
        """Return AppendEntries without entries, after the last one that is committed."""
        index = self.commit_index
        term = self.log.term_at(index)
        return AppendEntriesArgs(self.current_term, self.me, index, term, [], index)

    def _send_confirmation(
        self, peer: int, args: AppendEntriesArgs, reading: Reading
    ) -> None:
        """Send a heartbeat for a read; any answer in its term acknowledges it.

        What the follower's log has does not matter: it may as well refuse.
        """
        reply = self.peers[peer].call("Raft.append_entries", args)
        if reply is None:
            return
        with self.lock:
            self._observe_term(reply.term)
            if reply.term == reading.term:
                reading.acknowledged.add(peer)
            self.something_acknowledged.notify_all()
