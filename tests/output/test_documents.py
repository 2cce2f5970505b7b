"""A run as one document: the bytes of every format, which hostile words cannot break."""

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from tests.support.runs import HOSTILE, call_document, compared, replaced, run_document
from ultra.core.errors import ErrorClass, Failure
from ultra.core.records import RunDocument
from ultra.core.text import sanitise
from ultra.core.verdict import Verdict
from ultra.output.compare import differences, render_comparison, similarity
from ultra.output.documents import Format, render_run
from ultra.output.markdown_page import quote
from ultra.output.streams import Streams

GOLDEN = Path(__file__).parent / "golden"
FORMATS: dict[Format, str] = {
    "text": "txt",
    "markdown": "md",
    "json": "json",
    "ndjson": "ndjson",
    "html": "html",
    "csv": "csv",
}


def sample() -> RunDocument:
    """Three members out of order, one lost, and one call of the strategy's own."""
    whole = compared("Paris.\n\nIt is old.", "Paris, *France*.", degraded=True, reasons=["lost c"])
    lost = call_document(
        3,
        name="openai:gpt-3",
        status="error",
        text=None,
        finish_reason=None,
        ttft_s=None,
        duration_s=None,
        output_tokens_per_s=float("nan"),
        input_tokens=None,
        output_tokens=None,
        usage=None,
        cost_nano=None,
        error=Failure(ErrorClass.RATE_LIMIT, "openai: too many requests (429)", status=429),
    )
    judge = call_document(4, role="judge", index=None, simulated=True)
    first, second = whole.calls
    return msgspec.structs.replace(
        whole, calls=[judge, lost, second, first], cost_nano=None, simulated=True, unpriced=1
    )


@pytest.mark.parametrize("format_", FORMATS)
def test_the_bytes_of_every_format_are_as_agreed(format_: Format) -> None:
    """A change of any byte is a change somebody made on purpose."""
    path = GOLDEN / f"compare.{FORMATS[format_]}"

    assert render_run(sample(), format_) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("format_", FORMATS)
def test_the_bytes_of_one_answer_are_as_agreed(format_: Format) -> None:
    """A run with an answer shows the answer."""
    document = replaced(
        run_document(call_document(1, role="answer")), verb="ask", answer="Paris.", prompt=None
    )
    path = GOLDEN / f"ask.{FORMATS[format_]}"

    assert render_run(document, format_) == path.read_text(encoding="utf-8")


def test_json_is_the_versioned_document() -> None:
    """What is written decodes to what was given; unknown costs are null."""
    document = compared("a", "b", cost_nano=None)

    decoded = msgspec.json.decode(render_run(document, "json"), type=RunDocument)

    assert decoded == document
    assert [call.index for call in sample().calls] == [None, 2, 1, 0]
    ordered = json.loads(render_run(sample(), "json"))["calls"]
    assert [call["index"] for call in ordered] == [0, 1, 2, None]


def test_ndjson_has_the_run_first_and_then_every_call_in_order() -> None:
    """Each line is one object that says what it is."""
    lines = [json.loads(line) for line in render_run(sample(), "ndjson").splitlines()]

    assert [line["type"] for line in lines] == ["run", "call", "call", "call", "call"]
    assert [line.get("index") for line in lines[1:]] == [0, 1, 2, None]
    assert "calls" not in lines[0]


def hostile() -> RunDocument:
    document = compared(HOSTILE, f"=cmd()\n{HOSTILE}", prompt=HOSTILE, reasons=[HOSTILE])
    error = Failure(ErrorClass.SERVER, HOSTILE)
    calls = [replaced(call, name=HOSTILE, model=HOSTILE, error=error) for call in document.calls]
    return msgspec.structs.replace(document, calls=calls, degraded=True, provenance=[HOSTILE])


@pytest.mark.parametrize("format_", FORMATS)
def test_hostile_words_are_inert_in_every_format(format_: Format) -> None:
    """No document holds anything that a terminal obeys or that hides and reorders words."""
    text = render_run(hostile(), format_)

    assert sanitise(text) == text
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\ufeff\ud800-\udfff]", text)


def test_json_keeps_every_word_of_a_hostile_answer() -> None:
    """Escaped is not removed."""
    decoded = json.loads(render_run(hostile(), "json"))

    assert decoded["calls"][0]["text"] == HOSTILE.replace("\ud800", "\ufffd")


