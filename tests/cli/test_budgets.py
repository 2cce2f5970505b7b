"""`ultra budgets`: setting, showing, removing and reconciling."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.cli import REPOSITORY, Cli

PROFILE = """\
version: 1
providers:
  lab: {protocol: openai-chat, base_url: "http://127.0.0.1:9/v1", key: none}
models:
  cheap: {model: "lab:a", price: {input_per_mtok: 1.0, output_per_mtok: 2.0}}
  dear: {model: "lab:b", price: {input_per_mtok: 10.0, output_per_mtok: 20.0}}
  local: {model: "lab:c", price: free}
"""

# Two attempts of a process that ends without a word.
DYING = """
import asyncio, os, sys
from pathlib import Path
from tests.support.budgets import attempt_of, run_of
from tests.support.ledger import ledger_at

async def main(path):
    for number in (1, 2):
        run = run_of(f"dead0000000{number}")
        ledger = ledger_at(path)
        ledger.begin_run(run)
        await ledger.admit(attempt_of(run))
        await ledger.flush(30)
    os._exit(0)

asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.fixture
def ultra(cli: Cli) -> Cli:
    cli.profile(PROFILE)
    return cli


def database(cli: Cli) -> Path:
    return cli.home / "data" / "ultra.db"


def leave_uncertain(cli: Cli) -> None:
    command = [sys.executable, "-c", DYING, str(database(cli))]
    subprocess.run(command, check=True, timeout=60, cwd=REPOSITORY)


def limits(cli: Cli) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database(cli))) as connection:
        return connection.execute(
            "SELECT scope, period, limit_nano, mode, timezone FROM budget_limit ORDER BY 1, 2"
        ).fetchall()


def test_there_is_no_budget_until_one_is_set(ultra: Cli) -> None:
    """The bare noun says so, and how to set one; it makes no log."""
    said = ultra("budgets")

    assert (said.code, said.out) == (0, "")
    assert "there is no budget; `ultra budgets set all 5` warns at $5 a day" in said.err
    assert not database(ultra).exists()


def test_a_budget_is_set_shown_and_removed(ultra: Cli) -> None:
    """Soft and by the day unless told otherwise; money is exact to the nano-dollar."""
    first = ultra("budgets", "set", "all", "5")
    ultra("budgets", "set", "all", "0.123456789", "--per", "month", "--mode", "hard")
    ultra("budgets", "set", "run", "$0.5", "--mode", "hard")
    ultra("budgets", "set", "all", "7", "--per", "day", "--timezone", "UTC")

    assert first.code == 0
    assert "soft budget of $5.00 a day for `all` is set; $0 is used since" in first.err
    assert limits(ultra) == [
        ("all", "day", 7_000_000_000, "soft", "UTC"),
        ("all", "month", 123_456_789, "hard", ""),
        ("run", "run", 500_000_000, "hard", ""),
    ]
    rows = [line.split() for line in ultra("budgets").out.splitlines()]
    assert rows[1][:5] == ["all", "day", "$7.00", "soft", "$0"]
    assert rows[1][-1] == "UTC"
    assert rows[3][:5] == ["run", "run", "$0.5000", "hard", "-"]
    ultra("budgets", "remove", "all", "--per", "day")
    ultra("budgets", "remove", "run")
    assert limits(ultra) == [("all", "month", 123_456_789, "hard", "")]
    assert ultra("budgets", "remove", "run").code == 2


def test_json_has_every_figure(ultra: Cli) -> None:
    """Of the store and of the profile, told apart."""
    ultra.profile(PROFILE + "budget: {day_usd: 2, run_usd: 0.1, mode: hard}\n")
    ultra("budgets", "set", "provider:lab", "3", "--per", "week", "--timezone", "UTC")

    document = json.loads(ultra("budgets", "--json").out)

    told = {(one["scope"], one["period"]): one for one in document["budgets"]}
    assert document["version"] == 1
    assert list(told) == [("provider:lab", "week"), ("run", "run"), ("profile:default", "day")]
    week = told["provider:lab", "week"]
    assert (week["source"], week["timezone"], week["left_nano"]) == ("store", "UTC", 3 * 10**9)
    assert week["ends_at"] > week["begins_at"] >= week["window"]
    assert told["profile:default", "day"]["source"] == "profile"
    assert told["run", "run"]["window"] is None


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["all", "NaN"], "`NaN` is not an amount of dollars"),
        (["all", "inf"], "`inf` is not an amount of dollars"),
        (["all", "--", "-1"], "must not be negative"),
        (["all", "-0.5", "--mode", "hard"], "must not be negative"),
        (["all", "1e-10"], "finer than a billionth"),
        (["all", "2e6"], "at most 1000000"),
        (["all", "0.0001"], "the smallest one to the cheapest model"),
        (["prvider:x", "1"], "is no scope of a budget"),
        (["tag:red", "1"], "write `tag:NAME=VALUE`"),
        (["all", "1", "--per", "year"], "`--per year` is not known"),
        (["all", "1", "--per", "run"], "cannot have a budget per run"),
        (["run", "1", "--per", "day"], "cannot have a budget per day"),
        (["all", "1", "--mode", "sfot"], "did you mean `soft`"),
        (["all", "1", "--timezone", "Mars/Phobos"], "is no time zone"),
    ],
)
def test_what_cannot_be_a_budget_is_a_usage_error(ultra: Cli, argv: list[str], words: str) -> None:
    """Nothing is written for it."""
    said = ultra("budgets", "set", *argv)

    assert said.code == 2
    assert words in said.err
    assert not database(ultra).exists()


