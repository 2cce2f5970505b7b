"""What is redacted stands nowhere any more, and all the rest stands as it stood."""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.store.test_pruning import whole
from tests.support.ledger import (
    RUN,
    STARTED,
    attempt_record,
    ledger_at,
    one,
    result,
    rows,
    run_end,
    run_record,
    tell,
    words_in,
)
from ultra.core.audit import Deed
from ultra.core.care import Found
from ultra.core.errors import ErrorClass, Failure
from ultra.core.experiments import Pair, Side
from ultra.core.request import Media, Message, Text, said
from ultra.core.stream import Finished, TextDelta
from ultra.core.verdict import Check, Verdict
from ultra.store.answers import packed
from ultra.store.audit import entries
from ultra.store.database import Place, open_database
from ultra.store.queries import Log
from ultra.store.redacting import Pattern, find, redact

NOW = STARTED + 1_000.0
SECRET = 'zyzzyva"quokka'
WORDS = ["zyzzyva"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "ultra.db"


def deed(found: Found) -> Deed:
    return Deed("log.redacted", "test", {"texts": found.texts})


async def everywhere(path: Path) -> None:
    """Put a run on record that says the secret wherever words can be."""
    ledger = ledger_at(path)
    told = (
        Message("system", (Text("be brief"),)),
        Message(
            "user", (Text(f"use {SECRET}"), Media("text/plain", name=f"{SECRET}.txt", data=b"x"))
        ),
    )
    ledger.begin_run(run_record(prompt=f"use {SECRET} well", conversation=RUN))
    failure = Failure(ErrorClass.INTERNAL, f"no {SECRET}", hint=SECRET, code=SECRET, sent=True)
    for number, ended in (
        (1, result("", status="error", failure=failure)),
        (
            2,
            result(
                f"so {SECRET} it is",
                reasoning=f"hm {SECRET}",
                tool_calls_json=json.dumps([{"id": "1", "arguments": json.dumps({"q": SECRET})}]),
            ),
        ),
    ):
        attempt = attempt_record(number=number, messages=told, options={"stop": [SECRET]})
        await ledger.admit(attempt)
        ledger.close(attempt.attempt_id, ended)
    verdict = Verdict(
        (), key=SECRET, checks=(Check(f"{RUN}-1", expectation=SECRET, met=True, why=SECRET),)
    )
    ledger.end_run(RUN, run_end(f"so {SECRET} it is", reasons=(f"lost {SECRET}",), verdict=verdict))
    assert await ledger.flush(30.0)
    ledger.shutdown(30.0)
    answer = packed((TextDelta("so zyzz"), TextDelta('yva"quokka'), Finished("stop")))
    pair = Pair(1, 1, RUN, Side(error=f"no {SECRET}"), Side(1.0))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO cache VALUES ('k', 'lab', 'm', 1, 1, ?, ?, ?, ?)", (NOW, NOW, NOW, answer)
        )
        connection.execute("INSERT INTO pieces VALUES (1, ?, ?)", (f"{RUN}-1.2", SECRET))
        connection.execute(
            "INSERT INTO breaker (k, kind, provider, base_url, last_message, updated)"
            " VALUES ('b', 'endpoint', 'lab', '', ?, 0)",
            (SECRET,),
        )
        connection.execute(
            "INSERT INTO health_check VALUES ('lab', '', '', 0, 0, NULL, NULL, NULL, ?)", (SECRET,)
        )
        connection.execute("INSERT INTO experiments VALUES ('e', 0, '{}')")
        connection.execute(
            "INSERT INTO experiment_pairs VALUES ('e', 1, ?)", (json.dumps(_builtins(pair)),)
        )


def _builtins(value: object) -> Any:
    import msgspec

    return msgspec.to_builtins(value)


