"""The one writer of stdout: a bounded buffer and a thread of its own.

A reader that is slow slows its own answer, one that leaves ends the run in silence, and one that
does not read at all never keeps Ctrl-C waiting: whatever blocks, blocks a daemon thread.
"""

import asyncio
import errno
import io
import os
import queue
import select
import stat
import threading
from collections.abc import Callable
from functools import partial
from typing import TextIO

from ultra.core.errors import OutputError

MARK = 256 * 1024
"""Bytes that may wait before the answer is asked to wait too: four times a Linux pipe."""

_PIECE = 16 * 1024
"""Bytes of one write: small enough that a slow reader is seen to make progress."""

LEFT_S = 0.5
"""How long an answer may go on without its reader: what ends by then is complete, and its usage is
known; closing the provider's stream takes its share of the second that is promised."""

_GONE = frozenset({errno.EPIPE, errno.ECONNRESET, errno.ESHUTDOWN})


class StdoutWriter:
    """Writes text to a file descriptor, or to a file object that has none, in order.

    `write` may be called from any thread. `on_broken` is called once when the
    reader has left, on the event loop where there is one; what is written after that is lost. The
    reader of a pipe is seen to leave while nothing is written as well, once something was.
    """

    def __init__(
        self,
        target: int | TextIO,
        *,
        mark: int = MARK,
        on_broken: Callable[[], None] | None = None,
    ) -> None:
        self._fd, self._file = _opened(target)
        self._mark = mark
        self.on_broken = on_broken
        self.broken = False
        self.error: OSError | None = None
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._queued = 0
        self._written = 0
        self._moved = threading.Condition()
        self._waiters: list[tuple[int, asyncio.AbstractEventLoop, asyncio.Future[None]]] = []
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watched: int | None = None
        self._leaving: asyncio.TimerHandle | None = None

    @property
    def pending(self) -> int:
        """Bytes that were taken and are not yet written."""
        return self._queued - self._written

    @property
    def dead(self) -> bool:
        """Whether nothing more can be written."""
        return self.broken or self.error is not None

    def write(self, text: str) -> None:
        """Take text to be written. Never blocks; a lone surrogate is written as its escape."""
        self.write_bytes(text.encode("utf-8", "backslashreplace"))

    def write_bytes(self, data: bytes) -> None:
        """Take bytes to be written. Never blocks."""
        if not data or self.dead:
            return
        with self._moved:
            if self._thread is None:
                self._start()
            self._queued += len(data)
            self._queue.put(data)

    async def drained(self) -> None:
        """Return once no more than the mark is waiting, or nothing can be written any more."""
        if self.pending > self._mark:
            await self._below(self._mark)

    async def finish(self, timeout_s: float | None = None) -> bool:
        """Wait until all is written; false when that took too long or the reader left.

        None waits as long as the reader takes. Raises `OutputError` when writing failed for any
        other reason, such as a full disk.
        """
        try:
            await asyncio.wait_for(self._below(0), timeout_s)
        except TimeoutError:
            return False
        return self._end()

    def wait(self, timeout_s: float | None = None) -> bool:
        """`finish` for a caller without an event loop; a signal may interrupt it."""
        with self._moved:
            if not self._moved.wait_for(lambda: self.pending == 0, timeout_s):
                return False
        return self._end()

    def _end(self) -> bool:
        self._unwatch()
        if self._thread is not None:
            self._queue.put(None)
            self._thread = None
        if self.error is not None:
            raise failed(self.error) from self.error
        return not self.broken

    def _start(self) -> None:
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None
        self._thread = threading.Thread(target=self._run, name="ultra-stdout", daemon=True)
        self._thread.start()
        if self._loop is not None and self._fd is not None and _is_pipe(self._fd):
            self._loop.add_reader(self._fd, self._stirred, self._loop, self._fd)
            self._watched = self._fd

    def _stirred(self, loop: asyncio.AbstractEventLoop, fd: int) -> None:
        """Take note of a reader that left; a pipe that can be read as well stirs without that."""
        self._unwatch()
        if _has_no_reader(fd) and not self.dead:
            self._leaving = loop.call_later(LEFT_S, self._failed, BrokenPipeError(errno.EPIPE, ""))

    def _unwatch(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
        fd, self._watched = self._watched, None
        if fd is not None and self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(fd)

    async def _below(self, mark: int) -> None:
        if self.pending <= mark:
            return
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        with self._moved:
            self._waiters.append((mark, loop, waiter))
        self._wake()
        await waiter

    def _wake(self) -> None:
        with self._moved:
            self._moved.notify_all()
            ready = [entry for entry in self._waiters if self.pending <= entry[0]]
            self._waiters = [entry for entry in self._waiters if entry not in ready]
        for _, loop, waiter in ready:
            _call(loop, partial(_release, waiter))

    def _run(self) -> None:
        last = False
        while not last:
            pieces, last = self._take()
            data = b"".join(pieces)
            step = _PIECE if self._fd is not None else max(len(data), 1)
            for start in range(0, len(data), step):
                piece = data[start : start + step]
                self._put(piece)
                self._written += len(piece)
                self._wake()

    def _take(self) -> tuple[list[bytes], bool]:
        """What waits, once something does; and whether it was the last."""
        pieces: list[bytes] = []
        piece = self._queue.get()
        while piece is not None:
            pieces.append(piece)
            if self._queue.empty():
                return pieces, False
            piece = self._queue.get()
        return pieces, True

    def _put(self, data: bytes) -> None:
        if self.dead:
            return
        try:
            if self._fd is not None:
                write_all(self._fd, data)
            elif self._file is not None:
                self._file.write(data.decode("utf-8", "replace"))
                self._file.flush()
        except (OSError, ValueError) as error:
            self._failed(error)

    def _failed(self, error: OSError | ValueError) -> None:
        if not isinstance(error, OSError):  # a file object that was closed under us
            self.error = OSError(errno.EBADF, str(error))
        elif error.errno not in _GONE:
            self.error = error
        elif self._breaks() and self.on_broken is not None:
            _call(self._loop, self.on_broken)

    def _breaks(self) -> bool:
        """Whether it is the first to say so: the thread may learn it while the loop waits."""
        with self._moved:
            first, self.broken = not self.broken, True
        return first


def write_all(fd: int, data: bytes) -> None:
    """Write every byte, also to a descriptor that somebody else made non-blocking."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:
            select.select([], [fd], [])


def failed(error: OSError) -> OutputError:
    """The error of an output that cannot be written, with what the system says."""
    return OutputError(
        f"cannot write the output: {error.strerror or error}",
        hint="is the disk full? `ultra logs -r` shows the answer again",
    )


def descriptor(file: TextIO) -> int | None:
    """The file's descriptor; None for one in memory and for one that is closed."""
    try:
        return file.fileno()
    except (OSError, ValueError, io.UnsupportedOperation):
        return None


def _is_pipe(fd: int) -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(fd).st_mode)
    except OSError:  # closed before the start (`>&-`): writing tells
        return False


def _has_no_reader(fd: int) -> bool:
    """Whether a pipe's other end is closed. Source: poll(2), POLLERR on the write end."""
    poller = select.poll()
    poller.register(fd, 0)
    return bool(poller.poll(0))


def _opened(target: int | TextIO) -> tuple[int | None, TextIO | None]:
    if isinstance(target, int):
        return target, None
    fd = descriptor(target)
    return fd, target if fd is None else None


def _release(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _call(loop: asyncio.AbstractEventLoop | None, what: Callable[[], object]) -> None:
    """Call on the loop, or here when there is none or it has ended."""
    if loop is None:
        what()
        return
    try:
        loop.call_soon_threadsafe(what)
    except RuntimeError:  # the loop is closed: nobody waits any more
        return
