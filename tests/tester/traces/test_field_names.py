"""Field names from source: what the classes of a submission are annotated with."""

import textwrap

from tester.traces.field_names import field_names


def names_of(tmp_path, source, **more):
    files = {}
    for module, text in {"raft": source, **more}.items():
        files[module] = tmp_path / f"{module}.py"
        files[module].write_text(textwrap.dedent(text))
    return field_names(files)


def test_annotated_names_come_in_their_order_and_those_of_bases_first(tmp_path):
    found = names_of(
        tmp_path,
        """
        class Base:
            term: int
            LIMIT: ClassVar[int] = 3
            late: dataclasses.InitVar[int] = 3
        class Args(Base):
            index: int = 0
            term: int = 1
            plain = 3
        class Outer:
            class Inner:
                a: int
        """,
        other="""
        import raft
        class More(raft.Args):
            last: int
        """,
    )
    assert found == {
        "raft:Base": ["term"],
        "raft:Args": ["term", "index"],
        "raft:Outer.Inner": ["a"],
        "other:More": ["term", "index", "last"],
    }


def test_named_tuples_have_the_fields_that_a_call_names(tmp_path):
    found = names_of(
        tmp_path,
        """
        Vote = namedtuple("Vote", "term, index")
        Reply = collections.namedtuple("Reply", ["term", "granted"])
        Entry = typing.NamedTuple("Entry", [("term", int), ("command", Any)])
        class Args(namedtuple("Args", "term leader")):
            pass
        Odd = namedtuple("Odd", FIELDS)
        Worse = namedtuple(NAME, "a")
        Worst = namedtuple("Worst", 5)
        Unordered = namedtuple("Unordered", {"a", "b"})
        Mixed = namedtuple("Mixed", ["a", 5])
        class Ask(NamedTuple):
            term: int = 0
        """,
    )
    assert found == {
        "raft:Vote": ["term", "index"],
        "raft:Reply": ["term", "granted"],
        "raft:Entry": ["term", "command"],
        "raft:Args": ["term", "leader"],
        "raft:Ask": ["term"],
    }


def test_source_that_nests_too_deeply_is_passed_over(tmp_path):
    deep = "a" + 2_000 * ".a"
    other = "class Args:\n    term: int\n"
    found = names_of(tmp_path, f"class Deep({deep}): pass", other=other)
    assert found == {"other:Args": ["term"]}
    assert names_of(tmp_path, f"{deep}('X', 'a')\n{other}") == {"raft:Args": ["term"]}


def test_a_file_that_is_not_python_or_not_there_is_passed_over(tmp_path):
    assert names_of(tmp_path, "class (") == {}
    assert field_names({"raft": tmp_path / "nowhere.py", "package": None}) == {}
