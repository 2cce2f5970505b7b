"""Text that came from a model or a provider, made safe to show; and words that look alike."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # OSC DCS SOS
    r"|\x1b[ -/]*[0-~]"  # two-character and charset escapes
)
_OPEN = re.compile(
    r"(?:\x1b[ -/]*|(?:\x1b\[|\x9b)[0-?]*[ -/]*"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*\x1b?)\Z"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_HOLD_LIMIT = 4096


def sanitise(text: str) -> str:
    """The text without what a terminal obeys: ECMA-48 sequences, C0, C1; line feed and tab stay.

    CRLF becomes a line feed and a lone CR is dropped, so nothing can overwrite what was said.
    Source: ECMA-48 (5th ed.), sections 5.4 and 5.6.
    """
    if text.isascii() and text.isprintable():
        return text
    return _CONTROL.sub("", _SEQUENCE.sub("", text))


class Sanitiser:
    """`sanitise` for a stream: a sequence split over several pieces is still removed.

    At most 4096 characters of an unfinished sequence are held back; a longer one is dropped.
    """

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """What can be shown now."""
        if not self._held and text.isascii() and text.isprintable():
            return text
        text = self._held + text
        unfinished = _OPEN.search(text)
        self._held = ""
        if unfinished:
            self._held = text[unfinished.start() :]
            text = text[: unfinished.start()]
            if len(self._held) > _HOLD_LIMIT:
                self._held = self._held[:2]
        return sanitise(text)


def one_line(text: str, limit: int = 300) -> str:
    """The text on one line, safe to show, cut to `limit` characters with an ellipsis."""
    flat = " ".join(sanitise(text).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def nearest(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known names most like `word`, best first, none when nothing is close."""
    candidates = list(known)
    starts = [name for name in candidates if name.startswith(word)][:most] if word else []
    close = get_close_matches(word, candidates, n=most, cutoff=0.6)
    return list(dict.fromkeys(close + starts))[:most]


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint that names what was probably meant; None when nothing is close."""
    names = nearest(word, known)
    return "did you mean " + " or ".join(f"`{name}`" for name in names) + "?" if names else None
