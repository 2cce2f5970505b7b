"""The logs.db of `llm`, in both of its layouts; one file may hold both.

Up to 0.31 each answer is a row of `responses`, with what was attached in tables beside it. Since
then it is a row of `turns` between two messages of a tree, whose `parts` refer to fragments and
attachments. Source: https://llm.datasette.io/en/stable/logging.html and the package's migrations.
"""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from ultra.core.imports import Called, Said, Turn, said_by
from ultra.core.request import Media, Part, Text
from ultra.core.usage import Usage
from ultra.store.foreign import columns, grouped, tables

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32, of which the first ten characters of an id tell milliseconds (ULID)."""


def is_llm(connection: sqlite3.Connection) -> bool:
    """Whether a database is a log of llm."""
    known = tables(connection)
    return {"responses", "conversations"} <= known or {"turns", "messages", "parts"} <= known


def before_conversations(connection: sqlite3.Connection) -> int | None:
    """How many answers stand in the table of before 0.5, which is not read; None without it.

    Newer releases leave it where something is in it. Source: m001, m007 and m009 of its migrations.
    """
    for table in ("logs", "log"):
        if {"prompt", "response", "model"} <= columns(connection, table):
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
    return None


def turns(connection: sqlite3.Connection) -> Iterator[Turn]:
    """Every answer, conversation by conversation, oldest first in each."""
    known = tables(connection)
    told: set[str] = set()
    if "turns" in known:
        told = {row[0] for row in connection.execute("SELECT id FROM turns")}
        yield from _Tree(connection, known).turns()
    if "responses" in known:
        for turn in _Rows(connection, known).turns():
            if turn.source not in told:
                yield turn


class _Shared:
    """What both layouts keep alike: fragments, attachments and schemas."""

    def __init__(self, connection: sqlite3.Connection, known: set[str]) -> None:
        self._connection = connection
        self._known = known

    def _one(self, table: str, column: str, key: object) -> Any:
        if table not in self._known:
            return None
        sql = f"SELECT {column} FROM {table} WHERE id = ?"  # noqa: S608 - names of our own
        row = self._connection.execute(sql, (key,)).fetchone()
        return row[0] if row else None

    def _attachment(self, key: object) -> Part:
        row = self._connection.execute(
            "SELECT type, path, url, content FROM attachments WHERE id = ?", (key,)
        ).fetchone()
        kind, path, url, content = row or (None, None, None, None)
        if content or url:
            return Media(kind or "application/octet-stream", content or b"", url or "", path or "")
        return Text(f"\n\n[attachment `{path or key}`, of which llm kept no copy]")

    def _options(self, row: sqlite3.Row) -> dict[str, Any]:
        options = _object(row["options_json"])
        schema = self._one("schemas", "content", row["schema_id"]) if row["schema_id"] else None
        return {**options, "schema": _object(schema)} if schema else options


class _Rows(_Shared):
    """The older layout: a row of `responses` for each answer."""

    def __init__(self, connection: sqlite3.Connection, known: set[str]) -> None:
        super().__init__(connection, known)
        named = "SELECT response_id, name, {}, tool_call_id FROM {} ORDER BY id"
        # Neither has an index by response, and few answers call tools.
        self._calls = grouped(
            connection, named.format("arguments", "tool_calls"), known, "tool_calls"
        )
        self._results = grouped(
            connection, named.format("output", "tool_results"), known, "tool_results"
        )

    def turns(self) -> Iterator[Turn]:
        past: list[Said] = []
        system: tuple[Said, ...] = ()
        talk: object = None
        for row in self._connection.execute(self._sql()):
            if row["conversation_id"] is None or row["conversation_id"] != talk:
                past, system, talk = [], (), row["conversation_id"]
            # What the first turn says of the system is sent with those that follow it.
            system, asked = self._system(row) or system, self._asked(row)
            turn = self._turn(row, (*system, *past, *asked))
            past = [*past, *asked, Said("assistant", (Text(turn.answer),), turn.calls)]
            yield turn

    def _sql(self) -> str:
        present = columns(self._connection, "responses")
        late = ("input_tokens", "output_tokens", "token_details", "resolved_model", "reasoning")
        also = ", ".join(
            f"r.{name}" if name in present else f"NULL AS {name}" for name in (*late, "schema_id")
        )
        return (
            "SELECT r.id, r.model, r.prompt, r.system, r.options_json, r.response,"  # noqa: S608
            f" r.conversation_id, r.duration_ms, r.datetime_utc, c.name, {also}"
            " FROM responses r LEFT JOIN conversations c ON c.id = r.conversation_id"
            " ORDER BY r.conversation_id, r.id"
        )

    def _turn(self, row: sqlite3.Row, asked: tuple[Said, ...]) -> Turn:
        calls = tuple(
            Called(name or "", arguments or "{}", call or "")
            for _, name, arguments, call in self._calls.get(row["id"], ())
        )
        return Turn(
            "llm",
            str(row["id"]),
            str(row["conversation_id"] or row["id"]),
            row["name"] or "",
            row["model"] or "",
            _moment(row["datetime_utc"], str(row["id"])),
            asked,
            row["response"] or "",
            duration_s=_seconds(row["duration_ms"]),
            reasoning=row["reasoning"] or "",
            calls=calls,
            options=self._options(row),
            usage=_usage(row["input_tokens"], row["output_tokens"], row["token_details"]),
            resolved_model=row["resolved_model"],
        )

    def _system(self, row: sqlite3.Row) -> tuple[Said, ...]:
        bits = [*self._fragments("system_fragments", row), (row["system"] or "").strip()]
        text = "\n\n".join(bit.strip() for bit in bits if bit.strip())
        return (Said("system", (Text(text),)),) if text else ()

    def _asked(self, row: sqlite3.Row) -> tuple[Said, ...]:
        results = [
            Said("tool", (Text(output or ""),), (Called(name or "", "", call or ""),))
            for _, name, output, call in self._results.get(row["id"], ())
        ]
        bits = [*self._fragments("prompt_fragments", row), row["prompt"] or ""]
        text = "\n".join(bit for bit in bits if bit)
        parts = (*([Text(text)] if text else ()), *self._attachments(row))
        return (*results, Said("user", parts)) if parts or not results else tuple(results)

    def _fragments(self, table: str, row: sqlite3.Row) -> list[str]:
        if table not in self._known:
            return []
        sql = (
            f"SELECT f.content FROM {table} p JOIN fragments f ON f.id = p.fragment_id"  # noqa: S608
            ' WHERE p.response_id = ? ORDER BY p."order"'
        )
        return [content for (content,) in self._connection.execute(sql, (row["id"],))]

    def _attachments(self, row: sqlite3.Row) -> list[Part]:
        if "prompt_attachments" not in self._known:
            return []
        sql = 'SELECT attachment_id FROM prompt_attachments WHERE response_id = ? ORDER BY "order"'
        return [self._attachment(key) for (key,) in self._connection.execute(sql, (row["id"],))]


class _Tree(_Shared):
    """The newer layout: messages that name the one before, shared by all turns that go on."""

    def turns(self) -> Iterator[Turn]:
        rows = self._connection.execute(
            "SELECT t.*, h.name FROM turns t LEFT JOIN threads h ON h.id = t.thread_id"
            " ORDER BY t.thread_id, t.id"
        )
        talk: object = None
        seen: dict[str, tuple[str | None, Said, str]] = {}
        for row in rows:
            if row["thread_id"] != talk:
                seen, talk = {}, row["thread_id"]
            yield self._turn(row, seen)

    def _turn(self, row: sqlite3.Row, seen: dict[str, tuple[str | None, Said, str]]) -> Turn:
        asked = self._chain(row["parent_message_hash"], seen)
        said = self._chain(row["tip_message_hash"], seen)[len(asked) :]
        return Turn(
            "llm",
            str(row["id"]),
            str(row["thread_id"] or row["id"]),
            row["name"] or "",
            row["model"] or "",
            _moment(row["datetime_utc"], str(row["id"])),
            tuple(one for one, _ in asked),
            "".join(one.text for one, _ in said),
            duration_s=_seconds(row["duration_ms"]),
            reasoning="".join(thought for _, thought in said),
            calls=tuple(call for one, _ in said for call in one.calls),
            options=self._options(row),
            usage=_usage(row["input_tokens"], row["output_tokens"], row["token_details"]),
            resolved_model=row["resolved_model"],
        )

    def _chain(
        self, tip: str | None, seen: dict[str, tuple[str | None, Said, str]]
    ) -> list[tuple[Said, str]]:
        """The messages up to one, oldest first, each with what was thought for it."""
        chain: list[tuple[Said, str]] = []
        passed: set[str] = set()
        while tip is not None and tip not in passed:
            passed.add(tip)
            if tip not in seen:
                seen[tip] = self._message(tip)
            before, said, thought = seen[tip]
            chain.append((said, thought))
            tip = before
        return chain[::-1]

    def _message(self, key: str) -> tuple[str | None, Said, str]:
        sql = "SELECT parent_hash, role FROM messages WHERE hash = ?"
        row = self._connection.execute(sql, (key,)).fetchone()
        if row is None:
            return None, Said("user", (Text("[a message that llm has lost]"),)), ""
        parts: list[Part] = []
        calls: list[Called] = []
        thoughts: list[str] = []
        for part in self._connection.execute(
            "SELECT type, tool_name, text, payload FROM parts WHERE message_hash = ?"
            " ORDER BY position",
            (key,),
        ):
            payload = _object(part["payload"])
            text = part["text"] if part["text"] is not None else self._text(payload)
            match part["type"]:
                case "reasoning":
                    thoughts.append(text)
                case "attachment":
                    parts.append(self._attachment(payload.get("attachment", {}).get("id")))
                case "tool_call":
                    calls.append(_called(part, json.dumps(payload.get("arguments", {}))))
                case "tool_result":
                    calls.append(_called(part, ""))
                    parts.append(Text(str(payload.get("output", ""))))
                case _:
                    parts.append(Text(text))
        said = Said(said_by(row["role"]), tuple(parts), tuple(calls))
        return row["parent_hash"], said, "".join(thoughts)

    def _text(self, payload: dict[str, Any]) -> str:
        """The words of a part that borrows fragments."""
        pieces = payload.get("text_ref") or []
        return "".join(
            piece["literal"]
            if "literal" in piece
            else self._one("fragments", "content", piece.get("fragment")) or ""
            for piece in pieces
        )


def _called(part: sqlite3.Row, arguments: str) -> Called:
    payload = _object(part["payload"])
    name = part["tool_name"] or payload.get("name") or ""
    return Called(str(name), arguments, str(payload.get("tool_call_id") or ""))


def _moment(text: str | None, key: str) -> float:
    """UTC seconds of an ISO time, which is UTC where it names no zone; else those of the id."""
    try:
        found = datetime.fromisoformat(text or "")
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except ValueError:
        digits = [_ALPHABET.find(letter) for letter in key.lower()[:10]]
        told = sum(digit << (5 * place) for place, digit in enumerate(reversed(digits)))
        return told / 1000 if len(digits) == 10 and min(digits) >= 0 else 0.0


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _usage(taken: int | None, given: int | None, details: str | None) -> Usage | None:
    """The tokens by kind. Plugins keep what is left of a provider's own words as the details.

    OpenAI's counts hold the cached and the reasoned ones, Anthropic's are without the cached ones
    and Gemini's without its thoughts.
    """
    if taken is None and given is None:
        return None
    numbers = _numbers(_object(details))
    inside = numbers.get("cached_tokens", numbers.get("cachedContentTokenCount"))
    beside = numbers.get("cache_read_input_tokens")
    reasoned = numbers.get("reasoning_tokens")
    return Usage(
        text_input_tokens=_less(taken, inside),
        cache_read_tokens=inside if inside is not None else beside,
        cache_write_tokens=numbers.get("cache_creation_input_tokens"),
        text_output_tokens=_less(given, reasoned),
        reasoning_tokens=reasoned if reasoned is not None else numbers.get("thoughtsTokenCount"),
    )


def _less(count: int | None, part: int | None) -> int | None:
    return None if count is None else max(0, count - (part or 0))


def _numbers(value: dict[str, Any]) -> dict[str, int]:
    """Every whole number in nested objects, by its name."""
    found: dict[str, int] = {}
    for name, item in value.items():
        if isinstance(item, dict):
            found |= _numbers(item)
        elif isinstance(item, int) and item >= 0:
            found[name] = item
    return found


def _object(text: str | None) -> dict[str, Any]:
    """A JSON object; empty for whatever else is there."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
