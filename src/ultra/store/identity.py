"""Under which keys the breakers and gates of an attempt are kept, whatever a profile calls them."""

import hashlib
from functools import lru_cache
from urllib.parse import urlsplit

from msgspec import Struct

from ultra.core.breaker import breaker_key
from ultra.core.gate import gate_key
from ultra.core.ledger import AttemptRecord
from ultra.store.rows import without_credentials


class Identity(Struct, frozen=True):
    """Whom an attempt asks and with what; `key_fp` tells its credential from others.

    `model`, `endpoint` and `credential` are keys of breakers, `gate` and `own` of gates: those of
    the provider's limits and of the profile's.
    """

    base_url: str
    key_fp: str
    model: str
    endpoint: str
    credential: str
    gate: str
    own: str


def identity(attempt: AttemptRecord) -> Identity:
    """Whom the attempt asks and with what."""
    target = attempt.target
    return _identity(target.endpoint.base_url, target.model, attempt.key_fp)


@lru_cache(maxsize=1024)
def _identity(base_url: str, model: str, key_fp: str) -> Identity:
    url, key_fp = without_credentials(base_url), key_fp or _login(base_url)
    return Identity(
        url,
        key_fp,
        breaker_key("endpoint", url, model),
        breaker_key("endpoint", url, ""),
        breaker_key("credential", url, key_fp),
        gate_key(url, key_fp, model),
        gate_key(url, key_fp, ""),
    )


def _login(base_url: str) -> str:
    """The fingerprint of the login that stands in a URL; empty without one."""
    login, at, _ = urlsplit(base_url).netloc.rpartition("@")
    return hashlib.sha256(b"ultra:" + login.encode()).hexdigest()[:8] if at else ""
