"""Breakers and gates that somebody moves by hand, each time in one transaction."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from msgspec import Struct

from ultra.core.errors import StoreError
from ultra.store import breakers, gates
from ultra.store.database import Place, open_database


class Goal(Struct, frozen=True):
    """An endpoint, and one of its models; `model` empty is all of them."""

    provider: str
    base_url: str
    model: str = ""


def reset(place: Place, goals: Sequence[Goal] | None, now: float) -> int:
    """Let calls through again; how many breakers and gates kept any back. None is all there are.

    Raises `StoreError` when the log cannot be written.
    """
    with _transaction(place, now) as connection:
        if goals is None:
            return breakers.reset(connection, provider=None, model=None, now=now) + gates.reset(
                connection, provider=None, model=None, now=now
            )
        return sum(_reset(connection, goal, now) for goal in goals)


def force_open(place: Place, goals: Sequence[Goal], now: float) -> None:
    """Let no call through until it is reset. Raises `StoreError`."""
    with _transaction(place, now) as connection:
        for goal in goals:
            breakers.force_open(
                connection,
                provider=goal.provider,
                base_url=goal.base_url,
                model=goal.model,
                now=now,
            )


def _reset(connection: sqlite3.Connection, goal: Goal, now: float) -> int:
    model = goal.model or None
    moved = breakers.reset(
        connection, provider=goal.provider, model=model, now=now, base_url=goal.base_url
    )
    return moved + gates.reset(connection, provider=goal.provider, model=model, now=now)


@contextmanager
def _transaction(place: Place, now: float) -> Iterator[sqlite3.Connection]:
    try:
        with closing(open_database(place, now).connection) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"the log `{place.path}` cannot be written: {error}",
            hint="breakers and gates are kept in it",
        ) from error
