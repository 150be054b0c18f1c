"""Leadership transfer to a chosen server (Ongaro's dissertation, section 3.10)."""

import time
from dataclasses import dataclass
from typing import Any

from raft.raft import Raft as Reference
from raft.raft import Role


@dataclass
class TimeoutNowArgs:
    """A leader asks a server to begin an election at once."""

    term: int
    leader_id: int


@dataclass
class TimeoutNowReply:
    """The server's term, for the leader to update itself."""

    term: int


class LeadershipTransfer(Reference):
    """A server that can hand its leadership over."""

    transfer_target: int | None = None

    # What the service calls.

    def transfer_leadership(self, target: int) -> bool:
        """Begin to hand over to `target`; False if that cannot be begun."""
        with self.lock:
            leads = self.role is Role.LEADER
            if not leads or self.transfer_target is not None or target == self.me:
                return False
            self.transfer_target = target
            self._start_thread(self._run_transfer_timer, self.current_term)
            self._continue_transfer(target)
            return True

    def start(self, command: Any) -> tuple[int, int, bool]:
        """Refuse commands while handing over: the target must get to the log's end."""
        with self.lock:
            if self.transfer_target is not None:
                return -1, self.current_term, False
        return super().start(command)

    # The leader.

    def _continue_transfer(self, target: int) -> None:
        """Let the target begin its election, or first send it what it lacks."""
        if self.match_index[target] == self.log.last_index:
            args = TimeoutNowArgs(self.current_term, self.me)
            self._start_thread(self._send_timeout_now, target, args)
        else:
            self._replicate_if_idle(target)

    def _note_match(self, peer: int, index: int) -> None:
        """Go on with the transfer, if it is the target whose log has grown."""
        super()._note_match(peer, index)
        if peer == self.transfer_target:
            self._continue_transfer(peer)

    def _send_timeout_now(self, target: int, args: TimeoutNowArgs) -> None:
        """Ask the target to begin an election; the next heartbeat's reply repeats it."""
        reply = self.peers[target].call("Raft.timeout_now", args)
        if reply is not None:
            with self.lock:
                self._observe_term(reply.term)

    def _run_transfer_timer(self, term: int) -> None:
        """Give up after an election time-out, and take commands again."""
        time.sleep(self.election_timeout_s_max)
        with self.lock:
            if self._is_leader_in(term):
                self.transfer_target = None

    def _become_follower(self, term: int) -> None:
        """Follow in `term`; who does not lead hands nothing over."""
        super()._become_follower(term)
        self.transfer_target = None

    # TimeoutNow RPC.

    def timeout_now(self, args: TimeoutNowArgs) -> TimeoutNowReply:
        """Begin an election at once, unless the request is an old one."""
        with self.lock:
            if args.term == self.current_term and self.role is not Role.LEADER:
                # No PreVote: the leader itself wants to be replaced.
                Reference._become_candidate(self)
            return TimeoutNowReply(self.current_term)
