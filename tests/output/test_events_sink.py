"""`--events`: one flat JSON object a line."""

import io
import json

import msgspec

from tests.support.patience import PATIENCE_S
from tests.support.runs import HOSTILE, RUN, Script
from ultra.core.events import RunFinished
from ultra.output.events import EventsSink, encode_json, event_line
from ultra.output.stdout import StdoutWriter


async def written(script: Script) -> list[dict[str, object]]:
    file = io.StringIO()
    sink = EventsSink(StdoutWriter(file))
    for event in script.events:
        sink.on_event(event)
        await sink.drained(event.call)
    sink.close()
    await sink._writer.finish(PATIENCE_S)
    return [json.loads(line) for line in file.getvalue().split("\n")[:-1]]


async def test_every_event_is_one_flat_line_in_order() -> None:
    """Ids, number, time and type stand beside the body's own fields."""
    script = Script().begin("fast").call(1).text(1, "hi\nthere").finish(1).conclude(1).end()

    lines = await written(script)

    assert [line["seq"] for line in lines] == list(range(len(script.events)))
    assert (lines[0]["type"], lines[0]["run"]) == ("run_started", RUN)
    assert {key: lines[3][key] for key in ("type", "call", "text")} == {
        "type": "text_delta",
        "call": f"{RUN}-1",
        "text": "hi\nthere",
    }


async def test_costs_are_whole_nano_dollars_and_unknown_is_null() -> None:
    """No float ever stands for money."""
    lines = await written(Script().begin("a").end(cost_nano=None, known_nano=12_300_001))

    assert (lines[-1]["cost_nano"], lines[-1]["known_nano"]) == (None, 12_300_001)


async def test_hostile_words_stay_words() -> None:
    """Nothing a terminal obeys is in the bytes, and every character is in the text."""
    script = Script().begin("a").call(1).text(1, HOSTILE)
    raw = event_line(script.events[-1])

    assert not {byte for byte in raw[:-1] if byte < 0x20 or byte == 0x7F}
    assert not set("\x9b\x9d\x90\u202e\u200b") & set(raw.decode())
    assert json.loads(raw)["text"] == HOSTILE.replace("\ud800", "\ufffd")


def test_a_surrogate_pair_told_in_two_halves_is_one_character() -> None:
    """Halves that stand side by side are joined, wherever they are nested."""
    assert encode_json({"a": ["\ud83d\ude00"], "b": 1}) == '{"a":["😀"],"b":1}'.encode()


def test_a_line_decodes_to_the_body_it_came_from() -> None:
    """The wire form loses nothing."""
    event = Script().begin("a").end(status="partial", unpriced=2).events[-1]

    assert msgspec.json.decode(event_line(event), type=RunFinished) == event.body
