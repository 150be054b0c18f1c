"""The polled checks of 6.824: what a scenario asks of its cluster.

`check_` raises at once when a property is broken, `wait_` lets virtual time
pass until something holds, and `one` drives an agreement through.
"""

from collections import Counter
from typing import Any

from tester import codes
from tester.scenario.faulty_cluster import FaultyCluster
from tester.text import numbers, short

# 6.824's election time-out T: what a solution may need for one election.
ELECTION_TIMEOUT = 1.0


class CheckedCluster(FaultyCluster):
    """A cluster that a scenario can check."""

    # Leaders and terms (section 5.2).

    def check_one_leader(self) -> int:
        """Return the server that leads, polling for about five virtual seconds.

        A missing leader is retried, since an election may take several rounds;
        two leaders in one term fail at once (Election Safety, Figure 3). Only
        connected servers are asked: one that is cut off may go on believing it
        leads an older term, and is right to.
        """
        for _ in range(10):
            self.sleep(0.450 + 0.100 * self.random.random())
            leaders: dict[int, int] = {}
            for server in self.connected_servers():
                term, is_leader = self.get_state(server)
                if is_leader and term in leaders:
                    self.fail(
                        codes.TWO_LEADERS,
                        f"term {term} has 2 leaders: servers {leaders[term]} and "
                        f"{server} (Election Safety, Figure 3)",
                        "each server votes once in a term, and remembers that over a "
                        "crash (section 5.2, Figure 2)",
                    )
                if is_leader:
                    leaders[term] = server
            if leaders:
                return leaders[max(leaders)]
        connected = self.connected_servers()
        self.fail(
            codes.NO_LEADER,
            f"no leader among the connected servers {numbers(connected)} after 5 s, "
            "though they are a majority (section 5.2)",
            "a follower that hears from no leader must become a candidate, and time-outs "
            "must be random enough for one to win (section 5.2)",
        )

    def check_no_leader(self) -> None:
        """Fail if a connected server believes that it leads."""
        for server in self.connected_servers():
            term, is_leader = self.get_state(server)
            if is_leader:
                self.fail(
                    codes.LEADER_WITHOUT_MAJORITY,
                    f"server {server} leads term {term} without a majority: only "
                    f"servers {numbers(self.connected_servers())} are connected",
                    "a leader needs votes of a majority of all servers, not of those "
                    "that answer (section 5.2)",
                )

    def check_terms(self) -> int:
        """Return the term that all connected servers agree on."""
        terms = {s: self.get_state(s)[0] for s in self.connected_servers()}
        if len(set(terms.values())) > 1:
            said = ", ".join(f"server {s} says {term}" for s, term in terms.items())
            self.fail(
                codes.TERMS_DIFFER,
                f"connected servers do not agree on the term: {said}",
                "a server that sees a higher term in an RPC adopts it (section 5.1)",
            )
        return next(iter(terms.values()))

    def connected_servers(self) -> list[int]:
        """Return the servers that run and are connected."""
        return [server for server in self.up() if self.connected[server]]

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
                f"servers {numbers(applied)} applied {short(command)} at index {index}, "
                f"but {because}",
                "an entry is committed once a majority of all servers store it "
                "(section 5.3)",
            )

    def one(self, command: Any, expected: int, retry: bool = False) -> int:
        """Get `command` agreed on by at least `expected` servers; return its index.

        Offers it to each connected server in turn until one takes it as
        leader. With `retry`, it is offered again when it was not agreed on
        within two seconds. Ten virtual seconds at most.
        """
        deadline = self.now + 10
        server = 0
        refused: Counter[int] = Counter()
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
            if self._wait_agreed(index, command, expected):
                return index
            if not retry:
                self._no_agreement(server, index, command, expected)
        self.fail(
            codes.NO_AGREEMENT,
            f"no agreement on {short(command)} by {expected} servers within 10 s",
            f"connected servers {numbers(self.connected_servers())}; refused as not "
            f"leading: {dict(sorted(refused.items())) or 'never'} times by server\n"
            "with a majority connected, a leader must be elected (section 5.2), and it "
            "retries AppendEntries, or sends its snapshot, until every server that it "
            "reaches stores its entries (sections 5.3 and 7): below, who has applied less?",
        )

    def _wait_agreed(self, index: int, command: Any, expected: int) -> bool:
        """Look for two seconds whether `command` is applied at `index`."""
        deadline = self.now + 2
        while self.now < deadline:
            count, applied = self.n_committed(index)
            if count >= expected and applied == command:
                return True
            self.sleep(0.020)
        return False

    def _no_agreement(
        self, leader: int, index: int, command: Any, expected: int
    ) -> None:
        count, applied = self.n_committed(index)
        if count and applied != command:
            found = f"there, {short(applied)} was committed instead"
        else:
            have = self.applied_by(index)
            found = (
                f"only servers {numbers(have)} have applied it"
                if have
                else "nobody has"
            )
        self.fail(
            codes.NO_AGREEMENT,
            f"no agreement: server {leader} took {short(command)} at index {index} as "
            f"leader, but 2 s later {found}; {expected} servers should have",
            f"servers {numbers(self.connected_servers())} were connected; a leader "
            "retries AppendEntries until all followers store all entries (section 5.3)",
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
                f"only {count} of {expected} servers have applied index {index} after "
                "half a minute of waiting (section 5.3)",
            )
        return command

    def passed_term(self, term: int) -> bool:
        """Return whether some running server is in a later term."""
        return any(self.get_state(server)[0] > term for server in self.up())

    def wait_applied(self, index: int, expected: int = 1, seconds: float = 2) -> bool:
        """Wait until so many servers have applied `index`; return whether they have."""
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
            f"no leader of a term after {term} within 10 s among servers "
            f"{numbers(self.connected_servers())}, though they are a majority that "
            "hears one another (section 5.2)",
        )

    def wait_until_down(self, server: int, seconds: float) -> None:
        """Wait until a server has died at its crash point, or the time is over."""
        ends = self.now + seconds
        while self.is_up(server) and self.now < ends:
            self.sleep(0.001)

    # What several scenarios do.

    def commands(self, count: int) -> int:
        """Get so many commands applied, the last by a majority; return its index."""
        for _ in range(count - 1):
            self.start_on_all(self.random_command())
            self.sleep(0.002)
        return self.one(self.random_command(), len(self.servers) // 2 + 1, retry=True)

    def check_caught_up(self, index: int, seconds: float = 5) -> None:
        """Fail unless all servers apply `index` in time, with no new command."""
        if not self.wait_applied(index, len(self.servers), seconds):
            applied = self.applied_by(index)
            late = [s for s in self.servers if s not in applied]
            self.fail(
                codes.NOT_CAUGHT_UP,
                f"servers {numbers(late)} have not applied index {index} "
                f"{seconds:.0f} s after all trouble was over",
                "a leader brings every follower up to date, by entries or by its "
                "snapshot, also if no new command comes (sections 5.3 and 7)",
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

    def next_servers(self, server: int, count: int) -> list[int]:
        """Return the `count` servers that follow `server`, in a circle."""
        return [(server + i) % len(self.servers) for i in range(1, count + 1)]
