"""What a field of a file may hold: names, money, times, words.

Beside the limits of `msgspec.Meta`, `extra` says what only our checker knows: `usd` reads dollars
into exact nano-dollars, `why` words the rule of a pattern, `secret` keeps a value out of messages,
`lines` allows several lines.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from ultra.core.strategies import offered

_AS = "x-as"


def _shown_as(**words: Any) -> dict[str, Any]:
    """What the JSON Schema says in place of what msgspec would: it lets nothing be overridden."""
    return {_AS: words}


Protocol = Literal[
    "openai-chat",
    "openai-responses",
    "anthropic-messages",
    "gemini",
    "cohere-v2",
    "ollama",
    "bedrock-converse",
    "simulated",
]

Name = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._+/-]*$",
        max_length=64,
        extra={"why": "a name holds letters, digits and `._+/-`, and begins with one of the first"},
    ),
]
ModelText = Annotated[
    str,
    Meta(
        pattern=r"^[^:\s@]+:\S.*$",
        max_length=256,
        extra={"why": "write `provider:model`"},
        description="`provider:model`; the first colon splits",
    ),
]
Reference = Annotated[
    str,
    Meta(min_length=1, max_length=256, description="An alias, `@group` or `provider:model`"),
]
Dollars = Annotated[
    int,
    Meta(
        ge=0,
        extra={"usd": True},
        extra_json_schema=_shown_as(type="number"),
        description="US dollars",
    ),
]
Seconds = Annotated[float, Meta(gt=0, le=86_400, description="Seconds")]
Count = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Free = Annotated[object, Meta(extra_json_schema={"description": "Passed on as it is"})]


StrategyName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        extra_json_schema=_shown_as(anyOf=[{"enum": offered()}, {"type": "string"}]),
        description="`ultra models --strategies` lists them; plug-ins bring more",
    ),
]
Words = Annotated[str, Meta(min_length=1, max_length=100_000, extra={"lines": True})]


class Checked(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A record of the file: unknown keys are mistakes."""


def as_shown(part: Any) -> Any:
    """A schema of msgspec's with what fields say in place of its own words."""
    if isinstance(part, list):
        return [as_shown(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    words: dict[str, Any] = part.get(_AS, {})
    kept = {name: as_shown(inner) for name, inner in part.items() if name != _AS}
    return {**kept, **words}
