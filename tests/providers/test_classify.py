"""Errors of every family, read from what they say before what their status says."""

import json
from typing import Any

import pytest

from ultra.core.errors import CallError, ErrorClass
from ultra.providers.classify import call_error, in_band_error


def _error(status: int, body: object, headers: dict[str, str] | None = None) -> CallError:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return call_error(status, headers or {}, data)


def _openai(message: str, *, type_: str = "", code: object = None) -> dict[str, object]:
    return {"error": {"message": message, "type": type_, "code": code, "param": None}}


def _anthropic(type_: str, message: str = "no") -> dict[str, object]:
    return {"type": "error", "error": {"type": type_, "message": message}}


def _google(status: str, message: str = "no", *details: object) -> dict[str, object]:
    return {"error": {"code": 400, "status": status, "message": message, "details": list(details)}}


def _violation(quota: str) -> dict[str, object]:
    return {
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [{"quotaId": quota}],
    }


E = ErrorClass
CASES: dict[str, tuple[int, object, ErrorClass]] = {
    "openai key": (401, _openai("Incorrect API key", code="invalid_api_key"), E.AUTH),
    "openai permission": (403, _openai("not allowed", type_="invalid_request_error"), E.PERMISSION),
    "openai model": (404, _openai("no", code="model_not_found"), E.MODEL_NOT_FOUND),
    "openai window": (400, _openai("x", code="context_length_exceeded"), E.CONTEXT_LENGTH),
    "window in words": (400, _openai("maximum context length is 9 tokens"), E.CONTEXT_LENGTH),
    "openai policy": (400, _openai("no", code="content_policy_violation"), E.CONTENT_FILTER),
    "openai rate": (429, _openai("slow", code="rate_limit_exceeded"), E.RATE_LIMIT),
    "openai money": (429, _openai("plan", type_="insufficient_quota"), E.QUOTA),
    "openai spend": (429, _openai("x", code="project_spend_limit_exceeded"), E.QUOTA),
    "openai slow down": (429, _openai("ramp", code="slow_down"), E.RATE_LIMIT),
    "openai slow down at 503": (503, _openai("busy", code="slow_down"), E.OVERLOADED),
    "openai busy": (503, _openai("busy", code="server_is_overloaded"), E.OVERLOADED),
    "openai larger than the limit": (
        429,
        _openai("Request too large for m: Limit 1, Requested 2", code="rate_limit_exceeded"),
        E.TOO_LARGE,
    ),
    "openai server": (500, _openai("oops", type_="server_error"), E.SERVER),
    "openai request": (400, _openai("bad", type_="invalid_request_error"), E.INVALID_REQUEST),
    "anthropic request": (400, _anthropic("invalid_request_error"), E.INVALID_REQUEST),
    "anthropic window": (
        400,
        _anthropic("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"),
        E.CONTEXT_LENGTH,
    ),
    "anthropic credits": (
        400,
        _anthropic("invalid_request_error", "Your credit balance is too low"),
        E.QUOTA,
    ),
    "anthropic key": (401, _anthropic("authentication_error"), E.AUTH),
    "anthropic billing": (402, _anthropic("billing_error"), E.QUOTA),
    "anthropic permission": (403, _anthropic("permission_error"), E.PERMISSION),
    "anthropic model": (404, _anthropic("not_found_error", "model: x"), E.MODEL_NOT_FOUND),
    "anthropic size": (413, _anthropic("request_too_large"), E.TOO_LARGE),
    "anthropic rate": (429, _anthropic("rate_limit_error"), E.RATE_LIMIT),
    "anthropic spend": (429, _anthropic("enforced_spend_limit_reached"), E.QUOTA),
    "anthropic server": (500, _anthropic("api_error"), E.SERVER),
    "anthropic timeout": (504, _anthropic("timeout_error"), E.TIMEOUT),
    "anthropic busy": (529, _anthropic("overloaded_error"), E.OVERLOADED),
    "gemini request": (400, _google("INVALID_ARGUMENT"), E.INVALID_REQUEST),
    "gemini key": (
        400,
        _google("INVALID_ARGUMENT", "API key not valid", {"reason": "API_KEY_INVALID"}),
        E.AUTH,
    ),
    "gemini window": (
        400,
        _google("INVALID_ARGUMENT", "The input token count (9) exceeds the maximum number"),
        E.CONTEXT_LENGTH,
    ),
    "gemini precondition": (400, _google("FAILED_PRECONDITION"), E.PERMISSION),
    "gemini model": (404, _google("NOT_FOUND"), E.MODEL_NOT_FOUND),
    "gemini minute": (
        429,
        _google(
            "RESOURCE_EXHAUSTED", "You exceeded your current quota", _violation("RequestsPerMinute")
        ),
        E.RATE_LIMIT,
    ),
    "gemini day": (
        429,
        _google(
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota",
            _violation("RequestsPerDayPerProject"),
        ),
        E.QUOTA,
    ),
    "gemini internal": (500, _google("INTERNAL"), E.SERVER),
    "gemini busy": (503, _google("UNAVAILABLE"), E.OVERLOADED),
    "gemini deadline": (504, _google("DEADLINE_EXCEEDED"), E.TIMEOUT),
    "azure filter": (
        400,
        {"error": {"code": "content_filter", "message": "x", "innererror": {"code": "Y"}}},
        E.CONTENT_FILTER,
    ),
    "azure inner": (
        400,
        {"error": {"message": "x", "innererror": {"code": "ResponsibleAIPolicyViolation"}}},
        E.CONTENT_FILTER,
    ),
    "azure deployment": (404, _openai("x", code="DeploymentNotFound"), E.MODEL_NOT_FOUND),
    "azure rate": (429, _openai("x", code="RateLimitReached"), E.RATE_LIMIT),
    "openrouter credits": (402, _openai("x", code=402), E.QUOTA),
    "openrouter in flight": (
        402,
        {"error": {"code": 402, "metadata": {"limit_source": "openrouter_in_flight_budget"}}},
        E.RATE_LIMIT,
    ),
    "openrouter moderation": (
        403,
        {"error": {"code": 403, "message": "x", "metadata": {"reasons": ["violence"]}}},
        E.CONTENT_FILTER,
    ),
    "openrouter permission": (403, _openai("x", code=403), E.PERMISSION),
    "openrouter no provider": (503, _openai("x", code=503), E.OVERLOADED),
    "openrouter model": (400, _openai("x/y is not a valid model ID", code=400), E.MODEL_NOT_FOUND),
    "llama.cpp loading": (503, _openai("Loading model", type_="unavailable_error"), E.OVERLOADED),
    "llama.cpp window": (
        400,
        _openai("the request exceeds the available context size", code=400),
        E.CONTEXT_LENGTH,
    ),
    "ollama model": (404, {"error": "model 'x' not found"}, E.MODEL_NOT_FOUND),
    "mistral model": (
        400,
        {"type": "invalid_model", "code": "1500", "message": "x"},
        E.MODEL_NOT_FOUND,
    ),
    "mistral key": (401, {"detail": "Invalid API Key"}, E.AUTH),
    "deepseek money": (402, _openai("Insufficient Balance"), E.QUOTA),
    "deepseek model": (400, _openai("The supported API model names are x"), E.MODEL_NOT_FOUND),
    "groq flex": (498, _openai("capacity"), E.OVERLOADED),
    "html from a gateway": (502, b"<html><title>502 Bad Gateway</title></html>", E.BAD_RESPONSE),
    "html from cloudflare": (524, b"<!DOCTYPE html><h1>timeout</h1>", E.BAD_RESPONSE),
    "html otherwise": (500, b"<html>oops</html>", E.SERVER),
    "text": (500, b"Internal Server Error", E.SERVER),
    "nothing": (400, b"", E.INVALID_REQUEST),
    "unknown 4xx": (418, {}, E.INVALID_REQUEST),
    "unknown 5xx": (599, {}, E.SERVER),
    "request timeout": (408, {}, E.TIMEOUT),
    "conflict": (409, {}, E.SERVER),
    "too early": (425, {}, E.SERVER),
    "client closed": (499, {}, E.CANCELLED),
    "size": (413, b"", E.TOO_LARGE),
    "a list": (400, [_openai("x", code="context_length_exceeded")], E.CONTEXT_LENGTH),
    "an empty list": (400, [], E.INVALID_REQUEST),
    "a number": (500, 5, E.SERVER),
    "deep": (500, b"[" * 100_000, E.SERVER),
}


