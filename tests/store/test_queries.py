"""What the log answers."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.ledger import (
    RUN,
    STARTED,
    attempt_record,
    ledger_at,
    result,
    rows,
    run_end,
    run_record,
    target,
    tell,
)
from ultra.core.errors import ErrorClass, Failure, UsageError
from ultra.core.records import DOCUMENT_VERSION, AttemptDocument, CallDocument, RunDocument
from ultra.core.request import Media, Message, Text, said
from ultra.core.tags import Marks
from ultra.core.usage import Usage
from ultra.core.verdict import Verdict
from ultra.store.documents import run_document
from ultra.store.queries import Log
from ultra.store.rows import RunRows, attempt_end, attempt_row, call_row, ended, run_row


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ultra.db"


async def test_a_run_comes_back_field_for_field(path: Path) -> None:
    """The document of the log is the one made from the run's own values."""
    run = run_record(profile="home", environment="testing", conversation="c1", host="h", cwd="/w")
    failure = Failure(
        ErrorClass.OVERLOADED,
        "busy",
        provider="lab",
        model="m-1",
        hint="wait",
        status=529,
        request_id="req-1",
        retry_after_s=1.5,
        sent=True,
    )
    first, second = attempt_record(number=1), attempt_record(number=2)
    lost = result("", status="error", failure=failure, cost_nano=0, charged_nano=0)
    won = result(
        usage=Usage(text_input_tokens=5, text_output_tokens=11),
        usage_source="provider",
        ttft_s=0.5,
        reasoning="hmm",
        tool_calls_json='[{"id":"t1"}]',
        finish_reason="stop",
    )
    end = run_end(degraded=True, reasons=("busy",), provenance=("fast",), verdict=Verdict(("x",)))
    ledger = ledger_at(path)
    ledger.begin_run(run)
    for attempt, outcome in ((first, lost), (second, won)):
        await ledger.admit(attempt)
        ledger.close(attempt.attempt_id, outcome)
    ledger.end_run(RUN, end)
    await ledger.flush(30.0)

    document = Log(path).run(RUN)

    attempts = [
        AttemptDocument(
            f"{RUN}-1.1", 1, "error", "2026-09-21T14:13:21.000Z", "2026-09-21T14:13:29.000Z",
            2.0, None, None, None, None, 0, 0, None, None, "req-1", failure,
        ),
        AttemptDocument(
            f"{RUN}-1.2", 2, "ok", "2026-09-21T14:13:22.000Z", "2026-09-21T14:13:29.000Z",
            2.0, 0.5, "stop", won.usage, "provider", 700, 700, None, None, None, None,
        ),
    ]  # fmt: skip
    call = CallDocument(
        call_id=f"{RUN}-1", role="answer", index=None, sample=0, name="fast", provider="lab",
        model="m-1", resolved_model=None, base_url="http://127.0.0.1:8000/v1", status="ok",
        text="rayleigh", reasoning="hmm", tool_calls=[{"id": "t1"}], finish_reason="stop",
        ttft_s=1.5, duration_s=3.0, output_tokens_per_s=10 / 1.5, usage=won.usage,
        input_tokens=5, output_tokens=11, cost_nano=700, charged_nano=700, simulated=False,
        error=None, attempts=attempts,
    )  # fmt: skip
    assert document == RunDocument(
        version=DOCUMENT_VERSION, run_id=RUN, verb="ask", strategy="single", profile="home",
        environment="testing", started_at="2026-09-21T14:13:20.000Z", duration_s=9.0, status="ok",
        simulated=False, degraded=True, reasons=["busy"], host="h", cwd="/w", conversation="c1",
        prompt="why is it blue?", answer="rayleigh", answer_call=f"{RUN}-1", provenance=["fast"],
        cost_nano=700, known_nano=700, unpriced=0, calls=[call], verdict=Verdict(("x",)),
    )  # fmt: skip
    live = RunRows(
        ended(run_row(run, ""), end),
        (call_row(first, keep_text=True),),
        tuple(attempt_row(attempt) for attempt in (first, second)),
        end.verdict,
    )
    from msgspec.structs import replace

    live = replace(
        live,
        calls=(replace(live.calls[0], status="ok", ended_at=won.ended_at),),
        attempts=tuple(
            replace(row, end=attempt_end(outcome, keep_text=True))
            for row, outcome in zip(live.attempts, (lost, won), strict=True)
        ),
    )
    assert document == run_document(live)


