"""Explanations of candidates: who stands, who is elected, who votes."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from labrpc.clock import SECOND
from tester.explain.disturbances import servers_of_other_time
from tester.explain.exchanges import APPEND_ENTRIES, REQUEST_VOTE
from tester.explain.explanation import Explanation
from tester.explain.history import History, fact, seconds
from tester.text import servers_named
from tester.traces import values
from tester.traces.rows import (
    AnyRow,
    Arrived,
    Boot,
    Control,
    Proposed,
    Replied,
    ReplyArrived,
    Reported,
    Sent,
)

# So long after the vote that it lacked, a candidate would lead.
ELECTED_NS = SECOND // 5
# A voter that has heard from no leader for so long has no reason to keep to one.
LEADERLESS_NS = SECOND
REFUSED_TERMS_MIN = 3


@dataclass
class _Candidacy:
    """A server's candidacy in a term: whose votes have come, and which came last."""

    votes: set[int] = field(default_factory=set)
    last: ReplyArrived | None = None
    led: bool = False
    ended: bool = False


class _Candidacies:
    """Who has which votes, as a run goes on.

    Args:
        history: of the run.
        prompt: whether only those count that no caller can have given up before.
    """

    def __init__(self, history: History, prompt: bool = False) -> None:
        self._history = history
        self._prompt = prompt
        self._by_term: dict[tuple[int, int], _Candidacy] = defaultdict(_Candidacy)

    def of(self, server: int, term: int) -> _Candidacy:
        """Return a server's candidacy in a term."""
        return self._by_term[server, term]

    def note(self, row: ReplyArrived) -> None:
        """Note a vote that has arrived."""
        rpc = self._history.rpc(row)
        term = None if rpc is None else rpc.arg("term")
        if rpc is None or (self._prompt and not rpc.is_prompt):
            return
        if term is not None and rpc.result("vote_granted") is True:
            candidacy = self.of(row.server, term)
            candidacy.votes.add(row.peer)
            candidacy.last = row


def _votes_are_readable(history: History) -> bool:
    """Return whether all votes are asked for and given by the names of Figure 2."""
    asked = history.vote_requests
    return bool(asked) and all(
        rpc.arg("term") is not None
        and (rpc.replied is None or type(rpc.result("vote_granted")) is bool)
        for rpc in asked
    )


def led_without_majority(history: History) -> Iterator[Explanation]:
    """Find a server that led a term when the votes that had arrived were too few."""
    if not _votes_are_readable(history):
        return
    servers = history.trace.header.servers
    stood = {(election.server, election.term) for election in history.elections}
    candidacies = _Candidacies(history)
    for row in history.rows_of(ReplyArrived, Proposed, Reported, Sent):
        if type(row) is ReplyArrived:
            candidacies.note(row)
            continue
        term = _leads(row)
        if term is None or (row.server, term) not in stood:
            continue
        candidacy = candidacies.of(row.server, term)
        if candidacy.led:
            continue
        candidacy.led = True
        if len(candidacy.votes) + 1 <= servers // 2:
            votes = sorted(candidacy.votes)
            which = f"only the vote of {servers_named(votes)}" if votes else "no vote"
            yield Explanation(
                "led-without-majority",
                f"server {row.server} led term {term} in a cluster of {servers}, and "
                f"{which} had reached it in that term",
                (fact(row, f"leads term {term}"),),
            )
            return


def _leads(row: AnyRow) -> int | None:
    """Return the term that a server leads, as it shows by this row."""
    if type(row) is Proposed or type(row) is Reported:
        return row.term if row.leads else None
    if type(row) is Sent and row.method == APPEND_ENTRIES:
        return values.number(row.body, "term")
    return None


def elected_without_leading(history: History) -> Iterator[Explanation]:
    """Find a candidate that had a majority of votes, and did not lead."""
    if not _votes_are_readable(history) or not _leaders_are_visible(history):
        return
    enough = history.trace.header.servers // 2
    other = servers_of_other_time(history)
    led = {
        (row.server, term)
        for row in history.rows_of(Proposed, Reported, Sent)
        if (term := _leads(row)) is not None
    }
    candidacies = _Candidacies(history, prompt=True)
    standing: dict[int, tuple[int, int]] = {}
    won: dict[int, ReplyArrived] = {}
    for row in history.rows_of(Sent, ReplyArrived, Arrived, Control):
        stands = _stands(history, row, standing)
        for server in _ended(history, row, standing) or (
            [row.server] if stands else []
        ):
            term, _ = standing.pop(server, (0, 0))
            vote = won.pop(server, None)
            up = type(row) is not Control and server not in other
            if vote is not None and up and row.t - vote.t > ELECTED_NS:
                votes = candidacies.of(server, term).votes
                yield _not_led(history, row, term, vote, votes)
        if stands is not None:
            standing[row.server] = stands, row.incarnation
        if type(row) is ReplyArrived:
            candidacies.note(row)
            term, _ = standing.get(row.server, (None, 0))
            if term is None or row.server in won or (row.server, term) in led:
                continue
            candidacy = candidacies.of(row.server, term)
            if len(candidacy.votes) >= enough and candidacy.last is row:
                won[row.server] = row


