"""The ledger's promises on a file that can be written."""

import asyncio
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
    run_end,
    run_record,
    tell,
    words_in,
)
from tests.support.patience import until
from ultra.core.budget import Bound, Limit
from ultra.core.errors import ErrorClass, Failure
from ultra.core.ledger import Admitted
from ultra.core.request import Media, Message, Text, said
from ultra.core.usage import Usage
from ultra.core.verdict import Verdict
from ultra.store.book import Book


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "ultra.db"


async def test_an_attempt_is_on_record_before_it_is_admitted(path: Path) -> None:
    """Run, call, prompt and a running attempt can be read by others when `admit` returns."""
    ledger = ledger_at(path)
    ledger.begin_run(run_record(cwd="/home/me", host="desk"))

    outcome = await ledger.admit(attempt_record())

    assert outcome == Admitted()
    assert one(path, "SELECT status, prompt, cwd, host FROM runs") == (
        "running",
        "why is it blue?",
        "/home/me",
        "desk",
    )
    assert one(path, "SELECT status, base_url, provider FROM calls") == (
        "running",
        "http://127.0.0.1:8000/v1",
        "lab",
    )
    assert one(path, "SELECT status, charged_nano, cost_nano FROM attempts") == (
        "running",
        900,
        None,
    )
    assert len(rows(path, "SELECT * FROM messages")) == 1


async def test_closing_completes_the_attempt_and_its_call(path: Path) -> None:
    """What came, what it cost and who answered stand in the row."""
    ledger = ledger_at(path)
    ledger.begin_run(run_record())
    await ledger.admit(attempt_record())

    ledger.close(
        f"{RUN}-1.1",
        result(
            usage=Usage(text_input_tokens=10, cache_read_tokens=2, text_output_tokens=30),
            usage_source="provider",
            resolved_model="m-1-0901",
            request_id="req-7",
            finish_reason="stop",
            price_source="profile",
            provider_cost_nano=701,
            ttft_s=0.25,
            chunks=12,
        ),
    )
    await ledger.flush(30.0)

    assert one(
        path,
        "SELECT status, text, cost_nano, charged_nano, provider_cost_nano, price_source,"
        " text_input_tokens, cache_read_tokens, text_output_tokens, reasoning_tokens,"
        " usage_source, resolved_model, request_id, finish_reason, ttft_s, chunks FROM attempts",
    ) == (
        *("ok", "rayleigh", 700, 700, 701, "profile", 10, 2, 30, None, "provider"),
        *("m-1-0901", "req-7", "stop", 0.25, 12),
    )
    assert one(path, "SELECT status, ended_at FROM calls") == ("ok", STARTED + 9.0)


async def test_a_call_is_what_its_last_attempt_came_to(path: Path) -> None:
    """A try that follows ends the call anew; the failed one keeps its error."""
    failure = Failure(
        ErrorClass.SERVER, "it broke", status=500, code="oops", retry_after_s=2.0, sent=True
    )
    ledger = ledger_at(path)
    ledger.begin_run(run_record())
    await ledger.admit(attempt_record(number=1))
    ledger.close(f"{RUN}-1.1", result("", status="error", failure=failure))
    await ledger.flush(30.0)
    between = one(path, "SELECT status FROM calls")

    await ledger.admit(attempt_record(number=2))
    ledger.close(f"{RUN}-1.2", result())
    await ledger.flush(30.0)

    assert (between, one(path, "SELECT status FROM calls")) == ("error", "ok")
    assert rows(
        path,
        "SELECT status, error_class, error_status, error_code, error_message,"
        " error_retry_after_s, error_sent FROM attempts ORDER BY number",
    ) == [
        ("error", "server", 500, "oops", "it broke", 2.0, 1),
        ("ok", None, None, None, None, None, None),
    ]


