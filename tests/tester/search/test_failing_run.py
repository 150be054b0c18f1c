"""The failure of a list shows deadlocks, waiting threads, and clients by name."""

from labrpc.codes import DEADLOCK, EXCEPTION
from labrpc.errors import SubmissionError
from labrpc.world.recorder import DigestRecorder
from tester import codes
from tester.search.choice_text import parse_choices
from tester.search.choices import Setting
from tester.search.failing_run import with_clients
from tester.search.judged_run import run_choices
from tester.search.session import replayed

STANDS_AND_RECOVERS = "time-out 0\nrecover"
HOLDS_ITS_LOCK = (
    "            if granted:\n",
    "            if granted:\n                threading.Event().wait()\n",
)
WAITS_WITHOUT_A_LOCK = (
    "        term, candidate = args\n",
    "        term, candidate = args\n        threading.Event().wait()\n",
)
ONE_HOLDS_ITS_LOCK = (
    "            if granted:\n",
    "            if granted and self.me == 1:\n                threading.Event().wait()\n",
)
NEVER_LEADS = ("if 2 * self.votes > len(self.peers):", "if self.votes > 9:")


def test_a_deadlock_is_named_in_a_recovery(world_rules):
    run = parse_choices(STANDS_AND_RECOVERS, "text")
    error = run_choices(world_rules(*HOLDS_ITS_LOCK), run.choices)[1]
    assert error.code is DEADLOCK
    assert "waits for a Lock held by vote from 0" in error.headline
    assert "in vote\n        threading.Event().wait()" in error.evidence


def test_servers_that_were_left_out_are_not_the_reason(world_rules):
    rules = world_rules(*ONE_HOLDS_ITS_LOCK, *NEVER_LEADS)
    voted = "time-out 0\ndeliver 0 -> 1 vote\ncut 1\n"
    run = parse_choices(f"{voted}recover without 1", "text")
    error = run_choices(rules, run.choices)[1]
    assert error.code is codes.NO_LEADER


def test_threads_that_wait_are_shown_without_a_deadlock(elector_boxes):
    setting = "elections-only 1\n"
    boxes = elector_boxes(*WAITS_WITHOUT_A_LOCK)
    run = parse_choices(f"{setting}{STANDS_AND_RECOVERS}", "text")
    error = replayed(boxes, run)[1]
    assert error.code is codes.NO_LEADER
    assert (
        "server 1:\n  thread 'vote from 0' waits for a notification" in error.evidence
    )


def test_a_client_is_called_as_in_the_trace_and_its_number_is_said():
    said = "server 0: KeyError, in the RPC handler get, called by server 3"
    error = SubmissionError(EXCEPTION, said, "thread 'get from 4' waits")
    named = with_clients(Setting(3, clients=2), error)
    assert named.headline.endswith("called by client 0")
    assert named.evidence.splitlines() == [
        "thread 'get from client 1' waits",
        "in the list, client 0 is 3, client 1 is 4",
    ]
    assert with_clients(Setting(5), error) is error


class AttributeRecorder(DigestRecorder):
    """Keeps what a server's object holds after each step."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def stepped(self, now_ns, host, event, actions):
        super().stepped(now_ns, host, event, actions)
        self.seen.append((host.server, host.incarnation, dict(host.state())))


def test_what_changes_in_servers_is_recorded_when_a_list_is_replayed(elector_boxes):
    text = "elections-only 1\ntime-out 0\ndeliver 0 -> 1 vote\ncrash 1\n"
    recorder = AttributeRecorder()
    error = replayed(elector_boxes(), parse_choices(text, "text"), recorder=recorder)[1]
    assert error is None
    votes = [
        (server, incarnation, held["voted_for"])
        for server, incarnation, held in recorder.seen
        if held.get("term") == "1"
    ]
    assert list(dict.fromkeys(votes)) == [(0, 1, "0"), (1, 1, "0"), (1, 2, "0")]
