"""Recovery: a run fails if servers come to a stop, and no other does."""

import shutil
import textwrap
from pathlib import Path

import pytest

from labrpc.box_factory import InProcessBoxFactory
from labrpc.clock import MILLISECOND, SECOND
from labrpc.submission.submission import Submission
from tester import codes
from tester.errors import UsageError
from tester.search import recovery as recovery_module
from tester.search.choice_text import choice_text, parse_choices
from tester.search.choices import Recover, Setting
from tester.search.judged_run import run_choices
from tester.search.recovery import MESSAGE_NS, Recovery
from tester.search.session import replayed

ROOT = Path(__file__).resolve().parents[3]
GIVES_UP = ("if self.leads:", "if self.leads or self.voted_for is not None:")
ASKS_WITHOUT_END = (
    "        if reply is None:\n",
    "        while reply is not None and self.leads:\n"
    '            reply = self.peers[peer].call("Raft.vote", (term, self.me))\n'
    "        if reply is None:\n",
)
SPLIT_VOTE = "time-out 0\ntime-out 1\ntime-out 2\nrecover"


def recovery(rules, text):
    """Return how a run that recovers fails, None if it does not."""
    return run_choices(rules, parse_choices(text, "text").choices)[1]


def test_servers_that_elect_a_leader_after_a_split_vote_have_recovered(world_rules):
    assert recovery(world_rules(), SPLIT_VOTE) is None


def test_servers_that_never_stand_again_do_not_recover(world_rules):
    error = recovery(world_rules(*GIVES_UP), SPLIT_VOTE)
    assert error.code is codes.NO_LEADER
    assert "server 2: term 1, does not lead" in error.evidence


def test_a_leader_of_an_earlier_term_is_no_leader(world_rules):
    gives_up = "if self.leads or self.term > self.me // 2:"
    rules = world_rules("if self.leads:", gives_up)
    elected = (
        "time-out 0\ndeliver 0 -> 1 vote\ndeliver 1 -> 0 reply vote\nlose 0 -> 2 vote\n"
    )
    alone = "cut 2\ntime-out 2\ntime-out 2\nlose 2 -> 0 vote\nlose 2 -> 1 vote\n" * 2
    error = recovery(rules, f"{elected}{alone}recover")
    assert "no server leads in the latest term, 2, for 10 virtual" in error.headline
    assert "server 0: term 1, leads" in error.evidence


def test_servers_that_apply_no_command_do_not_recover(world_rules):
    error = recovery(world_rules(setting=Setting(3)), "time-out 0\nrecover")
    assert error.code is codes.NO_AGREEMENT
    assert "the last one was given to server" in error.evidence


def test_a_leader_that_never_rests_gets_its_command(world_rules):
    rules = world_rules(*ASKS_WITHOUT_END, setting=Setting(3))
    error = recovery(rules, "time-out 0\nrecover")
    assert error.code is codes.NO_AGREEMENT


def test_the_reference_recovers_from_a_cut_and_a_crash():
    text = (
        "time-out 0\ncut 0\ntime-out 1\ndeliver 1 -> 2 request_vote\ncrash 2\nrecover"
    )
    boxes = InProcessBoxFactory(Submission.find(ROOT / "raft"))
    run, error, _ = replayed(boxes, parse_choices(text, "text"))
    assert error is None
    assert run.choices[-1] == Recover()
    assert len(run.choices) == 6
    assert len({server.applied for server in run.state.servers}) == 1


@pytest.mark.unmeasured
def test_messages_that_are_under_way_do_not_fill_the_time_of_a_recovery():
    stand = "".join(f"time-out {server}\n" for server in range(5))
    text = f"servers 5\n{20 * stand}recover"
    boxes = InProcessBoxFactory(Submission.find(ROOT / "raft"))
    run, error, _ = replayed(boxes, parse_choices(text, "text"))
    assert error is None
    assert len(run.choices) == 101


def test_what_follows_on_messages_that_are_under_way_takes_no_time(world_rules):
    rules = world_rules()
    stand = "time-out 0\ntime-out 1\n"
    run, _ = run_choices(rules, parse_choices(20 * stand, "text").choices)
    recovery = Recovery(rules, run)
    while run.state.in_flight:
        assert recovery.step()
    # Requests and their replies: afterwards, each message takes its time.
    assert recovery.now_ns == 0
    while not run.state.in_flight:
        assert recovery.step()
    before_ns = recovery.now_ns
    assert recovery.step()
    assert recovery.now_ns == before_ns + MESSAGE_NS


