"""Tables, plain and drawn, and the log on a screen."""

import io

import pytest

from tests.support.runs import HOSTILE, call_document, compared, replaced, run_document
from tests.support.terminal import Grid, Terminal
from ultra.core.errors import ErrorClass, Failure
from ultra.core.records import RunSummary
from ultra.output.compare import render_comparison
from ultra.output.logs import render_log_run, render_summaries
from ultra.output.streams import Streams
from ultra.output.tables import Column, fitted_table, prose, table
from ultra.output.width import cell_width


def piped(**environ: str) -> Streams:
    return Streams(io.StringIO(), io.StringIO(), io.StringIO(), environ=environ)


ROWS = [["fast", "1,234"], ["你好", "5"], ["much longer", ""]]
COLUMNS: list[Column | str] = ["name", Column("tokens", right=True)]


def test_a_piped_table_is_aligned_text() -> None:
    """Two spaces between columns, figures to the right, nothing else."""
    assert table(COLUMNS, ROWS, streams=piped(FORCE_COLOR="1")) == (
        "NAME         TOKENS\nfast          1,234\n你好              5\nmuch longer\n"
    )


def test_a_table_without_rows_has_its_head() -> None:
    """An empty list still says what would stand there."""
    assert table(["a", "b"], [], streams=piped()) == "A  B\n"


def test_a_piped_table_cuts_nothing() -> None:
    """What is piped into grep is whole."""
    assert "w" * 900 in table(["a"], [["w" * 900]], streams=piped())


def test_a_sentence_is_broken_between_words_on_a_terminal_only() -> None:
    """No word is cut in two where the terminal ends, and a pipe gets the line whole."""
    said = "first: B passes more often than A; B is better than chance explains"
    with Terminal(40) as terminal:
        told = prose(["", said], streams=terminal.streams())

    assert told == ("\nfirst: B passes more often than A; B is\nbetter than chance explains\n")
    assert prose([said], streams=piped()) == f"{said}\n"


@pytest.mark.parametrize("columns", [20, 80, 200], ids=str)
def test_a_drawn_table_fits_its_terminal(columns: int) -> None:
    """Hostile cells are inert and no line is wider than the terminal."""
    rows = [[HOSTILE, "$0.0123"], ["[red]x[/red]", "1"]]
    with Terminal(columns) as terminal:
        text = table(
            [Column("name", shrink=True), Column("cost", right=True)],
            rows,
            streams=terminal.streams(),
        )
    grid = Grid(columns).feed(text)
    plain = grid.text

    assert "$0.0123" in plain
    assert "[red]x" in plain
    assert len(plain.split("\n")) == 4
    assert grid.wrapped == 0


def test_a_table_that_does_not_fit_is_told_row_by_row() -> None:
    """Twenty columns show every cell under its heading, empty ones left out."""
    with Terminal(20) as terminal:
        text = table(
            ["model", "status", "cost"],
            [["a" * 12, "ok", "$1"], ["b", "", "$2"]],
            streams=terminal.streams(),
        )

    assert text == f"model: {'a' * 12}\nstatus: ok\ncost: $1\n\nmodel: b\ncost: $2\n\n"


def summary(**more: object) -> RunSummary:
    values: dict[str, object] = {
        "run_id": "ab12cd34ef56",
        "started_at": "2026-05-01T12:03:04.500Z",
        "verb": "ask",
        "strategy": "single",
        "models": ("fast", "smart"),
        "status": "ok",
        "duration_s": 2.1,
        "cost_nano": 12_300_000,
        "known_nano": 12_300_000,
        "prompt": "why is\nthe sky blue?",
        "answer": "because",
        "simulated": False,
    }
    return RunSummary(**{**values, **more})  # type: ignore[arg-type]


def test_the_log_is_one_line_a_run() -> None:
    """Unknown cost, made-up answers and text that was kept out are all said."""
    text = render_summaries(
        [
            summary(),
            summary(cost_nano=None, known_nano=0, simulated=True, prompt=None, duration_s=None),
            summary(prompt=HOSTILE, models=(HOSTILE,), cost_nano=None, known_nano=5_000_000),
        ],
        streams=piped(),
    )
    lines = text.split("\n")

    assert len(lines) == 5
    assert " ".join(lines[1].split()) == (
        "ab12cd34 2026-05-01 12:03 ask fast, smart ok 2.1 s $0.0123 why is the sky blue?"
    )
    assert " ".join(lines[2].split()).endswith("ok (simulated) - unknown (not kept)")
    assert "at least $0.005" in lines[3]


