"""The guard that keeps tests on loopback does what it says."""

import asyncio
import socket

import pytest


@pytest.mark.parametrize("way", ["connect", "connect_ex"])
def test_a_connection_out_is_refused_and_noted(way: str, left_loopback: list[str]) -> None:
    """192.0.2.1 is reserved for documentation (RFC 5737): nothing is there."""
    with socket.socket() as sock:
        connect = sock.connect if way == "connect" else sock.connect_ex

        with pytest.raises(RuntimeError, match="stay on loopback"):
            connect(("192.0.2.1", 9))

    assert left_loopback == ["192.0.2.1:9"]
    left_loopback.clear()


def test_a_name_outside_is_not_looked_up(left_loopback: list[str]) -> None:
    """Asking a resolver is reaching for the network too."""
    with pytest.raises(RuntimeError, match="stay on loopback"):
        socket.getaddrinfo("example.com", 443)

    assert left_loopback == ["the address of 'example.com'"]
    left_loopback.clear()


async def test_asyncio_goes_through_the_guard(left_loopback: list[str]) -> None:
    """An event loop connects by the same methods."""
    with pytest.raises(RuntimeError, match="stay on loopback"):
        await asyncio.open_connection("192.0.2.1", 9)

    left_loopback.clear()


def test_a_name_under_invalid_never_resolves() -> None:
    """Tests of a resolver that fails need no resolver."""
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("nobody.invalid", 443)


def test_unix_sockets_are_free() -> None:
    """They cannot leave the machine."""
    left, right = socket.socketpair()

    left.sendall(b"x")

    assert right.recv(1) == b"x"
    left.close()
    right.close()
