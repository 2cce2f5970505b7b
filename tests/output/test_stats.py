"""What calls came to, in every format, and at every width of a terminal."""

import io
from pathlib import Path

import msgspec
import pytest

from tests.support.terminal import Grid, Terminal
from ultra.core.totals import (
    Dimension,
    Group,
    Latency,
    Span,
    Tag,
    Totals,
    TotalsReport,
)
from ultra.core.usage import Usage
from ultra.output.events import encode_json
from ultra.output.stats import (
    render_plots,
    render_totals,
    totals_csv,
    totals_document,
    totals_markdown,
)
from ultra.output.streams import Streams
from ultra.output.width import cell_width

GOLDEN = Path(__file__).parent / "golden"
ZONE = "Europe/Berlin"

WHOLE = Totals(
    calls=1_240,
    answered=1_203,
    cached=120,
    cancelled=2,
    attempts=1_302,
    errors={"timeout": 20, "rate_limit": 15},
    usage=Usage(
        text_input_tokens=600_000,
        cache_read_tokens=24_000,
        text_output_tokens=90_000,
        reasoning_tokens=1_500,
    ),
    known_nano=4_250_000_000,
    charged_nano=4_300_000_000,
    saved_nano=310_000_000,
    tokens_per_s=83.26,
    ttft_s=Latency(1_083, 0.7, 0.2, 6.5, 0.61, 1.4, 2.2),
    duration_s=Latency(1_083, 4.2, 0.5, 101.8, 3.4, 10.9, 18.3),
)
FAILED = Totals(calls=3, attempts=9, errors={"auth": 3}, unpriced=3)
UNPRICED = Totals(
    calls=8, answered=8, cached=1, attempts=7, known_nano=20_000_000, unpriced=2, unsaved=1
)


def report(
    by: tuple[Dimension, ...], *groups: Group, windows: tuple[str, ...] = ()
) -> TotalsReport:
    span = Span(1_793_487_600.0, 1_793_746_800.0, ZONE)
    return TotalsReport(span, by, groups, windows)


MODELS = report(
    ("model", Tag("job")),
    Group(("openai:gpt-5-mini", "nightly"), False, WHOLE),
    Group(("lab:=1+1|evil\x1b[2J", ""), False, UNPRICED),
    Group(("other:m", ""), False, FAILED),
    Group(("openai:a-model-with-a-very-long-name-that-is-cut", ""), True, UNPRICED),
)
DAYS = report(
    ("day",),
    Group(("2026-11-01",), False, WHOLE),
    Group(("2026-11-03",), False, UNPRICED),
    windows=("2026-11-01", "2026-11-02", "2026-11-03"),
)
NOBODY = report(("model",))


def rendered(kind: str, told: TotalsReport) -> str:
    match kind:
        case "txt":
            return render_totals(told, None)
        case "json":
            return msgspec.json.format(encode_json(totals_document(told)), indent=2).decode() + "\n"
        case "csv":
            return totals_csv(told)
        case "md":
            return totals_markdown(told)
        case _:
            return render_plots(told, None)


@pytest.mark.parametrize("kind", ["txt", "json", "csv", "md", "plot"])
@pytest.mark.parametrize("name", ["models", "days"])
def test_formats_are_as_they_were(name: str, kind: str) -> None:
    """Byte for byte: others read them."""
    told = {"models": MODELS, "days": DAYS}[name]

    assert rendered(kind, told) == (GOLDEN / f"stats-{name}.{kind}").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("kind", "empty"), [("txt", ""), ("md", ""), ("plot", ""), ("csv", 1), ("json", 0)]
)
def test_nothing_is_a_document_too(kind: str, empty: str | int) -> None:
    """CSV has its heading, JSON its list, and what people read is empty."""
    text = rendered(kind, NOBODY)

    if isinstance(empty, str):
        assert text == empty
    elif kind == "csv":
        assert len(text.splitlines()) == empty
    else:
        assert msgspec.json.decode(text)["groups"] == []


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("told", [MODELS, DAYS, NOBODY], ids=["models", "days", "nobody"])
def test_no_line_is_wider_than_the_terminal(width: int, told: TotalsReport) -> None:
    """Tables leave columns out or become cards, plots shrink; what was simulated says so whole."""
    with Terminal(width, 24) as terminal:
        streams = terminal.streams()
        table, plots = render_totals(told, streams), render_plots(told, streams)

    grid = Grid(500).feed(table + plots)
    assert all(cell_width(line) <= width for line in grid.rows)
    if told is MODELS:
        assert grid.text.count("simulated, no model") == 2


def test_figures_give_way_to_names() -> None:
    """Models of one maker must not be cut alike while there are columns that may be left out."""
    told = report(
        ("model",),
        Group(("anthropic:claude-sonnet-5",), False, WHOLE),
        Group(("anthropic:claude-sonnet-4",), False, WHOLE),
    )
    with Terminal(80, 24) as terminal:
        table = Grid(200).feed(render_totals(told, terminal.streams())).text

    assert "anthropic:claude-sonnet-5 " in table
    assert "anthropic:claude-sonnet-4 " in table


def test_forty_columns_are_a_table_still() -> None:
    """How many, and what they cost; a card for each model would be a page."""
    told = report(("model",), Group(("lab:good-1",), False, UNPRICED))
    with Terminal(40, 24) as terminal:
        table = Grid(40).feed(render_totals(told, terminal.streams())).text

    assert table.splitlines()[0].split() == ["model", "calls", "cost"]


def test_a_dumb_terminal_gets_ascii() -> None:
    """Bars too."""
    streams = Streams(
        io.StringIO(), io.StringIO(), io.StringIO(), environ={"TERM": "dumb"}, size=(60, 24)
    )

    assert render_plots(DAYS, streams).isascii()
