"""An answer of the Responses API, streamed or whole, as events.

Source: platform.openai.com/docs/api-reference/responses-streaming. Every text comes in deltas, then
once more whole in its `done` event, its item and the completed response: the first to tell counts.
"""

import msgspec
from msgspec import Raw

from ultra.core.errors import CallError, ErrorClass
from ultra.core.stream import (
    Finished,
    FinishReason,
    ReasoningDelta,
    ResponseStarted,
    StreamBody,
    TextDelta,
)
from ultra.providers.classify import in_band_error
from ultra.providers.protocols.openai_responses.calls import CALLS, Calls
from ultra.providers.protocols.openai_responses.shapes import Event, Item, Kind, Response
from ultra.providers.protocols.reading import decode

INCOMPLETE: dict[str, FinishReason] = {
    "max_output_tokens": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
}
"""Why an answer is incomplete; any other reason is `other`."""

DELTAS = {
    "response.output_text.delta": "text",
    "response.refusal.delta": "refusal",
    "response.reasoning_summary_text.delta": "summary",
    "response.reasoning_text.delta": "reasoning",
}
_DONE = {name.replace(".delta", ".done"): kind for name, kind in DELTAS.items()}
_ENDS = frozenset(
    {"response.completed", "response.incomplete", "response.failed", "response.cancelled"}
)
_ITEMS = {"response.output_item.added": False, "response.output_item.done": True}
_ERRORS = frozenset({"error", "response.error"})

_Key = tuple[str, int | None, int | None]
"""A text: its kind, and the places of its item and of its part."""

_EVENT = msgspec.json.Decoder(Event)
_RESPONSE = msgspec.json.Decoder(Response)
_ITEM = msgspec.json.Decoder(Item)
_KIND = msgspec.json.Decoder(Kind)


class ResponsesReader:
    """Fills `reading.Reader` for one answer."""

    def __init__(self) -> None:
        self.done = False
        self._started = False
        self._refused = False
        self._ends_in_call = False
        self._told: set[_Key] = set()
        self._thinks: dict[int | None, str] = {}
        self._thought: _Key | None = None
        self._calls = Calls()

    def chunk(self, data: bytes) -> list[StreamBody]:
        """One event of a stream. Kinds of events that are not known say nothing."""
        if data == b"[DONE]":
            return []  # OpenRouter adds it
        event = decode(_EVENT, data)
        if event.type in DELTAS:
            return self._text(DELTAS[event.type], event, event.delta)
        if event.type in _ERRORS or (event.error and not event.type):
            raise in_band_error(data)
        if event.type in _DONE:
            text = event.refusal if _DONE[event.type] == "refusal" else event.text
            return self._rest(_DONE[event.type], event, text)
        return self._structure(event)

    def whole(self, body: bytes) -> list[StreamBody]:
        """The body of an answer that is not a stream."""
        response = decode(_RESPONSE, body)
        if response.error or (response.output is None and response.status is None):
            raise in_band_error(body)
        return [*self._start(response), *self._end(response, "completed")]

    def end(self) -> list[StreamBody]:
        """Nothing: the event that ends an answer says so itself."""
        return []

    def _structure(self, event: Event) -> list[StreamBody]:
        """Events of the response, of its items and of its tool calls."""
        if event.type in _ENDS and event.response:
            start = [] if self._told or self._calls.any else self._start(event.response)
            return [*start, *self._end(event.response, event.type.removeprefix("response."))]
        if event.response:
            return self._start(event.response)
        if event.type in _ITEMS and bytes(event.item).startswith(b"{"):
            return self._item(event.output_index, event.item, whole=_ITEMS[event.type])
        return self._calls.event(event)

    def _start(self, response: Response) -> list[StreamBody]:
        self._calls.heed(response.tools)
        if self._started:
            return []
        self._started = True
        return [ResponseStarted(response.model, response.id)]

    def _end(self, response: Response, status: str) -> list[StreamBody]:
        status = response.status or status
        if response.error or status == "failed":
            raise _failed(response)
        bodies: list[StreamBody] = []
        if not (self._told or self._calls.any):
            for index, item in enumerate(response.output or ()):
                bodies += self._item(index, item, whole=True)
        if response.usage:
            bodies.append(response.usage.reported())
        self.done = True
        reason = response.incomplete_details.reason if response.incomplete_details else None
        return [*bodies, self._finished(status, reason)]

    def _finished(self, status: str, incomplete: str | None) -> Finished:
        if status == "incomplete":
            native = incomplete or status
            return Finished(INCOMPLETE.get(native, "other"), native)
        if status != "completed":
            return Finished("other", status)  # queued: the answer is to be fetched later
        if self._refused:
            return Finished("content_filter", status)
        return Finished("tool_call" if self._ends_in_call else "stop", status)

    def _item(self, index: int | None, raw: Raw, *, whole: bool) -> list[StreamBody]:
        """An item that begins, or one that is complete: what was not told of it yet."""
        data = bytes(raw)
        kind = decode(_KIND, data).type
        if kind in CALLS:
            item = decode(_ITEM, data)
            self._ends_in_call = self._calls.wanted(item)
            return self._calls.item(index, item, whole=whole)
        if kind != "reasoning":
            self._ends_in_call = False
        if not whole or kind not in ("message", "reasoning"):
            return []
        return self._parts(index, decode(_ITEM, data))

    def _parts(self, index: int | None, item: Item) -> list[StreamBody]:
        bodies: list[StreamBody] = []
        for place, part in enumerate(item.summary or ()):
            where = Event(output_index=index, summary_index=place)
            bodies += self._rest("summary", where, part.text)
        for place, part in enumerate(item.content or ()):
            where = Event(output_index=index, content_index=place)
            if part.type == "refusal":
                bodies += self._rest("refusal", where, part.refusal)
            elif item.type == "reasoning":
                bodies += self._rest("reasoning", where, part.text)
            else:
                bodies += self._rest("text", where, part.text)
        return bodies

    def _rest(self, kind: str, event: Event, text: object) -> list[StreamBody]:
        """A text that is whole; nothing when its deltas were heard."""
        return [] if _key(kind, event) in self._told else self._text(kind, event, text)

    def _text(self, kind: str, event: Event, text: object) -> list[StreamBody]:
        if not text or not isinstance(text, str):
            return []
        key = _key(kind, event)
        self._told.add(key)
        self._started = True
        if kind in ("summary", "reasoning"):
            return self._thinking(key, text)
        self._refused = self._refused or kind == "refusal"
        return [TextDelta(text)]

    def _thinking(self, key: _Key, text: str) -> list[StreamBody]:
        """Of an item that is told in full and as a summary, the one that came first."""
        kind, index, _ = key
        if self._thinks.setdefault(index, kind) != kind:
            return []
        gap = "" if self._thought in (None, key) else "\n\n"
        self._thought = key
        return [ReasoningDelta(gap + text)]


def _key(kind: str, event: Event) -> _Key:
    part = event.summary_index if kind == "summary" else event.content_index
    return kind, event.output_index, part


def _failed(response: Response) -> CallError:
    if not response.error:
        return CallError(ErrorClass.SERVER, "the response failed without a reason", sent=True)
    error = in_band_error(msgspec.json.encode({"error": response.error}))
    error.request_id = error.request_id or response.id
    return error