async def test_calls_stand_in_the_order_asked_for(path: Path) -> None:
    """Members by their index whoever came first, then the strategy's own calls."""
    ledger = ledger_at(path)
    ledger.begin_run(run_record(verb="compare", strategy="all"))
    for call, index, role in ((4, None, "writer"), (2, 1, "member"), (1, 0, "member")):
        name = f"m{call}"
        told = attempt_record(call=call, index=index, role=role, target=target(name, name))
        await ledger.admit(told)
        cost = None if call == 2 else 10
        ledger.close(told.attempt_id, result(name, cost_nano=cost))
    ledger.end_run(RUN, run_end(answer_call=None))
    await ledger.flush(30.0)

    document, (summary,) = Log(path).run(RUN), Log(path).runs(limit=3)

    assert [call.name for call in document.calls] == ["m1", "m2", "m4"]
    assert summary.models == ("m1", "m2", "m4")
    assert (document.cost_nano, document.known_nano, document.unpriced) == (None, 20, 1)
    assert (summary.cost_nano, summary.known_nano, summary.answer) == (None, 20, None)


async def test_runs_are_listed_newest_first(path: Path) -> None:
    """With a limit, 0 for all, and since when."""
    ledger = ledger_at(path)
    for number in range(5):
        await tell(ledger, f"run{number:09}", started_at=STARTED + number)
    log = Log(path)

    def ids(**asked: float) -> list[str]:
        limit, since = int(asked.get("limit", 0)), asked.get("since")
        return [run.run_id[-1] for run in log.runs(limit=limit, since=since)]

    assert ids(limit=2) == ["4", "3"]
    assert ids(limit=0) == ["4", "3", "2", "1", "0"]
    assert ids(since=STARTED + 3) == ["4", "3"]
    assert log.latest() == "run000000004"
    assert log.recent_ids(2) == ["run000000004", "run000000003"]


@pytest.mark.parametrize("model", ["fast", "m-1", "lab", "lab:m-1"])
async def test_runs_are_found_by_model(path: Path, model: str) -> None:
    """By the user's name, the id, the provider or both."""
    await tell(ledger_at(path))

    assert len(Log(path).runs(limit=0, model=model)) == 1
    assert Log(path).runs(limit=0, model="other") == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("sky", ["sky0"]),
        ("rayleigh", ["sky0"]),
        ("SKY rayleigh", ["sky0"]),
        ("zoe", ["cafe"]),
        ("sky OR zoë", ["cafe", "sky0"]),
        ("scat*", ["sky0"]),
        ("well-known", ["cafe"]),
        ('an "odd', ["cafe"]),
        ("(", []),
        ("", []),
    ],
)
async def test_words_of_prompts_and_answers_are_found(
    path: Path, query: str, found: list[str]
) -> None:
    """FTS5's own words; what is not in them is looked for as it stands."""
    ledger = ledger_at(path)
    await tell(ledger, "sky0", prompt="why is the sky blue", answer="rayleigh scattering")
    await tell(ledger, "cafe", prompt="a well-known Zoë?", answer='an "odd" one')

    assert sorted(run.run_id for run in Log(path).runs(limit=0, query=query)) == found


async def test_a_match_in_the_prompt_comes_first(path: Path) -> None:
    """What was asked weighs more than what was answered."""
    ledger = ledger_at(path)
    await tell(ledger, "inprompt", prompt="about blue whales", answer="they are large")
    await tell(ledger, "inanswer", prompt="about the big sky", answer="it is blue")

    found = Log(path).runs(limit=0, query="blue")

    assert [run.run_id for run in found] == ["inprompt", "inanswer"]


