"""What a run does with earlier answers, and what the user can know of them and forget."""

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ultra.core.errors import ConfigError
from ultra.core.ledger import Ledger
from ultra.core.model import Target
from ultra.core.moments import span_s
from ultra.core.ports import AnswerCache, Provider
from ultra.core.records import CacheStats
from ultra.core.request import Prompt
from ultra.engine.cache import Caching, cached
from ultra.engine.context import Policy
from ultra.runtime.action import Action
from ultra.store.cached import cache_stats, clear, matching

if TYPE_CHECKING:
    from ultra.runtime.runtime import Runtime


def cache_policy(
    cache: AnswerCache, action: Action, provider: Provider, ledger: Ledger
) -> Policy | None:
    """The policy of a run that wants the cache; None where it may neither read nor write.

    A run that keeps its words out of the log (`-n`) keeps them out of the cache as well.
    """
    caching = Caching(cache, action.cache != "refresh", action.keep_text, _fits)
    if not (caching.read or caching.write):
        return None
    return cached(caching, provider, ledger)


def seed_of(prompt: Prompt) -> int:
    """A seed of the question's own: with labels drawn anew, who compares would be asked anew."""
    said = "\0".join(message.text for message in prompt.messages)
    return int.from_bytes(sha256(said.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def stats(runtime: "Runtime") -> CacheStats:
    """How full the cache is and what it saved. Raises `StoreError`."""
    return cache_stats(runtime.paths.database, runtime.clock.time())


def forgettable(runtime: "Runtime", model: str | None, older_than: str | None) -> int:
    """How many answers `forget` would remove. Raises `UsageError` and `StoreError`."""
    return matching(runtime.paths.database, *_asked_for(runtime, model, older_than))


def forget(runtime: "Runtime", model: str | None, older_than: str | None) -> int:
    """Remove kept answers: of one model, provider or name, and those kept longer ago than a span.

    How many went. Raises `UsageError` and `StoreError`.
    """
    gone = clear(runtime.paths.database, *_asked_for(runtime, model, older_than))
    if gone:
        from ultra.runtime.auditing import note

        note(runtime, "cache.cleared", model or "all", count=gone)
    return gone


def _asked_for(
    runtime: "Runtime", model: str | None, older_than: str | None
) -> tuple[str | None, float | None]:
    before = None
    if older_than is not None:
        before = runtime.clock.time() - span_s("--older-than", older_than)
    return (None if model is None else _behind(runtime, model)), before


def _behind(runtime: "Runtime", name: str) -> str:
    """`provider:model` behind a name of the profile; any other name as it is."""
    try:
        known = runtime.profile.named(name)
    except ConfigError:  # what a broken profile calls its models is no reason to keep answers
        return name
    return str(known.ref) if isinstance(known, Target) else name


def _fits(text: str, schema: dict[str, Any]) -> bool:
    from ultra.evaluation.schemas import mismatch

    return mismatch(text, schema) is None
