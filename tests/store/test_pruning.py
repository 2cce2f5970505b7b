"""Runs that are removed leave nothing but their figures."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.ledger import (
    RUN,
    STARTED,
    attempt_record,
    ledger_at,
    one,
    result,
    rows,
    run_record,
    tell,
    words_in,
)
from ultra.core.audit import Deed
from ultra.core.care import Gone
from ultra.core.errors import StoreError
from ultra.core.request import Media, Message, Text, said
from ultra.core.verdict import Verdict
from ultra.store.database import Place
from ultra.store.pruning import Old, delete, doomed, named, prune
from ultra.store.queries import Log
from ultra.store.schema import MIGRATIONS
from ultra.store.tending import stamp, tending

DAY = 86_400.0
NOW = STARTED + 200 * DAY
OLD, NEW = "oldrun000001", "newrun000001"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "ultra.db"


def deed(gone: Gone) -> Deed:
    return Deed("log.pruned", "test", {"runs": gone.runs})


async def told(path: Path, *runs: tuple[str, float, str]) -> None:
    """Put runs on record: id, how many days ago, and a word of its own."""
    ledger = ledger_at(path)
    for run_id, days, word in runs:
        await tell(
            ledger,
            run_id,
            answer=f"answer {word}",
            prompt=f"prompt {word}",
            started_at=NOW - days * DAY,
            conversation=run_id,
        )
    ledger.shutdown(30.0)


def whole(path: Path) -> None:
    """The file is sound, nothing dangles, and the search index is that of the rows."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.execute("INSERT INTO runs_fts (runs_fts, rank) VALUES ('integrity-check', 1)")
        unused = connection.execute(
            "SELECT count(*) FROM prompts WHERE sha256 NOT IN"
            " (SELECT prompt FROM calls WHERE prompt IS NOT NULL)"
        ).fetchone()
        assert unused == (0,)


async def test_old_runs_go_with_every_word(path: Path) -> None:
    """No row, no index entry and no byte of the files holds a word of them."""
    await told(path, (OLD, 100, "zyzzyva"), (NEW, 10, "quokka"))

    gone = prune(Place(path), Old(NOW - 90 * DAY), NOW, deed=deed)

    assert (gone.runs, gone.calls, gone.lingering) == (1, 1, False)
    assert [run.run_id for run in Log(path).runs(limit=0)] == [NEW]
    assert Log(path).runs(limit=0, query="zyzzyva") == []
    assert [run.run_id for run in Log(path).runs(limit=0, query="quokka")] == [NEW]
    assert words_in(path.parent, ["zyzzyva", "quokka"]) == ["quokka"]
    whole(path)


async def test_figures_stay(path: Path) -> None:
    """What was spent is what it was, in the figures and in the budgets."""
    await told(path, (OLD, 100, "zyzzyva"), (NEW, 10, "quokka"))
    tables = ("call_totals", "v_costs", "budget", "reservation", "audit")
    before = {table: rows(path, f"SELECT * FROM {table}") for table in tables}

    prune(Place(path), Old(NOW - 90 * DAY), NOW, deed=deed)

    after = {table: rows(path, f"SELECT * FROM {table}") for table in tables}
    assert len(after.pop("audit")) == 1
    assert before.pop("audit") == []
    assert after == before


async def test_figures_go_when_they_are_to_go_as_well(path: Path) -> None:
    """Also those of runs whose words went before."""
    await told(path, (OLD, 100, "zyzzyva"), ("oldrun000002", 99, "b"), (NEW, 10, "quokka"))
    delete(Place(path), [OLD], NOW, deed=deed)

    gone = prune(Place(path), Old(NOW - 90 * DAY), NOW, deed=deed, figures=True)

    assert (gone.runs, gone.figures) == (1, 2)
    assert rows(path, "SELECT run_id FROM call_totals") == [(NEW,)]


async def test_a_look_changes_nothing_and_tells_what_would_go(path: Path) -> None:
    """Runs, calls, bytes, and between which moments."""
    await told(path, (OLD, 100, "zyzzyva"), ("oldrun000002", 95, "b"), (NEW, 10, "quokka"))
    before = path.read_bytes()

    found = doomed(path, Old(NOW - 90 * DAY))

    assert (found.runs, found.calls, found.running, found.going_on) == (2, 2, 0, 0)
    assert (found.oldest, found.newest) == (NOW - 100 * DAY, NOW - 95 * DAY)
    assert found.size > len("prompt zyzzyva answer zyzzyva") * 2
    assert path.read_bytes() == before


async def test_a_look_at_no_log_makes_none(path: Path) -> None:
    """Nothing would go, and nothing is written."""
    assert doomed(path, Old(NOW)).runs == named(path, [OLD]).runs == 0
    assert not path.exists()