async def test_the_answers_of_members_are_found_too(path: Path) -> None:
    """A comparison has no answer of its own, but its members' words are in the index."""
    ledger = ledger_at(path)
    ledger.begin_run(run_record(verb="compare", strategy="all"))
    told = attempt_record(role="member", index=0)
    await ledger.admit(told)
    ledger.close(told.attempt_id, result("krill"))
    ledger.end_run(RUN, run_end(answer_call=None))
    await ledger.flush(30.0)

    assert [run.run_id for run in Log(path).runs(limit=0, query="krill")] == [RUN]


async def test_an_id_may_be_shortened(path: Path) -> None:
    """From four characters, in any case, and by the id of a call; ambiguity names candidates."""
    ledger = ledger_at(path)
    for run_id in ("abcd11111111", "abcd22222222", "efgh33333333"):
        await tell(ledger, run_id)
    log = Log(path)

    assert log.run("EFGH").run_id == "efgh33333333"
    assert log.run("abcd1").run_id == "abcd11111111"
    assert log.run("efgh33333333-1").run_id == "efgh33333333"
    with pytest.raises(UsageError, match="stands for several") as several:
        log.run("abcd")
    with pytest.raises(UsageError, match="too short"):
        log.run("abc")
    with pytest.raises(UsageError, match="no run has an id that begins with `zzzz`") as none:
        log.run("zzzz")
    assert several.value.hint is not None
    assert "abcd11111111" in several.value.hint
    assert none.value.hint is not None
    assert "efgh33333333" in none.value.hint


async def test_ids_are_completed(path: Path) -> None:
    """Runs newest first; after a dash, the calls of the run."""
    ledger = ledger_at(path)
    await tell(ledger, "abcd11111111", started_at=STARTED)
    await tell(ledger, "abcd22222222", started_at=STARTED + 1)
    log = Log(path)

    assert log.call_ids("abcd") == ["abcd22222222", "abcd11111111"]
    assert log.call_ids("abcd1") == ["abcd11111111"]
    assert log.call_ids("abcd11111111-") == ["abcd11111111-1"]
    assert log.call_ids("x") == []


async def test_a_conversation_is_told_in_order(path: Path) -> None:
    """Turns in the order they were made, with attachments; runs without an answer are no turns."""
    picture = Message("user", (Text("what is it?"), Media("image/png", b"png", name="a.png")))
    ledger = ledger_at(path)
    system = said("system", "be brief")
    first = (system, picture)
    await tell(ledger, "one0", conversation="c", started_at=STARTED, messages=first, answer="a cat")
    await tell(ledger, "lost", conversation="c", started_at=STARTED + 1, answer="")
    second = (said("system", "be kind"), picture, said("assistant", "a cat"), said("user", "sure?"))
    await tell(
        ledger, "two0", conversation="c", started_at=STARTED + 2, messages=second, answer="yes"
    )
    await tell(ledger, "else", conversation="d", started_at=STARTED + 3)

    messages = Log(path).conversation("c")

    assert messages == [
        said("system", "be kind"),
        picture,
        said("assistant", "a cat"),
        said("user", "sure?"),
        said("assistant", "yes"),
    ]
    assert Log(path).conversation("nowhere") == []


async def test_a_synthesis_continues_with_what_the_user_said(path: Path) -> None:
    """The turn is the members' prompt and the writer's answer, never the writer's own prompt."""
    ledger = ledger_at(path)
    ledger.begin_run(run_record(conversation="c", strategy="fusion"))
    asked, written = (said("user", "why?"),), (said("user", "merge these"),)
    for call, role, index, messages in ((1, "member", 0, asked), (2, "writer", None, written)):
        told = attempt_record(call=call, role=role, index=index, messages=messages)
        await ledger.admit(told)
        ledger.close(told.attempt_id, result("because"))
    ledger.end_run(RUN, run_end("because", answer_call=f"{RUN}-2"))
    await ledger.flush(30.0)

    assert Log(path).conversation("c") == [said("user", "why?"), said("assistant", "because")]


