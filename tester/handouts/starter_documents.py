"""The documents in a student's starter: those of the lab, as far as they concern it."""

import re
from collections.abc import Iterator

# What the starters of all labs have, and what only one of them has.
DOCUMENTS = (
    "docs/contract.md",
    "docs/debugging.md",
    "docs/search.md",
    "docs/symptoms.md",
    "docs/trace.md",
)
OWN_DOCUMENTS = {2: "docs/contract_bonus.md", 3: "docs/contract_kv.md"}

# A page beside this one, or a file elsewhere in the lab's repository.
_LINK = re.compile(r"\[([^\]]+)\]\((?!http)([^)#\s]+)(#[^)]*)?\)")
_PART = re.compile(r"### Part (\d)")
_ROW = re.compile(r"\| lab (\d): ")


def documents_of(lab: int) -> tuple[str, ...]:
    """Return the documents in the starter of a lab, by their place."""
    return *DOCUMENTS, OWN_DOCUMENTS[lab]


def text_for_starter(text: str, lab: int) -> str:
    """Return a document without the parts of other labs, and without dead links.

    Args:
        text: the document, in Markdown.
        lab: the number of the starter's lab.
    """
    there = {name.rpartition("/")[2] for name in documents_of(lab)}

    def without_dead(link: re.Match[str]) -> str:
        words, page, _ = link.groups()
        if page in there:
            return link[0]
        place = page.removeprefix("../") if "/" in page else f"docs/{page}"
        return f"`{place}` in the lab's repository" if words == page else words

    return _LINK.sub(without_dead, "".join(_of_lab(text, lab)))


def _of_lab(text: str, lab: int) -> Iterator[str]:
    """Yield the lines that are not about a part of another lab."""
    wanted = True
    for line in text.splitlines(keepends=True):
        if line.startswith("#"):
            part = _PART.match(line)
            wanted = part is None or int(part[1]) == lab
        row = _ROW.match(line)
        if wanted and (row is None or int(row[1]) == lab):
            yield line
