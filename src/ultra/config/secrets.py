"""Finds keys where the profile says they are; a key itself is in no file that ultra writes."""

import asyncio
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import TextIO

from msgspec import Struct
from msgspec.structs import replace

from ultra.config.endpoints import default_key
from ultra.config.facts import is_set
from ultra.config.files import is_file, shown
from ultra.config.paths import Paths
from ultra.config.sources import (
    SERVICE,
    delete_keyring,
    key_file,
    read_key_file,
    read_keyring,
    run_command,
    write_keyring,
)
from ultra.config.threads import in_background, took_too_long, within
from ultra.core.catalog import Catalog
from ultra.core.errors import ConfigError
from ultra.core.model import Endpoint, KeyRef
from ultra.core.profile import Profile
from ultra.core.secret import Secret

TIMEOUT_S = 10.0
"""How long a keyring or a command may take: a vault that asks for a finger needs a few seconds."""

SLACK_S = 1.0
"""How much longer whoever waits is patient: a command's own limit has the better message."""


class KeyStatus(Struct, frozen=True):
    """Where the key of a provider would come from, never the key.

    `source` None means nowhere; `detail` then says what would serve. `fingerprint` is None where
    there is no key or it was not read (a `command:` is not run for a listing). A source of `aws`
    is the AWS credentials of this machine, which are looked for when a request is signed.
    """

    provider: str
    source: str | None
    fingerprint: str | None
    detail: str


class Listing(Struct, frozen=True):
    """Keys by provider. `trouble` says why the keyring could not be asked, None when it was."""

    keys: list[KeyStatus]
    trouble: str | None


class _Place(Struct, frozen=True):
    """Where one key is looked for, and whether requests without one are signed."""

    provider: str
    ref: KeyRef
    signed: bool

    @property
    def entry(self) -> str:
        """The name under which the keyring would hold the key."""
        return _entry(self.provider, self.ref)

    @property
    def in_keyring(self) -> bool:
        """Whether the keyring is asked when no variable is set."""
        return self.ref.kind in ("default", "keyring")


class Keys:
    """Fills `core.ports.KeySource`. Each key is looked for once in a process.

    `warnings` gathers what the user should know of keys that were found. `stdin` is where `--key -`
    reads its one line.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        paths: Paths,
        timeout_s: float = TIMEOUT_S,
        stdin: TextIO | None = None,
    ) -> None:
        self.warnings: list[str] = []
        self._environ = environ
        self._paths = paths
        self._timeout_s = timeout_s
        self._stdin = stdin
        self._overrides: dict[str, KeyRef] = {}
        self._found: dict[tuple[str, str], Future[Secret]] = {}

    def overridden(self, provider: str, ref: KeyRef) -> "Keys":
        """The same keys, but one provider's comes from elsewhere (`--key`)."""
        other = Keys(self._environ, paths=self._paths, timeout_s=self._timeout_s, stdin=self._stdin)
        other._found, other.warnings = self._found, self.warnings
        other._overrides = {**self._overrides, provider: ref}
        return other

    async def key(self, endpoint: Endpoint) -> Secret | None:
        """The key, None when the endpoint wants none. Raises `ConfigError` when it is missing.

        Whatever may block runs on a thread that nobody joins, so cancelling the wait is immediate.
        """
        ref = self._overrides.get(endpoint.provider, endpoint.key)
        if ref.kind == "none":
            return None
        at_once = _from_environment(ref, self._environ)
        if at_once is not None:
            return at_once
        if ref.kind == "env":
            raise _missing(endpoint.provider, ref)
        place = (endpoint.provider, str(ref))
        if place not in self._found:
            self._found[place] = in_background(self._finder(endpoint.provider, ref))
        if endpoint.auth == "sigv4" and ref.kind == "default":
            return await self._if_any(place)
        return await self._wait(place)

    def at_once(self, endpoint: Endpoint) -> KeyStatus | None:
        """What can be told of a key without asking keyring, command or person; None for nothing."""
        ref = self._overrides.get(endpoint.provider, endpoint.key)
        place = _Place(endpoint.provider, ref, signed=False)
        if ref.kind in ("none", "env", "file") or _set_variable(ref, self._environ):
            return _status(place, self._environ, {}, usable=True)
        return None

    async def _if_any(self, place: tuple[str, str]) -> Secret | None:
        """The key, or None where the AWS credentials of this machine do without one."""
        try:
            return await self._wait(place)
        except ConfigError:
            return None

    async def _wait(self, place: tuple[str, str]) -> Secret:
        limit_s = self._timeout_s + SLACK_S
        try:
            async with asyncio.timeout(limit_s):
                return await asyncio.wrap_future(self._found[place])
        except TimeoutError as error:
            raise took_too_long(f"the key of `{place[0]}` ({place[1]})", limit_s) from error
        except ConfigError:
            self._found.pop(place, None)
            raise

    def _finder(self, provider: str, ref: KeyRef) -> Callable[[], Secret]:
        def find() -> Secret:
            match ref.kind:
                case "command":
                    return _usable(
                        run_command(ref.name, environ=self._environ, timeout_s=self._timeout_s),
                        provider,
                        "command",
                    )
                case "file":
                    content = read_key_file(
                        ref.name, environ=self._environ, warn=self.warnings.append
                    )
                    return _usable(content, provider, f"file:{ref.name}")
                case "stdin":
                    line = (self._stdin or sys.stdin).readline()
                    return _usable(line.strip(), provider, "stdin")
                case _:
                    return _from_keyring(provider, ref)

        return find


