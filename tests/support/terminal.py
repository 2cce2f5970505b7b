"""A real pseudo-terminal, and a screen that obeys no more than ultra is allowed to send."""

import fcntl
import os
import pty
import re
import struct
import termios
import threading
from typing import TextIO

from rich.cells import cell_len

from tests.support.patience import PATIENCE_S
from ultra.output.streams import Streams
from ultra.output.width import cell_width

ALLOWED = re.compile(
    r"\x1b\[(?:(?P<sgr>[0-9;]*)m|(?P<up>[0-9]+)A|(?P<line>2)K|(?P<below>)J|\?7(?P<wrap>[lh]))"
)
"""SGR, cursor up, erase line, erase below, autowrap: the sequences that may reach a terminal."""

MARK = b"\x00mark\x00"
"""What no program sends: written to find out whether all that was written before has come."""

FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Grid:
    """What a terminal of so many columns shows, with all that has scrolled away."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.rows: list[str] = [""]
        self._row = 0
        self._wrap = True
        self.wrapped = 0

    def feed(self, text: str) -> "Grid":
        place = 0
        while place < len(text):
            if text[place] == "\x1b":
                found = ALLOWED.match(text, place)
                assert found is not None, (
                    f"a sequence that is not allowed: {text[place : place + 30]!r}"
                )
                self._obey(found)
                place = found.end()
                continue
            self._put(text[place])
            place += 1
        return self

    def _obey(self, found: re.Match[str]) -> None:
        if found["up"]:
            assert int(found["up"]) <= self._row, "the cursor went above what was drawn"
            self._row -= int(found["up"])
        elif found["line"]:
            self.rows[self._row] = ""
        elif found["below"] is not None:
            del self.rows[self._row + 1 :]
            self.rows[self._row] = ""
        elif found["wrap"]:
            self._wrap = found["wrap"] == "h"

    def _put(self, char: str) -> None:
        assert not FORBIDDEN.match(char), f"a control reached the terminal: {char!r}"
        if char == "\r":
            return
        if char == "\n":
            self._line_feed()
            return
        row = self.rows[self._row] + char
        if min(cell_width(row), cell_len(row)) > self.columns:  # joined emoji: either is right
            if not self._wrap:
                return
            self.wrapped += 1
            self._line_feed()
        self.rows[self._row] += char

    def _line_feed(self) -> None:
        self._row += 1
        if self._row == len(self.rows):
            self.rows.append("")

    @property
    def text(self) -> str:
        return "\n".join(row.rstrip() for row in self.rows).rstrip("\n")


class Terminal:
    """A pseudo-terminal with a reader. Use it as a context."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self.columns, self.height = columns, rows
        self._master, self._slave = pty.openpty()
        self.resize(columns, rows)
        self._seen = bytearray()
        self._marks = 0
        self._open = True
        self._moved = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> "Terminal":
        self._reader.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._marked()
        os.close(self._slave)
        self._reader.join(PATIENCE_S)
        assert not self._reader.is_alive(), "it would read from whatever has its number next"
        os.close(self._master)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def file(self) -> TextIO:
        """The terminal as a file; the descriptor stays the terminal's own."""
        return os.fdopen(self._slave, "w", encoding="utf-8", closefd=False)

    def stdin(self) -> TextIO:
        return os.fdopen(self._slave, encoding="utf-8", closefd=False)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def streams(self, **more: object) -> Streams:
        """All three streams of one terminal."""
        environ = {"TERM": "xterm-256color", **more.pop("environ", {})}  # type: ignore[dict-item]
        return Streams(self.stdin(), self.file(), self.file(), environ=environ, **more)  # type: ignore[arg-type]

    def raw(self) -> str:
        """Everything that was written so far."""
        return self._marked().replace(MARK, b"").decode()

    def grid(self) -> Grid:
        return Grid(self.columns).feed(self.raw())

    def _marked(self) -> bytes:
        """All that has come up to a mark of our own: a terminal keeps the order it is written in.

        Being quiet for a moment would prove nothing: on a busy machine the reader, or the kernel's
        own thread between the two ends, may not have had its turn yet.
        """
        if self._open:
            self._marks += 1
            os.write(self._slave, MARK)
        with self._moved:
            came = self._moved.wait_for(
                lambda: not self._open or self._seen.count(MARK) >= self._marks, PATIENCE_S
            )
            assert came, "the terminal passes nothing on"
            return bytes(self._seen)

    def _read(self) -> None:
        try:
            while data := os.read(self._master, 65536):
                with self._moved:
                    self._seen += data
                    self._moved.notify_all()
        except OSError:  # Linux reports EIO once the last slave is closed
            pass
        with self._moved:
            self._open = False
            self._moved.notify_all()
