"""Hides what the standard library of Windows' Python does not have."""

import asyncio  # noqa: F401 - it has a half for Windows, which is not here
import faulthandler
import os
import select
import signal
import sys

for _module in ("resource", "fcntl", "pwd", "grp", "termios", "pty", "tty", "syslog"):
    sys.modules[_module] = None

_NAMES = {
    os: (
        "fork", "forkpty", "sched_getaffinity", "sched_setaffinity", "pidfd_open",
        "O_PATH", "sysconf", "geteuid", "getuid", "killpg", "setsid", "O_CLOEXEC",
        "O_NONBLOCK", "register_at_fork", "mkfifo", "statvfs",
    ),
    signal: (
        "setitimer", "getitimer", "ITIMER_PROF", "ITIMER_VIRTUAL", "ITIMER_REAL",
        "SIGKILL", "SIGPROF", "SIGVTALRM", "SIGALRM", "SIGSTOP", "SIGXCPU", "SIGUSR1",
        "pthread_sigmask", "SIGHUP", "SIGCHLD", "pidfd_send_signal", "sigwait",
    ),
    select: ("poll", "epoll"),
    faulthandler: ("register", "unregister"),
}  # fmt: skip
os.supports_dir_fd.clear()
for _module, _names in _NAMES.items():
    for _name in _names:
        if hasattr(_module, _name):
            delattr(_module, _name)
