"""Which proxy a request goes through, from the variables that everybody uses.

`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in lower case first, as curl and Python
read them. Loopback is never proxied: a model on this machine is not to be reached through another.
"""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from ultra.core.errors import ConfigError
from ultra.core.hosts import is_loopback


def proxy_for(scheme: str, host: str, port: int, environ: Mapping[str, str]) -> str | None:
    """The URL of the proxy for requests to a host, None for a direct connection.

    Raises `ConfigError` for a proxy that is neither http nor https.
    """
    if is_loopback(host) or _bypassed(host, port, environ):
        return None
    for name in (f"{scheme}_proxy", "all_proxy"):
        variable, url = _variable(name, environ)
        if url:
            return _checked(url, variable)
    return None


def shown(proxy: str) -> str:
    """Host and port of a proxy's URL, without the login that may stand in it."""
    parts = urlsplit(proxy)
    return parts.netloc.rpartition("@")[2]


def _variable(name: str, environ: Mapping[str, str]) -> tuple[str, str]:
    if environ.get(name):
        return name, environ[name]
    upper = name.upper()
    if upper == "HTTP_PROXY" and "REQUEST_METHOD" in environ:
        # In a CGI script the client sets HTTP_PROXY with a `Proxy:` header (CVE-2016-1000110).
        return upper, ""
    return upper, environ.get(upper, "")


def _checked(url: str, variable: str) -> str:
    url = url if "://" in url else f"http://{url}"
    scheme, _, rest = url.partition("://")
    if scheme.lower() in ("http", "https") and rest:
        return url
    what = "a SOCKS proxy" if scheme.lower().startswith("socks") else f"a `{scheme}` proxy"
    raise ConfigError(
        f"`{variable}` names {what}, which is not supported",
        hint="name an http or https proxy, or put the host into `NO_PROXY`",
    )


def _bypassed(host: str, port: int, environ: Mapping[str, str]) -> bool:
    _, spared = _variable("no_proxy", environ)
    name = host.strip("[]").rstrip(".").lower()
    return any(_spares(entry.strip().lower(), name, port) for entry in spared.split(","))


def _spares(entry: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY covers a host: `*`, a domain, `host:port`, address or CIDR."""
    network = _network(entry)
    if network is not None:
        address = _address(host)
        return address is not None and address in network
    if entry in ("", "*"):
        return entry == "*"
    domain, colon, wanted = entry.rpartition(":")
    if colon and wanted.isdigit() and "]" not in wanted and _address(entry) is None:
        if wanted != str(port):
            return False
        entry = domain
    entry = entry.strip("[]").lstrip("*.")
    return host == entry or host.endswith(f".{entry}")


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _address(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _network(text: str) -> _Network | None:
    if "/" not in text:
        return None
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None
