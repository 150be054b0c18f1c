"""The polled checks of 6.824: what a scenario asks of its cluster.

`check_` raises at once when a property is broken, `wait_` lets virtual time
pass until something holds, and `one` drives an agreement through.
"""

from collections import Counter
from typing import Any, NoReturn

from tester import codes
from tester.scenario.acceptance import Acceptance
from tester.scenario.cluster import TEST_SECONDS_MAX
from tester.scenario.extended_cluster import ExtendedCluster
from tester.scenario.polled_cluster import (
    LEADER_S_MAX,
    NO_LEADER_CAUSES,
    PolledCluster,
)
from tester.text import counted, is_or_are, servers_named, short

# 6.824's election time-out T: what a solution may need for one election.
ELECTION_TIMEOUT = 1.0
# For how long servers may take to agree on a command: once a leader has accepted it, and
# in all, if it is offered again and again.
ACCEPTED_S_MAX = 2
AGREEMENT_S_MAX = 10
# For how long they may take to apply what is committed, with no new command: a leader may
# first wait for a call that was lost, and that takes up to seven seconds to end.
CAUGHT_UP_S_MAX = 12
# How much longer, for each entry that a server may have to get before: replies that are
# held back by two seconds let a leader send less than one request in a second.
CATCH_UP_S_PER_ENTRY = 0.2
# How long a command is where small and large ones are mixed; 0 for a number.
COMMAND_BYTES = (*[0] * 10, 1500, 3500)

REPLICATION = (
    "a leader repeats AppendEntries, or sends its snapshot, until every server that it "
    "reaches stores its entries (sections 5.3 and 7)"
)