async def test_the_end_of_a_run_is_kept_with_its_verdict(path: Path) -> None:
    """Status, answer, losses and the verdict stand in the run's rows."""
    ledger = ledger_at(path)
    ledger.begin_run(run_record())
    await ledger.admit(attempt_record())

    ledger.end_run(
        RUN,
        run_end(
            status="partial",
            degraded=True,
            reasons=("`smart` was lost",),
            provenance=("fast",),
            verdict=Verdict(("a", "b"), shared=("it is blue.",)),
        ),
    )
    await ledger.flush(30.0)

    assert one(
        path, "SELECT status, answer, answer_call, degraded, reasons, provenance FROM runs"
    ) == ("partial", "rayleigh", f"{RUN}-1", 1, '["`smart` was lost"]', '["fast"]')
    assert one(path, "SELECT verdict FROM verdicts") == (
        '{"call_ids":["a","b"],"shared":["it is blue."]}'
    )


async def test_a_run_that_never_called_anybody_is_kept_too(path: Path) -> None:
    """A run whose every call was refused leaves its row."""
    ledger = ledger_at(path)
    ledger.begin_run(run_record())

    ledger.end_run(RUN, run_end(status="error", answer_call=None))
    await ledger.flush(30.0)

    assert one(path, "SELECT status, answer FROM runs") == ("error", None)


async def test_a_verdict_may_be_told_by_itself(path: Path) -> None:
    """The last verdict on a run stands; one on a run that is not there is let go."""
    ledger = ledger_at(path)
    await tell(ledger)

    ledger.add_verdict(RUN, Verdict(("a",)))
    ledger.add_verdict(RUN, Verdict(("b",)))
    ledger.add_verdict("nowhere", Verdict(("c",)))
    assert await ledger.flush(30.0)

    assert one(path, "SELECT verdict FROM verdicts") == '{"call_ids":["b"]}'


async def test_a_healthy_attempt_costs_two_transactions(path: Path) -> None:
    """One admits it, one closes it with its run: under breakers, gates and hard budgets alike."""
    Book(path, lambda: STARTED).set(Limit("all", "day", 10**9, "hard", "UTC"))
    ledger = ledger_at(path)
    ledger.begin_run(run_record())
    bound = Bound(900, 0)

    admitted = await ledger.admit(attempt_record(bound=bound, key_fp="abcd", tokens=10))
    after_admit = ledger.commits
    ledger.close(f"{RUN}-1.1", result())
    ledger.end_run(RUN, run_end())

    assert await ledger.flush(30.0)
    assert isinstance(admitted, Admitted)
    assert (after_admit, ledger.commits) == (1, 2)
    assert rows(path, "SELECT state FROM reservation") == [("settled",)]


async def test_a_thousand_calls_cost_a_few_commits(path: Path) -> None:
    """Whatever is queued is one transaction: at most six for a thousand calls, all on record."""
    ledger = ledger_at(path)
    ledger.begin_run(run_record())
    messages = (said("user", "why?"),)

    attempts = [attempt_record(call=n, index=n, messages=messages) for n in range(1, 1001)]
    await asyncio.gather(*(ledger.admit(attempt) for attempt in attempts))
    for attempt in attempts:
        ledger.close(attempt.attempt_id, result())
    ledger.end_run(RUN, run_end())
    await ledger.flush(30.0)

    assert ledger.commits <= 6
    assert one(path, "SELECT count(*), sum(status = 'ok') FROM attempts") == (1000, 1000)
    assert one(path, "SELECT count(*) FROM prompts") == 1


async def test_a_prompt_is_stored_once(path: Path) -> None:
    """Equal prompts, repeated turns and repeated attachments take no room twice."""
    picture = Message("user", (Text("what is it?"), Media("image/png", b"\x89PNG", name="a.png")))
    ledger = ledger_at(path)
    ledger.begin_run(run_record())

    await ledger.admit(attempt_record(call=1, messages=(picture,)))
    await ledger.admit(attempt_record(call=2, messages=(picture,)))
    longer = (picture, said("assistant", "a cat"), said("user", "sure?"))
    await ledger.admit(attempt_record(call=3, messages=longer))

    assert one(path, "SELECT count(*) FROM prompts") == 2
    assert one(path, "SELECT count(*) FROM messages") == 3
    assert rows(path, "SELECT data FROM blobs") == [(b"\x89PNG",)]


