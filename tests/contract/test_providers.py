"""One suite that every provider passes, through the real HTTP client and a server on loopback."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from itertools import pairwise

import pytest

from tests.support.lines import FixedKeys
from tests.support.server import Exchange, Handler, loopback
from tests.support.speakers import REASONING, SPEAKERS, TEXT, Speaker
from ultra.core.answer import AnswerBuilder
from ultra.core.clock import SystemClock
from ultra.core.errors import CallError, ErrorClass
from ultra.core.model import Endpoint, KeyRef, Target
from ultra.core.request import CallRequest, said
from ultra.core.stream import CONTENT, Finished, ResponseStarted, StreamBody, UsageReported
from ultra.providers.hub import ProviderHub
from ultra.providers.protocols import PROTOCOLS

pytestmark = pytest.mark.parametrize("speaker", SPEAKERS, ids=lambda speaker: speaker.id)

TRANSPORTS = ("httpx", "aiohttp")


def check_grammar(bodies: Sequence[StreamBody]) -> None:
    """The automaton of one attempt: a start, then content and counts, one finish at last."""
    assert isinstance(bodies[-1], Finished)
    assert sum(isinstance(body, Finished) for body in bodies) == 1
    content = [place for place, body in enumerate(bodies) if isinstance(body, CONTENT)]
    starts = [place for place, body in enumerate(bodies) if isinstance(body, ResponseStarted)]
    assert content
    assert all(start < content[0] for start in starts)
    assert all(isinstance(body, (*CONTENT, UsageReported)) for body in bodies[content[0] : -1])


def folded(bodies: Sequence[StreamBody]) -> AnswerBuilder:
    """What the bodies amount to."""
    builder = AnswerBuilder()
    for body in bodies:
        builder.add(body, 0.0)
    return builder


def request_for(speaker: Speaker, url: str, *, stream: bool) -> CallRequest:
    """A question to the speaker at this address."""
    endpoint = Endpoint("lab", speaker.protocol, url, KeyRef("none"))
    return CallRequest(Target("lab", "m", endpoint), (said("user", "hello"),), stream=stream)


async def heard(
    speaker: Speaker, hub: ProviderHub, url: str, *, stream: bool = True
) -> list[StreamBody]:
    """All that the provider yields. Raises `CallError`."""
    bodies: list[StreamBody] = []
    await listen(hub, request_for(speaker, url, stream=stream), bodies)
    return bodies


async def listen(hub: ProviderHub, request: CallRequest, bodies: list[StreamBody]) -> None:
    """Take in what comes until the end. Raises `CallError`."""
    async with aclosing(hub.stream(request)) as stream:
        async for body in stream:
            bodies.append(body)  # noqa: PERF401 - what came before a failure counts


@asynccontextmanager
async def hub_over(transport: str) -> AsyncIterator[ProviderHub]:
    """The real hub on one transport."""
    hub = ProviderHub(FixedKeys(None), SystemClock(), environ={"ULTRA_TRANSPORT": transport})
    try:
        yield hub
    finally:
        await hub.aclose()


def says(speaker: Speaker, body: bytes, *cuts: int) -> Handler:
    """A server that sends a stream in the pieces between the cuts."""

    async def handler(exchange: Exchange) -> None:
        await exchange.head(200, {"content-type": speaker.content_type})
        places = [0, *cuts, len(body)]
        for start, end in pairwise(places):
            if start < end:
                await exchange.chunk(body[start:end])
        await exchange.end()

    return handler


def test_every_protocol_over_http_is_held_to_the_contract(speaker: Speaker) -> None:
    """A protocol without a speaker would escape this suite."""
    assert speaker.protocol in PROTOCOLS
    assert {one.protocol for one in SPEAKERS} == set(PROTOCOLS)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_stream_is_the_same_at_every_split_of_its_bytes(
    speaker: Speaker, transport: str
) -> None:
    """Cut once at every byte: the grammar holds and the answer is the same."""
    cuts: list[int] = []

    async def handler(exchange: Exchange) -> None:
        await says(speaker, speaker.stream, *cuts)(exchange)

    async with loopback(handler) as server, hub_over(transport) as hub:
        for place in range(0, len(speaker.stream), 1 if transport == "aiohttp" else 7):
            cuts[:] = [place]
            bodies = await heard(speaker, hub, server.url)
            check_grammar(bodies)
            answer = folded(bodies)
            assert (answer.text, answer.reasoning) == (TEXT, REASONING), place


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_stream_byte_by_byte_is_read_whole(speaker: Speaker, transport: str) -> None:
    """The slowest server there is says the same, and its usage is counted once."""
    handler = says(speaker, speaker.stream, *range(1, len(speaker.stream)))
    async with loopback(handler) as server, hub_over(transport) as hub:
        answer = folded(await heard(speaker, hub, server.url))

    assert answer.text == TEXT
    assert answer.finished is not None
    assert answer.finished.finish_reason == "stop"
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (20, 12)
    assert answer.usage_source == "provider"
    assert answer.resolved_model == speaker.model


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_plain_answer_says_what_the_stream_says(speaker: Speaker, transport: str) -> None:
    """Streaming or not changes nothing but the pace."""

    async def handler(exchange: Exchange) -> None:
        await exchange.body(speaker.plain)

    async with loopback(handler) as server, hub_over(transport) as hub:
        bodies = await heard(speaker, hub, server.url, stream=False)

    check_grammar(bodies)
    answer = folded(bodies)
    assert (answer.text, answer.reasoning) == (TEXT, REASONING)
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (20, 12)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_stream_without_a_finish_is_a_failure(speaker: Speaker, transport: str) -> None:
    """However the words end, without a reason for their end they are no answer."""
    bodies: list[StreamBody] = []
    async with loopback(says(speaker, speaker.cut)) as server, hub_over(transport) as hub:
        request = request_for(speaker, server.url, stream=True)
        with pytest.raises(CallError) as caught:
            await listen(hub, request, bodies)

    assert folded(bodies).text == TEXT
    assert caught.value.sent
    assert caught.value.error_class in (ErrorClass.BAD_RESPONSE, ErrorClass.NETWORK)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_an_error_keeps_the_providers_own_words(speaker: Speaker, transport: str) -> None:
    """The status, the class and what the provider said."""

    async def handler(exchange: Exchange) -> None:
        await exchange.body(speaker.error, status=400)

    async with loopback(handler) as server, hub_over(transport) as hub:
        with pytest.raises(CallError, match="no such thing") as caught:
            await heard(speaker, hub, server.url)

    assert caught.value.status == 400
    assert caught.value.error_class is ErrorClass.INVALID_REQUEST


@pytest.mark.parametrize("body", [b"", b"<html>hi</html>", b"{}", b"[]", b"null", b"data: {"])
async def test_nonsense_is_a_bad_response_and_never_a_traceback(
    speaker: Speaker, body: bytes
) -> None:
    """Whatever a proxy or a broken server puts into a 200."""

    async def handler(exchange: Exchange) -> None:
        await exchange.body(body, content_type="text/html")

    async with loopback(handler) as server, hub_over("httpx") as hub:
        for stream in (True, False):
            with pytest.raises(CallError) as caught:
                await heard(speaker, hub, server.url, stream=stream)
            assert caught.value.error_class in (ErrorClass.BAD_RESPONSE, ErrorClass.NETWORK)


async def test_leaving_a_stream_closes_the_connection_at_once(speaker: Speaker) -> None:
    """A reader that has heard enough costs the provider no more."""

    async def handler(exchange: Exchange) -> None:
        await exchange.head(200, {"content-type": speaker.content_type})
        await exchange.chunk(speaker.cut)
        await exchange.stall()

    async with loopback(handler) as server, hub_over("aiohttp") as hub:
        async with aclosing(hub.stream(request_for(speaker, server.url, stream=True))) as stream:
            async for body in stream:
                if isinstance(body, CONTENT):
                    break
        await server.until(lambda seen: seen.left == 1)

    assert server.left == 1
