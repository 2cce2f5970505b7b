"""Which hosts are this machine, told by their names alone: no name is ever looked up."""

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its very name.

    `localhost` and names under it (RFC 6761 §6.3), 127.0.0.0/8, ::1, and the unspecified address,
    which connects to this machine. Any other name may lead anywhere, whatever it leads to today.
    """
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def url_is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine; false for what cannot be read as a URL with a host."""
    if "\\" in url:  # some readers of URLs end the host there, others do not
        return False
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except ValueError:
        return False
