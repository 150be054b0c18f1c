"""Recovery without any command: whether servers catch up with their leader.

A leader replicates what it has accepted in its term until it is applied. A heartbeat brings
its commit index, and finds out what its receiver lacks.
"""

from collections.abc import Sequence

from labrpc.clock import to_seconds
from labrpc.errors import SubmissionError
from tester import codes
from tester.search.choices import Choice
from tester.search.recovery import (
    RECOVERY_NS_MAX,
    RecoveringRun,
    Recovery,
    server_facts,
)
from tester.search.rules import Rules
from tester.search.server_state import ServerState
from tester.text import servers_named


class IdleRecovery(Recovery):
    """A recovery under way in which no server gets a command."""

    def agreed(self) -> bool:
        """Return whether a server leads, and all have applied what it has, or should have."""
        leader = self._leader()
        if leader is None or self._rules.setting.elections_only:
            return leader is not None
        return not self._behind(leader)

    def _next_call(self) -> Choice | None:
        return None

    def _leader(self) -> ServerState | None:
        servers = self._servers()
        return next((s for s in servers if self._leads(s.server)), None)

    def _behind(self, leader: ServerState) -> list[int]:
        """Return which servers have applied less than their leader has, or should have."""
        least = max(len(leader.applied), leader.owed)
        return [s.server for s in self._servers() if len(s.applied) < least]

    def failure(self) -> SubmissionError:
        """Return what to say of servers that do not catch up."""
        leader = self._leader()
        if leader is None:
            return super().failure()
        seconds = f"{to_seconds(RECOVERY_NS_MAX):.0f} virtual seconds"
        behind = self._behind(leader)
        what = f"what the leader, server {leader.server}, has applied"
        if leader.server in behind:
            what = f"what server {leader.server}, the leader, has accepted in its term"
        return SubmissionError(
            codes.NOT_CAUGHT_UP,
            f"{servers_named(behind)} did not apply within {seconds} {what}, though "
            f"they are connected and no message is lost (sections 5.3 and 7)",
            "\n".join([*server_facts(self._servers()), "no new command was given"]),
        )


def recover_idle(rules: Rules, run: RecoveringRun, without: Sequence[int] = ()) -> None:
    """Let servers catch up with their leader, but those of a minority.

    Raises:
        SubmissionError: they do not, or what else `advance` raises.
    """
    IdleRecovery(rules, run, without).go_on()
