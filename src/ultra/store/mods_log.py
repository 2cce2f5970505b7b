"""What `mods` keeps: mods.db with the conversations, and a file of Go's gob for the words of each.

It records neither the time of each answer nor tokens; the time is that of the conversation's last
change. Source: db.go, internal/cache and internal/proto of github.com/charmbracelet/mods.
"""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ultra.core.gob import decode
from ultra.core.imports import Called, Said, Turn, said_by
from ultra.core.request import Media, Part, Text
from ultra.store.foreign import columns


def is_mods(connection: sqlite3.Connection) -> bool:
    """Whether a database is that of mods."""
    return {"id", "title", "updated_at"} <= columns(connection, "conversations")


def turns(connection: sqlite3.Connection, path: Path, lost: list[str]) -> Iterator[Turn]:
    """Every answer, conversation by conversation, oldest first in each.

    `lost` takes the conversations whose words are not there or cannot be read, with the reason.
    """
    present = columns(connection, "conversations")
    model, api = (name if name in present else f"NULL AS {name}" for name in ("model", "api"))
    # Its ids have the type `string`, which SQLite takes for a number: one of digits is kept as one.
    files = {file.stem: file for file in _files(path)}
    for stem in sorted(files):
        row = connection.execute(
            f"SELECT title, updated_at, {model}, {api} FROM conversations WHERE id = ?",  # noqa: S608
            (stem,),
        ).fetchone()
        try:
            said = _said(decode(files[stem].read_bytes()))
        except (ValueError, OSError) as error:
            lost.append(f"conversation `{stem[:8]}`: {error}")
            continue
        yield from _turns(stem, row, _moment(row, files[stem]), said)
    listed = connection.execute("SELECT count(*) FROM conversations").fetchone()[0]
    if listed > len(files):
        lost.append(f"{listed - len(files)} of {listed} conversations have no words beside them")


def _files(path: Path) -> Iterator[Path]:
    """The conversations beside a mods.db, or in the folder where older ones kept them."""
    for folder in (path.parent, path.parent / "conversations"):
        yield from folder.glob("*.gob")


def _turns(stem: str, row: Any, moment: float, said: list[Said]) -> Iterator[Turn]:
    title, _, model, api = row or ("", None, None, None)
    number = 0
    for place, one in enumerate(said):
        if one.role != "assistant":
            continue
        number += 1
        yield Turn(
            "mods",
            f"{stem}/{number}",
            stem,
            str(title),
            str(model or ""),
            moment,
            tuple(said[:place]),
            one.text,
            client=str(api or ""),
            calls=one.calls,
        )


def _said(messages: Any) -> list[Said]:
    """The messages of a conversation. Raises `ValueError` for a file of something else."""
    if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
        raise ValueError("it is no list of messages")
    return [_one(message) for message in messages]


def _one(message: dict[str, Any]) -> Said:
    text = message.get("Content", "") or "".join(
        part.get("Text", "") for part in message.get("MultiContent", ())
    )
    images: list[Part] = [
        Media(image.get("MimeType", ""), image.get("Data", b""), name=image.get("Filename", ""))
        for image in message.get("Images", ())
    ]
    calls = tuple(
        Called(
            call.get("Function", {}).get("Name", ""),
            _text(call.get("Function", {}).get("Arguments", "")),
            call.get("ID", ""),
        )
        for call in message.get("ToolCalls", ())
    )
    return Said(said_by(message.get("Role")), (Text(text), *images), calls)


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _moment(row: Any, file: Path) -> float:
    """When a conversation changed last, as the database says it, else as the file does."""
    try:
        return datetime.fromisoformat(str(row["updated_at"])).replace(tzinfo=UTC).timestamp()
    except (TypeError, ValueError):
        return file.stat().st_mtime
