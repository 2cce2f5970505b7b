"""A protocol of one JSON value per line, so that tests of the carrier depend on no vendor's."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager

from tests.support.server import Exchange
from ultra.core.clock import SystemClock
from ultra.core.errors import CallError, ErrorClass
from ultra.core.model import Endpoint, KeyRef, Target, Timers
from ultra.core.request import CallRequest, said
from ultra.core.secret import Secret
from ultra.core.stream import Finished, StreamBody, TextDelta
from ultra.providers.http import Http
from ultra.providers.transport import Transports
from ultra.providers.wire import LiveModel, WireRequest

KEY = "sk-test-0123456789abcdef"


class LineDecoder:
    """`{"text": ...}`, `{"finish": ...}` and `{"error": ...}`, one to a line."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[StreamBody]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [body for line in lines if line.strip() for body in _said(line)]

    def close(self) -> list[StreamBody]:
        rest, self._rest = self._rest, b""
        return _said(rest) if rest.strip() else []


def _said(line: bytes) -> list[StreamBody]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise CallError(ErrorClass.BAD_RESPONSE, "a line is not JSON") from error
    if "error" in value:
        raise CallError(ErrorClass.SERVER, value["error"])
    if "finish" in value:
        return [Finished("stop", value["finish"])]
    return [TextDelta(value["text"])]


class Lines:
    """Fills `WireProtocol`; remembers how its decoders were made."""

    name = "lines"

    def __init__(self) -> None:
        self.streamed: list[bool] = []

    def request(self, request: CallRequest) -> WireRequest:
        body = json.dumps([message.text for message in request.messages]).encode()
        return WireRequest("POST", "/say", body, {"content-type": "application/json"})

    def decoder(self, request: CallRequest, *, streamed: bool) -> LineDecoder:
        self.streamed.append(streamed)
        return LineDecoder()

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> CallError:
        kind = {401: ErrorClass.AUTH, 429: ErrorClass.RATE_LIMIT}.get(status, ErrorClass.SERVER)
        return CallError(kind, body.decode("utf-8", "replace"), code=headers.get("x-code"))

    def models_request(self, endpoint: Endpoint, cursor: str | None = None) -> WireRequest:
        return WireRequest("GET", "/models", query={"after": cursor} if cursor else {})

    def models(self, body: bytes) -> tuple[list[LiveModel], str | None]:
        value = json.loads(body)
        if "error" in value:
            raise CallError(ErrorClass.BAD_RESPONSE, value["error"])
        return [LiveModel(name) for name in value["models"]], value.get("next")


class FixedKeys:
    """Gives every endpoint the same key, or none."""

    def __init__(self, value: str | None = KEY) -> None:
        self.value = value

    async def key(self, endpoint: Endpoint) -> Secret | None:
        return Secret(self.value, "env:TEST_KEY") if self.value is not None else None


def endpoint(
    url: str, *, connect_s: float = 5.0, headers: dict[str, str] | None = None
) -> Endpoint:
    """An endpoint called `lab`."""
    return Endpoint(
        "lab",
        "lines",
        url,
        KeyRef("env", "TEST_KEY"),
        headers=headers or {},
        timers=Timers(connect_s=connect_s),
    )


def call(place: Endpoint, text: str = "hello", *, stream: bool = True) -> CallRequest:
    """A call of one turn to the model `m` there."""
    return CallRequest(Target("lab:m", "m", place), (said("user", text),), stream=stream)


@asynccontextmanager
async def carrier(
    transport: str, environ: Mapping[str, str] | None = None, *, key: str | None = KEY
) -> AsyncIterator[Http]:
    """The HTTP carrier over one kind of transport, closed at the end."""
    transports = Transports({"ULTRA_TRANSPORT": transport, **(environ or {})})
    try:
        yield Http(FixedKeys(key), SystemClock(), transports)
    finally:
        await transports.aclose()


async def heard(
    http: Http, request: CallRequest, protocol: Lines | None = None
) -> list[StreamBody]:
    """All that a call yields."""
    async with aclosing(http.stream(request, protocol or Lines())) as bodies:
        return [body async for body in bodies]


async def failed(http: Http, request: CallRequest) -> CallError:
    """The error that a call ends with."""
    try:
        await heard(http, request)
    except CallError as error:
        return error
    raise AssertionError("the call did not fail")


def text_of(bodies: list[StreamBody]) -> str:
    """The words among the bodies."""
    return "".join(body.text for body in bodies if isinstance(body, TextDelta))


def line(**value: str) -> bytes:
    """One line of the protocol."""
    return json.dumps(value).encode() + b"\n"


ANSWER = line(text="hel") + line(text="lo") + line(finish="stop")
"""A complete answer that says `hello`."""


async def answer(exchange: Exchange) -> None:
    """A handler that says `hello`."""
    await exchange.body(ANSWER, content_type="application/x-ndjson")
