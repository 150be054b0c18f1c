"""The door to the lab's command line; `tester/cli` has the commands: see `--help`."""

import os
import sys

# Before anything else is imported: the current folder, or what PYTHONPATH names, may be
# a submission, and its modules must never run here. See labrpc.machine.lab_process.
_HERE = os.path.dirname(os.path.abspath(__file__))
_FOREIGN = {os.getcwd(), *os.environ.get("PYTHONPATH", "").split(os.pathsep)}
_FOREIGN = {os.path.realpath(folder) for folder in _FOREIGN} - {os.path.realpath(_HERE)}
sys.path[:] = [p for p in sys.path if os.path.realpath(p) not in _FOREIGN]

from tester.cli.main import main  # noqa: E402 - the path comes first

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
