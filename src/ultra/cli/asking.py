"""What `ask`, `compare` and `chat` share: reading what was typed and piped, making one run."""

import math
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from ultra.cli.context import Session
from ultra.core.answer import Answer
from ultra.core.errors import GATES, ErrorClass, Failure, UsageError
from ultra.core.ports import Outcome, Sink
from ultra.core.refusals import span
from ultra.core.request import Media, Message
from ultra.output.figures import differing_costs
from ultra.output.messages import Messages
from ultra.output.sinks import OutputSink
from ultra.output.streams import Streams
from ultra.runtime.action import Action, RunResult
from ultra.runtime.loop import Interrupt
from ultra.runtime.materials import (
    LARGEST_BYTES,
    Quoted,
    attachment,
    decoded,
    is_url,
    read_bytes,
    text_or_file,
)
from ultra.runtime.methods import Wish
from ultra.runtime.prompting import Ask, sampling_of, schema_of

SILENT_S = 1.0
"""How long a pipe may stay silent before that is said."""

READER_S = 0.1
"""How long a run that was interrupted waits for whoever reads its answer."""

MOST_NAMED = 3
"""Of more models than these a line says how many they are; `--json` names each."""

_FOR_THE_USER = (ErrorClass.AUTH, ErrorClass.QUOTA)
"""Losses that only the user can put right, however good the answer is."""


class Typed(Struct, frozen=True):
    """What was typed for a prompt, by flag."""

    words: Sequence[str] = ()
    system: str = ""
    files: Sequence[str] = ()
    attachments: Sequence[str] = ()
    options: Sequence[str] = ()
    max_tokens: int | None = None
    schema: str | None = None
    tools: Path | None = None
    repair: bool = False
    read_stdin: bool = True


def gather(
    session: Session,
    typed: Typed,
    history: tuple[Message, ...] = (),
    *,
    secrets: Literal["redact", "allow"] | None = None,
) -> Ask:
    """Everything a prompt is made from, read and looked through before anything is sent.

    Raises `UsageError`, and `GuardError` for secrets that may not leave.
    """
    guard = session.runtime.guard(secrets)
    ask = guard.ask(gathered(session, typed, history))
    guard.settle(session.warn)
    return ask


def wished(
    session: Session, wish: Wish, *, secrets: Literal["redact", "allow"] | None = None
) -> Wish:
    """What flags say of a method, with files read: a criteria or reference that names one is it.

    Both go to judges, so that secrets in them are met as in the prompt. Raises `UsageError` and
    `GuardError`.
    """
    if not (wish.criteria or wish.reference):
        return wish
    guard = session.runtime.guard(secrets)
    criteria = guard.text(text_or_file(wish.criteria, "criteria"), "the criteria")
    reference = guard.text(text_or_file(wish.reference, "reference"), "the reference")
    guard.settle(session.warn)
    return replace(wish, criteria=criteria, reference=reference)


def gathered(session: Session, typed: Typed, history: tuple[Message, ...] = ()) -> Ask:
    """Everything a prompt is made from, as it is. Raises `UsageError`."""
    if typed.repair and typed.schema is None:
        raise UsageError("`--repair` needs a schema to hold the answer to", hint="add `--schema`")
    wants_stdin = "-" in (*typed.files, *typed.attachments)
    piped = piped_bytes(session.streams) if typed.read_stdin or wants_stdin else b""
    text = "" if "-" in typed.attachments else decoded(piped, "stdin")
    return Ask(
        _typed_text(" ".join(typed.words)),
        piped="" if "-" in typed.files else text,
        quoted=tuple(_quoted(session, source, text) for source in typed.files),
        attachments=tuple(_attached(session, source, piped) for source in typed.attachments),
        system=_typed_text(typed.system),
        history=history,
        sampling=sampling_of(typed.options, typed.max_tokens),
        json_schema=schema_of(typed.schema) if typed.schema is not None else None,
        tools=_tools(typed.tools) if typed.tools is not None else (),
        repair=typed.repair,
    )


def _tools(source: Path) -> tuple[dict[str, Any], ...]:
    from ultra.runtime.tools import tools_of

    return tools_of(str(source))


