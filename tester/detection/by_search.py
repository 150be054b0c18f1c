"""Measuring which mutants the search finds: `python -m tester.detection.by_search`.

Each mutant is searched in a process of its own, and its row is kept as soon as it is
known, so that the command continues where it was stopped. A document gets the table
between two marks, beside what the suite finds, which `tester.detection` has measured.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median

import msgspec

from tester import jsonl
from tester.detection.matrix import MARK, read_markdown
from tester.detection.mutants import Mutant, find_mutants
from tester.errors import UsageError
from tester.judging.suite import LABS, suite_path
from tester.search.choice_text import parse_choices
from tester.search.choices import CLIENTS, Setting
from tester.search.parallel import Part, searched_in_parts
from tester.text import counted, listed, markdown_row, parse_duration

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


def search_row(mutant: Mutant, cpu_s_max: float) -> Row:
    """Search a mutant, and return its row; with `--preempt` where the suite needs it."""
    setting, suite = Setting(preempt=mutant.preempt), ""
    if mutant.lab == 3:
        setting = Setting(preempt=mutant.preempt, clients=CLIENTS)
        suite = str(suite_path(3))
    part = Part(
        str(mutant.path), "none", False, 0, setting, "0", None, cpu_s_max, suite=suite
    )
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Search the mutants, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tester.detection.by_search")
    parser.add_argument("mutants", nargs="*", metavar="MUTANT")
    parser.add_argument("--for", dest="cpu_s", type=parse_duration, default=60.0)
    parser.add_argument("--lab", type=int, choices=LABS, default=2)
    parser.add_argument("--write", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    mutants = find_mutants(options.mutants or None, options.lab)
    found = [*zip(mutants, rows(mutants, options.cpu_s, ROWS), strict=True)]
    if options.write:
        write_markdown(options.write, found)
    lines = [
        *table(found, read_markdown(Path("docs") / PAGES[options.lab])),
        "",
        summary(found),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
