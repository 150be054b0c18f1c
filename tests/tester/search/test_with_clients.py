"""Worlds of a service: clients' operations are choices, and what they return is checked."""

from pathlib import Path
from shutil import copytree

import pytest

from labrpc.box_factory import InProcessBoxFactory
from labrpc.clock import SECOND
from labrpc.errors import SubmissionError
from labrpc.world.events import Invoke
from tester import codes
from tester.intake.service_submission import find_service
from tester.judging.suite import suite_path
from tester.scenario.kv_answers import is_answer_of_get, is_answer_of_put
from tester.scenario.service_entries import clerk_entry, kv_server_entry
from tester.search import recovery
from tester.search import search as search_module
from tester.search.budget import Limits
from tester.search.choice_text import choice_text, parse_choices, read_choices
from tester.search.choices import Get, Lose, Put, Setting
from tester.search.client_history import ClientHistory
from tester.search.episode_run import EpisodeRun
from tester.search.episodes import elect
from tester.search.exhaustive import Node
from tester.search.histories import Histories
from tester.search.judged_run import ChosenWorld, run_choices
from tester.search.rules import Rules
from tester.search.service_episodes import (
    CLIENT_FATES,
    SERVER_FATES,
    crash_all,
    disturb_server,
    lose_of_client,
    operate,
    overtake,
    pause,
    rejoin,
    strand_client,
)
from tester.search.service_search import ServiceSearch
from tester.search.session import replayed, searched

TESTS = Path(__file__).resolve().parents[2]
EXAMPLE = TESTS / "services" / "kv_threads"
MUTANTS = TESTS / "mutants" / "kv"
CLIENT, OTHER = 3, 4
ELECTION = """\
time-out 0
deliver 0 -> 1 request_vote
deliver 1 -> 0 reply request_vote
"""


@pytest.fixture(scope="module")
def rules_of():
    """Return a function that returns the rules of a service's world."""
    histories = []

    def make(path=EXAMPLE, **setting):
        boxes = InProcessBoxFactory(find_service(path, suite_path(3)))
        histories.append(Histories(boxes, Setting(clients=2, **setting)))
        return Rules(histories[-1], histories[-1].setting)

    yield make
    for one in histories:
        one.close()


@pytest.fixture(scope="module")
def rules(rules_of):
    return rules_of()


def taken(rules, text):
    """Return a run of these choices, and how it fails."""
    head = f"servers {rules.setting.servers}\nclients 2\n"
    return run_choices(rules, parse_choices(head + text, "text").choices)


@pytest.mark.parametrize("raft", ["asyncio", "polling"])
def test_clients_operate_on_a_raft_of_another_kind(rules_of, tmp_path, raft):
    path = TESTS / "submissions/asyncio_raft"
    if raft == "polling":
        path = tmp_path
        for package in (
            EXAMPLE / "rsm",
            EXAMPLE / "kv",
            TESTS / "submissions/polling/raft",
        ):
            copytree(package, path / package.name)
    run, error = taken(rules_of(path), "put 3 k\nrecover")
    assert error is None
    shown = [client for client in run.state.servers[CLIENT:] if client.operation]
    assert (len(run.choices), shown) == (2, [])


def test_clients_operate_while_servers_elect_and_recover(rules):
    run, error = taken(rules, ELECTION + "put 3 k\nput 3 k\nget 4 k\nrecover")
    assert error is None
    assert [choice_text(choice) for choice in run.choices[3:]] == [
        "put 3 k", "get 4 k", "recover",
    ]  # fmt: skip
    servers = run.state.servers
    # The last put is that of the recovery; it gives the version that the client knows.
    assert servers[CLIENT].versions == (("k", 2),)
    assert servers[OTHER].versions == (("k", 1),)
    assert servers[0].applied[-1][1] == ("put", "k", "5", 1)


def test_what_concerns_servers_only_does_not_apply_to_clients(rules):
    text = "start 0\ndeliver 3 -> 0 put\ntime-out 3\nget 3 k\ndeliver 3 -> 0 get\n"
    run, error = taken(rules, text + "deliver 0 -> 3 reply get, dies after 1")
    assert error is None
    assert [choice_text(c) for c in run.choices] == ["get 3 k", "deliver 3 -> 0 get"]


def test_a_server_that_is_cut_off_still_hears_clients(rules):
    run, _ = taken(
        rules,
        "cut 0\nget 3 k\ndeliver 3 -> 0 get\ntime-out 0\ndeliver 0 -> 1 request_vote",
    )
    assert [choice_text(c) for c in run.choices] == [
        "cut 0", "get 3 k", "deliver 3 -> 0 get", "time-out 0",
    ]  # fmt: skip


