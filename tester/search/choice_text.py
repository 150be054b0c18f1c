"""Lists of choices as text files: written by the search, and by hand.

A choice a line, what holds throughout before them; `#` begins a comment:

    servers 3
    time-out 0
    deliver 0 -> 1 request_vote
    deliver 1 -> 0 reply request_vote, dies after 1
    lose 0 -> 2 request_vote #2
"""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn, cast
from urllib.parse import quote, unquote

import msgspec

from labrpc.world.events import PlaceKind
from tester.errors import UsageError
from tester.search.choices import (
    Choice,
    ChoiceList,
    Crash,
    Cut,
    Deliver,
    Duplicate,
    Expect,
    Get,
    Heal,
    Lose,
    MessageName,
    Preempt,
    Put,
    Recover,
    Resume,
    Setting,
    Snapshot,
    Stall,
    Start,
    TimeOut,
)
from tester.text import unknown

SERVERS_MAX = 9
CLIENTS_MAX = 20
# More is no list that anybody wrote, or that a search would keep.
FILE_BYTES_MAX = 1 << 20


def _by_verb(*kinds: type[Choice]) -> dict[str, type[Any]]:
    """Return kinds of choices by the word that begins their lines."""
    return {str(kind.__struct_config__.tag): kind for kind in kinds}


_OF_MESSAGES = _by_verb(Deliver, Lose, Duplicate)
_OF_SERVERS = _by_verb(TimeOut, Start, Crash, Cut, Heal, Stall, Resume)
_SETTINGS = {
    "servers": "servers",
    "snapshot-interval": "snapshot_interval",
    "persistence": "persistence",
    "slow-service": "slow_service",
    "preempt": "preempt",
    "elections-only": "elections_only",
    "mixed-commands": "mixed_commands",
    "clients": "clients",
    "max-raft-state": "max_raft_state",
}
_OF_SERVICES = ("clients", "max-raft-state")
_FLAGS = ("persistence", "slow-service", "preempt", "elections-only", "mixed-commands")
_RECOVER = "recover"
_OF_CLIENTS = _by_verb(Get, Put)
_EXPECT, _SNAPSHOT, _PREEMPT = "expect", "snapshot", "preempt-thread"
VERBS = (
    *_OF_MESSAGES, *_OF_SERVERS, _SNAPSHOT, _PREEMPT, *_OF_CLIENTS, _RECOVER, _EXPECT,
)  # fmt: skip
_OF_STEPS = ("deliver", "time-out", "start", _SNAPSHOT)

_DEATH = re.compile(r",\s*dies\s+after\s+([0-9]{1,4})$")
_EXPECTED = re.compile(
    r"([0-9]{1,4})(?:, term ([0-9]{1,4}))?(?:, (leads|does not lead))?"
    r"(?:, applied ([0-9]{1,4}))?"
)
_RECOVERING = re.compile(r"(idle)? ?(?:without ([0-9]{1,4}(?:, *[0-9]{1,4})*))?")
_UP_TO = re.compile(r"([0-9]{1,4}) up to ([0-9]{1,4})")
_PLACE = re.compile(
    r"([0-9]{1,4}) at (lock|begin|statement) ([0-9]{1,4})(?:, for ([0-9]{1,2}) steps)?"
)
_OPERATION = re.compile(r"([0-9]{1,4}) +([^\s,]+)(?:, version ([0-9]{1,4}))?")
_WITH_REPLY = re.compile(r"\s+and\s+its\s+reply$")
_COMMENT = re.compile(r"(^|\s)#(?![0-9]).*")
_MESSAGE = re.compile(
    r"([0-9]{1,4})\s*->\s*([0-9]{1,4})\s+(reply\s+)?([^\s#,]+)(?:\s+#([0-9]{1,4}))?"
)
_MESSAGE_FORM = "FROM -> TO [reply] METHOD [#N]"


# Writing.


def choice_text(choice: Choice) -> str:
    """Return a choice as a line of a file."""
    verb = str(choice.__struct_config__.tag)
    if isinstance(choice, Recover):
        text = f"{verb} idle" if choice.idle else verb
        without = ", ".join(map(str, choice.without))
        return f"{text} without {without}" if without else text
    if isinstance(choice, Expect):
        return _expected_text(choice)
    if isinstance(choice, Get | Put):
        return _operation_text(verb, choice)
    if isinstance(choice, Deliver | Lose | Duplicate):
        text = f"{verb} {_message_text(choice.message)}"
    elif isinstance(choice, Snapshot):
        text = f"{verb} {choice.server} up to {choice.index}"
    elif isinstance(choice, Preempt):
        text = f"{verb} {choice.server} at {choice.place} {choice.nth}"
        text += f", for {choice.steps} steps" if choice.steps != 1 else ""
    else:
        text = f"{verb} {choice.server}"
    if isinstance(choice, Deliver) and choice.with_reply:
        return f"{text} and its reply"
    dies_after = getattr(choice, "dies_after", None)
    return text if dies_after is None else f"{text}, dies after {dies_after}"


