"""Which model server, if any, answers at a place: told by what it says, not by its port.

Only `ultra init` probes, and only this machine. No key is sent.
Sources: docs of Ollama (api.md), LM Studio (REST API v0), llama.cpp (server README) and vLLM
(OpenAI-compatible server).
"""

import asyncio
from typing import TypeVar

import msgspec
from msgspec import Struct

from ultra.core.errors import UltraError
from ultra.providers.failures import CARRIED
from ultra.providers.http import read_all
from ultra.providers.lean import httpx
from ultra.providers.transport import Transports

PROBE_S = 1.0
"""How long a server on this machine may take to say what it is, all questions together."""

ANSWER_LIMIT = 4 << 20

T = TypeVar("T")


class LocalServer(Struct, frozen=True):
    """A model server that was found. `vendor` is its catalog row, empty for one without a row.

    `base_url` is what a profile should hold; `models` are the ids it lists.
    """

    vendor: str
    base_url: str
    models: tuple[str, ...]


class _Model(Struct):
    id: str = ""
    name: str = ""
    owned_by: str = ""


class _List(Struct):
    """The list of OpenAI's `/v1/models` and of LM Studio's `/api/v0/models`."""

    data: list[_Model]


class _Tags(Struct):
    """Ollama's `/api/tags`."""

    models: list[_Model]


class _Version(Struct):
    """Ollama's `/api/version` and vLLM's `/version`."""

    version: str


_OWNERS = {"llamacpp": "llamacpp", "vllm": "vllm", "organization_owner": "lmstudio"}
"""What servers write into `owned_by` of their `/v1/models`, and the vendor's row for it."""


async def probe(root: str, *, timeout_s: float = PROBE_S) -> LocalServer | None:
    """What answers at `http://host:port`; None when nothing does, or nothing of the kind."""
    transports = Transports({})
    try:
        async with asyncio.timeout(timeout_s):
            return await _identified(root.rstrip("/"), transports)
    except TimeoutError:
        return None
    finally:
        await transports.aclose()


async def _identified(root: str, transports: Transports) -> LocalServer | None:
    ollama = await _ask(f"{root}/api/version", transports, _Version)
    tags = await _ask(f"{root}/api/tags", transports, _Tags) if ollama else None
    if tags is not None:
        return LocalServer("ollama", root, tuple(m.name for m in tags.models if m.name))
    listed = await _ask(f"{root}/v1/models", transports, _List)
    if listed is None:
        return None
    ids = tuple(model.id for model in listed.data if model.id)
    owners = {model.owned_by for model in listed.data}
    vendor = next((row for owner, row in _OWNERS.items() if owner in owners), "")
    if not vendor:
        native = await _ask(f"{root}/api/v0/models", transports, _List)
        vendor = "" if native is None else "lmstudio"
    return LocalServer(vendor, f"{root}/v1", ids)


async def _ask(url: str, transports: Transports, kind: type[T]) -> T | None:
    """The answer to a question, None when it is not what was asked for."""
    try:
        place = httpx.URL(url)
        response = await transports.get(place).handle_async_request(httpx.Request("GET", place))
    except (*CARRIED, httpx.InvalidURL, UltraError):
        return None
    try:
        if response.status_code != 200:
            return None
        return msgspec.json.decode(await read_all(response, ANSWER_LIMIT), type=kind)
    except (*CARRIED, UltraError, msgspec.MsgspecError):
        return None
    finally:
        await response.aclose()
