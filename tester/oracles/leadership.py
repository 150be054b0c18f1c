"""Leadership: what servers report about their terms and whether they lead.

A report is true at some moment between the question and the answer, which may
lie far apart. Two reports contradict each other only if one ended before the
other was asked for.
"""

from collections.abc import Iterable
from typing import NoReturn

import msgspec

from labrpc.clock import to_seconds
from labrpc.codes import Code
from labrpc.errors import SubmissionError
from labrpc.world.rpc import Incarnation
from tester import codes
from tester.oracles.answers import Answers
from tester.oracles.evidence import facts
from tester.oracles.report_lag import TrueSince, since_asked
from tester.oracles.watched_world import WatchedWorld
from tester.text import only, servers_named


class StateReport(msgspec.Struct, frozen=True, gc=False):
    """A server's answer to `get_state`: its term, and whether it leads.

    Attributes:
        asked: the world's step before the question.
        step: the world's step in which the answer came.
        since: the world's step since when it may be true: see `report_lag`.
        by_start: whether `start` has returned it instead.
    """

    server: int
    incarnation: int
    term: int
    leads: bool
    asked: int
    step: int
    time_ns: int
    since: int
    by_start: bool = False

    def __str__(self) -> str:
        """Return the server, the time and the answer, for a report."""
        what = "leader of" if self.leads else "in"
        where = ", in what `start` returned" if self.by_start else ""
        return (
            f"server {self.server} (incarnation {self.incarnation}) said at "
            f"{to_seconds(self.time_ns):.6f} s that it was {what} term {self.term}{where}"
        )

    def claim(self) -> str:
        """Return that the server leads, or that `start` says so."""
        leads = f"server {self.server} leads term {self.term}"
        return f"start() says that {leads}" if self.by_start else leads


