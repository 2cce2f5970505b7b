"""What is asked: messages, attachments and sampling, before any protocol puts them on the wire."""

from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from ultra.core.model import Target

Role = Literal["system", "user", "assistant"]


class Text(Struct, frozen=True, tag="text"):
    """Words.

    `cache` says that the conversation up to the end of their turn will come again in another call
    soon: protocols whose providers keep a prefix only where it is marked set a mark there.
    """

    text: str
    cache: bool = False


class Media(Struct, frozen=True, tag="media"):
    """A picture, PDF or sound: its bytes, or a URL that the provider fetches itself.

    `media_type` is a MIME type; `name` is for people and for providers that want a file name.
    """

    media_type: str
    data: bytes = b""
    url: str = ""
    name: str = ""


Part = Text | Media


class Message(Struct, frozen=True):
    """One turn of a conversation."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The words of the turn, attachments left out."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def media(self) -> tuple[Media, ...]:
        """The attachments of the turn."""
        return tuple(part for part in self.parts if isinstance(part, Media))


def said(role: Role, text: str) -> Message:
    """A turn of words only."""
    return Message(role, (Text(text),))


class Sampling(Struct, frozen=True, omit_defaults=True):
    """How to draw the answer. None leaves the choice to the provider.

    `user_id` tells the provider's abuse checks the end users apart, `metadata` tags the request at
    the provider; each protocol has its own names for them. `extra` is passed through in the body as
    it is (`-o name value`).
    """

    temperature: float | None = None
    top_p: float | None = None
    max_output_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    reasoning_effort: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    user_id: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    service_tier: str | None = None


class Prompt(Struct, frozen=True):
    """What a run asks, whoever answers. `json_schema` None asks for free text.

    `repair` asks once more, quoting what was wrong, when the answer does not match the schema.
    `tools` are functions that the model may ask for, each with `name`, `description`, `parameters`
    (a JSON Schema) and `strict` as OpenAI means them, all but the name optional; ultra calls none.
    """

    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    json_schema: dict[str, Any] | None = None
    repair: bool = False
    tools: tuple[dict[str, Any], ...] = ()

    @property
    def question(self) -> str:
        """The last thing the user said."""
        return next((m.text for m in reversed(self.messages) if m.role == "user"), "")


class CallRequest(Struct, frozen=True):
    """One request to one model. `sample` tells apart several draws of the same model (from 0)."""

    target: Target
    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    json_schema: dict[str, Any] | None = None
    stream: bool = True
    sample: int = 0
    tools: tuple[dict[str, Any], ...] = ()


_NAMED = {"max_tokens": "max_output_tokens"}
"""Options whose name differs from the field they set."""


def settled(request: CallRequest) -> CallRequest:
    """The request with what the profile says of its model wherever the call itself says nothing.

    A model's options win over its provider's; those that are no field of `Sampling` go into the
    body as they are. Options of a simulated endpoint are its own dials and stay where they are.
    """
    target, sampling = request.target, request.sampling
    given = {**target.endpoint.options, **target.options}
    if target.endpoint.simulated:
        given = {}
    if target.output_cap is not None:
        given["max_tokens"] = target.output_cap
    if not given:
        return request
    changes: dict[str, Any] = {"extra": dict(sampling.extra)}
    for option, value in given.items():
        name = _NAMED.get(option, option)
        if name not in Sampling.__struct_fields__ or name == "extra":
            changes["extra"].setdefault(option, value)
        elif getattr(sampling, name) in (None, (), {}):
            changes[name] = _stops(value) if name == "stop" else value
    return replace(request, sampling=replace(sampling, **changes))


_KINDS: dict[str, tuple[type, ...]] = {
    "temperature": (int, float),
    "top_p": (int, float),
    "max_tokens": (int,),
    "seed": (int,),
    "stop": (str, list, tuple),
    "reasoning_effort": (str,),
    "user_id": (str,),
    "service_tier": (str,),
    "metadata": (dict,),
}


def fits_option(name: str, value: object) -> bool:
    """Whether a value is of the kind that an option takes; an unknown option takes any."""
    kinds = _KINDS.get(name)
    return kinds is None or (isinstance(value, kinds) and not isinstance(value, bool))


def _stops(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)


TOOL_PREAMBLE = 1000
"""Tokens of the instructions that providers put before tools: Cohere counts about 900."""


def input_tokens_bound(
    messages: tuple[Message, ...], tools: tuple[dict[str, Any], ...] = ()
) -> int:
    """An upper estimate of the tokens that messages and tools hold, from their size alone.

    A third of the UTF-8 bytes plus a few tokens a turn: text averages four bytes a token and more;
    an attachment counts 2,000 tokens, or a third of its bytes when it is text.
    """
    total = 0
    for message in messages:
        total += 8 + -(-len(message.text.encode("utf-8", "surrogatepass")) // 3)
        total += 2000 * len(message.media)
    if tools:
        total += TOOL_PREAMBLE + -(-len(str(tools).encode("utf-8", "replace")) // 3)
    return total


def input_tokens_least(messages: tuple[Message, ...]) -> int:
    """A lower estimate of the tokens in messages: no text packs more than eight bytes into one."""
    return sum(len(message.text.encode("utf-8", "surrogatepass")) for message in messages) // 8


def output_tokens_seen(text: str) -> int:
    """An upper estimate of the tokens that a text holds, from its size alone."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // 3)
