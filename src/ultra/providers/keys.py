"""How a key becomes a header, and how it is kept out of everything else.

A key belongs to the scheme, host and port of its endpoint. It is never put into a URL.
"""

import base64
import re

from ultra.core.errors import ConfigError
from ultra.core.key_hint import new_key
from ultra.core.model import Endpoint
from ultra.core.secret import Secret
from ultra.providers.lean import httpx

_SHAPES = re.compile(
    r"\b(?:sk|pk|rk)-[\w*.-]{6,}"  # OpenAI, Anthropic (sk-ant-), DeepSeek, OpenRouter (sk-or-)
    r"|\b(?:xai|pplx|csk|fw|hf|gsk|tgp|nvapi)[-_][\w*-]{6,}"  # xAI, Perplexity, Cerebras, ... Groq
    r"|\bAIza[\w*-]{6,}|\bAQ\.Ab[\w*.-]{6,}"  # Google
    r"|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*"  # a JSON Web Token
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\bABSK[\w+/=-]{12,}|\bbedrock-api-key-[\w+/=.-]+"  # AWS
    r"|(?<=[Ss]ecurity-[Tt]oken:)\s*[\w+/=%.-]{6,}"
    r"|(?<=[Bb]earer )[^\s\"']{6,}"
    r"|(?<=[?&]key=)[^\s&\"']+"
)


def scrub(text: str, secret: Secret | None) -> str:
    """The text without the key and without anything that looks like one."""
    known = secret.scrub(text) if secret is not None else text
    return _SHAPES.sub("***", known)


def auth_headers(endpoint: Endpoint, secret: Secret | None, url: httpx.URL) -> dict[str, str]:
    """The header that holds the key, for a URL of the endpoint's own host; empty without a key.

    A login inside `base_url` serves where there is no key. Raises `ConfigError` for any other
    host, and for a key that cannot stand in a header, before the HTTP library could quote it.
    """
    base = own_host(endpoint, url)
    if secret is None or endpoint.auth == "none":
        return _login(base)
    key = secret.reveal().strip()
    if not (key.isascii() and key.isprintable()) or " " in key or not key:
        raise ConfigError(
            f"the key of `{endpoint.provider}` from `{secret.source}` holds characters that no key"
            " has, such as a blank or a line break",
            hint=new_key(endpoint.provider, secret.source),
        )
    if endpoint.auth in ("bearer", "sigv4"):
        return {"authorization": f"Bearer {key}"}
    return {endpoint.auth: key}


def own_host(endpoint: Endpoint, url: httpx.URL) -> httpx.URL:
    """The endpoint's base URL. Raises `ConfigError` when `url` leads to any other host."""
    base = httpx.URL(endpoint.base_url)
    if _origin(base) != _origin(url):
        raise ConfigError(
            f"the key of `{endpoint.provider}` is for `{base.host}` and is not sent to `{url.host}`"
        )
    return base


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)


def _login(base: httpx.URL) -> dict[str, str]:
    if not base.userinfo:
        return {}
    login = f"{base.username}:{base.password}".encode()
    return {"authorization": f"Basic {base64.b64encode(login).decode()}"}
