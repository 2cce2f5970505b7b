"""Tells of a crossing: by a command with the document on stdin, or by a webhook."""

import asyncio
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, as_completed
from contextlib import contextmanager
from tempfile import TemporaryFile
from types import FrameType
from typing import Any, NoReturn

import msgspec

from ultra.config.commands import Command, end_all
from ultra.config.sources import scrub_keys
from ultra.config.threads import in_background
from ultra.core.alerts import Crossing, Rule, wrong_webhook
from ultra.core.errors import ConfigError, UltraError
from ultra.core.model import Endpoint
from ultra.core.text import one_line, sanitise
from ultra.output.moments import iso
from ultra.runtime.action import Interrupted, Interruption
from ultra.runtime.runtime import Runtime

COMMAND_S, WEBHOOK_S = 10.0, 5.0
"""How long a command and a webhook may take: whoever waits has their answer already."""

_MOST_BYTES = 1 << 16

_ENDING: dict[signal.Signals, Interruption] = {
    signal.SIGTERM: "sigterm",
    signal.SIGHUP: "sighup",
}

SLACK_S = 1.0
"""How much longer a thread is waited for, whose own limit has the better message."""


def tell(
    runtime: Runtime, crossings: Sequence[Crossing], *, test: bool = False
) -> Iterator[tuple[Crossing, UltraError | None]]:
    """Tell of all of them at once; each as it is over, with why it could not be done, else None."""
    with _signals_raise():
        under_way = {
            in_background(_teller(runtime, one, document(runtime, one, test=test))): one
            for one in crossings
        }
        most_s = max(_limit_s(one.rule) for one in crossings) + SLACK_S
        try:
            for over in as_completed(under_way, most_s):
                yield under_way.pop(over), _outcome(over)
        except TimeoutError:
            for one in under_way.values():
                yield one, ConfigError("it took too long")


def document(runtime: Runtime, crossing: Crossing, *, test: bool = False) -> dict[str, Any]:
    """What is told: the rule, what it was met by, and when. No word of a prompt or an answer."""
    rule = crossing.rule
    return {
        "version": 1,
        "type": "alert",
        "test": test,
        "alert": rule.name,
        "measure": rule.measure,
        "rule": rule.words,
        "subject": crossing.subject,
        "text": f"ultra: {crossing.words} (alert `{rule.name}`)",
        "profile": runtime.profile.name,
        "environment": runtime.profile.environment,
        "since": iso(crossing.since),
    }


@contextmanager
def _signals_raise() -> Iterator[None]:
    """Let what ends a process there and then raise as Ctrl-C does, so that commands end with it.

    Only the main thread can; whoever handles the signal already, or ignores it, goes on doing so.
    """
    main = threading.current_thread() is threading.main_thread()
    causes = {number: cause for number, cause in _ENDING.items() if main}
    taken = [number for number in causes if signal.getsignal(number) is signal.SIG_DFL]

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        raise Interrupted(causes[signal.Signals(number)])

    for number in taken:
        signal.signal(number, stop)
    try:
        yield
    except KeyboardInterrupt:
        end_all()  # here and now: at exit a second signal would come before
        raise
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _limit_s(rule: Rule) -> float:
    return rule.timeout_s or (COMMAND_S if rule.command else WEBHOOK_S)


def _outcome(over: Future[None]) -> UltraError | None:
    try:
        over.result()
    except UltraError as error:
        return error
    return None


def _teller(runtime: Runtime, crossing: Crossing, told: dict[str, Any]) -> Any:
    rule, body = crossing.rule, msgspec.json.encode(told)

    def work() -> None:
        if rule.command:
            _run(rule, body + b"\n", runtime)
        else:
            asyncio.run(_post(rule, body, runtime))

    return work


def _run(rule: Rule, body: bytes, runtime: Runtime) -> None:
    """Run the command, no shell around it; it and what it began end with the time it has.

    Files stand in for pipes: one that leaves something running behind it has ended all the same.
    """
    name, limit_s = rule.command[0].rsplit("/", 1)[-1], _limit_s(rule)
    with TemporaryFile() as asked, TemporaryFile() as said:
        asked.write(body)
        asked.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own, from a trusted profile
                rule.command,
                env=dict(runtime.environ),
                stdin=asked,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise ConfigError(f"cannot run `{name}`: {why}") from error
        with Command(process, group=True) as under_way:
            try:
                code = process.wait(limit_s)
            except subprocess.TimeoutExpired as error:
                under_way.end()
                process.wait()
                raise ConfigError(f"`{name}` did not end within {limit_s:g} s") from error
        said.seek(0)
        told = said.read(_MOST_BYTES).decode(errors="replace")
    if code:
        shown = one_line(scrub_keys(sanitise(told)), 300) or "no message"
        raise ConfigError(f"`{name}` ended with {code}: {shown}")


async def _post(rule: Rule, body: bytes, runtime: Runtime) -> None:
    from ultra.providers.webhook import post  # httpx costs 60 ms

    url = rule.webhook
    if url.startswith("env:"):
        variable = url.removeprefix("env:").strip()
        url = runtime.environ.get(variable, "").strip()
        if not url:
            raise ConfigError(f"`{variable}`, which holds the webhook, is not set")
        wrong = wrong_webhook(url, local_only=runtime.profile.guardrails.local_only)
        if wrong:
            raise ConfigError(f"the webhook in `{variable}` {wrong}")
    await post(url, body, await _headers(rule, runtime), runtime.environ, _limit_s(rule))


async def _headers(rule: Rule, runtime: Runtime) -> dict[str, str]:
    if rule.key is None or rule.key.kind == "none":
        return {}
    endpoint = Endpoint(f"alert {rule.name}", "openai-chat", "", rule.key)
    secret = await runtime.keys.key(endpoint)
    if secret is None:
        return {}
    bearer = "Bearer " if rule.header.lower() == "authorization" else ""
    return {rule.header: bearer + secret.reveal()}
