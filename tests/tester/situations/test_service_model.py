"""Each situation of a service is met by facts that bring it about, and not by others."""

import pytest

from tester.situations.catalogue import SERVICE_SITUATIONS
from tester.situations.model import Append, SituationModel
from tester.situations.service_model import Operation, ServiceModel


class Facts:
    """Facts of a run of three servers, written by hand."""

    def __init__(self):
        self.raft = SituationModel(3)
        self.service = ServiceModel(self.raft)
        self.requests = 0

    def call(self, kind="put", value="v", version=0, clerk=0):
        operation = Operation(clerk, kind, "k", value, version)
        self.service.called(operation)
        return operation

    def ask(self, server, operation=None):
        self.requests += 1
        if operation is not None:
            self.service.sent(operation, server)
        self.service.arrived(server, self.requests, operation)
        return self.requests

    def leads(self, server, term=1):
        self.service.reported(server, term, True)

    def follows(self, server, term=2):
        self.service.reported(server, term, False)

    def append(self, src, dst, term, entries):
        request = Append(src, dst, term, 0, entries, 0)
        self.raft.sent(request)
        for index in self.raft.accepted_commands(request):
            self.service.accepted(src, index, term)
        self.raft.arrived(request)
        self.raft.append_answered(request, term, True)

    def applied(self, server, index):
        self.raft.applied(server, index)
        self.service.applied(server, index)


def put(facts, err, **details):
    facts.service.put_returned(facts.call(**details), err)


def get(facts, value, version, err="OK"):
    facts.service.get_returned(facts.call("get"), value, version, err)


def a_maybe(facts):
    put(facts, "ErrMaybe", value="mine")


def a_rival(facts, version):
    facts.call(version=1)
    facts.call(version=version, clerk=1)


def sent_again(facts, answered):
    operation = facts.call()
    facts.ask(0, operation)
    facts.service.request_lost(operation, answered)
    facts.ask(1, operation)


def twice(facts, kind):
    operation = facts.call(kind)
    facts.leads(0)
    facts.ask(0, operation)
    facts.ask(0, operation)


def asked(facts, *servers):
    operation = facts.call()
    for server in servers:
        facts.ask(server, operation)


def next_leader(facts, first, call):
    facts.leads(0, first)
    operation = call(facts)
    facts.leads(1, 2)
    facts.service.put_returned(operation, "OK")


def deposed(facts, asked, term=2):
    facts.leads(0)
    facts.leads(1, term)
    facts.ask(asked)


def deposed_read(facts, kind="get", err="OK"):
    facts.leads(0)
    facts.leads(1, 2)
    put(facts, err)
    facts.ask(0, facts.call(kind))


def cut_off(facts, server):
    facts.leads(0)
    facts.service.without_majority.add(server)
    facts.ask(0)


def behind(facts, others):
    facts.leads(0)
    facts.applied(0, 1)
    facts.applied(1, others)
    facts.ask(0)


def waits(facts, count=1, leads=True):
    if leads:
        facts.leads(0)
    return [facts.ask(0) for _ in range(count)]


def waits_and_follows(facts, leads):
    waits(facts, leads=leads)
    facts.follows(0)


def answered_later(facts, before):
    (request,) = waits(facts)
    if before:
        facts.service.answered(0, request)
    facts.follows(0)
    facts.service.answered(0, request)


def replaced(facts, answered=False, term=2):
    (request,) = waits(facts)
    facts.append(0, 1, 1, [1])
    facts.append(2, 0, term, [term])
    if answered:
        facts.service.answered(0, request)
    facts.applied(0, 1)


def under_successor(facts, term):
    waits(facts)
    facts.append(0, 1, 1, [1])
    facts.leads(1, term)
    facts.applied(1, 1)


def restored(facts, leads):
    facts.service.restored(0, 5)
    if leads:
        facts.leads(0)
    facts.ask(0)


