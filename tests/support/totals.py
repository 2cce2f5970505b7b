"""Logs of nothing but the figures of calls, each row as a test wants it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ultra.store.database import Place, open_database
from ultra.store.reading import reading

_USUAL: dict[str, Any] = {
    "started_at": 1_790_000_000.0,
    "run_id": "run1",
    "role": "answer",
    "provider": "lab",
    "model": "m-1",
    "name": "fast",
    "verb": "ask",
    "strategy": "single",
    "route": "",
    "profile": "default",
    "environment": "development",
    "cost_center": "",
    "simulated": 0,
    "cached": 0,
    "status": "ok",
    "error_class": None,
    "attempts": 1,
    "ttft_s": 0.5,
    "duration_s": 2.0,
    "text_input_tokens": 10,
    "text_output_tokens": 31,
    "known_nano": 1_000_000,
    "unpriced": 0,
    "charged_nano": 1_000_000,
    "saved_nano": None,
}


def filled(
    path: Path, *rows: dict[str, Any], tags: dict[str, dict[str, str]] | None = None
) -> Path:
    """A log with these calls in the order in which they ended, and the tags of runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(open_database(Place(path), 0.0).connection) as connection:
        add(connection, *rows)
        for run, marks in (tags or {}).items():
            mark(connection, run, marks)
        connection.commit()
    return path


def add(connection: sqlite3.Connection, *rows: dict[str, Any]) -> None:
    """Calls that end now, one after the other."""
    for row in rows:
        last = connection.execute("SELECT ifnull(max(seq), 0) FROM call_totals").fetchone()[0]
        told = {**_USUAL, "call_id": f"call-{last + 1}", "seq": last + 1, **row}
        slots = ", ".join("?" * len(told))
        connection.execute(
            f"INSERT INTO call_totals ({', '.join(told)}) VALUES ({slots})",
            list(told.values()),
        )


def mark(connection: sqlite3.Connection, run: str, marks: dict[str, str]) -> None:
    """A run with tags."""
    names = "run_id, verb, strategy, profile, environment, host, cwd, session, conversation"
    connection.execute(
        f"INSERT INTO runs ({names}, simulated, keep_text, version, started_at, owner, status)"
        " VALUES (?, 'ask', 'single', '', '', '', '', '', '', 0, 1, '', 0, '', 'ok')",
        (run,),
    )
    connection.executemany(
        "INSERT INTO run_tags VALUES (?, ?, ?)", [(run, *pair) for pair in marks.items()]
    )


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The log as who asks it sees it."""
    with reading(path) as connection:
        assert connection is not None
        yield connection
