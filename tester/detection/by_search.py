"""Measuring which mutants the search finds: `python -m tester.detection.by_search`.

Each mutant is searched in a process of its own, and its row is kept as soon as it is
known, so that the command continues where it was stopped. With --dask, the workers of a
cluster search several at a time. A document gets the table between two marks, beside
what the suite finds, which `tester.detection` has measured.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console

from tester import jsonl
from tester.cluster_engine.connect import add_dask, connected
from tester.console import say
from tester.detection.matrix import MARK, read_markdown
from tester.detection.measure import EXIT_INTERRUPTED, EXIT_USAGE
from tester.detection.mutants import Mutant, find_mutants
from tester.errors import UsageError
from tester.judging.run_hosting import IN_PROCESS
from tester.judging.suite import LABS, suite_path
from tester.search.choice_text import parse_choices
from tester.search.choices import CLIENTS, Setting
from tester.search.parallel import Part, PartOutcome, searched_in_parts
from tester.text import counted, listed, markdown_row, parse_duration

if TYPE_CHECKING:
    from tester.cluster_engine.dask_engine import DaskEngine

ROWS = Path(".lab") / "detection_by_search.jsonl"
# Where the table of what a lab's suite finds is.
PAGES = {2: "detection.md", 3: "detection_kv.md"}
# A document keeps what is above this line, and from the mark of the suite's table on.
SEARCH_MARK = (
    "<!-- searched: what follows is written by `… detection.by_search --write` -->"
)
# Heads of columns, of the suite with those in the suite's own table.
BY_SUITE = {"by the suite": "general", "CPU s of the suite": "CPU s"}
BY_SEARCH = ("CPU s of the search", "choices", "states")


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

    @property
    def is_found(self) -> bool:
        """Whether a run has failed."""
        return self.choices is not None


def part_of(mutant: Mutant, number: int, cpu_s_max: float) -> Part:
    """Return what is to be searched; with `--preempt` where the suite needs it."""
    setting, suite = Setting(preempt=mutant.preempt), ""
    if mutant.lab == 3:
        setting = Setting(preempt=mutant.preempt, clients=CLIENTS)
        suite = str(suite_path(3))
    return Part(
        str(mutant.path),
        "none",
        False,
        number,
        setting,
        "0",
        None,
        cpu_s_max,
        suite=suite,
    )


def row_of(mutant: Mutant, cpu_s_max: float, outcome: PartOutcome) -> Row:
    """Return a mutant's row, from what came of its search."""
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


def outcomes(
    parts: Sequence[Part], engine: "DaskEngine | None"
) -> Iterator[tuple[Part, PartOutcome]]:
    """Search all parts: one after another here, or with the workers of a cluster.

    Raises:
        KeyboardInterrupt: Ctrl-C; parts that have not ended are searched no further.
    """
    if engine is not None:
        from tester.cluster_engine.search_place import ClusterPlace

        yield from ClusterPlace(engine, parts).outcomes()
        return
    for part in parts:
        ((outcome,), interrupted) = searched_in_parts([part])
        if interrupted:
            raise KeyboardInterrupt
        yield part, outcome


def rows(
    mutants: Sequence[Mutant],
    cpu_s_max: float,
    file: Path,
    engine: "DaskEngine | None" = None,
) -> list[Row]:
    """Return the row of each mutant: the one that is kept, or else a new one."""
    known = jsonl.read(file, Row).records if file.exists() else []
    kept = {(row.mutant, row.digest, row.cpu_s_max): row for row in known}
    found = {
        number: row
        for number, mutant in enumerate(mutants)
        if (row := kept.get((mutant.name, mutant.digest, cpu_s_max)))
    }
    parts = [
        part_of(mutant, number, cpu_s_max)
        for number, mutant in enumerate(mutants)
        if number not in found
    ]
    with closing(jsonl.Appender.open(file)) as out:
        for part, outcome in outcomes(parts, engine):
            row = row_of(mutants[part.number], cpu_s_max, outcome)
            found[part.number] = row
            out.append(row)
    return [found[number] for number in range(len(mutants))]


