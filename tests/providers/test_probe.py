"""Servers on this machine are known by what they answer."""

import asyncio
import socket

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.server import Exchange, loopback
from ultra.providers.probe import LocalServer, probe

OLLAMA = {
    "/api/version": {"version": "0.12.3"},
    "/api/tags": {"models": [{"name": "llama3.2:3b", "size": 1}, {"name": "qwen3"}]},
    "/v1/models": {"object": "list", "data": [{"id": "llama3.2:3b", "owned_by": "library"}]},
}
LM_STUDIO = {
    "/v1/models": {"data": [{"id": "qwen", "object": "model", "owned_by": "organization_owner"}]},
}
LM_STUDIO_EMPTY = {
    "/v1/models": {"data": [], "object": "list"},
    "/api/v0/models": {"object": "list", "data": []},
}
LLAMA_CPP = {"/v1/models": {"data": [{"id": "m.gguf", "owned_by": "llamacpp"}], "models": []}}
VLLM = {
    "/version": {"version": "0.11.0"},
    "/v1/models": {"data": [{"id": "Qwen/Qwen3", "owned_by": "vllm"}]},
}
OTHER = {"/v1/models": {"data": [{"id": "m", "owned_by": "me"}, {"object": "model"}]}}


@pytest.mark.parametrize(
    ("pages", "vendor", "path", "models"),
    [
        (OLLAMA, "ollama", "", ("llama3.2:3b", "qwen3")),
        (LM_STUDIO, "lmstudio", "/v1", ("qwen",)),
        (LM_STUDIO_EMPTY, "lmstudio", "/v1", ()),
        (LLAMA_CPP, "llamacpp", "/v1", ("m.gguf",)),
        (VLLM, "vllm", "/v1", ("Qwen/Qwen3",)),
        (OTHER, "", "/v1", ("m",)),
    ],
    ids=["ollama", "lm studio", "lm studio without models", "llama.cpp", "vllm", "other"],
)
async def test_servers_are_told_apart(
    pages: dict[str, object], vendor: str, path: str, models: tuple[str, ...]
) -> None:
    """Whatever port they listen on."""

    async def handler(exchange: Exchange) -> None:
        if exchange.seen.path in pages:
            await exchange.json(pages[exchange.seen.path])
        else:
            await exchange.json({"error": "Unexpected endpoint or method."}, status=404)

    async with loopback(handler) as server:
        assert await probe(server.url + "/") == LocalServer(vendor, server.url + path, models)


async def test_another_web_server_is_nothing() -> None:
    """It may even answer everything with 200, or with an unexpected error."""

    async def page(exchange: Exchange) -> None:
        await exchange.body(b"<html>my app</html>", content_type="text/html")

    async def unexpected(exchange: Exchange) -> None:
        await exchange.json({"error": "Unexpected endpoint or method."})

    async def gone(exchange: Exchange) -> None:
        exchange.cut()

    for handler in (page, unexpected, gone):
        async with loopback(handler) as server:
            assert await probe(server.url) is None


async def test_nothing_that_listens_is_nothing() -> None:
    """Neither is what is not a URL."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]

    assert await probe(f"http://127.0.0.1:{port}") is None
    assert await probe("http://h:x") is None


async def test_a_server_that_does_not_answer_in_time_is_nothing() -> None:
    """All questions together have one limit."""

    async def handler(exchange: Exchange) -> None:
        await exchange.stall()

    async with loopback(handler) as server, asyncio.timeout(PATIENCE_S):
        assert await probe(server.url, timeout_s=0.1) is None
