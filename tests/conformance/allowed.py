"""What may differ between a recorded request and ultra's for the same thing, and why."""

import json
import re
from collections.abc import Callable
from typing import Any

from msgspec import UNSET, Struct

from tests.conformance.asked import Body
from tests.conformance.differences import Difference, below, words


class Allowed(Struct, frozen=True):
    """A difference that is none in meaning, at `api` (or vendor, or `*`) and a pattern of paths."""

    where: str
    path: str
    why: str
    holds: Callable[[Difference], bool] = lambda _: True

    def covers(self, difference: Difference, api: str, vendor: str) -> bool:
        """Whether the difference is this one."""
        if self.where not in ("*", api, vendor) or not re.fullmatch(self.path, difference.path):
            return False
        return self.holds(difference)


def _same_words(one: Difference) -> bool:
    return words(one.recorded) is not None and words(one.recorded) == words(one.arrived)


def _gained(*values: Any) -> Callable[[Difference], bool]:
    """Whether one of these values came to stand where nothing stood."""
    return lambda one: one.recorded is UNSET and one.arrived in values


def _lost(*values: Any) -> Callable[[Difference], bool]:
    """Whether one of these values no longer stands where it stood."""
    return lambda one: one.arrived is UNSET and one.recorded in values


def _turns(items: Any) -> list[tuple[str, str | None]]:
    items = [{"role": "user", "content": items}] if isinstance(items, str) else items
    return [(item.get("role", ""), words(item.get("content"))) for item in items]


def _spoken(one: Difference) -> bool:
    """Whether all turns of `input` but those of the system are there."""
    said = [turn for turn in _turns(one.recorded) if turn[0] not in ("system", "developer")]
    whole = all(text is not None for _, text in said)
    return whole and said == _turns(one.arrived)


def _instructed(one: Difference) -> bool:
    """Whether the system's turns in `input` are all that the instructions say."""
    said = [text for role, text in _turns(one.body["input"]) if role in ("system", "developer")]
    own = one.body.get("instructions")
    return bool(one.arrived == "\n\n".join(filter(None, [own, *said])))


def _told_schema(one: Difference) -> bool:
    """Whether the first turn is the schema in words and the others are as recorded."""
    same = list(below("", one.recorded, one.arrived[1:], one.body))
    return "JSON Schema" in one.arrived[0]["content"] and all(map(_same_words, same))


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: _closed(value) for key, value in schema.items()}
    return {"additionalProperties": False, **inner} if schema.get("type") == "object" else inner


def _same_schema(one: Difference) -> bool:
    """Whether two schemas, each as text, are the same but for objects that were left open."""
    return bool(_closed(json.loads(one.recorded)) == json.loads(one.arrived))


def _joined(one: Difference) -> bool:
    """Whether neighbours of one role became one turn."""
    turns: list[Body] = []
    for turn in one.recorded:
        if turns and turns[-1]["role"] == turn["role"]:
            both = turns[-1]["content"] + turn["content"]
            turns[-1] = {**turns[-1], "content": both}
        else:
            turns.append(turn)
    return bool(turns == one.arrived)


