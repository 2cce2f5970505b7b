"""What holds for every test: nothing leaves this machine, and garbage is collected."""

import gc
import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import pytest

GC_THRESHOLDS = (10_000, 10, 10)
"""For a process that stays; with the interpreter's own 700 collecting is 8 % of the tests' time."""

_left: list[str] = []


class LeftLoopback(RuntimeError):  # noqa: N818 - it tells what happened
    """A test reached for the network."""


def _name(host: object) -> str:
    return host.decode() if isinstance(host, bytes) else str(host or "")


def _local(host: object) -> bool:
    name = _name(host).partition("%")[0]
    if name in ("", "localhost") or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse(what: str) -> None:
    _left.append(what)
    raise LeftLoopback(f"a test reached for {what}; tests stay on loopback")


def _check(sock: socket.socket, address: Any) -> None:
    if sock.family in (socket.AF_INET, socket.AF_INET6) and not _local(address[0]):
        _refuse(f"{address[0]}:{address[1]}")


class _Guard:
    """Stands in front of the ways out that Python has; asyncio goes through the same."""

    def __init__(self) -> None:
        self.connect = socket.socket.connect
        self.connect_ex = socket.socket.connect_ex
        self.getaddrinfo = socket.getaddrinfo

    def install(self) -> None:
        real_connect, real_connect_ex = self.connect, self.connect_ex
        real_getaddrinfo = self.getaddrinfo

        def connect(sock: socket.socket, address: Any) -> None:
            _check(sock, address)
            real_connect(sock, address)

        def connect_ex(sock: socket.socket, address: Any) -> int:
            _check(sock, address)
            return real_connect_ex(sock, address)

        def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
            if _name(host).endswith(".invalid"):
                # RFC 6761, section 6.4: such names never resolve; asking a resolver is not needed.
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            if not _local(host):
                _refuse(f"the address of {host!r}")
            return real_getaddrinfo(host, *args, **kwargs)

        socket.socket.connect = connect  # type: ignore[method-assign,assignment]
        socket.socket.connect_ex = connect_ex  # type: ignore[method-assign,assignment]
        socket.getaddrinfo = getaddrinfo

    def remove(self) -> None:
        socket.socket.connect = self.connect  # type: ignore[method-assign]
        socket.socket.connect_ex = self.connect_ex  # type: ignore[method-assign]
        socket.getaddrinfo = self.getaddrinfo


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first, so that at the end no worker waits for another's minute."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_frozen() -> Iterator[None]:
    """Except for what all tests share.

    `ultra.runtime.loop.run` freezes what there is, as suits a process of one run: here, after
    thousands of runs, it would be all the garbage of all tests before.
    """
    gc.collect()
    gc.freeze()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gc, "freeze", lambda: None)
        yield


@pytest.fixture(autouse=True)
def _garbage_is_collected() -> None:
    """As often as before a run changed that."""
    gc.set_threshold(*GC_THRESHOLDS)


@pytest.fixture(scope="session", autouse=True)
def _socket_guard() -> Iterator[None]:
    guard = _Guard()
    guard.install()
    yield
    guard.remove()


@pytest.fixture(autouse=True)
def _stays_on_loopback() -> Iterator[None]:
    _left.clear()
    yield
    if _left:
        pytest.fail("left loopback: " + ", ".join(_left))


@pytest.fixture
def left_loopback() -> list[str]:
    """What the guard has refused in this test; a test of the guard empties it."""
    return _left
