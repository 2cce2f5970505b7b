"""`ultra cost` as people type it: tables, documents, and what is no question."""

import csv
import io
import json
import time

import pytest

from tests.support.budgets import CENT, Process, attempt_of, run_of
from tests.support.cli import Cli


@pytest.fixture
def spent(cli: Cli) -> Cli:
    """A log with two calls of now: one cent, and one whose price nobody knows."""
    (cli.home / "data").mkdir(parents=True)
    process = Process(cli.home / "data" / "ultra.db", time.time)
    process.limit(100 * CENT, "all", "month", "soft", zone="UTC")
    for number, nano in enumerate((CENT, None)):
        run = run_of(f"run{number:09}", tags={"team": "=red|blue"})
        attempt = attempt_of(run, at=time.time())
        process.admit(attempt, run)
        process.close(attempt, nano)
        process.end(run)
    process.connection.close()
    return cli


def test_a_bare_cost_is_an_overview(spent: Cli) -> None:
    """Today, this week, this month, the budgets, and what is not known."""
    said = spent("cost")

    lines = said.out.splitlines()
    assert [line.split("  ")[0] for line in lines[1:4]] == [
        line.split("  ")[0] for line in lines[1:4] if line.startswith(("today", "this"))
    ]
    assert "at least $0.0100" in lines[1]
    assert any(line.startswith("all") and "month" in line for line in lines)
    assert "from below: 1 call has a part whose cost is not known: `lab:m-1` (1)" in said.out
    assert "prices of 20" in said.out


@pytest.mark.parametrize("period", ["daily", "weekly", "monthly"])
def test_each_period_is_a_word(spent: Cli, period: str) -> None:
    """One window has all of it."""
    said = spent("cost", period, "--json")

    (window,) = json.loads(said.out)["windows"]
    assert (window["calls"], window["known_nano"], window["cost_nano"]) == (2, CENT, None)
    assert window["running"]
    assert window["forecast_nano"] >= CENT


def test_a_spreadsheet_computes_nothing_that_a_tag_holds(spent: Cli) -> None:
    """A value that begins like a formula is text; money is in dollars."""
    said = spent("cost", "daily", "--by", "tag:team", "--format", "csv")

    (row,) = list(csv.DictReader(io.StringIO(said.out)))
    assert (row["tag:team"], row["known_usd"], row["unpriced"]) == (
        "'=red|blue",
        "0.010000000",
        "1",
    )


def test_markdown_holds_what_a_tag_holds(spent: Cli) -> None:
    """A bar in a value opens no column."""
    said = spent("cost", "daily", "--by", "tag:team", "--format", "markdown")

    heads, _, row = said.out.splitlines()[:3]
    assert row.replace("\\|", "").count("|") == heads.count("|")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--by", "modle"], "--by modle"),
        (["--by", "day"], "not its days"),
        (["--format", "xml"], "'xml' is not one of 'table', 'json', 'csv', 'markdown'"),
        (["daily", "--since", "soon"], "--since soon"),
        (["daily", "--since", "today", "--until", "2020-01-01"], "is not before"),
        (["--timezone", "Mars/Base"], "Mars/Base"),
        (["--tag", "team"], "has no value"),
        (["yearly"], "no `yearly`"),
        (["--line", "--tag", "team=red"], "`--line` is of today, and takes no `--tag`"),
        (["--line", "--json"], "takes no `--json`"),
    ],
)
def test_what_is_no_question_is_a_usage_error(cli: Cli, words: list[str], told: str) -> None:
    """Naming what was typed."""
    said = cli("cost", *words)

    assert said.code == 2
    assert told in said.err


def test_a_filter_that_nothing_passes_is_nothing(spent: Cli) -> None:
    """A tag that nobody has is no mistake."""
    said = spent("cost", "daily", "--tag", "team=none", "--json")

    (window,) = json.loads(said.out)["windows"]
    assert (window["calls"], json.loads(said.out)["budgets"]) == (0, [])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--tag", "team=none"], "no call marked `team=none` began then"),
        (["daily", "--model", "nobody"], "no call of that kind began then"),
        (["daily", "--by", "tag:nobody"], "no call of these is marked with a tag `nobody`"),
        (["daily", "--by", "tag:team"], ""),
        (["daily"], ""),
    ],
)
def test_a_name_that_nobody_has_is_told(spent: Cli, words: list[str], told: str) -> None:
    """A slip of the finger would read as nothing spent."""
    said = spent("cost", *words)

    assert (said.code, said.err.strip()) == (0, f"note: {told}" if told else "")
    assert said.out.startswith("WINDOW")


def test_the_line_is_the_same_through_the_parser(spent: Cli) -> None:
    """Where another option stands before it."""
    said = spent("cost", "show", "--line")

    assert said.out.startswith("$0.01+ today · $0.98 left")


def test_a_plot_stands_below_the_table(spent: Cli) -> None:
    """Along time, or beside what it is told apart by; of an overview it shows nothing."""
    along = spent("cost", "weekly", "--plot")
    beside = spent("cost", "daily", "--by", "tag:team", "--plot")
    none = spent("cost", "--plot")

    assert "$0.0100 █" in along.out
    assert any(line.startswith("=red|blue") and "█" in line for line in beside.out.splitlines())
    assert (none.code, none.out) == (2, "")
