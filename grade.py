"""The door to the lab's command line; `tester/cli` has the commands: see `--help`."""

import io
import os
import sys

# Before anything else is imported: the current folder, or what PYTHONPATH names, may be
# a submission, and its modules must never run here. See labrpc.machine.lab_process.
_HERE = os.path.dirname(os.path.abspath(__file__))
_FOREIGN = {os.getcwd(), *os.environ.get("PYTHONPATH", "").split(os.pathsep)}
_FOREIGN = {os.path.realpath(folder) for folder in _FOREIGN} - {os.path.realpath(_HERE)}
sys.path[:] = [p for p in sys.path if os.path.realpath(p) not in _FOREIGN]

INTERRUPTED = 130
# What the terminal can show, across a new start in UTF-8 mode.
_OUTPUT_ENCODING = "RAFT_LAB_OUTPUT_ENCODING"


def main(arguments: list[str] | None = None) -> int:
    """Run a command line, that of this process by default; return the exit status."""
    try:
        if arguments is None:
            _use_utf8()
        # Imported here, since Ctrl-C may come while modules are imported, too.
        from tester.cli.main import main as run

        return run(arguments)
    except KeyboardInterrupt:
        sys.stderr.write("raft-lab: interrupted\n")
        return INTERRUPTED


def _use_utf8() -> None:
    """Start Python again in its UTF-8 mode where the locale has no name for an umlaut.

    Folders and files have students' names, in all scripts. What is printed keeps to the
    terminal's letters.
    """
    encoding = os.environ.pop(_OUTPUT_ENCODING, "")
    if encoding:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(encoding=encoding, errors="backslashreplace")
    elif sys.getfilesystemencoding() != "utf-8":
        os.environ["PYTHONUTF8"] = "1"
        os.environ[_OUTPUT_ENCODING] = getattr(sys.stdout, "encoding", "ascii")
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
