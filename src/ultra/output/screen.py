"""A terminal that can be drawn on: lines that stay, and below them lines that are redrawn.

The only sequences used are SGR, cursor up, erase line, erase below, and autowrap off and on around
a frame, so that no line ever takes two rows. A frame is one write. Nothing is left switched on
between frames: a process that is killed leaves an ordinary terminal.
"""

import io
import re
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ultra.output.stdout import StdoutWriter
from ultra.output.width import cell_width

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_SGR = re.compile(r"\x1b\[[0-9;]*m")
_STYLES = {"dim": "2", "bold": "1", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_BACKLOG = 32 * 1024
"""Bytes waiting for a slow terminal above which frames are skipped."""


class Screen:
    """One terminal. Lines given to it fit its width and are safe: see `ultra.output.safe`.

    What is redrawn has named slots, drawn in the order in which they first came.
    """

    def __init__(
        self, writer: StdoutWriter, *, size: Callable[[], tuple[int, int]], colour: bool
    ) -> None:
        self.writer = writer
        self.colour = colour
        self._size = size
        self._lock = threading.Lock()  # a warning may come from the thread of the log
        self._slots: dict[str, list[str]] = {}
        self._drawn: list[str] = []
        self._drawn_width = 0

    @property
    def width(self) -> int:
        """Columns now."""
        return self._size()[0]

    @property
    def height(self) -> int:
        """Rows now."""
        return self._size()[1]

    @property
    def busy(self) -> bool:
        """Whether something is being drawn or still on its way."""
        return bool(self._drawn) or self.writer.pending > 0

    def print(self, lines: Sequence[str]) -> None:
        """Write lines that stay, above those that are redrawn."""
        with self._lock:
            self._frame(lines)

    def show(self, slot: str, lines: Sequence[str], *, above: Sequence[str] = ()) -> None:
        """Redraw the lines of a slot, and write the lines `above` for good, in one frame.

        A frame that has nothing to keep is skipped while the terminal is behind.
        """
        with self._lock:
            self._slots[slot] = list(lines)
            behind = self.writer.pending > _BACKLOG
            if above or (not behind and self._visible() != self._drawn):
                self._frame(above)

    def drop(self, slot: str, *, above: Sequence[str] = ()) -> None:
        """Remove a slot's lines from the terminal, and write the lines `above` for good."""
        with self._lock:
            if self._slots.pop(slot, None) is not None or above:
                self._frame(above)

    def style(self, text: str, *names: str) -> str:
        """The text in a style, or as it is where colour is not wanted."""
        if not (self.colour and text):
            return text
        return f"\x1b[{';'.join(_STYLES[name] for name in names)}m{text}\x1b[0m"

    def render(self, renderable: "RenderableType", width: int) -> list[str]:
        """The lines that rich makes of something in so many columns, without blank ends."""
        console = self._console(width)
        with console.capture() as captured:
            console.print(renderable)
        lines = [line.rstrip(" ") for line in captured.get().split("\n")]
        blank = [not _SGR.sub("", line).strip() for line in lines]
        while blank and blank[-1]:
            blank.pop()
        return lines[next((i for i, is_blank in enumerate(blank) if not is_blank), 0) : len(blank)]

    def _console(self, width: int) -> "Console":
        from rich.console import Console  # noqa: PLC0415 - 40 ms that a pipe never pays

        return Console(
            file=io.StringIO(),
            width=width,
            height=self.height,
            force_terminal=True,
            force_jupyter=False,
            legacy_windows=False,
            no_color=not self.colour,
            color_system="auto" if self.colour else None,
            markup=False,
            emoji=False,
            highlight=False,
        )

    def _visible(self) -> list[str]:
        """What fits: the last rows, since the newest stand below."""
        lines = [line for slot in self._slots.values() for line in slot]
        return lines[-max(self.height - 1, 1) :]

    def _frame(self, lines: Sequence[str]) -> None:
        drawn, now = self._drawn, self._visible()
        if not drawn and not now:
            self.writer.write("".join(f"{line}\n" for line in lines))
            return
        parts = [f"\r\x1b[{self._rows(drawn)}A"] if drawn else []
        if lines:
            parts.extend(("\x1b[J", *(f"{line}\n" for line in lines)))
        parts.append("\x1b[?7l")
        parts.extend(f"\x1b[2K{line}\n" for line in now)
        parts.append("\x1b[J\x1b[?7h")
        self._drawn, self._drawn_width = now, self.width
        self.writer.write("".join(parts))

    def _rows(self, lines: Sequence[str]) -> int:
        """Rows that drawn lines take now: a window made narrower has wrapped them."""
        width, drawn = max(self.width, 1), self._drawn_width
        if width >= drawn:
            return len(lines)
        taken = (min(cell_width(_SGR.sub("", line)), drawn) for line in lines)
        return sum(max(1, -(-columns // width)) for columns in taken)
