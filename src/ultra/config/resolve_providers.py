"""From a provider as it is written to the endpoint that it means."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from ultra.config.documents import Document
from ultra.config.endpoints import NO_KEY, Lookup, default_key, vendor_quirks, vendor_url
from ultra.config.keyref import parse_key
from ultra.config.reader import KeyPath
from ultra.config.schema import LimitsSpec, ProviderSpec, TimersSpec
from ultra.core.catalog import Vendor
from ultra.core.errors import ConfigError, UsageError
from ultra.core.model import AuthStyle, Endpoint, KeyRef, Quirks, Timers
from ultra.core.request import fits_option
from ultra.core.text import did_you_mean, one_line

AUTH: dict[str, AuthStyle] = {
    "openai-chat": "bearer",
    "anthropic-messages": "x-api-key",
    "gemini": "x-goog-api-key",
    "ollama": "bearer",
    "bedrock-converse": "sigv4",
    "openai-responses": "bearer",
    "cohere-v2": "bearer",
}
"""How each protocol carries a key when neither the catalog nor the profile says otherwise."""

_SECRET_HEADERS = frozenset(
    (
        "authorization",
        "proxy-authorization",
        "cookie",
        "api-key",
        "x-api-key",
        "x-goog-api-key",
        "x-auth-token",
    )
)
_OURS = frozenset(("host", "content-length", "content-type", "transfer-encoding", "connection"))
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def resolve_provider(
    name: str,
    spec: ProviderSpec,
    *,
    found: Document,
    vendors: dict[str, Vendor],
    lookup: Lookup,
    timers: Timers,
) -> Endpoint | None:
    """The endpoint, or None after noting in `found` what is wrong with it."""
    blamed = any(problem.path.startswith(f"providers.{name}.") for problem in found.problems)
    before = len(found.problems)
    row = _row(name, spec, found, vendors)
    protocol = spec.protocol or (row.protocol if row else None)
    if protocol == "simulated":
        return _simulated(name, spec, timers)
    if protocol is None or (spec.base_url is None and row is None):
        if not blamed:
            _unknown(name, spec, found, vendors)
        return None
    base_url = _base_url(name, spec, row, found=found, lookup=lookup)
    key = NO_KEY if blamed else _key(name, spec, row, found=found, lookup=lookup)
    quirks = _quirks(name, spec, row, found=found, lookup=lookup)
    _headers(name, spec, found)
    check_options(found, ("providers", name, "options"), spec.options)
    if key.kind != "none" and _clear_text(base_url):
        found.warnings.append(f"the key of `{name}` travels in clear text to `{base_url}`")
    if len(found.problems) > before:
        return None
    limits = spec.limits or LimitsSpec()
    return Endpoint(
        provider=name,
        protocol=protocol,
        base_url=base_url,
        key=key,
        vendor=row.name if row else "",
        auth=spec.auth or (row.auth if row else AUTH[protocol]),
        headers={**(row.headers if row else {}), **spec.headers},
        quirks=quirks,
        timers=apply_timers(timers, spec.timers),
        concurrency=limits.concurrency,
        requests_per_minute=limits.requests_per_minute,
        tokens_per_minute=limits.tokens_per_minute,
        options=spec.options,
    )


def check_options(found: Document, path: KeyPath, options: Mapping[str, object]) -> None:
    """Note every option whose value is of another kind than it takes."""
    for name, value in options.items():
        if not fits_option(name, value):
            found.object_to((*path, name), f"`{one_line(str(value), 40)}` is not what it takes")


def apply_timers(timers: Timers, spec: TimersSpec | None) -> Timers:
    """The timers with those replaced that are set."""
    if spec is None:
        return timers
    return msgspec.convert({**msgspec.to_builtins(timers), **msgspec.to_builtins(spec)}, Timers)


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port: what a key is bound to."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port


def _simulated(name: str, spec: ProviderSpec, timers: Timers) -> Endpoint:
    limits = spec.limits or LimitsSpec()
    return Endpoint(
        provider=name,
        protocol="simulated",
        base_url="",
        key=NO_KEY,
        auth="none",
        timers=apply_timers(timers, spec.timers),
        concurrency=limits.concurrency,
        requests_per_minute=limits.requests_per_minute,
        tokens_per_minute=limits.tokens_per_minute,
        options=spec.options,
    )


def _row(
    name: str, spec: ProviderSpec, found: Document, vendors: dict[str, Vendor]
) -> Vendor | None:
    if spec.vendor is not None and spec.vendor not in vendors:
        found.object_to(
            ("providers", name, "vendor"),
            f"the catalog has no vendor `{one_line(spec.vendor, 80)}`",
            did_you_mean(spec.vendor, vendors),
        )
    return vendors.get(spec.vendor or name)


def _unknown(name: str, spec: ProviderSpec, found: Document, vendors: dict[str, Vendor]) -> None:
    lacking = [
        f"`{field}`"
        for field, value in (("protocol", spec.protocol), ("base_url", spec.base_url))
        if value is None
    ]
    found.object_to(
        ("providers", name),
        f"the catalog has no vendor `{name}`, so it needs {' and '.join(lacking)}",
        did_you_mean(name, vendors),
    )


def _base_url(
    name: str, spec: ProviderSpec, row: Vendor | None, *, found: Document, lookup: Lookup
) -> str:
    path = ("providers", name, "base_url")
    if spec.base_url is None:
        try:
            return vendor_url(row, lookup) if row else ""
        except ConfigError as error:
            found.object_to(path, error.message, error.hint)
            return ""
    wrong = _wrong_url(spec.base_url)
    if wrong:
        found.object_to(path, wrong, "such as `https://host.example/v1`")
    return spec.base_url.rstrip("/")


def _wrong_url(url: str) -> str | None:
    """What is wrong with a base URL; the message never repeats it, as it may hold a password."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in ("http", "https") or not host:
        return "is not an `http` or `https` URL with a host"
    if not url.isascii() or any(character.isspace() or character == "\\" for character in url):
        return "holds characters that no URL has"
    if "@" in parts.netloc:
        return "must not hold a user name or password: use `key`"
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        return "must end before any `?` or `#`"
    return None