async def test_it_is_gone_from_everywhere(path: Path) -> None:
    """Of no table, of no index and of no byte of the files."""
    await everywhere(path)
    assert words_in(path.parent, WORDS) == WORDS

    found, left = redact(Place(path), Pattern(SECRET, regex=False), NOW, deed=deed)

    assert found.places == {
        "prompts": 1,
        "answers": 3,
        "reasoning": 1,
        "tool calls": 1,
        "errors": 6,
        "options": 1,
        "verdicts": 2,
        "messages": 1,
        "cached answers": 1,
        "experiments": 1,
    }
    assert (found.runs, left.lingering) == (1, False)
    assert words_in(path.parent, WORDS) == []
    assert find(path, Pattern("zyzzyva", regex=False)) == Found()
    whole(path)


async def test_what_is_left_reads_as_ever(path: Path) -> None:
    """The run, its verdict and its conversation, with the mark where the words were."""
    await everywhere(path)
    before = Log(path).run(RUN)

    redact(Place(path), Pattern(SECRET, regex=False), NOW, deed=deed)

    run = Log(path).run(RUN)
    assert (run.prompt, run.answer) == ("use [redacted] well", "so [redacted] it is")
    assert run.verdict
    assert run.verdict.key == "[redacted]"
    assert run.verdict.checks[0].call_id == f"{RUN}-1"
    assert (run.known_nano, run.calls[0].usage) == (before.known_nano, before.calls[0].usage)
    asked = Log(path).branch(f"{RUN}-1")
    assert asked[0] == said("system", "be brief")
    assert asked[1].parts == (
        Text("use [redacted]"),
        Media("text/plain", name="[redacted].txt", data=b"x"),
    )
    assert [found.run_id for found in Log(path).runs(limit=0, query="redacted")] == [RUN]
    assert Log(path).runs(limit=0, query="quokka") == []


async def test_a_damaged_search_index_keeps_nothing_back(path: Path) -> None:
    """It is made anew, of what the runs then say."""
    ledger = ledger_at(path)
    await tell(ledger, prompt="about zyzzyva")
    Log(path).runs(limit=0, query="zyzzyva")
    ledger.shutdown(30.0)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE runs_fts_data SET block = x'00ff' WHERE id > 10")

    redact(Place(path), Pattern("zyzzyva", regex=False), NOW, deed=deed)

    assert words_in(path.parent, WORDS) == []
    assert len(Log(path).runs(limit=0, query="redacted")) == 1
    whole(path)


async def test_a_look_changes_nothing(path: Path) -> None:
    """It says where and how often, and never what."""
    await everywhere(path)
    before = path.read_bytes()

    found = find(path, Pattern(SECRET, regex=False))

    assert (found.texts, found.runs) == (18, 1)
    assert "zyzzyva" not in repr(found)
    assert path.read_bytes() == before


async def test_an_expression_takes_what_it_matches(path: Path) -> None:
    """And nothing besides."""
    await tell(ledger_at(path), prompt="my key is sk-aaaa1111, not sk-b", answer="ok sk-cccc2222!")

    redact(Place(path), Pattern(r"sk-\w{8}", regex=True), NOW, deed=deed)

    run = Log(path).run(RUN)
    assert run.prompt == "my key is [redacted], not sk-b"
    assert run.answer == run.calls[0].text == "ok [redacted]!"


async def test_without_regex_the_pattern_is_what_it_is(path: Path) -> None:
    """A dot is a dot."""
    await tell(ledger_at(path), prompt="a.b and acb", answer="x")

    redact(Place(path), Pattern("a.b", regex=False), NOW, deed=deed)

    assert Log(path).run(RUN).prompt == "[redacted] and acb"


def test_a_pattern_that_matches_nothing_at_all_is_none() -> None:
    """It would be found between all letters."""
    with pytest.raises(ValueError, match="where nothing stands"):
        Pattern("", regex=False)
    with pytest.raises(ValueError, match="where nothing stands"):
        Pattern("x*", regex=True)
    with pytest.raises(re.error):
        Pattern("(", regex=True)


async def test_ids_and_terms_of_a_verdict_stand(path: Path) -> None:
    """A pattern that matches them takes words alone, so that the run can still be read."""
    ledger = ledger_at(path)
    await tell(ledger)
    verdict = Verdict((), key="run0", checks=(Check(f"{RUN}-1", expectation="run0", met=True),))
    ledger.add_verdict(RUN, verdict)
    assert await ledger.flush(30.0)
    ledger.shutdown(30.0)

    redact(Place(path), Pattern("run0", regex=False), NOW, deed=deed)

    found = Log(path).run(RUN).verdict
    assert found
    assert (found.key, found.checks[0].call_id) == ("[redacted]", f"{RUN}-1")