class CheckedCluster(ExtendedCluster, PolledCluster):
    """A cluster that a scenario can check."""

    # Leaders and terms (section 5.2).

    def check_one_leader(self) -> int:
        """Return the server that leads, polling for about `LEADER_S_MAX`.

        An election may take several rounds; two leaders in one term fail at once, as
        always (`tester.oracles`). Only connected servers are asked: one that is cut off
        may rightly believe that it leads an older term.
        """
        for _ in range(2 * LEADER_S_MAX):
            self.sleep(0.450 + 0.100 * self.random.random())
            leader = self._latest_leader()
            if leader is not None:
                return leader
        self._fail_without_leader()

    def check_no_leader(self) -> None:
        """Fail if a connected server believes that it leads."""
        for server in self.connected_servers():
            term, is_leader = self.get_state(server)
            if is_leader:
                connected = self.connected_servers()
                self.fail(
                    codes.LEADER_WITHOUT_MAJORITY,
                    f"server {server} leads term {term}, but only "
                    f"{servers_named(connected)} {is_or_are(connected)} connected: no "
                    "majority (section 5.2)",
                    "a leader needs votes of a majority of all servers, not of the "
                    "servers that answer (section 5.2)",
                )

    def check_terms(self) -> int:
        """Return the term that all connected servers agree on."""
        terms = {s: self.get_state(s)[0] for s in self.connected_servers()}
        if len(set(terms.values())) > 1:
            said = ", ".join(f"server {s} in {term}" for s, term in terms.items())
            self.fail(
                codes.TERMS_DIFFER,
                f"connected servers are in different terms: {said} (section 5.1)",
                "a server that sees a higher term in an RPC adopts it (section 5.1)",
            )
        return next(iter(terms.values()))

    # Agreement (sections 5.3 and 5.4).

    def n_committed(self, index: int) -> tuple[int, Any]:
        """Return how many servers have applied `index`, and the command.

        That they applied the same is checked as they apply it.
        """
        applied = self.applied_by(index)
        if not applied:
            return 0, None
        # The last one's: equal commands may still be told apart by their type.
        return len(applied), self.state_machines[applied[-1]].commands[index]

    def applied_by(self, index: int) -> list[int]:
        """Return the servers that have applied `index`."""
        machines = self.state_machines
        return [s for s in self.servers if index in machines[s].commands]

    def check_no_agreement(self, index: int, because: str) -> None:
        """Fail if some server has applied `index`."""
        count, command = self.n_committed(index)
        if count:
            applied = self.applied_by(index)
            self.fail(
                codes.COMMITTED_WITHOUT_MAJORITY,
                f"{servers_named(applied)} applied {short(command)} at index {index}, "
                f"but {because}",
                "an entry is committed once a majority of all servers store it "
                "(section 5.3)",
            )

    def one(
        self,
        command: Any,
        expected: int,
        retry: bool = False,
        seconds: float = AGREEMENT_S_MAX,
    ) -> int:
        """Get `command` agreed on by at least `expected` servers; return its index.

        Offers it to each connected server in turn until one takes it as
        leader. With `retry`, it is offered again when it was not agreed on
        within two seconds. `seconds` at most, in virtual time.
        """
        deadline = self.now + seconds
        server = 0
        refused: Counter[int] = Counter()
        accepted: list[Acceptance] = []
        while self.now < deadline:
            index = -1
            for _ in self.servers:
                server = (server + 1) % len(self.servers)
                if self.connected[server] and self.is_up(server):
                    index, _, is_leader = self.start(server, command)
                    if is_leader:
                        break
                    refused[server] += 1
                    index = -1
            if index == -1:
                self.sleep(0.050)
                continue
            accepted.append(Acceptance(server, index, self.now))
            if self._wait_agreed(index, command, expected):
                return index
            if not retry:
                self._not_agreed(server, index, command, expected)
        self._no_agreement(command, expected, seconds, accepted, refused)

    def one_after_catching_up(self, command: Any, expected: int) -> int:
        """Get `command` agreed on after all that some server has yet to apply.

        The time for that grows with the entries, so that it does not matter how many
        of them a leader sends at once.
        """
        applied = min(self.state_machines[server].last_applied for server in self.up())
        lacking = max(self.invariants.accepted - applied, 0)
        seconds = AGREEMENT_S_MAX + CATCH_UP_S_PER_ENTRY * lacking
        # A failure says more than that the test took too long.
        seconds = min(seconds, TEST_SECONDS_MAX - self.now - AGREEMENT_S_MAX / 2)
        return self.one(command, expected, retry=True, seconds=seconds)

    def _wait_agreed(self, index: int, command: Any, expected: int) -> bool:
        """Look for `ACCEPTED_S_MAX` whether `command` is applied at `index`."""
        deadline = self.now + ACCEPTED_S_MAX
        while self.now < deadline:
            count, applied = self.n_committed(index)
            if count >= expected and applied == command:
                return True
            self.sleep(0.020)
        return False

    def _not_agreed(self, leader: int, index: int, command: Any, expected: int) -> None:
        """Fail since a command that was offered once was not agreed on in time."""
        count, applied = self.n_committed(index)
        if count and applied != command:
            found = f"{short(applied)} was applied there"
        elif count:
            found = f"only {servers_named(self.applied_by(index))} had applied it"
        else:
            found = "no server had applied it"
        self.fail(
            codes.NO_AGREEMENT,
            f"server {leader} accepted command {short(command)} at index {index} as "
            f"leader, but {ACCEPTED_S_MAX} s later {found}; {counted(expected, 'server')} should have "
            "applied it (section 5.3)",
            f"{self._connected_now()}; {REPLICATION}",
        )

    def _no_agreement(
        self,
        command: Any,
        expected: int,
        seconds: float,
        accepted: list[Acceptance],
        refused: Counter[int],
    ) -> NoReturn:
        """Fail since a command was not agreed on in time, however often offered.

        Args:
            accepted: each server that took it as leader, where and when.
            refused: how often each server refused it.
        """
        facts = [self._connected_now()]
        within = f"within {seconds:.0f} s"
        if seconds > AGREEMENT_S_MAX:
            facts.append(
                f"{AGREEMENT_S_MAX} s are allowed for a command, and "
                f"{CATCH_UP_S_PER_ENTRY} s for each entry that a server lacked"
            )
        if accepted:
            places = ", ".join(map(str, accepted[-3:]))
            facts.append(f"start() was accepted by {places}")
        if refused:
            times = ", ".join(
                f"{n} times by server {s}" for s, n in sorted(refused.items())
            )
            facts.append(f"start() was refused (not leader) {times}")
        if not accepted:
            what = f"no server accepted command {short(command)} as leader {within}"
            facts.append(NO_LEADER_CAUSES)
        else:
            what = self._how_far(command, expected, within, accepted)
            since_s = self.now - accepted[-1].time_s
            if since_s > LEADER_S_MAX:
                facts += [
                    f"no server has accepted it for {since_s:.0f} s",
                    NO_LEADER_CAUSES,
                ]
            else:
                facts.append(REPLICATION)
            if len({self.last_applied(server) for server in self.up()}) > 1:
                facts.append('compare "applied up to" below: which server lags?')
        self.fail(
            codes.NO_AGREEMENT, f"{what} (sections 5.2 and 5.3)", "\n".join(facts)
        )

    def _how_far(
        self, command: Any, expected: int, within: str, accepted: list[Acceptance]
    ) -> str:
        """Return who has applied a command, where most servers have."""
        at, have = 0, list[int]()
        for index in dict.fromkeys(one.index for one in accepted):
            machines = self.state_machines
            there = [
                s for s in self.servers if machines[s].commands.get(index) == command
            ]
            if len(there) > len(have):
                at, have = index, there
        what = f"command {short(command)}"
        if not have:
            return f"{what} was not applied by any server {within}"
        if len(have) >= expected:
            return (
                f"{what} was applied by {servers_named(have)} at index {at}, but not within "
                f"{ACCEPTED_S_MAX} s of its acceptance there"
            )
        where = f" at index {at}" if len({one.index for one in accepted}) > 1 else ""
        return (
            f"{what} was applied{where} only by {servers_named(have)} {within}; "
            f"{counted(expected, 'server')} should have applied it"
        )

    def wait(self, index: int, expected: int, start_term: int | None = None) -> Any:
        """Wait until `expected` servers have applied `index`; return the command.

        Returns None when some server has passed `start_term` meanwhile: then
        nothing follows from waiting longer.
        """
        pause = 0.010
        for _ in range(30):
            count, command = self.n_committed(index)
            if count >= expected:
                return command
            self.sleep(pause)
            if pause < 1:
                pause *= 2
            if start_term is not None and self.passed_term(start_term):
                return None
        count, command = self.n_committed(index)
        if count < expected:
            self.fail(
                codes.NO_AGREEMENT,
                f"index {index} was applied by only {count} of {expected} servers within "
                "half a minute (section 5.3)",
            )
        return command

    def passed_term(self, term: int) -> bool:
        """Return whether some running server is in a later term."""
        return any(self.get_state(server)[0] > term for server in self.up())

    def wait_applied(self, index: int, expected: int = 1, seconds: float = 2) -> bool:
        """Wait until enough servers have applied `index`; return whether they have."""
        ends = self.now + seconds
        while self.now < ends:
            if self.n_committed(index)[0] >= expected:
                return True
            self.sleep(0.002)
        return self.n_committed(index)[0] >= expected

    def wait_for_leader_after(self, term: int) -> int:
        """Return a connected server that leads a term later than `term`, within 10 s."""
        ends = self.now + 10
        while self.now < ends:
            for server in self.connected_servers():
                its_term, leads = self.get_state(server)
                if leads and its_term > term:
                    return server
            self.sleep(0.020)
        self.fail(
            codes.NO_LEADER,
            f"no leader of a term after {term} within 10 s, though "
            f"{self._connected_now()} and a majority (section 5.2)",
            NO_LEADER_CAUSES,
        )

    def leader_now(self, leader: int) -> tuple[int, int]:
        """Return who leads, and in which term: this server, if it still does."""
        term, leads = self.get_state(leader)
        while not leads:
            leader = self.check_one_leader()
            term, leads = self.get_state(leader)
        return leader, term

    def wait_until_down(self, server: int, seconds: float) -> None:
        """Wait until a server has died at its crash point, or the time is over."""
        ends = self.now + seconds
        while self.is_up(server) and self.now < ends:
            self.sleep(0.001)

    # What several scenarios do.

    def commands(self, count: int) -> int:
        """Get several commands applied, the last by a majority; return its index."""
        for _ in range(count - 1):
            self.start_on_all(self.random_command())
            self.sleep(0.002)
        return self.one(self.random_command(), len(self.servers) // 2 + 1, retry=True)

    def check_caught_up(
        self,
        index: int,
        seconds: float = CAUGHT_UP_S_MAX,
        after: str = "after the last fault ended",
    ) -> None:
        """Fail unless all servers apply `index` in time, with no new command.

        Args:
            index: of the last command.
            seconds: how long they may take.
            after: from when on, or in what circumstances, in words.
        """
        count = len(self.servers)
        if self.wait_applied(index, count, seconds):
            return
        if self.check_one_leader() not in self.applied_by(index):
            # It leads a later term: only a command of its own commits the others (5.4.2).
            self.commands(1)
            if self.wait_applied(index, count, seconds):
                return
        applied = self.applied_by(index)
        self.fail(
            codes.NOT_CAUGHT_UP,
            f"index {index} was not applied by "
            f"{servers_named([s for s in self.servers if s not in applied])} within "
            f"{seconds:.0f} s {after} (sections 5.3 and 7)",
            "a leader brings every follower up to date, by entries or by its "
            "snapshot, also when no new command comes",
        )

    def start_on_all(self, command: Any) -> tuple[int, int | None]:
        """Offer a command to every running server.

        Returns the index and server of the last that took it as leader, or
        (-1, None).
        """
        taken: tuple[int, int | None] = (-1, None)
        for server in self.up():
            index, _, is_leader = self.start(server, command)
            if is_leader:
                taken = index, server
        return taken

    def random_command(self) -> int:
        """Return a random command."""
        return self.random.randrange(1 << 31)

    def mixed_command(self) -> int | str:
        """Return a random command: mostly a number, at times a text of kilobytes."""
        number, size = self.random_command(), self.random.choice(COMMAND_BYTES)
        return str(number).ljust(size, ".") if size else number
