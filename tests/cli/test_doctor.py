"""`ultra doctor`: what it finds, what it says to do, and that nothing stops it."""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import Cli, model_lists, served
from tests.support.process import Ultra
from tests.support.server import Exchange, Loopback, free_port
from ultra.cli.completions import script
from ultra.core.errors import ErrorClass
from ultra.store.schema import MIGRATIONS

KEY = "right-key"


@pytest.fixture
def server() -> Iterator[Loopback]:
    with served(model_lists) as running:
        yield running


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LAB_KEY", KEY)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("SHELL", "/bin/bash")


def lab(cli: Cli, url: str, *more: str) -> None:
    provider = f'{{protocol: openai-chat, base_url: "{url}/v1", key: "env:LAB_KEY"}}'
    lines = ["version: 1", f"providers: {{lab: {provider}}}", "models: {fast: 'lab:alpha'}", *more]
    cli.profile("\n".join(lines) + "\n")


def findings(cli: Cli, *argv: str) -> dict[str, list[tuple[str, str]]]:
    """What was found by area: level and message."""
    document = json.loads(cli("doctor", "--json", *argv).out)
    told: dict[str, list[tuple[str, str]]] = {}
    for one in document["findings"]:
        told.setdefault(one["area"], []).append((one["level"], one["message"]))
    return told


def levels(cli: Cli, area: str, *argv: str) -> set[str]:
    return {level for level, _ in findings(cli, *argv)[area]}


def test_a_machine_on_which_all_is_well(cli: Cli, server: Loopback) -> None:
    """Exit 0, and every area has its line."""
    lab(cli, server.url)

    said = cli("doctor")

    assert said.code == 0
    heads = [line for line in said.out.splitlines() if line and not line.startswith(" ")]
    assert heads[:-1] == [
        *("ultra", "profile", "keys", "hosts", "clock", "database", "audit", "terminal"),
        *("completions", "libraries", "prices"),
    ]
    assert "lab: from `env:LAB_KEY`" in said.out
    assert "accepted" in said.out


