"""What stands between text that somebody else wrote and a screen.

`ultra.core.text` removes what a terminal obeys. On a screen some more goes: marks that turn the
order of what is read (the Trojan Source attack), and characters without width, which make a line
longer or shorter than it was measured. Joiners stay: emoji and several scripts are spelt with them.
"""

import re

from ultra.core.text import Sanitiser, one_line, sanitise

_UNSEEN = re.compile("[\u200b\u2060-\u2064\ufeff\u202a-\u202e\u2066-\u2069]")
"""Zero-width characters, and explicit directional formatting. Source: UAX #9, section 2."""

_HALVES = re.compile("[\ud800-\udfff]")
"""Surrogates that stand alone: no character, and their escape is longer than it was measured."""

_IN_JSON = re.compile("[\x7f-\x9f\u200b\u2028-\u202e\u2060-\u2069\ufeff]")


def visible(text: str) -> str:
    """The text as a screen may show it: `sanitise`, and nothing that is unseen or reorders."""
    text = sanitise(text)
    if text.isascii():
        return text
    text = _HALVES.sub("\ufffd", text)
    return _UNSEEN.sub("", text.replace("\u2028", "\n").replace("\u2029", "\n"))


def cell(text: str, limit: int = 300) -> str:
    """The text on one line for a table or a status line, cut to `limit` characters."""
    return one_line(visible(text), limit)


class VisibleStream:
    """`visible` for text that comes in pieces: a sequence split over several is still removed."""

    def __init__(self) -> None:
        self._sanitiser = Sanitiser()

    def feed(self, text: str) -> str:
        """What can be shown now."""
        return visible(self._sanitiser.feed(text))


def safe_json(encoded: bytes) -> bytes:
    """JSON that means the same and holds no C1 control, DEL, zero-width or reordering character.

    JSON itself escapes only C0 (RFC 8259, section 7), and a terminal may obey the rest.
    """
    if encoded.isascii() and b"\x7f" not in encoded:
        return encoded
    text = _IN_JSON.sub(lambda found: f"\\u{ord(found.group()):04x}", encoded.decode())
    return text.encode()
