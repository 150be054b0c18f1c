"""The server. Everything runs on one event loop, so between two `await`s nobody else
changes anything; after each `await` the world may be another one.

Two tasks live as long as the server, the election timer and the applier. A leader adds
one for each peer, and every RPC is awaited by a task of its own.
"""

import asyncio
import pickle
import random
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from enum import Enum, auto
from typing import Any

from labrpc import ApplyMsg, ClientEnd, Persister

from .log import Log
from .messages import (
    AppendEntries,
    Appended,
    Entry,
    InstallSnapshot,
    Installed,
    RequestVote,
    Vote,
)

HEARTBEAT = 0.1
GATHER = 0.005  # commands that are started so soon after each other travel together
ELECTION_TIMEOUT = (0.3, 0.6)


class Role(Enum):
    FOLLOWER = auto()
    CANDIDATE = auto()
    LEADER = auto()


class Raft:
    def __init__(
        self, peers: Sequence[ClientEnd], me: int, persister: Persister, apply_ch: Any
    ) -> None:
        self.peers = peers
        self.others = [peer for peer in range(len(peers)) if peer != me]
        self.me = me
        self.persister = persister
        self.apply_ch = apply_ch

        self.role = Role.FOLLOWER
        self.restore()
        self.commit_index = self.last_applied = self.log.start
        self.next_index: dict[int, int] = {}
        self.match_index: dict[int, int] = {}

        self.snapshot_to_apply: ApplyMsg | None = None
        self.committed = asyncio.Event()
        self.heard_from_leader = asyncio.Event()
        # For each peer: there is something new to be sent to it.
        self.news = {peer: asyncio.Event() for peer in self.others}
        self.tasks: set[asyncio.Task[None]] = set()
        self.spawn(self.time_elections())
        self.spawn(self.apply())

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    # The service above.

    def get_state(self) -> tuple[int, bool]:
        return self.current_term, self.role is Role.LEADER

    def start(self, command: Any) -> tuple[int, int, bool]:
        if self.role is not Role.LEADER:
            return -1, self.current_term, False
        self.log.entries.append(Entry(self.current_term, command))
        self.persist()
        self.advance_commit_index()
        self.tell_peers()
        return self.log.last_index, self.current_term, True

    def snapshot(self, index: int, snapshot: bytes) -> None:
        if self.log.start < index <= self.last_applied:
            self.log.compact(index, self.log.term(index))
            self.service_snapshot = snapshot
            self.persist()

    def kill(self) -> None:
        for task in self.tasks:
            task.cancel()

    # What survives a crash.

    def persist(self) -> None:
        log = self.log
        # Columns, which are pickled faster than rows: it is done for every change.
        terms = [entry.term for entry in log.entries]
        commands = [entry.command for entry in log.entries]
        start = (log.start, log.start_term)
        state = (self.current_term, self.voted_for, start, terms, commands)
        self.persister.save(pickle.dumps(state), self.service_snapshot)

    def restore(self) -> None:
        self.current_term, self.voted_for = 0, None
        self.log = Log(0, 0, [])
        self.service_snapshot = self.persister.read_snapshot()
        saved = self.persister.read_raft_state()
        if saved:
            state = pickle.loads(saved)
            self.current_term, self.voted_for, start, terms, commands = state
            self.log = Log(*start, list(map(Entry, terms, commands)))

    # Elections.

    async def time_elections(self) -> None:
        """Stand for election whenever nothing was heard for a while."""
        while True:
            try:
                async with asyncio.timeout(random.uniform(*ELECTION_TIMEOUT)):
                    await self.heard_from_leader.wait()
            except TimeoutError:
                if self.role is not Role.LEADER:
                    self.stand_for_election()
            self.heard_from_leader.clear()

    def stand_for_election(self) -> None:
        self.role = Role.CANDIDATE
        self.current_term += 1
        self.voted_for = self.me
        self.persist()
        self.votes = {self.me}
        log = self.log
        args = RequestVote(self.current_term, self.me, log.last_index, log.last_term)
        for peer in self.others:
            self.spawn(self.ask_for_vote(peer, args))
        self.count_votes()

    async def ask_for_vote(self, peer: int, args: RequestVote) -> None:
        vote = await self.peers[peer].acall("Raft.request_vote", args)
        if vote is None or self.outdated(vote.term, args.term):
            return
        if vote.granted and self.role is Role.CANDIDATE:
            self.votes.add(peer)
            self.count_votes()

    def count_votes(self) -> None:
        if 2 * len(self.votes) > len(self.peers):
            self.role = Role.LEADER
            self.next_index = dict.fromkeys(self.others, self.log.last_index + 1)
            self.match_index = dict.fromkeys(self.others, 0)
            for peer in self.others:
                self.spawn(self.lead(peer, self.current_term))

    async def request_vote(self, args: RequestVote) -> Vote:
        self.notice_term(args.term)
        theirs = (args.last_log_term, args.last_log_index)
        granted = (
            args.term == self.current_term
            and self.voted_for in (None, args.candidate_id)
            and theirs >= (self.log.last_term, self.log.last_index)
        )
        if granted:
            self.voted_for = args.candidate_id
            self.persist()
            self.heard_from_leader.set()
        return Vote(self.current_term, granted)

    def notice_term(self, term: int) -> None:
        if term > self.current_term:
            self.current_term, self.voted_for = term, None
            self.role = Role.FOLLOWER
            self.persist()

    def outdated(self, term: int, asked_in: int) -> bool:
        """Whether an answer with `term` comes too late for what was asked for."""
        self.notice_term(term)
        return self.current_term != asked_in

    # Replication: the leader.

    def leads(self, term: int) -> bool:
        return self.role is Role.LEADER and self.current_term == term

    def tell_peers(self) -> None:
        for news in self.news.values():
            news.set()

    async def lead(self, peer: int, term: int) -> None:
        """Keep one peer up to date for as long as this server leads in `term`."""
        news = self.news[peer]
        while self.leads(term):
            news.clear()
            answered = self.spawn(self.update(peer, term))
            # A call to a server that is down hangs for seconds: when the next
            # heartbeat is due, it goes out beside the one before.
            with suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT):
                    await asyncio.wait([answered])
                    await news.wait()
                    await asyncio.sleep(GATHER)

    async def update(self, peer: int, term: int) -> None:
        """Send a peer what it lacks, a heartbeat if that is nothing."""
        if not self.leads(term):
            return  # This task has begun a little later than it was created.
        if self.next_index[peer] <= self.log.start:
            await self.send_snapshot(peer, term)
        else:
            await self.send_entries(peer, term)

    async def send_entries(self, peer: int, term: int) -> None:
        log, prev = self.log, self.next_index[peer] - 1
        entries = log.suffix(prev + 1)
        args = AppendEntries(term, prev, log.term(prev), entries, self.commit_index)
        reply = await self.peers[peer].acall("Raft.append_entries", args)
        if reply is None or self.outdated(reply.term, term) or not self.leads(term):
            return
        if reply.success:
            self.matched(peer, prev + len(entries))
        elif self.next_index[peer] == prev + 1:  # Else another answer was faster.
            found = self.log.last_with_term(reply.conflict_term, prev)
            back_to = found + 1 if found is not None else reply.retry_index
            self.next_index[peer] = max(back_to, self.match_index[peer] + 1)
            self.news[peer].set()

    async def send_snapshot(self, peer: int, term: int) -> None:
        index = self.log.start
        args = InstallSnapshot(term, index, self.log.start_term, self.service_snapshot)
        reply = await self.peers[peer].acall("Raft.install_snapshot", args)
        if reply is None or self.outdated(reply.term, term) or not self.leads(term):
            return
        self.matched(peer, index)

    def matched(self, peer: int, index: int) -> None:
        # Answers overtake each other: an old one takes nothing back.
        self.match_index[peer] = max(self.match_index[peer], index)
        self.next_index[peer] = max(self.next_index[peer], index + 1)
        if self.next_index[peer] <= self.log.last_index:
            self.news[peer].set()
        self.advance_commit_index()

    def advance_commit_index(self) -> None:
        matches = sorted([*self.match_index.values(), self.log.last_index])
        index = matches[(len(matches) - 1) // 2]
        # Only entries of this term are counted (Figure 8).
        if index > self.commit_index and self.log.term(index) == self.current_term:
            self.commit_index = index
            self.committed.set()
            self.tell_peers()

    # Replication: the follower.

    def follow(self, term: int) -> bool:
        """Whether a message comes from the leader of this term; if so, follow it."""
        self.notice_term(term)
        if term < self.current_term:
            return False
        self.role = Role.FOLLOWER
        self.heard_from_leader.set()
        return True

    async def append_entries(self, args: AppendEntries) -> Appended:
        log = self.log
        if not self.follow(args.term):
            return Appended(self.current_term, False)
        if args.prev_log_index > log.last_index:
            return Appended(self.current_term, False, 0, log.last_index + 1)
        # What lies in the snapshot is committed, and so agrees with any leader's.
        if args.prev_log_index >= log.start:
            found = log.term(args.prev_log_index)
            if found != args.prev_log_term:
                retry = log.first_of_term(args.prev_log_index)
                return Appended(self.current_term, False, found, retry)
        for index, entry in enumerate(args.entries, args.prev_log_index + 1):
            if index > log.start and not log.has(index, entry.term):
                log.replace(index, args.entries[index - args.prev_log_index - 1 :])
                self.persist()
                break
        known = min(args.leader_commit, args.prev_log_index + len(args.entries))
        if known > self.commit_index:
            self.commit_index = known
            self.committed.set()
        return Appended(self.current_term, True)

    async def install_snapshot(self, args: InstallSnapshot) -> Installed:
        index, term = args.last_included_index, args.last_included_term
        if self.follow(args.term) and index > self.commit_index:
            self.log.compact(index, term)
            self.service_snapshot = args.data
            self.persist()
            self.commit_index = index
            self.snapshot_to_apply = ApplyMsg(
                snapshot_valid=True,
                snapshot=args.data,
                snapshot_index=index,
                snapshot_term=term,
            )
            self.committed.set()
        return Installed(self.current_term)

    async def apply(self) -> None:
        """Hand to the service what is committed, in order."""
        while True:
            await self.committed.wait()
            self.committed.clear()
            while self.last_applied < self.commit_index:
                message, self.snapshot_to_apply = self.snapshot_to_apply, None
                if message is not None:
                    self.last_applied = message.snapshot_index
                else:
                    self.last_applied += 1
                    message = ApplyMsg(
                        command_valid=True,
                        command=self.log[self.last_applied].command,
                        command_index=self.last_applied,
                    )
                await self.apply_ch.aput(message)
