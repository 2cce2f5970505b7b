"""Puts every attempt on record before its first byte leaves, and completes the record after.

Whatever ends the attempt (an answer, a failure, a cancel, a reader that left) closes its row. An
`admit` that is itself cancelled is the ledger's to close: only it knows whether a row was written.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from ultra.core.errors import CallError, ErrorClass, Failure
from ultra.core.events import AttemptStarted
from ultra.core.ledger import Admitted, AttemptRecord, Ledger, Refused
from ultra.core.ports import Provider
from ultra.core.stream import TextDelta
from ultra.engine.accounting import (
    attempt_result,
    bound_of,
    estimate_nano,
    how_it_ended,
    incomplete,
    tokens_bound,
)
from ultra.engine.context import Call, CallContext, Policy, PolicyBody
from ultra.engine.waiting import Refusal


def admit(provider: Provider, ledger: Ledger) -> Policy:
    """Ask the ledger for every attempt and tell it how each one ended."""

    def policy(inner: Call) -> Call:
        async def call(ctx: CallContext) -> AsyncGenerator[PolicyBody, None]:
            secret = await provider.credential(ctx.request.target.endpoint)
            ctx.key_fp = secret.fingerprint if secret else ""
            ctx.key_source = secret.source if secret else ""
            ctx.prepare_attempt()
            started = ctx.run.clock.monotonic()
            admitted = await _admitted(ctx, ledger)
            for note in admitted.notes:
                ctx.run.hub.tell(note)
            ctx.begin_attempt(admitted)
            failure: Failure | None = None
            cancelled = False
            try:
                yield AttemptStarted(ctx.attempt_id, ctx.number)
                ctx.left = True
                async with aclosing(_attempt(inner, ctx, ledger)) as bodies:
                    async for body in bodies:
                        yield body
            except BaseException as error:
                failure, cancelled = how_it_ended(ctx, error)
                raise
            finally:
                result = attempt_result(ctx, started, failure, cancelled=cancelled)
                ctx.results.append(result)
                ledger.close(ctx.attempt_id, result)

        return call

    return policy


async def _admitted(ctx: CallContext, ledger: Ledger) -> Admitted:
    """Let the ledger decide; a try that is not made is not used up.

    The try is taken first: calls that share a budget of tries may ask at the same time.
    """
    target = ctx.request.target
    if not ctx.attempts.take(target):
        raise CallError(ErrorClass.LOCAL_LIMIT, "no tries are left for this request")
    verdict: Admitted | Refused | None = None
    try:
        verdict = await ledger.admit(attempt_record(ctx))
    finally:
        if not isinstance(verdict, Admitted):
            ctx.attempts.give_back(target)
    if isinstance(verdict, Refused):
        raise Refusal(verdict)
    return verdict


async def _attempt(
    inner: Call, ctx: CallContext, ledger: Ledger
) -> AsyncGenerator[PolicyBody, None]:
    """Fold what comes, keep it safe while it comes, and refuse what is not an answer."""
    builder, clock = ctx.builder, ctx.run.clock
    async with aclosing(inner(ctx)) as bodies:
        async for body in bodies:
            if isinstance(body, TextDelta):
                ledger.checkpoint(ctx.attempt_id, body.text)
            builder.add(body, clock.monotonic())  # type: ignore[arg-type]
            yield body
    if builder.finished is not None and builder.finished.skipped:
        ctx.run.hub.tell(_gap(str(ctx.request.target.ref), builder.finished.skipped))
    error = incomplete(builder)
    if error is not None and ctx.cut_nano is not None:
        raise CallError(
            ErrorClass.BUDGET,
            "the budget was used up before any answer",
            hint="`ultra budgets show` says what is left of it",
            sent=True,
        )
    if error is not None:
        raise error


def _gap(name: str, lines: int) -> str:
    count = "1 line" if lines == 1 else f"{lines} lines"
    return f"{count} of the answer of `{name}` could not be read and had to be left out"


def attempt_record(ctx: CallContext) -> AttemptRecord:
    """The attempt that is about to be made, as the ledger wants it."""
    request, spec = ctx.request, ctx.spec
    return AttemptRecord(
        attempt_id=ctx.attempt_id,
        call_id=ctx.call_id,
        run_id=ctx.run.run_id,
        number=ctx.number + 1,
        role=spec.role,
        index=spec.index,
        sample=request.sample,
        target=request.target,
        messages=request.messages,
        options={
            name: value
            for name in request.sampling.__struct_fields__
            if (value := getattr(request.sampling, name)) not in (None, (), {})
        },
        started_at=ctx.run.clock.time(),
        charged_nano=estimate_nano(request),
        kind=ctx.kind,
        key_fp=ctx.key_fp,
        key_source=ctx.key_source,
        bound=bound_of(request),
        tokens=tokens_bound(request),
        retry_of=ctx.retry_of,
        lease_s=max(0.0, ctx.run.remaining_s()),
        wait_s=ctx.waited_s,
        parent=spec.within.call_id if spec.within else "",
    )
