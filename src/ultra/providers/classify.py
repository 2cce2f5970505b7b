"""Why a provider refused, read from what it says before what its status says: a 429 can mean money.

One ordered table for all protocols, for error bodies and for errors inside a 200 answer or stream.
Sources: platform.openai.com/docs/guides/error-codes, docs.claude.com/en/api/errors,
ai.google.dev/gemini-api/docs/troubleshooting, openrouter.ai/docs/api-reference/errors,
learn.microsoft.com/azure/ai-services/openai, docs.mistral.ai, api-docs.deepseek.com/quick_start.
"""

import re
from collections.abc import Mapping

from msgspec import Struct

from ultra.core.errors import CallError, ErrorClass
from ultra.providers.complaint import Complaint, read_complaint


class Rule(Struct, frozen=True):
    """Holds when every condition that is given holds. `words` are the error's codes and types.

    `pattern` is searched in words and message; `statuses` names the statuses it is limited to, 0
    standing for none (an error inside an answer).
    """

    error_class: ErrorClass
    words: frozenset[str] = frozenset()
    pattern: str = ""
    statuses: frozenset[int] = frozenset()

    def holds(self, complaint: Complaint, status: int) -> bool:
        """Whether this rule decides."""
        if self.statuses and status not in self.statuses:
            return False
        if self.words and self.words.isdisjoint(complaint.words):
            return False
        return not self.pattern or bool(re.search(self.pattern, complaint.haystack, re.IGNORECASE))


def _words(error_class: ErrorClass, words: str, *, pattern: str = "", at: str = "") -> Rule:
    return Rule(error_class, frozenset(words.split()), pattern, frozenset(map(int, at.split())))


def _says(error_class: ErrorClass, *patterns: str, at: str = "") -> Rule:
    return Rule(error_class, frozenset(), "|".join(patterns), frozenset(map(int, at.split())))