async def test_a_run_whose_answer_came_without_a_call_is_a_turn(path: Path) -> None:
    """Where no call is on record the run's own prompt stands for what was asked."""
    ledger = ledger_at(path)
    ledger.begin_run(run_record(conversation="c"))
    ledger.end_run(RUN, run_end("from the cache"))
    await ledger.flush(30.0)

    assert [message.text for message in Log(path).conversation("c")] == [
        "why is it blue?",
        "from the cache",
    ]


async def test_the_last_run_of_a_terminal_is_found(path: Path) -> None:
    """By session, whatever other terminals did meanwhile."""
    ledger = ledger_at(path)
    await tell(ledger, "mine00000001", session="tty1", started_at=STARTED)
    await tell(ledger, "other0000001", session="tty2", started_at=STARTED + 1)
    log = Log(path)

    last = log.last_run("tty1")

    assert last is not None
    assert last.run_id == "mine00000001"
    assert log.last_run("tty9") is None


async def test_text_kept_out_is_none_not_empty(path: Path) -> None:
    """`-n`: the row of the run is there, its words are None; an empty answer is an empty text."""
    ledger = ledger_at(path)
    await tell(ledger, "hidden000000", keep_text=False, started_at=STARTED + 1)
    await tell(ledger, "empty0000000", answer="")
    log = Log(path)

    hidden, empty = log.run("hidden"), log.run("empty")

    assert (hidden.prompt, hidden.answer, hidden.calls[0].text) == (None, None, None)
    assert (empty.answer, empty.calls[0].text) == ("", "")
    assert (log.runs(limit=1)[0].prompt, log.runs(limit=1)[0].cost_nano) == (None, 700)


async def test_values_of_two_tags_are_told_by_how_the_first_begins(path: Path) -> None:
    """The newest first; whoever has only one of the two is left out."""
    made = [{"b": "x1", "f": "a"}, {"b": "x2", "f": "a"}, {"b": "y", "f": "b"}, {"b": "x3"}]
    for number, tags in enumerate(made):
        await tell(ledger_at(path), f"run{number:09}", tags=tags, started_at=STARTED + number)

    log = Log(path)

    assert log.tagged("b", "f") == [("y", "b"), ("x2", "a"), ("x1", "a")]
    assert log.tagged("b", "f", "x") == [("x2", "a"), ("x1", "a")]
    assert log.tagged("b", "f", "x1") == [("x1", "a")]
    assert log.tagged("b", "f", "z") == []


async def test_runs_are_found_by_cost_center_and_tags(path: Path) -> None:
    """All of the tags asked for, and the cost center; the documents tell both."""
    marked: dict[str, dict[str, Any]] = {
        "1" * 16: {"cost_center": "research", "tags": {"job": "nightly", "env": "ci"}},
        "2" * 16: {"cost_center": "research", "tags": {"job": "daily"}},
        "3" * 16: {"tags": {"job": "nightly"}},
        "4" * 16: {},
    }
    ledger = ledger_at(path)
    for run_id, marks in marked.items():
        ledger.begin_run(run_record(run_id, **marks))
        told = attempt_record(run_id)
        await ledger.admit(told)
        ledger.close(told.attempt_id, result())
        ledger.end_run(run_id, run_end(answer_call=told.call_id))
    await ledger.flush(30.0)

    def found(cost_center: str = "", **tags: str) -> list[str]:
        sought = Log(path).runs(limit=0, marks=Marks(cost_center, tags))
        return sorted(run.run_id[0] for run in sought)

    assert found() == ["1", "2", "3", "4"]
    assert found("research") == ["1", "2"]
    assert found(job="nightly") == ["1", "3"]
    assert found(job="nightly", env="ci") == ["1"]
    assert found("research", job="daily") == ["2"]
    assert found("sales") == found(job="never") == []
    whole = Log(path).run("1" * 16)
    assert (whole.cost_center, whole.tags) == ("research", {"env": "ci", "job": "nightly"})
    assert (Log(path).run("4" * 16).cost_center, Log(path).run("4" * 16).tags) == ("", {})
    assert rows(path, "SELECT environment, cost_center, tags FROM v_calls ORDER BY run_id")[1:] == [
        ("", "research", '{"job":"daily"}'),
        ("", "", '{"job":"nightly"}'),
        ("", "", None),
    ]
