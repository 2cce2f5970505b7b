"""Whatever the order in which attempts are told, the rows are what a simple model says."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.ledger import RUN, attempt_record, ledger_at, result, rows, run_record
from ultra.core.request import Media, Message, Text
from ultra.store.contents import put_together, take_apart

STEP = st.one_of(
    st.tuples(st.just("admit"), st.integers(1, 4), st.just("")),
    st.tuples(st.just("checkpoint"), st.integers(1, 4), st.text(max_size=3)),
    st.tuples(st.just("close"), st.integers(1, 4), st.sampled_from(["ok", "partial", "cancelled"])),
    st.tuples(st.just("flush"), st.just(0), st.just("")),
)


class Model:
    """What the rows should be: status and text by call, pieces while an attempt is under way."""

    def __init__(self) -> None:
        self.status: dict[str, str] = {}
        self.pieces: dict[str, str] = {}

    def step(self, kind: str, attempt: str, told: str) -> bool:
        """Take a step; false for one that the engine never takes."""
        status = self.status.get(attempt)
        match kind:
            case "admit" if status is None:
                self.status[attempt] = "running"
            case "checkpoint" if status == "running":
                self.pieces[attempt] = self.pieces.get(attempt, "") + told
            case "checkpoint" if status is not None:
                pass
            case "close" if status == "running":
                self.status[attempt] = told
                self.pieces.pop(attempt, None)
            case "flush":
                pass
            case _:
                return False
        return True


async def play(path: Path, steps: list[tuple[str, int, str]]) -> Model:
    ledger, model = ledger_at(path, checkpoint_s=0.0), Model()
    ledger.begin_run(run_record())
    for kind, call, told in steps:
        attempt = f"{RUN}-{call}.1"
        storable = told.encode("utf-8", "replace").decode()
        if not model.step(kind, attempt, storable):
            continue
        if kind == "admit":
            await ledger.admit(attempt_record(call=call))
        elif kind == "checkpoint":
            ledger.checkpoint(attempt, told)
        elif kind == "close":
            ledger.close(attempt, result(f"text of {call}", status=told))
        else:
            await ledger.flush(30.0)
    assert await ledger.flush(30.0)
    ledger.shutdown(30.0)
    return model


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, max_size=25))
def test_any_interleaving_ends_in_the_rows_of_the_model(steps: list[tuple[str, int, str]]) -> None:
    """Nothing is lost, doubled or mixed up between attempts, and no piece outlives its attempt."""
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "ultra.db"

        model = asyncio.run(play(path, steps))

        if not model.status:
            return
        attempts = rows(path, "SELECT attempt_id, status, text FROM attempts")
        pieces = rows(path, "SELECT attempt_id, text FROM pieces ORDER BY id")
        joined: dict[str, str] = {}
        for attempt_id, text in pieces:
            joined[attempt_id] = joined.get(attempt_id, "") + text
        assert {row[0]: row[1] for row in attempts} == model.status
        assert all((row[2] is None) == (row[1] == "running") for row in attempts)
        assert joined == model.pieces


PART = st.one_of(
    st.builds(Text, st.text(st.characters(exclude_categories=["Cs"]))),
    st.builds(Media, st.just("image/png"), st.binary(), st.just("http://x/y"), st.just("a.png")),
)


@given(st.lists(st.builds(Message, st.just("user"), st.lists(PART).map(tuple)), min_size=1))
def test_a_prompt_that_was_taken_apart_is_put_together_again(messages: list[Message]) -> None:
    """Words, attachments and their order come back as they were."""
    contents = take_apart(tuple(messages))

    back = [put_together(text, contents.blobs.__getitem__) for text in contents.messages.values()]

    assert back == list(dict.fromkeys(messages))
