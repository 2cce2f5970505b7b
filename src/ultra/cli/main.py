"""Runs one verb; how it ended becomes an exit code here and nowhere else."""

import errno
import os
import traceback
from collections.abc import Sequence
from importlib import import_module

import typer
from typer.main import get_command

from ultra.cli.exit_codes import INTERNAL, INTERRUPTED, OK, USAGE, code_of_error
from ultra.cli.route import route
from ultra.cli.verbs import VERBS, root_help
from ultra.core.errors import UltraError
from ultra.output.messages import Messages
from ultra.output.stdout import failed
from ultra.output.streams import Streams, flush_stdout
from ultra.runtime.action import Interrupted

_UNWRITABLE = frozenset({errno.ENOSPC, errno.EBADF, errno.EIO, errno.EFBIG, errno.EDQUOT})
"""What is left of an `OSError` that is none of ours: Typer could not print its help."""

_YES = ("1", "true", "t", "yes", "y", "on")
"""What a variable says to set a flag. Source: click."""


def main(argv: Sequence[str]) -> int:
    """Run a command line; the exit code. Expected errors are told without a traceback."""
    streams = Streams.system()
    try:
        if not argv and streams.stdin_is_tty:
            streams.write(root_help())
            return OK
        try:
            return _run(*route(argv))
        finally:
            flush_stdout()
    except Interrupted as stopped:
        return INTERRUPTED[stopped.cause]
    except KeyboardInterrupt:
        return INTERRUPTED["sigint"]
    except BrokenPipeError:
        return INTERRUPTED["broken_pipe"]
    except Exception as error:
        if "--debug" in argv or os.environ.get("ULTRA_DEBUG", "").lower() in _YES:
            streams.tell(traceback.format_exc())
        return _told(streams, error)


def unwritable(error: OSError) -> int:
    """Say that stdout cannot be written, unless its reader has left; the exit code."""
    if isinstance(error, BrokenPipeError):
        return INTERRUPTED["broken_pipe"]
    return _told(Streams.system(), failed(error))


def _told(streams: Streams, error: Exception) -> int:
    messages = Messages(streams)
    if isinstance(error, UltraError):
        messages.failure(error)
        return code_of_error(error)
    if isinstance(error, typer.TyperException):
        messages.error(error.format_message(), hint="`--help` shows how")
        return USAGE
    if isinstance(error, OSError) and error.errno in _UNWRITABLE:
        return unwritable(error)
    if isinstance(error, UnicodeEncodeError):  # what the shell passed as bytes of no encoding
        messages.error("the command line is not UTF-8 text", hint="which encoding was it typed in?")
        return USAGE
    messages.error(
        f"ultra itself failed: {type(error).__name__}: {error}",
        hint="`--debug` shows where; please report it",
    )
    return INTERNAL


def _run(verb: str, args: list[str]) -> int:
    app: typer.Typer = import_module(f"ultra.cli.{VERBS[verb].module}").app
    command = get_command(app)
    try:
        # Not `command.main`, which turns a broken pipe into a plain exit 1.
        with command.make_context(f"ultra {verb}", args) as context:
            code = command.invoke(context)
    except typer.Exit as done:
        return done.exit_code
    return code if isinstance(code, int) else OK