ALLOWED: list[Allowed] = [
    Allowed(
        "*",
        ".*",
        "a null says what its absence says",
        lambda one: one.recorded is None and one.arrived is UNSET,
    ),
    Allowed(
        "chat",
        r"/messages/\d+/content/\d+/image_url/detail",
        "`auto` is the default",
        _lost("auto"),
    ),
    Allowed(
        "chat",
        r"/messages/\d+/content/\d+/image_url",
        "the address of a picture stands in an object, as OpenAI documents it; Mistral takes both",
        lambda one: {"url": one.recorded} == one.arrived,
    ),
    Allowed(
        "zai",
        "/seed",
        "Z.ai documents no seed (docs.z.ai/api-reference/llm/chat-completion), so none is sent",
        lambda one: one.arrived is UNSET,
    ),
    Allowed(
        "responses",
        "/instructions",
        "empty instructions say what their absence says",
        _lost(""),
    ),
    Allowed(
        "converse",
        "/messages",
        "Converse wants the roles to take turns, so neighbours of one role are joined",
        _joined,
    ),
    Allowed(
        "converse",
        "/outputConfig/textFormat/structure/jsonSchema/schema",
        "the schema is text here and its blanks are free; objects that do not say are closed,"
        " as Claude demands",
        _same_schema,
    ),
    Allowed(
        "*",
        r"/messages/\d+/content|/input/\d+/content",
        "parts of words alone mean their words, written as one string",
        _same_words,
    ),
    Allowed("messages", "/system", "blocks of words mean their words", _same_words),
    Allowed(
        "*",
        "/stream",
        "an absent `stream` is the API's default, which ultra writes out",
        lambda one: one.recorded is UNSET,
    ),
    Allowed(
        "chat",
        "/stream_options",
        "ultra asks for token counts in every stream",
        _gained({"include_usage": True}),
    ),
    Allowed(
        "chat",
        "/stream_options",
        "the vendor counts tokens in streams unasked",
        _lost({"include_usage": True}),
    ),
    Allowed(
        "chat",
        "/max_tokens -> /max_completion_tokens|/max_completion_tokens -> /max_tokens",
        "the output cap goes under the name that the vendor documents, the other one being old",
    ),
    Allowed(
        "chat",
        "/model",
        "a deployment or a server with one model names it elsewhere",
        lambda one: one.recorded is UNSET,
    ),
    Allowed(
        "*",
        r"/tools/\d+/type",
        "functions are the only kind of tool, and the default",
        _gained("function"),
    ),
    Allowed(
        "messages", r"/tools/\d+/type", "`custom` is the default kind of tool", _lost("custom")
    ),
    Allowed(
        "*",
        "/stop|/stop_sequences",
        "one word to stop at is a list of one",
        lambda one: [one.recorded] == one.arrived,
    ),
    Allowed(
        "chat",
        r"/messages/\d+/role",
        "`developer` is OpenAI's newer word for `system`, and both are taken",
        lambda one: (one.recorded, one.arrived) == ("developer", "system"),
    ),
    Allowed(
        "chat",
        r"/messages/\d+/prefix",
        "words are put into no model's mouth by default",
        _lost(False),
    ),
    Allowed(
        "*",
        "/response_format/json_schema/name|/text/format/name",
        "the name of a schema is a label; ultra calls every one `answer`",
        lambda one: one.arrived == "answer",
    ),
    Allowed(
        "*",
        "/response_format/json_schema/description|/text/format/description",
        "ultra has no words beside a schema; its own `description` says them",
        lambda one: one.arrived is UNSET,
    ),
    Allowed(
        "*",
        "/response_format/json_schema/strict|/text/format/strict",
        "ultra asks for strictness exactly where the schema allows for it",
        lambda one: one.arrived in (True, UNSET),
    ),
    Allowed("responses", "/store", "nothing is kept at the provider unasked", _gained(False)),
    Allowed(
        "responses",
        "/reasoning/summary",
        "thinking is seen only where a summary is asked for",
        _gained("auto"),
    ),
    Allowed("responses", r"/input/\d+/type", "an item with a role is a message", _lost("message")),
    Allowed(
        "responses", r"/input/\d+/content/\d+/detail", "`auto` is the default", _gained("auto")
    ),
    Allowed(
        "responses",
        "/input",
        "a string is one turn of the user, and system turns are instructions",
        _spoken,
    ),
    Allowed(
        "responses", "/instructions", "system turns in the input are instructions", _instructed
    ),
    Allowed(
        "responses",
        r"/tools/\d+/strict",
        "ultra holds no tool to strict mode unasked",
        _gained(False),
    ),
    Allowed(
        "gemini",
        "/systemInstruction/role",
        "instructions have no role that counts",
        lambda one: one.arrived is UNSET,
    ),
    Allowed("gemini", r"/contents/\d+/role", "turns are the user's by default", _gained("user")),
    Allowed(
        "gemini",
        "/generationConfig/responseSchema -> /generationConfig/responseJsonSchema",
        "the newer field takes all of JSON Schema, with types in small letters",
    ),
    Allowed(
        "gemini",
        r"(/tools/\d+/functionDeclarations/\d+)/parameters -> \1/parametersJsonSchema",
        "the newer field takes all of JSON Schema, with types in small letters",
    ),
    Allowed(
        "gemini",
        "/generationConfig/thinkingConfig/includeThoughts",
        "without a budget nothing is thought, so nothing is shown",
        _gained(False),
    ),
    Allowed(
        "cohere-v2",
        "/messages",
        "a model held to JSON that is not told so in words may write blanks without end",
        _told_schema,
    ),
    Allowed(
        "cohere-v2",
        "/response_format/schema -> /response_format/json_schema",
        "Cohere's documents call the field `json_schema`, its older SDK `schema`",
    ),
    Allowed(
        "converse",
        "/outputConfig/textFormat/structure/jsonSchema/name",
        "the name of a schema is a label; ultra calls every one `answer`",
        lambda one: one.arrived == "answer",
    ),
]
"""In order: the first that covers a difference counts."""


def verdict(difference: Difference, api: str, vendor: str) -> Allowed | None:
    """What allows a difference, None when nothing does."""
    return next((one for one in ALLOWED if one.covers(difference, api, vendor)), None)