async def test_text_under_way_is_kept_in_pieces_until_the_attempt_is_closed(path: Path) -> None:
    """A checkpoint holds what came so far; the closed row holds the whole."""
    ledger = ledger_at(path, checkpoint_s=0.01)
    ledger.begin_run(run_record())
    await ledger.admit(attempt_record())

    for piece in ("ray", "lei"):
        ledger.checkpoint(f"{RUN}-1.1", piece)
    kept = "SELECT group_concat(text, '') FROM (SELECT text FROM pieces ORDER BY id)"
    await until(lambda: one(path, kept) == "raylei")
    ledger.close(f"{RUN}-1.1", result())
    ledger.checkpoint(f"{RUN}-1.1", "late")
    await ledger.flush(30.0)

    assert rows(path, "SELECT * FROM pieces") == []
    assert one(path, "SELECT text FROM attempts") == "rayleigh"


async def test_checkpoints_are_written_at_most_once_in_their_time(path: Path) -> None:
    """However many pieces come, they wait for the checkpoint; a flush takes them along."""
    ledger = ledger_at(path, checkpoint_s=60.0)
    ledger.begin_run(run_record())
    await ledger.admit(attempt_record())
    for piece in "abcdef":
        ledger.checkpoint(f"{RUN}-1.1", piece)
        await asyncio.sleep(0)
    before = ledger.commits

    await ledger.flush(30.0)

    assert (before, ledger.commits) == (1, 2)
    assert rows(path, "SELECT text FROM pieces") == [("abcdef",)]


async def test_an_attempt_whose_admission_was_cancelled_never_left(path: Path) -> None:
    """Its row says cancelled and free, not running for ever."""
    ledger = ledger_at(path)
    ledger.begin_run(run_record())
    task = asyncio.create_task(ledger.admit(attempt_record()))
    await asyncio.sleep(0)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await ledger.flush(30.0)

    assert one(path, "SELECT status, cost_nano, charged_nano FROM attempts") == ("cancelled", 0, 0)


WORDS = (
    *("qzprompt", "qzmessage", "qzanswer", "qzthought", "qztool", "qzerror", "qzreason"),
    *("qzoption", "qzshared", "qzblob", "qzcode", "qzhint", "qzpiece"),
)


@pytest.mark.parametrize(("keep_text", "kept"), [(False, []), (True, list(WORDS))])
async def test_without_keep_text_no_word_is_in_the_file(
    path: Path, keep_text: bool, kept: list[str]
) -> None:
    """`-n`: the bytes of every file hold none of the words; the row of what was spent stays."""
    ledger = ledger_at(path, checkpoint_s=0.001)
    ledger.begin_run(run_record(prompt="qzprompt", keep_text=keep_text))
    message = Message("user", (Text("qzmessage"), Media("text/plain", b"qzblob")))
    await ledger.admit(attempt_record(messages=(message,), options={"stop": "qzoption"}))
    ledger.checkpoint(f"{RUN}-1.1", "qzpiece")
    await asyncio.sleep(0.005)
    await ledger.flush(30.0)
    failure = Failure(
        ErrorClass.INVALID_REQUEST, "qzerror", hint="qzhint", code="qzcode", status=400
    )
    told = result(
        "qzanswer", reasoning="qzthought", tool_calls_json='[{"id":"qztool"}]', failure=failure
    )
    ledger.close(f"{RUN}-1.1", told)
    verdict = Verdict(("a",), shared=("qzshared",), differing=(("qzshared",),))
    ledger.end_run(RUN, run_end("qzanswer", reasons=("qzreason",), verdict=verdict))
    assert await ledger.flush(30.0)

    found = words_in(path.parent, WORDS)

    assert found == kept
    assert one(
        path, "SELECT text IS NOT NULL, cost_nano, error_class, error_status FROM attempts"
    ) == (keep_text, 700, "invalid_request", 400)
    assert one(path, "SELECT prompt IS NOT NULL FROM calls") == keep_text


