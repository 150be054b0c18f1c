"""The mutants of each lab, and the fields of their docstrings.

A mutant is a submission in one file with exactly one bug: a Raft, or a service, which
replaces one class of the reference by its own. Its docstring describes the bug, and then
has fields, one on each line; indented lines continue a field:

    Paper: the section or figure that the bug breaks
    Breaks: liveness, or safety (one or more properties)
    Source: a public report of the same bug
    Go suite: how 6.824's suite fares with the same bug in a Go solution
    Found by: TEST at seed N, a quick run that fails because of the bug; with --preempt
        if only threads that lose their turn show it
    Equivalent: why it behaves like the reference, if it does
"""

import ast
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from labrpc.submission.submission import Submission
from tester.errors import UsageError
from tester.intake.service_submission import find_service
from tester.judging.suite import suite_path

FIELDS = ("Paper", "Breaks", "Source", "Go suite", "Found by", "Equivalent")
_FIELD = re.compile(rf"^({'|'.join(FIELDS)}): ", re.MULTILINE)
_BREAKS = re.compile(r"liveness|safety \((.+)\)", re.DOTALL)
_FOUND_BY = re.compile(r"(test_\w+) at seed (\d+)( with --preempt)?")
REFERENCE = "reference"


@dataclass(frozen=True)
class Mutant:
    """A submission with one known bug; the reference is a mutant without any.

    Attributes:
        name: the file's name.
        path: the submission.
        bug: a description.
        paper: the section or figure that the bug breaks.
        properties: the safety properties that it breaks; empty if it breaks
            liveness only.
        go_suite: how often 6.824's suite found it, "" if this was not tried.
        found_by: a test and a seed that fail with it, None if none is known.
        preempt: whether that run is one with `--preempt`; then all runs are.
        equivalent: why it behaves like the reference, "" if it does not.
        lab: the number of the lab.
    """

    name: str
    path: Path
    bug: str
    paper: str
    properties: tuple[str, ...] = ()
    go_suite: str = ""
    found_by: tuple[str, int] | None = None
    preempt: bool = False
    equivalent: str = ""
    lab: int = 2

    @property
    def breaks(self) -> str:
        """What the bug breaks: safety or liveness; nothing if it is equivalent."""
        if self.equivalent or self.name == REFERENCE:
            return "nothing"
        return "safety" if self.properties else "liveness"

    @property
    def digest(self) -> str:
        """A fingerprint of the code, including the reference that it builds on.

        It leaves out the docstring: all that a run takes from it is `--preempt`.
        """
        tree = ast.parse(self.path.read_bytes() if self.path.is_file() else b"")
        own = "".join(map(ast.dump, tree.body[1:]))
        base = reference(self.lab).submission().digest
        how = "with --preempt" if self.preempt else ""
        return hashlib.blake2b(f"{base}{own}{how}".encode(), digest_size=16).hexdigest()

    def submission(self) -> Submission:
        """Return the submission that it is."""
        if self.lab == 3:
            return find_service(self.path, suite_path(3))
        return Submission.find(self.path)


def mutants_path(lab: int = 2) -> Path:
    """Return the directory of a lab's mutants.

    Raises:
        UsageError: there is none; only the lab's repository has them.
    """
    path = suite_path(lab).parent / "mutants"
    if lab == 3:
        path /= "kv"
    if not path.is_dir():
        raise UsageError(f"{path} does not exist: work in the lab's repository")
    return path


def reference(lab: int = 2) -> Mutant:
    """Return what a lab's mutants build on, whose detections are false alarms."""
    mutants = mutants_path(lab)
    # The folder of a service is where its packages lie.
    path = mutants / "raft" if lab == 2 else (mutants / "rsm").resolve().parent
    return Mutant(REFERENCE, path, "none", "", lab=lab)


def find_mutants(names: list[str] | None = None, lab: int = 2) -> list[Mutant]:
    """Return the mutants of these names, in this order; all of a lab's for None.

    Raises:
        UsageError: no mutant has this name, or its docstring cannot be read.
    """
    return find_mutants_in(mutants_path(lab), names, lab)


def find_mutants_in(
    folder: Path, names: list[str] | None = None, lab: int = 2
) -> list[Mutant]:
    """Return the mutants in a folder, as `find_mutants` does."""
    files = {file.stem: file for file in sorted(folder.glob("*.py"))}
    if names is None:
        names = list(files)
    unknown = [name for name in names if name not in files]
    if unknown:
        raise UsageError(f"no mutant {', '.join(unknown)} in {folder}")
    return [read_mutant(files[name], lab) for name in names]


def read_mutant(file: Path, lab: int = 2) -> Mutant:
    """Return what a mutant's docstring says.

    Raises:
        UsageError: a field is missing or cannot be understood.
    """
    doc = ast.get_docstring(ast.parse(file.read_bytes())) or ""
    bug, *rest = _FIELD.split(doc)
    fields = {
        name: " ".join(text.split())
        for name, text in zip(rest[::2], rest[1::2], strict=True)
    }
    breaks = _BREAKS.fullmatch(fields.get("Breaks", ""))
    found = _FOUND_BY.fullmatch(fields.get("Found by", ""))
    if not bug.strip():
        raise UsageError(f"{file}: its docstring does not say what the bug is")
    if breaks is None or not fields.get("Paper"):
        raise UsageError(
            f"{file}: its docstring must say `Paper: …`, and `Breaks: liveness` or "
            "`Breaks: safety (…)`"
        )
    if "Found by" in fields and found is None:
        raise UsageError(f"{file}: expected `Found by: TEST at seed N`")
    return Mutant(
        file.stem,
        file,
        bug.strip(),
        fields["Paper"],
        tuple((breaks[1] or "").split(", ")) if breaks[1] else (),
        fields.get("Go suite", ""),
        (found[1], int(found[2])) if found else None,
        bool(found and found[3]),
        fields.get("Equivalent", ""),
        lab,
    )


def note_found_by(mutant: Mutant, test: str, seed: int, preempt: bool = False) -> None:
    """Write the run that finds a mutant into its docstring."""
    text = mutant.path.read_text(encoding="utf-8")
    line = f"Found by: {test} at seed {seed}{' with --preempt' * preempt}\n"
    if "\nFound by: " in text:
        text = re.sub(r"(?<=\n)Found by: .*\n", line, text, count=1)
    else:
        # The docstring ends at the second three quotes.
        end = text.index('"""', text.index('"""') + 3)
        text = text[:end] + line + text[end:]
    mutant.path.write_text(text, encoding="utf-8")
