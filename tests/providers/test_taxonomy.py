"""The table of errors, row by row: what every family says, and what it comes to.

Golden bodies are those of the families' documents. Each goes the whole way: over loopback, through
the transport and the protocol, to the class, the delay and what may follow.
"""

import gzip
import json
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec import Struct

from tests.support.eventstream import exception
from tests.support.lines import FixedKeys
from tests.support.protocols import sse
from tests.support.server import Exchange, loopback
from tests.support.speakers import SPEAKERS
from ultra.core.clock import SystemClock
from ultra.core.errors import ACTIONS, CallError, ErrorClass
from ultra.core.model import Endpoint, KeyRef, Target
from ultra.core.ports import Clock
from ultra.core.request import CallRequest, said
from ultra.core.stream import CONTENT, Finished, StreamBody
from ultra.providers.hub import ProviderHub

E = ErrorClass
CHAT, MESSAGES, GEMINI = "openai-chat", "anthropic-messages", "gemini"
BEDROCK, OLLAMA, RESPONSES = "bedrock-converse", "ollama", "openai-responses"
COHERE = "cohere-v2"


class Row(Struct, frozen=True):
    """What a server says, and what it means. `retries` None is what the class says by itself.

    `status` 200 is an error inside an answer; `body` is JSON, bytes, or a list of events of a
    stream. `waits_s` is the delay that is asked for, `hint` a word of the next step.
    """

    protocol: str
    status: int
    body: Any
    error_class: ErrorClass
    headers: dict[str, str] = {}
    waits_s: float | None = None
    retries: int | None = None
    hint: str = ""


def openai(message: str = "no", **more: object) -> dict[str, object]:
    return {"error": {"message": message, "type": None, "param": None, "code": None, **more}}


def anthropic(kind: str, message: str = "no") -> dict[str, object]:
    error = {"type": kind, "message": message}
    return {"type": "error", "error": error, "request_id": "req_1"}


def google(code: int, status: str, message: str = "no", *details: object) -> dict[str, object]:
    return {"error": {"code": code, "status": status, "message": message, "details": list(details)}}


def quota_of(name: str) -> dict[str, object]:
    kind = "type.googleapis.com/google.rpc.QuotaFailure"
    return {"@type": kind, "violations": [{"quotaId": name}]}


def router(code: int, message: str = "no", **metadata: object) -> dict[str, object]:
    return {"error": {"code": code, "message": message, "metadata": metadata}}


RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "48s"}
BAD_KEY = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}


def aws(name: str) -> dict[str, str]:
    return {"x-amzn-errortype": f"{name}:http://internal.amazon.com/coral/com.amazon.bedrock/"}