def test_one_run_is_told_whole() -> None:
    """Facts, prompt, every call that says more than the answer does, the answer, the figures."""
    failed = call_document(
        2,
        role="judge",
        index=None,
        status="partial",
        text="half",
        error=Failure(ErrorClass.SERVER, "it broke"),
    )
    document = replaced(
        run_document(call_document(1, text="Par\nis"), failed),
        answer="Par\nis",
        answer_call="ab12cd34ef56-1",
        provenance=["model1"],
        degraded=True,
        reasons=["lost one"],
        simulated=True,
        prompt=None,
        cost_nano=None,
    )

    text = render_log_run(document, streams=piped())

    assert text.startswith("run: ab12cd34ef56\nstarted: 2026-05-01T12:03:04.500Z, took 2.1 s\n")
    assert "prompt:\n  (not kept)\n" in text
    assert "judge model2 (openai:gpt-2) (partial):\n  half\n  error: it broke\n" in text
    assert "answer:\n  Par\n  is\n" in text
    assert "degraded: lost one\nmade from: model1\n" in text
    assert "simulated: yes" in text
    assert text.count("  Par\n  is") == 1


def test_a_run_without_an_answer_shows_every_call() -> None:
    """A comparison has no answer of its own."""
    text = render_log_run(compared("one", "two"), streams=piped())

    assert "model1 (openai:gpt-1) (ok):\n  one\n" in text
    assert "answer:" not in text


@pytest.mark.parametrize("columns", [20, 80, 200], ids=str)
def test_hostile_words_in_the_log_are_inert(columns: int) -> None:
    """One run and the list of runs are safe on a terminal of any width."""
    document = compared(HOSTILE, HOSTILE, prompt=HOSTILE, answer=HOSTILE, cwd=HOSTILE)
    with Terminal(columns) as terminal:
        streams = terminal.streams()
        text = render_log_run(document, streams=streams)
        text += render_summaries([summary(prompt=HOSTILE, models=(HOSTILE,))], streams=streams)
        text += render_comparison(document, streams=streams)

    Grid(columns).feed(text)


@pytest.mark.parametrize(("columns", "heads"), [(200, 8), (80, 7), (72, 6), (60, 5)])
def test_a_list_of_runs_leaves_out_what_is_spare_first(columns: int, heads: int) -> None:
    """Still one line a run: without its duration, then its verb, then its cost."""
    runs = [summary(cost_nano=None, known_nano=5_000_000)] * 3
    with Terminal(columns) as terminal:
        text = render_summaries(runs, streams=terminal.streams())
    lines = Grid(columns).feed(text).text.split("\n")

    assert (len(lines), len(lines[0].split())) == (5, heads)
    assert {"run", "started", "models", "status", "prompt"} <= set(lines[0].split())


def test_a_list_of_runs_is_cards_where_nothing_else_fits() -> None:
    """At 20 columns every figure stands on its own line, the spare ones too."""
    with Terminal(20) as terminal:
        text = render_summaries([summary()], streams=terminal.streams())

    assert Grid(20).feed(text).wrapped == 0
    assert all(f"{name}: " in text for name in ("run", "verb", "duration", "prompt"))


@pytest.mark.parametrize(("columns", "spared"), [(100, 0), (80, 2)])
def test_the_figures_of_a_comparison_are_one_line_a_call_on_a_usual_terminal(
    columns: int, spared: int
) -> None:
    """Without what stands above them already; nine lines a call would hide the answers."""
    with Terminal(columns) as terminal:
        text = render_comparison(compared("one", "two"), streams=terminal.streams())
    lines = Grid(columns).feed(text).text.split("\n")

    head = next(line for line in lines if line.startswith("model "))
    names = ("similarity", "tokens/s")
    assert sum(name not in head for name in names) == spared
    assert {"duration", "cost"} <= set(head.split())


@pytest.mark.parametrize("width", [12, 40, 60, 120])
def test_a_fitted_table_is_no_wider_than_it_may_be(width: int) -> None:
    """Spare columns go first, then long cells are cut, then rows become cards."""
    columns = [Column("model", shrink=True), Column("ttft", spare=1), Column("cost", right=True)]
    rows = [["a very long name of a model that nobody knows", "0.25 s", "$0.001"]]

    text = fitted_table(columns, rows, width)

    assert max(map(cell_width, text.splitlines())) <= width
    assert "$0.001" in text
    assert ("TTFT" in text) == (width >= 40)
