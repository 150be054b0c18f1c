"""A run that choices drive: the same in every process, and what does not apply is skipped."""

from labrpc.world.recorder import DigestRecorder
from tester import codes
from tester.search.choice_text import choice_text, parse_choices
from tester.search.choices import Setting
from tester.search.judged_run import run_choices

# Server 0 is elected, and crashes with its vote request to server 2 under way.
ELECTION = parse_choices(
    """
    time-out 0
    deliver 0 -> 1 vote
    deliver 2 -> 0 reply vote
    deliver 1 -> 0 reply vote
    crash 0
    deliver 0 -> 2 vote
    """,
    "election",
).choices


def texts(run):
    """Return the choices that a run has taken."""
    return list(map(choice_text, run.choices))


def test_choices_that_do_not_apply_are_skipped(world_rules):
    run, error = run_choices(world_rules(), ELECTION)
    assert error is None
    assert texts(run) == [choice_text(c) for c in ELECTION if c is not ELECTION[2]]


def test_a_reply_arrives_with_its_request(world_rules):
    at_once = parse_choices(
        "time-out 0\ndeliver 0 -> 1 vote and its reply", "f"
    ).choices
    in_turn = (*ELECTION[:2], ELECTION[3])
    together, _ = run_choices(world_rules(), at_once)
    one_by_one, _ = run_choices(world_rules(), in_turn)
    assert texts(together) == [choice_text(choice) for choice in at_once]
    assert together.state.servers[0].leads
    assert [s.term for s in together.state.servers] == [
        s.term for s in one_by_one.state.servers
    ]
    assert len(together.state.in_flight) == len(one_by_one.state.in_flight) == 1


def test_where_no_reply_is_sent_only_the_request_arrives(world_rules):
    rules = world_rules(
        "def vote(self, args):", "def vote(self, args):\n        time.sleep(1)"
    )
    at_once = parse_choices(
        "time-out 0\ndeliver 0 -> 1 vote and its reply", "f"
    ).choices
    run, _ = run_choices(rules, at_once)
    assert not run.state.servers[0].leads
    assert len(run.state.open) == 1
    away, _ = run_choices(rules, at_once[1:])
    assert away.choices == []


def test_a_replay_has_the_same_digest(world_rules):
    digests = []
    for _ in range(2):
        recorder = DigestRecorder()
        run_choices(world_rules(), ELECTION, [recorder])
        digests.append(recorder.hexdigest())
    assert digests[0] == digests[1]
    other = DigestRecorder()
    run_choices(world_rules(), ELECTION[:-1], [other])
    assert other.hexdigest() != digests[0]


def test_a_server_starts_again_from_its_disk(world_rules):
    run, _ = run_choices(world_rules(), ELECTION[:5])
    server = run.state.servers[0]
    assert (server.incarnation, server.term, server.leads) == (2, 1, False)
    assert run.state.pasts[0].led == (1,)


def test_a_server_that_dies_in_a_step_has_done_only_what_got_out(world_rules):
    saved, _ = run_choices(
        world_rules(), parse_choices("time-out 0, dies after 1", "f").choices
    )
    assert saved.state.servers[0].term == 1
    assert saved.state.in_flight == ()
    asked, _ = run_choices(
        world_rules(), parse_choices("time-out 0, dies after 2", "f").choices
    )
    assert len(asked.state.in_flight) == 1


def test_calls_to_a_server_that_crashes_fail(world_rules):
    text = "time-out 0\ncrash 1\ndeliver 1 -> 0 reply vote"
    run, _ = run_choices(world_rules(), parse_choices(text, "f").choices)
    assert texts(run) == text.splitlines()
    assert [message.dst for message in run.state.in_flight] == [2]


def test_no_message_reaches_a_server_that_is_cut_off(world_rules):
    text = "time-out 0\ncut 1\ndeliver 0 -> 1 vote\nheal 1\ndeliver 0 -> 1 vote"
    run, _ = run_choices(world_rules(), parse_choices(text, "f").choices)
    assert texts(run) == ["time-out 0", "cut 1", "heal 1", "deliver 0 -> 1 vote"]


def test_a_copy_arrives_as_well(world_rules):
    text = "time-out 0\nduplicate 0 -> 1 vote\ndeliver 0 -> 1 vote\ndeliver 0 -> 1 vote"
    run, _ = run_choices(world_rules(), parse_choices(text, "f").choices)
    assert texts(run) == text.splitlines()
    replies = [message for message in run.state.in_flight if message.reply]
    assert len(replies) == 2


def test_a_server_that_cannot_be_constructed_fails_before_the_first_choice(world_rules):
    rules = world_rules("self.votes, self.leads = 0", "self.votes, self.leads = 1 / 0")
    run, error = run_choices(rules, ELECTION)
    assert error.code.name == "raises-in-constructor"
    assert run.choices == []


def test_a_server_that_need_not_save_its_state_does_not_crash(world_rules):
    text = "time-out 0\ncrash 0\ntime-out 1, dies after 1"
    saves_nothing = ("pickle.dumps((self.term, self.voted_for))", "b''")
    choices = parse_choices(text, "f").choices
    _, error = run_choices(world_rules(*saves_nothing), choices)
    assert error.code is codes.TERM_FELL
    setting = Setting(persistence=False)
    run, error = run_choices(world_rules(*saves_nothing, setting=setting), choices)
    assert error is None
    assert texts(run) == ["time-out 0"]