RULES: tuple[Rule, ...] = (
    _words(ErrorClass.RATE_LIMIT, "openrouter_in_flight_budget"),
    _says(ErrorClass.TOO_LARGE, r"request too large for"),
    _words(
        ErrorClass.TOO_LARGE,
        "request_too_large payload_too_large content_too_large string_above_max_length",
    ),
    # Gemini says `check your plan` for a limit per minute too; only the quota's own name tells.
    _words(ErrorClass.QUOTA, "resource_exhausted", pattern=r"perday|limit: 0\b"),
    _words(ErrorClass.RATE_LIMIT, "resource_exhausted"),
    _words(
        ErrorClass.QUOTA,
        "insufficient_quota credit_balance_exhausted organization_spend_limit_exceeded "
        "project_spend_limit_exceeded organization_usage_limit_exceeded billing_error "
        "enforced_spend_limit_reached billing_hard_limit_reached billing_not_active "
        "insufficient_balance insufficient_credits payment_required quota_exceeded",
    ),
    _says(
        ErrorClass.QUOTA,
        r"credit balance",
        r"insufficient (?:balance|credits?|funds|quota)",
        r"spend(?:ing)? limit",
        r"exceeded your (?:current|monthly) (?:quota|included credits)",
        r"(?:any|more|no|out of) credits",
        r"key limit exceeded",
        at="0 400 402 403 429",
    ),
    _words(
        ErrorClass.CONTEXT_LENGTH,
        "context_length_exceeded exceed_context_size_error too_many_prompt_tokens "
        "context_window_exceeded prompt_too_long",
    ),
    _says(
        ErrorClass.CONTEXT_LENGTH,
        r"(?:maximum|max) context length",
        r"available context size",
        r"(?:exceeds?|larger than|beyond) (?:\w+ ){0,3}context (?:window|limit)",
        r"(?:prompt|input) (?:is )?too long",
        r"input token count .*exceeds",
        r"too large for model with \d+ maximum context",
        r"input (?:length|tokens?) .*exceeds? .*(?:context|maximum)",
        at="0 400 413 422 500",
    ),
    _words(
        ErrorClass.CONTENT_FILTER,
        "content_filter content_policy_violation responsibleaipolicyviolation moderation "
        "content_moderation data_inspection_failed prohibited_content sensitive_content refusal "
        "image_content_policy_violation bio_policy cyber_policy",
    ),
    _says(
        ErrorClass.CONTENT_FILTER,
        r"content management policy",
        r"violates? (?:our |the )?(?:usage|content|safety) (?:guidelines|polic)",
        r"safety system",
        r"flagged (?:by|as|for) ",
        at="0 400 403 422",
    ),
    _words(
        ErrorClass.MODEL_NOT_FOUND,
        "model_not_found model_decommissioned invalid_model deploymentnotfound not_found_error "
        "not_found model_not_available unknown_model model_not_supported",
    ),
    _says(
        ErrorClass.MODEL_NOT_FOUND,
        r"model\b.{0,120}\b(?:does not exist|not found|not exist|is not available)",
        r"not a valid model",
        r"(?:invalid|unknown) model\b",
        r"supported api model names",
        r"no endpoints found",
        at="0 400 404 422",
    ),
    _words(
        ErrorClass.AUTH,
        "invalid_api_key authentication_error unauthenticated api_key_invalid unauthorized "
        "invalid_authentication invalid_token account_deactivated",
    ),
    _says(
        ErrorClass.AUTH, r"(?:incorrect|invalid) api[ _-]key", r"api[ _-]key not valid", at="0 400"
    ),
    _words(
        ErrorClass.PERMISSION,
        "permission_error permission_denied forbidden access_denied failed_precondition "
        "unsupported_country_region_territory",
    ),
    _words(ErrorClass.OVERLOADED, "slow_down", at="503"),
    _words(
        ErrorClass.OVERLOADED,
        "overloaded_error overloaded server_is_overloaded unavailable unavailable_error "
        "service_unavailable engine_overloaded capacity_exceeded model_not_ready",
    ),
    _says(
        ErrorClass.OVERLOADED,
        r"loading model",
        r"model is (?:still |currently )?loading",
        r"(?:currently|temporarily|is) overloaded",
        at="0 500 502 503",
    ),
    _words(
        ErrorClass.RATE_LIMIT,
        "rate_limit_exceeded rate_limit_error ratelimitreached rate_limited too_many_requests "
        "slow_down throttled throttlingexception rate_limit",
    ),
    _words(
        ErrorClass.TIMEOUT,
        "timeout_error deadline_exceeded timeout request_timeout upstream_timeout "
        "vector_store_timeout",
    ),
    _words(
        ErrorClass.SERVER,
        "server_error api_error internal_error internal internal_server_error "
        "insufficient_system_resource",
    ),
)
"""The first rule that holds decides; the status decides only when none does."""

STATUSES: dict[int, ErrorClass] = {
    401: ErrorClass.AUTH,
    402: ErrorClass.QUOTA,
    403: ErrorClass.PERMISSION,
    404: ErrorClass.MODEL_NOT_FOUND,
    408: ErrorClass.TIMEOUT,
    409: ErrorClass.SERVER,
    413: ErrorClass.TOO_LARGE,
    424: ErrorClass.SERVER,
    425: ErrorClass.SERVER,
    429: ErrorClass.RATE_LIMIT,
    498: ErrorClass.OVERLOADED,  # Groq: flex tier at capacity
    499: ErrorClass.CANCELLED,
    503: ErrorClass.OVERLOADED,
    504: ErrorClass.TIMEOUT,
    529: ErrorClass.OVERLOADED,  # Anthropic
}
"""What a status means by itself; other 4xx are invalid requests, other 5xx the server's fault."""

_ONE_RETRY = frozenset({408, 409, 425})
"""Statuses that are tried once more: the server saw a conflict or gave up waiting for us."""

