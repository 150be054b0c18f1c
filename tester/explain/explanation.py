"""An explanation: a sentence about a run, with the moments that prove it."""

from dataclasses import dataclass

from tester.traces.rows import FactRow


@dataclass(frozen=True)
class Explanation:
    """A sentence that a trace proves.

    Attributes:
        code: its stable name, one of `CODES`.
        text: the sentence.
        facts: where and when what it speaks of happened, the earliest first.
    """

    code: str
    text: str
    facts: tuple[FactRow, ...] = ()

    @property
    def rule(self) -> str:
        """Return the rule of the paper that was broken, with its section."""
        return CODES[self.code]


CODES = {
    "accepted-without-saving": "entries are saved before they are acknowledged "
    "(Figure 2, persistent state)",
    "applied-below-snapshot": "a server that restarts with a snapshot applies from the "
    "entry after it (section 7)",
    "candidates-at-once": "election time-outs are random, so that one server stands "
    "before the others (section 5.2)",
    "committed-older-term": "only entries of the leader's own term are committed by "
    "counting (section 5.4.2)",
    "counted-unsent": "match_index is what the follower has acknowledged: prev_log_index "
    "and the entries that were sent (Figure 2)",
    "crashed-between-saves": "the log and the snapshot it goes with are saved in one "
    "call of save (section 7)",
    "elections-in-quick-succession": "a candidate restarts its own time-out when it "
    "begins an election (section 5.2)",
    "handler-returned-none": "each RPC is answered; the lab takes None for a lost reply "
    "(Figure 2)",
    "ignored-higher-term": "a server that sees a higher term, also in a reply, takes it "
    "and becomes a follower (section 5.1)",
    "installed-without-saving": "an installed snapshot is saved before it is "
    "acknowledged (Figure 13)",
    "led-two-terms-without-election": "a leader that sees a higher term becomes a "
    "follower (section 5.1)",
    "lock-held": "no lock that a handler needs is held while a thread waits",
    "negative-prev-log-index": "next_index never falls below 1 (Figure 2)",
    "refused-votes-restart-timer": "only a current leader's AppendEntries and a vote that "
    "is given restart the time-out (section 5.2)",
    "refused-again-and-again": "after a refusal the leader decrements next_index and "
    "tries again (section 5.3)",
    "snapshot-again-and-again": "a follower that has installed a snapshot has its "
    "entries: match_index and next_index follow it (section 7)",
    "requests-repeated": "a leader sends heartbeats only as often as they prevent "
    "elections (section 5.2)",
    "saved-nothing": "current_term, voted_for and the log are saved before any RPC is "
    "answered (Figure 2)",
    "shifted-after-snapshot": "the log is discarded up to the snapshot's index and no "
    "further (section 7)",
    "shortened-agreeing-log": "only entries that conflict with new ones are deleted "
    "(Figure 2, AppendEntries, step 3)",
    "start-returned-another-index": "start returns the index at which the command is "
    "appended",
    "terms-rise-without-failure": "the election time-out is several heartbeat intervals "
    "long (section 5.6)",
    "two-send-as-leaders": "at most one server leads a term and sends AppendEntries in "
    "it (section 5.2)",
    "voted-for-older-log": "a vote is given only to a candidate whose log is at least as "
    "up-to-date (section 5.4.1)",
    "voted-twice": "a server gives at most one vote in a term, also over a restart "
    "(section 5.2)",
    "voted-without-saving": "voted_for is saved before the vote is given (Figure 2)",
}