class Leadership:
    """The state reports of a run against which later reports are checked.

    Args:
        world: where the servers run.
        persistence: whether servers have to save their term and vote.
        answers: who has answered whom; None if leaders need not have been elected.
        true_since: since which step a report may be true.

    Attributes:
        leaders: the first report of leadership in each term.
    """

    def __init__(
        self,
        world: WatchedWorld,
        persistence: bool,
        answers: Answers | None = None,
        true_since: TrueSince = since_asked,
    ) -> None:
        self.leaders: dict[int, StateReport] = {}
        self._world = world
        self._persistence = persistence
        self._answers = answers
        self._true_since = true_since
        self._servers = range(world.server_count)
        self._latest: list[StateReport | None] = [None for _ in self._servers]
        # What each incarnation last reported before it was in the term of `_latest`.
        self._before: list[StateReport | None] = [None for _ in self._servers]
        # The latest report whose term must be on the disk: the server has sent or
        # answered an RPC since, or has saved since. get_state alone needs no disk.
        self._saved: list[StateReport | None] = [None for _ in self._servers]
        # Incarnations that have reported a term before they saved anything, or while a save
        # was under way, as where storage works beside the server: what they save, and what
        # they send then, may be older than what they report.
        self._saves_apart: set[tuple[int, int]] = set()

    def note_saved(self, host: Incarnation) -> None:
        """Note that a server has written its disk in the step that ends now."""
        server = host.server
        latest = self._latest[server]
        if (
            latest is None
            or latest.incarnation != host.incarnation
            or latest.step >= self._world.saved_at_step[server]
        ):
            return
        began_ns = self._world.save_began_ns(server)
        if latest.time_ns > began_ns:
            self._saves_apart.add((server, host.incarnation))
            saved = self._saved[server]
            if saved is not None and saved.time_ns > began_ns:
                self._saved[server] = None
        if not self._saves_apart_from(latest):
            self._saved[server] = latest

    def note_sent(self, host: Incarnation, is_answer: bool) -> None:
        """Note that a message has left: what was reported before is on the disk.

        Where storage works beside the server, that is known only of the answer to a request
        that has come since, as long as nothing was saved: other messages may have waited.

        Args:
            host: the incarnation.
            is_answer: whether it answers the request of the step in which it left.
        """
        latest = self._latest[host.server]
        if latest is None or latest.incarnation != host.incarnation:
            return
        has_saved = self._world.saved_at_step[host.server] > latest.asked
        if not self._saves_apart_from(latest) or (is_answer and not has_saved):
            self._saved[host.server] = latest

    def _saves_apart_from(self, report: StateReport) -> bool:
        """Return whether storage works beside the server of a report, as far as is known."""
        return (report.server, report.incarnation) in self._saves_apart

    def add(
        self,
        host: Incarnation,
        term: int,
        leads: bool,
        asked: int,
        by_start: bool = False,
    ) -> StateReport:
        """Check and keep what a server has reported about itself.

        Args:
            asked: the world's step before the question.
            by_start: whether `start` has returned it.

        Raises:
            SubmissionError: the report contradicts Figure 2 or 3.
        """
        world, server = self._world, host.server
        # An answer in the next step already knows what the server did in this step.
        after = world.steps if world.steps == asked + 1 else asked
        since = self._true_since(server, after)
        now = StateReport(
            server,
            host.incarnation,
            term,
            leads,
            after,
            world.steps,
            world.now_ns,
            since,
            by_start,
        )
        latest = self._latest[server]
        if latest is None or latest.incarnation != now.incarnation:
            saved = self._saved[server]
            if self._persistence and saved is not None and term < saved.term:
                self._term_fell(saved, now)
            self._before[server] = None
            self._latest[server] = now
        elif term >= latest.term:
            if term > latest.term:
                self._before[server] = latest
                if world.saved_at_step[server] < latest.asked:
                    self._saves_apart.add((server, now.incarnation))
            self._latest[server] = now
        elif asked >= latest.step:
            self._term_fell(latest, now)
        has_just_saved = world.saved_at_step[server] == asked and now.step == asked + 1
        # A slow save may be of a state in an earlier term.
        at_once = world.save_began_ns(server) == now.time_ns
        if has_just_saved and at_once and not self._saves_apart_from(now):
            # Asked right after a step in which it saved, and answered in the next step.
            self._saved[server] = now
        if leads:
            self._check_leader(now)
        return now

    def _check_leader(self, leader: StateReport) -> None:
        first = self.leaders.setdefault(leader.term, leader)
        if first is leader:
            if self._persistence:
                self._check_votes(leader)
            if self._answers is not None:
                self._check_answers(leader, self._answers)
        elif (first.server, first.incarnation) != (leader.server, leader.incarnation):
            self._two_leaders(first, leader)

    def _term_fell(self, before: StateReport, now: StateReport) -> NoReturn:
        _fail(
            codes.TERM_FELL,
            (before, now),
            f"the term of server {now.server} fell from {before.term} to {now.term} "
            "(Figure 2: current_term increases monotonically)",
            f"{before}",
            f"{now}",
            "the server restarted in between: current_term must be saved before any RPC "
            "that depends on it is sent or answered, and read again at a restart"
            if before.incarnation != now.incarnation
            else "the server did not restart in between",
        )

    def _two_leaders(self, first: StateReport, second: StateReport) -> NoReturn:
        who = (
            f"servers {first.server} and {second.server}"
            if first.server != second.server
            else f"server {first.server} before and after a restart"
        )
        _fail(
            codes.TWO_LEADERS,
            (first, second),
            f"term {first.term} has 2 leaders: {who} (Election Safety, Figure 3)",
            f"{first}",
            f"{second}",
            f"possible causes: {_causes(first, second)}a server voted twice in one term, "
            "or forgot its vote in a restart; a vote was counted twice, or one of another "
            "term; a server went on leading when its term changed, or began to lead when its "
            "term had changed since it counted its votes; get_state() read term and role at two moments (section "
            "5.2, Figure 2)",
        )

    def _check_votes(self, leader: StateReport) -> None:
        """Fail if no majority can have voted in the term that a server leads.

        A voter of term T has saved its state (term and vote) since its last report
        of an earlier term.
        """
        voters, others = [], []
        for server in self._servers:
            latest = self._latest[server]
            if (
                latest is not None and latest.term >= leader.term
            ) or self._world.saved_at_step[server] > (latest.since if latest else 0):
                voters.append(server)
            else:
                others.append(server)
        if 2 * len(voters) > len(self._servers):
            return
        silent = [report for s in others if (report := self._latest[s]) is not None]
        _fail(
            codes.NOT_ELECTED_BY_MAJORITY,
            (*silent, leader),
            f"{leader.claim()}, but no majority can "
            f"have voted for it: {only(voters, len(self._servers))} can have saved a "
            "vote in that term (section 5.2)",
            f"{leader}",
            *[
                f"{self._latest[server] or f'server {server} has reported no term'}, "
                "and has saved nothing since"
                for server in others
            ],
            f"possible causes: {_causes(leader)}a server voted before it saved its vote; "
            "votes were counted twice, or belonged to another term (section 5.2, Figure 2)",
        )

    def _check_answers(self, leader: StateReport, answers: Answers) -> None:
        """Fail if no majority can have voted, since too few servers have answered.

        A candidate of term T asks for votes after its last report of an earlier term.
        """
        before = self._before[leader.server]
        others = answers.since(leader.server, before.since if before else 0)
        voters = sorted([leader.server, *others])
        if 2 * len(voters) > len(self._servers):
            return
        silent = [server for server in self._servers if server not in voters]
        have = "have" if silent[1:] else "has"
        _fail(
            codes.NOT_ELECTED_BY_MAJORITY,
            [leader, before] if before else [leader],
            f"{leader.claim()}, but no majority can "
            f"have voted for it: {only(voters, len(self._servers))} can have answered "
            "that they vote for it (section 5.2)",
            f"{leader}",
            f"{before or f'server {leader.server} has started'}, and "
            f"{servers_named(silent)} {have} not answered what it has sent since then",
            f"possible causes: {_causes(leader)}a candidate did not wait for the votes of "
            "a majority of all servers, itself among them; replies were counted more than "
            "once, or calls that were lost; votes of an earlier term were counted (section "
            "5.2, Figure 2)",
        )


def _causes(*leaders: StateReport) -> str:
    """Return what may be wrong where `start` alone says that a server leads, or ""."""
    if not any(leader.by_start for leader in leaders):
        return ""
    return "start() looked at the role and at the term at two moments; "


def _fail(
    code: Code, reports: Iterable[StateReport], headline: str, *evidence: str
) -> NoReturn:
    raise SubmissionError(code, headline, "\n".join(evidence), facts(reports))
