"""Filling in the templates of pages, safely.

In HTML everything is escaped; in Markdown, text that a submission can influence goes
through one of the filters.
"""

import contextlib
import hashlib
import re
import sys
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from jinja2.bccache import Bucket, FileSystemBytecodeCache
from markupsafe import Markup

from tester.scoring.grades import number
from tester.text import counted, listed, markdown_fenced, markdown_plain
from tester.versions import PYTHON


def page(template: str, **values: Any) -> bytes:
    """Return a template with its values filled in."""
    text = _environment().get_template(template).render(values)
    return text.encode()


def sentence(text: str) -> str:
    """Return words as a sentence: with a capital letter, unless a name in code is first."""
    end = "" if text.endswith((".", "?", "!")) else "."
    is_name = "_" in text.partition(" ")[0]
    return (text[:1] if is_name else text[:1].upper()) + text[1:] + end


def coded(text: str) -> Markup:
    """Return a line of Markdown as HTML: its code, and the words of its links."""
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else part
        for number, part in enumerate(parts)
    )


class _CompiledTemplates(FileSystemBytecodeCache):
    """Templates as byte-code, beside that of the lab's modules.

    To compile them takes a fifth of the time in which a small class is graded.
    """

    def __init__(self) -> None:
        super().__init__(str(Path(cache_from_source(__file__)).parent))

    def get_source_checksum(self, source: str) -> str:
        """Return a checksum of all that the byte-code depends on."""
        text = f"{jinja2.__version__}\0{Path(__file__).read_text()}\0{source}"
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read byte-code, where there is some."""
        with contextlib.suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep byte-code, where the lab lies in a folder that can be written."""
        with contextlib.suppress(OSError):
            Path(self.directory).mkdir(parents=True, exist_ok=True)
            super().dump_bytecode(bucket)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tester.reports"),
        bytecode_cache=None if sys.dont_write_bytecode else _CompiledTemplates(),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["python"] = PYTHON
    environment.globals["counted"] = counted
    environment.globals["listed"] = listed
    environment.filters["number"] = number
    environment.filters["coded"] = coded
    environment.filters["sentence"] = sentence
    environment.filters["plain"] = markdown_plain
    environment.filters["fenced"] = markdown_fenced
    return environment