STALE_READ = Path(__file__).parent / "testdata" / "stale_read.txt"


@pytest.mark.parametrize(
    ("path", "code"),
    [(EXAMPLE, ""), (MUTANTS / "leader_reads_its_own_table.py", "stale-read")],
)
def test_a_leader_that_answers_from_its_table_reads_what_is_stale(rules_of, path, code):
    _, error = run_choices(rules_of(path), read_choices(STALE_READ).choices)
    assert (error.code.name if error else "") == code


@pytest.mark.slow
def test_a_search_finds_a_stale_read(monkeypatch):
    # Shortening the first run takes long enough.
    monkeypatch.setattr(search_module, "FAR_CHOICES", 10_000)
    boxes = InProcessBoxFactory(
        find_service(MUTANTS / "leader_reads_its_own_table.py", suite_path(3))
    )
    outcome = searched(boxes, Setting(clients=2), Limits(states_max=5_000))
    assert outcome.found.error.code is codes.STALE_READ
    assert len(outcome.run.choices) <= 25


def test_the_search_of_a_service_is_the_same_each_time(rules_of):
    found = []
    for _ in range(2):
        rules = rules_of(max_raft_state=1)
        limits = Limits(states_max=100)
        ServiceSearch(rules, "0").advance(limits)
        found.append((limits.states, rules.histories.states))
    assert found[0] == found[1]


def test_a_correct_service_is_searched_in_vain(rules_of):
    search = ServiceSearch(rules_of(max_raft_state=1), "0")
    limits = Limits(states_max=40)
    search.advance(limits)
    assert search.found is None
    assert limits.states >= 40


def test_an_operation_that_never_returns_is_stuck(rules_of, tmp_path, monkeypatch):
    for package in ("rsm", "kv"):
        (tmp_path / package).symlink_to(EXAMPLE / package)
    file = tmp_path / "stuck.py"
    file.write_text(
        "import kv, threading\n"
        "class Clerk(kv.Clerk):\n"
        "    def get(self, key):\n"
        "        threading.Event().wait(1000)\n"
        "kv.Clerk = Clerk\n"
    )
    monkeypatch.setattr(recovery, "RECOVERY_NS_MAX", SECOND)
    _, error = taken(rules_of(file), "recover")
    assert error.code is codes.OPERATION_STUCK
    assert "client 0 called get('k')" in error.evidence
    assert "server 2: term" in error.evidence


def test_a_service_that_looks_at_its_term_seldom_is_not_stuck(rules_of, tmp_path):
    # A time-out of Raft that heartbeats start anew must not keep a later look from coming.
    copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    rsm = tmp_path / "rsm" / "rsm.py"
    often = "TERM_CHECK_S = 0.05"
    assert often in rsm.read_text()
    rsm.write_text(rsm.read_text().replace(often, "TERM_CHECK_S = 1.0"))
    text = """
        time-out 1
        deliver 1 -> 0 request_vote and its reply
        put 4 key
        deliver 4 -> 0 put and its reply
        deliver 4 -> 1 put
        time-out 0
        recover
        """
    _, error = taken(rules_of(tmp_path), text)
    assert error is None


@pytest.fixture
def episode(rules):
    """Return an episode's run in which server 0 leads."""
    run = EpisodeRun(rules, Node(rules.initial(), None, None))
    elect(0, run)
    return run


@pytest.mark.parametrize("fate", CLIENT_FATES)
def test_an_operation_whose_message_has_another_fate_returns(episode, fate):
    lose_of_client(Put(CLIENT, "k"), fate, episode)
    episode.release()
    assert episode.state.servers[CLIENT].operation is None


def test_a_put_whose_reply_is_lost_is_overtaken_before_it_is_sent_again(episode):
    overtake(Put(CLIENT, "k"), OTHER, episode)
    clients = episode.state.servers[CLIENT:]
    assert [client.operation for client in clients] == [None, None]
    assert clients[1].versions == (("k", 2),)
    lost = [choice for choice in episode.node.path() if isinstance(choice, Lose)]
    assert [choice.message.reply for choice in lost] == [True]


@pytest.mark.parametrize("fate", SERVER_FATES)
def test_a_server_is_disturbed_while_a_request_waits_in_it(episode, fate):
    disturb_server(Put(CLIENT, "k"), fate, 1, episode)
    episode.release()
    assert not episode.broken
    assert episode.state.spent.commands == 1