def _typed_text(text: str) -> str:
    """Typed words as UTF-8, which a locale such as `C` hides from Python. Raises `UsageError`."""
    try:
        return text if text.isascii() else os.fsencode(text).decode()
    except UnicodeError:
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise UsageError(
                "the prompt is not UTF-8 text", hint="a file goes in with `-f`"
            ) from None
        return text  # typed at a terminal of another encoding, which Python has decoded


def _quoted(session: Session, source: str, piped: str) -> Quoted:
    if source == "-":
        return Quoted("stdin", piped)
    if is_url(source):
        return Quoted(source, session.runtime.page(source))
    name = Path(source).name if not source.startswith("/dev/fd/") else source
    return Quoted(name, decoded(read_bytes(source, "file"), f"file `{source}`"), source)


def _attached(session: Session, source: str, piped: bytes) -> Media:
    if is_url(source):
        session.runtime.check_source(source)
    return attachment(source, piped)


def piped_bytes(streams: Streams) -> bytes:
    """All of stdin when it is not a terminal; a pipe that stays silent is said on stderr."""
    if streams.stdin_is_tty:
        return b""
    timer = threading.Timer(
        SILENT_S,
        Messages(streams).note,
        ("waiting for stdin (`--no-stdin` or `</dev/null` goes on without it)",),
    )
    timer.daemon = True
    timer.start()
    try:
        data = streams.stdin.buffer.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"stdin cannot be read: {error.strerror}") from error
    finally:
        timer.cancel()
    if len(data) > LARGEST_BYTES:
        raise UsageError(f"stdin is larger than {LARGEST_BYTES // 1_000_000} MB")
    return data


def seconds_of(flag: str, value: float | None) -> float | None:
    """A duration that a flag gives. Raises `UsageError` unless it is finite and above 0."""
    if value is not None and not (value > 0 and math.isfinite(value)):
        raise UsageError(f"`{flag}` takes seconds above 0, not `{value:g}`")
    return value


def quorum_of(value: int | None, members: int) -> int | None:
    """How many answers are enough. Raises `UsageError` below 1 or above the members asked."""
    if value is not None and not 1 <= value <= members:
        raise UsageError(f"`--quorum` takes 1 to {members}, the models asked, not `{value}`")
    return value


def perform(
    session: Session,
    action: Action,
    sinks: Sequence[OutputSink],
    deliver: Callable[[RunResult], None] = lambda _: None,
) -> RunResult:
    """Make the run, wait until all that it said is written, and `deliver` what is not streamed.

    The receipt comes below that. Raises `OutputError` when stdout failed for another reason than a
    reader that left.
    """
    try:
        result = _performed(session, action, sinks)
        deliver(result)
    finally:
        session.streams.tell_kept()
    return result


def _performed(session: Session, action: Action, sinks: Sequence[OutputSink]) -> RunResult:
    streams = session.streams

    def watch(interrupt: Interrupt) -> Sequence[Sink]:
        streams.writer.on_broken = lambda: interrupt.stop("broken_pipe")
        return sinks

    result = session.runtime.perform(action, watch)
    for sink in sinks:
        sink.close()
    streams.wait(READER_S if result.interrupted else None)
    if streams.writer.broken and result.interrupted is None:
        return replace(result, interrupted="broken_pipe")
    return result


def tell_losses(session: Session, result: RunResult) -> None:
    """Say on stderr which calls failed and why, and who answered.

    A run without an answer is told as errors, one a reason, each with the next step, and whom its
    route left out, since they might have answered; of an answer `--verbose` says that too. Losses
    that were made good are one warning, with the next step only where it is the user's to take.
    """
    outcome = result.outcome
    good = outcome.answer.ok if outcome.answer else any(answer.ok for answer in outcome.answers)
    losses = _losses(outcome)
    if not good:
        for line, failures in losses.items():
            session.messages.error(line, hint=failures[0].hint)
        waiting = [failure for same in losses.values() for failure in same]
        _tell_soonest(session, [failure for failure in waiting if failure.retry_after_s])
    elif losses:
        session.warn(f"{'; '.join(losses)}{_answered(result)}")
        mendable = [same[0] for same in losses.values() if same[0].error_class in _FOR_THE_USER]
        for hint in dict.fromkeys(failure.hint for failure in mendable if failure.hint):
            session.messages.hint(hint)
    if not good or session.streams.verbose:
        _tell_left_out(session, result)
    if not good and result.interrupted is not None:  # whoever stopped it knows
        return
    _tell_reasons(session, result, {same[0].message for same in losses.values()})


