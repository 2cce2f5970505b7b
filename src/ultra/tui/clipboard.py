"""Text to the clipboard of whoever sits before the terminal, also through tmux and ssh."""

import asyncio
from contextlib import suppress

from textual.app import App

from ultra.core.text import sanitise

_TIMEOUT_S = 2.0


async def copy(app: App[None], text: str, environ: dict[str, str]) -> str:
    """Copy the text; in words, what was done.

    Terminals take it by OSC 52, which says nothing back. tmux takes that from programs only where
    `set-clipboard` is `on`, and its usual setting is not: so it is handed to tmux as well, which
    keeps it as a buffer and passes it on. Source: tmux(1), `set-clipboard` and `load-buffer -w`.
    """
    safe = sanitise(text)
    app.copy_to_clipboard(safe)
    many = f"{len(safe):,} characters"
    if environ.get("TMUX") and await _to_tmux(safe, environ):
        return f"{many} to the clipboard and to tmux"
    return f"{many} to the clipboard"


async def _to_tmux(text: str, environ: dict[str, str]) -> bool:
    """Whether tmux took it; one that is older than 3.2, hangs or is not there takes nothing."""
    with suppress(OSError, TimeoutError):
        process = await asyncio.create_subprocess_exec(
            *("tmux", "load-buffer", "-w", "-"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=environ,
        )
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                await process.communicate(text.encode("utf-8", "replace"))
        finally:
            if process.returncode is None:
                process.kill()
        return process.returncode == 0
    return False