def _operation_text(verb: str, choice: Get | Put) -> str:
    text = f"{verb} {choice.client} {quote(choice.key, safe='')}"
    version = choice.version if isinstance(choice, Put) else None
    return text if version is None else f"{text}, version {version}"


def _expected_text(choice: Expect) -> str:
    words = [f"expect {choice.server}"]
    if choice.term is not None:
        words.append(f"term {choice.term}")
    if choice.leads is not None:
        words.append("leads" if choice.leads else "does not lead")
    if choice.applied is not None:
        words.append(f"applied {choice.applied}")
    return ", ".join(words)


def _message_text(message: MessageName) -> str:
    reply = "reply " if message.reply else ""
    nth = f" #{message.nth}" if message.nth > 1 else ""
    method = quote(message.method, safe="")
    return f"{message.src} -> {message.dst} {reply}{method}{nth}"


def setting_lines(setting: Setting) -> list[str]:
    """Return the lines of a list that say what holds throughout."""
    return [
        f"{name} {int(getattr(setting, field))}"
        for name, field in _SETTINGS.items()
        if setting.clients or name not in _OF_SERVICES
    ]


def list_text(run: ChoiceList, comments: Iterable[str] = ()) -> str:
    """Return a list of choices as the text of a file, with comments at its top."""
    lines = [*(f"# {comment}" for comment in comments), *setting_lines(run.setting)]
    return "\n".join([*lines, *map(choice_text, run.choices), ""])


# Reading.


def read_choices(file: Path) -> ChoiceList:
    """Return the list of choices in a file.

    Raises:
        UsageError: it cannot be read, or a line of it is wrong.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(FILE_BYTES_MAX + 1)
    except OSError as exc:
        raise UsageError(f"{file} cannot be read: {exc.strerror}") from None
    if len(data) > FILE_BYTES_MAX:
        raise UsageError(
            f"{file} is no list of choices: it has more than {FILE_BYTES_MAX >> 10} KB"
        )
    return parse_choices(data.decode(errors="replace"), str(file))


def parse_choices(text: str, file: str) -> ChoiceList:
    """Return the list of choices that a text holds.

    Args:
        text: of a file.
        file: its name, for messages.

    Raises:
        UsageError: a line of it is wrong.
    """
    setting, choices = Setting(), list[Choice]()
    for number, line in _lines(text):

        def wrong(what: str, number: int = number, line: str = line) -> NoReturn:
            raise UsageError(f"{file}, line {number}: {line!r}: {what}")

        verb, _, rest = line.partition(" ")
        if verb in _SETTINGS:
            if choices:
                wrong(f"`{verb}` holds throughout: put it before the first choice")
            setting = _with_setting(setting, verb, rest.strip(), wrong)
        else:
            choices.append(_parse_choice(verb, rest.strip(), wrong))
            _check_numbers(choices[-1], setting, wrong)
    return ChoiceList(setting, tuple(choices))


_Wrong = Callable[[str], NoReturn]
"""Raises UsageError about a line: what is wrong, and what to write instead."""


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not empty, numbered, without comments."""
    for number, line in enumerate(text.splitlines(), start=1):
        line = _COMMENT.sub("", line).strip()
        if line:
            yield number, line


def _with_setting(setting: Setting, verb: str, rest: str, wrong: _Wrong) -> Setting:
    limits = {"servers": (1, SERVERS_MAX), "clients": (0, CLIENTS_MAX)}
    limits |= dict.fromkeys(_FLAGS, (0, 1))
    least, most = limits.get(verb, (0, 1000))
    number = int(rest) if re.fullmatch(r"[0-9]{1,4}", rest) else -1
    if not least <= number <= most:
        wrong(f"write `{verb} N`, with a number from {least} to {most}")
    value = bool(number) if verb in _FLAGS else number
    return msgspec.structs.replace(setting, **{_SETTINGS[verb]: value})


