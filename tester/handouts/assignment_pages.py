"""Writing the assignment's pages: Markdown and HTML, a pair for each part."""

from pathlib import Path

from tester.errors import UsageError
from tester.handouts.assignment import PartSheet
from tester.handouts.starter_repo import cannot_write, new_directory
from tester.reports.pages import page


def write_pages(directory: Path, sheets: list[PartSheet]) -> list[Path]:
    """Write the pages to a directory that is new or empty; return them.

    Raises:
        UsageError: the directory is not empty, or cannot be written.
    """
    new_directory(directory)
    if not sheets:
        raise UsageError("there is no part to write a page for")
    written = []
    names = [sheet.name for sheet in sheets]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for sheet in sheets:
            for suffix in ("md", "html"):
                file = directory / f"part_{sheet.name}.{suffix}"
                content = page(f"handout.{suffix}", sheet=sheet, names=names)
                file.write_bytes(content)
                written.append(file)
    except OSError as exc:
        raise cannot_write(directory, exc) from None
    return written