@pytest.mark.parametrize(("status", "body", "expected"), CASES.values(), ids=CASES)
def test_the_class_follows_the_families_documents(
    status: int, body: object, expected: ErrorClass
) -> None:
    """What the error says of itself is read before its status."""
    error = _error(status, body)

    assert (error.error_class, error.sent, error.status) == (expected, True, status)
    assert error.message


def test_words_nested_in_a_relayed_error_survive() -> None:
    """OpenRouter wraps the words of the provider behind it in a string of JSON."""
    raw = json.dumps({"error": {"message": "no `temperature`", "code": "unsupported"}})
    body = {"error": {"code": 400, "message": "Provider returned error",
                      "metadata": {"provider_name": "OpenAI", "raw": raw}}}  # fmt: skip

    assert _error(400, body).message == "Provider returned error: OpenAI: no `temperature`"


def test_relayed_words_that_are_no_json_survive() -> None:
    """A relayed error may also be text, or an object."""
    text = {"error": {"message": "failed", "metadata": {"raw": "busy, retry shortly"}}}
    value = {"error": {"message": "failed", "metadata": {"raw": {"message": "busy"}}}}

    assert _error(429, text).message == "failed: busy, retry shortly"
    assert _error(429, value).message == "failed: busy"


def test_a_list_of_problems_is_told_in_one_line() -> None:
    """FastAPI servers send every problem with its place."""
    body = {
        "detail": [{"loc": ["body", "model"], "msg": "field required"}, "and more", {"x": 1}, 7]
    }

    assert _error(422, body).message == "body.model: field required; and more"


