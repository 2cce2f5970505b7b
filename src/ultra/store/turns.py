"""The turns of a conversation as the log has them."""

import sqlite3

import msgspec

from ultra.core.request import Message, said
from ultra.store.contents import put_together
from ultra.store.rows import RunRows

_ASKED = """
SELECT p.messages FROM calls c JOIN prompts p ON p.sha256 = c.prompt
WHERE c.run_id = ? AND c.role IN ('answer', 'member')
ORDER BY c.member_index IS NULL, c.member_index, c.rowid LIMIT 1"""


def turn(connection: sqlite3.Connection, rows: RunRows) -> list[Message]:
    """The system messages of a run, what the user said last, and the answer."""
    sent = asked(connection, rows.run.run_id)
    user = next((message for message in reversed(sent) if message.role == "user"), None)
    return [
        *(message for message in sent if message.role == "system"),
        user or said("user", rows.run.prompt or ""),
        said("assistant", rows.run.answer or ""),
    ]


def asked(connection: sqlite3.Connection, run_id: str) -> list[Message]:
    """What the models of a run were sent; empty where that was not kept."""
    row = connection.execute(_ASKED, (run_id,)).fetchone()
    return prompt_messages(connection, row[0]) if row else []


_SAID = """
SELECT p.messages, a.text FROM calls c
JOIN attempts a ON a.call_id = c.call_id LEFT JOIN prompts p ON p.sha256 = c.prompt
WHERE c.call_id = ? AND a.status = 'ok' ORDER BY a.number DESC LIMIT 1"""


def branch(connection: sqlite3.Connection, call_id: str) -> list[Message]:
    """What one call was sent, and what it answered; empty where there is none or it was not kept.

    All that was said before stands in what it was sent.
    """
    row = connection.execute(_SAID, (call_id,)).fetchone()
    if row is None or row[0] is None or not row[1]:
        return []
    return [*prompt_messages(connection, row[0]), said("assistant", row[1])]


def prompt_messages(connection: sqlite3.Connection, listing: str) -> list[Message]:
    """The messages that a row of `prompts` lists."""

    def blob(key: str) -> bytes:
        row = connection.execute("SELECT data FROM blobs WHERE sha256 = ?", (key,)).fetchone()
        return bytes(row[0])

    messages = []
    for key in msgspec.json.decode(listing, type=list[str]):
        row = connection.execute("SELECT content FROM messages WHERE sha256 = ?", (key,))
        messages.append(put_together(row.fetchone()[0], blob))
    return messages
