"""Keys as the user manages them: where each would come from, stored, removed, tried out."""

import re
from collections.abc import Callable, Coroutine
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ultra.config import secrets
from ultra.config.endpoints import vendor_endpoint
from ultra.config.secrets import KeyStatus, Listing
from ultra.core.errors import CallError, ErrorClass, UltraError, UsageError
from ultra.core.key_hint import new_key
from ultra.core.model import Endpoint, KeyRef, Timers
from ultra.core.text import did_you_mean, one_line
from ultra.runtime.auditing import note
from ultra.runtime.runtime import Runtime

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+/-]{0,63}")
_KEYLIKE = re.compile(r"(?:sk|pk|gsk|xai|hf|pplx|csk|AIza|eyJ|AQ\.)[-_A-Za-z0-9.]*|\S{32,}")
"""A word that is rather a key than the name of a provider. Source: the vendors' own prefixes."""


class Tried(Struct, frozen=True):
    """A provider listed its models with a key; `proven` is false if it does so without one too."""

    provider: str
    models: int
    source: str
    fingerprint: str | None
    proven: bool


def key_listing(runtime: Runtime) -> Listing:
    """The profile's providers, then the catalog's, each with where its key would come from."""
    return secrets.listing(runtime.profile, runtime.catalog, environ=runtime.environ)


def entry_of(runtime: Runtime, provider: str) -> str:
    """The name under which the keyring would hold the key of a provider.

    Any plain name will do, since a profile may say `keyring:NAME`; the user is told when no
    provider goes by it. Raises `UsageError` for what is rather a key, without repeating it.
    """
    endpoint = _known(runtime, provider)
    if endpoint is None:
        if len(provider) > 20 and _KEYLIKE.fullmatch(provider):
            raise key_in_argv()
        if not _NAME.fullmatch(provider):
            raise UsageError(
                f"`{one_line(provider, 40)}` is no name for a key",
                hint="name a provider, such as `ultra keys set openai`",
            )
        nearest = did_you_mean(provider, _names(runtime))
        runtime.warn(
            f"no provider here is called `{provider}`; a profile reaches this key by"
            f" `key: keyring:{provider}`" + (f" ({nearest})" if nearest else "")
        )
        return provider
    ref = endpoint.key
    if ref.kind not in ("default", "keyring"):
        runtime.warn(
            f"profile `{runtime.profile.name}` takes the key of `{provider}` from `{ref.kind}`,"
            " so this one is not used there"
        )
    return ref.name if ref.kind == "keyring" else provider


def key_in_argv() -> UsageError:
    """What to say when a key was typed as an argument; the key is not repeated."""
    return UsageError(
        "a key is never an argument: the process list and the shell's history would show it",
        hint="`ultra keys set PROVIDER` asks for it, or reads it from a pipe; replace that key",
    )


def store_key(runtime: Runtime, entry: str, key: str) -> None:
    """Keep a key in the keyring. Raises `ConfigError`."""
    stored = secrets.set_key(entry, key)
    note(runtime, "key.set", entry, fingerprint=stored.fingerprint)


def remove_key(runtime: Runtime, entry: str) -> bool:
    """Take a key out of the keyring; false when there was none. Raises `ConfigError`."""
    removed = secrets.remove_key(entry)
    if removed:
        note(runtime, "key.removed", entry)
    return removed


def try_key(runtime: Runtime, provider: str) -> Tried:
    """Ask a provider for its models with its key.

    Raises `CallError` when that fails, `ConfigError` without a key, `UsageError` for a name that
    nothing goes by.
    """
    endpoint = _known(runtime, provider)
    if endpoint is None:
        raise UsageError(
            f"there is no provider `{one_line(provider, 80)}`",
            hint=did_you_mean(provider, _names(runtime)) or "`ultra keys list` shows all",
        )
    if endpoint.simulated:
        raise UsageError(f"`{provider}` is simulated and has no key")
    status = secrets.key_status(endpoint, runtime.environ)
    try:
        return _tried(status, *_run(runtime, lambda hub: _both(hub, endpoint)))
    except CallError as error:
        raise _told(error, provider, status) from error


def _tried(status: KeyStatus, models: int, anybody: bool) -> Tried:
    return Tried(
        status.provider, models, status.source or "", status.fingerprint, proven=not anybody
    )


def _told(error: CallError, provider: str, status: KeyStatus) -> CallError:
    what_came = f"the key from `{status.source}`" if status.source else "the key"
    what_came = "a call without a key" if status.source == "none" else what_came
    number = f" ({error.status})" if error.status else ""
    refused = error.error_class in (ErrorClass.AUTH, ErrorClass.PERMISSION)
    what = f"refused {what_came}" if refused else "did not list its models"
    return CallError(
        ErrorClass.AUTH if refused else error.error_class,
        f"`{provider}` {what}{number}: {error.message}",
        hint=new_key(provider, status.source or "") if refused else error.hint,
        status=error.status,
    )


async def _both(hub: Any, endpoint: Endpoint) -> tuple[int, bool]:
    """How many models are listed with the key, and whether some are without it."""
    found = await hub.models(endpoint)
    if endpoint.key.kind == "none":
        return len(found), True
    try:
        return len(found), bool(await hub.models(replace(endpoint, key=KeyRef("none"))))
    except UltraError:
        return len(found), False


def _run(
    runtime: Runtime, work: Callable[[Any], Coroutine[Any, Any, tuple[int, bool]]]
) -> tuple[int, bool]:
    from ultra.providers.daemon import install
    from ultra.providers.hub import ProviderHub
    from ultra.runtime import loop

    async def main(_interrupt: loop.Interrupt) -> tuple[int, bool]:
        install()
        hub = ProviderHub(runtime.keys, runtime.clock, environ=runtime.environ)
        try:
            return await work(hub)
        finally:
            await hub.aclose()

    return loop.run(main)


def _known(runtime: Runtime, provider: str) -> Endpoint | None:
    """The endpoint of a provider of the profile or the catalog, None for neither."""
    own = runtime.profile.providers.get(provider)
    row = runtime.catalog.vendors().get(provider)
    if own is not None or row is None:
        return own
    return vendor_endpoint(row, lookup=runtime.environ.get, timers=Timers())


def _names(runtime: Runtime) -> list[str]:
    return [*runtime.profile.providers, *runtime.catalog.vendors()]
