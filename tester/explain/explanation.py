"""An explanation: a sentence about a run, with the moments that prove it."""

from dataclasses import dataclass

from tester.explain.service_rules import SERVICE_CODES
from tester.traces.rows import FactRow


@dataclass(frozen=True)
class Explanation:
    """A sentence that a trace proves.

    Attributes:
        code: its stable name, one of `CODES` or `SERVICE_CODES`.
        text: the sentence.
        facts: where and when what it speaks of happened, the earliest first.
    """

    code: str
    text: str
    facts: tuple[FactRow, ...] = ()

    @property
    def rule(self) -> str:
        """Return the rule that was broken, with the paper's section if it has one."""
        return CODES.get(self.code) or SERVICE_CODES[self.code]


CODES = {
    "accepted-without-match": "entries are accepted only if the log has the entry "
    "before them, of the same term (Figure 2, AppendEntries, step 2)",
    "accepted-without-saving": "entries are saved before they are acknowledged "
    "(Figure 2, persistent state)",
    "answered-in-older-term": "a server takes a higher term from a request, and "
    "answers with current_term, which never falls (section 5.1)",
    "applied-below-snapshot": "a server that restarts with a snapshot applies from "
    "the entry after it (section 7)",
    "applied-other-entry": "what a server applies is what its log holds at that index "
    "(Figure 2, AppendEntries, steps 3 and 4)",
    "applied-uncommitted": "a follower commits up to leader_commit, as far as it has "
    "the leader's entries (Figure 2, AppendEntries, step 5)",
    "candidates-at-once": "election time-outs are random, so that one server stands "
    "before the others (section 5.2)",
    "commit-not-followed": "a follower commits up to leader_commit, also with a "
    "heartbeat, and applies it (Figure 2, AppendEntries, step 5)",
    "committed-older-term": "only entries of the leader's own term are committed by "
    "counting (section 5.4.2)",
    "conflict-not-replaced": "an entry that conflicts with a new one is deleted with "
    "all that follow it, and the new one is saved before the answer (Figure 2, "
    "AppendEntries, step 3)",
    "counted-unsent": "match_index is what the follower has acknowledged: "
    "prev_log_index and the entries that were sent (Figure 2)",
    "crashed-between-saves": "the log and the snapshot it goes with are saved in one "
    "call of save (section 7)",
    "elected-without-leading": "a candidate with the votes of a majority, its own "
    "counted, becomes leader (section 5.2)",
    "elections-in-quick-succession": "a candidate restarts its own time-out when it "
    "begins an election (section 5.2)",
    "handler-returned-none": "each RPC is answered; the lab takes None for a lost "
    "reply (Figure 2)",
    "heartbeats-end": "a leader sends heartbeats for as long as it leads (section 5.2)",
    "ignored-higher-term": "a server that sees a higher term, also in a reply, takes "
    "it and becomes a follower (section 5.1)",
    "installed-without-saving": "an installed snapshot is saved before it is "
    "acknowledged (Figure 13)",
    "led-two-terms-without-election": "a leader that sees a higher term becomes a "
    "follower (section 5.1), and get_state returns term and role of one moment",
    "led-without-majority": "a candidate leads once a majority of all servers has "
    "voted for it in this term (section 5.2)",
    "left-without-heartbeats": "a leader sends every server heartbeats, also one that "
    "does not answer (section 5.2)",
    "lock-held": "no lock that a handler, start or snapshot needs is held while a thread waits",
    "lost-in-restart": "the log is saved before entries are acknowledged, and is the "
    "same after a restart (Figure 2, persistent state)",
    "majority-not-committed": "an entry of the leader's term is committed once a "
    "majority has it, the leader counted (section 5.3)",
    "misstated-log": "a candidate's log ends with what it has accepted and appended, and "
    "it says so (Figure 2, RequestVote)",
    "negative-prev-log-index": "next_index never falls below 1 (Figure 2)",
    "never-stands": "a server that hears from no leader for an election time-out "
    "begins an election, each time (section 5.2)",
    "obeyed-older-term": "requests of an older term are refused (Figure 2, step 1 of "
    "each RPC)",
    "refused-again-and-again": "after a refusal the leader decrements next_index and "
    "tries again (section 5.3)",
    "refused-free-vote": "a server that has not voted in a term votes for a candidate "
    "whose log is at least as up-to-date; voted_for is empty in each new term "
    "(section 5.2)",
    "refused-votes-restart-timer": "only a current leader's AppendEntries and a vote "
    "that is given restart the time-out (section 5.2)",
    "refused-what-it-has": "a server accepts entries that follow one that it has, in "
    "its log or in its snapshot (Figure 2, AppendEntries, step 2; section 7)",
    "refused-without-conflict": "AppendEntries of the current term are refused only "
    "if the log lacks the entry before them (Figure 2, AppendEntries)",
    "requests-repeated": "a leader sends heartbeats only as often as they prevent "
    "elections (section 5.2)",
    "saved-nothing": "current_term, voted_for and the log are saved before any RPC is "
    "answered (Figure 2)",
    "sent-what-its-log-lacks": "a leader sends what its log holds, and only appends "
    "to it (section 5.3)",
    "shifted-after-snapshot": "the log is discarded up to the snapshot's index and no "
    "further (section 7)",
    "shortened-agreeing-log": "all new entries are stored before they are acknowledged, and "
    "only entries that conflict with new ones are deleted (Figure 2, AppendEntries, steps 3 "
    "and 4)",
    "snapshot-again-and-again": "a follower that has installed a snapshot has its "
    "entries: match_index and next_index follow it (section 7)",
    "start-returned-another-index": "start returns the index at which the command is "
    "appended",
    "stood-though-it-heard": "an election begins when an election time-out has passed "
    "without AppendEntries from the current leader, whatever is answered to it (section 5.2)",
    "stood-without-saving": "current_term and the candidate's vote for itself are saved "
    "before it asks for votes (Figure 2, persistent state)",
    "term-lost-in-restart": "current_term is saved before any RPC is answered (Figure "
    "2, persistent state)",
    "terms-rise-without-failure": "the election time-out is several heartbeat "
    "intervals long (section 5.6)",
    "two-send-as-leaders": "at most one server leads a term and sends AppendEntries "
    "in it (section 5.2)",
    "voted-for-older-log": "a vote is given only to a candidate whose log is at least "
    "as up-to-date (section 5.4.1)",
    "voted-twice": "a server gives at most one vote in a term, also over a restart "
    "(section 5.2)",
    "voted-without-saving": "voted_for is saved before the vote is given (Figure 2)",
}
