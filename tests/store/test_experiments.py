"""Experiments on record: what was registered stays as it was."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from ultra.core.errors import StoreError
from ultra.core.experiments import Arm, Design, Experiment, Pair, Registration, Side
from ultra.store.database import Place
from ultra.store.experiments import Experiments, at
from ultra.store.schema import MIGRATIONS

DESIGN = Design(Arm("fast"), Arm("smart", options=("temperature=0",)), "/p.txt", "pass", 0.1)
REGISTRATION = Registration(
    DESIGN, "higher", "exact McNemar", "after 2", 2, "ab", ("lab:a",), ("lab:b",), ()
)
ONE = Experiment("one", 1_000.0, REGISTRATION)


def test_a_registration_is_read_back_and_never_changed(tmp_path: Path) -> None:
    """Neither by registering once more nor by hand; another name has its own."""
    path = tmp_path / "ultra.db"
    store = at(path)

    assert store.all() == []
    assert store.register(ONE) == ONE
    assert store.register(replace(ONE, registration=replace(REGISTRATION, prompts=9))) == ONE
    store.register(replace(ONE, name="two", registered_at=2_000.0))
    assert [one.name for one in store.all()] == ["two", "one"]
    assert store.named("three") is None
    with (
        closing(sqlite3.connect(path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="never changed"),
    ):
        connection.execute("UPDATE experiments SET registration = '{}'")


def test_pairs_are_kept_in_their_turn(tmp_path: Path) -> None:
    """One that is asked again takes the place of what it came to before."""
    store = at(tmp_path / "ultra.db")
    store.register(ONE)
    lost = Pair(2, 1, "r2", Side(1.0, 0.5, 7), Side(error="failed", again=True))
    whole = replace(lost, b=Side(0.0, 0.5, None))

    store.keep("one", lost, 1_001.0)
    store.keep("one", Pair(1, 2, "r1", Side(0.0), Side(1.0)), 1_002.0)
    store.keep("one", whole, 1_003.0)

    assert [pair.place for pair in store.pairs("one")] == [1, 2]
    assert store.pairs("one")[1] == whole


def test_a_log_from_before_experiments_has_none(tmp_path: Path) -> None:
    """Looking changes nothing; the first registration brings it up to date."""
    path = tmp_path / "ultra.db"
    old = Place(path, steps=MIGRATIONS[:6])
    with pytest.raises(StoreError, match="cannot be written"):
        Experiments(old).register(ONE)

    assert at(path).all() == []
    assert at(path).register(ONE) == ONE
