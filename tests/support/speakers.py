"""One small world in every protocol: the same answer, failure and truncation as each would send it.

Written from the providers' documents. `SPEAKERS` is what the contract suite runs over: a protocol
that joins the house joins it with one entry.
"""

import json
from dataclasses import dataclass
from typing import Any

from tests.support.eventstream import message

TEXT = "Grüße → the answer is 🙂 42."
REASONING = "Let me think."
"""What every speaker says; the words hold two-, three- and four-byte characters."""

PIECES = ("Grüße → ", "the answer ", "is 🙂 42.")


@dataclass(frozen=True)
class Speaker:
    """One protocol's way of putting things. `cut` is a stream that ends before its finish.

    `model` is who it says answered, None for a protocol that does not say.
    """

    protocol: str
    stream: bytes
    plain: bytes
    cut: bytes
    error: bytes
    content_type: str = "text/event-stream"
    reasons: bool = True
    model: str | None = "served"

    @property
    def id(self) -> str:
        """Its name in test ids."""
        return self.protocol


def _sse(*rows: Any, end: str = "\n\n") -> bytes:
    return "".join(f"data: {_json(row)}{end}" for row in rows).encode()


def _json(row: Any) -> str:
    return row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)


def _openai() -> Speaker:
    def choice(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {
            "id": "c1",
            "model": "served",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }

    usage = {
        "prompt_tokens": 20,
        "completion_tokens": 12,
        "prompt_tokens_details": {"cached_tokens": 5},
        "completion_tokens_details": {"reasoning_tokens": 4},
    }
    words = [choice({"content": piece}) for piece in PIECES]
    message = {"role": "assistant", "content": TEXT, "reasoning_content": REASONING}
    rows = [choice({"reasoning_content": REASONING}), *words]
    return Speaker(
        "openai-chat",
        stream=b": keep-alive\r\n\r\n"
        + _sse(
            *rows, choice({}, "stop"), {"choices": [], "usage": usage}, "[DONE]", end="\r\n\r\n"
        ),
        plain=json.dumps(
            {
                "id": "c1",
                "model": "served",
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": usage,
            }
        ).encode(),
        cut=_sse(*rows),
        error=b'{"error": {"message": "no such thing", "type": "invalid_request_error"}}',
    )


def _anthropic() -> Speaker:
    def event(kind: str, **rest: Any) -> bytes:
        return f"event: {kind}\ndata: {_json({'type': kind, **rest})}\n\n".encode()

    def delta(index: int, kind: str, **rest: str) -> bytes:
        return event("content_block_delta", index=index, delta={"type": kind, **rest})

    start = event(
        "message_start",
        message={
            "id": "m1",
            "model": "served",
            "usage": {"input_tokens": 15, "cache_read_input_tokens": 5, "output_tokens": 1},
        },
    )
    thinking = event("content_block_start", index=0, content_block={"type": "thinking"})
    thinking += delta(0, "thinking_delta", thinking=REASONING)
    words = event("content_block_start", index=1, content_block={"type": "text", "text": ""})
    words += b"".join(delta(1, "text_delta", text=piece) for piece in PIECES)
    end = event(
        "message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 12}
    ) + event("message_stop")
    whole = {
        "id": "m1",
        "type": "message",
        "model": "served",
        "content": [
            {"type": "thinking", "thinking": REASONING, "signature": "s"},
            {"type": "text", "text": TEXT},
        ],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 15, "cache_read_input_tokens": 5, "output_tokens": 12},
    }
    error = {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "no such thing"},
    }
    return Speaker(
        "anthropic-messages",
        stream=start + event("ping") + thinking + words + end,
        plain=json.dumps(whole).encode(),
        cut=start + thinking + words,
        error=json.dumps(error).encode(),
    )


def _gemini() -> Speaker:
    def part(finish: str | None = None, **rest: Any) -> dict[str, Any]:
        candidate = {"content": {"role": "model", "parts": [rest]}, "index": 0}
        ended = candidate | ({"finishReason": finish} if finish else {})
        return {"candidates": [ended], "modelVersion": "served"}

    usage = {
        "promptTokenCount": 20,
        "cachedContentTokenCount": 5,
        "candidatesTokenCount": 8,
        "thoughtsTokenCount": 4,
        "totalTokenCount": 32,
    }
    words = [part(text=piece) for piece in PIECES]
    rows = [part(text=REASONING, thought=True), *words]
    last = {**part("STOP", text=""), "usageMetadata": usage}
    candidate = {
        "content": {"parts": [{"text": REASONING, "thought": True}, {"text": TEXT}]},
        "finishReason": "STOP",
    }
    whole = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "served"}
    error = {"error": {"code": 400, "message": "no such thing", "status": "INVALID_ARGUMENT"}}
    return Speaker(
        "gemini",
        stream=_sse(*rows, last, end="\r\n\r\n"),
        plain=json.dumps(whole).encode(),
        cut=_sse(*rows),
        error=json.dumps(error).encode(),
    )