def _parse_choice(verb: str, rest: str, wrong: _Wrong) -> Choice:
    details: dict[str, Any] = {}
    death = _DEATH.search(rest)
    if death is not None:
        details["dies_after"] = int(death[1])
        rest = rest[: death.start()].rstrip()
        if verb not in _OF_STEPS:
            wrong(
                "only `deliver`, `time-out`, `start` and `snapshot` let a server die in "
                "a step"
            )
    choice: Choice
    if verb in _OF_MESSAGES:
        choice = _parse_message_choice(verb, rest, details, wrong)
    elif verb in _OF_SERVERS:
        if not re.fullmatch(r"[0-9]{1,4}", rest):
            wrong(f"write `{verb} SERVER`, as in `{verb} 0`")
        choice = _OF_SERVERS[verb](int(rest), **details)
    elif verb == _SNAPSHOT:
        up_to = _UP_TO.fullmatch(rest)
        if up_to is None:
            wrong(f"write `{verb} SERVER up to INDEX`, as in `{verb} 0 up to 3`")
        choice = Snapshot(int(up_to[1]), int(up_to[2]), **details)
    elif verb == _PREEMPT:
        choice = _parse_preempt(verb, rest, wrong)
    elif verb in _OF_CLIENTS:
        choice = _parse_operation(verb, rest, wrong)
    elif verb == _EXPECT:
        expected = _EXPECTED.fullmatch(rest)
        if expected is None:
            wrong("write `expect SERVER, term N, leads, applied N`, or a part of it")
        server, term, leads, applied = expected.groups()
        choice = Expect(
            int(server),
            None if term is None else int(term),
            None if leads is None else leads == "leads",
            None if applied is None else int(applied),
        )
    elif verb == _RECOVER:
        found = _RECOVERING.fullmatch(rest)
        if found is None:
            wrong(
                f"write `{verb}`, `{verb} idle`, or either with `without SERVER, SERVER`"
            )
        cut = found[2].split(",") if found[2] else []
        choice = Recover(tuple(sorted(set(map(int, cut)))), bool(found[1]))
    else:
        wrong(f"there is no {unknown(repr(verb), [*VERBS, *_SETTINGS])}")
    return choice


def _parse_message_choice(
    verb: str, rest: str, details: dict[str, Any], wrong: _Wrong
) -> Choice:
    with_reply = _WITH_REPLY.search(rest) if verb == "deliver" else None
    if with_reply is not None:
        if details:
            wrong("a server that dies sends no reply: leave out `and its reply`")
        details = {"with_reply": True}
        rest = rest[: with_reply.start()]
    found = _MESSAGE.fullmatch(rest)
    if found is None:
        wrong(f"write `{verb} {_MESSAGE_FORM}`, as in `{verb} 0 -> 1 request_vote`")
    src, dst, reply, method, nth = found.groups()
    message = MessageName(
        int(src), int(dst), unquote(method), reply is not None, int(nth or 1)
    )
    if not message.nth:
        wrong("messages of a kind are counted from #1 on")
    if message.reply and with_reply is not None:
        wrong("a reply has none: leave out `and its reply`")
    choice: Choice = _OF_MESSAGES[verb](message, **details)
    return choice


def _parse_preempt(verb: str, rest: str, wrong: _Wrong) -> Choice:
    found = _PLACE.fullmatch(rest)
    nth, steps = (int(found[3]), int(found[4] or 1)) if found else (0, 0)
    if found is None or not nth or not steps:
        wrong(
            f"write `{verb} SERVER at lock N`, `at begin N` or `at statement N`, and "
            "`, for N steps` behind it if the thread is to stay away for more than one"
        )
    place = cast("PlaceKind", found[2])
    return Preempt(int(found[1]), nth, place, steps)


def _parse_operation(verb: str, rest: str, wrong: _Wrong) -> Choice:
    found = _OPERATION.fullmatch(rest)
    if found is None or (found[3] and verb == "get"):
        version = ", version N" if verb == "put" else ""
        wrong(f"write `{verb} CLIENT KEY{version}`, as in `{verb} 3 k`")
    client, key = int(found[1]), unquote(found[2])
    if verb == "get":
        return Get(client, key)
    return Put(client, key, int(found[3]) if found[3] else None)


def _check_numbers(choice: Choice, setting: Setting, wrong: _Wrong) -> None:
    servers = clients = list[int]()
    if isinstance(choice, Deliver | Lose | Duplicate):
        either = [choice.message.src, choice.message.dst]
    else:
        either = [choice.server] if isinstance(choice, TimeOut | Preempt) else []
    if isinstance(choice, Get | Put):
        clients = [choice.client]
    elif isinstance(choice, Recover):
        servers = [*choice.without]
        if choice.idle and setting.clients:
            wrong("where there are clients, they go on: write `recover`")
        if servers and (setting.clients or 2 * len(servers) >= setting.servers):
            wrong(
                "only a minority can be left out, and only where there are no clients"
            )
    elif not either:
        servers = [choice.server]  # type: ignore[union-attr]
    for number in [*servers, *either]:
        limit = setting.servers if number in servers else setting.boxes
        if number >= limit:
            wrong(
                f"there is no server {number}: the servers are 0 to "
                f"{setting.servers - 1}, unless a line `servers N` comes before the "
                "first choice"
            )
    for number in clients:
        if not setting.servers <= number < setting.boxes:
            wrong(
                f"there is no client {number}: clients are numbered after the "
                f"{setting.servers} servers, and a line `clients N` before the first "
                "choice says how many there are"
            )