def test_a_recovery_is_a_line_of_its_own():
    assert choice_text(parse_choices("recover", "text").choices[0]) == "recover"
    with pytest.raises(UsageError, match="write `recover`"):
        parse_choices("recover 1", "text")


ONE_HAS_APPLIED_IT = """time-out 0
deliver 0 -> 1 request_vote
deliver 1 -> 0 reply request_vote
deliver 0 -> 1 append_entries
deliver 1 -> 0 reply append_entries
start 0
deliver 0 -> 1 append_entries
deliver 1 -> 0 reply append_entries
time-out 0
lose 0 -> 1 append_entries
"""


@pytest.mark.unmeasured
@pytest.mark.parametrize("end", ["recover", "recover idle", "recover idle without 2"])
def test_a_new_command_hides_that_servers_do_not_catch_up(end):
    failing = []
    for path in ("raft", "tests/mutants/commit_index_sent_once.py"):
        boxes = InProcessBoxFactory(Submission.find(ROOT / path))
        run = parse_choices(ONE_HAS_APPLIED_IT + end, "text")
        failing.append(replayed(boxes, run)[1])
    right, wrong = failing
    assert right is None
    assert (wrong is not None) == (end != "recover")
    if wrong is not None:
        assert wrong.code is codes.NOT_CAUGHT_UP
        assert wrong.headline.startswith("server 1 did not apply within 10 virtual")


@pytest.fixture
def changed_reference(tmp_path):
    """Return a function that makes boxes of the reference with another method."""

    def make(method):
        shutil.copytree(ROOT / "raft", tmp_path / "raft")
        file = tmp_path / "changed.py"
        method = textwrap.indent(textwrap.dedent(method), "    ")
        file.write_text(f"{BEGINNING}{method}")
        return InProcessBoxFactory(Submission.find(file))

    return make


BEGINNING = """
from raft.messages import AppendEntriesReply
from raft.raft import Raft as Reference


class Raft(Reference):
"""


ELECTED = "time-out 0\ndeliver 0 -> 1 request_vote and its reply\n"


@pytest.fixture
def short_recoveries(monkeypatch):
    """Let recoveries fail after three virtual seconds, which is enough for some elections."""
    monkeypatch.setattr(recovery_module, "RECOVERY_NS_MAX", 3 * SECOND)


@pytest.mark.usefixtures("short_recoveries")
def test_a_leader_has_to_apply_what_it_has_accepted(changed_reference):
    boxes = changed_reference(
        """
        def _commit_replicated(self):
            pass
        """
    )
    _, error, _ = replayed(boxes, parse_choices(f"{ELECTED}recover idle", "text"))
    assert error is None
    accepted = parse_choices(f"{ELECTED}start 0\nrecover idle", "text")
    _, error, _ = replayed(boxes, accepted)
    assert error.code is codes.NOT_CAUGHT_UP
    assert "what server 0, the leader, has accepted in its term" in error.headline
    assert "servers 0, 1, 2" in error.headline


@pytest.mark.usefixtures("short_recoveries")
def test_a_slow_service_that_takes_no_more_fails_in_time(changed_reference):
    # It waits in snapshot() for ever, with a message on its channel.
    boxes = changed_reference(
        """
        def snapshot(self, index, snapshot):
            import threading
            threading.Event().wait()
        """
    )
    setting = "slow-service 1\nsnapshot-interval 1\n"
    started = f"{ELECTED}start 0\nstart 0\nstart 0\nrecover"
    _, error, _ = replayed(boxes, parse_choices(f"{setting}{started}", "text"))
    assert error.code is codes.NO_AGREEMENT


@pytest.mark.usefixtures("short_recoveries")
def test_the_command_that_counts_is_the_one_of_the_last_leader(changed_reference):
    # Followers take a heartbeat for nothing. So they apply what comes with a later command only,
    # and stand again and again.
    boxes = changed_reference(
        """
        def append_entries(self, args):
            with self.lock:
                self._observe_term(args.term)
                if not args.entries and args.term == self.current_term:
                    return AppendEntriesReply(self.current_term, True)
            return super().append_entries(args)
        """
    )
    _, error, _ = replayed(boxes, parse_choices("recover", "text"))
    assert error.code is codes.NO_AGREEMENT


