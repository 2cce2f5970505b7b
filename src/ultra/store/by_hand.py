"""Breakers and gates that somebody moves by hand, each time in one transaction."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from msgspec import Struct

from ultra.core.audit import Author
from ultra.core.errors import StoreError
from ultra.store import breakers, gates
from ultra.store.audit import append
from ultra.store.database import Place, open_database
from ultra.store.rows import without_credentials


class Goal(Struct, frozen=True):
    """An endpoint, and one of its models; `model` empty is all of them."""

    provider: str
    base_url: str
    model: str = ""

    @property
    def words(self) -> str:
        """The goal as the audit trail names it."""
        name = f"{self.provider}:{self.model}" if self.model else self.provider
        return f"{name} at {without_credentials(self.base_url)}" if self.base_url else name


def reset(place: Place, goals: Sequence[Goal] | None, now: float, author: Author) -> int:
    """Let calls through again; how many breakers and gates kept any back. None is all there are.

    Where there were any, the audit trail names the author. Raises `StoreError` when the log cannot
    be written.
    """
    with _transaction(place, now) as connection:
        if goals is None:
            count = breakers.reset(connection, provider=None, model=None, now=now)
            counts = {"all": count + gates.reset(connection, provider=None, model=None, now=now)}
        else:
            counts = {goal.words: _reset(connection, goal, now) for goal in goals}
        append(
            connection,
            *(
                author.did("breaker.reset", words, now, count=count)
                for words, count in counts.items()
                if count
            ),
        )
        return sum(counts.values())


def force_open(place: Place, goals: Sequence[Goal], now: float, author: Author) -> None:
    """Let no call through until it is reset; the audit trail names the author.

    Raises `StoreError`.
    """
    with _transaction(place, now) as connection:
        for goal in goals:
            breakers.force_open(
                connection,
                provider=goal.provider,
                base_url=goal.base_url,
                model=goal.model,
                now=now,
            )
        append(connection, *(author.did("breaker.opened", goal.words, now) for goal in goals))


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