def restarted(facts, snapshot, index):
    facts.applied(0, 3)
    facts.service.crashed(0)
    facts.service.booted(0, snapshot)
    facts.applied(0, index)


def then(what, method, *args):
    """Return facts that end with one of a server."""
    return lambda facts: (what(facts), getattr(facts.service, method)(0, *args))


def nothing(facts):
    facts.leads(0)


CASES = {
    "put-refused": (lambda f: put(f, "ErrVersion"), lambda f: put(f, "OK")),
    "puts-compete": (lambda f: a_rival(f, 1), lambda f: a_rival(f, 2)),
    "no-key": (lambda f: get(f, "", 0, "ErrNoKey"), lambda f: get(f, "x", 1)),
    "sent-again-after-lost-request": (
        lambda f: sent_again(f, False), lambda f: sent_again(f, True),
    ),
    "sent-again-after-lost-reply": (
        lambda f: sent_again(f, True), lambda f: sent_again(f, False),
    ),
    "put-arrives-twice": (lambda f: twice(f, "put"), lambda f: twice(f, "get")),
    "maybe-performed": (
        lambda f: (a_maybe(f), get(f, "mine", 1)), lambda f: (a_maybe(f), get(f, "x", 1)),
    ),
    "maybe-not-performed": (
        lambda f: (a_maybe(f), get(f, "x", 1)), lambda f: (a_maybe(f), get(f, "x", 2)),
    ),
    "all-servers-asked": (
        lambda f: asked(f, 0, 1, 2, 0), lambda f: asked(f, 0, 1, 0, 1, 2),
    ),
    "answered-by-later-leader": (
        lambda f: next_leader(f, 1, Facts.call), lambda f: next_leader(f, 2, Facts.call),
    ),
    "follower-asked": (lambda f: f.ask(1), waits),
    "deposed-leader-asked": (lambda f: deposed(f, 0), lambda f: deposed(f, 1)),
    "deposed-leader-read": (deposed_read, lambda f: deposed_read(f, err="ErrMaybe")),
    "asked-without-majority": (lambda f: cut_off(f, 0), lambda f: cut_off(f, 1)),
    "asked-while-behind": (lambda f: behind(f, 2), lambda f: behind(f, 1)),
    "requests-wait-together": (lambda f: waits(f, 2), waits),
    "deposed-while-waiting": (
        lambda f: waits_and_follows(f, True), lambda f: waits_and_follows(f, False),
    ),
    "answered-after-leading": (
        lambda f: answered_later(f, False), lambda f: answered_later(f, True),
    ),
    "another-at-index": (replaced, lambda f: replaced(f, answered=True)),
    "applied-under-successor": (
        lambda f: under_successor(f, 2), lambda f: under_successor(f, 1),
    ),
    "crash-while-waiting": (then(waits, "crashed"), then(nothing, "crashed")),
    "kill-while-waiting": (then(waits, "kills"), then(nothing, "kills")),
    "snapshot-while-waiting": (
        then(waits, "took_snapshot"), then(nothing, "took_snapshot"),
    ),
    "snapshot-given-while-waiting": (
        then(waits, "restored", 5), then(nothing, "restored", 5),
    ),
    "asked-after-snapshot": (lambda f: restored(f, True), lambda f: restored(f, False)),
    "log-performed-again": (
        lambda f: restarted(f, b"", 1), lambda f: restarted(f, b"", 4),
    ),
    "log-after-snapshot": (
        lambda f: restarted(f, b"x", 4), lambda f: restarted(f, b"", 4),
    ),
}  # fmt: skip


def met(happens):
    facts = Facts()
    happens(facts)
    return facts.raft.met


@pytest.mark.parametrize("name", CASES)
def test_it_is_met_by_what_brings_it_about_only(name):
    happens, hardly_differs = CASES[name]
    assert name in met(happens)
    assert name not in met(hardly_differs)


def test_every_situation_has_a_case():
    assert list(CASES) == list(SERVICE_SITUATIONS)