def test_a_message_that_is_an_object_is_read() -> None:
    """Some servers nest the message once more."""
    assert _error(400, {"message": {"message": "deep down"}}).message == "deep down"


def test_words_are_kept_to_one_bounded_line_without_controls() -> None:
    """What a server says cannot move the cursor or fill the screen."""
    error = _error(400, _openai("a\n\x1b[2Jb" + "x" * 1000))

    assert error.message.startswith("a bx")
    assert len(error.message) <= 500


def test_a_web_page_is_told_by_its_title() -> None:
    """Nobody wants to read markup."""
    error = _error(502, b"<html><head><title>Bad\nGateway</title></head><body>x</body></html>")

    assert error.message == "a web page instead of an answer: Bad Gateway"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": "abc", "type": "def"}, "abc"),
        ({"code": None, "type": "def"}, "def"),
        ({"code": "1500", "type": "invalid_model"}, "invalid_model"),
        ({"code": "1301"}, "1301"),
        ({"code": "401"}, "401"),
        ({"code": 400, "status": "INVALID_ARGUMENT"}, "INVALID_ARGUMENT"),
        ({"code": 502}, "502"),
        ({"code": True}, None),
        ({"code": 7}, None),
    ],
)
def test_the_code_is_the_providers_own_word(error: dict[str, object], code: str | None) -> None:
    """A word is preferred to a number, a number to nothing."""
    assert _error(400, {"error": error}).code == code


def test_google_says_when_to_come_back_in_the_body() -> None:
    """RetryInfo is the only delay that Gemini gives."""
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "48.5s"}

    assert _error(429, _google("RESOURCE_EXHAUSTED", "x", info)).retry_after_s == 48.5


@pytest.mark.parametrize("delay", ["soon", "-3s", "1e9s", 5, None])
def test_a_delay_that_makes_no_sense_is_not_taken(delay: object) -> None:
    """What is no number of seconds is ignored."""
    error = _error(429, _google("RESOURCE_EXHAUSTED", "x", {"retryDelay": delay}))

    assert error.retry_after_s is None


def test_anthropic_names_the_request_in_the_body() -> None:
    """The id to quote in a complaint stands beside the error."""
    assert _error(400, {**_anthropic("x"), "request_id": "req_1"}).request_id == "req_1"
    assert _error(400, {**_anthropic("x"), "request_id": 7}).request_id is None


@pytest.mark.parametrize(
    ("status", "header", "retry"),
    [
        (500, "false", False),
        (400, "true", True),
        (500, "", None),
        (409, "", True),
        (408, "false", False),
    ],
)
def test_the_providers_word_on_retrying_wins(status: int, header: str, retry: bool | None) -> None:
    """`x-should-retry` decides; without it 408, 409 and 425 get one more try."""
    assert _error(status, {}, {"x-should-retry": header} if header else {}).retry is retry


def test_an_error_inside_an_answer_takes_its_status_from_its_code() -> None:
    """Gateways put the status of the provider behind them into the error."""
    upstream = in_band_error(b'{"error":{"code":502,"message":"upstream"}}')
    unnamed = in_band_error(b'{"error":{"message":"something"}}')
    refused = in_band_error(b'{"error":{"type":"invalid_request_error","message":"x"}}')

    assert (upstream.error_class, upstream.status) == (ErrorClass.SERVER, 502)
    assert (unnamed.error_class, unnamed.status) == (ErrorClass.BAD_RESPONSE, None)
    assert refused.error_class is ErrorClass.INVALID_REQUEST


def test_hints_name_the_next_step() -> None:
    """Money, windows and unknown models each have one; a wrong URL looks like a missing model."""
    money = _error(429, _openai("x", type_="insufficient_quota"))
    model = _error(404, _openai("The model `x` does not exist"))
    place = _error(404, b"404 page not found")

    assert "credits" in (money.hint or "")
    assert "models --live" in (model.hint or "")
    assert "base_url" in (place.hint or "")


@pytest.mark.parametrize(
    ("error", "message", "hinted"),
    [
        ({"message": "Unsupported value.", "param": "top_k"}, "`top_k`: Unsupported value.", True),
        ({"message": "bad top_k", "param": "top_k"}, "bad top_k", True),
        (
            {"message": "bad role", "param": "messages[0].role"},
            "`messages[0].role`: bad role",
            False,
        ),
        ({"message": "no", "param": "model"}, "`model`: no", False),
        ({"message": "no", "param": None}, "no", False),
        ({"message": "no", "param": 3}, "no", False),
        (
            {
                "message": "bad",
                "status": "INVALID_ARGUMENT",
                "details": [{"fieldViolations": [{"field": "top_k", "description": "x"}]}],
            },
            "`top_k`: bad",
            True,
        ),
    ],
)
def test_a_refused_parameter_is_named(error: dict[str, Any], message: str, hinted: bool) -> None:
    """Beside the message where it does not stand in it; a hint where an option sets it."""
    told = call_error(400, {}, json.dumps({"error": error}).encode())

    assert (told.error_class, told.message) == (ErrorClass.INVALID_REQUEST, message)
    assert ("`-o top_k ...` sets it" in (told.hint or "")) is hinted
