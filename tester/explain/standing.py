"""The servers that asked for votes shortly before a run failed for want of a leader.

A scenario names all possible causes; the trace rules some of them out.
"""

from tester import codes
from tester.explain.exchanges import REQUEST_VOTE
from tester.explain.history import History, last_seconds, seconds
from tester.text import counted, servers_named
from tester.traces.reader import Trace
from tester.traces.rows import Boot, Control, Proposed, Reported

OF_ELECTIONS = frozenset(
    code.name
    for code in (codes.NO_LEADER, codes.NO_AGREEMENT, codes.LEADER_WITHOUT_MAJORITY)
)


def standing_lines(trace: Trace) -> list[str]:
    """Return who stood in the last seconds, who did not, and who said that it leads.

    Nothing where no server sent request_vote: votes may go by a name of a submission's own.
    By which names its arguments go does not matter, nor whether it only asks who would vote.
    Nothing of a list of choices, whose times are none of the servers'.
    """
    end = trace.end
    if end is None or end.code not in OF_ELECTIONS or not trace.rows:
        return []
    if trace.header.by_choices or trace.header.service or trace.dropped is not None:
        return []
    history = History(trace)
    since, ended = last_seconds(trace)
    asked = [rpc for rpc in history.calls(REQUEST_VOTE) if rpc.sent.t >= since]
    if not asked:
        return []
    stood = sorted({rpc.src for rpc in asked})
    terms = sorted({term for rpc in asked if (term := rpc.arg("term")) is not None})
    which = f", in term {terms[0]}" if terms else ""
    if terms[1:]:
        which = f", in {counted(len(terms), 'term')} from {terms[0]} to {terms[-1]}"
    lines = [f"  {servers_named(stood)} sent request_vote{which}"]
    # Who takes itself for a leader, of whatever term, need not stand.
    leading = _leading(history)
    others = [s for s in _up_since(history, since) if s not in (*stood, *leading)]
    if others:
        lines.append(f"  {servers_named(others)}, up all the time, sent none")
    led = {
        (row.server, row.term)
        for row in history.rows_of(Reported, Proposed)
        if (type(row) is Reported or type(row) is Proposed)
        and row.leads
        and row.t >= since
    }
    lines += [
        f"  server {server} said that it leads term {term}"
        for server, term in sorted(led, key=lambda one: one[1])[-3:]
    ]
    return [f"who stood in the last {seconds(ended - since)}:", *lines]


def _leading(history: History) -> list[int]:
    """Return the servers that led when they were last asked."""
    leads = {
        row.server: row.leads
        for row in history.rows_of(Reported)
        if type(row) is Reported
    }
    return [server for server, leading in leads.items() if leading]


def _up_since(history: History, since: int) -> list[int]:
    """Return the servers that were up at a time, and neither stopped nor paused after it."""
    up: set[int] = set()
    for row in history.rows:
        if type(row) is Boot and row.t < since:
            up.add(row.server)
        elif type(row) is Control and row.verb in ("crash", "pause"):
            up -= set(row.args)
        elif type(row) is Control and row.verb == "resume" and row.t < since:
            up |= set(row.args)
    return sorted(up)
