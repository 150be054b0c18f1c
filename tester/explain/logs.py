"""Explanations of logs: what a server says and does against what its log must hold.

The rules of Figure 2 that concern the log, checked at each answer, request and applied
command against a model of the server's log (`log_model`). The first breach of each rule is
reported, with the moment from which the entry is known.
"""

from collections.abc import Iterator

from tester.explain.exchanges import (
    APPEND_ENTRIES,
    INSTALL_SNAPSHOT,
    REQUEST_VOTE,
    RPCS,
    Delivery,
    Rpc,
)
from tester.explain.explanation import Explanation
from tester.explain.history import History, fact
from tester.explain.log_model import Known, LogModel
from tester.explain.readable import Commands, terms_are_readable
from tester.traces import values
from tester.traces.rows import (
    AnyRow,
    Applied,
    AppliedSnapshot,
    Arrived,
    Boot,
    FactRow,
    Proposed,
    Replied,
    Row,
    Sent,
    Snapshotted,
)

_KINDS = (
    Sent,
    Arrived,
    Replied,
    Applied,
    Proposed,
    Boot,
    Snapshotted,
    AppliedSnapshot,
)


def broken_log_rules(history: History) -> Iterator[Explanation]:
    """Find the first breach of each rule about logs."""
    if terms_are_readable(history):
        yield from _Audit(history).run()


