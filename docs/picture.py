"""Records real commands in a pseudo-terminal and draws what they left there: `make picture`.

The models are those of the shipped `development` profile, which are simulated: nothing is sent, and
every line that ultra prints about them says so. Home is a folder that is removed afterwards.
"""

import fcntl
import io
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.text import Text

COLUMNS, ROWS = 110, 50
TITLE = "ultra over simulated models: nothing is sent, nothing is spent"

COMMANDS = (
    'ultra compare -P development "How many bones does an adult human have?"',
    'ultra -P development --strategy first -m swift -m scholar "What is 17 * 23?"',
    "ultra logs -n 2",
)

_SEQUENCE = re.compile(
    r"\x1b\[(?:(?P<style>[0-9;]*)m|(?P<up>[0-9]+)A|(?P<line>2)K|(?P<below>)J|\?7[lh])"
)
"""What ultra sends to a terminal: styles, cursor up, erase line, erase below, autowrap."""


class Screen:
    """A terminal that keeps all it was shown, styles included, and forgets what was drawn over."""

    def __init__(self) -> None:
        self.lines = [""]
        self._row = 0

    def feed(self, output: str) -> None:
        """Obey a program's output. A line is drawn again from its beginning or not at all."""
        place = 0
        for found in _SEQUENCE.finditer(output):
            self._write(output[place : found.start()])
            place = found.end()
            if found["style"] is not None:
                self.lines[self._row] += found[0]
            elif found["up"]:
                self._row -= int(found["up"])
            elif found["line"]:
                self.lines[self._row] = ""
            elif found["below"] is not None:
                self.lines[self._row :] = [""]
        self._write(output[place:])

    def _write(self, text: str) -> None:
        first, *rest = text.replace("\r", "").split("\n")
        self.lines[self._row] += first
        for line in rest:
            self._row += 1
            if self._row == len(self.lines):
                self.lines.append("")
            self.lines[self._row] += line


def record(command: str, home: Path) -> str:
    """Everything that a command writes to a terminal of `COLUMNS`. Raises when it fails."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    words = [sys.executable, "-m", *shlex.split(command)]
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "ULTRA_HOME": str(home / "ultra")}
    process = subprocess.Popen(  # noqa: S603 - the commands above
        words,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=home,
        env={**environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"},
        start_new_session=True,
    )
    os.close(theirs)
    output = _read(ours)
    if process.wait() != 0:
        raise RuntimeError(f"`{command}` ended with {process.returncode}:\n{output}")
    return output


def _read(descriptor: int) -> str:
    chunks: list[bytes] = []
    while True:
        try:
            chunk = os.read(descriptor, 65536)
        except OSError:  # Linux reports EIO once the program has gone
            chunk = b""
        if not chunk:
            os.close(descriptor)
            return b"".join(chunks).decode()
        chunks.append(chunk)


def svg() -> str:
    """The picture of all commands, one after the other."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    with tempfile.TemporaryDirectory() as folder:
        for index, command in enumerate(COMMANDS):
            screen = Screen()
            screen.feed(record(command, Path(folder)))
            if index:
                console.print()
            console.print(Text.assemble(("$ ", "green"), (command, "bold")), soft_wrap=True)
            for line in "\n".join(screen.lines).rstrip("\n").split("\n"):
                console.print(Text.from_ansi(line))
    return console.export_svg(title=TITLE, unique_id="ultra")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(svg(), encoding="utf-8")
