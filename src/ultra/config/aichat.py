"""What `aichat` keeps: a file of YAML for each session, and messages.md for all that is in none.

A session has a model and no times, so that of its file stands for all of them; messages.md has
times and no model. Source: src/config/session.rs and mod.rs of github.com/sigoden/aichat.
"""

import base64
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from ultra.core.errors import UsageError
from ultra.core.imports import Said, Turn, said_by
from ultra.core.request import Media, Part, Text
from ultra.core.text import one_line

_HEAD = re.compile(
    r"^# CHAT: ?(?P<title>.*?) ?\[(?P<at>\d{4}-\d\d-\d\d[T ][^\]\n]+)\](?: \([^)\n]*\))?$",
    re.MULTILINE,
)
_LINE = "\n--------\n"
_DATA = re.compile(r"data:(?P<type>[\w.+/-]+);base64,(?P<data>.*)", re.DOTALL)


def session_turns(path: Path) -> Iterator[Turn]:
    """The answers of one session. Raises `UsageError` for a file that is none."""
    data = _session(path)
    said = [
        _message(one)
        for name in ("compressed_messages", "messages")
        for one in data.get(name) or ()
        if isinstance(one, dict)
    ]
    client, _, model = str(data["model"]).partition(":")
    name, moment = _name(path), path.stat().st_mtime
    seen: Counter[str] = Counter()
    options = {key: data[key] for key in ("temperature", "top_p") if data.get(key) is not None}
    for place, one in enumerate(said):
        if one.role != "assistant":
            continue
        asked = tuple(said[:place])
        yield Turn(
            "aichat",
            _source(f"session/{name}", asked, one.text, seen),
            f"session/{name}",
            name,
            model or client,
            moment,
            asked,
            one.text,
            client=client if model else "",
            calls=one.calls,
            options=options,
        )


def history_turns(path: Path) -> Iterator[Turn]:
    """The answers of a messages.md, each a conversation of its own."""
    text = path.read_text(encoding="utf-8", errors="replace")
    heads = list(_HEAD.finditer(text))
    seen: Counter[str] = Counter()
    for head, after in zip(heads, [*heads[1:], None], strict=True):
        body = text[head.end() + 1 : after.start() if after else len(text)]
        asked, found, answer = body.partition(_LINE)
        if not found:
            continue
        said = (Said("user", (Text(asked),)),)
        answer = answer.rstrip("\n").removesuffix("--------").rstrip("\n")
        source = _source(f"messages/{head['at']}", said, answer, seen)
        yield Turn(
            "aichat",
            source,
            source,
            head["title"],
            "",
            _moment(head["at"], path),
            said,
            answer,
        )


def is_history(path: Path) -> bool:
    """Whether a file is a messages.md, by its first lines."""
    with path.open(encoding="utf-8", errors="replace") as stream:
        return bool(_HEAD.search(stream.read(4096)))


def _session(path: Path) -> dict[str, Any]:
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        told = one_line(str(error), 200)
        raise UsageError(f"`{one_line(str(path), 400)}` is no session of aichat: {told}") from error
    if not isinstance(data, dict) or not {"model", "messages"} <= data.keys():
        raise UsageError(
            f"`{one_line(str(path), 400)}` is no session of aichat: no `model`, no `messages`"
        )
    return data


def _name(path: Path) -> str:
    """The name of a session: its path below `sessions`, after that of the agent who has it."""
    *folders, _ = path.absolute().parts
    if "sessions" not in folders:
        return path.stem
    place = len(folders) - 1 - folders[::-1].index("sessions")
    owner = folders[place - 1 : place] if folders[place - 2 : place - 1] == ["agents"] else []
    return "/".join([*owner, *folders[place + 1 :], path.stem])


def _source(place: str, asked: tuple[Said, ...], answer: str, seen: Counter[str]) -> str:
    """A name that stays the same when more is said: by what was said, and how often it was.

    A session that is compressed moves its messages to another place.
    """
    last = next((said.text for said in reversed(asked) if said.role == "user"), "")
    told = sha256(f"{last}\0{answer}".encode("utf-8", "surrogatepass")).hexdigest()
    seen[told] += 1
    return f"{place}/{told}/{seen[told]}"


def _message(message: dict[str, Any]) -> Said:
    kind, content = said_by(message.get("role")), message.get("content")
    if isinstance(content, list):
        return Said(kind, tuple(_part(part) for part in content if isinstance(part, dict)))
    if isinstance(content, dict):
        return _tool_results(content)
    return Said(kind, (Text(str(content or "")),))


def _part(part: dict[str, Any]) -> Part:
    if part.get("type") != "image_url":
        return Text(str(part.get("text", "")))
    url = str((part.get("image_url") or {}).get("url", ""))
    embedded = _DATA.fullmatch(url)
    if embedded is None:
        return Media("image/*", url=url)
    try:
        return Media(embedded["type"], base64.b64decode(embedded["data"], validate=True))
    except ValueError:
        return Text("[an image that aichat kept no whole copy of]")


def _tool_results(content: dict[str, Any]) -> Said:
    """A message of tools that were called and of what they gave, which aichat keeps as one."""
    results = [one for one in content.get("tool_results") or () if isinstance(one, dict)]
    lines = [str(content.get("text") or "")]
    for result in results:
        call = result.get("call") or {}
        lines.append(
            f"[called `{call.get('name', '')}` with {call.get('arguments', '')}, which gave"
            f" {result.get('output', '')}]"
        )
    return Said("tool", (Text("\n".join(line for line in lines if line)),))


def _moment(text: str, path: Path) -> float:
    """UTC seconds of an RFC 3339 time; the file's own where it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return path.stat().st_mtime
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
