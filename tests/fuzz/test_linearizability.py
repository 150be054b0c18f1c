"""Histories of one key, judged on line and in linear time, and by trying all orders.

A history is a list of calls and returns. Some are linearizable by construction, since a
register made them; some are these with one change; some are drawn without a
register. The checker raises at the first event up to which no order explains
what was returned, and at no other.
"""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labrpc.errors import SubmissionError
from tester.oracles.linearizability import key_history
from tester.oracles.linearizability.operation import Operation

FUZZ = settings.get_profile("fuzz")
END = 1_000


# The exhaustive checker.


def points(operations):
    """Return the moments at which operations meet the register.

    Each is when it can begin, when it must have ended, whether it must be, and what
    becomes of the register, None where it cannot be.
    """
    for operation in operations:
        begin, end = operation.called_at, operation.returned_at or END
        given, value = operation.version, operation.value

        def write(state, given=given, value=value):
            return (given + 1, value) if state[0] == given else None

        def meets_another_version(state, given=given):
            return state if state[0] != given else None

        def is_read(state, seen=(given, value)):
            return state if state == seen and seen[0] else None

        def is_absent(state, given=given, kind=operation.kind):
            return state if state[0] == 0 and (kind == "get" or given) else None

        match operation.kind, operation.outcome:
            case "get", "ok":
                yield begin, end, True, is_read
            case _, "no_key":
                yield begin, end, True, is_absent
            case "put", "ok":
                yield begin, end, True, write
            case "put", "version":
                yield begin, end, True, meets_another_version
            case "put", "maybe":
                yield begin, end, True, meets_another_version
                yield begin, END, False, write
            case "put", "pending":
                yield begin, END, False, write


def has_an_order(operations):
    """Return whether some order of the operations explains what they returned."""
    all_points = list(points(operations))
    needed = sum(1 << i for i, point in enumerate(all_points) if point[2])
    seen = set()

    def search(done, state):
        if done & needed == needed:
            return True
        if (done, state) in seen:
            return False
        seen.add((done, state))
        left = [i for i in range(len(all_points)) if not done >> i & 1]
        first_end = min(all_points[i][1] for i in left if all_points[i][2])
        for i in left:
            begin, _, _, apply = all_points[i]
            after = apply(state) if begin < first_end else None
            if after is not None and search(done | 1 << i, after):
                return True
        return False

    return search(0, (0, ""))


# Histories: ("call", id, kind, value, version) and ("return", id, outcome, value, version).


def from_a_register(chance, clients, events_max):
    """Return a history that a register has made.

    A put may be sent again: its first copy is then applied whenever the network
    delivers it, if ever, and ErrVersion becomes ErrMaybe.
    """
    history, version, value = [], 0, ""
    idle, active, done, flying = list(range(clients)), {}, {}, []
    ids = 0

    def put(new, given):
        nonlocal version, value
        if version != given:
            return "no_key" if version == 0 else "version"
        version, value = given + 1, new
        return "ok"

    while len(history) < events_max:
        step = chance.random()
        if step < 0.4 and idle:
            idle.pop()
            kind = chance.choice(["get", "put", "put"])
            given = max(0, version + chance.choice([0, 0, 0, 0, -1, 1]))
            active[ids] = kind, f"v{ids}", given
            history.append(
                ("call", ids, *(active[ids] if kind == "put" else (kind, "", 0)))
            )
            ids += 1
        elif step < 0.5 and flying:
            put(*flying.pop(chance.randrange(len(flying))))
        elif step < 0.75 and active:
            which = chance.choice(list(active))
            kind, new, given = active.pop(which)
            if kind == "get":
                done[which] = ("ok", value, version) if version else ("no_key", "", 0)
                continue
            again = chance.random() < 0.4
            if again and chance.random() < 0.5:
                put(new, given)
            elif again and version:
                flying.append((new, given))
            if chance.random() < 0.1:
                continue  # It never returns.
            answer = put(new, given)
            done[which] = ("maybe" if again and answer == "version" else answer), "", 0
        elif done:
            which = chance.choice(list(done))
            history.append(("return", which, *done.pop(which)))
            idle.append(0)
        elif not idle and not active and not flying:
            break
    return history


def with_one_change(chance, history):
    """Return a history in which one return is another, or two events changed places."""
    history = list(history)
    if not history:
        return history
    at = chance.randrange(len(history))
    if chance.random() < 0.3 and at + 1 < len(history):
        one, other = history[at : at + 2]
        if one[1] != other[1]:
            history[at : at + 2] = [other, one]
        return history
    event, which = history[at][:2]
    kinds = {call[1]: call[2] for call in history if call[0] == "call"}
    if event == "return":
        history[at] = (event, which, *any_answer(chance, kinds[which]))
    return history


