"""Everything a provider can do wrong with one request, by the name of the model that was asked for.

A name such as `500+good` is a play in acts: the first request gets the first, the last one all that
follow. So the fault, and how often it was met, can be read off the requests that were made.
"""

import asyncio
import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from tests.support.process import USAGE, WORDS, chunk
from tests.support.server import Exchange, Handler

ANSWER = "".join(WORDS)
SAID = [chunk(word) for word in WORDS]
WHOLE = [*SAID, chunk(finish="stop"), USAGE]
DEAR = {**USAGE, "usage": {"prompt_tokens": 12, "completion_tokens": 60, "total_tokens": 72}}
"""What uses up all that is set aside for `hello there` and 60 tokens: 132,000 nano-dollars."""

GRIN = "naïve 東京 \U0001f600 done"

SPENT: dict[str, dict[str, str]] = {
    "openai": {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "6m0s",
    },
    "groq": {
        "x-ratelimit-limit-tokens": "6000",
        "x-ratelimit-remaining-tokens": "12",
        "x-ratelimit-reset-tokens": "1m40.5s",
    },
    "azure": {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "50"},
    "anthropic": {
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": "{moment}",
    },
    "anthropic-unified": {
        "anthropic-ratelimit-unified-status": "rejected",
        "anthropic-ratelimit-unified-reset": "{epoch}",
    },
    "openrouter": {
        "x-ratelimit-limit": "20",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": "{epoch}000",
    },
    "mistral": {
        "ratelimitbysize-limit": "500000",
        "ratelimitbysize-remaining": "0",
        "ratelimitbysize-reset": "46",
    },
    "cerebras": {
        "x-ratelimit-limit-requests-day": "14400",
        "x-ratelimit-remaining-requests-day": "0",
        "x-ratelimit-reset-requests-day": "473.814165592194",
    },
    "ietf": {"ratelimit": "limit=100, remaining=0, reset=90"},
}
"""What the headers of every family say when nothing is left for a minute or more. `epoch` is 90
seconds from now, `moment` the same as RFC 3339 has it."""

PROTOCOLS = {"anthropic": "anthropic-messages", "anthropic-unified": "anthropic-messages"}
"""What a family speaks that does not speak like OpenAI."""

FAULTS: dict[str, Handler] = {}


def fault(name: str) -> Callable[[Handler], Handler]:
    """Register what the model of this name does."""

    def register(handler: Handler) -> Handler:
        FAULTS[name] = handler
        return handler

    return register


def event(value: object) -> bytes:
    """One server-sent event."""
    return f"data: {json.dumps(value)}\n\n".encode()


def refuses(
    status: int, message: str = "no", headers: dict[str, str] | None = None, **error: object
) -> Handler:
    """A handler that answers with an error of OpenAI's shape."""

    async def refuse(exchange: Exchange) -> None:
        document = {"error": {"message": message, "type": None, "code": None, **error}}
        await exchange.json(document, status=status, headers=headers)

    return refuse


def streams(*events: object, done: bool = True) -> Handler:
    """A handler that streams these events."""

    async def stream(exchange: Exchange) -> None:
        await exchange.sse(events, done=done)

    return stream


def begins(end: Callable[[Exchange], Any]) -> Handler:
    """A handler that says three words and then does this."""

    async def begin(exchange: Exchange) -> None:
        await exchange.head(200)
        for said in SAID[:3]:
            await exchange.chunk(event(said))
        result = end(exchange)
        if result is not None:
            await result

    return begin


MESSAGE: list[object] = [
    {"type": "message_start", "message": {"id": "m", "model": "c", "usage": {"input_tokens": 10}}},
    *(
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}}
        for word in WORDS
    ),
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 6}},
    {"type": "message_stop"},
]
"""The answer as Anthropic streams it."""


def says_what_is_left(family: str) -> Handler:
    """A handler that answers, and says in the words of a family that nothing more is left."""

    async def answer(exchange: Exchange) -> None:
        then = datetime.now(UTC) + timedelta(seconds=90)
        values = {"epoch": str(int(then.timestamp())), "moment": then.isoformat()}
        headers = {name: value.format(**values) for name, value in SPENT[family].items()}
        events = MESSAGE if family in PROTOCOLS else WHOLE
        await exchange.sse(events, headers=headers)

    return answer


async def drips(exchange: Exchange, data: bytes) -> None:
    """Send the same again and again until the client leaves."""
    while not await gone(exchange, 0.05):
        await exchange.chunk(data)


