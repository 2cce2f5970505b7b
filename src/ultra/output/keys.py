"""Single keys from a terminal, without Enter, while something else is drawn."""

import asyncio
import os
import termios
import tty
from types import TracebackType

from ultra.output.stdout import descriptor
from ultra.output.streams import Streams


class KeyPresses:
    """Waits for keys; the terminal is as it was once the block is left. Ctrl-C stays a signal.

    Without a terminal at stdin there are no keys, and they are waited for in vain.
    """

    def __init__(self, streams: Streams) -> None:
        self._fd = descriptor(streams.stdin) if streams.stdin_is_tty else None
        self._before: list[object] | None = None

    def __enter__(self) -> "KeyPresses":
        if self._fd is not None:
            self._before = list(termios.tcgetattr(self._fd))
            tty.setcbreak(self._fd, termios.TCSANOW)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._fd is not None and self._before is not None:
            termios.tcsetattr(self._fd, termios.TCSANOW, self._before)  # type: ignore[arg-type]

    async def pressed(self, key: str) -> None:
        """Return once the key was pressed, in lower or upper case, or the terminal is gone."""
        loop = asyncio.get_running_loop()
        came = asyncio.Event()
        if self._fd is None:
            await came.wait()
            return
        loop.add_reader(self._fd, came.set)
        try:
            while True:
                await came.wait()
                came.clear()
                typed = os.read(self._fd, 1024).decode(errors="replace").lower()
                if key in typed or not typed:
                    return
        finally:
            loop.remove_reader(self._fd)
