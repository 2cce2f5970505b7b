"""A/B experiments on record: registrations, which nothing changes, and what each pair came to."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import msgspec

from ultra.core.errors import StoreError
from ultra.core.experiments import Experiment, Pair, Registration
from ultra.store.database import Place, open_database
from ultra.store.reading import reading

T = TypeVar("T")

_THERE = "SELECT 1 FROM sqlite_master WHERE name = 'experiments'"
_ALL = "SELECT name, registered_at, registration FROM experiments ORDER BY registered_at DESC, name"
_ONE = "SELECT name, registered_at, registration FROM experiments WHERE name = ?"


class Experiments:
    """The experiments of the log at `place`, opened anew for every question.

    Every method raises `StoreError` when the file cannot be read or written.
    """

    def __init__(self, place: Place) -> None:
        self._place = place

    def all(self) -> list[Experiment]:
        """Every experiment, the newest first."""
        return self._read(lambda connection: [_experiment(row) for row in connection.execute(_ALL)])

    def named(self, name: str) -> Experiment | None:
        """The experiment of a name."""
        rows = self._read(lambda connection: connection.execute(_ONE, (name,)).fetchall())
        return _experiment(rows[0]) if rows else None

    def pairs(self, name: str) -> list[Pair]:
        """What its pairs came to, in their turn."""
        sql = "SELECT pair FROM experiment_pairs WHERE name = ? ORDER BY place"
        rows = self._read(lambda connection: connection.execute(sql, (name,)).fetchall())
        return [msgspec.json.decode(text, type=Pair) for (text,) in rows]

    def register(self, experiment: Experiment) -> Experiment:
        """Put a registration on record; the one that then stands under its name.

        An earlier one stands, and of two processes that register at once the first one's.
        """
        text = msgspec.json.encode(experiment.registration).decode()
        self._write(
            "INSERT OR IGNORE INTO experiments (name, registered_at, registration)"
            " VALUES (?, ?, ?)",
            (experiment.name, experiment.registered_at, text),
            experiment.registered_at,
        )
        return self.named(experiment.name) or experiment

    def keep(self, name: str, pair: Pair, now: float) -> None:
        """Put a pair on record, in place of what it came to when it was asked before."""
        self._write(
            "INSERT OR REPLACE INTO experiment_pairs (name, place, pair) VALUES (?, ?, ?)",
            (name, pair.place, msgspec.json.encode(pair).decode()),
            now,
        )

    def _write(self, sql: str, values: tuple[object, ...], now: float) -> None:
        try:
            with closing(open_database(self._place, now).connection) as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute(sql, values)
                connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"the log `{self._place.path}` cannot be written: {error}",
                hint="experiments are kept in it, and nothing is asked without",
            ) from error

    def _read(self, work: Callable[[sqlite3.Connection], list[T]]) -> list[T]:
        with reading(self._place.path) as connection:
            if connection is None or not connection.execute(_THERE).fetchone():
                return []
            return work(connection)


def at(path: Path) -> Experiments:
    """The experiments of the log at a path."""
    return Experiments(Place(path))


def _experiment(row: tuple[str, float, str]) -> Experiment:
    name, registered_at, text = row
    return Experiment(name, registered_at, msgspec.json.decode(text, type=Registration))