async def test_attachments_and_registrations_are_told(path: Path) -> None:
    """They are not changed."""
    picture = Message("user", (Text("look"), Media("text/plain", name="a.txt", data=b"zyzzyva")))
    await tell(ledger_at(path), messages=(picture,))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO experiments VALUES ('e', 0, '{\"system\": \"zyzzyva\"}')")

    found, _ = redact(Place(path), Pattern("zyzzyva", regex=False), NOW, deed=deed)

    assert (found.texts, found.attachments, found.registrations) == (0, 1, 1)
    assert rows(path, "SELECT data FROM blobs") == [(b"zyzzyva",)]
    assert rows(path, "SELECT * FROM audit") == []


async def test_messages_that_become_equal_are_one(path: Path) -> None:
    """Two prompts that differ in what is redacted alone are one prompt then."""
    ledger = ledger_at(path)
    await tell(ledger, "run000000001", prompt="use k-1111")
    await tell(ledger, "run000000002", prompt="use k-2222")
    ledger.shutdown(30.0)

    redact(Place(path), Pattern(r"k-\d+", regex=True), NOW, deed=deed)

    assert rows(path, "SELECT count(*) FROM prompts") == [(1,)]
    assert one(path, "SELECT count(DISTINCT prompt) FROM calls") == 1
    whole(path)


async def test_a_run_under_way_is_counted(path: Path) -> None:
    """Its words are still to come."""
    ledger = ledger_at(path)
    ledger.begin_run(run_record(prompt="zyzzyva"))
    await ledger.admit(attempt_record())
    assert await ledger.flush(30.0)

    found, _ = redact(Place(path), Pattern("zyzzyva", regex=False), NOW, deed=deed)
    ledger.close(f"{RUN}-1.1", result())
    ledger.end_run(RUN, run_end())
    assert await ledger.flush(30.0)

    assert (found.running, found.texts) == (1, 1)
    assert one(path, "SELECT prompt, status FROM runs") == ("[redacted]", "ok")
    whole(path)


async def test_an_interrupt_while_sqlite_looks_is_an_interrupt(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite tells of what a function of ours raises only that it raised; Ctrl-C is no trouble."""
    await everywhere(path)
    pattern = Pattern(SECRET, regex=False)

    def interrupted(_pattern: Pattern, _text: str | None) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(Pattern, "holds", interrupted)

    with pytest.raises(KeyboardInterrupt):
        find(path, pattern)
    with pytest.raises(KeyboardInterrupt):
        redact(Place(path), pattern, NOW, deed=deed)


async def test_what_was_broken_off_is_on_record_as_that(path: Path) -> None:
    """The trail tells a redaction that came to its end from one that did not."""
    await everywhere(path)
    there = find(path, Pattern(SECRET, regex=False))

    def stop(_done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        redact(Place(path), Pattern(SECRET, regex=False), NOW, deed=deed, tell=stop)

    (entry,) = entries(path)
    assert entry.detail == {"texts": there.texts, "broken_off": True}


def test_what_sqlite_left_in_unused_places_is_told(path: Path) -> None:
    """Rows that moved to make room leave copies behind, which only VACUUM takes out."""
    open_database(Place(path), NOW).connection.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # As a page looks whose row was moved away: its bytes stand before the first cell.
        connection.execute("CREATE TABLE moved (words)")
        connection.execute("INSERT INTO moved VALUES ('still here')")
        page = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'moved'"
        ).fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        connection.execute("PRAGMA journal_mode=DELETE")
    with path.open("r+b") as file:
        file.seek((page - 1) * size + size // 2)
        file.write(SECRET.encode())

    assert find(path, Pattern(SECRET, regex=False)).unused == 1
    found, _ = redact(Place(path), Pattern(SECRET, regex=False), NOW, deed=deed)
    assert found.unused == 1
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("VACUUM")
    assert find(path, Pattern(SECRET, regex=False)).unused == 0
