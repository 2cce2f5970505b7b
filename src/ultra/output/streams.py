"""Where a command reads and writes, as one value: files, terminals, width, colour, loudness."""

import errno
import io
import os
import select
import sys
from collections.abc import Mapping
from functools import cached_property
from typing import Literal, TextIO

from ultra.output.screen import Screen
from ultra.output.stdout import StdoutWriter, descriptor, failed, write_all

Loudness = Literal["quiet", "normal", "verbose"]

_PATIENCE_S = 1.0
"""How long a message waits for a stderr that nobody reads before it is dropped."""

_ATOMIC = 4096
"""Bytes that a pipe reported writable takes without blocking. Source: POSIX PIPE_BUF on Linux."""


class Streams:
    """The surroundings of one command; tests fill it with files of their own.

    `colour_out` and `colour_err` say whether each may hold SGR sequences; a terminal that is
    `dumb` gets text only. `width` and `height` override what the terminal says.
    """

    def __init__(
        self,
        stdin: TextIO,
        stdout: TextIO,
        stderr: TextIO,
        *,
        environ: Mapping[str, str] | None = None,
        size: tuple[int, int] | None = None,
        loudness: Loudness = "normal",
    ) -> None:
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr
        self.loudness = loudness
        self._environ = os.environ if environ is None else environ
        self._size = size
        self._last: list[str] = []
        self.stdin_is_tty = _is_tty(stdin)
        self.stdout_is_tty = _is_tty(stdout)
        self.stderr_is_tty = _is_tty(stderr)
        self.dumb = self._environ.get("TERM", "") == "dumb"
        self.colour_out = self._colour(self.stdout_is_tty)
        self.colour_err = self._colour(self.stderr_is_tty)

    @classmethod
    def system(cls, *, quiet: bool = False, verbose: bool = False) -> "Streams":
        """The process's own. Call it before any file is opened.

        A standard descriptor that is closed is filled with one that cannot be written, so that no
        database is ever opened in its place and written over.
        """
        for fd in (0, 1, 2):
            try:
                os.fstat(fd)
            except OSError:
                os.open(os.devnull, os.O_RDONLY)
        for stream in (sys.stdout, sys.stderr):
            _say_anything(stream)
        sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
        return cls(
            sys.stdin or os.fdopen(0, closefd=False),
            sys.stdout,
            sys.stderr or os.fdopen(2, "w", closefd=False),
            loudness="quiet" if quiet else "verbose" if verbose else "normal",
        )

    @property
    def quiet(self) -> bool:
        """Whether only warnings and errors are told."""
        return self.loudness == "quiet"

    @property
    def verbose(self) -> bool:
        """Whether more is told than is needed."""
        return self.loudness == "verbose"

    @property
    def interactive(self) -> bool:
        """Whether somebody is there to be asked: stdin and stderr are both terminals."""
        return self.stdin_is_tty and self.stderr_is_tty

    @property
    def width(self) -> int:
        """Columns: of the terminal, else of `COLUMNS`, else 80."""
        return self.size()[0]

    @property
    def height(self) -> int:
        """Rows of the terminal, else 24."""
        return self.size()[1]

    def size(self) -> tuple[int, int]:
        """Columns and rows now; a window may change while something is drawn."""
        if self._size is not None:
            return self._size
        for file, tty in ((self.stdout, self.stdout_is_tty), (self.stderr, self.stderr_is_tty)):
            if tty:
                columns, rows = os.get_terminal_size(file.fileno())
                if columns > 0 and rows > 0:
                    return columns, rows
        columns_said = self._environ.get("COLUMNS", "")
        return int(columns_said) if columns_said.isdecimal() and int(columns_said) else 80, 24

    @cached_property
    def writer(self) -> StdoutWriter:
        """The writer of stdout."""
        return StdoutWriter(self.stdout)

    @cached_property
    def out_screen(self) -> Screen | None:
        """A screen over stdout; None when that is not a terminal that can be drawn on."""
        if not self.stdout_is_tty or self.dumb:
            return None
        return Screen(self.writer, size=self.size, colour=self.colour_out)

    @cached_property
    def err_screen(self) -> Screen | None:
        """A screen over stderr; the very one of stdout when both are the same terminal."""
        if not self.stderr_is_tty or self.dumb:
            return None
        if self.out_screen is not None and self._same_terminal():
            return self.out_screen
        return Screen(StdoutWriter(self.stderr), size=self.size, colour=self.colour_err)

    async def finish(self, timeout_s: float | None = None) -> bool:
        """Wait until all that was said is written: see `StdoutWriter.finish`."""
        if self.err_screen is not None and self.err_screen is not self.out_screen:
            await self.err_screen.writer.finish(timeout_s)
        return await self.writer.finish(timeout_s)

    def wait(self, timeout_s: float | None = None) -> bool:
        """`finish` for a caller without an event loop; a signal may interrupt it."""
        if self.err_screen is not None and self.err_screen is not self.out_screen:
            self.err_screen.writer.wait(timeout_s)
        return self.writer.wait(timeout_s)

    def tell_last(self, text: str) -> None:
        """Keep whole lines until `tell_kept`: what belongs below all that stdout gets."""
        self._last.append(text)

    def tell_kept(self) -> None:
        """Write what `tell_last` kept to stderr. Call it once stdout is written."""
        texts, self._last = self._last, []
        if texts:
            self.tell("".join(texts))

    def write(self, text: str) -> None:
        """Write to stdout and wait for it: for commands that only print.

        Raises `BrokenPipeError` when the reader has left and `OutputError` for all other reasons.
        """
        data = text.encode("utf-8", "backslashreplace")
        fd = descriptor(self.stdout)
        try:
            if fd is None:
                self.stdout.write(data.decode())
                self.stdout.flush()
            else:
                write_all(fd, data)
        except BrokenPipeError:
            raise
        except (OSError, ValueError) as error:
            reason = error if isinstance(error, OSError) else OSError(errno.EBADF, str(error))
            raise failed(reason) from error

    def tell(self, text: str) -> None:
        """Write whole lines to stderr, above anything that is being drawn. Never raises.

        A reader of stderr that does not read for a second misses what is said.
        """
        screen = self.err_screen
        if screen is not None and screen.busy:
            screen.print(text.rstrip("\n").split("\n"))
            return
        data = text.encode("utf-8", "backslashreplace")
        fd = descriptor(self.stderr)
        try:
            if fd is None:
                self.stderr.write(data.decode())
                self.stderr.flush()
            else:
                _write_patiently(fd, data)
        except (OSError, ValueError):
            return  # there is nowhere left to say it

    def _colour(self, tty: bool) -> bool:
        """Source: no-color.org (set and not empty wins) and force-color.org."""
        if self._environ.get("NO_COLOR"):
            return False
        return bool(self._environ.get("FORCE_COLOR")) or (tty and not self.dumb)

    def _same_terminal(self) -> bool:
        out, err = os.fstat(self.stdout.fileno()), os.fstat(self.stderr.fileno())
        return out.st_rdev == err.st_rdev


def flush_stdout() -> None:
    """Write what Python itself still holds of stdout, such as the help of a command.

    Raises `BrokenPipeError` when the reader has left and `OutputError` for all other reasons; what
    could not be written is dropped, since Python would fail over it once more at exit.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if isinstance(error, BrokenPipeError):
            raise
        raise failed(error) from error


def _is_tty(file: TextIO) -> bool:
    fd = descriptor(file)
    return fd is not None and os.isatty(fd)


def _say_anything(stream: TextIO | None) -> None:
    """Let a text file take every character, whatever the locale says."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _write_patiently(fd: int, data: bytes) -> None:
    for start in range(0, len(data), _ATOMIC):
        _, ready, _ = select.select([], [fd], [], _PATIENCE_S)
        if not ready:
            return
        write_all(fd, data[start : start + _ATOMIC])
