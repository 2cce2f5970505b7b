"""`ultra stats`: figures of the user's own log, over a loopback server that answers."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_compare import PROFILE, Lab
from tests.support.cli import Cli, served

ROUTE = """\
routes:
  good: {candidates: [a, b], policy: best}
"""


@pytest.fixture
def lab(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    made = Lab()
    monkeypatch.setenv("ULTRA_SESSION", "here")
    with served(made) as server:
        cli.profile(PROFILE.format(url=server.url))
        yield made


def parts(cli: Cli, *argv: str) -> Any:
    return json.loads(cli("stats", "--rank", *argv, "--json").out)["parts"]


def groups(cli: Cli, *argv: str) -> dict[tuple[str, ...], Any]:
    found = json.loads(cli("stats", *argv, "--json").out)["groups"]
    return {tuple(one["key"].values()): one for one in found}


def models(part: Any) -> dict[str, Any]:
    return {one["model"]: one for one in part["rankings"][0]["models"]}


def test_an_empty_log_says_what_would_fill_it(cli: Cli, lab: Lab) -> None:
    """No table of nothing."""
    plain, ranked = cli("stats"), cli("stats", "--rank")

    assert (plain.code, ranked.code, plain.out, ranked.out) == (0, 0, "", "")
    assert "no call is in the log" in plain.err
    assert "nothing was picked, judged or checked" in ranked.err


def test_calls_are_told_by_model(cli: Cli, lab: Lab) -> None:
    """What failed counts as a call and not as an answer."""
    lab.says["b"] = ["down"]
    cli("compare", "how much?")
    cli("ask", "how much?")

    found = groups(cli)
    said = cli("stats")

    assert {key: (one["calls"], one["answered"]) for key, one in found.items()} == {
        ("lab:a",): (2, 2),
        ("lab:b",): (1, 0),
    }
    assert sum(found[("lab:b",)]["errors"].values()) == 1
    assert found[("lab:a",)]["duration_s"]["calls"] == 2
    assert said.out.splitlines()[1].startswith("lab:a")
    assert "3 calls, 2 answered; failed: " in said.out


def test_picks_judges_and_expectations_all_count(cli: Cli, lab: Lab) -> None:
    """Judges prefer the longer answer, the user the other one, and only one is as expected."""
    cli("compare", "--judge", "judge", "--expect", "contains:400 mg", "how much?")
    cli("pick", "1")

    found = models(parts(cli)[0])
    said = cli("stats", "--rank")

    assert (found["lab:a"]["picked"], found["lab:a"]["offered"]) == (1, 1)
    assert (found["lab:a"]["preferred"], found["lab:a"]["judged"]) == (0.0, 2)
    assert (found["lab:b"]["preferred"], found["lab:b"]["met"]) == (1.0, 0)
    assert (found["lab:a"]["accepted"], found["lab:b"]["accepted"]) == (1, 0)
    assert found["lab:a"]["p95_s"] > 0.0
    assert "1 prompt on which they met\ntoo few: 1 prompt," in said.out


def test_an_ensemble_ranks_beside_models_and_its_calls_are_its_models(cli: Cli, lab: Lab) -> None:
    """Its time is its own; what was asked for it counts for whom it was asked of."""
    profile = (cli.home / "config" / "ultra.yaml").read_text(encoding="utf-8")
    cli.profile(profile + "ensembles:\n  both: {strategy: first, members: [a, b]}\n")
    cli("compare", "-m", "both", "-m", "c", "--expect", "contains:mg", "how much?")

    found = models(parts(cli)[0])
    usage = groups(cli)

    assert set(found) == {"ensemble:both", "lab:c"}
    assert found["ensemble:both"]["p95_s"] > 0.0
    assert ("ensemble:both",) not in usage
    assert ("lab:a",) in usage


def test_tags_narrow_and_part_what_is_told(cli: Cli, lab: Lab) -> None:
    """`--tag` looks at some runs alone, `--by` tells the values of a tag apart."""
    for task in ("sql", "prose"):
        cli("compare", "--tag", f"task={task}", "--expect", "contains:400 mg", "how much?")
    cli("compare", "--expect", "contains:400 mg", "how much?")

    assert [part["value"] for part in parts(cli, "--by", "tag:task")] == ["", "prose", "sql"]
    assert models(parts(cli, "--tag", "task=sql")[0])["lab:a"]["checked"] == 1
    assert parts(cli, "--since", "1h")[0]["rankings"][0]["prompts"] == 1
    assert "task=sql" in cli("stats", "--rank", "--by", "tag:task").out
    assert set(groups(cli, "--by", "tag:task")) == {("",), ("prose",), ("sql",)}
    assert sum(one["calls"] for one in groups(cli, "--tag", "task=sql").values()) == 2


def test_a_blind_pick_counts_in_the_order_of_the_letters(cli: Cli, lab: Lab) -> None:
    """What stood first on the screen is what its letter says."""
    cli("compare", "-m", "a", "-m", "b", "-m", "c", "--blind", "how much?")
    cli("pick", "B")

    found = models(parts(cli)[0])

    assert sum(one["picked"] for one in found.values()) == 1
    assert {one["offered"] for one in found.values()} == {1}


def test_votes_weigh_by_what_was_found_of_answers(cli: Cli, lab: Lab) -> None:
    """Two that were never right are outvoted by one that always was."""
    vote = ("-m", "a", "-m", "b", "-m", "c", "--strategy", "vote", "--extract", "number")
    lab.says |= {"a": ["1"], "b": ["2"], "c": ["2"]}
    early = cli("ask", *vote, "--weights", "ratings", "how much?")
    for number in range(10):
        cli("compare", "-m", "a", "-m", "b", "-m", "c", "--expect", "number:1", f"{number} times?")

    plain = cli("ask", *vote, "how much?")
    weighed = cli("ask", *vote, "--weights", "ratings", "how much?")

    assert (plain.out, weighed.out) == ("2\n", "1\n")
    assert early.out == "2\n"
    assert (
        "no 10 prompts with expectations are in the log for `lab:a`, `lab:b`, `lab:c`" in early.err
    )
    assert "no 10 prompts" not in weighed.err


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--strategy", "vote", "--extract", "number", "--weights", "gut"], "is not known"),
        (["--strategy", "fusion", "--weights", "ratings"], "does not go by `--weights`"),
    ],
)
def test_weights_that_make_no_sense_are_refused(
    cli: Cli, lab: Lab, argv: list[str], told: str
) -> None:
    """Before anything is sent."""
    said = cli("ask", "-m", "a", "-m", "b", *argv, "how much?")

    assert (said.code, lab.seen) == (2, [])
    assert told in said.err


def test_routes_go_by_what_was_found_of_answers(cli: Cli, lab: Lab) -> None:
    """`best` follows picks and expectations, and `--explain` names them."""
    cli.profile((cli.home / "config" / "ultra.yaml").read_text(encoding="utf-8") + ROUTE)
    before = json.loads(cli("ask", "-m", "good", "--explain", "--json", "how much?").out)
    for words in ("how much?", "how many?", "how often?"):
        cli("compare", "--expect", "contains:4000", "--tag", "task=dose", words)
    after = json.loads(cli("ask", "-m", "good", "--explain", "--json", "how much?").out)
    said = cli("ask", "-m", "good", "--explain", "how much?")

    assert (before["chosen"], after["chosen"]) == ("lab:a", "lab:b")
    assert [(one["quality_from"], one["judged"]) for one in before["candidates"]] == [
        ("assumed", 0)
    ] * 2
    assert [(one["quality_from"], one["judged"]) for one in after["candidates"]] == [
        ("judged", 3)
    ] * 2
    assert "chosen; judged on 3 prompts" in said.out


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--since", "next week"], "`--since next week` is no moment"),
        (["--until", "2026-13-01"], "`--until 2026-13-01` is no moment"),
        (["--since", "today", "--until", "yesterday"], "is not before `--until yesterday`"),
        (["--timezone", "Mars/Olympus"], "`--timezone Mars/Olympus` is no time zone"),
        (["--environment", "dev"], "`--environment dev` is not known"),
        (["--by", "task"], "a tag of that name is `--by tag:task`"),
        (["--by", "task=sql"], "a tag of that name is `--by tag:task`"),
        (["--by", "day,hour"], "takes one of hour, day, week and month"),
        (["--by", "tag:"], "is not the name of a tag"),
        (["--rank", "--by", "day"], "write `--by tag:NAME`"),
        (["--rank", "--model", "a"], "`--rank` goes by"),
        (["--rank", "--format", "csv"], "is a table or JSON"),
        (["--rank", "--plot"], "do not go together"),
        (["--plot", "--json"], "`--plot` draws"),
        (["--follow"], "go with `--json-logs`"),
        (["--json-logs", "--by", "day"], "is lines of JSON on stdout"),
        (["--json-logs", "--after", "nobody-1"], "no call `nobody-1` has ended"),
        (["--tag", "task"], "has no value"),
    ],
)
def test_what_makes_no_sense_is_said(cli: Cli, argv: list[str], told: str) -> None:
    """Exit 2, in words."""
    said = cli("stats", *argv)

    assert said.code == 2
    assert told in said.err


def test_every_format_goes_to_a_file_whole(cli: Cli, lab: Lab, tmp_path: Path) -> None:
    """Or to stdout, and never to both; plots as well."""
    cli("ask", "how much?")

    for more in (["--json"], ["--format", "csv"], ["--format", "markdown"], [], ["--plot"]):
        shown = cli("stats", *more)
        written = cli("stats", *more, "--output", str(tmp_path / "told"))

        assert (shown.code, written.code, written.out) == (0, 0, "")
        assert (tmp_path / "told").read_text(encoding="utf-8") == shown.out
        assert "lab:a" in shown.out or more == ["--plot"]


def test_a_file_that_cannot_be_written_is_said(cli: Cli, lab: Lab, tmp_path: Path) -> None:
    """Exit 1, and nothing on stdout."""
    said = cli("stats", "--json", "--output", str(tmp_path / "no" / "told"))

    assert (said.code, said.out) == (1, "")
    assert "cannot write" in said.err
    assert "ultra logs -r" not in said.err  # there is no answer that would be lost


def test_a_tag_that_nobody_has_is_an_empty_document_and_a_word(cli: Cli, lab: Lab) -> None:
    """Exit 0: a script gets what it can read, a person why it is empty."""
    cli("ask", "how much?")

    told = {form: cli("stats", "--tag", "job=none", "--format", form) for form in ("json", "csv")}
    by = cli("stats", "--by", "tag:job", "--json")

    assert json.loads(told["json"].out)["groups"] == []
    assert told["csv"].out.startswith("model,simulated,calls,")
    assert told["csv"].out.count("\n") == 1
    for said in told.values():
        assert said.code == 0
        assert "note: no call marked `job=none` is in the log" in said.err
    assert "no call of these is marked with a tag `job`" in by.err
    assert json.loads(by.out)["groups"][0]["key"] == {"tag:job": ""}


def test_a_document_says_when_and_in_whose_days(cli: Cli, lab: Lab) -> None:
    """Also where nobody named a zone."""
    told = json.loads(cli("stats", "--since", "30d", "--timezone", "Asia/Tokyo", "--json").out)
    bare = json.loads(cli("stats", "--by", "all", "--json").out)

    assert told["timezone"] == "Asia/Tokyo"
    assert told["since"].endswith("Z")
    assert (bare["since"], bare["until"], bare["by"]) == (None, None, [])
    assert bare["timezone"]


def test_several_filters_and_windows_at_once(cli: Cli, lab: Lab) -> None:
    """Whom a model was asked by, where, and when."""
    cli("compare", "--cost-center", "ops", "how much?")

    found = groups(cli, "--by", "name,day", "--cost-center", "ops", "--since", "today")
    none = groups(cli, "--by", "name,day", "--cost-center", "dev")
    elsewhere = groups(cli, "--environment", "production", "--environment", "testing")
    here = groups(cli, "--environment", "production", "--environment", "development")

    assert {key[0] for key in found} == {"a", "b"}
    assert (none, elsewhere) == ({}, {})
    assert here.keys() == groups(cli).keys()
    assert groups(cli, "--model", "a", "--provider", "lab").keys() == {("lab:a",)}


def test_calls_are_lines_for_collectors(cli: Cli, lab: Lab) -> None:
    """Names and figures, and no word of what was asked or answered."""
    cli("ask", "--tag", "job=x", "how much?")
    cli("ask", "how much?")

    said = cli("stats", "--json-logs")
    lines = [json.loads(line) for line in said.out.splitlines()]
    rest = cli("stats", "--json-logs", "--after", lines[0]["call_id"])

    assert [line["type"] for line in lines] == ["call", "call"]
    assert lines[0]["tags"] == {"job": "x"}
    assert lines[0]["status"] == "ok"
    assert lines[0]["started_at"].endswith("Z")
    assert "how much" not in said.out
    assert rest.out == said.out.splitlines(keepends=True)[1]
    assert cli("stats", "--json-logs", "--json").out == said.out
    assert (
        cli("stats", "--json-logs", "--tag", "job=x").out == said.out.splitlines(keepends=True)[0]
    )


@pytest.mark.parametrize("more", [(), ("--json-logs",), ("--rank",)])
def test_logs_that_cannot_be_read_say_why(cli: Cli, lab: Lab, more: tuple[str, ...]) -> None:
    """One of a newer ultra, and a file that is none."""
    cli("ask", "how much?")
    path = cli.home / "data" / "ultra.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 900")
    newer = cli("stats", *more)
    for part in path.parent.glob("ultra.db-*"):
        part.unlink()
    path.write_bytes(b"no database " * 500)

    broken = cli("stats", *more)

    assert (newer.code, broken.code) == (1, 1)
    assert "newer" in newer.err
    assert "error: the log " in broken.err


def test_an_answer_that_was_on_record_costs_what_it_did(cli: Cli, lab: Lab) -> None:
    """One that the cache served is no cheaper for it in the ranking."""
    path = cli.home / "config" / "ultra.yaml"
    price = '{model: "lab:a", price: {input_per_mtok: 1.0, output_per_mtok: 2.0}}'
    cli.profile(path.read_text(encoding="utf-8").replace('a: "lab:a"', f"a: {price}"))
    expected = ("--expect", "contains:mg", "--cache")
    cli("compare", *expected, "how much?")
    once = models(parts(cli)[0])
    cli("compare", *expected, "how much?")

    again = models(parts(cli)[0])

    assert groups(cli)[("lab:a",)]["cached"] == 1
    assert {name: one["accepted_nano"] for name, one in again.items()} == {
        name: one["accepted_nano"] for name, one in once.items()
    }
    assert again["lab:a"]["accepted_nano"]
