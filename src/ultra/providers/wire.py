"""What a wire protocol is: values into bytes, bytes into events, and no I/O at all.

A protocol module never sees a client, a socket or a key, so a recorded file tests it as it is.
`providers.http` carries the bytes and `providers.keys` puts the key on them.
"""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct, field

from ultra.core.errors import CallError
from ultra.core.model import Capability, Endpoint
from ultra.core.request import CallRequest
from ultra.core.stream import StreamBody


class WireRequest(Struct, frozen=True):
    """One HTTP request, without the key.

    `path` is joined to the endpoint's base URL; `query` holds undecoded values and never a key.
    `headers` are those of the protocol (content type, version); the endpoint's own are added later.
    """

    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)


class LiveModel(Struct, frozen=True, omit_defaults=True):
    """One model as the endpoint lists it; None is what it does not say.

    `created` is UTC seconds since the epoch. `capabilities` are all that the list speaks of and
    affirms: what a list of its kind never mentions may still be there.
    """

    id: str
    context_window: int | None = None
    created: float | None = None
    max_output_tokens: int | None = None
    capabilities: tuple[Capability, ...] | None = None


class Decoder(Protocol):
    """Turns the bytes of one answer into what they say. Bytes may be split anywhere.

    Both methods raise `CallError` for an error that the provider puts inside a 200 answer.
    """

    def feed(self, data: bytes) -> list[StreamBody]:
        """What has become clear with these bytes, in order; empty when nothing has."""
        ...

    def close(self) -> list[StreamBody]:
        """What is left at the end of the body; an answer that is not streamed is decoded here."""
        ...


class WireProtocol(Protocol):
    """One way of speaking to a provider."""

    @property
    def name(self) -> str:
        """The name that profiles use: `openai-chat`."""
        ...

    def request(self, request: CallRequest) -> WireRequest:
        """The call as it goes over the wire. Raises `CallError` for what cannot be said so."""
        ...

    def decoder(self, request: CallRequest, *, streamed: bool) -> Decoder:
        """A fresh decoder for one answer; `streamed` says whether a stream was asked for."""
        ...

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> CallError:
        """Why an answer of status 400 and above failed; header names are lower case.

        `body` may be cut off or be anything at all. What every provider tells alike in headers
        (request id, delay, `x-should-retry`) is filled in by the caller where this leaves it None.
        """
        ...

    def models_request(self, endpoint: Endpoint, cursor: str | None = None) -> WireRequest:
        """The request that lists the endpoint's models; `cursor` asks for a later page."""
        ...

    def models(self, body: bytes) -> tuple[list[LiveModel], str | None]:
        """One page of the list, and the cursor of the next; None at the end.

        Raises `CallError` when the body is not such a list.
        """
        ...
