"""Cutting, cleaning, listing and escaping text for people and for files.

Names, reasons and printed lines come from strangers and may hold anything: terminal
codes, a megabyte without a line break, halves of characters, marks that turn the text
around them. What shows or writes text uses these functions; they know nothing of
runs, grades or reports.
"""

import difflib
import os
import re
import shlex
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

REASON_MAX = 300
LINE_MAX = 400
EVIDENCE_MAX = 6_000
VALUE_MAX = 40
_VALUE_LOOKED_AT_MAX = 100_000
NAME_MAX = 100
LISTED_MAX = 5

_TERMINAL_CODE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, cursor
    r"|\x1b\][^\x07\x1b]{0,1000}(?:\x07|\x1b\\)"  # titles, links
    r"|\x1b[ -/]*[0-~]"
)
# Characters that show nothing (Unicode's Default_Ignorable_Code_Point), or that turn
# the direction of a text: with them, a text reads as another or hides a third. Those
# that join letters (U+200C and U+200D) and style emoji (U+FE0E and U+FE0F) stay.
_INVISIBLE = (
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# And what XML 1.0 has no place for: controls, halves of surrogate pairs.
_UNFIT = re.compile(
    rf"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff{_INVISIBLE}]"
)
# What the log of a CI job takes for a command of its own, wherever a job prints it:
# `::error::` at the beginning of a line, `##[error]` and `##vso[…]` anywhere.
_CI_COMMAND = re.compile(r"(?m)^([^\S\n]*:)(?=:)|(#)(?=#\w*\[)")
_BEGIN_FORMULAS = ("=", "+", "-", "\u2212", "@")
# As reports name a box, and as threads are called that run a handler for one.
_BOX = re.compile(r"(\bserver |(?:'|\bheld by )[\w.]+ from )(\d{1,6})\b")
_NUMBERS = re.compile(r"\d+(?:\.\d+)?(?:, \d+)*")


# Cleaning.


def clean(text: str) -> str:
    """Return text without what a page, a terminal or XML cannot hold, or CI obeys."""
    # Nearly all texts are plain, and a page has tens of thousands of them.
    if text.isascii() and text.isprintable() and not ("#" in text or "::" in text):
        return text
    text = _TERMINAL_CODE.sub("", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _UNFIT.sub("\ufffd", text)
    return _CI_COMMAND.sub(r"\1\2 ", text)


def encodable_text(text: str) -> str:
    """Return text that UTF-8, and so JSON, can hold: halves of characters are escaped."""
    return text.encode(errors="backslashreplace").decode()


def encodable(value: Any) -> Any:
    """Return plain data with what JSON cannot hold replaced by text that it can."""
    if isinstance(value, str):
        return encodable_text(value)
    if isinstance(value, int) and value.bit_length() > 63:
        return str(value)
    if isinstance(value, (list, tuple)):
        return [encodable(part) for part in value]
    if isinstance(value, dict):
        keys = [encodable_text(k) if isinstance(k, str) else repr(k) for k in value]
        return dict(zip(keys, map(encodable, value.values()), strict=True))
    return value


def readable_name(name: str) -> str:
    """Return a file's name as text that every report can hold.

    A name that is not UTF-8 is read as Latin-1, in which each byte is a letter.
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name).decode("latin-1")
    return name


def printable_name(name: str) -> str:
    """Return a name that can stand in a line of text and in a file's name."""
    name = _UNFIT.sub("_", name)
    printable = "".join(c if c.isprintable() and c not in "/\\" else "_" for c in name)
    return printable.strip()[:NAME_MAX] or "_"


# Cutting.


def cut(text: str, characters_max: int) -> str:
    """Return text, cut where it is too long."""
    return text if len(text) <= characters_max else text[:characters_max] + "…"


def one_line(text: str, characters_max: int = REASON_MAX) -> str:
    """Return clean text on one line, cut where it is too long."""
    # Cut first: a megabyte is not to be looked through for the sake of its head.
    return cut(" ".join(clean(text[: 4 * characters_max]).split()), characters_max)


def indented_below(text: str) -> str:
    """Return clean text whose lines stand further in below the first."""
    return clean(text).replace("\n", "\n  ")


def block(text: str, characters_max: int = EVIDENCE_MAX) -> str:
    """Return clean text with its lines, each of them and all together cut."""
    lines: list[str] = []
    left = characters_max
    for line in clean(text[: 4 * characters_max]).splitlines():
        shown = cut(line, LINE_MAX)
        if len(shown) > left:
            return "\n".join([*lines, "…"])
        lines.append(shown)
        left -= len(shown) + 1
    return "\n".join(lines) + ("\n…" if len(text) > 4 * characters_max else "")


def short(value: object) -> str:
    """Return a command or another value as Python writes it, with its length if cut."""
    if isinstance(value, (str, bytes)) and len(value) > _VALUE_LOOKED_AT_MAX:
        # Its length is known, and to write it all would take the memory.
        return f"{repr(value[:VALUE_MAX])[: VALUE_MAX - 10]}… ({len(value)} characters)"
    text = repr(value)
    if len(text) <= VALUE_MAX:
        return text
    return f"{text[: VALUE_MAX - 10]}… ({len(text)} characters)"


# Listing and counting.


def listed(names: Sequence[str], names_max: int = LISTED_MAX) -> str:
    """Return names for a message, and how many more there are."""
    left = len(names) - names_max
    return ", ".join(names[:names_max]) + (f" and {left} more" if left > 0 else "")


def counted(number: int, word: str) -> str:
    """Return a number with its word, as in "1 run" and "2 runs"."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def servers_named(servers: Sequence[int]) -> str:
    """Return servers with their word, as in "server 1" and "servers 0, 2"."""
    if not servers:
        return "no server"
    return f"server{'s' if servers[1:] else ''} {', '.join(map(str, servers))}"


def with_clients_named(text: str, servers: int) -> str:
    """Return a report of a box in which clients are no servers.

    To the world, clients are further boxes, numbered after the servers.
    """

    def name(match: re.Match[str]) -> str:
        client = int(match[2]) - servers
        if client < 0:
            return match[0]
        return f"{match[1].removesuffix('server ')}client {client}"

    return _BOX.sub(name, text)


def only(servers: Sequence[int], total: int) -> str:
    """Return which of all servers, which are too few, as a failure names them."""
    if not servers:
        return f"none of {total} servers"
    return f"only {len(servers)} of {total} servers, {servers_named(servers)},"


def is_or_are(servers: Sequence[int]) -> str:
    """Return the verb that agrees with `servers_named`."""
    return "are" if servers[1:] else "is"


# Comparing.


def kind_of(reason: str) -> str:
    """Return a reason without its numbers: reasons that differ in nothing else are one."""
    return _NUMBERS.sub("#", reason)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was perhaps meant, None if none is near."""
    return next(iter(difflib.get_close_matches(word, known, 1)), None)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the question whether a known word was meant, "" if none is near."""
    near = nearest(word, known)
    return f" (did you mean {near}?)" if near else ""


def unknown(word: str, known: Iterable[str]) -> str:
    """Return a word that is not known, the one that was perhaps meant, and all known."""
    known = list(known)
    return f"{word}{did_you_mean(word, known)}; there are {', '.join(known)}"


# Escaping.


def markdown_plain(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    text = " ".join(text.split())
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]#|~$])", r"\\\1", text)


def markdown_fenced(text: str) -> str:
    """Return text as a block of code, which nothing in it can end."""
    longest = max((len(found) for found in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def markdown_row(cells: Iterable[str]) -> str:
    """Return the row of a Markdown table; the cells may hold Markdown themselves."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def csv_cell(text: str, characters_max: int) -> str:
    """Return clean text that a spreadsheet reads as one cell, and not as a formula."""
    text = one_line(text, characters_max)
    # Wide and small forms of these characters, too, begin a formula.
    first = unicodedata.normalize("NFKC", text[:1])
    return "'" + text if first in _BEGIN_FORMULAS else text


# Commands that a person copies into sh, cmd or PowerShell. All three read double quotes;
# cmd does not know single ones, and a comma or an at sign means something to PowerShell.

# Where paths are written with it, no shell takes it for an escape.
_BACKSLASH = r"\\" if os.sep == "\\" else ""
_PLAIN_WORD = re.compile(rf"[\w+=:./{_BACKSLASH}-]+", re.ASCII)
# What a shell replaces even between double quotes.
_REPLACED = re.compile(r'["$`!%\n]' if _BACKSLASH else r'["$`!%\n\\]')


def quoted(word: str) -> str:
    """Return one word of a command."""
    if _PLAIN_WORD.fullmatch(word):
        return word
    # No quotes protect these in each of the shells: they are for the system's own.
    if _REPLACED.search(word) and not _BACKSLASH:
        return shlex.quote(word)
    return f'"{word}"'


def command_line(words: Iterable[str]) -> str:
    """Return a command, with quotes around the words that need them."""
    return " ".join(map(quoted, words))


def parse_duration(text: str) -> float:
    """Return the seconds of a duration such as "90s", "10m" or "8h".

    Raises:
        ValueError: it is not a positive duration.
    """
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    number, unit = text[:-1], text[-1:]
    if unit not in units:
        number, unit = text, "s"
    seconds = float(number) * units[unit]
    if not 0 < seconds < float("inf"):
        raise ValueError(text)
    return seconds
