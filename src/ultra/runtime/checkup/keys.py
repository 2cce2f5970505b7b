"""Keys, hosts and clocks: what can be said without asking, and what providers say."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from ultra.core.errors import ErrorClass, UltraError
from ultra.core.health import Credential, Finding
from ultra.core.hosts import url_is_loopback
from ultra.core.key_hint import new_key
from ultra.core.model import Endpoint, Target
from ultra.core.profile import Profile, forbidden
from ultra.runtime import loop
from ultra.runtime.checking import Asked, ask_for_models, credentials
from ultra.runtime.checkup.findings import ok, problem, warning
from ultra.runtime.loop import Interrupt
from ultra.runtime.runtime import Runtime

CLOCK_OFF_S = 300.0
"""How far clocks may differ: signatures of AWS are refused beyond five minutes."""

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_REFUSED = frozenset({ErrorClass.AUTH.value, ErrorClass.PERMISSION.value})


class Reached(Struct, frozen=True):
    """The providers of a profile with their keys, and what came of asking them (by name)."""

    endpoints: tuple[Endpoint, ...] = ()
    keys: tuple[Credential, ...] = ()
    asked: dict[str, Asked] = {}


def reach(runtime: Runtime, profile: Profile, *, probe: bool) -> Reached:
    """Look for every key and, with `probe`, ask every provider for its models: free, 5 s at most.

    Nobody is asked whom the profile forbids, and nobody without a key.
    """
    places = [
        one
        for one in profile.providers.values()
        if not one.simulated and forbidden(profile, Target("", "", one)) is None
    ]

    async def main(_interrupt: Interrupt) -> Reached:
        keys = await credentials(runtime, places, commands=probe)
        ready = [
            place for place, key in zip(places, keys, strict=True) if probe and not key.problem
        ]
        asked = await ask_for_models(runtime, ready)
        return Reached(tuple(places), tuple(keys), {one.endpoint.provider: one for one in asked})

    return loop.run(main)


def keys(reached: Reached, *, probed: bool) -> Iterator[Finding]:
    """Whether each key is there, where it comes from, and whether its provider takes it."""
    for endpoint, key in zip(reached.endpoints, reached.keys, strict=True):
        yield _key(endpoint, key, reached.asked.get(endpoint.provider), probed=probed)
    if not reached.endpoints:
        yield ok("keys", "the profile needs none")


def _key(endpoint: Endpoint, key: Credential, asked: Asked | None, *, probed: bool) -> Finding:
    name = endpoint.provider
    if key.problem:
        return problem("keys", f"{name}: {key.problem}", key.hint)
    if key.source == "none":
        return _keyless(name, asked)
    mark = f" ({key.fingerprint})" if key.fingerprint else ""
    where = f"{name}: from `{key.source}`{mark}"
    if asked is None:
        return ok("keys", f"{where}, not tried" if not probed else where)
    if asked.check.ok:
        return ok("keys", f"{where}, accepted")
    if asked.check.error_class in _REFUSED:
        return problem(
            "keys",
            f"{where}, refused: {asked.check.message}",
            new_key(name, key.source or ""),
        )
    return warning("keys", f"{where}, could not be tried: see hosts")


def _keyless(name: str, asked: Asked | None) -> Finding:
    """What the provider thinks of the profile's word that it wants no key."""
    if asked is not None and asked.check.error_class == ErrorClass.AUTH:
        return problem("keys", f"{name}: wants a key: {asked.check.message}", new_key(name, "none"))
    return ok("keys", f"{name}: wants no key")


def hosts(reached: Reached, environ: Mapping[str, str], *, probed: bool) -> Iterator[Finding]:
    """Whether each host can be reached, by TLS or in the clear, and through which proxy."""
    yield from _proxies(environ)
    for endpoint in reached.endpoints:
        yield _host(endpoint, reached.asked.get(endpoint.provider), environ)
    if not probed:
        yield ok("hosts", "nobody was asked (`--no-probe`)")


def _proxies(environ: Mapping[str, str]) -> Iterator[Finding]:
    from ultra.providers.proxies import shown

    for name in _PROXIES:
        for spelling in (name, name.upper()):
            value = environ.get(spelling)
            if value:
                said = value if name == "no_proxy" else shown(value) or "set"
                yield ok("hosts", f"`{spelling}` is set: {said}")
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if environ.get(name) and not Path(environ[name]).exists():
            yield problem("hosts", f"`{name}` names `{environ[name]}`, which is not there")


def _host(endpoint: Endpoint, asked: Asked | None, environ: Mapping[str, str]) -> Finding:
    parts = urlsplit(endpoint.base_url)
    host = parts.netloc.rpartition("@")[2]
    here = url_is_loopback(endpoint.base_url)
    through = _through(endpoint, environ)
    if asked is not None and not asked.check.ok and asked.check.error_class not in _REFUSED:
        return _silent(endpoint, asked, through)
    if parts.scheme != "https" and not here and endpoint.key.kind != "none":
        return warning(
            "hosts",
            f"{endpoint.provider}: its key goes to `{host}` in the clear",
            "use `https`",
        )
    secure = "this machine" if here else "TLS" if parts.scheme == "https" else "no TLS"
    answered = ", answers" if asked is not None else ""
    return ok("hosts", f"{endpoint.provider}: `{host}`{answered} ({secure}{through})")


def _silent(endpoint: Endpoint, asked: Asked, through: str) -> Finding:
    kind, said = asked.check.error_class, f"{endpoint.provider}: {asked.check.message}{through}"
    if kind in (ErrorClass.INVALID_REQUEST, ErrorClass.MODEL_NOT_FOUND):
        return warning("hosts", said, "`ultra health --probe=prompt` asks a model instead")
    if kind == ErrorClass.RATE_LIMIT:
        return warning("hosts", said)
    local = url_is_loopback(endpoint.base_url)
    return problem(
        "hosts", said, "is the server running?" if local else "is the network up, the name right?"
    )


def _through(endpoint: Endpoint, environ: Mapping[str, str]) -> str:
    from ultra.providers.proxies import proxy_for, shown

    parts = urlsplit(endpoint.base_url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        proxy = proxy_for(parts.scheme, parts.hostname or "", port, environ)
    except (UltraError, ValueError) as error:
        return f"; {error}"
    return f", through the proxy `{shown(proxy)}`" if proxy else ""


def clock(asked: Iterable[Asked]) -> Iterator[Finding]:
    """Whether this machine's clock agrees with those of the providers that were asked."""
    off = {one.endpoint.provider: one.ahead_s for one in asked if one.ahead_s is not None}
    if not off:
        yield ok("clock", "nobody was there to compare it with")
        return
    # The nearest: one server with a wrong clock of its own says nothing of ours.
    name, ahead_s = min(off.items(), key=lambda pair: abs(pair[1]))
    if abs(ahead_s) > CLOCK_OFF_S:
        word = "behind" if ahead_s > 0 else "ahead of"
        yield warning(
            "clock",
            f"this clock is {abs(ahead_s) / 60:.0f} min {word} that of {name}",
            "set it: budgets, breakers and signatures go by it",
        )
    else:
        yield ok("clock", f"within {max(1.0, abs(ahead_s)):.0f} s of that of {name}")