def test_a_client_of_a_leader_that_was_cut_off_waits(episode):
    first, second, third = Put(CLIENT, "k"), Put(OTHER, "k"), Get(CLIENT, "k")
    strand_client(0, 1, first, second, third, episode)
    pause(CLIENT, episode)
    waiting, done = episode.state.servers[CLIENT], episode.state.servers[OTHER]
    assert waiting.operation is not None
    assert done.versions == (("k", 1),)


def test_a_leader_that_was_cut_off_answers_what_was_replaced(episode):
    first, second, third = Put(CLIENT, "k"), Put(OTHER, "k"), Get(OTHER, "k")
    strand_client(0, 1, first, second, third, episode)
    waiting = episode.state.servers[CLIENT].operation
    rejoin(0, 1, episode)
    assert episode.state.servers[0].applied == episode.state.servers[1].applied
    assert waiting is not None
    assert episode.state.servers[CLIENT].operation is None
    assert [s.term for s in episode.state.servers[:3]] == [2, 2, 2]


def test_servers_that_all_crash_have_what_was_put(episode):
    operate(episode, Put(CLIENT, "k"))
    crash_all(1, episode)
    operate(episode, Get(OTHER, "k"))
    assert [s.incarnation for s in episode.state.servers] == [2, 2, 2, 1, 1]
    assert episode.state.servers[OTHER].versions == (("k", 1),)


# What clients return.


class Decided:
    """What was committed: nothing, by servers that never said who leads."""

    decided = ()
    states = ()


def history(*args):
    made = ClientHistory(3, Decided(), ChosenWorld(3))
    made.called(CLIENT, Invoke(1, *args), 1)
    return made


PUT = ("put", ("k", "1", 0))


@pytest.mark.parametrize(
    ("call", "answer"),
    [(("get", ("k",)), ("x", 1)), (("get", ("k",)), None), (PUT, 1), (PUT, "Err")],
)
def test_an_answer_that_no_clerk_may_return_fails(call, answer):
    with pytest.raises(SubmissionError, match="of clerk 0 returned") as raised:
        history(*call).returned(CLIENT, answer, 2)
    assert raised.value.code is codes.WRONG_ANSWER


def test_a_put_that_succeeds_without_the_log_fails_in_the_end():
    made = history(*PUT)
    assert [str(o.key) for o in made.pending()] == made.keys == ["k"]
    made.returned(CLIENT, "OK", 2)
    made.returned(CLIENT, "OK", 2)
    with pytest.raises(SubmissionError) as raised:
        made.finish()
    assert raised.value.code is codes.OK_WITHOUT_COMMIT


def test_errmaybe_for_a_put_that_its_clerk_sent_once_fails_in_the_end():
    made = history(*PUT)
    made.returned(CLIENT, "ErrMaybe", 2)
    with pytest.raises(SubmissionError, match="had sent 0 times") as raised:
        made.finish()
    assert raised.value.code is codes.MAYBE_ON_FIRST_TRY


def test_answers_of_clerks():
    assert is_answer_of_get(("", 0, "ErrNoKey"))
    assert not is_answer_of_get(("", 1, "ErrNoKey"))
    assert not is_answer_of_get((1, 1, "OK"))
    assert is_answer_of_put("ErrMaybe")
    assert not is_answer_of_put(["OK"])


def test_a_single_file_is_loaded_first_in_each_box():
    service = find_service(MUTANTS / "version_stays.py", suite_path(3))
    assert clerk_entry(service).preload == "version_stays"
    entry = kv_server_entry(service, 7)
    assert (entry.preload, entry.constants) == ("version_stays", {"max_raft_state": 7})
    assert clerk_entry(find_service(EXAMPLE, suite_path(3))).preload == ""


@pytest.mark.unmeasured
def test_a_service_that_takes_no_more_shows_the_thread_that_took_the_last(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(recovery, "RECOVERY_NS_MAX", SECOND)
    copytree(EXAMPLE, tmp_path / "service")
    source = tmp_path / "service" / "rsm" / "rsm.py"
    taken = "            message = self.apply_ch.get()\n"
    text = source.read_text()
    assert taken in text
    source.write_text(
        text.replace(taken, f"{taken}            threading.Event().wait()\n")
    )
    boxes = InProcessBoxFactory(find_service(tmp_path / "service", suite_path(3)))
    run = parse_choices("clients 2\nput 3 k\nput 4 k\nrecover", "text")
    error = replayed(boxes, run)[1]
    assert error.code is codes.OPERATION_STUCK
    assert "message = self.apply_ch.get()" not in error.evidence
    assert "threading.Event().wait()" in error.evidence
    assert "in the list, client 0 is 3, client 1 is 4" in error.evidence
