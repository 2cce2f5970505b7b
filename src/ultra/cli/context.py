"""What every verb starts from: the streams and the runtime."""

import io
import os
from pathlib import Path
from typing import TextIO

from ultra.core.errors import ConfigError
from ultra.output.messages import Messages
from ultra.output.streams import Streams
from ultra.runtime.runtime import Runtime


class Session:
    """One command under way."""

    def __init__(
        self,
        profile: str | None,
        *,
        quiet: bool = False,
        verbose: bool = False,
        key: str | None = None,
    ) -> None:
        self.streams = Streams.system(quiet=quiet, verbose=verbose)
        self.messages = Messages(self.streams)
        self.warn = self.messages.warn
        self.note = self.messages.note
        self.profile = profile
        self.runtime = Runtime(
            profile,
            environ=os.environ,
            cwd=_cwd(),
            warn=self.warn,
            key=key or None,
            key_input=self._asked() if key == "-" and self.streams.stdin_is_tty else None,
        )

    def _asked(self) -> TextIO:
        """A key that was asked for unseen: a terminal would show what is read from it."""
        from ultra.output.prompts import secret

        return io.StringIO(secret(self.streams, "key"))


def _cwd() -> Path:
    """Where we are; where the shell says we were when that was removed under us."""
    try:
        return Path.cwd()
    except OSError as error:
        said = Path(os.environ.get("PWD", ""))
        if said.is_absolute():
            return said
        raise ConfigError(
            "the working directory is gone", hint="`cd` to one that exists"
        ) from error