def set_key(provider: str, secret: str, *, timeout_s: float = TIMEOUT_S) -> Secret:
    """Store a key in the keyring under a provider's name; as stored. Raises `ConfigError`."""
    key = _usable(secret.strip(), provider, f"keyring:{provider}")
    within(timeout_s, lambda: write_keyring(provider, key.reveal()), "the keyring")
    return key


def remove_key(provider: str, *, timeout_s: float = TIMEOUT_S) -> bool:
    """Remove a provider's key from the keyring; false when there was none."""
    return within(timeout_s, lambda: delete_keyring(provider), "the keyring")


def listing(
    profile: Profile,
    catalog: Catalog,
    *,
    environ: Mapping[str, str],
    timeout_s: float = TIMEOUT_S,
) -> Listing:
    """The profile's providers, then the catalog's vendors that have keys, each with its source."""
    wanted = [_place(endpoint) for endpoint in profile.providers.values()]
    wanted += [
        _Place(row.name, default_key(row), signed=row.auth == "sigv4")
        for row in catalog.vendors().values()
        if row.key_env and row.name not in profile.providers
    ]
    return _statuses(wanted, environ, timeout_s)


def key_status(
    endpoint: Endpoint, environ: Mapping[str, str], *, timeout_s: float = TIMEOUT_S
) -> KeyStatus:
    """Where the key of one endpoint would come from."""
    found = _statuses([_place(endpoint)], environ, timeout_s)
    status = found.keys[0]
    if found.trouble is None or status.source is not None:
        return status
    return replace(status, detail=f"{status.detail} ({found.trouble})")


def _place(endpoint: Endpoint) -> _Place:
    ref = endpoint.key
    return _Place(endpoint.provider, ref, signed=endpoint.auth == "sigv4" and ref.kind == "default")


def _statuses(wanted: list[_Place], environ: Mapping[str, str], timeout_s: float) -> Listing:
    entries = [
        place.entry
        for place in wanted
        if place.in_keyring and not _set_variable(place.ref, environ)
    ]
    held, trouble = _held(entries, timeout_s)
    usable = trouble is None
    return Listing([_status(place, environ, held, usable=usable) for place in wanted], trouble)


def _held(entries: list[str], timeout_s: float) -> tuple[dict[str, str], str | None]:
    """What the keyring holds of these names, and why it could not be asked."""
    if not entries:
        return {}, None

    def read() -> dict[str, str]:
        found = {name: read_keyring(name) for name in dict.fromkeys(entries)}
        return {name: key for name, key in found.items() if key}

    try:
        return within(timeout_s, read, "the keyring"), None
    except ConfigError as error:
        return {}, error.message