class _Audit:
    """Goes through a run with a model of each server's log.

    Args:
        history: the run.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._commands = Commands(history)
        self._models = [LogModel() for _ in range(history.trace.header.servers)]
        self._found: dict[str, Explanation] = {}
        self._terms = [0] * history.trace.header.servers
        self._stood: set[tuple[int, int, int]] = set()

    def run(self) -> list[Explanation]:
        """Return what was found."""
        for row in self._history.rows_of(*_KINDS):
            if row.server >= 0:
                self._note(row, self._models[row.server])
                self._note_term(row)
        return list(self._found.values())

    def _note(self, row: AnyRow, model: LogModel) -> None:
        if type(row) is Sent:
            self._sent(row, model)
        elif type(row) is Arrived:
            self._arrived(row, model)
        elif type(row) is Replied:
            self._replied(row, model)
        elif type(row) is Applied:
            self._applied(row, model)
        elif type(row) is Proposed:
            if row.leads:
                model.propose(row)
        elif type(row) is Boot:
            model.boot(row, self._history.trace.header.persistence)
        elif type(row) is Snapshotted:
            if type(row.index) is int:
                model.discard(row.index)
        elif type(row) is AppliedSnapshot and type(row.index) is type(row.term) is int:
            model.discard(row.index)
            model.apply_snapshot(row.index, row.term, row)

    def _note_term(self, row: AnyRow) -> None:
        """Note the highest term that a server has shown."""
        if type(row) is Sent or type(row) is Replied:
            term = self._history.term(row) or 0
            self._terms[row.server] = max(self._terms[row.server], term)

    def _report(self, code: str, text: str, *facts: FactRow) -> None:
        self._found.setdefault(code, Explanation(code, text, facts))

    # Requests that it sends.

    def _sent(self, row: Sent, model: LogModel) -> None:
        term = self._history.term(row)
        if term is None:
            return
        if row.method == APPEND_ENTRIES:
            rpc = self._history.rpc(row)
            if rpc is not None:
                self._sent_entries(rpc, term, model)
                model.lead(rpc)
        elif row.method == REQUEST_VOTE:
            key = (row.server, row.incarnation, term)
            if key not in self._stood:
                self._stood.add(key)
                self._stands(row, term, model)

    def _stands(self, row: Sent, term: int, model: LogModel) -> None:
        """Check what a candidate says of its log, which is from before its candidacy."""
        index = values.number(row.body, "last_log_index")
        last_term = values.number(row.body, "last_log_term")
        if index is None or last_term is None:
            return
        says = (
            f"server {row.server} asked for votes in term {term} with a log that ends at "
            f"index {index} of term {last_term}"
        )
        here = fact(row, f"asks for votes with last_log_index {index}")
        last = model.last_known(before_term=term)
        if last is not None and (index < last[0] or last_term < last[1].term):
            at, known = last
            if _restarted(known, row):
                self._lost(row, at, known, f"{says}", here)
            else:
                self._report(
                    "misstated-log",
                    f"{says}, though it {known.how} index {at} of term {known.term}",
                    _since(at, known),
                    here,
                )
        ends = model.last_index
        if ends is not None and model.last_index_term < term and index > ends:
            self._report(
                "misstated-log",
                f"{says}; what it has accepted and appended ends at index {ends}, so its "
                "log holds more than that, or ends otherwise than it says",
                here,
            )

    def _sent_entries(self, rpc: Rpc, term: int, model: LogModel) -> None:
        """Check that a leader sends what its log holds."""
        row = rpc.sent
        sent = {index: (one.term, one) for index, one in rpc.entries_by_index.items()}
        prev, prev_term = rpc.arg("prev_log_index"), rpc.arg("prev_log_term")
        found: dict[int, int | None] = {i: t for i, (t, _) in sent.items()}
        if prev and prev_term is not None:
            found[prev] = prev_term
        for index, sent_term in found.items():
            known = model.known.get(index)
            if known is None or sent_term is None:
                continue
            own = type(known.row) is Proposed and known.in_term == term
            if (own or known.in_term < term) and known.term != sent_term:
                text = (
                    f"server {row.server}, leading term {term}, sent index {index} with "
                    f"term {sent_term}"
                )
                here = fact(row, f"sends index {index} with term {sent_term}")
                if _restarted(known, row):
                    self._lost(row, index, known, text, here)
                else:
                    self._report(
                        "sent-what-its-log-lacks",
                        f"{text}, though it {known.how} an entry of term {known.term} "
                        "there",
                        _since(index, known),
                        here,
                    )
                return
        self._sent_commands(rpc, term, model)

    def _sent_commands(self, rpc: Rpc, term: int, model: LogModel) -> None:
        """Check that a leader sends the commands for which start has returned an index."""
        for index, entry in rpc.entries_by_index.items():
            accepted = model.accepted_at(index, term)
            if accepted is None or entry.command == accepted.command:
                continue
            if entry.term == term and self._commands.holds(index, entry.command):
                sent = values.text(entry.command, 40)
                self._report(
                    "sent-what-its-log-lacks",
                    f"server {rpc.src}, leading term {term}, sent index {index} with "
                    f"{sent}, though start had returned this index, in this term, for "
                    f"{values.text(accepted.command, 40)}",
                    fact(accepted, f"start returns index {index} of term {term}"),
                    fact(rpc.sent, f"sends index {index} with {sent}"),
                )
                return

    def _lost(
        self, row: AnyRow, index: int, known: Known, text: str, here: FactRow
    ) -> None:
        """Report that a server has not what it had acknowledged before a restart."""
        boots = [
            boot.n for boot in self._history.rows_of(Boot) if boot.server == row.server
        ]
        began = max(n for n in boots if n < row.n)
        # What it had then is not known if it has written its disk since.
        saved = self._history.saved_between(row.server, began, row.n)
        since = (
            ", and it has saved its state since, perhaps without that" if saved else ""
        )
        self._report(
            "lost-in-restart",
            f"{text}; before its restart it {known.how} index {index} of term "
            f"{known.term}{since}",
            _since(index, known),
            here,
        )

    # Requests that it answers.

    def _arrived(self, row: Arrived, model: LogModel) -> None:
        delivery = self._history.delivery(row)
        if delivery is None or row.method == REQUEST_VOTE:
            return
        model.begin(delivery)

    def _replied(self, row: Replied, model: LogModel) -> None:
        delivery = self._history.delivery(row)
        if delivery is None:
            return
        if row.method == REQUEST_VOTE:
            votes = delivery.result("vote_granted") is True
            if votes and delivery.at_once and not delivery.rpc.only_asks:
                self._votes(delivery, row, model)
            return
        model.end(delivery)
        if delivery.at_once:
            self._changed(delivery, row, model)
        model.note_leader_commit(delivery.arg("leader_commit") or 0)

    def _changed(self, delivery: Delivery, row: Replied, model: LogModel) -> None:
        """Check what a request that was answered at once has done to the log."""
        term, answer = delivery.arg("term"), delivery.result("term")
        if row.method not in RPCS:
            model.forget()
        elif row.method == INSTALL_SNAPSHOT:
            if answer == term:
                model.forget()
                model.discard(delivery.arg("last_included_index") or 0)
        elif delivery.result("success") is True:
            if answer == term:
                self._accepts(delivery, row, model)
                self._replaces(delivery, row, model)
            model.append(delivery)
        elif answer == term and term is not None and term >= self._terms[row.server]:
            self._refuses(delivery, row, model)
            model.refuse(delivery)

    def _votes(self, delivery: Delivery, row: Replied, model: LogModel) -> None:
        """Check that a vote goes to a log that is as up-to-date as the voter's."""
        index, term = delivery.arg("last_log_index"), delivery.arg("last_log_term")
        last = model.last_known()
        if last is None or index is None or term is None:
            return
        at, known = last
        if (term, index) >= (known.term, at):
            return
        before = ", before its restart," if _restarted(known, row) else ""
        self._report(
            "voted-for-older-log",
            f"server {row.server} voted for server {row.peer} in term "
            f"{delivery.arg('term')}, whose log ended at index {index} of term {term}, "
            f"though{before} it {known.how} index {at} of term {known.term} itself",
            _since(at, known),
            fact(row, f"votes for server {row.peer}, whose log is older"),
        )

    def _accepts(self, delivery: Delivery, row: Replied, model: LogModel) -> None:
        """Check that entries are accepted only where the logs agree before them."""
        prev, term = delivery.arg("prev_log_index"), delivery.arg("prev_log_term")
        if prev is None or term is None or prev <= model.discarded:
            return
        text = (
            f"server {row.server} accepted an append_entries of server {row.peer} with "
            f"prev_log_index {prev} of term {term}"
        )
        here = fact(row, f"accepts entries after index {prev} of term {term}")
        known = model.known.get(prev)
        if known is not None and known.term != term:
            self._report(
                "accepted-without-match",
                f"{text}, though its own log had an entry of term {known.term} there",
                _since(prev, known),
                here,
            )
        elif model.last_index is not None and prev > model.last_index:
            ends = model.last_index
            self._report(
                "accepted-without-match",
                f"{text}, though its own log ended at index {ends}",
                here,
            )

    def _replaces(self, delivery: Delivery, row: Replied, model: LogModel) -> None:
        """Check that a server saves what it stores in place of entries that conflict."""
        conflict = model.first_conflict(delivery)
        header = self._history.trace.header
        if conflict is None or not header.persistence:
            return
        index, known, term = conflict
        if not self._history.saved_between(row.server, delivery.arrived.n, row.n):
            self._report(
                "conflict-not-replaced",
                f"server {row.server} accepted an append_entries of server {row.peer} "
                f"with index {index} of term {term}, where its own log had an entry of "
                f"term {known.term}, and saved nothing before it answered",
                _since(index, known),
                fact(row, f"accepts index {index} of term {term}, and saves nothing"),
            )

    def _refuses(self, delivery: Delivery, row: Replied, model: LogModel) -> None:
        """Check that nothing is refused that follows what the log must hold."""
        prev, term = delivery.arg("prev_log_index"), delivery.arg("prev_log_term")
        text = (
            f"server {row.server} refused an append_entries of server {row.peer}, the "
            f"leader of its own term {delivery.arg('term')}, with prev_log_index {prev}"
        )
        here = fact(row, f"refuses prev_log_index {prev}")
        if prev == 0:
            if model.discarded == 0:
                self._report(
                    "refused-without-conflict", f"{text}, which every log has", here
                )
            return
        known = model.known.get(prev or 0)
        if known is None or known.term != term or (prev or 0) <= model.discarded:
            return
        if _restarted(known, row):
            if model.last_known() == (prev, known):
                self._lost(row, prev or 0, known, text, here)
            return
        self._report(
            "refused-without-conflict",
            f"{text} of term {term}, though it {known.how} that entry",
            _since(prev or 0, known),
            here,
        )

    # What it applies.

    def _applied(self, row: Applied, model: LogModel) -> None:
        known = model.applies(row.index) if type(row.index) is int else None
        if (
            known is None
            or not self._commands.are_readable
            or known.has_command(row.command, row)
        ):
            return
        assert known.command is not None
        had = values.text(known.command.command, 40)
        self._report(
            "applied-other-entry",
            f"server {row.server} applied {values.text(row.command, 40)} at index "
            f"{row.index}, though it {known.how} an entry of term {known.term} there, "
            f"with {had}",
            _since(row.index, known),
            fact(row, f"applies another command at index {row.index}"),
        )


def _restarted(known: Known, row: Row) -> bool:
    """Return whether a server has restarted since an entry became known."""
    return known.row.incarnation != row.incarnation


def _since(index: int, known: Known) -> FactRow:
    """Return since when an entry is known."""
    did = {Proposed: "start returns", AppliedSnapshot: "applies the snapshot of"}
    verb = did.get(type(known.row), "acknowledges")
    return fact(known.row, f"{verb} index {index} of term {known.term}")