async def test_a_conversation_that_goes_on_stays_whole(path: Path) -> None:
    """What a model was sent holds the turns before; a conversation is as old as its last turn."""
    ledger = ledger_at(path)
    for run_id, days, conversation in (
        (OLD, 100, OLD),
        (NEW, 10, OLD),
        ("picked000001", 100, "picked000001"),
        ("goeson000001", 10, "picked000001-2"),
        ("closed000001", 100, "closed000001"),
        ("closed000002", 99, "closed000001"),
    ):
        await tell(ledger, run_id, started_at=NOW - days * DAY, conversation=conversation)
    ledger.shutdown(30.0)

    found = doomed(path, Old(NOW - 90 * DAY))
    prune(Place(path), Old(NOW - 90 * DAY), NOW, deed=deed)

    left = {run.run_id for run in Log(path).runs(limit=0)}
    assert (found.runs, found.going_on) == (2, 2)
    assert left == {OLD, NEW, "picked000001", "goeson000001"}


async def test_a_run_under_way_stays_and_ends_as_ever(path: Path) -> None:
    """However old it is: by age and by name."""
    ledger = ledger_at(path)
    ledger.begin_run(run_record(RUN, started_at=NOW - 300 * DAY))
    await ledger.admit(attempt_record(RUN))
    ledger.checkpoint(f"{RUN}-1.1", "ray")
    assert await ledger.flush(30.0)

    found = doomed(path, Old(NOW))
    by_age = prune(Place(path), Old(NOW), NOW, deed=deed)
    by_name = delete(Place(path), [RUN], NOW, deed=deed)
    ledger.close(f"{RUN}-1.1", result())
    assert await ledger.flush(30.0)

    assert (found.runs, found.running, named(path, [RUN]).running) == (0, 1, 1)
    assert by_age.runs == by_name.runs == 0
    assert one(path, "SELECT status, text FROM attempts") == ("ok", "rayleigh")
    assert rows(path, "SELECT * FROM audit") == []


async def test_only_runs_of_a_profile_go_where_one_is_named(path: Path) -> None:
    """Retention of a profile is none of another's."""
    ledger = ledger_at(path)
    await tell(ledger, OLD, started_at=NOW - 100 * DAY, profile="work", conversation=OLD)
    await tell(ledger, NEW, started_at=NOW - 100 * DAY, profile="home", conversation=NEW)
    ledger.shutdown(30.0)

    prune(Place(path), Old(NOW - 90 * DAY, "work"), NOW, deed=deed)

    assert [run.run_id for run in Log(path).runs(limit=0)] == [NEW]


async def test_what_others_refer_to_stays(path: Path) -> None:
    """A message, a prompt and an attachment that a run which stays was sent, too."""
    picture = Media("image/png", b"\x89PNG shared", name="a.png")
    shared = (Message("system", (Text("be brief"),)), Message("user", (Text("this"), picture)))
    own = (said("system", "be brief"), said("user", "lonely zyzzyva"))
    ledger = ledger_at(path)
    await tell(ledger, OLD, messages=shared, started_at=NOW - 100 * DAY, conversation=OLD)
    await tell(ledger, "oldrun000002", messages=own, started_at=NOW - 100 * DAY, conversation="b")
    await tell(ledger, NEW, messages=shared, started_at=NOW, conversation=NEW)
    ledger.shutdown(30.0)

    prune(Place(path), Old(NOW - 90 * DAY), NOW, deed=deed)

    assert Log(path).branch(f"{NEW}-1")[:2] == list(shared)
    assert rows(path, "SELECT count(*) FROM messages") == [(2,)]
    assert rows(path, "SELECT count(*) FROM blobs") == [(1,)]
    whole(path)
    delete(Place(path), [NEW], NOW, deed=deed)
    assert rows(path, "SELECT count(*) FROM messages UNION ALL SELECT count(*) FROM blobs") == [
        (0,),
        (0,),
    ]


async def test_everything_that_hangs_on_a_run_goes(path: Path) -> None:
    """Every table that names a run, and every one that hangs on such a table."""
    await told(path, (OLD, 100, "zyzzyva"))
    ledger = ledger_at(path)
    ledger.add_verdict(OLD, Verdict((), key="zyzzyva"))
    assert await ledger.flush(30.0)
    ledger.shutdown(30.0)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO run_tags VALUES (?, 'job', 'zyzzyva')", (OLD,))
        connection.execute("INSERT INTO ballots VALUES ('b', ?, 'j', '[]', '[]')", (OLD,))
        connection.execute("INSERT INTO checks VALUES ('c', 0, ?, 'zyzzyva', 1)", (OLD,))
        connection.execute("INSERT INTO picks VALUES (?, 'c', 0, 0)", (OLD,))
        connection.execute("INSERT INTO pieces VALUES (1, ?, 'zyzzyva')", (f"{OLD}-1.1",))

    delete(Place(path), [OLD], NOW, deed=deed)

    stay = {"call_totals", "reservation", "budget", "audit"}
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'runs_fts%'"
        ).fetchall()
        held = {
            name
            for (name,) in tables
            if connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
        }
    assert held <= stay
    assert words_in(path.parent, ["zyzzyva"]) == []


