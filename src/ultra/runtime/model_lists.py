"""What endpoints list themselves: asked all at once, bounded, and kept for an hour."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from ultra.config.facts import digest
from ultra.config.files import foreign, read_regular, write_private
from ultra.core.errors import ConfigError, UltraError
from ultra.core.model import Endpoint
from ultra.providers.wire import LiveModel
from ultra.runtime.loop import Interrupt
from ultra.runtime.runtime import Runtime

if TYPE_CHECKING:
    from ultra.providers.hub import ProviderHub

KEPT_S = 3600.0
"""How long a list is taken for what the endpoint would say now."""

LIST_S = 30.0
"""How long an endpoint may take for all pages of its list."""

AT_ONCE = 16
"""Endpoints that are asked at the same time."""

_MOST_BYTES = 8 << 20


class Listed(Struct, frozen=True):
    """What an endpoint lists, by id; `at` is when it said so, in UTC seconds since the epoch."""

    endpoint: Endpoint
    models: tuple[LiveModel, ...]
    at: float


class Silent(Struct, frozen=True):
    """An endpoint that would not say what it offers, and why."""

    provider: str
    error: UltraError


class _Kept(Struct, frozen=True):
    at: float
    models: tuple[LiveModel, ...]


def live_lists(
    runtime: Runtime, endpoints: Sequence[Endpoint], *, anew: bool = False
) -> tuple[list[Listed], list[Silent]]:
    """What the endpoints list, in the order given, and who was silent.

    A list that was kept less than an hour ago is not asked for again unless `anew`.
    """
    now = runtime.clock.time()
    kept = (
        {} if anew else {place: _recall(_place(runtime, place), now) for place in _ids(endpoints)}
    )
    asked = [place for place in endpoints if kept.get(_id(place)) is None]
    fresh = iter(_ask(runtime, asked) if asked else ())
    listed: list[Listed] = []
    silent: list[Silent] = []
    for endpoint in endpoints:
        old = kept.get(_id(endpoint))
        answer = Listed(endpoint, old.models, old.at) if old else next(fresh)
        if isinstance(answer, Silent):
            silent.append(answer)
            continue
        if old is None:
            _remember(_place(runtime, _id(endpoint)), _Kept(answer.at, answer.models))
        listed.append(answer)
    return listed, silent


def _ask(runtime: Runtime, endpoints: Sequence[Endpoint]) -> list[Listed | Silent]:
    async def main(_interrupt: Interrupt) -> list[Listed | Silent]:
        from ultra.providers.daemon import install
        from ultra.providers.hub import ProviderHub

        install()
        hub = ProviderHub(runtime.keys, runtime.clock, environ=runtime.environ)
        turn = asyncio.Semaphore(AT_ONCE)
        try:
            return await asyncio.gather(*(_list(hub, runtime, place, turn) for place in endpoints))
        finally:
            await hub.aclose()

    from ultra.runtime import loop

    return loop.run(main)


async def _list(
    hub: "ProviderHub", runtime: Runtime, endpoint: Endpoint, turn: asyncio.Semaphore
) -> Listed | Silent:
    try:
        async with turn, asyncio.timeout(min(LIST_S, endpoint.timers.first_token_s)):
            found = await hub.models(endpoint)
    except UltraError as error:
        return Silent(endpoint.provider, error)
    except TimeoutError:
        return Silent(
            endpoint.provider, UltraError(f"`{endpoint.provider}` did not answer in time")
        )
    models = tuple(sorted(found, key=lambda model: model.id))
    return Listed(endpoint, models, runtime.clock.time())


def _ids(endpoints: Sequence[Endpoint]) -> list[str]:
    return [_id(endpoint) for endpoint in endpoints]


def _id(endpoint: Endpoint) -> str:
    """What makes a list another one: who is asked, and with whose key (where it is, never it)."""
    return digest(msgspec.msgpack.encode(endpoint))


def _place(runtime: Runtime, name: str) -> Path:
    return runtime.paths.cache / "models" / f"{name}.json"


def _recall(path: Path, now: float) -> _Kept | None:
    """A list that is kept and young; None for every reason why there is none."""
    try:
        if foreign(path):
            return None
        kept = msgspec.json.decode(read_regular(path, limit=_MOST_BYTES), type=_Kept)
    except (OSError, ConfigError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return kept if 0 <= now - kept.at < KEPT_S else None


def _remember(path: Path, kept: _Kept) -> None:
    """Keep a list. A cache that cannot be written is no reason to fail."""
    try:
        write_private(path, msgspec.json.encode(kept))
    except (ConfigError, UnicodeEncodeError):
        return
