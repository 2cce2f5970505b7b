"""Care of the log on a screen: what would go, what went, and what stays where it is."""

from ultra.core.care import Doomed, Found, Gone
from ultra.output.audit import local
from ultra.output.cache import size
from ultra.output.figures import count
from ultra.output.streams import Streams

_SLOT = "care"
_BAR = 24
_SHOWN_S = 1.0
"""How long a terminal may take to clear the line: one that was stopped takes for ever."""


class CareProgress:
    """How far a long work on the log is, as one line on a terminal; nothing elsewhere."""

    def __init__(self, streams: Streams, what: str) -> None:
        self._screen = None if streams.quiet else streams.err_screen
        self._what = what

    def show(self, part: float) -> None:
        """Draw the part that is done, 0 to 1."""
        if self._screen is not None:
            full = round(_BAR * min(1.0, part))
            bar = self._screen.style("━" * full, "green")
            rest = self._screen.style("━" * (_BAR - full), "dim")
            self._screen.show(_SLOT, [f"{bar}{rest} {self._what}"])

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._screen is not None:
            self._screen.drop(_SLOT)
            # What comes next is written past the screen, and would be cleared with the line.
            self._screen.writer.wait(_SHOWN_S)


def doomed_lines(doomed: Doomed) -> list[str]:
    """What would go and what would stay, a line each."""
    lines = [f"{_runs(doomed.runs)} with {_calls(doomed.calls)} and {size(doomed.size)} of words"]
    if doomed.oldest is not None and doomed.newest is not None:
        lines.append(f"begun between {local(doomed.oldest)} and {local(doomed.newest)}")
    if doomed.going_on:
        lines.append(f"{_runs(doomed.going_on)} of conversations that go on stay")
    if doomed.running:
        lines.append(f"{_runs(doomed.running)} under way {_stay(doomed.running)}")
    return lines


def gone_line(gone: Gone) -> str:
    """What went, and what became of the file."""
    what = f"{_runs(gone.runs)} with {_calls(gone.calls)} removed"
    if gone.figures:
        what += f", figures of {_calls(gone.figures)} too"
    if gone.freed:
        return f"{what}; the file is {size(gone.freed)} smaller"
    if gone.spare:
        return f"{what}; {size(gone.spare)} inside the file are free for what comes"
    return what


def left_lines(gone: Gone) -> list[str]:
    """Where words may still be, a line each."""
    lines = [f"`{copy}` is an older copy, which still holds the words" for copy in gone.copies]
    if gone.lingering:
        lines.append(
            "somebody is reading the log: words may stand in the file beside it until they are done"
        )
    return lines


def found_lines(found: Found) -> list[str]:
    """Where a pattern stands, and what of that is not changed."""
    lines = [f"{where:<15} {count(number)}" for where, number in found.places.items()]
    if found.runs:
        lines.append(f"in {_runs(found.runs)}")
    return lines


def kept_lines(found: Found) -> list[str]:
    """What holds a pattern and cannot be redacted, or may come to hold it."""
    lines = []
    if found.attachments:
        lines.append(
            f"{_several(found.attachments, 'attachment')} match too and cannot be redacted:"
            " delete the runs that were sent them"
        )
    if found.registrations:
        lines.append(
            f"{_several(found.registrations, 'registered experiment')} match too; what was"
            " registered is never changed"
        )
    if found.running:
        lines.append(
            f"{_runs(found.running)} under way may still write it: redact again when they are done"
        )
    if found.unused:
        lines.append(
            f"{_several(found.unused, 'page')} of the file still hold it in unused places:"
            ' `sqlite3 "$(ultra logs path)" VACUUM`, while no ultra runs, overwrites them'
        )
    return lines


def copied_line(target: str, amount: int) -> str:
    """That a copy is there."""
    return f"{size(amount)} copied to `{target}` and looked through"


def _several(number: int, one: str) -> str:
    return f"{count(number)} {one}{'' if number == 1 else 's'}"


def _runs(number: int) -> str:
    return _several(number, "run")


def _calls(number: int) -> str:
    return _several(number, "call")


def _stay(number: int) -> str:
    return "stays" if number == 1 else "stay"
