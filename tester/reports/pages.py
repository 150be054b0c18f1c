"""Filling in the templates of pages, safely.

In HTML everything is escaped; in Markdown, text that a submission can influence goes
through one of the filters.
"""

import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
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


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tester.reports"),
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