def _status(
    place: _Place, environ: Mapping[str, str], held: dict[str, str], *, usable: bool
) -> KeyStatus:
    provider, ref = place.provider, place.ref
    variable = _set_variable(ref, environ)
    if variable:
        secret = Secret(environ[variable].strip(), f"env:{variable}")
        return KeyStatus(provider, secret.source, secret.fingerprint, "")
    if place.in_keyring and (key := held.get(place.entry)):
        source = f"keyring:{place.entry}"
        return KeyStatus(provider, source, Secret(key, source).fingerprint, "")
    if ref.kind in ("none", "stdin"):
        return KeyStatus(provider, ref.kind, None, "wants no key" if ref.kind == "none" else "")
    if ref.kind == "command":
        return KeyStatus(provider, "command", None, "not run for this list")
    if ref.kind == "file" and is_file(path := key_file(ref.name, environ)):
        return KeyStatus(provider, f"file:{shown(path)}", None, "")
    return _without(place, usable=usable)


def _without(place: _Place, *, usable: bool) -> KeyStatus:
    """What is said where there is no key."""
    if place.signed:
        detail = "signed with AWS credentials, if there are any"
        return KeyStatus(place.provider, "aws", None, detail)
    without_keyring = place.in_keyring and not usable
    hint = _instead(place.ref) if without_keyring else _missing(place.provider, place.ref).hint
    return KeyStatus(place.provider, None, None, hint or "")


def _variables(ref: KeyRef) -> Iterable[str]:
    return (name for name in ref.name.split(",") if name) if ref.kind in ("default", "env") else ()


def _set_variable(ref: KeyRef, environ: Mapping[str, str]) -> str | None:
    return next((name for name in _variables(ref) if is_set(environ, name)), None)


def _from_environment(ref: KeyRef, environ: Mapping[str, str]) -> Secret | None:
    variable = _set_variable(ref, environ)
    if variable is None:
        return None
    return _usable(environ[variable].strip(), variable, f"env:{variable}")


def _entry(provider: str, ref: KeyRef) -> str:
    return ref.name if ref.kind == "keyring" else provider


def _from_keyring(provider: str, ref: KeyRef) -> Secret:
    entry = _entry(provider, ref)
    try:
        key = read_keyring(entry)
    except ConfigError as error:
        missing = _missing(provider, ref)
        raise ConfigError(f"{missing.message}: {error.message}", hint=_instead(ref)) from error
    if not key:
        raise _missing(provider, ref)
    return _usable(key.strip(), provider, f"keyring:{entry}")


def _usable(key: str, owner: str, source: str) -> Secret:
    """The key as a secret. Raises `ConfigError` for what no header can carry."""
    if not key:
        raise ConfigError(f"the key of `{owner}` from `{source}` is empty")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError(
            f"the key of `{owner}` from `{source}` holds blanks, line breaks or other characters"
            " that no key has",
            hint="was more than the key copied?",
        )
    return Secret(key, source)


def _instead(ref: KeyRef) -> str:
    """What serves where the keyring cannot be used."""
    variables = " or ".join(f"`{name}`" for name in _variables(ref))
    if variables:
        return f"set {variables}"
    return "`--key env:NAME` takes it from a variable, and so does `key: env:NAME` in the profile"


def _missing(provider: str, ref: KeyRef) -> ConfigError:
    """What is missing, and everything that would serve."""
    variables = [f"`{name}`" for name in _variables(ref)]
    store = f"`ultra keys set {provider}` stores one in the keyring"
    match ref.kind:
        case "env":
            hint = f"set {variables[0]}"
        case "default":
            hint = f"set {' or '.join(variables)}, or {store}" if variables else store
        case "file":
            hint = f"there is no file `{ref.name}`"
        case _:
            entry = _entry(provider, ref)
            hint = f"the keyring has no entry `{entry}` of `{SERVICE}`: `ultra keys set {entry}`"
    return ConfigError(f"there is no key for `{provider}`", hint=hint)
