"""The audit trail: only added to, chained, anchored."""

import json
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from tests.support.ledger import STARTED
from ultra.core.audit import Deed
from ultra.core.errors import StoreError
from ultra.store import audit
from ultra.store.audit import anchor_file, append, entries, record, verify
from ultra.store.database import Place, open_database


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "ultra.db", mounts=tmp_path / "none")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else writes here: there is no commit to wait for."""
    monkeypatch.setattr(audit, "COMMIT_S", 0.0)


def deed(number: int = 1, **detail: str) -> Deed:
    return Deed("alias.set", f"name-{number}", {**detail}, STARTED + number, "ann", "lab")


def written(place: Place, count: int) -> None:
    for number in range(1, count + 1):
        record(place, deed(number))


def forge(place: Place, *statements: str) -> None:
    """What somebody can do who has the file: the triggers go first."""
    with closing(sqlite3.connect(place.path)) as connection, connection:
        for trigger in ("audit_update", "audit_delete", "audit_insert"):
            connection.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            connection.execute(statement)


def test_entries_come_back_newest_first_and_as_they_were(place: Place) -> None:
    record(place, deed(1, model="a:b"))
    record(place, Deed("key.set", "openai", {"fingerprint": "ab12"}, STARTED + 9, "ann", "lab"))

    newest, oldest = entries(place.path)

    assert (newest.action, newest.subject, newest.detail) == (
        "key.set",
        "openai",
        {"fingerprint": "ab12"},
    )
    assert (oldest.number, oldest.at, oldest.user, oldest.host) == (1, STARTED + 1, "ann", "lab")
    assert [one.number for one in entries(place.path, actions=["alias.set"])] == [1]
    assert [one.number for one in entries(place.path, begin=STARTED + 2)] == [2]
    assert [one.number for one in entries(place.path, end=STARTED + 2)] == [1]
    assert [one.number for one in entries(place.path, limit=1)] == [2]


def test_the_chain_can_be_followed_without_ultra(place: Place) -> None:
    """The digest is what the documentation says, so that anybody can check it."""
    written(place, 3)
    before = ""

    with closing(sqlite3.connect(place.path)) as connection:
        for *columns, digest in connection.execute("SELECT * FROM audit ORDER BY id"):
            told = json.dumps([before, *columns], ensure_ascii=False, separators=(",", ":"))
            assert digest == sha256(told.encode()).hexdigest()
            before = digest


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET user = 'bob' WHERE id = 2",
        "DELETE FROM audit WHERE id = 2",
        "REPLACE INTO audit SELECT 2, at, 'bob', host, action, subject, detail, '' FROM audit",
        "INSERT INTO audit SELECT 7, at, user, host, action, subject, detail, '' FROM audit",
    ],
    ids=["update", "delete", "replace", "a number left out"],
)
def test_the_table_is_only_added_to(place: Place, statement: str) -> None:
    written(place, 3)

    with (
        closing(sqlite3.connect(place.path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="only added to"),
    ):
        connection.execute(statement)

    assert verify(place.path).holds


@pytest.mark.parametrize("column", ["at", "user", "host", "action", "subject", "detail", "digest"])
def test_a_changed_entry_is_found(place: Place, column: str) -> None:
    """Whichever column it is, the entry is named with its time."""
    written(place, 4)
    forge(place, f"UPDATE audit SET {column} = {column} || '1' WHERE id = 3")

    proof = verify(place.path)

    assert proof.broken is not None
    assert (proof.entries, proof.broken.number) == (2, 3)
    assert len(entries(place.path)) == 4


@pytest.mark.parametrize("gone", [1, 2, 3])
def test_an_entry_that_is_taken_out_is_found(place: Place, gone: int) -> None:
    written(place, 4)
    forge(place, f"DELETE FROM audit WHERE id = {gone}")

    broken = verify(place.path).broken

    assert broken is not None
    assert broken.number == gone


@pytest.mark.parametrize("left", [0, 2], ids=["all", "the newest two"])
def test_a_tail_that_is_cut_off_is_found_by_the_anchor(place: Place, left: int) -> None:
    """And the next entry says so for ever, since it announces itself as the last."""
    written(place, 4)
    forge(place, f"DELETE FROM audit WHERE id > {left}")

    proof = verify(place.path)
    record(place, deed(5))

    assert proof.missing is not None
    assert (proof.entries, proof.missing.number, proof.missing.at) == (left, 4, STARTED + 4)
    assert verify(place.path).holds
    assert verify(place.path).gaps == (left + 1,)
    gap = entries(place.path, actions=["audit.gap"])[0]
    assert (gap.subject, gap.detail["entries"], gap.user) == ("entry 4", left, "ann")


def test_an_anchor_that_is_gone_is_said_and_set_anew(place: Place) -> None:
    written(place, 2)
    anchor_file(place.path).unlink()

    proof = verify(place.path)
    record(place, deed(3))

    assert proof.missing is not None
    assert "gone" in proof.missing.reason
    assert verify(place.path).gaps == (3,)


def test_a_log_that_is_deleted_leaves_its_anchor(place: Place) -> None:
    """A new log is not taken for the old one."""
    written(place, 2)
    for file in place.path.parent.glob("ultra.db*"):
        if file != anchor_file(place.path):
            file.unlink()

    assert verify(place.path).missing is not None
    record(place, deed(1))
    assert [one.action for one in entries(place.path)] == ["alias.set", "audit.gap"]


def test_a_change_and_its_entry_are_one_transaction(place: Place) -> None:
    """What is rolled back is not on record, and the number is used again."""
    written(place, 1)
    with closing(open_database(place, STARTED).connection) as connection:
        connection.execute("BEGIN IMMEDIATE")
        append(connection, deed(2))
        connection.execute("ROLLBACK")
        append(connection, deed(3), deed(4))

    assert [one.subject for one in reversed(entries(place.path))] == [
        "name-1",
        "entry 2",
        "name-3",
        "name-4",
    ]
    assert verify(place.path).holds


def test_once_adds_nothing_that_was_said_last(place: Place) -> None:
    """Of the same subject, whatever was done to it then."""
    written = Deed("profile.written", "name-1", {"content": "a"}, STARTED)

    added = [
        record(place, written),
        record(place, deed(1, content="a"), once="content"),
        record(place, deed(1, content="b"), once="content"),
        record(place, deed(1)),
        record(place, deed(1, content="b"), once="content"),
        record(place, deed(2, content="b"), once="content"),
        record(place, deed(1, content="a"), once="content"),
    ]

    assert added == [True, False, True, True, False, True, True]
    assert verify(place.path).entries == 5


def test_the_anchor_is_for_its_owner_only(place: Place) -> None:
    written(place, 1)

    assert anchor_file(place.path).stat().st_mode & 0o777 == 0o600


def test_words_that_utf8_cannot_hold_break_nothing(place: Place) -> None:
    """Names of files may be any bytes."""
    record(place, Deed("profile.trusted", "/tmp/\udcff.yaml", {"why": "\udcff"}, STARTED))

    assert verify(place.path).holds
    assert entries(place.path)[0].subject == "/tmp/?.yaml"


def test_a_log_behind_a_link_has_one_anchor(place: Place, tmp_path: Path) -> None:
    written(place, 1)
    link = tmp_path / "link.db"
    link.symlink_to(place.path)

    record(Place(link, mounts=place.mounts), deed(2))

    assert verify(link).holds
    assert verify(place.path).entries == 2


def test_a_log_that_cannot_be_written_is_said(place: Place) -> None:
    place.path.mkdir()

    with pytest.raises(StoreError, match="cannot be written"):
        record(place, deed())


def test_no_log_is_a_trail_without_entries(place: Place) -> None:
    assert entries(place.path) == []
    assert verify(place.path).holds
