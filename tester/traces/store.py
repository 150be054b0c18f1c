"""The folder of traces, or of pictures: the oldest files make room for new ones."""

from contextlib import suppress
from pathlib import Path

TRACES_KEPT = 200


def make_room(folder: Path, pattern: str, files_max: int) -> None:
    """Remove the oldest files of a pattern until there is room for one more.

    What somebody else removes at the same time, as another worker does, is gone as well.
    """
    if not folder.is_dir():
        return
    found = list(folder.glob(pattern))
    if len(found) < files_max:
        return
    written: dict[Path, int] = {}
    for file in found:
        with suppress(OSError):
            written[file] = file.stat().st_mtime_ns
    for file in sorted(written, key=lambda file: (written[file], file.name)):
        if len(written) < files_max:
            return
        with suppress(OSError):
            file.unlink()
        del written[file]