class Tags(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.urls: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.urls += [value for name, value in attrs if name in ("src", "href", "action", "data")]
        assert not any(name.startswith("on") for name, _ in attrs)


def test_the_web_page_loads_nothing_and_runs_nothing() -> None:
    """One file: no script, no link, no picture, and a policy that forbids them."""
    page = Tags()
    text = render_run(hostile(), "html")
    page.feed(text)

    assert not page.tags & {"script", "link", "img", "iframe", "object", "base", "form", "a", "b"}
    assert page.urls == []
    assert "default-src 'none'" in text
    assert "&lt;b&gt;html&lt;/b&gt;" in text


def test_a_spreadsheet_computes_nothing() -> None:
    """A cell that begins like a formula begins with an apostrophe."""
    rows = list(csv.DictReader(io.StringIO(render_run(hostile(), "csv"))))

    assert rows[1]["text"].startswith("'=cmd()")
    assert (rows[0]["cost_usd"], rows[0]["similarity"]) == ("0.012300000", "0.5")


def test_a_quoted_answer_cannot_leave_its_quote() -> None:
    """Open fences end with the quote; HTML and pictures outside of code are words; code is kept."""
    text = "a <b> ![p](http://x) `<i>`\n```\n<u> ![q](y)\n``\n```\n<!-- open\n~~~\n<s>"

    assert quote(text).split("\n") == [
        "> a &lt;b> \\![p](http://x) `<i>`",
        "> ```",
        "> <u> ![q](y)",
        "> ``",
        "> ```",
        "> &lt;!-- open",
        "> ~~~",
        "> <s>",
    ]
    assert quote("```not`a fence <b>") == "> ```not`a fence &lt;b>"


def test_markdown_tables_are_not_broken_by_names() -> None:
    """A bar or a line end in a name stays in its cell."""
    document = run_document(call_document(1, name="a|b\nc"))
    table = [line for line in render_run(document, "markdown").split("\n") if line[:1] == "|"]

    assert len(table) == 3
    assert "| a\\|b c |" in table[2]


def test_what_all_say_comes_before_where_they_part() -> None:
    """The shared sentence is said once, then each one's own."""
    text = render_run(compared("one", "two"), "text")

    assert text.index("All say:\n  - All say this.") < text.index("Only model1 says:\n  - one")
    assert text.count("All say this.") == 1


@pytest.mark.parametrize("format_", ["text", "markdown", "html"])
def test_a_sentence_stands_under_exactly_those_who_say_it(format_: Format) -> None:
    """Once, in the words of the first; the larger group first, then the order asked for."""
    document = compared("a", "b", "c", "d")
    assert document.verdict is not None
    differing = (("206.", "Mine!"), ("Thrice.", "**206**"), ("thrice", "206"), ("Thrice", "Last."))
    document = replaced(document, verdict=replaced(document.verdict, differing=differing))

    page = render_run(document, format_)
    text = page[page.index("All say") : page.index("Last.")]

    wanted = (
        *("All say:", "All say this.", "model1, model2 and model3 say:", "206."),
        *("model2, model3 and model4 say:", "Thrice.", "Only model1 says:", "Mine", "Only model4"),
    )
    places = [text.index(words) for words in wanted]
    assert places == sorted(places)
    assert "Only model2" not in text
    assert text.lower().count("thrice") == 1


def test_answers_that_do_not_part_are_said_to_agree() -> None:
    """Nothing left to differ in is worth a line of its own."""
    document = compared("same", "same")
    verdict = Verdict(tuple(call.call_id for call in document.calls), differing=((), ()))
    document = replaced(document, verdict=verdict)

    for format_ in ("text", "markdown", "html"):
        assert "All 2 say the same." in render_run(document, format_)


def test_nothing_is_compared_with_fewer_than_two() -> None:
    """One answer has no differences, and similarity is not known without a matrix."""
    alone = replaced(compared("one"), verdict=Verdict(("other",)))
    document = compared("one", "two")
    bare = replaced(document, verdict=Verdict(tuple(c.call_id for c in document.calls)))

    assert differences(alone) is None
    assert "Differences" not in render_run(alone, "markdown") + render_run(alone, "html")
    assert similarity(alone, alone.calls[0]) is None
    assert similarity(bare, bare.calls[0]) is None
    assert similarity(run_document(), call_document(1)) is None


def test_a_member_without_words_says_so() -> None:
    """An empty answer is not mistaken for a missing section."""
    assert "no words" in render_run(run_document(call_document(1, text="")), "text")


@pytest.mark.parametrize("columns", [20, 60])
def test_differences_are_broken_at_spaces_below_their_first_word(columns: int) -> None:
    """A terminal would cut words; a pipe gets every sentence on one line."""
    said = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    streams = Streams(io.StringIO(), io.StringIO(), io.StringIO(), environ={}, size=(columns, 24))
    document = compared(said, "short")

    lines = render_comparison(document, streams=streams).split("\n")

    start = next(place for place, line in enumerate(lines) if line.startswith("  - one"))
    end = lines.index("", start)
    assert end - start > 1
    assert all(len(line) < columns for line in lines[start:end])
    assert all(line.startswith("    ") and line[4] != " " for line in lines[start + 1 : end])
    assert " ".join(line[4:] for line in lines[start:end]) == said
    assert f"  - {said}\n" in render_run(document, "text")


def test_a_comparison_on_a_terminal_ends_with_its_figures() -> None:
    """Below the answers stand the differences and the table, and that it was simulated."""
    streams = Streams(io.StringIO(), io.StringIO(), io.StringIO(), environ={})

    text = render_comparison(compared("one", "two", simulated=True), streams=streams)

    assert text.index("Only model2") < text.index("MODEL") < text.index("simulated")