def test_no_secret_is_shown(cli: Cli, server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a key nor the login of a proxy or a base URL."""
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hunter2@proxy.invalid:8080")
    lab(cli, server.url.replace("127.0.0.1", "you:swordfish@127.0.0.1"))

    for argv in (["doctor"], ["doctor", "--json"], ["doctor", "--no-probe"]):
        said = cli(*argv)
        for secret in (KEY, "hunter2", "swordfish"):
            assert secret not in said.out + said.err
    lab(cli, server.url)
    assert "`HTTPS_PROXY` is set: proxy.invalid:8080" in cli("doctor").out


def test_a_key_that_is_refused_is_a_problem_of_configuration(
    cli: Cli, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 3, with what stores another."""
    monkeypatch.setenv("LAB_KEY", "wrong-key")
    lab(cli, server.url)

    said = cli("doctor")

    assert said.code == 3
    assert "refused" in said.out
    assert "next: set `LAB_KEY` to a new one" in said.out


def test_a_provider_that_wants_a_key_against_the_profile_s_word_is_one_too(
    cli: Cli, server: Loopback
) -> None:
    """`key: none` is what has to change; `keys test` says the same."""
    provider = f'{{protocol: openai-chat, base_url: "{server.url}/v1", key: none}}'
    cli.profile(f"version: 1\nproviders: {{lab: {provider}}}\nmodels: {{fast: 'lab:alpha'}}\n")

    said, tried = cli("doctor"), cli("keys", "test", "lab")

    assert (said.code, tried.code) == (3, 3)
    assert "lab: wants a key: " in said.out
    assert "next: `lab` has `key: none` in the profile" in said.out
    assert "`lab` refused a call without a key (401)" in tried.err


def test_a_key_that_is_missing_is_one_too(
    cli: Cli, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nobody is asked without it."""
    monkeypatch.delenv("LAB_KEY")
    lab(cli, server.url)

    said = cli("doctor")

    assert said.code == 3
    assert "next: set `LAB_KEY`" in said.out
    assert server.connections == 0


def test_without_probing_nobody_is_asked(cli: Cli, server: Loopback) -> None:
    """The key is there; whether it is good is not known."""
    lab(cli, server.url)

    told = findings(cli, "--no-probe")

    assert server.connections == 0
    assert told["keys"][0][1].endswith("not tried")
    assert "clock" not in told


def test_a_host_that_is_not_there_is_a_problem(cli: Cli) -> None:
    """Exit 1: nothing in the profile is wrong."""
    lab(cli, f"http://127.0.0.1:{free_port()}")

    said = cli("doctor")

    assert said.code == 1
    assert "connection refused" in said.out
    assert "next: is the server running?" in said.out


def test_a_key_that_goes_in_the_clear_is_a_warning(cli: Cli) -> None:
    """Unless the server is on this machine."""
    lab(cli, "http://lab.invalid")

    told = findings(cli, "--no-probe")

    assert ("warning", "lab: its key goes to `lab.invalid` in the clear") in told["hosts"]


@pytest.mark.parametrize(
    ("year", "level"), [("2001", "warning"), (None, "ok")], ids=["wrong", "right"]
)
def test_the_clock_is_compared_with_that_of_a_provider(
    cli: Cli, server: Loopback, year: str | None, level: str
) -> None:
    """More than five minutes off is a warning."""
    from email.utils import formatdate

    date = f"Sat, 21 Nov {year} 11:00:00 GMT" if year else formatdate(usegmt=True)

    async def dated(exchange: Exchange) -> None:
        await exchange.json({"object": "list", "data": []}, headers={"date": date})

    server.handler = dated
    lab(cli, server.url)

    assert levels(cli, "clock") == {level}


def test_every_mistake_of_a_profile_is_told(cli: Cli) -> None:
    """With its place, and the other checks go on."""
    cli.profile("version: 1\nmodels: {a: 'nobody:x'}\nprovders: {}\n")

    said = cli("doctor")

    assert said.code == 3
    assert "ultra.yaml:2:13: models.a" in said.out
    assert "ultra.yaml:3:1: unknown key `provders`" in said.out
    assert "\ndatabase\n" in said.out


@pytest.mark.parametrize("selector", ["nosuch", "./nosuch.yaml"])
def test_a_profile_that_is_not_there_is_told(cli: Cli, selector: str) -> None:
    """As a finding."""
    said = cli("doctor", "-P", selector)

    assert said.code == 3
    assert "there is no profile" in said.out
    assert "\nlibraries\n" in said.out


def test_a_fresh_machine_is_told_how_to_begin(cli: Cli) -> None:
    """Nothing is set up, and nothing was written by looking."""
    said = cli("doctor")

    assert said.code == 3
    assert "next: `ultra init` sets one up" in said.out
    assert not (cli.home / "data").exists()


def test_an_untrusted_project_is_a_warning(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what asks for trust."""
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    (project / "ultra.yaml").write_text("version: 1\nproviders: {made: {protocol: simulated}}\n")
    monkeypatch.chdir(project)

    told = findings(cli, "--no-probe")["profile"]

    assert any(level == "warning" and "is not trusted" in message for level, message in told)


def test_a_damaged_log_is_told_and_left_alone(cli: Cli) -> None:
    """Setting it aside is for whoever writes next."""
    database = cli.home / "data" / "ultra.db"
    database.parent.mkdir(parents=True, mode=0o700)
    database.write_bytes(b"no database at all " * 1000)

    told = findings(cli, "-P", "development")["database"]

    assert any(level == "problem" and "not a database" in message for level, message in told)
    assert database.read_bytes().startswith(b"no database")
    assert [one.name for one in database.parent.iterdir()] == ["ultra.db"]


def test_pages_that_are_torn_are_found(old: Cli) -> None:
    """By reading all of them."""
    database = old.home / "data" / "ultra.db"
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with database.open("r+b") as file:
        file.seek(4096 * 12)
        file.write(os.urandom(4096 * 6))

    assert "problem" in levels(old, "database", "-P", "development")


def test_a_log_that_is_well_says_what_it_holds(old: Cli) -> None:
    """Whole, with sums that agree."""
    told = findings(old, "-P", "development")["database"]

    assert {level for level, _ in told} == {"ok"}
    messages = " ".join(message for _, message in told)
    assert "whole; 3 runs" in messages
    assert "counters and the log's sums agree" in messages


def test_others_who_may_read_the_log_are_a_warning(old: Cli) -> None:
    """With the command that shuts them out."""
    (old.home / "data" / "ultra.db").chmod(0o644)
    (old.home / "data").chmod(0o755)

    said = old("doctor", "-P", "development")

    assert "next: `chmod 600 " in said.out
    assert "next: `chmod 700 " in said.out


def test_runs_of_processes_that_are_gone_are_told(old: Cli) -> None:
    """And files that were set aside."""
    database = old.home / "data" / "ultra.db"
    with sqlite3.connect(database) as connection:
        owner = json.dumps([os.uname().nodename, "another boot", "", 1, "1"])
        connection.execute("UPDATE runs SET status = 'running', owner = ? WHERE id = 1", (owner,))
    connection.close()
    (database.parent / "ultra.db.corrupt-20260101T000000Z").touch()

    messages = [message for _, message in findings(old, "-P", "development")["database"]]

    assert "1 run was left under way by a process that is gone" in messages
    assert any("corrupt-20260101T000000Z" in message for message in messages)


def change(database: Path, statement: str) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute(statement)
    connection.close()


def test_sums_that_do_not_add_up_are_a_problem_with_what_mends_them(old: Cli) -> None:
    """Counters are recomputed from the reservations they were made of."""
    change(
        old.home / "data" / "ultra.db",
        "INSERT INTO budget (scope, period, window_id, spent_nano)"
        " VALUES ('all', 'day', '2026-01-01', 7)",
    )

    said = old("doctor", "-P", "development")

    assert said.code == 1
    assert "`ultra budgets reconcile` puts it right" in said.out
    assert "counters and the log's sums agree" not in said.out


def test_an_older_schema_says_what_the_next_run_does_to_it(old: Cli) -> None:
    """Doctor itself changes nothing, and shows the copies that were made before, and only those."""
    database = old.home / "data" / "ultra.db"
    change(database, f"PRAGMA user_version = {len(MIGRATIONS) - 1}")
    for name in ("schema-3-20260101T000000Z", "care", "key", "lock"):
        (database.parent / f"ultra.db.{name}").touch()

    told = findings(old, "-P", "development")["database"]

    messages = " ".join(message for _, message in told)
    assert {level for level, _ in told} == {"ok"}
    assert f"its schema is {len(MIGRATIONS) - 1}; the next run copies it" in messages
    copies = "copies from before migrations: ultra.db.schema-3-20260101T000000Z"
    assert [message for _, message in told if message.startswith("copies")] == [copies]


def test_a_log_of_a_newer_ultra_is_a_problem_and_left_alone(old: Cli) -> None:
    """It is not ours to read."""
    change(old.home / "data" / "ultra.db", "PRAGMA user_version = 999")

    problems = [
        message
        for level, message in findings(old, "-P", "development")["database"]
        if level == "problem"
    ]

    assert len(problems) == 1
    assert "newer" in problems[0]


def test_a_disk_that_is_nearly_full_is_a_warning(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a log is there, and after."""
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=5 << 20))

    assert ("warning", "5 MB are free on its disk") in findings(cli, "-P", "development")[
        "database"
    ]


def test_completions_are_compared_with_this_version(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Missing, of another version, current, or made at each start of the shell."""
    home = tmp_path / "user"
    place = home / ".local/share/bash-completion/completions/ultra"
    place.parent.mkdir(parents=True)
    assert levels(cli, "completions", "-P", "development") == {"warning"}

    place.write_text("# an older one\n", encoding="utf-8")
    assert "of another version" in str(findings(cli, "-P", "development")["completions"])

    place.write_text(script("bash"), encoding="utf-8")
    assert levels(cli, "completions", "-P", "development") == {"ok"}

    monkeypatch.setenv("SHELL", "/usr/bin/zsh")
    (home / ".zshrc").write_text('eval "$(ultra completions zsh)"\n', encoding="utf-8")
    assert levels(cli, "completions", "-P", "development") == {"ok"}


async def test_a_home_that_cannot_be_made_stops_nothing(process: Ultra) -> None:
    """As for root, whom no permission stops."""
    environ = {"ULTRA_HOME": "/dev/null/nowhere"}

    said = await process.run("doctor", "-P", "development", environ=environ)

    assert said.code == 0
    assert "the data folder `/dev/null/nowhere/data` cannot be written" in said.out
    assert "Traceback" not in said.err


def test_prices_that_are_old_are_a_warning(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """After ninety days."""
    from ultra.core.clock import SystemClock

    now = SystemClock().time()
    monkeypatch.setattr(SystemClock, "time", lambda _clock: now + 400 * 86_400)

    assert levels(cli, "prices", "-P", "development") == {"warning"}


def test_the_document_is_versioned(cli: Cli) -> None:
    """With how many findings are of which level."""
    document = json.loads(cli("doctor", "--json", "-P", "development").out)

    assert document["version"] == 1
    assert set(document) == {"version", "ultra", "checked_at", "findings", "counts"}
    assert sum(document["counts"].values()) == len(document["findings"])
    assert set(document["findings"][0]) == {"area", "level", "message", "hint"}


def test_every_class_of_error_is_in_the_table(cli: Cli) -> None:
    """With what follows it and its exit code."""
    said = cli("doctor", "errors")

    rows = {line.split()[0]: line.split() for line in said.out.splitlines()[1:]}
    assert list(rows) == [one.value for one in ErrorClass]
    assert rows["server"][1:4] == ["yes", "yes", "75"]
    assert rows["auth"][1:4] == ["no", "yes", "3"]
    assert rows["context_length"][1:4] == ["no", "listed", "1"]
    assert rows["invalid_request"][1:4] == ["no", "no", "1"]
    told = json.loads(cli("doctor", "errors", "--json").out)
    assert [row["name"] for row in told["errors"]] == list(rows)
