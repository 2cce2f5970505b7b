"""Asks providers for their models, all at once and bounded: free, and nothing of the user is sent.

It proves name, TLS and mostly the key. What came of it is kept with the log, so that nobody asks
again while it is fresh.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from ultra.core.errors import CallError, ConfigError, ErrorClass, StoreError, UltraError
from ultra.core.health import FRESH_S, Check, Credential
from ultra.core.model import Endpoint
from ultra.runtime.runtime import Runtime
from ultra.store import health
from ultra.store.database import Place
from ultra.store.health import Where

if TYPE_CHECKING:
    from ultra.providers.hub import ProviderHub

CHECK_S = 5.0
"""How long a provider may take for its list, and a key to be found: what a hanging one costs."""

AT_ONCE = 32
"""Providers that are asked at the same time."""

FAILED_FRESH_S = 30.0
"""How long a failed check counts: whoever mends something wants to see that it is mended."""


class Asked(Struct, frozen=True):
    """A check that was made now, and how far the provider's clock is ahead of ours, if it said."""

    endpoint: Endpoint
    check: Check
    ahead_s: float | None = None


def still_holds(check: Check | None, now: float) -> bool:
    """Whether a check that is remembered need not be made again."""
    if check is None:
        return False
    return 0.0 <= now - check.checked_at <= (FRESH_S if check.ok else FAILED_FRESH_S)


async def credentials(
    runtime: Runtime, endpoints: Sequence[Endpoint], *, commands: bool
) -> list[Credential]:
    """Where the keys of endpoints come from, in their order; all looked for at once.

    Without `commands`, a key that a command would print is not asked for: its source is known, its
    fingerprint is not.
    """
    return await asyncio.gather(*(_credential(runtime, one, commands) for one in endpoints))


def credential_at_once(runtime: Runtime, endpoint: Endpoint) -> Credential:
    """The same as far as it takes no time: no keyring and no command is asked."""
    if endpoint.key.kind == "none" or endpoint.simulated:
        return Credential("none")
    known = runtime.keys.at_once(endpoint)
    if known is None:
        return Credential(endpoint.key.kind)
    problem = "" if known.source is not None else f"there is no key: {known.detail}"
    return Credential(known.source, known.fingerprint or "", problem)


async def ask_for_models(runtime: Runtime, endpoints: Sequence[Endpoint]) -> list[Asked]:
    """What came of asking each endpoint for its models, in their order. Raises nothing."""
    if not endpoints:
        return []
    from ultra.providers.daemon import install
    from ultra.providers.hub import ProviderHub

    install()
    hub = ProviderHub(runtime.keys, runtime.clock, environ=runtime.environ)
    turn = asyncio.Semaphore(AT_ONCE)
    try:
        return await asyncio.gather(*(_ask(hub, runtime, one, turn) for one in endpoints))
    finally:
        await hub.aclose()


def remember(
    runtime: Runtime, asked: Sequence[Asked], keys: Mapping[str, Credential]
) -> str | None:
    """Keep what came of asking; why it could not be kept, None when it was.

    `keys` are the credentials by provider.
    """
    if not asked:
        return None
    rows = [
        (
            Where.of(one.endpoint.provider, one.endpoint.base_url),
            keys[one.endpoint.provider].fingerprint,
            one.check,
        )
        for one in asked
    ]
    place = Place(runtime.paths.database, busy_s=1.0)
    try:
        health.remember(place, rows, runtime.clock.time())
    except StoreError as error:
        return error.message
    return None


async def _credential(runtime: Runtime, endpoint: Endpoint, commands: bool) -> Credential:
    if endpoint.key.kind == "none" or endpoint.simulated:
        return Credential("none")
    if endpoint.key.kind == "command" and not commands:
        return Credential("command")
    try:
        async with asyncio.timeout(CHECK_S):
            secret = await runtime.keys.key(endpoint)
    except ConfigError as error:
        return Credential(problem=error.message, hint=error.hint or "")
    except TimeoutError:
        return Credential(problem=f"its key ({endpoint.key}) was not found in {CHECK_S:.0f} s")
    if secret is None:
        return Credential("aws")
    return Credential(secret.source, secret.fingerprint)


async def _ask(
    hub: "ProviderHub", runtime: Runtime, endpoint: Endpoint, turn: asyncio.Semaphore
) -> Asked:
    async with turn:
        began = runtime.clock.monotonic()
        limit_s = min(CHECK_S, endpoint.timers.first_token_s)
        try:
            async with asyncio.timeout(limit_s):
                models = await hub.models(endpoint)
        except UltraError as error:
            kind = error.error_class if isinstance(error, CallError) else ErrorClass.CONFIG
            check = Check(runtime.clock.time(), False, None, None, kind.value, error.message)
        except TimeoutError:
            said = f"`{endpoint.provider}` did not list its models in {limit_s:.0f} s"
            check = Check(runtime.clock.time(), False, None, None, ErrorClass.TIMEOUT.value, said)
        else:
            took_s = runtime.clock.monotonic() - began
            check = Check(runtime.clock.time(), True, took_s, len(models))
    return Asked(endpoint, check, hub.clock_ahead_s(endpoint))
