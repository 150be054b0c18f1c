"""Measuring which mutants the search finds: `python -m tester.detection.by_search`.

Each mutant is searched in a process of its own, and its row is kept as soon as it is
known, so that the command continues where it was stopped.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from tester import jsonl
from tester.detection.mutants import Mutant, find_mutants
from tester.search.choice_text import parse_choices
from tester.search.choices import Setting
from tester.search.parallel import Part, searched_in_parts
from tester.text import parse_duration

ROWS = Path(".lab") / "detection_by_search.jsonl"


class Row(msgspec.Struct, frozen=True):
    """What came of one mutant.

    Attributes:
        mutant: its name.
        digest: of its code.
        cpu_s_max: the limit of the search.
        states: how many states were found.
        cpu_s: the CPU time until a run failed, or the limit.
        choices: how long the list of choices is, None if no run failed.
        replays: how many lists were tried to shorten it.
    """

    mutant: str
    digest: str
    cpu_s_max: float
    states: int
    cpu_s: float
    choices: int | None
    replays: int


def search_row(mutant: Mutant, cpu_s_max: float) -> Row:
    """Search a mutant, and return its row."""
    part = Part(str(mutant.path), "none", False, 0, Setting(), "0", None, cpu_s_max)
    ((outcome,), interrupted) = searched_in_parts([part])
    if interrupted:
        raise KeyboardInterrupt
    choices = len(parse_choices(outcome.run, "run").choices) if outcome.run else None
    return Row(
        mutant.name,
        mutant.digest,
        cpu_s_max,
        outcome.states,
        round(outcome.cpu_s, 1),
        choices,
        outcome.replays,
    )


def rows(mutants: Sequence[Mutant], cpu_s_max: float, file: Path) -> Iterator[Row]:
    """Yield the row of each mutant: the one that is kept, or else a new one."""
    known = jsonl.read(file, Row).records if file.exists() else []
    kept = {(row.mutant, row.digest, row.cpu_s_max): row for row in known}
    with closing(jsonl.Appender.open(file)) as out:
        for mutant in mutants:
            row = kept.get((mutant.name, mutant.digest, cpu_s_max))
            if row is None:
                row = search_row(mutant, cpu_s_max)
                out.append(row)
            yield row


def table(found: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of a table in Markdown."""
    yield "| mutant | choices | CPU s | states |"
    yield "|---|--:|--:|--:|"
    for row in found:
        choices = "not found" if row.choices is None else str(row.choices)
        yield f"| `{row.mutant}` | {choices} | {row.cpu_s:g} | {row.states:,} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Search the mutants, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tester.detection.by_search")
    parser.add_argument("mutants", nargs="*", metavar="MUTANT")
    parser.add_argument("--for", dest="cpu_s", type=parse_duration, default=60.0)
    options = parser.parse_args(arguments)
    mutants = find_mutants(options.mutants or None)
    lines = table(list(rows(mutants, options.cpu_s, ROWS)))
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
