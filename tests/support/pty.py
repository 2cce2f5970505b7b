"""A process on a pseudo-terminal of its own: its streams, its signals, its line editing."""

import asyncio
import fcntl
import os
import pty
import signal
import struct
import sys
import termios
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from tests.support.patience import PATIENCE_S, until
from tests.support.process import Ultra, hear
from tests.support.terminal import MARK, Grid


class OnTerminal:
    """`ultra`, or a bash script with `$ultra` in it, at a terminal. Use it as an async context."""

    def __init__(
        self,
        ultra: Ultra,
        *args: str,
        columns: int = 80,
        environ: Mapping[str, str] | None = None,
        script: str | None = None,
    ) -> None:
        self._ultra, self.columns = ultra, columns
        self._argv = (sys.executable, "-m", "ultra", *args)
        if script is not None:
            self._argv = ("/bin/bash", "-c", f'ultra="{sys.executable} -m ultra"; {script}')
        self._environ = {**ultra.environ, "TERM": "xterm-256color", **(environ or {})}
        self._seen = bytearray()
        self._hung_up = False
        self._moved = asyncio.Event()

    async def __aenter__(self) -> "OnTerminal":
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, self.columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        os.set_blocking(self._master, False)
        asyncio.get_running_loop().add_reader(self._master, self._read)
        self._slave = slave
        self.process = await asyncio.create_subprocess_exec(
            *self._argv,
            env=self._environ,
            cwd=self._ultra.folder,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            preexec_fn=_own_terminal,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
            await self.process.wait()
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._slave)
        os.close(self._master)

    @property
    def text(self) -> str:
        """All that reached the terminal so far, sequences included."""
        return self._seen.replace(MARK, b"").decode(errors="replace")

    def type(self, text: str) -> None:
        """Press keys; `\\x03` is Ctrl-C, `\\x04` Ctrl-D, `\\r` Enter."""
        os.write(self._master, text.encode())

    async def until(self, words: str, *, times: int = 1) -> None:
        """Wait until the terminal has been sent these words so many times."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while self.text.count(words) < times:
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            raise AssertionError(f"{words!r} never came: {self.text[-2000:]!r}") from None

    async def waits(self) -> None:
        """Wait until it sleeps, as it does in the read that a prompt is followed by.

        A signal that comes between the two is seen by CPython only when a key was pressed.
        """
        about = Path(f"/proc/{self.process.pid}/stat")
        await until(lambda: about.read_text().rpartition(") ")[2].startswith("S"))

    async def ended(self) -> int:
        """Wait for the end of the process; its exit code."""
        async with asyncio.timeout(PATIENCE_S):
            code = await self.process.wait()
            with suppress(OSError):  # a kernel may hang the terminal up with its last session
                os.write(self._slave, MARK)
            while MARK not in self._seen and not self._hung_up:  # there is more to come before it
                self._moved.clear()
                await self._moved.wait()
        return code

    def grid(self) -> Grid:
        """What the screen shows; fails for a sequence that ultra may not send."""
        return Grid(self.columns).feed(self.text.replace("^C", ""))

    def settings(self) -> list[object]:
        """How the terminal is set now (termios)."""
        return list(termios.tcgetattr(self._slave))

    def _read(self) -> None:
        try:
            self._seen += os.read(self._master, 65536)
        except OSError:  # Linux reports EIO once the last slave is closed
            self._hung_up = True
        self._moved.set()


def _own_terminal() -> None:
    """Lead a session whose terminal stdin is, so that Ctrl-C and `/dev/tty` are its own."""
    os.setsid()
    hear()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
