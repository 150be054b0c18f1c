"""Messages as bytes: whatever is sent arrives as pickle would deliver it."""

import enum
import marshal
import pickle
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labrpc.box.encoding import Codec
from labrpc.simulated import importer

SOURCE = (Path(__file__).parent / "wire.py").read_text()
PAIRS = (
    "Two", "Frozen", "Slotted", "FrozenSlotted", "Child", "PlainChild", "Boxed",
    "Plain", "Stateful", "Reduced", "Slots", "Guarded", "New", "Pair", "Old", "Counted",
)  # fmt: skip


def make_modules():
    """Return the modules of one box."""
    module = ModuleType("wire")
    sys.modules["wire"] = module
    exec(SOURCE, vars(module))
    module.Inner = module.Outer.Inner
    del sys.modules["wire"]
    return {"wire": module}


SENDER, RECEIVER = make_modules(), make_modules()
W, R = SENDER["wire"], RECEIVER["wire"]
ENCODER, DECODER = Codec(SENDER), Codec(RECEIVER)


@pytest.fixture(autouse=True)
def no_modules_left():
    yield
    importer.install({})


def encode(value):
    importer.install(SENDER)
    return ENCODER.encode(value)


def decode(data):
    importer.install(RECEIVER)
    return DECODER.decode(data)


def pickled(value):
    """Return what pickle makes of a value in the receiving box."""
    importer.install(SENDER)
    data = pickle.dumps(value, protocol=4)
    importer.install(RECEIVER)
    return pickle.loads(data)


def shape(value, seen=None):
    """Return a plain description: types, contents, and which objects are shared."""
    seen = {} if seen is None else seen
    kind = type(value)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if kind in (int, str, bytes, float, bool, complex, type(None), type(...)):
        return name, repr(value)
    if isinstance(value, (type, enum.Enum)):
        assert value in (getattr(R, n, None) for n in vars(R)) or type(value) in vars(R).values()  # fmt: skip
        return name, repr(value)
    if kind not in (tuple, frozenset):
        if id(value) in seen:
            return "again", seen[id(value)]
        seen[id(value)] = len(seen)
        if kind.__module__ == "wire":
            found = R
            for part in kind.__qualname__.split("."):
                found = getattr(found, part)
            assert found is kind, "a class of the wrong box"
    content = []
    if isinstance(value, dict):
        content = [(shape(k, seen), shape(v, seen)) for k, v in value.items()]
    elif isinstance(value, (set, frozenset)):
        content = sorted(repr(shape(v)) for v in value)
    elif isinstance(value, (list, tuple)):
        content = [shape(v, seen) for v in value]
    elif isinstance(value, (int, str, bytes)):
        content = [kind.__mro__[1].__repr__(value)]
    state = getattr(value, "__dict__", {})
    slots = [n for n in getattr(kind, "__slots__", ()) if n in ("a", "b")]
    state = {**state, **{n: getattr(value, n) for n in slots}}
    return name, content, {k: shape(v, seen) for k, v in state.items()}


LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
    | st.text(max_size=5) | st.binary(max_size=5) | st.just(...) | st.just("raft")
    | st.sampled_from([*W.Color, *W.Level, *W.Name, W.Flags.X, W.Flags.X | W.Flags.Y])
    | st.sampled_from([W.Two, W.Color, W.Empty])
    | st.integers().map(W.Int) | st.text(max_size=3).map(W.Text)
    | st.binary(max_size=3).map(W.Bytes) | st.builds(W.Empty)
)  # fmt: skip
KEYS = (
    st.integers() | st.text(max_size=3) | st.booleans() | st.sampled_from([*W.Color])
    | st.tuples(st.integers(), st.text(max_size=2))
)  # fmt: skip


def extend(inner):
    made = [st.builds(getattr(W, name), inner, inner) for name in PAIRS]
    return st.one_of(
        st.lists(inner, max_size=4), st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(KEYS, inner, max_size=3), st.builds(W.One, inner),
        st.sets(st.integers() | st.text(max_size=2), max_size=4),
        st.frozensets(st.integers(), max_size=3), st.builds(W.LateField, inner),
        st.builds(lambda v: (..., v), inner), st.builds(lambda v: (v, ...), inner),
        st.lists(inner, max_size=2).map(W.List), st.builds(W.Inner, inner, inner),
        st.dictionaries(KEYS, inner, max_size=2).map(W.Dict),
        st.builds(W.Child, inner, inner, inner), *made,
    )  # fmt: skip