def _quirks(
    name: str, spec: ProviderSpec, row: Vendor | None, *, found: Document, lookup: Lookup
) -> Quirks:
    if row is None:
        return Quirks()
    try:
        quirks = vendor_quirks(row, lookup)
    except ConfigError as error:
        found.object_to(("providers", name), error.message, error.hint)
        return row.quirks
    if spec.protocol in (None, row.protocol):
        return quirks
    # Path and cap are words of the row's own protocol, which another one does not know.
    usual = Quirks()
    return replace(quirks, path=usual.path, max_tokens_field=usual.max_tokens_field)


def _key(
    name: str, spec: ProviderSpec, row: Vendor | None, *, found: Document, lookup: Lookup
) -> KeyRef:
    usual = default_key(row) if row else KeyRef("default", "")
    if spec.key is not None:
        try:
            return parse_key(spec.key, usual)
        except UsageError as error:
            found.object_to(("providers", name, "key"), error.message, error.hint)
            return NO_KEY
    if row is None or usual.kind == "none":
        return NO_KEY
    if spec.base_url is not None and _moved(spec.base_url, row, lookup):
        found.object_to(
            ("providers", name, "base_url"),
            f"leads to another host than `{row.name}`'s own, so its key is not sent there unasked",
            f"add `key: env:{row.key_env[0]}` if that host may have it, or `key: none`",
        )
    return usual


def _moved(base_url: str, row: Vendor, lookup: Lookup) -> bool:
    try:
        return origin(base_url) != origin(vendor_url(row, lookup))
    except (ValueError, ConfigError):
        return True


def _headers(name: str, spec: ProviderSpec, found: Document) -> None:
    for header, value in spec.headers.items():
        path = ("providers", name, "headers", header)
        if header.lower() in _SECRET_HEADERS:
            found.object_to(path, "is where a key goes", "use `key` and, if need be, `auth`")
        elif header.lower() in _OURS:
            found.object_to(path, "is set by ultra itself")
        elif not value.isascii():
            found.object_to(path, "holds characters that no header may have")


def _clear_text(base_url: str) -> bool:
    try:
        scheme, host, _ = origin(base_url)
    except ValueError:
        return False
    return scheme == "http" and host not in _LOOPBACK