def test_servers_are_idle_only_where_there_are_no_clients():
    with pytest.raises(UsageError, match="where there are clients, they go on"):
        parse_choices("clients 1\nrecover idle", "text")


def test_an_idle_recovery_without_a_leader_fails_for_that(world_rules):
    error = recovery(world_rules(*GIVES_UP), f"{SPLIT_VOTE} idle")
    assert error.code is codes.NO_LEADER


@pytest.mark.parametrize(
    "before", ["", "time-out 0\n", "cut 0\n", "cut 1\ntime-out 0\n"]
)
def test_a_majority_recovers_without_the_others(before):
    boxes = InProcessBoxFactory(Submission.find(ROOT / "raft"))
    run, error, _ = replayed(boxes, parse_choices(before + "recover without 0", "text"))
    assert error is None
    applied = [server.applied for server in run.state.servers]
    assert applied[1] == applied[2] != applied[0] == ()


# Each hears of the other's elections so often that one which could win would never stand.
PUTS_OFF = """servers 3
snapshot-interval 1
slow-service 1
time-out 0
deliver 0 -> 1 request_vote
deliver 1 -> 0 reply request_vote
deliver 0 -> 1 append_entries
time-out 1
deliver 1 -> 2 request_vote
time-out 2
deliver 2 -> 1 request_vote
deliver 1 -> 2 reply request_vote
deliver 2 -> 1 append_entries
time-out 1
deliver 1 -> 2 request_vote
time-out 2
deliver 2 -> 1 request_vote
deliver 1 -> 2 reply request_vote
deliver 2 -> 1 append_entries
start 2
time-out 2
deliver 2 -> 1 append_entries
recover without 2
"""


def test_messages_do_not_put_a_time_out_off_for_ever():
    boxes = InProcessBoxFactory(Submission.find(ROOT / "raft"))
    _, error, _ = replayed(boxes, parse_choices(PUTS_OFF, "text"))
    assert error is None


def test_a_majority_that_needs_the_others_does_not_recover(world_rules):
    needs_all = (
        "if 2 * self.votes > len(self.peers)",
        "if self.votes == len(self.peers)",
    )
    rules = world_rules(*needs_all)
    assert recovery(rules, "recover") is None
    error = recovery(rules, "recover without 1")
    assert error.code is codes.NO_LEADER
    assert "servers 0, 2 should elect one" in error.headline
    assert "server 1" not in error.evidence


ASKS_AGAIN_AT_ONCE = """
from raft.raft import Raft as Reference

class Persistent:
    def __init__(self, end):
        self.end = end

    def call(self, method, args):
        reply = None
        while reply is None:
            reply = self.end.call(method, args)
        return reply

class Raft(Reference):
    def __init__(self, peers, *others):
        super().__init__([Persistent(end) for end in peers], *others)
"""


