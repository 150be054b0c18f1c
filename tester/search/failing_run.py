"""The failures of lists of choices in words: waiting threads, and clients by name."""

from collections.abc import Sequence

from labrpc.errors import SubmissionError, as_said_by_box
from tester import codes
from tester.search.choices import Setting
from tester.search.histories import Histories
from tester.search.server_state import ServerState
from tester.text import with_clients_named

# How a recovery fails whose servers come to nothing.
STANDSTILLS = frozenset(
    [codes.NO_LEADER, codes.NO_AGREEMENT, codes.NOT_CAUGHT_UP, codes.OPERATION_STUCK]
)
# As in the suite: more would fill the screen.
SERVERS_SHOWN = 3


def with_threads(
    histories: Histories, servers: Sequence[ServerState], error: SubmissionError
) -> SubmissionError:
    """Return how a recovery has failed, with the threads in which calls have not returned."""
    if error.code not in STANDSTILLS:
        return error
    waiting = []
    for server in servers[: histories.setting.servers]:
        if server.failure is None:
            lock, where = histories.stuck(server)
            if lock or where:
                first = f"server {server.server}: {lock}".rstrip()
                waiting.append(f"{first}\n{as_said_by_box(where)}")
    evidence = "\n".join(filter(None, [error.evidence, *waiting[:SERVERS_SHOWN]]))
    return SubmissionError(error.code, error.headline, evidence, error.facts)


def with_clients(setting: Setting, error: SubmissionError) -> SubmissionError:
    """Return a failure that calls clients what traces call them, and says their numbers."""
    if not setting.clients:
        return error
    numbers = ", ".join(
        f"client {client} is {setting.servers + client}"
        for client in range(setting.clients)
    )
    headline, evidence = (
        with_clients_named(text, setting.servers)
        for text in (error.headline, error.evidence)
    )
    evidence = "\n".join(filter(None, [evidence, f"in the list, {numbers}"]))
    return SubmissionError(error.code, headline, evidence, error.facts)
