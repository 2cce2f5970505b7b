"""Every endpoint as a screen shows it that stays open: how it stands, and what it did lately."""

import asyncio
from collections.abc import Mapping, Sequence

from msgspec import Struct

from ultra.core.errors import StoreError
from ultra.core.health import Credential, EndpointHealth, HealthReport
from ultra.core.totals import Filter, Span, Totals
from ultra.core.windows import begins, window_at
from ultra.runtime.health import ask_now, keys_of, report_with
from ultra.runtime.runtime import Runtime
from ultra.store.health import Where, lately
from ultra.store.reading import reading
from ultra.store.totals import sums


class Place(Struct, frozen=True):
    """One endpoint. Seconds to the first token and in all are of its last answers, in order.

    `today` is what its calls came to since midnight here, None where there were none.
    """

    health: EndpointHealth
    ttft_s: tuple[float, ...] = ()
    duration_s: tuple[float, ...] = ()
    today: Totals | None = None

    @property
    def name(self) -> str:
        """As `ultra health open` and `reset` take it."""
        one = self.health
        return f"{one.provider}:{one.model}" if one.model else one.provider


class Board(Struct, frozen=True):
    """All endpoints of the profile, at one moment."""

    report: HealthReport
    places: tuple[Place, ...]


class Spent(Struct, frozen=True):
    """What real calls since midnight here are known to have cost, and how many have no price."""

    known_nano: int = 0
    unpriced: int = 0


class Keyring:
    """The keys of the profile's providers, looked for once: a keyring takes a tenth of a second."""

    def __init__(self) -> None:
        self._found: Mapping[str, Credential] | None = None

    def forget(self) -> None:
        """Look for them again: the user may have stored one."""
        self._found = None

    def of(self, runtime: Runtime) -> Mapping[str, Credential]:
        """The keys. Takes time, and runs a loop: call it on a thread. Raises `ConfigError`."""
        if self._found is None:
            self._found = asyncio.run(keys_of(runtime, commands=False))
        return self._found


def spent_today(runtime: Runtime) -> Spent:
    """Nothing simulated is in it. Raises `StoreError`."""
    with reading(runtime.paths.database) as connection:
        span = Span(_midnight(runtime.clock.time()))
        found = sums(connection, span, Filter(simulated=False)) if connection else []
    return Spent(
        sum(group.totals.known_nano for group in found),
        sum(group.totals.unpriced for group in found),
    )


def board(runtime: Runtime, keyring: Keyring) -> Board:
    """How every endpoint stands. Call it on a thread; raises `ConfigError`, and asks nobody."""
    report = report_with(runtime, keyring.of(runtime))
    try:
        places = _places(runtime, report)
    except StoreError:  # the report says what is the matter with the log
        places = [Place(one) for one in report.endpoints]
    return Board(report, tuple(places))


def probe(runtime: Runtime, keyring: Keyring, providers: Sequence[str]) -> str:
    """Ask providers for their models, which is free; what kept it from the log, else empty.

    Call it on a thread: it takes some seconds where one hangs. Raises `ConfigError`.
    """
    keyring.forget()
    return asyncio.run(ask_now(runtime, keyring.of(runtime), providers))


def _places(runtime: Runtime, report: HealthReport) -> list[Place]:
    now = runtime.clock.time()
    with reading(runtime.paths.database) as connection:
        if connection is None:
            return [Place(one) for one in report.endpoints]
        found = sums(connection, Span(_midnight(now)), Filter(), ("model",))
        today = {(group.key[0], group.simulated): group.totals for group in found}
        places = []
        for one in report.endpoints:
            first, whole = lately(connection, Where(one.provider, one.base_url), one.model, now)
            spent = today.get((f"{one.provider}:{one.model}", one.simulated))
            places.append(Place(one, tuple(first), tuple(whole), spent))
        return places


def _midnight(now: float) -> float:
    return begins(window_at("day", now, None), None)
