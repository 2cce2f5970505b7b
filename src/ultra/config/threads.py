"""Blocking work on daemon threads of our own.

The default executor is joined at exit, so a keyring that waits for a password dialogue would hold
Ctrl-C; a daemon thread is simply left behind.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from ultra.core.errors import ConfigError

_Result = TypeVar("_Result")


def in_background(work: Callable[[], _Result]) -> Future[_Result]:
    """Start the work; the future cannot be cancelled, only no longer waited for."""
    future: Future[_Result] = Future()
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name="ultra-keys", daemon=True).start()
    return future


def within(timeout_s: float, work: Callable[[], _Result], what: str) -> _Result:
    """The result of the work. Raises `ConfigError` naming `what` when it takes too long."""
    try:
        return in_background(work).result(timeout_s)
    except TimeoutError as error:
        raise took_too_long(what, timeout_s) from error


def took_too_long(what: str, timeout_s: float) -> ConfigError:
    """The error for a source of keys that does not answer."""
    return ConfigError(
        f"{what} did not answer within {timeout_s:g} s",
        hint="it may be waiting for a password somewhere; an environment variable needs no waiting",
    )
