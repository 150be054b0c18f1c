"""What a search, or a replay, reports: lines for a terminal and for a file."""

from collections.abc import Iterator

from labrpc.errors import SubmissionError
from tester.search.choice_text import choice_text, list_text, setting_lines
from tester.search.choices import ChoiceList, Setting
from tester.search.search import Outcome
from tester.text import counted, one_line, printable_name

# A longer list does not fit a screen; the file has it whole.
CHOICES_SHOWN_MAX = 60
FIRST_SHOWN, LAST_SHOWN = 20, 20


def outcome_lines(outcome: Outcome) -> Iterator[str]:
    """Yield the lines that say what was searched, and how a found run fails."""
    for explored in outcome.explored:
        yield (
            f"explored completely: {explored.servers} servers, {explored.budget}: "
            f"{counted(explored.states, 'state')}"
        )
    found, run = outcome.found, outcome.run
    if found is None or run is None:
        yield "no run breaks a property, as far as was searched"
        return
    if run.choices:
        yield f"found with {counted(len(run.choices), 'choice')}:"
    else:
        yield "found when the servers start, before any choice:"
    usual = setting_lines(Setting(clients=run.setting.clients))
    yield from (f"  {line}" for line in setting_lines(run.setting) if line not in usual)
    yield from _choice_lines([choice_text(choice) for choice in run.choices])
    yield from failure_lines(found.error)


def _choice_lines(choices: list[str]) -> Iterator[str]:
    """Yield the choices, of a long list the first and the last ones."""
    if len(choices) <= CHOICES_SHOWN_MAX:
        yield from (f"  {choice}" for choice in choices)
        return
    yield from (f"  {choice}" for choice in choices[:FIRST_SHOWN])
    yield f"  … {len(choices) - FIRST_SHOWN - LAST_SHOWN} more, which the file has …"
    yield from (f"  {choice}" for choice in choices[-LAST_SHOWN:])


def failure_lines(error: SubmissionError) -> Iterator[str]:
    """Yield how a run fails: the code, the headline, and what it rests on."""
    yield f"{error.code.name}: {error.headline}"
    for line in error.evidence.splitlines():
        yield f"  {line}"
    if error.facts:
        yield "  (times count choices, a millisecond each)"


def file_text(run: ChoiceList, submission: str, error: SubmissionError) -> str:
    """Return the text of a file with a run, which says how the run fails."""
    comments = (
        f"A run of {one_line(submission)} that fails:",
        f"{error.code.name}: {one_line(error.headline)}",
    )
    return list_text(run, comments)


def file_name(submission: str, error: SubmissionError) -> str:
    """Return the name of the file for a found run."""
    return f"{printable_name(submission)}-{error.code.name}.txt"