async def test_the_file_is_its_owners_alone(path: Path) -> None:
    """0600 in a directory of 0700, its companions included."""
    ledger = ledger_at(path)

    await tell(ledger)

    assert path.parent.stat().st_mode & 0o777 == 0o700
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert set(modes) == {f"ultra.db{end}" for end in ("", "-wal", "-shm", ".lock")}
    assert set(modes.values()) == {0o600}


async def test_a_file_that_others_could_read_is_closed_to_them(path: Path) -> None:
    """A loose mode, however it came about, does not last."""
    path.parent.mkdir()
    path.touch(0o644)
    path.chmod(0o644)

    await tell(ledger_at(path))

    assert path.stat().st_mode & 0o777 == 0o600


async def test_what_sqlite_cannot_hold_is_bent_to_fit(path: Path) -> None:
    """Lone surrogates and absurd integers lose no row."""
    ledger = ledger_at(path)
    ledger.begin_run(run_record(cwd="/srv/\udcff", prompt="a\ud800b"))
    await ledger.admit(attempt_record(messages=(said("user", "a\ud800b"),)))

    ledger.close(f"{RUN}-1.1", result("nul\0 é \udfff", usage=Usage(text_input_tokens=10**30)))
    assert await ledger.flush(30.0)

    assert one(path, "SELECT cwd, prompt FROM runs") == ("/srv/?", "a?b")
    assert one(path, "SELECT text, text_input_tokens FROM attempts") == ("nul\0 é ?", 2**63 - 1)


async def test_one_record_that_cannot_be_written_takes_no_other_with_it(path: Path) -> None:
    """The group is written one by one without it, and the user hears of it."""
    circular: dict[str, object] = {}
    circular["self"] = circular
    warnings: list[str] = []
    ledger = ledger_at(path, warnings)
    ledger.begin_run(run_record())

    outcomes = await asyncio.gather(
        ledger.admit(attempt_record(call=1)),
        ledger.admit(attempt_record(call=2, options=circular)),
        ledger.admit(attempt_record(call=3)),
    )

    assert [isinstance(outcome, Admitted) for outcome in outcomes] == [True] * 3
    assert [bool(outcome.warning) for outcome in outcomes if isinstance(outcome, Admitted)] == [
        *(False, True, False)
    ]
    assert rows(path, "SELECT call_id FROM calls ORDER BY 1") == [(f"{RUN}-1",), (f"{RUN}-3",)]
    assert len(warnings) == 1


async def test_a_ledger_that_was_told_nothing_makes_no_file(path: Path) -> None:
    """Opening is lazy: flush and shutdown have nothing to wait for."""
    ledger = ledger_at(path)

    flushed = await ledger.flush(0.1)
    ledger.shutdown()

    assert (flushed, path.exists()) == (True, False)


async def test_shutdown_commits_and_lets_go_of_the_file(path: Path) -> None:
    """What was said before is on record, and SQLite's companions are gone."""
    ledger = ledger_at(path)
    ledger.begin_run(run_record())
    await ledger.admit(attempt_record())
    ledger.close(f"{RUN}-1.1", result())

    ledger.shutdown(30.0)

    assert one(path, "SELECT status FROM attempts") == "ok"
    assert not path.with_name("ultra.db-wal").exists()


async def test_the_views_give_dollars_and_iso_times(path: Path) -> None:
    """What a person sees who opens the file with datasette."""
    await tell(ledger_at(path))

    call = one(
        path,
        "SELECT started_at, name, status, text, duration_s, cost_usd, charged_usd, attempts"
        " FROM v_calls",
    )
    cost = one(path, "SELECT day, provider, model, calls, known_usd, unpriced FROM v_costs")

    started = "2026-09-21T14:13:21.000Z"
    assert call == (started, "fast", "ok", "rayleigh", 2.0, 7e-7, 7e-7, 1)
    assert cost == ("2026-09-21", "lab", "m-1", 1, 7e-7, 0)
