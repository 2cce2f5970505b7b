"""Questions to whoever sits at the terminal: asked on stderr, answered on stdin."""

import getpass
from collections.abc import Sequence

from ultra.core.errors import UsageError
from ultra.output.safe import cell
from ultra.output.streams import Streams


def confirm(streams: Streams, question: str) -> bool:
    """Whether the user said yes. Enter, end of input and the absence of a terminal mean no."""
    if not streams.interactive:
        return False
    streams.tell(f"{cell(question)} [y/N] ")
    return streams.stdin.readline().strip().lower() in ("y", "yes")


def choose(streams: Streams, question: str, choices: Sequence[str]) -> str | None:
    """Which of some words the user typed, in any case; None for Enter and for end of input."""
    known = {choice.casefold(): choice for choice in choices}
    while True:
        streams.tell(f"{cell(question)} ")
        line = streams.stdin.readline()
        word = line.strip().casefold()
        if not word:
            streams.tell("" if line else "\n")
            return None
        if word in known:
            return known[word]


def secret(streams: Streams, question: str) -> str:
    """What the user typed without it being shown, or the first line of stdin when it is piped.

    Raises `UsageError` when that is empty.
    """
    answer = _typed(streams, question) if streams.stdin_is_tty else streams.stdin.readline()
    if not answer.strip():
        raise UsageError("nothing was given", hint="type it at the prompt, or pipe it to stdin")
    return answer.strip()


def _typed(streams: Streams, question: str) -> str:
    """What was typed unseen; Ctrl-D gives nothing, and nothing is left standing on the line."""
    try:
        return getpass.getpass(f"{cell(question)}: ", stream=streams.stderr)
    except EOFError:
        streams.tell("\n")
        return ""
    except KeyboardInterrupt:
        streams.tell("\n")
        raise