def led(servers, text):
    """Return choices by which server 0 leads, and some more."""
    asked = [f"deliver 0 -> {peer} request_vote" for peer in range(1, servers)]
    voters = range(1, servers // 2 + 1)
    votes = [f"deliver {peer} -> 0 reply request_vote" for peer in voters]
    lines = [f"servers {servers}", "time-out 0", *asked, *votes, text, ""]
    return parse_choices("\n".join(lines), "text")


@pytest.mark.parametrize("away", [0, 1])
def test_who_asks_a_server_that_is_cut_off_again_and_again_keeps_nobody_waiting(
    away, tmp_path
):
    (tmp_path / "again.py").write_text(ASKS_AGAIN_AT_ONCE)
    (tmp_path / "raft").symlink_to(ROOT / "raft")
    boxes = InProcessBoxFactory(Submission.find(tmp_path / "again.py"))
    _, error, _ = replayed(boxes, led(3, f"recover without {away}"))
    assert error is None


@pytest.mark.slow
@pytest.mark.parametrize("away", ["", " without 0", " without 1"])
def test_a_server_that_polls_takes_all_in_that_has_arrived_when_it_looks(
    away, tmp_path
):
    """With a look for each message it would be busy for ever."""
    polling = tmp_path / "polling"
    shutil.copytree(ROOT / "tests" / "submissions" / "polling", polling)
    server = polling / "raft" / "server.py"
    text = server.read_text()
    assert "\nTICK = 0.01\n" in text
    server.write_text(text.replace("\nTICK = 0.01\n", "\nTICK = 0.03\n"))
    boxes = InProcessBoxFactory(Submission.find(polling))
    _, error, _ = replayed(boxes, led(7, f"recover{away}"))
    assert error is None


BURST = """servers 2
slow-service {slow}
time-out 0
deliver 0 -> 1 request_vote
deliver 1 -> 0 reply request_vote
start 0
start 0
deliver 0 -> 1 append_entries
deliver 1 -> 0 reply append_entries
deliver 0 -> 1 append_entries
deliver 1 -> 0 reply append_entries
"""


def applied_by_the_leader(text):
    """Return what the reference's server 0 has applied after choices, all of which apply."""
    choices = parse_choices(text, "text")
    boxes = InProcessBoxFactory(Submission.find(ROOT / "raft"))
    run, error, _ = replayed(boxes, choices)
    assert error is None
    assert tuple(run.choices) == choices.choices
    return run.state.servers[0].applied


@pytest.mark.slow
def test_a_slow_service_takes_one_message_in_each_step():
    assert applied_by_the_leader(BURST.format(slow=0)) == (1, 2)
    slowly = BURST.format(slow=1)
    assert applied_by_the_leader(slowly) == ()
    assert applied_by_the_leader(slowly + "time-out 0\n") == (1,)
    assert applied_by_the_leader(slowly + "recover\n")[:2] == (1, 2)


# Each server waits until its deadline, and looks at the clock whenever a request wakes it. As a
# float, the time of day is exact to a quarter of a microsecond.
LOOKS_AGAIN = (
    "            time.sleep(random.uniform(0.3, 0.6))\n            with self.lock:\n",
    "            with self.woken:\n"
    "                deadline = time.time() + random.uniform(0.3, 0.6)\n"
    "                while time.time() < deadline:\n"
    "                    self.woken.wait(max(deadline - time.time(), 0.001))\n",
    "        self.votes, self.leads = 0, False\n",
    "        self.votes, self.leads = 0, False\n"
    "        self.woken = threading.Condition(self.lock)\n",
    "            self.observe(term)\n            granted",
    "            self.woken.notify_all()\n            self.observe(term)\n            granted",
)


def test_messages_do_not_put_off_a_deadline(world_rules):
    rules = world_rules(*LOOKS_AGAIN)
    text = "time-out 0\n" + "duplicate 0 -> 1 vote\n" * 5
    run, _ = run_choices(rules, parse_choices(text, "text").choices)
    recovery = Recovery(rules, run)
    while run.state.servers[1].term < 2:
        assert recovery.step()
        assert recovery.now_ns < SECOND


# A leader asks again every 100 ms, in place of a heartbeat. A server that is asked starts to
# count its ticks again, and times out after at least eight.
COUNTS_TICKS = (
    "            time.sleep(random.uniform(0.3, 0.6))\n            with self.lock:\n"
    "                if self.leads:\n                    continue\n"
    "                self.term += 1\n",
    "            time.sleep(0.05)\n            with self.lock:\n"
    "                self.ticks += 1\n"
    "                if self.ticks < (2 if self.leads else 8 + 3 * self.me):\n"
    "                    continue\n"
    "                self.ticks = 0\n"
    "                self.term += not self.leads\n",
    "        self.votes, self.leads = 0, False\n",
    "        self.votes, self.leads, self.ticks = 0, False, 0\n",
    "            self.observe(term)\n            granted",
    "            self.ticks = 0\n            self.observe(term)\n            granted",
)


def test_a_heartbeat_puts_off_a_time_out_that_is_counted_in_ticks(world_rules):
    rules = world_rules(*COUNTS_TICKS)
    run, _ = run_choices(rules, ())
    recovery = Recovery(rules, run)
    while recovery.now_ns < 5 * SECOND:
        assert recovery.step()
    assert [server.term for server in run.state.servers] == [1, 1, 1]
    assert run.state.servers[0].leads


def test_clocks_of_servers_run_alike(world_rules):
    rules = world_rules(*COUNTS_TICKS)
    run, _ = run_choices(rules, parse_choices(2 * "time-out 0\n", "text").choices)
    before_ns = [server.now_ns for server in run.state.servers]
    assert before_ns[0] > before_ns[1]
    recovery = Recovery(rules, run)
    while recovery.now_ns < SECOND:
        assert recovery.step()
    for server, before in zip(run.state.servers, before_ns, strict=True):
        # Each wakes up every 50 ms.
        assert abs(server.now_ns - before - recovery.now_ns) < 60 * MILLISECOND
