"""Recovery of a service: whether its clients get answers once nothing disturbs servers.

All operations under way have to return. Then each client gets every key that was used, so
that what was lost shows, and one puts the first of them.
"""

from labrpc.clock import to_seconds
from labrpc.errors import SubmissionError
from tester import codes
from tester.search.choices import Choice, Get, Operation, Put
from tester.search.client_history import ClientHistory
from tester.search.recovery import (
    RECOVERY_NS_MAX,
    RecoveringRun,
    Recovery,
    server_facts,
)
from tester.search.rules import Rules
from tester.search.server_state import ServerState

DEFAULT_KEY = "k"


class ServiceRecovery(Recovery):
    """A recovery under way.

    Args:
        rules: what each choice leads to.
        run: the run that recovers.
        history: of its clients.
    """

    # A clerk that asks without a pause keeps messages under way for ever.
    deliveries_max = 50

    def __init__(
        self, rules: Rules, run: RecoveringRun, history: ClientHistory
    ) -> None:
        super().__init__(rules, run)
        keys = history.keys or [DEFAULT_KEY]
        clients = range(rules.setting.servers, rules.setting.boxes)
        self._history = history
        self._left: list[Operation] = [Get(c, key) for key in keys for c in clients]
        self._left.append(Put(clients[0], keys[0]))

    def agreed(self) -> bool:
        """Return whether all operations have returned."""
        return not self._left and not any(map(_waits, self._run.state.servers))

    def _next_call(self) -> Choice | None:
        """Return the next operation, once all clients are idle."""
        if not self._left or any(map(_waits, self._run.state.servers)):
            return None
        return self._left.pop(0)

    def failure(self) -> SubmissionError:
        """Return what to say of operations that have not returned."""
        servers = self._run.state.servers[: self._rules.setting.servers]
        facts = [str(operation) for operation in self._history.pending()]
        facts += server_facts(servers)
        return SubmissionError(
            codes.OPERATION_STUCK,
            f"an operation is not answered within {to_seconds(RECOVERY_NS_MAX):.0f} "
            "virtual seconds, though all servers are connected and no message is lost",
            "\n".join(facts),
        )


def _waits(client: ServerState) -> bool:
    return client.operation is not None


def recover_service(rules: Rules, run: RecoveringRun, history: ClientHistory) -> None:
    """Let the servers of a service recover.

    Raises:
        SubmissionError: an operation does not return, or what else `advance` raises.
    """
    ServiceRecovery(rules, run, history).go_on()
