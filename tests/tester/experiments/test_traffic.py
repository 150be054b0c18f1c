"""Broadcasts that may be a new leader's first, and whom they have reached."""

from types import SimpleNamespace

from labrpc.world.events import Call, Persist, Request, Response, Wake
from tester.experiments.traffic import Traffic

MS = 1_000_000


def broadcast(traffic, now_ms, event, server=0, data=b"x"):
    calls = [Call(peer, peer, "m", data) for peer in (1, 2)]
    host = SimpleNamespace(server=server)
    traffic.settled(now_ms * MS, host, event, [Persist(b"", b""), *calls])


def arrive(traffic, now_ms, server, src=0, data=b"x"):
    host = SimpleNamespace(server=server)
    traffic.settled(now_ms * MS, host, Request(1, src, "m", data), [])


def test_messages_to_several_after_an_answer_or_a_wake_up_may_be_a_new_leaders():
    traffic = Traffic()
    broadcast(traffic, 5, Response(1, b""))
    assert traffic.begun[0].sent_ns == traffic.broadcast_ns[0] == 5 * MS
    traffic.forget()
    broadcast(traffic, 6, Request(1, 1, "m", b""))
    assert not traffic.begun


def test_who_tries_again_after_a_time_out_is_no_new_leader():
    traffic = Traffic()
    traffic.retry_ns = 150 * MS
    for now_ms, is_begun in ((100, True), (250, False), (255, True)):
        traffic.forget()
        broadcast(traffic, now_ms, Wake())
        assert (0 in traffic.begun) == is_begun


def test_arrivals_are_noted_of_what_is_followed_only_and_the_first_ones():
    traffic = Traffic()
    broadcast(traffic, 5, Wake())
    arrive(traffic, 6, 1)
    followed = traffic.followed[0] = traffic.begun.pop(0)
    for now_ms in (7, 8):
        arrive(traffic, now_ms, 1)
    arrive(traffic, 9, 2, data=b"of before")
    assert followed.heard_ns == {1: 7 * MS}
    broadcast(traffic, 10, Wake(), data=b"later")
    arrive(traffic, 11, 2, data=b"later")
    assert followed.heard_ns == {1: 7 * MS, 2: 11 * MS}