def _leaders_are_visible(history: History) -> bool:
    """Return whether leaders send nothing but what this lab knows to be theirs.

    If nobody ever sent AppendEntries, nobody must have sent a snapshot either.
    """
    methods = {rpc.sent.method for rpc in history.rpcs}
    return not history.has_other_methods and (
        APPEND_ENTRIES in methods or methods == {REQUEST_VOTE}
    )


def _stands(
    history: History, row: AnyRow, standing: dict[int, tuple[int, int]]
) -> int | None:
    """Return the term in which a server begins to ask for votes by this row."""
    if type(row) is not Sent or row.method != REQUEST_VOTE:
        return None
    term = history.term(row)
    known = standing.get(row.server)
    return None if known == (term, row.incarnation) else term


def _ended(
    history: History, row: AnyRow, standing: dict[int, tuple[int, int]]
) -> list[int]:
    """Return the servers whose candidacy what happened may have ended."""
    if type(row) is Control:
        return list(row.args) if row.verb in ("pause", "crash") else []
    if type(row) is not Arrived and type(row) is not ReplyArrived:
        return []
    if row.server not in standing:
        return []
    term, _ = standing[row.server]
    if type(row) is ReplyArrived:
        rpc = history.rpc(row)
        other = None if rpc is None else rpc.result("term")
        ended = type(other) is not int or other > term
    else:
        delivery = history.delivery(row)
        other = None if delivery is None else delivery.arg("term")
        least = term + 1 if row.method == REQUEST_VOTE else term
        ended = other is None or other >= least
    return [row.server] if ended else []


def _not_led(
    history: History, row: AnyRow, term: int, vote: ReplyArrived, votes: set[int]
) -> Explanation:
    return Explanation(
        "elected-without-leading",
        f"server {vote.server} had the votes of {servers_named(sorted(votes))} in term "
        f"{term}, a majority of {history.trace.header.servers} with its own, and had not "
        f"led when that term ended {seconds(row.t - vote.t)} later",
        (fact(vote, f"has the vote that it lacked in term {term}"),),
    )


def refused_free_vote(history: History) -> Iterator[Explanation]:
    """Find a server that refused its vote in several terms in which it was free.

    It had taken the candidate's term, heard from no leader, voted for nobody in that term,
    and no log in the cluster was more up-to-date than the candidate's.
    """
    if not _votes_are_readable(history):
        return
    if not history.indices_begin_at_one:
        return
    voted = {(rpc.dst, rpc.arg("term")) for rpc in history.votes}
    voted |= {(election.server, election.term) for election in history.elections}
    newest, heard, lives = (
        (0, 0),
        defaultdict[int, int](int),
        defaultdict[int, int](int),
    )
    refused: dict[int, dict[int, Replied]] = defaultdict(dict)
    other = servers_of_other_time(history)
    for row in history.rows_of(Boot, Proposed, Sent, Arrived, Replied):
        if type(row) is Boot:
            lives[row.server] = row.incarnation
        elif type(row) is Proposed and row.leads:
            newest = max(newest, (row.term, row.index))
        elif type(row) is Sent:
            newest = max(newest, _log_end(row))
        elif type(row) is Arrived and row.method != REQUEST_VOTE:
            heard[row.server] = row.t
        elif type(row) is Replied and row.method == REQUEST_VOTE:
            rpc = history.rpc(row)
            if rpc is None or rpc.only_asks or rpc.result("vote_granted") is not False:
                continue
            term = rpc.arg("term")
            if (
                term is None
                or rpc.result("term") != term
                or (row.server, term) in voted
                or _log_end(rpc.sent) < newest
                or row.t - heard[row.server] < LEADERLESS_NS
                or row.server in other
                # A restart may bring back entries that nobody else has seen.
                or lives[row.server] > 1
            ):
                continue
            refused[row.server].setdefault(term, row)
            if len(refused[row.server]) >= REFUSED_TERMS_MIN:
                yield _refused(row.server, refused[row.server])
                return


def _log_end(row: Sent) -> tuple[int, int]:
    """Return term and index of the last entry that a request speaks of."""
    names = (
        ("last_log_term", "last_log_index")
        if row.method == REQUEST_VOTE
        else ("prev_log_term", "prev_log_index")
    )
    term, index = (values.number(row.body, name) for name in names)
    return (0, 0) if term is None or index is None else (term, index)


def _refused(server: int, refused: dict[int, Replied]) -> Explanation:
    terms = ", ".join(map(str, refused))
    return Explanation(
        "refused-free-vote",
        f"server {server} voted for nobody in terms {terms}, and refused its vote to "
        "candidates that asked for it with logs as up-to-date as any",
        tuple(
            fact(row, f"refuses server {row.peer} its vote in term {term}")
            for term, row in refused.items()
        ),
    )
