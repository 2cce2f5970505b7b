"""`ultra health`: what is known of every endpoint of a profile, from the log and by asking."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ultra.core.health import Credential, EndpointHealth, HealthReport
from ultra.core.model import Endpoint, Target
from ultra.core.profile import forbidden
from ultra.runtime import loop
from ultra.runtime.action import Interruption
from ultra.runtime.checking import (
    Asked,
    ask_for_models,
    credential_at_once,
    credentials,
    remember,
    still_holds,
)
from ultra.runtime.known import Memory, endpoints, recall
from ultra.runtime.loop import Interrupt
from ultra.runtime.runtime import Runtime
from ultra.runtime.selection import no_model
from ultra.runtime.standing import judged, needs_asking

Probing = Literal["list", "none"]
"""`list` asks providers for their models where nothing fresh is known; `none` asks nobody."""


class Seen(Struct, frozen=True):
    """The last report there was, None when a signal came before it was made."""

    report: HealthReport | None
    interrupted: Interruption | None = None


def look(runtime: Runtime, probing: Probing) -> Seen:
    """Look at every endpoint of the profile once. Raises `ConfigError`; spends nothing."""
    return _run(lambda told: _told_once(runtime, probing, told))


def follow(
    runtime: Runtime,
    probing: Probing,
    begin: Callable[[HealthReport], None],
    show: Callable[[HealthReport], None],
    enough: Callable[[], Coroutine[None, None, None]],
    every_s: float,
) -> Seen:
    """Look again and again, `every_s` apart, showing each report, until `enough` returns.

    `begin` is given what the log alone knows, before a key is looked for and anybody asked.
    Providers are asked again only when what is known of them is no longer fresh.
    """

    async def watch(told: list[HealthReport]) -> None:
        if probing == "list":
            told[:] = [_at_once(runtime)]
            begin(told[0])
        leaving = asyncio.create_task(enough())
        try:
            while (report := await _unless(leaving, health_report(runtime, probing))) is not None:
                told[:] = [report]
                show(report)
                await asyncio.wait({leaving}, timeout=every_s)
        finally:
            leaving.cancel()

    return _run(watch)


async def _unless(
    leaving: asyncio.Task[None], looking: Coroutine[None, None, HealthReport]
) -> HealthReport | None:
    """The report; None, and nobody is asked any more, once the user leaves."""
    work = asyncio.create_task(looking)
    try:
        await asyncio.wait({leaving, work}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not work.done():
            work.cancel()
            await asyncio.wait({work})
    return None if leaving.done() else work.result()


async def health_report(runtime: Runtime, probing: Probing) -> HealthReport:
    """The state of every endpoint of the profile; raises `ConfigError` for one without any.

    What kept something from being known is told in the report.
    """
    barred, places = _sides(runtime)
    keys = await keys_of(runtime, commands=probing == "list")
    memory = recall(runtime, keys)
    known = endpoints(memory, keys, runtime.clock.time())
    trouble = _trouble(barred, memory)
    if probing == "list":
        asked = await ask_for_models(runtime, _silent(places, known, runtime.clock.time()))
        untold = None if memory.trouble else remember(runtime, asked, keys)
        trouble += [untold] if untold else []
        known = _with_checks(known, asked)
    return _report(runtime, known, trouble)


async def keys_of(runtime: Runtime, *, commands: bool) -> dict[str, Credential]:
    """The keys by provider, of those that may be asked; raises `ConfigError` when there is none."""
    _, places = _sides(runtime)
    found = await credentials(runtime, places, commands=commands)
    return {place.provider: key for place, key in zip(places, found, strict=True)}


def report_with(runtime: Runtime, keys: Mapping[str, Credential]) -> HealthReport:
    """The same with keys that were looked for before; nobody is asked for anything."""
    barred, _ = _sides(runtime)
    memory = recall(runtime, keys)
    known = endpoints(memory, keys, runtime.clock.time())
    return _report(runtime, known, _trouble(barred, memory))


async def ask_now(
    runtime: Runtime, keys: Mapping[str, Credential], providers: Sequence[str]
) -> str:
    """Ask providers for their models whatever is known; why that could not be kept, else empty.

    Those who are simulated, or have no key, are asked for nothing.
    """
    _, places = _sides(runtime)
    wanted = [
        place
        for place in places
        if place.provider in providers and not place.simulated and not keys[place.provider].problem
    ]
    return remember(runtime, await ask_for_models(runtime, wanted), keys) or ""


def _at_once(runtime: Runtime) -> HealthReport:
    """The same without looking for a key that takes time, and without asking anybody."""
    _, places = _sides(runtime)
    keys = {place.provider: credential_at_once(runtime, place) for place in places}
    memory = recall(runtime, keys)
    return _report(runtime, endpoints(memory, keys, runtime.clock.time()), ())


def _trouble(barred: Mapping[str, str], memory: Memory) -> list[str]:
    left_out = [f"`{name}` is left out: {why}" for name, why in barred.items()]
    return [*left_out, *([memory.trouble] if memory.trouble else [])]


def _sides(runtime: Runtime) -> tuple[dict[str, str], list[Endpoint]]:
    """Why the profile forbids whom, and the endpoints of all the others."""
    profile = runtime.profile
    if not profile.providers:
        raise no_model(profile)
    whys = {name: _barred(runtime, one) for name, one in profile.providers.items()}
    barred = {name: why for name, why in whys.items() if why is not None}
    return barred, [one for name, one in profile.providers.items() if name not in barred]


def _report(
    runtime: Runtime, known: Sequence[EndpointHealth], trouble: Sequence[str]
) -> HealthReport:
    profile, now = runtime.profile, runtime.clock.time()
    return HealthReport(
        now,
        profile.name,
        profile.environment,
        profile.source,
        tuple(judged(one, now) for one in known),
        tuple(trouble),
    )


def _silent(
    places: Sequence[Endpoint], known: Sequence[EndpointHealth], now: float
) -> list[Endpoint]:
    """The providers that nothing fresh is known of."""
    wanting = {
        one.provider for one in known if needs_asking(one, now) and not still_holds(one.check, now)
    }
    return [place for place in places if place.provider in wanting]


def _with_checks(known: Sequence[EndpointHealth], asked: Sequence[Asked]) -> list[EndpointHealth]:
    came = {one.endpoint.provider: one.check for one in asked}
    return [replace(one, check=came.get(one.provider, one.check)) for one in known]


def _barred(runtime: Runtime, endpoint: Endpoint) -> str | None:
    """Why the profile lets nobody ask an endpoint; None when it does."""
    return forbidden(runtime.profile, Target("", "", endpoint))


async def _told_once(runtime: Runtime, probing: Probing, told: list[HealthReport]) -> None:
    told.append(await health_report(runtime, probing))


def _run(work: Callable[[list[HealthReport]], Coroutine[None, None, None]]) -> Seen:
    async def main(interrupt: Interrupt) -> Seen:
        told: list[HealthReport] = []
        try:
            await work(told)
        except asyncio.CancelledError:
            if interrupt.cause is None:
                raise
        return Seen(told[-1] if told else None, interrupt.cause)

    return loop.run(main)