def _tell_reasons(session: Session, result: RunResult, said: set[str]) -> None:
    """What was lost besides calls, and that nobody won where nobody did; `said` was said before."""
    told = said | {answer.loss for answer in result.outcome.answers if answer.error and answer.loss}
    for reason in result.outcome.reasons:
        if reason not in told:
            session.warn(reason)
    if result.document.status == "no_consensus":
        session.messages.error(
            "the answers come to no consensus", hint="`ultra compare` shows them all"
        )


def _tell_left_out(session: Session, result: RunResult) -> None:
    route = result.document.route
    for model, why in route.excluded.items() if route else ():
        session.warn(f"`{model}` was left out: {why}")


def _tell_soonest(session: Session, waiting: Sequence[Failure]) -> None:
    """Of several that ask to wait, say who can be asked first."""
    if len(waiting) > 1:
        first = min(waiting, key=lambda error: error.retry_after_s or 0.0)
        who = f"`{first.provider}:{first.model}`"
        session.messages.hint(f"{who} may be asked again in {span(first.retry_after_s or 0.0)}")


def _losses(outcome: Outcome) -> dict[str, list[Failure]]:
    """A line for every reason to fail: who met it, and in whose words; the failures behind it.

    An answer that a gate held back is no failure of who gave it, and the gate speaks for itself.
    """
    speaker = [] if outcome.answer is None else [outcome.answer]
    calls = {answer.call_id: answer for answer in (*outcome.answers, *speaker)}
    same: dict[str, list[Failure]] = {}
    for answer in calls.values():
        if answer.error is not None:
            same.setdefault(_why(answer.error, answer), []).append(answer.error)
    return {
        why if failures[0].code in GATES else f"{_named(failures)} failed: {why}": failures
        for why, failures in same.items()
    }


def _named(who: Sequence[Answer | Failure]) -> str:
    """Models by name, each once; of more than three how many."""
    names = list(dict.fromkeys(f"`{one.provider}:{one.model}`" for one in who))
    return ", ".join(names) if len(names) <= MOST_NAMED else f"{len(names)} models"


def _answered(result: RunResult) -> str:
    """Who answered where others failed."""
    outcome = result.outcome
    if outcome.answer is not None and result.document.strategy == "fallback":
        return f"; {_named([outcome.answer])} answered instead"
    usable = [answer for answer in outcome.answers if answer.ok]
    return f"; {_named(usable)} answered" if usable else ""


def tell_doubts(session: Session, result: RunResult) -> None:
    """Warn of what in the answer stands nowhere else, and say what a debate changed."""
    verdict = result.outcome.verdict
    if verdict is None:
        return
    from ultra.output.written import changes, doubts

    for doubt in doubts(verdict):
        session.warn(doubt)
    for change in changes(verdict):
        session.note(change)


def tell_notes(session: Session, result: RunResult) -> None:
    """Say what only a user who wants to know everything wants to know."""
    if session.streams.verbose:
        for note in result.notes:
            session.note(note)


def tell_costs(session: Session, result: RunResult, *, wanted: bool) -> None:
    """Say which providers charged otherwise than we reckon, for who asked what the run cost."""
    if wanted or session.streams.verbose:
        for line in differing_costs(result.document):
            session.warn(f"charged otherwise: {line}")


def _why(failure: Failure, answer: Answer) -> str:
    """The class, the status, and the provider's own words, on one line; of a gate its words."""
    if failure.code in GATES:
        return failure.message
    status = f" ({failure.status})" if failure.status else ""
    kind = failure.error_class.value.replace("_", " ")
    whole = not answer.text or answer.finish_reason == "stop"
    cut = "" if whole else "; what came is incomplete"
    request = f" [request {failure.request_id}]" if failure.request_id else ""
    asked = failure.retry_after_s if failure.sent else None  # a refusal of ours tells its own wait
    wait = f"; it asks to wait {span(asked)}" if asked else ""
    return f"{kind}{status}: {failure.message}{request}{wait}{cut}"