VALUES = st.recursive(LEAVES, extend, max_leaves=12)


def check_like_pickle(value):
    assert shape(decode(encode(value))) == shape(pickled(value))


@given(VALUES)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_any_tree_arrives_as_by_pickle(value):
    check_like_pickle(value)


@given(VALUES, VALUES, st.sampled_from(PAIRS))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_shared_references_stay_shared(shared, other, name):
    make = getattr(W, name)
    check_like_pickle([shared, make(shared, other), {"k": shared}])
    check_like_pickle(make(make(shared, other), make(shared, shared)))


@given(VALUES, st.sampled_from(["Two", "Plain", "Slots", "Stateful", "PlainChild"]))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_cycles_stay_cycles(value, name):
    node = getattr(W, name)(value, None)
    node.b = [node]
    check_like_pickle(node)
    items = [value]
    items.append({"self": items})
    check_like_pickle(items)


@given(VALUES, st.sampled_from(["Two", "Counted", "Plain", "One", "Empty", "Child"]))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_attributes_added_and_removed_arrive_as_they_are(value, name):
    kind = getattr(W, name)
    instance = kind(*{"Two": (1, 2), "Plain": (1, 2), "Child": (1,), "One": (1,)}.get(name, ()))  # fmt: skip
    instance.extra = value
    check_like_pickle(instance)
    if "b" in vars(instance):
        del instance.b
        check_like_pickle(instance)
    instance.LIMIT = value
    check_like_pickle(instance)


def test_mutable_enum_values_and_errors_arrive():
    check_like_pickle(W.Error("wrong", 5))
    check_like_pickle([W.Color.DEEP, W.Color.DEEP, W.Color.RED])


def test_the_quick_way_is_taken_for_what_rafts_send():
    entries = [W.Two(1, {"k": "v"}), W.Frozen(2, W.Color.RED), W.Child(1, 2, (3, None))]
    for value in (entries, W.Counted(), W.Plain(1, [2]), W.One({"a": [entries]})):
        marshal.loads(encode(value))


def test_mutation_after_sending_is_not_seen():
    value = W.Two([1], {"k": [2]})
    data = encode(value)
    value.a.append(9)
    value.b["k"].append(9)
    received = decode(data)
    assert (received.a, received.b) == ([1], {"k": [2]})


def test_equal_values_give_equal_bytes_whatever_refers_to_them():
    def fresh():
        return W.Two(["".join(["lo", "ng"]), 10**20, (1.5, b"x")], W.Color.RED)

    value = fresh()
    references = [value, value.a, value.a[0], value.a[1], value.a[2]] * 3
    assert references
    assert encode(value) == encode(fresh())
    text = "".join(["te", "xt"])
    assert encode([text, text]) == encode([text, "".join(["te", "xt"])])


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: lambda: None, "lambda"),
        (lambda: [1, (n for n in [])], "generator"),
        (lambda: type("Local", (), {})(), "Local"),
        (lambda: sys, "module"),
    ],
)
def test_what_pickle_cannot_send_is_refused_in_words(make, reason):
    with pytest.raises(TypeError, match=r"cannot send a .* to another server") as told:
        encode(make())
    assert reason in str(told.value)


def test_deep_nesting_is_sent_or_refused_never_garbled():
    value = []
    for _ in range(400):
        value = [value]
    assert decode(encode(value)) == value
    for _ in range(100_000):
        value = [value]
    with pytest.raises(TypeError, match="recursion"):
        encode(value)


def test_a_class_of_a_module_not_yet_loaded_is_loaded_by_the_receiver(lab):
    files = {
        "raft/__init__.py": lab.raft("""
            def ask(self):
                from raft.wire import Note, Slot
                answers = [self.peers[1].call("Raft.echo", Note(1, 2)),
                           self.peers[1].call("Raft.echo", Slot(3))]
                return [a.a for a in answers]
            def echo(self, note):
                return note
        """),
        "raft/wire.py": """
            from dataclasses import dataclass
            @dataclass
            class Note:
                a: int
                b: int
            @dataclass(slots=True)
            class Slot:
                a: int
        """,
    }
    world = lab.world(lab.write(files), servers=2)
    assert world.invoke(0, "ask") == [1, 3]
