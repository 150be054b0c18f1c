"""Explaining a recorded run: the sentences that its trace proves, most telling first."""

from collections.abc import Callable, Iterator

from labrpc.clock import to_seconds
from tester.explain import (
    candidates,
    commits,
    compaction,
    elections,
    locks,
    logs,
    persistence,
    replication,
    service_answers,
    service_clerks,
    service_counter,
    service_log,
    silence,
    terms,
    time_outs,
    traffic,
)
from tester.explain.explanation import Explanation
from tester.explain.history import History, seconds
from tester.explain.links import link_lines
from tester.explain.names import names_lines
from tester.explain.service_history import ServiceHistory
from tester.explain.standing import standing_lines
from tester.text import command_line
from tester.traces.reader import Trace

Finder = Callable[[History], Iterator[Explanation]]

# What breaks a rule of Figure 2 comes before what may have other reasons. In each part,
# what explains more comes first: nobody needs to read of the second without the first.
FINDERS: list[Finder] = [
    traffic.handler_returned_none,
    persistence.saved_nothing,
    elections.voted_twice,
    elections.led_two_terms,
    elections.two_send_as_leaders,
    elections.ignored_higher_term,
    candidates.led_without_majority,
    terms.broken_term_rules,
    replication.shortened_agreeing_log,
    logs.broken_log_rules,
    replication.start_returned_another_index,
    replication.counted_unsent,
    replication.committed_older_term,
    commits.applied_uncommitted,
    compaction.shifted_after_snapshot,
    persistence.applied_below_snapshot,
    persistence.installed_without_saving,
    persistence.accepted_without_saving,
    elections.voted_without_saving,
    elections.stood_without_saving,
    persistence.crashed_between_saves,
    locks.lock_held,
    candidates.elected_without_leading,
    candidates.refused_free_vote,
    commits.majority_not_committed,
    commits.commit_not_followed,
    traffic.negative_prev_log_index,
    traffic.snapshot_again_and_again,
    traffic.refused_again_and_again,
    elections.refused_votes_restart_timer,
    silence.never_stands,
    silence.left_without_heartbeats,
    time_outs.elections_in_quick_succession,
    elections.candidates_at_once,
    time_outs.stood_though_it_heard,
    time_outs.terms_rise_without_failure,
    traffic.requests_repeated,
]

# For a service on Raft. What a clerk made of a right answer comes first.
SERVICE_FINDERS: list[Callable[[ServiceHistory], Iterator[Explanation]]] = [
    service_clerks.did_not_ask,
    service_clerks.changed_a_put,
    service_clerks.returned_without_reply,
    service_clerks.refusal_taken_for_ok,
    service_clerks.maybe_sent_once,
    service_answers.read_without_log,
    service_answers.answered_without_applying,
    service_answers.answered_before_its_entry,
    service_log.submitted_twice,
    service_clerks.sent_again_not_maybe,
    service_answers.value_of_another_key,
    service_counter.performed_more_than_applied,
    service_log.lost_in_snapshot,
    service_log.applied_without_effect,
    service_log.value_with_another_version,
    service_log.version_not_compared,
    service_log.version_not_reached,
    service_log.refused_current_version,
    service_answers.wrong_leader_though_leading,
    service_answers.waits_after_leadership,
    service_clerks.asks_one_server,
    service_clerks.waits_before_sending,
]

# In parts 2A and 2B nothing need be saved, and these would mislead.
OF_SAVING = (
    persistence.saved_nothing,
    persistence.accepted_without_saving,
    elections.voted_without_saving,
    elections.stood_without_saving,
)
# Choices follow each other without the time that would lie between them.
OF_TIMES = (
    elections.refused_votes_restart_timer,
    silence.never_stands,
    silence.left_without_heartbeats,
    time_outs.elections_in_quick_succession,
    time_outs.stood_though_it_heard,
    elections.candidates_at_once,
    traffic.requests_repeated,
)
# Three sentences are enough to look for.
SHOWN_MAX = 3
# What is shown before the first fact, and after the last.
AROUND_S = 0.05


def explanation_blocks(trace: Trace, found: list[Explanation]) -> list[list[str]]:
    """Return what a failing run's trace shows of the failure: each time a title, and lines.

    Args:
        trace: of the run.
        found: what it proves.
    """
    blocks = [
        explanation_lines(trace, found),
        names_lines(trace),
        standing_lines(trace),
        link_lines(trace),
    ]
    return [lines for lines in blocks if lines]


def explanation_lines(trace: Trace, found: list[Explanation]) -> list[str]:
    """Return what a failing run's trace proves, as lines for a person; none for nothing."""
    found = found[:SHOWN_MAX]
    if not found:
        return []
    lines = ["what the trace proves:"]
    for one in found:
        lines.append(f"  {one.text}")
        lines += [
            f"    {seconds(fact.t)}: {trace.header.lane(fact.server)} {fact.text}"
            for fact in one.facts
        ]
        lines.append(f"    the rule, {one.code}: {one.rule}")
    return lines


def closer_look(found: list[Explanation], file: str) -> list[str]:
    """Return a line with the command that shows what happened around the first one's facts.

    Args:
        found: what the trace proves.
        file: the trace.
    """
    facts = found[0].facts if found else ()
    servers = sorted({fact.server for fact in facts if fact.server >= 0})
    if not servers:
        return []
    times = [to_seconds(fact.t) for fact in facts]
    since, until = max(0, min(times) - AROUND_S), max(times) + AROUND_S
    command = command_line([
        "raft-lab", "trace", file, "--servers", ",".join(map(str, servers)),
        "--since", f"{since:.2f}", "--until", f"{until:.2f}",
    ])  # fmt: skip
    return [f"what happened around these facts: {command}"]


def explain(trace: Trace) -> list[Explanation]:
    """Return what a trace proves, at most one sentence of each kind.

    Nothing of one that has lost its beginning: whatever did not happen may have happened
    there. Nothing of Raft where a service starts the commands, which no row shows.
    """
    if trace.dropped is not None:
        return []
    found: dict[str, Explanation] = {}
    if trace.header.service:
        of_service = ServiceHistory(trace)
        for find in SERVICE_FINDERS:
            for one in find(of_service):
                found.setdefault(one.code, one)
        return list(found.values())
    history = History(trace)
    for finder in FINDERS:
        if finder in OF_SAVING and not trace.header.persistence:
            continue
        if finder in OF_TIMES and trace.header.by_choices:
            continue
        for one in finder(history):
            found.setdefault(one.code, one)
    return list(found.values())