@fault("good")
async def good(exchange: Exchange) -> None:
    """Answers as it was asked to: streamed or whole."""
    body = exchange.seen.json()
    assert isinstance(body, dict)
    if body.get("stream"):
        await exchange.sse(WHOLE)
        return
    await exchange.json(whole(ANSWER))


def whole(text: str | None, **more: object) -> dict[str, object]:
    """An answer that is not streamed."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {**chunk(), "choices": [choice], "usage": USAGE["usage"], **more}


FAULTS |= {
    "500": refuses(500, "the model fell over"),
    "500-no-retry": refuses(500, "do not", {"x-should-retry": "false"}),
    "400": refuses(400, "`messages` is wrong", type="invalid_request_error"),
    "401": refuses(401, "Incorrect API key provided", code="invalid_api_key"),
    "404": refuses(404, "The model `x` does not exist", code="model_not_found"),
    "408": refuses(408, "too slow"),
    "409": refuses(409, "conflict"),
    "413": refuses(413, "too large"),
    "425": refuses(425, "too early"),
    "529": refuses(529, "Overloaded", type="overloaded_error"),
    "429-1s": refuses(429, "slow down", {"retry-after": "1"}),
    "429-hour": refuses(429, "slow down", {"retry-after": "3600"}),
    "429-minus": refuses(429, "slow down", {"retry-after": "-1"}),
    "429-abc": refuses(429, "slow down", {"retry-after": "abc"}),
    "429-past": refuses(429, "slow down", {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}),
    "429-date": refuses(429, "slow down", {"retry-after": "Fri, 31 Dec 2099 23:59:59 GMT"}),
    "429-money": refuses(429, "You exceeded your current quota", type="insufficient_quota"),
    "context": refuses(400, "maximum context length is 10 tokens", code="context_length_exceeded"),
    "filter": refuses(400, "filtered", code="content_filter"),
    "loading": refuses(503, "Loading model", type="unavailable_error"),
    "filtered": streams(chunk(finish="content_filter"), USAGE),
    "error-first": streams({"error": {"message": "busy", "code": "server_is_overloaded"}}),
    "502-inside": streams({"error": {"code": 502, "message": "Upstream error"}}, done=False),
    "broken-line": streams(*SAID[:3], '{"choices":[{"delta":{"con', *WHOLE[3:]),
    "no-done": streams(*WHOLE, done=False),
    "no-end": streams(*SAID, done=False),
    "no-usage": streams(*SAID, chunk(finish="stop")),
    "clean-cut": streams(*SAID[:3], done=False),
    "grin": streams(*(chunk(letter) for letter in GRIN), chunk(finish="stop"), USAGE),
    "nothing-said": streams(chunk(finish="stop"), USAGE),
    "ends-twice": streams(*SAID, *2 * (chunk(finish="stop"), USAGE)),
    "dear": streams(*SAID, chunk(finish="stop"), DEAR),
    "zero": streams(
        *SAID,
        chunk(finish="stop"),
        {**USAGE, "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}},
    ),
    "counted": streams(
        *(
            {**said, "usage": {"prompt_tokens": 10, "completion_tokens": place + 1}}
            for place, said in enumerate(SAID)
        ),
        chunk(finish="stop"),
        USAGE,
    ),
    "cut": begins(lambda exchange: exchange.cut()),
    "stall": begins(lambda exchange: exchange.stall()),
    "anthropic-error-first": streams(
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        done=False,
    ),
    "anthropic-twice": streams(MESSAGE[0], *MESSAGE, done=False),
    "error-late": streams(
        *SAID[:3],
        {"error": {"message": "the model is overloaded " * 20, "code": "server_is_overloaded"}},
    ),
    **{f"limits-{family}": says_what_is_left(family) for family in SPENT},
}


@fault("json-error")
async def json_error(exchange: Exchange) -> None:
    """A success that holds an error."""
    await exchange.json({"error": {"message": "something went wrong"}})


@fault("no-choices")
async def no_choices(exchange: Exchange) -> None:
    """A success without an answer."""
    await exchange.json({"choices": []})


@fault("html-502")
async def html_502(exchange: Exchange) -> None:
    """A gateway's page."""
    page = b"<html><title>502 Bad Gateway</title></html>"
    await exchange.body(page, status=502, content_type="text/html")


@fault("captive")
async def captive(exchange: Exchange) -> None:
    """A login page in the way."""
    await exchange.body(b"<html><title>Sign in</title></html>", content_type="text/html")


@fault("gzip-cut")
async def gzip_cut(exchange: Exchange) -> None:
    """A packed body that ends too soon."""
    packed = gzip.compress(json.dumps(whole(ANSWER)).encode())
    await exchange.body(packed[:-12], headers={"content-encoding": "gzip"})


