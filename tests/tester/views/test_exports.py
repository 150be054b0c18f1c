"""Exports: tracks, flows and vector clocks."""

import json

from tester.views.exports import perfetto_json, shiviz_log


def test_each_server_has_a_track_and_each_message_a_flow(story):
    story.control("heal")
    story.call(0, 1, term=1)
    events = json.loads(perfetto_json(story.trace()))["traceEvents"]
    names = {e["tid"]: e["args"]["name"] for e in events if e["ph"] == "M"}
    assert names == {0: "the test", 1: "server 0", 2: "server 1", 3: "server 2"}
    flows = [(e["ph"], e["id"], e["tid"]) for e in events if e["ph"] in "sf"]
    assert sorted(flows) == [("f", 2, 2), ("f", 3, 1), ("s", 2, 1), ("s", 3, 2)]
    steps = [e for e in events if e["ph"] == "X"]
    assert [e["tid"] for e in steps] == [0, 1, 2, 1]
    assert steps[1]["ts"] == 2000


def test_a_clock_knows_what_came_with_messages(story):
    story.call(0, 1, term=1)
    story.changed(2, term="1")
    lines = shiviz_log(story.trace()).decode().splitlines()
    assert lines[1::2] == [
        'server0 {"server0": 1}',
        'server1 {"server0": 1, "server1": 1}',
        'server0 {"server0": 2, "server1": 1}',
        'server2 {"server2": 1}',
    ]
    assert lines[0] == "▶ 1  append_entries(term=1)"


def test_an_operation_is_a_span_of_its_client(stale_read):
    events = json.loads(perfetto_json(stale_read))["traceEvents"]
    spans = [(e["ph"], e["name"], e["tid"], e["ts"]) for e in events if e["ph"] in "be"]
    assert spans[:2] == [
        ("b", "put(k, new, 0) → OK", 4, 1000),
        ("e", "put(k, new, 0) → OK", 4, 3000),
    ]
    # One that never returns lasts to the end of the run.
    waits = [at for ph, name, _, at in spans if name == "get(k) → no answer"]
    assert waits == [2000, max(row.t for row in stale_read.rows) / 1000]
