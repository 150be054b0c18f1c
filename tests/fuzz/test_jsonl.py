"""Append-only files of JSON: whatever became of the tail, what lies before it is read.

Records are written, and the file is damaged as a killed process or a power cut damages
it: cut off anywhere, or with zeros or noise in place of some bytes. Then every
record before the damage is read back, nothing is read that was not written, and whoever
goes on writing after the whole lines loses nothing more.
"""

import random
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tester import jsonl
from tester.pytest_plugin.run_log import RunLogContents
from tester.verdict import Run, Verdict

FUZZ = settings.get_profile("fuzz")


def damaged(data, ends, damage, seed):
    """Return a file's bytes as an accident leaves them, and how many are untouched."""
    chance = random.Random(seed)
    # Near the end of a line is where mistakes are made.
    near = max(0, chance.choice(ends) - chance.randint(0, 2))
    at = chance.choice([near, chance.randint(0, len(data))])
    length = chance.randint(1, 300)
    if damage == "cut":
        return data[:at], at
    if damage == "zeros":
        return data[:at] + bytes(min(length, len(data) - at)) + data[at + length :], at
    if damage == "noise":
        return data[:at] + chance.randbytes(length) + b"\n" + data[at + length :], at
    return data, len(data)


def check(module, case):
    """Write records, damage the file, read it, and go on writing."""
    runs, damage, seed = case
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "runs.jsonl"
        write(module, file, runs)
        data = file.read_bytes()
        ends = [place + 1 for place, byte in enumerate(data) if byte == ord("\n")]
        left, untouched = damaged(data, ends, damage, seed)
        file.write_bytes(left)
        contents = module.read(file, Run)
        whole = sum(end <= untouched for end in ends)
        assert list(map(shown, contents.records)) == list(map(shown, runs[:whole]))
        assert contents.size_bytes == ([0, *ends])[whole]
        appender = module.Appender.open(file)
        appender.truncate(contents.size_bytes)
        appender.append(runs[0])
        appender.close()
        assert len(module.read(file, Run).records) == whole + 1


def write(module, file, records):
    appender = module.Appender.open(file)
    for record in records:
        appender.append(record)
    appender.close()


def shown(run):
    """Return a run with the text that JSON cannot hold as it is escaped."""
    fields = msgspec.structs.asdict(run)
    return {
        name: value.encode(errors="backslashreplace")
        if isinstance(value, str)
        else value
        for name, value in fields.items()
    }


TEXTS = st.text(st.characters(), max_size=8) | st.sampled_from(
    ["\ud800", "}\n{", "\u2028", "\0", '"', "é", "x" * 200]
)
RUNS = st.builds(
    lambda reason, verdict: Run(
        submission=reason, part="2A", test="t", seed=1, points=1.5, verdict=verdict
    ),
    TEXTS,
    st.sampled_from(Verdict),
)
CASES = st.tuples(
    st.lists(RUNS, min_size=1, max_size=4),
    st.sampled_from(["none", "cut", "zeros", "noise"]),
    st.integers(0, 1 << 32),
)


@pytest.mark.slow
@FUZZ
@given(CASES)
def test_what_lies_before_the_damage_is_read(case):
    check(jsonl, case)


@pytest.mark.slow
@FUZZ
@given(st.lists(st.binary(max_size=30) | st.just(b'{"begun": {}}\n'), max_size=5))
def test_the_log_of_a_process_that_died_is_read_whatever_it_holds(parts):
    """C writes stacks into it, between and into the lines."""
    assert RunLogContents.read(b"".join(parts)).ended == []


PLANTED = {
    "a line without an end counts": ('if not line.endswith(b"\\n"):', "if False:"),
    "damage is an exception": ("except msgspec.DecodeError:", "except KeyError:"),
    "what follows the damage is read": ("                break\n", "                continue\n"),
    "the torn line counts as whole": (
        "            record = decode(line, kind)\n            if record is None:\n                break\n",
        "            record = decode(line, kind)\n            contents.size_bytes += 0 if record else len(line)\n            if record is None:\n                break\n",
    ),
    "half a character stops the writer": ("except (OverflowError, UnicodeEncodeError, TypeError):", "except OverflowError:"),
}  # fmt: skip


@pytest.mark.unmeasured
@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug, plant, finds):
    assert finds(CASES, check, jsonl, plant(jsonl, *PLANTED[bug]))
