"""Driving a wire protocol with bytes, without HTTP."""

import json
from typing import Any

from ultra.core.answer import AnswerBuilder
from ultra.core.errors import CallError
from ultra.core.model import Endpoint, KeyRef, Quirks, Target
from ultra.core.request import CallRequest, Message, Sampling, said
from ultra.core.stream import StreamBody
from ultra.providers.protocols import load

HELLO = (said("user", "hello"),)


def a_request(
    protocol: str,
    *messages: Message,
    model: str = "m",
    sampling: Sampling | None = None,
    json_schema: dict[str, Any] | None = None,
    stream: bool = True,
    quirks: Quirks | None = None,
    target: dict[str, Any] | None = None,
) -> CallRequest:
    """A call to a model that nothing is known of."""
    endpoint = Endpoint("lab", protocol, "http://lab", KeyRef("none"), quirks=quirks or Quirks())
    return CallRequest(
        Target("lab", model, endpoint, **(target or {})),
        messages or HELLO,
        sampling or Sampling(),
        json_schema,
        stream,
    )


def sent(request: CallRequest) -> dict[str, Any]:
    """The body that goes over the wire."""
    wire = load(request.target.endpoint.protocol).request(request)
    body: dict[str, Any] = json.loads(wire.body)
    return body


def read(
    protocol: str, body: bytes, *, streamed: bool = True, cut: int = 1 << 30
) -> list[StreamBody]:
    """The events of a body that comes in pieces of `cut` bytes. Raises `CallError`."""
    decoder = load(protocol).decoder(a_request(protocol, stream=streamed), streamed=streamed)
    events: list[StreamBody] = []
    for start in range(0, len(body), cut):
        events += decoder.feed(body[start : start + cut])
    return events + decoder.close()


def outcome(
    protocol: str, body: bytes, *, streamed: bool = True, cut: int = 1 << 30
) -> tuple[list[StreamBody], str | None]:
    """The events until the end or an error, and the class of the error."""
    decoder = load(protocol).decoder(a_request(protocol, stream=streamed), streamed=streamed)
    events: list[StreamBody] = []
    try:
        for start in range(0, len(body), cut):
            events += decoder.feed(body[start : start + cut])
        events += decoder.close()
    except CallError as error:
        assert error.sent  # noqa: PT017 - a helper of many tests
        return events, error.error_class
    return events, None


def folded(events: list[StreamBody]) -> AnswerBuilder:
    """What the events amount to."""
    builder = AnswerBuilder()
    for event in events:
        builder.add(event, 0.0)
    return builder


def sse(*events: object, done: bool = False) -> bytes:
    """Server-sent events: bytes and strings as they are, the rest as JSON."""
    lines = [event if isinstance(event, str) else json.dumps(event) for event in events]
    return "".join(f"data: {line}\n\n" for line in [*lines, *(["[DONE]"] if done else [])]).encode()