@fault("brotli")
async def brotli(exchange: Exchange) -> None:
    """A packing that was not asked for."""
    await exchange.body(b"\x1b\x0e\x00\xf8", headers={"content-encoding": "br"})


@fault("hang")
async def hang(exchange: Exchange) -> None:
    """Takes the request and says nothing."""
    await exchange.stall()


@fault("comments")
async def comments(exchange: Exchange) -> None:
    """Keep-alive comments and nothing else."""
    await exchange.head(200)
    await drips(exchange, b": keep-alive\n\n")


@fault("500-drip")
async def error_that_drips(exchange: Exchange) -> None:
    """An error whose words never end."""
    await exchange.head(500, {"content-type": "application/json"})
    await drips(exchange, b" ")


@fault("json-drip")
async def answer_that_drips(exchange: Exchange) -> None:
    """Padding before an answer that never comes, as some providers send it."""
    await exchange.head(200, {"content-type": "application/json"})
    await drips(exchange, b" ")


@fault("limits-gemini")
async def gemini_limits(exchange: Exchange) -> None:
    """Gemini says it in the body of a refusal."""
    wait = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "48s"}
    error = {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "slow", "details": [wait]}
    await exchange.json({"error": error}, status=429)


@fault("reset")
async def reset(exchange: Exchange) -> None:
    """Resets the connection before any header."""
    exchange.reset()


@fault("json-reset")
async def json_reset(exchange: Exchange) -> None:
    """Resets the connection in the middle of a body."""
    data = json.dumps(whole(ANSWER)).encode()
    await exchange.head(
        200, {"content-type": "application/json", "content-length": str(len(data))}, chunked=False
    )
    await exchange.send(data[:40])
    exchange.reset()


@fault("500-close")
async def stale(exchange: Exchange) -> None:
    """Promises to keep the connection, and closes it."""
    await refuses(500, "the model fell over")(exchange)
    exchange.cut()


@fault("endless")
async def endless(exchange: Exchange) -> None:
    """Knows no end, whatever cap it was given."""
    await exchange.head(200)
    while not await gone(exchange, 0.002):
        await exchange.chunk(event(chunk("word and word and word ")))


@fault("429-soon")
async def soon(exchange: Exchange) -> None:
    """Names the second that is the one after next."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    await refuses(429, "slow down", {"retry-after": date})(exchange)


@fault("leave")
async def leave(exchange: Exchange) -> None:
    """Closes the connection instead of an answer."""
    exchange.cut()


@fault("tool-cut")
async def tool_cut(exchange: Exchange) -> None:
    """Breaks off in the arguments of a tool call."""
    call = {"index": 0, "id": "c1", "function": {"name": "weather", "arguments": '{"city":"Kö'}}
    await exchange.head(200)
    await exchange.chunk(event({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}))
    exchange.cut()


async def gone(exchange: Exchange, wait_s: float) -> bool:
    """Whether the client left within so many seconds."""
    try:
        async with asyncio.timeout(wait_s):
            return not await exchange.reader.read(1)
    except TimeoutError:
        return False
    except ConnectionError:
        return True


class Provider:
    """Plays the acts of every model, and remembers who was asked how often."""

    def __init__(self) -> None:
        self.calls: dict[str, int] = {}
        self.at: list[float] = []
        self.elsewhere = ""
        self.go = asyncio.Event()
        """Lets the act `held` answer."""
        self.spare_goes = asyncio.Event()
        """Lets the model that stands by answer, as it may unless a script clears it."""
        self.spare_goes.set()

    async def __call__(self, exchange: Exchange) -> None:
        """Answer one request."""
        provider = exchange.seen.path.split("/")[1]
        body = exchange.seen.json()
        assert isinstance(body, dict)
        # Gemini has the model in the path.
        model = str(body.get("model") or exchange.seen.path.rpartition("/")[2].partition(":")[0])
        name = f"{provider}:{model}"
        count = self.calls.get(name, 0)
        self.calls[name] = count + 1
        self.at.append(asyncio.get_running_loop().time())
        acts = model.split("+")
        act = acts[min(count, len(acts) - 1)]
        if act == "redirect":
            await exchange.head(
                302, {"location": self.elsewhere, "content-length": "0"}, chunked=False
            )
            return
        if provider == "spare":
            await self.spare_goes.wait()
        if act == "held":
            await self.go.wait()
            act = "good"
        await FAULTS[act](exchange)

    def asked(self, provider: str) -> int:
        """How often any model of a provider was asked."""
        return sum(count for name, count in self.calls.items() if name.startswith(f"{provider}:"))
