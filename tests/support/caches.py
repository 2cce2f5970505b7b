"""A cache in memory for runs in virtual time, and what tests put into one."""

from typing import Any

from tests.support.fakes import Bench
from ultra.core.model import ModelRef
from ultra.core.ports import CachedAnswer, CacheTurn
from ultra.core.stream import Finished, TextDelta
from ultra.engine.cache import Caching, cached
from ultra.engine.caller import EngineCaller
from ultra.engine.pipeline import compose

HOPELESS = ""


class MemoryCache:
    """Fills `ports.AnswerCache` without a file or a clock: leases end when they are given back."""

    def __init__(self) -> None:
        self.answers: dict[str, CachedAnswer] = {}
        self.leases: dict[str, str] = {}
        self.looks: list[tuple[str, float | None]] = []
        self.released: list[bool] = []

    async def look(
        self, key: str, holder: str, *, lease_s: float | None
    ) -> CachedAnswer | CacheTurn:
        self.looks.append((key, lease_s))
        if key in self.answers:
            return self.answers[key]
        if key in self.leases:
            return "alone" if self.leases[key] == HOPELESS else "wait"
        if lease_s is None:
            return "alone"
        self.leases[key] = holder
        return "lead"

    def keep(self, key: str, holder: str, model: ModelRef, answer: CachedAnswer) -> None:
        self.answers[key] = answer
        self.leases.pop(key, None)

    def release(self, key: str, holder: str, *, hopeless: bool) -> None:
        self.released.append(hopeless)
        if self.leases.get(key) != holder:
            return
        del self.leases[key]
        if hopeless:
            self.leases[key] = HOPELESS

    async def flush(self, timeout_s: float) -> None:
        """Nothing is held back."""


def with_cache(
    bench: Bench, cache: MemoryCache, *, read: bool = True, write: bool = True, **more: Any
) -> Bench:
    """The bench with the cache around its calls."""
    fits = more.pop("fits", lambda text, schema: True)
    policy = cached(Caching(cache, read, write, fits), bench.provider, bench.ledger)
    bench.caller = EngineCaller(bench.run, compose(bench.provider, bench.ledger, policy))
    return bench


def kept(
    text: str = "rayleigh", *, cost_nano: int | None = 700, age_s: float = 0.0
) -> CachedAnswer:
    """An answer of one piece."""
    return CachedAnswer((TextDelta(text), Finished("stop", "stop")), cost_nano, age_s)