def any_answer(chance, kind):
    if kind == "put":
        return chance.choice(["ok", "ok", "version", "maybe", "no_key"]), "", 0
    if chance.random() < 0.2:
        return "no_key", "", 0
    return "ok", f"v{chance.randrange(5)}", chance.randrange(4)


def without_a_register(chance, events_max):
    """Return calls, and returns that nothing has made."""
    history, waiting = [], {}
    for number in range(events_max):
        if waiting and chance.random() < 0.5:
            which = chance.choice(list(waiting))
            answer = any_answer(chance, waiting.pop(which))
            history.append(("return", which, *answer))
        else:
            kind = waiting[number] = chance.choice(["get", "put"])
            value = f"v{chance.randrange(3)}{number}" if kind == "put" else ""
            history.append(("call", number, kind, value, chance.randrange(3)))
    values = [event[3] for event in history if event[:1] == ("call",) and event[3]]
    for at, (event, which, *answer) in enumerate(history):
        if event == "return" and answer[1] and values:
            history[at] = (event, which, answer[0], chance.choice(values), answer[2])
    return history


@st.composite
def histories(draw):
    chance = random.Random(draw(st.integers(0, 1 << 40)))
    kind = chance.choice(["register", "changed", "changed", "any"])
    if kind == "any":
        return without_a_register(chance, chance.randint(2, 14))
    history = from_a_register(chance, chance.randint(1, 4), chance.randint(2, 24))
    return with_one_change(chance, history) if kind == "changed" else history


def replay(history, upto):
    """Return the operations of the first events of a history."""
    operations = {}
    for number, (event, which, *rest) in enumerate(history[:upto], 1):
        if event == "call":
            kind, value, version = rest
            operations[which] = Operation(
                which, which, kind, "k", value, version, number, number
            )
        else:
            take_answer(operations[which], number, *rest)
    return list(operations.values())


def take_answer(operation, number, outcome, value, version):
    operation.outcome, operation.returned_at, operation.return_ns = (
        outcome,
        number,
        number,
    )
    if operation.kind == "get" and outcome == "ok":
        operation.value, operation.version = value, version


def first_contradiction(module, history):
    """Return the number of the event at which the checker raises, None if it does not."""
    checker, operations = module.KeyHistory(), {}
    for number, (event, which, *rest) in enumerate(history, 1):
        if event == "call":
            (operations[which],) = replay([("call", which, *rest)], 1)
            operations[which].called_at = number
            if operations[which].kind == "put":
                assert checker.put_called(operations[which])
            continue
        take_answer(operations[which], number, *rest)
        try:
            checker.returned(operations[which])
        except SubmissionError:
            return number
    return None


def check(module, history):
    found = first_contradiction(module, history)
    if found is None:
        assert has_an_order(replay(history, len(history)))
    else:
        assert has_an_order(replay(history, found - 1))
        assert not has_an_order(replay(history, found))


@pytest.mark.unmeasured
@FUZZ
@given(histories())
def test_it_agrees_with_all_orders_tried(history):
    check(key_history, history)


@pytest.mark.slow
@FUZZ
@given(st.integers(0, 1 << 40))
def test_what_a_register_has_made_is_linearizable(seed):
    chance = random.Random(seed)
    history = from_a_register(chance, chance.randint(1, 8), chance.randint(2, 300))
    assert first_contradiction(key_history, history) is None


PLANTED = {
    "an old get binds nothing": ("self._raise(version.number + 1, Bound(get.called_at, get))", "pass"),
    "a put may be written before its call": ("self._raise(version.number, Bound(writer.called_at, writer))", "pass"),
    "a refused put is forgotten": ("            if put is None:\n                return\n            bound", "            return\n            bound"),
    "who refuses in vain is not found": ("        if put is not None:\n            self._raise(latest.number", "        if False:\n            self._raise(latest.number"),
    "ErrMaybe binds nothing": ('case "put", "maybe":\n                self._refused(operation)', 'case "put", "maybe":\n                pass'),
    "ErrMaybe is no write": ('case "put", "maybe":\n                self._refused(operation)', 'case "put", "maybe":\n                self._exclude(operation)'),
    "ErrNoKey of a put is ErrVersion": ('                self._raise(1, Bound(operation.called_at, operation))\n                if operation.version == 0:', '                self._refused(operation)\n                if operation.version == 0:'),
    "a put creates and finds no key": ("if operation.version == 0:", "if False:"),
    "versions may be missing": ("if number > self._reach:\n            raise", "if False:\n            raise"),
    "a refused put stays a writer": ("if version.writers.pop(put.id, None) is None:", "if True:"),
    "two puts write one version": ("if version.writer is not writer:", "if False:"),
}  # fmt: skip


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug, plant, finds):
    assert finds(histories(), check, key_history, plant(key_history, *PLANTED[bug]))