def _ollama() -> Speaker:
    def row(done: bool = False, **message: str) -> dict[str, Any]:
        return {"model": "served", "message": {"role": "assistant", **message}, "done": done}

    end = {"done_reason": "stop", "prompt_eval_count": 20, "eval_count": 12}
    rows = [row(content="", thinking=REASONING), *(row(content=piece) for piece in PIECES)]
    lines = "".join(_json(line) + "\n" for line in rows).encode()
    last = {**row(True, content=""), **end}
    return Speaker(
        "ollama",
        stream=lines + _json(last).encode(),
        plain=json.dumps({**row(True, content=TEXT, thinking=REASONING), **end}).encode(),
        cut=lines,
        error=b'{"error": "no such thing"}',
        content_type="application/x-ndjson",
    )


def _bedrock() -> Speaker:
    def delta(index: int, **piece: Any) -> bytes:
        return message("contentBlockDelta", {"contentBlockIndex": index, "delta": piece})

    def stop(index: int) -> bytes:
        return message("contentBlockStop", {"contentBlockIndex": index})

    usage = {
        "inputTokens": 15,
        "cacheReadInputTokens": 5,
        "cacheWriteInputTokens": 0,
        "outputTokens": 12,
        "totalTokens": 32,
    }
    words = message("messageStart", {"role": "assistant", "p": "abc"})
    words += delta(0, reasoningContent={"text": REASONING})
    words += delta(0, reasoningContent={"signature": "s"}) + stop(0)
    words += b"".join(delta(1, text=piece) for piece in PIECES) + stop(1)
    end = message("messageStop", {"stopReason": "end_turn"})
    end += message("metadata", {"usage": usage, "metrics": {"latencyMs": 9}})
    content = [
        {"reasoningContent": {"reasoningText": {"text": REASONING, "signature": "s"}}},
        {"text": TEXT},
    ]
    whole = {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": "end_turn",
        "usage": usage,
    }
    return Speaker(
        "bedrock-converse",
        stream=words + end,
        plain=json.dumps(whole).encode(),
        cut=words,
        error=b'{"message": "no such thing"}',
        content_type="application/vnd.amazon.eventstream",
        model=None,
    )


def _responses() -> Speaker:
    def event(kind: str, **rest: Any) -> bytes:
        return f"event: {kind}\ndata: {_json({'type': kind, **rest})}\n\n".encode()

    usage = {
        "input_tokens": 20,
        "input_tokens_details": {"cached_tokens": 5},
        "output_tokens": 12,
        "output_tokens_details": {"reasoning_tokens": 4},
        "total_tokens": 32,
    }
    thinking = {"type": "reasoning", "summary": [{"type": "summary_text", "text": REASONING}]}
    said = {"type": "message", "content": [{"type": "output_text", "text": TEXT}]}
    begun: dict[str, Any] = {
        "id": "r1",
        "model": "served",
        "status": "in_progress",
        "output": [],
        "error": None,
    }
    whole = {**begun, "status": "completed", "output": [thinking, said], "usage": usage}
    start = event("response.created", response=begun)
    start += event("response.in_progress", response=begun)
    words = event(
        "response.reasoning_summary_text.delta", output_index=0, summary_index=0, delta=REASONING
    )
    words += event("response.output_item.done", output_index=0, item=thinking)
    for piece in PIECES:
        words += event("response.output_text.delta", output_index=1, content_index=0, delta=piece)
    words += event("response.output_text.done", output_index=1, content_index=0, text=TEXT)
    return Speaker(
        "openai-responses",
        stream=start + words + event("response.completed", response=whole),
        plain=json.dumps(whole).encode(),
        cut=start + words,
        error=b'{"error": {"message": "no such thing", "type": "invalid_request_error"}}',
    )


def _cohere() -> Speaker:
    def event(kind: str, **rest: Any) -> bytes:
        return f"event: {kind}\ndata: {_json({'type': kind, **rest})}\n\n".encode()

    def content(index: int, kind: str, piece: str) -> bytes:
        delta = {"message": {"content": {kind: piece}}}
        return event("content-delta", index=index, delta=delta)

    usage = {
        "billed_units": {"input_tokens": 9, "output_tokens": 8},
        "tokens": {"input_tokens": 20, "output_tokens": 12},
        "cached_tokens": 5,
    }
    words = event("message-start", id="m1", delta={"message": {"role": "assistant"}})
    words += content(0, "thinking", REASONING) + event("content-end", index=0)
    words += b"".join(content(1, "text", piece) for piece in PIECES)
    parts = [{"type": "thinking", "thinking": REASONING}, {"type": "text", "text": TEXT}]
    whole = {
        "id": "m1",
        "message": {"role": "assistant", "content": parts},
        "finish_reason": "COMPLETE",
        "usage": usage,
    }
    end = event("message-end", delta={"finish_reason": "COMPLETE", "usage": usage})
    return Speaker(
        "cohere-v2",
        stream=words + end + _sse("[DONE]"),
        plain=json.dumps(whole).encode(),
        cut=words,
        error=b'{"id": "e1", "message": "no such thing"}',
        model=None,
    )


SPEAKERS = (
    _openai(),
    _responses(),
    _anthropic(),
    _gemini(),
    _cohere(),
    _ollama(),
    _bedrock(),
)
