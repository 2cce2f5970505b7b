"""`ultra logs audit`: every change of what money, keys and prompts depend on is on record."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import REPOSITORY, Cli
from tests.support.process import UNMEASURED, Ultra
from ultra.core.audit import ACTIONS

PROFILE = """\
version: 1
providers: {sim: {protocol: simulated}}
models: {swift: "sim:swift"}
defaults: {ask: swift}
"""

CROWD = """
import os, sys
from ultra.cli.main import main
main(["aliases", "set", "first", "openai:gpt-5-mini"])
children = []
for number in range(40):
    child = os.fork()
    if child == 0:
        words = ["aliases", "set", f"a{number}", "openai:gpt-5-mini"]
        os._exit(main(words) if number % 2 else main(["budgets", "set", "all", str(number + 1)]))
    children.append(child)
sys.exit(sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0 for child in children))
"""


def trail(cli: Cli, *options: str) -> list[dict[str, Any]]:
    """Entries, oldest first."""
    told = json.loads(cli("logs", "audit", "-n", "0", "--json", *options).out)
    return list(reversed(told["audit"]))


def done(cli: Cli) -> list[tuple[str, str]]:
    return [(entry["action"], entry["subject"]) for entry in trail(cli)]


def database(cli: Cli) -> Path:
    return cli.home / "data" / "ultra.db"


def forge(cli: Cli, statement: str) -> None:
    with closing(sqlite3.connect(database(cli))) as connection, connection:
        for trigger in ("audit_update", "audit_delete"):
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute(statement)


def test_every_change_by_a_command_is_on_record(cli: Cli, tmp_path: Path) -> None:
    """Each with what was changed, in the order in which it was done."""
    cli.profile(PROFILE)
    cli.profile(PROFILE, "work")
    project = tmp_path / "project" / "ultra.yaml"
    project.parent.mkdir()
    project.write_text("version: 1\nproviders: {mine: {protocol: simulated}}\n", encoding="utf-8")

    for words in (
        ("budgets", "set", "all", "5"),
        ("budgets", "set", "all", "7", "--mode", "hard"),
        ("budgets", "remove", "all"),
        ("aliases", "set", "quick", "sim:swift"),
        ("aliases", "remove", "quick"),
        ("ask", "--save", "short", "be brief: $input"),
        ("templates", "remove", "short"),
        ("profiles", "use", "work"),
        ("profiles", "use", "--none"),
        ("profiles", "trust", str(project), "--yes"),
        ("profiles", "trust", str(project), "--revoke"),
        ("profiles", "add", "ollama"),
        ("health", "open", "sim"),
        ("health", "reset", "--all"),
        ("health", "reset", "--all"),
    ):
        assert cli(*words).code == 0, words

    assert done(cli) == [
        ("budget.set", "all"),
        ("budget.set", "all"),
        ("budget.removed", "all"),
        ("alias.set", "quick"),
        ("alias.removed", "quick"),
        ("template.set", "short"),
        ("template.removed", "short"),
        ("profile.used", "work"),
        ("profile.used", "default"),
        ("profile.trusted", str(project)),
        ("profile.untrusted", str(project)),
        ("profile.written", str(cli.home / "config" / "ultra.yaml")),
        ("breaker.opened", "sim"),
        ("breaker.reset", "all"),
    ]
    second = trail(cli)[1]
    assert second["detail"] == {
        "period": "day",
        "was_limit_nano": 5_000_000_000,
        "was_mode": "soft",
        "limit_nano": 7_000_000_000,
        "mode": "hard",
    }
    assert second["user"]
    assert second["host"]


def test_a_change_that_was_refused_is_not_on_record(cli: Cli) -> None:
    cli.profile(PROFILE)

    for words in (
        ("budgets", "set", "all", "much"),
        ("budgets", "remove", "all"),
        ("aliases", "remove", "none"),
        ("profiles", "use", "none"),
    ):
        assert cli(*words).code != 0

    assert trail(cli) == []


def test_a_profile_that_was_edited_is_noticed_when_it_is_used(cli: Cli) -> None:
    """Once for each content; what ultra wrote itself is not noted a second time."""
    path = cli.profile(PROFILE)
    cli("ask", "hello")
    cli("ask", "hello")
    cli.profile(f"{PROFILE}confirm_usd: 3\n")
    cli("ask", "hello")
    cli.profile(PROFILE)
    cli("ask", "hello")
    cli("profiles", "add", "ollama")
    cli("ask", "hello")

    assert done(cli) == [
        ("profile.changed", str(path)),
        ("profile.changed", str(path)),
        ("profile.changed", str(path)),
        ("profile.written", str(path)),
    ]
    digests = [entry["detail"]["sha256"] for entry in trail(cli)]
    assert digests[0] == digests[2]
    assert len(set(digests)) == 3


def test_a_change_that_could_not_be_noted_is_noted_by_the_next_run(cli: Cli) -> None:
    """A log that is locked at the end of a run costs neither a warning nor the entry."""
    path = cli.profile(PROFILE)
    cli("ask", "hello")
    cli.profile(f"{PROFILE}confirm_usd: 3\n")

    with closing(sqlite3.connect(database(cli), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert cli("ask", "hello").code == 0
    assert done(cli) == [("profile.changed", str(path))]
    cli("ask", "hello")

    assert done(cli) == [("profile.changed", str(path))] * 2


def test_looking_writes_no_log(cli: Cli) -> None:
    """Who only lists has changed nothing and used nothing."""
    cli.profile(PROFILE)

    for words in (("models",), ("logs", "audit"), ("logs", "audit", "--verify"), ("budgets",)):
        assert cli(*words).code == 0

    assert not database(cli).exists()


async def test_a_key_is_on_record_by_its_fingerprint_alone(process: Ultra) -> None:
    """Eight digits tell it from others and give nothing away."""
    await process.run("keys", "set", "openai", stdin="sk-very-secret\n")
    listed = json.loads((await process.run("keys", "list", "--json")).out)["keys"]
    await process.run("keys", "remove", "openai")
    told = await process.run("logs", "audit", "--json")

    removed, stored = json.loads(told.out)["audit"]
    (known,) = (one["fingerprint"] for one in listed if one["provider"] == "openai")
    assert (stored["action"], stored["subject"]) == ("key.set", "openai")
    assert stored["detail"] == {"fingerprint": known}
    assert (removed["action"], removed["subject"]) == ("key.removed", "openai")
    assert "secret" not in told.out


def test_forty_at_once_are_all_on_record_and_all_done(cli: Cli) -> None:
    """No entry is lost, no alias either, and the chain holds."""
    subprocess.run(
        [sys.executable, "-c", CROWD],
        env={**os.environ, **UNMEASURED},
        check=True,
        capture_output=True,
    )

    actions = [action for action, _ in done(cli)]
    aliases = json.loads(cli("aliases", "list", "--json").out)["aliases"]
    assert (actions.count("alias.set"), actions.count("budget.set")) == (21, 20)
    assert len(aliases) == 21
    assert cli("logs", "audit", "--verify").code == 0


def test_the_list_is_newest_first_and_can_be_narrowed(cli: Cli) -> None:
    """By action or all of a thing, by time, by number."""
    cli("budgets", "set", "all", "5")
    cli("aliases", "set", "a", "openai:gpt-5-mini")
    cli("aliases", "remove", "a")

    lines = cli("logs", "audit").out.splitlines()

    assert [line.split()[0] for line in lines[1:]] == ["3", "2", "1"]
    assert "limit $5.00" in lines[3]
    assert len(cli("logs", "audit", "-n", "1").out.splitlines()) == 2
    assert [one["action"] for one in trail(cli, "--action", "alias")] == [
        "alias.set",
        "alias.removed",
    ]
    assert [one["number"] for one in trail(cli, "--action", "budget.set")] == [1]
    assert len(trail(cli, "--since", "1h")) == 3
    assert trail(cli, "--since", "2999-01-01") == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--action", "kex"), "did you mean `key`"),
        (("--since", "soon"), "`--since soon` is no moment"),
        (("--since", ""), "`--since ` is no moment"),
    ],
    ids=["action", "since", "since-empty"],
)
def test_what_is_not_known_is_said(cli: Cli, words: tuple[str, str], said: str) -> None:
    ended = cli("logs", "audit", *words)

    assert ended.code == 2
    assert said in ended.err


def test_a_forged_entry_is_named_with_its_time(cli: Cli) -> None:
    """By `--verify`, which fails, and by `doctor`, which calls it a problem."""
    cli("budgets", "set", "all", "5")
    cli("budgets", "set", "all", "50")
    forge(cli, "UPDATE audit SET user = 'somebody' WHERE id = 1")

    verified = cli("logs", "audit", "--verify")
    doctor = json.loads(cli("doctor", "--no-probe", "--json").out)

    assert verified.code == 1
    assert "broken at entry 1 of 20" in verified.out
    (found,) = (one for one in doctor["findings"] if one["area"] == "audit" and one["hint"])
    assert found["level"] == "problem"
    assert "broken at entry 1 of 20" in found["message"]
    told = json.loads(cli("logs", "audit", "--verify", "--json").out)["audit"]
    assert (told["holds"], told["broken"]["number"]) == (False, 1)


def test_a_tail_that_was_cut_off_is_told(cli: Cli) -> None:
    """A warning, since a crash may look the same; the next change says so for good."""
    cli("budgets", "set", "all", "5")
    cli("budgets", "set", "all", "50")
    forge(cli, "DELETE FROM audit WHERE id = 2")

    verified = cli("logs", "audit", "--verify")
    levels = {
        one["level"]
        for one in json.loads(cli("doctor", "--no-probe", "--json").out)["findings"]
        if one["area"] == "audit"
    }
    cli("budgets", "remove", "all")
    after = cli("logs", "audit", "--verify")

    assert (verified.code, after.code) == (1, 0)
    assert "ends too early: entry 2 of 20" in verified.out
    assert levels == {"ok", "warning"}
    assert done(cli)[1][0] == "audit.gap"
    assert "entries before them were gone is told by: 2" in after.out


def test_a_change_outside_of_the_log_is_made_and_the_user_warned(cli: Cli) -> None:
    """A log that cannot be written stops no alias."""
    database(cli).mkdir(parents=True)

    ended = cli("aliases", "set", "quick", "openai:gpt-5-mini")

    assert ended.code == 0
    assert "`alias.set` of `quick` is not on record" in ended.err
    assert "quick" in cli("aliases", "list").out


def test_a_budget_that_cannot_be_put_on_record_is_not_set(cli: Cli) -> None:
    """Both are one transaction; breakers are no different."""
    cli.profile(PROFILE)
    cli("budgets", "set", "all", "5")
    (database(cli).parent / "ultra.db.audit.new").mkdir()

    refused = [
        cli("budgets", "set", "all", "50").code,
        cli("budgets", "remove", "all").code,
        cli("health", "open", "sim").code,
    ]

    assert refused == [1, 1, 1]
    (gauge,) = json.loads(cli("budgets", "--json").out)["budgets"]
    assert gauge["limit_nano"] == 5_000_000_000
    assert cli("ask", "hello").code == 0
    assert cli("logs", "audit", "--verify").code == 0


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_is_told(action: str) -> None:
    assert f"`{action}`" in (REPOSITORY / "docs" / "audit.md").read_text()