def test_nothing_at_all_may_be_spent(ultra: Cli) -> None:
    """0 is a budget: it lets free models through."""
    assert ultra("budgets", "set", "all", "0", "--mode", "hard").code == 0
    assert limits(ultra)[0][2] == 0


def test_a_provider_that_nobody_knows_is_warned_of(ultra: Cli) -> None:
    """The budget is set all the same: another profile may have it."""
    said = ultra("budgets", "set", "provider:lob", "1")

    assert said.code == 0
    assert "knows no provider `lob`: did you mean `lab`?" in said.err


def test_a_profile_that_is_wrong_leaves_the_store_s_budgets(ultra: Cli) -> None:
    """They are what stands between a mistake and a bill."""
    ultra("budgets", "set", "all", "5")
    ultra.profile("version: 1\nmodels: [\n")

    said = ultra("budgets")

    assert said.code == 0
    assert "$5.00" in said.out
    assert "the budgets of the profile itself are left out" in said.err


def test_uncertain_attempts_are_shown_before_they_are_settled(ultra: Cli) -> None:
    """Only `--apply` changes anything, and the log is charged the same."""
    ultra("budgets", "set", "all", "5")
    leave_uncertain(ultra)

    listed = ultra("budgets", "reconcile")
    shown = ultra("budgets", "reconcile", "dead00000001", "--cost", "0.002")
    between = json.loads(ultra("budgets", "reconcile", "--json").out)
    done = ultra("budgets", "reconcile", "dead00000001", "--cost", "0.002", "--apply")
    ultra("budgets", "reconcile", "--all", "--release", "--apply")

    assert listed.out.count("lab:m-1") == 2
    assert "`--apply` would settle each at $0.002" in shown.err
    assert [one["charged_nano"] for one in between["uncertain"]] == [10_000_000] * 2
    assert "settled at $0.002 each" in done.err
    assert ultra("budgets", "reconcile").err == "note: nothing is uncertain\n"
    with closing(sqlite3.connect(database(ultra))) as connection:
        charged = connection.execute(
            "SELECT charged_nano FROM attempts ORDER BY attempt_id"
        ).fetchall()
        states = connection.execute("SELECT state FROM reservation ORDER BY 1").fetchall()
    assert charged == [(2_000_000,), (0,)]
    assert states == [("released",), ("settled",)]
    trail = json.loads(ultra("logs", "audit", "--action", "budget.reconciled", "--json").out)
    assert [(one["subject"], one["detail"]["cost_nano"]) for one in trail["audit"]] == [
        ("dead00000002-1.1", 0),
        ("dead00000001-1.1", 2_000_000),
    ]
    assert {one["detail"]["was_nano"] for one in trail["audit"]} == {10_000_000}


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--cost", "1"], "which attempts?"),
        (["--apply"], "needs `--cost USD` or `--release`"),
        (["--all", "--cost", "1", "--release"], "do not go together"),
        (["nobody", "--release"], "stands for no uncertain attempts"),
        (["dead", "--release"], "stands for several uncertain attempts"),
        (["--all", "--cost", "nan"], "`nan` is not an amount of dollars"),
    ],
)
def test_a_settlement_says_what_it_means(ultra: Cli, argv: list[str], words: str) -> None:
    """Nothing is settled by half a sentence."""
    ultra("budgets", "set", "all", "5")
    leave_uncertain(ultra)

    said = ultra("budgets", "reconcile", *argv)

    assert said.code == 2
    assert words in said.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_log_that_cannot_be_written_is_told(ultra: Cli) -> None:
    """The limit is not taken for set."""
    ultra("budgets", "set", "all", "5")
    database(ultra).chmod(0o400)
    database(ultra).parent.chmod(0o500)

    said = ultra("budgets", "set", "all", "6")

    assert said.code == 1
    assert "cannot be written" in said.err


def test_setting_a_budget_brings_back_what_a_fast_clock_counted(ultra: Cli) -> None:
    """What was spent in a day to come is spent today."""
    ultra("budgets", "set", "all", "5", "--timezone", "UTC")
    with closing(sqlite3.connect(database(ultra))) as connection, connection:
        connection.execute(
            "INSERT INTO budget (scope, period, window_id, opening_nano, spent_nano)"
            " VALUES ('all', 'day', '2099-01-01', 7, 7)"
        )
    ahead = ultra("budgets").out

    ultra("budgets", "set", "all", "5", "--timezone", "UTC")

    assert "2099-01-02" in ahead
    assert "2099" not in ultra("budgets").out
    with closing(sqlite3.connect(database(ultra))) as connection:
        assert connection.execute("SELECT spent_nano FROM budget").fetchall() == [(7,)]