_GATEWAY = frozenset({502, *range(520, 528)})
"""Statuses that a proxy makes up (Cloudflare's are 520 to 527): its page is not the provider's."""

_WEAK = frozenset(
    [
        "invalid_request_error",
        "invalid_argument",
        "bad_request",
        "badrequest",
        "invalid_prompt",
        "invalid_image",
        "invalid_image_format",
        "invalid_base64_image",
        "invalid_image_url",
        "invalid_image_mode",
        "image_too_large",
        "image_too_small",
        "image_file_too_large",
        "image_parse_error",
        "empty_image_file",
        "unsupported_image_media_type",
        "failed_to_download_image",
        "image_file_not_found",
    ]
)
"""Words for a wrong request that a status may overrule; those on images are the codes of responses
that fail (platform.openai.com/docs/api-reference/responses/object)."""

_OURS = frozenset({"messages", "input", "contents", "model", "tools", "stream"})
"""Parts of a request that no option of the user's sets."""

HINTS: dict[ErrorClass, str] = {
    ErrorClass.RATE_LIMIT: "`limits` of the provider in the profile holds calls back in time, and"
    " `--strategy fallback` lets a second model stand in",
    ErrorClass.OVERLOADED: "try again in a moment, or let a second model stand in:"
    " `-m ... -m ... --strategy fallback`",
    ErrorClass.QUOTA: "add credits or raise the spending limit at the provider",
    ErrorClass.MODEL_NOT_FOUND: "`ultra models --live` asks the provider what it offers",
    ErrorClass.CONTEXT_LENGTH: "shorten the prompt or choose a model with a larger window",
}
"""The next step, where the class alone names one."""


def classify(complaint: Complaint, status: int | None) -> ErrorClass:
    """The class of an error; `status` is None for one that stood inside a successful answer."""
    effective = status or complaint.status or 0
    for rule in RULES:
        if rule.holds(complaint, effective):
            return rule.error_class
    if complaint.html and effective in _GATEWAY:
        return ErrorClass.BAD_RESPONSE
    if effective in STATUSES:
        return STATUSES[effective]
    if effective >= 500:
        return ErrorClass.SERVER
    if effective >= 400 or not _WEAK.isdisjoint(complaint.words):
        return ErrorClass.INVALID_REQUEST
    return ErrorClass.BAD_RESPONSE


def call_error(status: int, headers: Mapping[str, str], body: bytes) -> CallError:
    """The error of an answer with status 400 and above; header names are lower case."""
    error = _error(read_complaint(body), status)
    said = headers.get("x-should-retry")
    if said in ("true", "false"):
        error.retry = said == "true"
    elif status in _ONE_RETRY:
        error.retry = True
    return error


def in_band_error(body: bytes) -> CallError:
    """The error that stood inside a successful answer or stream."""
    return _error(read_complaint(body), None)


def _error(complaint: Complaint, status: int | None) -> CallError:
    error_class = classify(complaint, status)
    shown = status or complaint.status
    hint = HINTS.get(error_class)
    if error_class is ErrorClass.MODEL_NOT_FOUND and not _speaks_of_models(complaint):
        hint = "is `base_url` right? what answered did not speak of models"
    message = complaint.message or f"status {shown or 'unknown'} without a reason"
    if error_class is ErrorClass.INVALID_REQUEST and complaint.param:
        if re.fullmatch(r"\w+", complaint.param) and complaint.param not in _OURS:
            hint = f"leave `{complaint.param}` out or change it: `-o {complaint.param} ...` sets it"
        if complaint.param not in message:
            message = f"`{complaint.param}`: {message}"
    return CallError(
        error_class,
        message,
        hint=hint,
        sent=True,
        status=shown,
        code=complaint.code,
        retry_after_s=complaint.retry_after_s,
        request_id=complaint.request_id,
    )


def _speaks_of_models(complaint: Complaint) -> bool:
    return bool(complaint.words) or "model" in complaint.message.lower()