ROWS: dict[str, Row] = {
    # OpenAI and all who speak like it
    "openai: wrong key": Row(
        CHAT, 401, openai("Incorrect API key provided", code="invalid_api_key"), E.AUTH
    ),
    "openai: forbidden": Row(CHAT, 403, openai("Country not supported"), E.PERMISSION),
    "openai: no such model": Row(
        CHAT,
        404,
        openai("The model `m` does not exist", code="model_not_found"),
        E.MODEL_NOT_FOUND,
        hint="models --live",
    ),
    "openai: window by code": Row(
        CHAT, 400, openai(code="context_length_exceeded"), E.CONTEXT_LENGTH, hint="larger window"
    ),
    "openai: window by words": Row(
        CHAT,
        400,
        openai("This model's maximum context length is 8192 tokens", type="invalid_request_error"),
        E.CONTEXT_LENGTH,
    ),
    "openai: policy": Row(CHAT, 400, openai(code="content_policy_violation"), E.CONTENT_FILTER),
    "openai: filter": Row(CHAT, 400, openai(code="content_filter"), E.CONTENT_FILTER),
    "openai: rate": Row(
        CHAT,
        429,
        openai("Rate limit reached. Please try again in 1m2.5s.", code="rate_limit_exceeded"),
        E.RATE_LIMIT,
        waits_s=62.5,
        hint="--strategy fallback",
    ),
    "openai: rate, delay in a header": Row(
        CHAT,
        429,
        openai("Rate limit reached", code="rate_limit_exceeded"),
        E.RATE_LIMIT,
        headers={"retry-after-ms": "1500", "retry-after": "2"},
        waits_s=1.5,
    ),
    "openai: rate, delay as a reset": Row(
        CHAT,
        429,
        openai("Rate limit reached", code="rate_limit_exceeded"),
        E.RATE_LIMIT,
        headers={"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "7.66s"},
        waits_s=7.66,
    ),
    "openai: money by type": Row(
        CHAT,
        429,
        openai("You exceeded your current quota", type="insufficient_quota"),
        E.QUOTA,
        headers={"retry-after": "7"},
        waits_s=7.0,
        hint="credits",
    ),
    **{
        f"openai: {code}": Row(CHAT, 429, openai(type="insufficient_quota", code=code), E.QUOTA)
        for code in (
            "credit_balance_exhausted",
            "organization_spend_limit_exceeded",
            "project_spend_limit_exceeded",
            "organization_usage_limit_exceeded",
        )
    },
    "openai: slow down": Row(CHAT, 429, openai(code="slow_down"), E.RATE_LIMIT),
    "openai: larger than the limit": Row(
        CHAT,
        429,
        openai(
            "Request too large for gpt-x on tokens per min (TPM): Limit 30000, Requested 40000",
            type="tokens",
            code="rate_limit_exceeded",
        ),
        E.TOO_LARGE,
    ),
    "openai: server": Row(CHAT, 500, openai(type="server_error"), E.SERVER),
    "openai: server, no retry": Row(
        CHAT, 500, openai(), E.SERVER, headers={"x-should-retry": "false"}, retries=0
    ),
    "openai: wrong request, retry": Row(
        CHAT, 400, openai(), E.INVALID_REQUEST, headers={"x-should-retry": "true"}, retries=1
    ),
    "openai: overloaded": Row(
        CHAT, 503, openai(code="server_is_overloaded"), E.OVERLOADED, hint="try again"
    ),
    "openai: slow down at 503": Row(CHAT, 503, openai(code="slow_down"), E.OVERLOADED),
    "openai: wrong request": Row(
        CHAT, 400, openai("bad", type="invalid_request_error"), E.INVALID_REQUEST
    ),
    "openai: event that is an error": Row(
        CHAT, 200, [openai("busy", code="server_error")], E.SERVER
    ),
    "responses: failed": Row(
        RESPONSES,
        200,
        [
            {
                "type": "response.failed",
                "response": {
                    "status": "failed",
                    "error": {"code": "rate_limit_exceeded", "message": "slow"},
                },
            }
        ],
        E.RATE_LIMIT,
    ),
    "responses: server": Row(RESPONSES, 500, openai(type="server_error"), E.SERVER),
    # Anthropic
    "anthropic: request": Row(MESSAGES, 400, anthropic("invalid_request_error"), E.INVALID_REQUEST),
    "anthropic: window": Row(
        MESSAGES,
        400,
        anthropic("invalid_request_error", "prompt is too long: 200001 tokens > 200000 maximum"),
        E.CONTEXT_LENGTH,
    ),
    "anthropic: credits": Row(
        MESSAGES,
        400,
        anthropic("invalid_request_error", "Your credit balance is too low to access the API"),
        E.QUOTA,
    ),
    "anthropic: key": Row(MESSAGES, 401, anthropic("authentication_error"), E.AUTH),
    "anthropic: billing": Row(MESSAGES, 402, anthropic("billing_error"), E.QUOTA),
    "anthropic: permission": Row(MESSAGES, 403, anthropic("permission_error"), E.PERMISSION),
    "anthropic: model": Row(
        MESSAGES, 404, anthropic("not_found_error", "model: m"), E.MODEL_NOT_FOUND
    ),
    "anthropic: conflict": Row(MESSAGES, 409, anthropic("conflict_error"), E.SERVER, retries=1),
    "anthropic: size": Row(MESSAGES, 413, anthropic("request_too_large"), E.TOO_LARGE),
    "anthropic: rate": Row(
        MESSAGES,
        429,
        anthropic("rate_limit_error"),
        E.RATE_LIMIT,
        headers={"retry-after": "12"},
        waits_s=12.0,
    ),
    "anthropic: spend": Row(MESSAGES, 429, anthropic("enforced_spend_limit_reached"), E.QUOTA),
    "anthropic: server": Row(MESSAGES, 500, anthropic("api_error"), E.SERVER),
    "anthropic: timeout": Row(MESSAGES, 504, anthropic("timeout_error"), E.TIMEOUT),
    "anthropic: overloaded": Row(MESSAGES, 529, anthropic("overloaded_error"), E.OVERLOADED),
    "anthropic: overloaded in a stream": Row(
        MESSAGES, 200, [anthropic("overloaded_error", "Overloaded")], E.OVERLOADED
    ),
    # Gemini
    "gemini: request": Row(GEMINI, 400, google(400, "INVALID_ARGUMENT"), E.INVALID_REQUEST),
    "gemini: key": Row(
        GEMINI, 400, google(400, "INVALID_ARGUMENT", "API key not valid", BAD_KEY), E.AUTH
    ),
    "gemini: window": Row(
        GEMINI,
        400,
        google(400, "INVALID_ARGUMENT", "The input token count (9) exceeds the maximum number"),
        E.CONTEXT_LENGTH,
    ),
    "gemini: precondition": Row(GEMINI, 400, google(400, "FAILED_PRECONDITION"), E.PERMISSION),
    "gemini: billing": Row(GEMINI, 402, google(402, "BILLING"), E.QUOTA),
    "gemini: permission": Row(GEMINI, 403, google(403, "PERMISSION_DENIED"), E.PERMISSION),
    "gemini: model": Row(GEMINI, 404, google(404, "NOT_FOUND"), E.MODEL_NOT_FOUND),
    "gemini: per minute": Row(
        GEMINI,
        429,
        google(
            429,
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota",
            quota_of("GenerateRequestsPerMinutePerProjectPerModel"),
            RETRY_INFO,
        ),
        E.RATE_LIMIT,
        waits_s=48.0,
    ),
    "gemini: per day": Row(
        GEMINI,
        429,
        google(429, "RESOURCE_EXHAUSTED", "quota", quota_of("GenerateRequestsPerDayPerProject")),
        E.QUOTA,
    ),
    "gemini: cancelled": Row(GEMINI, 499, google(499, "CANCELLED"), E.CANCELLED),
    "gemini: internal": Row(GEMINI, 500, google(500, "INTERNAL"), E.SERVER),
    "gemini: unavailable": Row(GEMINI, 503, google(503, "UNAVAILABLE"), E.OVERLOADED),
    "gemini: deadline": Row(GEMINI, 504, google(504, "DEADLINE_EXCEEDED"), E.TIMEOUT),
    "gemini: event that is an error": Row(GEMINI, 200, [google(503, "UNAVAILABLE")], E.OVERLOADED),
    # Azure
    "azure: filter": Row(
        CHAT,
        400,
        {
            "error": {
                "code": "content_filter",
                "message": "The response was filtered",
                "innererror": {"code": "ResponsibleAIPolicyViolation"},
            }
        },
        E.CONTENT_FILTER,
    ),
    "azure: rate": Row(
        CHAT,
        429,
        openai(code="429"),
        E.RATE_LIMIT,
        headers={"retry-after-ms": "-1", "retry-after": "0", "x-ms-retry-after-ms": "250"},
        waits_s=0.25,
    ),
    "azure: deployment": Row(CHAT, 404, openai(code="DeploymentNotFound"), E.MODEL_NOT_FOUND),
    # Bedrock
    "bedrock: throttled": Row(
        BEDROCK, 429, {"message": "Too many requests"}, E.RATE_LIMIT, aws("ThrottlingException")
    ),
    "bedrock: not ready": Row(
        BEDROCK, 429, {"message": "wait"}, E.OVERLOADED, aws("ModelNotReadyException")
    ),
    "bedrock: quota": Row(
        BEDROCK, 400, {"message": "x"}, E.QUOTA, aws("ServiceQuotaExceededException")
    ),
    "bedrock: validation": Row(
        BEDROCK, 400, {"message": "bad"}, E.INVALID_REQUEST, aws("ValidationException")
    ),
    "bedrock: window": Row(
        BEDROCK,
        400,
        {"message": "Input is too long for requested model."},
        E.CONTEXT_LENGTH,
        aws("ValidationException"),
    ),
    "bedrock: denied": Row(
        BEDROCK, 403, {"message": "x"}, E.PERMISSION, aws("AccessDeniedException")
    ),
    "bedrock: model timeout": Row(
        BEDROCK, 408, {"message": "x"}, E.TIMEOUT, aws("ModelTimeoutException"), retries=1
    ),
    "bedrock: model error": Row(
        BEDROCK, 424, {"message": "x"}, E.SERVER, aws("ModelErrorException"), retries=1
    ),
    "bedrock: internal": Row(
        BEDROCK, 500, {"message": "x"}, E.SERVER, aws("InternalServerException")
    ),
    "bedrock: unavailable": Row(
        BEDROCK, 503, {"message": "x"}, E.OVERLOADED, aws("ServiceUnavailableException")
    ),
    "bedrock: throttled in a stream": Row(
        BEDROCK,
        200,
        exception("throttlingException", {"message": "slow"}),
        E.RATE_LIMIT,
    ),
    # OpenRouter
    "openrouter: credits": Row(CHAT, 402, router(402, "Insufficient credits"), E.QUOTA),
    "openrouter: in flight": Row(
        CHAT,
        402,
        router(402, "too much at once", limit_source="openrouter_in_flight_budget"),
        E.RATE_LIMIT,
        headers={"retry-after": "5"},
        waits_s=5.0,
    ),
    "openrouter: moderation": Row(
        CHAT, 403, router(403, "flagged", reasons=["violence"]), E.CONTENT_FILTER
    ),
    "openrouter: permission": Row(CHAT, 403, router(403), E.PERMISSION),
    "openrouter: timeout": Row(CHAT, 408, router(408), E.TIMEOUT, retries=1),
    "openrouter: provider down": Row(CHAT, 502, router(502), E.SERVER),
    "openrouter: no provider": Row(CHAT, 503, router(503), E.OVERLOADED),
    "together: used up": Row(
        CHAT,
        429,
        openai("Rate limited"),
        E.RATE_LIMIT,
        headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset": "33"},
        waits_s=33.0,
    ),
    "openrouter: error inside a body": Row(CHAT, 200, router(502, "upstream"), E.SERVER),
    "openrouter: error inside a stream": Row(CHAT, 200, [router(429, "slow")], E.RATE_LIMIT),
    # Cohere
    "cohere: trial": Row(COHERE, 429, {"message": "You are using a Trial key"}, E.RATE_LIMIT),
    # Local servers
    "llama.cpp: loading": Row(
        CHAT,
        503,
        openai("Loading model", code=503, type="unavailable_error"),
        E.OVERLOADED,
        hint="try again",
    ),
    "llama.cpp: window": Row(
        CHAT,
        400,
        openai(
            "the request exceeds the available context size. try increasing the context size",
            code=400,
            type="exceed_context_size_error",
        ),
        E.CONTEXT_LENGTH,
    ),
    "ollama: no model": Row(OLLAMA, 404, {"error": "model 'm' not found"}, E.MODEL_NOT_FOUND),
    "ollama: in a stream": Row(
        OLLAMA,
        200,
        b'{"error":"an error was encountered while running the model"}\n',
        E.BAD_RESPONSE,
    ),
    "vllm: window": Row(
        CHAT,
        400,
        {
            "object": "error",
            "message": "This model's maximum context length is 4096 tokens.",
            "type": "BadRequestError",
            "code": 400,
        },
        E.CONTEXT_LENGTH,
    ),
    # Any
    "any: text": Row(CHAT, 200, b"be back soon", E.BAD_RESPONSE),
    "any: web page": Row(CHAT, 200, b"<html><title>Sign in</title></html>", E.BAD_RESPONSE),
    "any: no choices": Row(CHAT, 200, {"choices": []}, E.BAD_RESPONSE),
    "any: error without a word": Row(CHAT, 200, {"error": {}}, E.BAD_RESPONSE),
    "any: error": Row(CHAT, 200, {"error": {"message": "something"}}, E.BAD_RESPONSE),
    "any: nothing": Row(CHAT, 200, b"", E.BAD_RESPONSE),
    "any: page of a gateway": Row(CHAT, 502, b"<html>Bad Gateway</html>", E.BAD_RESPONSE),
    "any: a packed page": Row(
        CHAT,
        429,
        gzip.compress(json.dumps(openai("slow", code="rate_limit_exceeded")).encode()),
        E.RATE_LIMIT,
        headers={"content-encoding": "gzip"},
    ),
    "any: redirect": Row(
        CHAT, 302, b"", E.BAD_RESPONSE, headers={"location": "http://elsewhere.invalid/"}, retries=0
    ),
    "any: conflict": Row(CHAT, 409, {}, E.SERVER, retries=1),
    "any: request timeout": Row(CHAT, 408, {}, E.TIMEOUT, retries=1),
    "any: too early": Row(CHAT, 425, {}, E.SERVER, retries=1),
    "any: unknown 4xx": Row(CHAT, 418, {}, E.INVALID_REQUEST),
    "any: unknown 5xx": Row(CHAT, 599, {}, E.SERVER),
    "any: delay as a date that is past": Row(
        CHAT, 503, {}, E.OVERLOADED, headers={"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}
    ),
    **{
        f"any: delay of {delay}": Row(CHAT, 429, {}, E.RATE_LIMIT, headers={"retry-after": delay})
        for delay in ("-1", "abc", "inf", "1e999")
    },
    "any: delay of an hour": Row(
        CHAT, 429, {}, E.RATE_LIMIT, headers={"retry-after": "3600"}, waits_s=3600.0
    ),
}


async def outcome(row: Row) -> tuple[list[StreamBody], CallError | None]:
    """What a call to a server that says this comes to."""

    async def say(exchange: Exchange) -> None:
        if isinstance(row.body, list):
            await exchange.sse(row.body, headers=row.headers, done=False)
            return
        data = row.body if isinstance(row.body, bytes) else json.dumps(row.body).encode()
        await exchange.body(data, status=row.status, headers=row.headers)

    clock: Clock = SystemClock()
    hub = ProviderHub(FixedKeys(), clock, environ={})
    bodies: list[StreamBody] = []
    async with loopback(say) as server:
        endpoint = Endpoint("lab", row.protocol, server.url, KeyRef("env", "TEST_KEY"))
        request = CallRequest(Target("lab:m", "m", endpoint), (said("user", "hello"),))
        try:
            async for body in hub.stream(request):
                bodies.append(body)  # noqa: PERF401 - what came before an error counts
        except CallError as error:
            return bodies, error
        finally:
            await hub.aclose()
    return bodies, None


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
async def test_every_row_of_the_table(row: Row) -> None:
    """Class, delay, and what may follow; the request was sent, and nothing was shown."""
    bodies, error = await outcome(row)

    assert error is not None
    assert error.error_class is row.error_class
    assert error.retry_after_s == row.waits_s
    usual = ACTIONS[row.error_class]
    assert error.action.retries == (usual.retries if row.retries is None else row.retries)
    assert error.action.fall_back is usual.fall_back
    assert error.sent
    assert error.message
    assert row.hint in (error.hint or "")
    assert not any(isinstance(body, CONTENT) for body in bodies)


IN_STREAMS = {
    name: row for name, row in ROWS.items() if isinstance(row.body, list) or "in a stream" in name
}


@pytest.mark.parametrize("row", IN_STREAMS.values(), ids=IN_STREAMS)
async def test_an_error_after_words_has_its_class_and_leaves_the_words(row: Row) -> None:
    """Where in the stream it stands changes what may follow, which is nothing, and not its name."""
    speaker = next(one for one in SPEAKERS if one.protocol == row.protocol)
    said = row.body if isinstance(row.body, bytes) else sse(*row.body)
    headers = {"content-type": speaker.content_type}

    bodies, error = await outcome(
        Row(row.protocol, 200, speaker.cut + said, row.error_class, headers)
    )

    assert error is not None
    assert error.error_class is row.error_class
    assert any(isinstance(body, CONTENT) for body in bodies)
    assert not any(isinstance(body, Finished) for body in bodies)


BLOCKED: Mapping[str, tuple[str, list[object]]] = {
    "openai": (
        CHAT,
        [{"choices": [{"index": 0, "delta": {}, "finish_reason": "content_filter"}]}],
    ),
    "gemini, the prompt": (GEMINI, [{"promptFeedback": {"blockReason": "SAFETY"}}]),
    "gemini, the answer": (GEMINI, [{"candidates": [{"finishReason": "SAFETY"}]}]),
    "gemini, recitation": (GEMINI, [{"candidates": [{"finishReason": "RECITATION"}]}]),
    "anthropic": (
        MESSAGES,
        [
            {"type": "message_start", "message": {"id": "m", "model": "c", "usage": {}}},
            {"type": "message_delta", "delta": {"stop_reason": "refusal"}, "usage": {}},
            {"type": "message_stop"},
        ],
    ),
}


@pytest.mark.parametrize(("protocol", "events"), BLOCKED.values(), ids=BLOCKED)
async def test_a_refusal_inside_an_answer_ends_it_as_one(
    protocol: str, events: list[object]
) -> None:
    """It is the answer's finish reason, from which the engine makes a failure of its class."""
    bodies, error = await outcome(Row(protocol, 200, events, E.CONTENT_FILTER))

    assert error is None
    assert isinstance(bodies[-1], Finished)
    assert bodies[-1].finish_reason == "content_filter"