async def test_the_file_becomes_smaller(path: Path) -> None:
    """What a tenth of the log needs is what is left of it."""
    ledger = ledger_at(path)
    for number in range(100):
        days = 10 if number % 10 == 0 else 100
        await tell(
            ledger,
            f"run{number:09}",
            answer=f"{number} " + "word " * 2_000,
            started_at=NOW - days * DAY,
            conversation=f"run{number:09}",
        )
    ledger.shutdown(30.0)

    before = path.stat().st_size
    gone = prune(Place(path), Old(NOW - 90 * DAY), NOW, deed=deed)

    assert (gone.runs, gone.spare) == (90, 0)
    assert gone.freed > 0.7 * before
    assert path.stat().st_size < 0.3 * before


async def test_room_in_a_file_of_an_older_ultra_is_told(path: Path) -> None:
    """It cannot be made smaller while others use it, and serves again."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=wal")
        connection.execute("PRAGMA user_version")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA auto_vacuum=NONE")
        connection.execute("VACUUM")
    await told(path, *((f"run{number:09}", 100, "word " * 500) for number in range(20)))

    gone = prune(Place(path), Old(NOW - 90 * DAY), NOW, deed=deed)

    assert (gone.runs, gone.freed) == (20, 0)
    assert gone.spare > 10_000


async def test_a_damaged_search_index_is_made_anew(path: Path) -> None:
    """The runs go all the same, and those that stay are found again."""
    await told(path, (OLD, 100, "zyzzyva"), (NEW, 10, "quokka"))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM runs_fts_data")

    gone = prune(Place(path), Old(NOW - 90 * DAY), NOW, deed=deed)

    assert gone.runs == 1
    assert [run.run_id for run in Log(path).runs(limit=0, query="quokka")] == [NEW]
    whole(path)


async def test_a_search_index_with_damaged_pages_is_made_anew(path: Path) -> None:
    """That is seen when its parts are merged, which is when deleted words leave it."""
    await told(path, (OLD, 100, "zyzzyva"), (NEW, 10, "quokka"))
    Log(path).runs(limit=0, query="quokka")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE runs_fts_data SET block = x'00ff' WHERE id > 10")

    gone = prune(Place(path), Old(NOW - 90 * DAY), NOW, deed=deed)

    assert (gone.runs, gone.calls) == (1, 1)
    assert [run.run_id for run in Log(path).runs(limit=0, query="quokka")] == [NEW]
    whole(path)


async def test_older_copies_beside_the_log_are_named(path: Path) -> None:
    """They still hold the words."""
    await told(path, (OLD, 100, "zyzzyva"))
    copy = path.with_name("ultra.db.schema-7-20260101T000000Z")
    copy.write_bytes(b"zyzzyva")

    assert delete(Place(path), [OLD], NOW, deed=deed).copies == (str(copy),)


async def test_one_process_tends_a_log_at_a_time(path: Path) -> None:
    """The other is told, and changes nothing."""
    await told(path, (OLD, 100, "zyzzyva"))

    with tending(Place(path), NOW), pytest.raises(StoreError, match="taking care of the log"):
        prune(Place(path), Old(NOW), NOW, deed=deed)

    assert len(Log(path).runs(limit=0)) == 1
    assert stamp(path).stat().st_mode & 0o777 == 0o600


async def test_a_newer_log_is_left_alone(path: Path) -> None:
    """With the words that every other command has for it."""
    await told(path, (OLD, 100, "zyzzyva"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}")

    with pytest.raises(StoreError, match="written by a newer ultra"):
        doomed(path, Old(NOW))
    with pytest.raises(StoreError, match="written by a newer ultra"):
        prune(Place(path), Old(NOW), NOW, deed=deed)
    assert one(path, "SELECT count(*) FROM runs") == 1


async def test_a_reader_in_the_way_is_told(path: Path) -> None:
    """Until it is done the words stand in the file beside the log."""
    await told(path, (OLD, 100, "zyzzyva"))
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM runs").fetchone()

        gone = delete(Place(path, care_s=0.1), [OLD], NOW, deed=deed)

        assert gone.lingering
        assert reader.execute("SELECT count(*) FROM runs").fetchone() == (1,)
    assert Log(path).runs(limit=0) == []


async def test_texts_that_were_kept_while_they_came_leave_no_trace(path: Path) -> None:
    """Pieces are deleted when the answer is whole; so are their bytes."""
    ledger = ledger_at(path, checkpoint_s=0.001)
    ledger.begin_run(run_record(OLD))
    await ledger.admit(attempt_record(OLD))
    for _ in range(50):
        ledger.checkpoint(f"{OLD}-1.1", "zyzzyva " * 200)
        await asyncio.sleep(0.002)
    ledger.close(f"{OLD}-1.1", result("short"))
    assert await ledger.flush(30.0)
    ledger.shutdown(30.0)

    with tending(Place(path), NOW) as tender:
        assert tender.settle()

    assert words_in(path.parent, ["zyzzyva"]) == []
