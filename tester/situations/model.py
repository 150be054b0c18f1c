"""Which situations a run meets, from plain facts in the order in which they happen.

A fact that a message lacks, since its fields have other names, brings no situation.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from tester.situations.server_model import ServerModel, Terms

FAR = 10
FEW_REFUSALS = 3


@dataclass(slots=True)
class VoteRequest:
    """A request for a vote."""

    src: int
    dst: int
    term: int
    last_index: int
    last_term: int
    answers: list[bool] = field(default_factory=list)


@dataclass(slots=True)
class Append:
    """AppendEntries; `number` counts those of all servers."""

    src: int
    dst: int
    term: int
    prev: int
    entries: Terms
    commit: int
    number: int = 0

    @property
    def last(self) -> int:
        """The index of the last entry that it covers."""
        return self.prev + len(self.entries)


@dataclass(slots=True)
class Install:
    """InstallSnapshot."""

    src: int
    dst: int
    term: int
    index: int
    last_term: int


Request = VoteRequest | Append | Install


class SituationModel:
    """Follows the servers of a run.

    Args:
        servers: how many there are.

    Attributes:
        met: the situations so far, each once, in the order in which they were met.
    """

    def __init__(self, servers: int) -> None:
        self.met: dict[str, None] = {}
        self.servers = [ServerModel() for _ in range(servers)]
        self._majority = servers // 2 + 1
        self._split = False
        self._elections: set[int] = set()
        self._led: set[int] = set()
        self._accepted: dict[int, int] = {}
        self._older_on_majority: set[tuple[int, int]] = set()
        self._refusals: dict[tuple[int, int], list[int]] = defaultdict(list)
        self._conflicts: set[tuple[int, int]] = set()
        self._last_heard: dict[tuple[int, int], int] = {}
        self._applied = 0

    def meet(self, name: str, holds: bool = True) -> None:
        """Note that a situation is met, if it is."""
        if holds:
            self.met[name] = None

    # Requests.

    def sent(self, request: Request) -> None:
        """Note that a request leaves."""
        src = self.servers[request.src]
        src.observe_term(request.term)
        if isinstance(request, VoteRequest):
            src.stands_in = request.term
            src.votes[request.term] = request.src
            self._elections.add(request.term)
        elif src.leads_in != request.term == src.term:
            self._leads(request.src, request.term)
        if isinstance(request, Install):
            conflict = (request.src, request.dst) in self._conflicts
            self.meet("conflict-inside-snapshot", conflict)

    def _leads(self, server: int, term: int) -> None:
        """Note that a server leads a term, for all that messages show."""
        model = self.servers[server]
        if term not in self._led:
            since = max(self._led, default=0)
            split = any(since < other < term for other in self._elections)
            self.meet("elected-after-split-vote" if split else "elected-at-once")
            self._led.add(term)
        model.leads_in, model.stands_in = term, 0
        others = [s for s in self.servers if s is not model and s.is_up and s.leads_in]
        self.meet("two-leaders", any(other.leads_in != term for other in others))

    def arrived(self, request: Request) -> None:
        """Note that a request reaches its receiver."""
        dst = self.servers[request.dst]
        if request.term > dst.term:
            self.meet("deposed-by-request", bool(dst.leads_in))
            self.meet("term-skipped", request.term > dst.term + 1)
        if isinstance(request, VoteRequest):
            self.meet("vote-request-of-older-term", request.term < dst.term)
        elif dst.stands_in == request.term:
            self.meet("candidate-yields")
            dst.stands_in = 0
        dst.observe_term(request.term)
        if isinstance(request, Append):
            self._append_arrived(request, dst)
        elif isinstance(request, Install):
            self._install_arrived(request, dst)

    def _append_arrived(self, append: Append, dst: ServerModel) -> None:
        # Nearly all hold nothing worth noting, and there are many of them.
        if append.term < dst.term:
            self.meet("append-of-deposed-leader")
        if append.prev < dst.base:
            self.meet("append-inside-snapshot")
        if append.commit > append.last:
            self.meet("commit-beyond-entries")
        if append.entries and all(
            dst.log.get(index) == term
            for index, term in enumerate(append.entries, start=append.prev + 1)
        ):
            longer = append.last < dst.last
            self.meet("append-shorter-prefix" if longer else "append-brings-nothing")

    def _install_arrived(self, install: Install, dst: ServerModel) -> None:
        if install.term < dst.term:
            return
        fits = dst.log.get(install.index) == install.last_term
        ahead = dst.last > install.index
        self.meet("snapshot-to-one-behind", dst.last < install.index)
        self.meet("snapshot-to-one-ahead", ahead)
        self.meet("snapshot-with-matching-tail", ahead and fits)
        self.meet("snapshot-skipped", install.index <= dst.applied)

    # Answers.

    def vote_answered(self, request: VoteRequest, term: int, granted: bool) -> None:
        """Note that a server answers a request for its vote."""
        dst = self.servers[request.dst]
        self.meet("vote-request-twice", granted in request.answers)
        request.answers.append(granted)
        later = request.last_term - dst.last_term
        longer = request.last_index - dst.last
        of_this_term = term == request.term
        self.meet("longer-log-loses", of_this_term and later * longer < 0)
        if granted:
            dst.votes.setdefault(request.term, request.src)
        elif of_this_term:
            given = dst.votes.get(request.term, request.src) != request.src
            self.meet("vote-refused-given", given)
            self.meet("vote-refused-older-term", later < 0)
            self.meet("vote-refused-shorter", later == 0 and longer < 0)
        dst.observe_term(term)

    def append_answered(self, append: Append, term: int, success: bool) -> None:
        """Note that a server answers AppendEntries."""
        dst = self.servers[append.dst]
        dst.observe_term(term)
        if term != append.term:
            return
        pair = append.src, append.dst
        if not success:
            short = append.prev > dst.last
            self.meet("append-refused-short" if short else "append-refused-conflict")
            if not short:
                self._conflicts.add(pair)
            self._refusals[pair].append(append.prev)
            return
        replaced = dst.store(append.prev, append.entries)
        refused = self._refusals.pop(pair, [])
        if replaced:
            self._replaced(replaced, bool(refused))
        if refused and refused[0] - append.prev > FAR:
            self.meet("backed-up-far", len(refused) <= FEW_REFUSALS)
        self._conflicts.discard(pair)
        if append.entries:
            self._look_for_older_terms(append)

    def _replaced(self, replaced: dict[int, int], after_refusal: bool) -> None:
        """Note that a follower's entries were replaced."""
        several = len(set(replaced.values())) > 1
        self.meet("suffix-replaced")
        self.meet("backed-up-over-terms", several and after_refusal)
        for index, term in replaced.items():
            self.meet("older-term-replaced", (index, term) in self._older_on_majority)

    def _look_for_older_terms(self, append: Append) -> None:
        """Note which entries of older terms a majority stores, though not committed."""
        for index, term in enumerate(append.entries, start=append.prev + 1):
            is_open = index > self._applied and term < append.term
            if is_open and self._stored_by(index, term) >= self._majority:
                self._older_on_majority.add((index, term))

    def _stored_by(self, index: int, term: int) -> int:
        return sum(server.log.get(index) == term for server in self.servers)

    def reply_arrived(self, request: Request, term: int) -> None:
        """Note that a reply reaches the caller."""
        src = self.servers[request.src]
        if term > src.term:
            self.meet("deposed-by-reply", bool(src.leads_in))
            self.meet("term-skipped", term > src.term + 1)
        if isinstance(request, VoteRequest):
            self.meet("vote-reply-too-late", src.term > request.term)
        elif isinstance(request, Append):
            pair = request.src, request.dst
            if request.number < self._last_heard.get(pair, 0):
                self.meet("replies-out-of-order")
            else:
                self._last_heard[pair] = request.number
        src.observe_term(term)

    def reply_lost(self) -> None:
        """Note that a request was executed and its reply lost."""
        self.meet("heard-not-answered")

    # The service.

    def accepted(self, server: int, index: int, term: int) -> None:
        """Note that a leader accepts a command."""
        model = self.servers[server]
        model.observe_term(term)
        model.store(index - 1, [term])
        if index > self._applied:
            self._accepted.setdefault(index, term)

    def accepted_commands(self, append: Append) -> list[int]:
        """Note what a leader has accepted, as far as what it sends shows it.

        A service calls `start` within its server. Returns the indices.
        """
        log = self.servers[append.src].log
        indices = [
            index
            for index, term in enumerate(append.entries, start=append.prev + 1)
            if term == append.term and log.get(index) != term
        ]
        for index in indices:
            self.accepted(append.src, index, append.term)
        return indices

    def applied(self, server: int, index: int) -> None:
        """Note that a server applies a command."""
        model = self.servers[server]
        model.applied = max(model.applied, index)
        if index <= self._applied or index not in model.log:
            return
        self._applied = index
        term = model.log[index]
        self.meet(
            "bare-majority-commit", self._stored_by(index, term) == self._majority
        )
        self.meet("older-term-committed", (index, term) in self._older_on_majority)
        self.meet("command-lost", self._accepted.get(index, term) != term)

    def applied_snapshot(self, server: int, index: int, term: int) -> None:
        """Note that a server applies a snapshot, which its log begins with from now on."""
        self.servers[server].install(index, term)

    def snapshot_made(self, server: int, index: int) -> None:
        """Note that the service has all up to an index."""
        model = self.servers[server]
        self.meet("snapshot-below-entries", model.last > model.applied)
        if index in model.log:
            model.install(index, model.log[index])

    # Crashes.

    def crashed(self, server: int, before_reply: bool, between_saves: bool) -> None:
        """Note a crash: within a step, perhaps, between saving and what comes next."""
        self.meet("crash-before-reply", before_reply)
        self.meet("crash-between-saves", between_saves)
        model = self.servers[server]
        model.is_up = False
        model.leads_in = model.stands_in = 0

    def restarted(self, server: int) -> None:
        """Note that a server starts again."""
        model = self.servers[server]
        self.meet("all-down-and-up", not any(other.is_up for other in self.servers))
        model.is_up = True
        self.meet("restart-having-voted", model.term in model.votes)
        self.meet("restart-with-uncommitted", model.last > model.applied)
        self.meet("restart-from-snapshot", bool(model.base))
        model.applied = model.base
