"""What the logs of other programs hold, in one shape, whoever wrote them."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, Literal, get_args

from msgspec import Struct, field

from ultra.core.ids import run_id_of
from ultra.core.request import Message, Part, Role, Text
from ultra.core.usage import Usage

Tool = Literal["llm", "aichat", "mods"]
"""The programs whose conversations can be taken over."""

TOOLS: tuple[str, ...] = get_args(Tool)


def tool_named(text: str) -> Tool | None:
    """The program of that name; None for one that is not among them."""
    match text:
        case "llm" | "aichat" | "mods":
            return text
        case _:
            return None


SaidBy = Literal["system", "user", "assistant", "tool"]


def said_by(word: object) -> SaidBy:
    """The role that a word names; whoever is not known is a user."""
    match word:
        case "system" | "assistant" | "tool":
            return word
        case _:
            return "user"


class Called(Struct, frozen=True):
    """A tool that a model wanted called; `arguments` is JSON text."""

    name: str
    arguments: str
    id: str = ""


class Said(Struct, frozen=True):
    """One message of another program; `calls` are tools that an assistant wanted called."""

    role: SaidBy
    parts: tuple[Part, ...] = ()
    calls: tuple[Called, ...] = ()

    @property
    def text(self) -> str:
        """The words, attachments left out."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))


class Turn(Struct, frozen=True):
    """One answer of another program, with all that its model was sent.

    `source` and `conversation` are names that stay the same however often the log is read. `client`
    is the program's own name for the provider, empty where it has none. `started_at` is UTC seconds
    since the epoch; `duration_s` and `usage` are None where nothing was recorded.
    """

    tool: Tool
    source: str
    conversation: str
    title: str
    model: str
    started_at: float
    asked: tuple[Said, ...]
    answer: str
    client: str = ""
    duration_s: float | None = None
    reasoning: str = ""
    calls: tuple[Called, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    usage: Usage | None = None
    resolved_model: str | None = None

    @property
    def run_id(self) -> str:
        """The id of the run that this becomes, the same each time."""
        return _id(self.tool, "run", self.source)

    @property
    def conversation_id(self) -> str:
        """The id of its conversation, the same for all of its turns."""
        return _id(self.tool, "conversation", self.conversation)

    @property
    def prompt(self) -> str:
        """What the user typed last."""
        return next((said.text for said in reversed(self.asked) if said.role == "user"), "")


def _id(*names: str) -> str:
    return run_id_of(sha256("\0".join(names).encode("utf-8", "surrogatepass")).digest())


def messages(said: Sequence[Said]) -> tuple[Message, ...]:
    """The messages as ours know them: what tools were asked and gave stands with the question.

    So a conversation can go on with any model, and none is shown an answer of a tool that it does
    not have.
    """
    made: list[Message] = []
    for one in said:
        told = (*one.parts, *_told(one)) if one.role == "assistant" else _results(one)
        if one.role == "system" or (one.role == "user" and not _open(made)):
            made.append(Message("system" if one.role == "system" else "user", one.parts))
        elif one.role == "assistant" and not one.calls:
            made.append(Message("assistant", one.parts))
        else:
            made = _joined(made, "user", told)
    return tuple(made)


def _open(made: Sequence[Message]) -> bool:
    """Whether a question still waits for its answer: what a tool gave stands in it."""
    return bool(made) and made[-1].role == "user"


def _joined(made: list[Message], role: Role, parts: Iterable[Part]) -> list[Message]:
    if made and made[-1].role == role:
        return [*made[:-1], Message(role, (*made[-1].parts, *parts))]
    return [*made, Message(role, tuple(parts))]


def _told(one: Said) -> tuple[Part, ...]:
    return tuple(Text(f"\n\n[called `{call.name}` with {call.arguments}]") for call in one.calls)


def _results(one: Said) -> tuple[Part, ...]:
    name = f"[`{one.calls[0].name}` gave] " if one.calls else ""
    return (Text(f"\n\n{name}"), *one.parts)