def table(
    found: Sequence[tuple[Mutant, Row]], by_suite: dict[str, dict[str, str]]
) -> Iterator[str]:
    """Yield the lines of a table in Markdown.

    Args:
        found: what came of each mutant.
        by_suite: each mutant's cells in the table of what the suite finds.
    """
    yield markdown_row(["mutant", "breaks", *BY_SUITE, *BY_SEARCH])
    yield "|---|---|" + "--:|" * (len(BY_SUITE) + len(BY_SEARCH))
    for mutant, row in found:
        suite = by_suite.get(mutant.name, {})
        yield markdown_row([
            f"`{mutant.name}`",
            mutant.breaks,
            *[suite.get(head, "-") for head in BY_SUITE.values()],
            f"{row.cpu_s:g}" if row.is_found else f"not in {row.cpu_s_max:g}",
            str(row.choices or "-"),
            f"{row.states:,}",
        ])  # fmt: skip


def summary(found: Sequence[tuple[Mutant, Row]]) -> str:
    """Return how many of the mutants the search has found, how fast, and of how many."""
    parts = []
    for breaks in ("safety", "liveness"):
        rows = [row for mutant, row in found if mutant.breaks == breaks]
        cpu_s = [row.cpu_s for row in rows if row.is_found]
        if rows:
            took = f", after {median(cpu_s):.1f} s in the median" if cpu_s else ""
            parts.append(f"{len(cpu_s)} of {len(rows)} that break {breaks}{took}")
    limits = listed(
        [f"{limit:g} s" for limit in sorted({r.cpu_s_max for _, r in found})]
    )
    all_of_lab = len(find_mutants(lab=found[0][0].lab)) if found else 0
    left = all_of_lab - len(found)
    others = f" Not searched so far: {counted(left, 'mutant')}." if left > 0 else ""
    return (
        f"Found by search alone, within {limits} of CPU time each: {'; '.join(parts)}."
        f"{others}"
    )


def write_markdown(file: Path, found: Sequence[tuple[Mutant, Row]]) -> None:
    """Write the table between its mark and the suite's in a document.

    Raises:
        UsageError: the document does not have the two marks.
    """
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    above, mark, rest = text.partition(SEARCH_MARK)
    _, next_mark, below = rest.partition(MARK)
    if not mark or not next_mark:
        raise UsageError(
            f"{file}: expected the lines {SEARCH_MARK!r} and {MARK!r} in it"
        )
    lines = [mark, "", summary(found), "", *table(found, read_markdown(file)), "", MARK]
    file.write_text(above + "\n".join(lines) + below, encoding="utf-8")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(
        prog="python -m tester.detection.by_search",
        description="Search each mutant for a run that fails, and print a table of what "
        "was found. The rows are kept: the same command continues where it was stopped.",
    )
    add = parser.add_argument
    add("mutants", nargs="*", metavar="MUTANT", help="only these (default: all)")
    add(
        "--for",
        dest="cpu_s",
        type=parse_duration,
        default=60.0,
        metavar="TIME",
        help="CPU time for each (default 60s)",
    )
    add("--lab", type=int, choices=LABS, default=2, help="2 (default) or 3")
    add_dask(parser)
    add("--write", type=Path, metavar="FILE", help="write the table, in Markdown")
    return parser.parse_args(arguments)


def run(options: argparse.Namespace, console: Console) -> int:
    """Search what the options name, and print the table; return the exit status."""
    mutants = find_mutants(options.mutants or None, options.lab)
    engine = connected(
        options.dask, os.cpu_count() or 1, IN_PROCESS, lambda line: say(console, line)
    )
    try:
        with closing(engine) if engine else nullcontext():
            found = rows(mutants, options.cpu_s, ROWS, engine)
    except KeyboardInterrupt:
        say(console, f"interrupted: {ROWS} has the rows so far; run it again to go on")
        return EXIT_INTERRUPTED
    pairs = [*zip(mutants, found, strict=True)]
    if options.write:
        write_markdown(options.write, pairs)
    lines = [
        *table(pairs, read_markdown(Path("docs") / PAGES[options.lab])),
        "",
        summary(pairs),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    console = Console(stderr=True)
    try:
        return run(parse(sys.argv[1:] if arguments is None else arguments), console)
    except UsageError as exc:
        say(console, f"tester.detection.by_search: {exc}")
        return EXIT_USAGE


if __name__ == "__main__":
    sys.exit(main())
