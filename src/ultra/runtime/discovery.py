"""What `ultra init` can find: keys in the environment and the keyring, servers on this machine."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from ultra.config import scaffold, secrets
from ultra.config.scaffold import FoundKey, FoundServer
from ultra.core.errors import ConfigError, UsageError
from ultra.core.hosts import is_loopback
from ultra.core.profile import Profile
from ultra.runtime.auditing import note_file
from ultra.runtime.runtime import Runtime

FIRST = ("openai", "anthropic", "gemini")
"""The vendors that are named to a user who has nothing yet."""


class KeyFound(Struct, frozen=True):
    """A vendor whose key is there: where, and a fingerprint of it."""

    vendor: str
    title: str
    source: str
    fingerprint: str


class Discovery(Struct, frozen=True):
    """All that was found. `trouble` says why the keyring could not be asked, None when it was."""

    keys: tuple[KeyFound, ...] = ()
    servers: tuple[FoundServer, ...] = ()
    trouble: str | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write a profile of."""
        return not (self.keys or self.servers)


def discover(runtime: Runtime, places: Sequence[str] = ()) -> Discovery:
    """Look for keys, and for servers where the vendors' own docs put them and at `places`.

    Raises `UsageError` for a place that is not on this machine.
    """
    roots = [_root(place) for place in places] + _usual_roots(runtime)
    keys, trouble = _keys(runtime)
    return Discovery(keys, _servers(list(dict.fromkeys(roots))), trouble)


def scaffolded(runtime: Runtime, found: Discovery) -> str:
    """A commented profile of what was found."""
    keys = [FoundKey(key.vendor, key.source) for key in found.keys]
    return scaffold.profile_text(keys, found.servers, runtime.catalog, lookup=runtime.environ.get)


def place_of_profile(runtime: Runtime, *, force: bool) -> Path:
    """Where the profile goes. Raises `ConfigError` when one is there and need not be replaced."""
    path = runtime.paths.user_profile
    if path.exists() and not force:
        raise ConfigError(
            f"`{path}` is there already",
            hint="`ultra init --force` replaces it, `ultra init --print` shows what it would be",
        )
    return path


def write_profile(runtime: Runtime, path: Path, text: str) -> None:
    """Write the profile, for its owner only, in place of what is there. Raises `ConfigError`."""
    scaffold.write_profile(path, text, force=True)
    note_file(runtime, "profile.written", path)


def nothing_found(runtime: Runtime, found: Discovery) -> ConfigError:
    """What to say when there is nothing to write a profile of."""
    rows = runtime.catalog.vendors()
    variables = ", ".join(f"`{rows[name].key_env[0]}`" for name in FIRST)
    trouble = f" ({found.trouble})" if found.trouble else ""
    return ConfigError(
        f"no key was found in the environment or the keyring{trouble}, and no server on this"
        " machine",
        hint=f"set {variables} or another vendor's, store a key with `ultra keys set PROVIDER`, or"
        " start Ollama; `ultra demo` needs none of these",
    )


def _keys(runtime: Runtime) -> tuple[tuple[KeyFound, ...], str | None]:
    rows = runtime.catalog.vendors()
    listing = secrets.listing(Profile(""), runtime.catalog, environ=runtime.environ)
    found = tuple(
        KeyFound(one.provider, rows[one.provider].title, one.source, one.fingerprint)
        for one in listing.keys
        if one.source is not None and one.fingerprint is not None
    )
    return found, listing.trouble


def _usual_roots(runtime: Runtime) -> list[str]:
    rows = runtime.catalog.vendors().values()
    return [_root(row.base_url) for row in rows if row.local]


def _root(place: str) -> str:
    """`http://host:port` of a URL on this machine."""
    try:
        parts = urlsplit(place if "://" in place else f"http://{place}")
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise UsageError(f"`{place}` is not the address of a server") from error
    if parts.scheme not in ("http", "https") or not is_loopback(host):
        raise UsageError(
            f"`{place}` is not a server on this machine; nothing else is ever probed",
            hint="write it into the profile: `NAME: {protocol: openai-chat, base_url: URL}`",
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port else "")


def _servers(roots: Sequence[str]) -> tuple[FoundServer, ...]:
    from ultra.providers.daemon import install
    from ultra.providers.probe import LocalServer, probe
    from ultra.runtime import loop

    async def main(_interrupt: loop.Interrupt) -> list[LocalServer | None]:
        install()
        return await asyncio.gather(*(probe(root) for root in roots))

    answers = [answer for answer in loop.run(main) if answer is not None]
    return tuple(FoundServer(one.vendor, one.base_url, one.models) for one in answers)
