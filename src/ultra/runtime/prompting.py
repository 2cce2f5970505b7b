"""From what was typed, piped and named to the prompt that is sent."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from ultra.core.errors import UsageError
from ultra.core.model import Capability, Target
from ultra.core.request import (
    Media,
    Message,
    Part,
    Prompt,
    Sampling,
    Text,
    input_tokens_bound,
    said,
)
from ultra.runtime.estimate import overflow
from ultra.runtime.materials import Quoted

TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
"""The words of the short schema form, as llm has them."""

NEEDS: tuple[tuple[str, Capability, str], ...] = (
    ("image/", "vision", "a picture"),
    ("audio/", "audio", "sound"),
)


class Ask(Struct, frozen=True):
    """Everything a prompt is made from.

    `quoted` are files and pages, `piped` is stdin's text, `history` are the turns before; `goes_on`
    says that more turns follow.
    """

    words: str
    piped: str = ""
    quoted: tuple[Quoted, ...] = ()
    attachments: tuple[Media, ...] = ()
    system: str = ""
    history: tuple[Message, ...] = ()
    sampling: Sampling = Sampling()
    json_schema: dict[str, Any] | None = None
    repair: bool = False
    tools: tuple[dict[str, Any], ...] = ()
    goes_on: bool = False


CACHED_BYTES = 4096
"""From here on a conversation is worth a mark: 1,024 tokens, below which no provider keeps any.
Source: docs.claude.com/en/docs/build-with-claude/prompt-caching#cache-limitations."""


def prompt_of(ask: Ask) -> Prompt:
    """The prompt: files, piped text, a blank line, then the words. Raises `UsageError` if empty."""
    pieces = [*(piece.block for piece in ask.quoted), ask.piped.strip("\n"), ask.words.strip()]
    text = "\n\n".join(piece for piece in pieces if piece.strip())
    if not text and not ask.attachments:
        raise UsageError("the prompt is empty", hint='type it: `ultra "why is the sky blue"`')
    words = Text(text, cache=_comes_again(ask, text))
    parts: tuple[Part, ...] = (*ask.attachments, *((words,) if text else ()))
    system = (said("system", ask.system),) if ask.system.strip() else ()
    turns = tuple(turn for turn in ask.history if not (system and turn.role == "system"))
    return Prompt(
        (*system, *turns, Message("user", parts)),
        sampling=ask.sampling,
        json_schema=ask.json_schema,
        repair=ask.repair,
        tools=ask.tools,
    )


def _comes_again(ask: Ask, text: str) -> bool:
    """Whether a next turn will send all this again, and it is long enough to be kept.

    A question that stands alone is not marked: Anthropic takes a quarter more for what it keeps.
    """
    if not (ask.history or ask.goes_on):
        return False
    said = (ask.system, text, *(turn.text for turn in ask.history))
    return sum(len(words.encode("utf-8", "replace")) for words in said) >= CACHED_BYTES


def sampling_of(options: Sequence[str], max_tokens: int | None) -> Sampling:
    """Sampling from `-o name=value`; names that ultra does not know go to the provider as they are.

    Raises `UsageError` for a value of the wrong kind or out of range.
    """
    known: dict[str, Any] = {}
    metadata: dict[str, str] = {}
    extra: dict[str, Any] = {}
    for option in options:
        name, equals, text = option.partition("=")
        if not equals or not name:
            raise UsageError(f"option `{option}` has no value", hint="write `-o name value`")
        if name in _READERS:
            known[name] = _READERS[name](name, text)
        elif name.startswith(_METADATA) and name != _METADATA:
            metadata[name.removeprefix(_METADATA)] = text
        else:
            extra[name] = _loose(text)
    cap = known.pop("max_tokens", None)
    if max_tokens is not None:
        cap = _whole("--max-tokens", str(max_tokens))
    return Sampling(**known, max_output_tokens=cap, metadata=metadata, extra=extra)


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise UsageError(f"`{name}` takes a number from 0, not `{text}`")
    return value


def _whole(name: str, text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"`{name}` takes a whole number from 1, not `{text}`")
    return int(text)


def _seed(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"`{name}` takes a whole number, not `{text}`") from None


_READERS: Mapping[str, Any] = {
    "temperature": _number,
    "top_p": _number,
    "max_tokens": _whole,
    "seed": _seed,
    "stop": lambda _name, text: (text,),
    "reasoning_effort": lambda _name, text: text,
    "user_id": lambda _name, text: text,
    "service_tier": lambda _name, text: text,
}

_METADATA = "metadata."
"""What an option's name begins with that tags the request: `-o metadata.job nightly`."""


def _loose(text: str) -> object:
    """The value as JSON where it is JSON, else as the words it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def schema_of(text: str) -> dict[str, Any]:
    """A JSON Schema from JSON, a file, or the short form `name, age int, tags: what they mean`.

    Raises `UsageError` for what is none of them.
    """
    stripped = text.strip()
    path = Path(stripped).expanduser()
    if not stripped.startswith("{") and ("," not in stripped) and path.suffix == ".json":
        try:
            stripped = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"schema `{text}` cannot be read: {_reason(error)}") from error
    if not stripped.lstrip().startswith("{"):
        return _short_schema(stripped)
    try:
        schema = json.loads(stripped)
    except ValueError as error:
        raise UsageError(f"the schema is not JSON: {error}") from error
    from ultra.evaluation.schemas import fault_of

    fault = fault_of(schema)
    if fault is not None:
        raise UsageError(f"the schema does not hold: {fault}")
    return dict(schema)


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else "it is not UTF-8 text"


def _short_schema(text: str) -> dict[str, Any]:
    fields: dict[str, dict[str, str]] = {}
    for piece in text.replace("\n", ",").split(","):
        head, _, description = piece.partition(":")
        words = head.split()
        if not words:
            continue
        kind = words[1] if len(words) == 2 else "str"
        if len(words) > 2 or kind not in TYPES or not words[0].isidentifier():
            raise UsageError(
                f"schema field `{piece.strip()}` is not understood",
                hint=f"write `name type: meaning`; types are {', '.join(TYPES)}",
            )
        fields[words[0]] = {"type": TYPES[kind]} | (
            {"description": description.strip()} if description.strip() else {}
        )
    if not fields:
        raise UsageError("the schema is empty")
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def check_fits(prompt: Prompt, members: Sequence[Target]) -> None:
    """Refuse before anything is sent what no member, or a member for certain, cannot take.

    Raises `UsageError` for a prompt larger than every window, and for an attachment or tools that a
    member is known not to take.
    """
    if overflow(members, prompt.messages):
        largest = max(member.context_window or 0 for member in members)
        raise UsageError(
            f"the prompt, of about {input_tokens_bound(prompt.messages):,} tokens, is larger than"
            f" the window of every model asked ({largest:,} at most)",
            hint="`ultra models` shows the windows",
        )
    if prompt.tools:
        unable = _without(members, "tools")
        if unable:
            raise UsageError(
                f"`{unable[0]}` cannot take tools", hint="`ultra models --json` tells what each can"
            )
    for media in prompt.messages[-1].media:
        for prefix, capability, what in NEEDS:
            blind = _without(members, capability)
            if media.media_type.startswith(prefix) and blind:
                raise UsageError(
                    f"`{media.name or media.url}` is {what}, which `{blind[0]}` cannot take",
                    hint="name another with `-m`; `ultra models --json` tells what each can",
                )


def _without(members: Sequence[Target], capability: Capability) -> list[str]:
    """The members that are known to lack something."""
    return [
        str(member.ref)
        for member in members
        if member.capabilities is not None and capability not in member.capabilities
    ]
