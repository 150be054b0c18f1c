"""Finding submissions that have much code in common: an indication, never a verdict.

By winnowing (Schleimer, Wilkerson and Aiken, SIGMOD 2003): every run of twenty tokens has
a hash, and of each few neighbours the least is kept. Names, numbers and text count for
nothing, so renaming changes nothing; what the course hands out, and what much of the class
has in common, is left out.
"""

import io
import keyword
import tokenize
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from labrpc.errors import LoadError
from labrpc.submission.source_tree import read_regular
from tester.intake.recognition import find_any

# The tokens of some three lines; shorter pieces are alike in all programs.
TOKENS = 20
WINDOW = 10
# A submission is looked at up to this size: a Raft has a tenth of it.
SOURCE_BYTES_MAX = 400_000
# What more submissions than this have in common is the course's, or the paper's.
COMMON_SHARE = 0.25
COMMON_MIN = 4
SHARE_MIN = 0.5
# Less code than this says nothing.
HASHES_MIN = 40
PAIRS_MAX = 50

_LAYOUT = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENCODING,
    tokenize.ENDMARKER,
}  # fmt: skip


@dataclass(frozen=True)
class SimilarPair:
    """Two submissions that have code in common.

    Attributes:
        one, other: their names.
        share: how much of the smaller one is in the other, from 0 to 1.
    """

    one: str
    other: str
    share: float


def similar_pairs(
    submissions: Mapping[str, Path], handed_out: Iterable[Path] = ()
) -> list[SimilarPair]:
    """Return the pairs with most code in common, the most similar first.

    Args:
        submissions: where each lies, by name; of identical ones only one.
        handed_out: code that all have been given.
    """
    known = {value for path in handed_out for value in code_hashes(path)}
    hashes = {name: code_hashes(path) - known for name, path in submissions.items()}
    counts = Counter(value for found in hashes.values() for value in found)
    common_min = max(COMMON_MIN, COMMON_SHARE * len(hashes))
    common = {value for value, count in counts.items() if count > common_min}
    own = {name: found - common for name, found in hashes.items()}
    pairs = [
        SimilarPair(one, other, share)
        for one, other in combinations(own, 2)
        if (share := _share(own[one], own[other])) >= SHARE_MIN
    ]
    return sorted(pairs, key=lambda pair: (-pair.share, pair.one, pair.other))[
        :PAIRS_MAX
    ]


def _share(one: set[int], other: set[int]) -> float:
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller >= HASHES_MIN else 0.0


def code_hashes(path: Path) -> set[int]:
    """Return the hashes that are kept of a submission's code; none if it has none."""
    try:
        files = find_any(path).files.values()
    except (LoadError, OSError, RuntimeError, ValueError):
        return set()
    found: set[int] = set()
    left_bytes = SOURCE_BYTES_MAX
    for file in sorted(file for file in files if file is not None):
        try:
            source = read_regular(file, left_bytes)
        except OSError:
            continue
        left_bytes -= len(source)
        found |= _winnowed(list(_tokens(source)))
    return found


def _tokens(source: bytes) -> Iterator[str]:
    """Yield what the tokens of a file are, without what they are called.

    Up to the first place at which it is no Python.
    """
    try:
        for token in tokenize.tokenize(io.BytesIO(source).readline):
            if token.type in _LAYOUT:
                continue
            if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
                yield "name"
            elif token.type == tokenize.OP or token.type == tokenize.NAME:
                yield token.string
            else:
                yield tokenize.tok_name[token.type]
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError):
        return


def _winnowed(tokens: list[str]) -> set[int]:
    """Return the least hash of each window of neighbouring runs of tokens."""
    hashes = [
        zlib.crc32(" ".join(tokens[at : at + TOKENS]).encode())
        for at in range(len(tokens) - TOKENS + 1)
    ]
    windows = range(max(len(hashes) - WINDOW + 1, min(len(hashes), 1)))
    return {min(hashes[at : at + WINDOW]) for at in windows}
