"""The names of Figure 2 that no message uses: with other names, less can be proven."""

from collections import defaultdict

from tester.explain.exchanges import APPEND_ENTRIES, REQUEST_VOTE
from tester.traces import values
from tester.traces.reader import Trace
from tester.traces.rows import Replied, Sent

# What the rules read of a request, and of its answer.
READ_OF = {
    REQUEST_VOTE: (("term", "last_log_index", "last_log_term"), ("vote_granted",)),
    APPEND_ENTRIES: (
        ("term", "prev_log_index", "prev_log_term", "entries"),
        ("success",),
    ),
}


def names_lines(trace: Trace) -> list[str]:
    """Return a line on names that no message uses, none where all are used.

    Nothing of methods that were not called: there may have been no leader. Nor of the tests
    of a service, of whose Raft no rule speaks.
    """
    requests: defaultdict[str, set[str]] = defaultdict(set)
    answers: defaultdict[str, set[str]] = defaultdict(set)
    for row in trace.rows:
        if type(row) is Sent:
            requests[row.method].update(values.fields(row.body))
        elif type(row) is Replied and row.body is not None:
            answers[row.method].update(values.fields(row.body))
    if trace.header.service or not requests:
        return []
    missing = [
        name
        for method, read in READ_OF.items()
        for names, shown in zip(read, (requests, answers), strict=True)
        for name in names
        if method in shown and name not in shown[method]
    ]
    if not requests.keys() & READ_OF.keys():
        missing = list(READ_OF)
    if not missing:
        return []
    return [
        "no message has these names of the paper's Figure 2, so less can be proven of this "
        f"run (docs/contract.md): {', '.join(dict.fromkeys(missing))}"
    ]
