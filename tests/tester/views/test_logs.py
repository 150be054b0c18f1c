"""The logs at the end of a run, from messages and applied commands."""

from tester.traces import rows
from tester.views.logs import LogEntry, columns, final_logs


def propose(story, server, index, term, command):
    story.later()
    story.add(
        rows.Proposed, server, step=story.step, command=command, index=index,
        term=term, leads=True, asked_t=0,
    )  # fmt: skip


def append(story, follower, previous, entries, success=True):
    story.call(
        0, follower, prev_log_index=previous, entries=entries,
        reply={"success": success},
    )  # fmt: skip


def terms(log):
    return {index: entry.term for index, entry in log.entries.items()}


def test_entries_come_from_start_and_from_append_entries_that_succeeded(story):
    propose(story, 0, 1, 1, "x")
    append(story, 1, 0, [[1, "x"]])
    append(story, 2, 0, [[1, "x"]], success=False)
    logs = final_logs(story.trace())
    assert logs[0].entries == logs[1].entries == {1: LogEntry(1, "'x'")}
    assert logs[2].entries == {}
    assert columns(logs) == [1]


def test_a_conflict_removes_what_follows(story):
    append(story, 1, 0, [[1, "a"], [1, "b"], [1, "c"]])
    append(story, 1, 1, [[2, "d"]])
    assert terms(final_logs(story.trace())[1]) == {1: 1, 2: 2}


def test_applied_commands_and_snapshots_show(story):
    story.later()
    for index in (1, 2):
        story.add(rows.Applied, 1, step=story.step, index=index, command=7)
    story.add(rows.Snapshotted, 1, step=story.step, index=1, bytes=9)
    log = final_logs(story.trace())[1]
    assert (log.snapshot, log.applied, terms(log)) == (1, 2, {2: -1})


def test_an_entry_may_be_an_object_and_a_list_too_long_to_be_kept(story):
    entry = {"class": "Entry", "fields": {"term": 3, "command": "x"}}
    append(story, 1, 4, {"items": 40, "first": [entry], "last": [entry]})
    assert terms(final_logs(story.trace())[1]) == {5: 3, 44: 3}
