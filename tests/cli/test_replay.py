"""`ultra replay` over a log that was really written, and a server that says what the test wants."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_compare import Lab
from tests.support.cli import Cli, served
from tests.support.ledger import rows

PROFILE = """\
version: 1
providers:
  lab: {{protocol: openai-chat, base_url: "{url}/v1", key: none}}
models:
  dear: {{model: "lab:a", price: {{input_per_mtok: 10, output_per_mtok: 30}}}}
  cheap: {{model: "lab:b", price: {{input_per_mtok: 1, output_per_mtok: 3}}}}
  judge: {{model: "lab:judge", price: {{input_per_mtok: 1, output_per_mtok: 1}}}}
defaults: {{ask: dear}}
retry: {{attempts: 1}}
"""
JUDGED = ("-m", "cheap", "--judge", "judge")


@pytest.fixture
def lab(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """Three prompts that `dear` answered; judges prefer the longer answer."""
    made = Lab()
    monkeypatch.setenv("ULTRA_SESSION", "here")
    with served(made) as server:
        cli.profile(PROFILE.format(url=server.url))
        made.says["a"] = ["It is 391.", "It is five.", "It is blue, by Rayleigh."]
        made.says["b"] = ["It is 391, as you can see.", "It is five.", "Blue."]
        for words in ("17 * 23?", "2 + 3?", "which colour?"):
            assert cli("ask", "-s", "be brief", words).code == 0
        made.says["b"] = ["Blue.", "It is five.", "It is 391, as you can see."]
        made.seen.clear()
        yield made


def document(cli: Cli, *argv: str) -> Any:
    return json.loads(cli("replay", *argv, "--json").out)


def test_the_logged_prompt_goes_out_again_and_nobody_is_paid_for_the_old_answer(
    cli: Cli, lab: Lab
) -> None:
    """System message and words as they were; the judge sees both answers in both orders."""
    found = document(cli, "--since", "1h", *JUDGED)

    assert {json.dumps(body["messages"]) for body in lab.told("b")} == {
        json.dumps([{"role": "system", "content": "be brief"}, {"role": "user", "content": words}])
        for words in ("17 * 23?", "2 + 3?", "which colour?")
    }
    assert lab.told("a") == []
    assert len(lab.shown()) == 4
    pairs = {tuple(sorted((one["logged_text"], one["text"]))) for one in found["cases"]}
    assert {tuple(sorted(pair)) for pair in lab.shown()} == pairs - {("It is five.",) * 2}
    assert "lab:" not in json.dumps([body["messages"] for body in lab.told("judge")])


def test_the_report_says_how_many_at_what_cost_and_which_are_lost(cli: Cli, lab: Lab) -> None:
    """Shares of the cost are of both sides' own answers; judging is told apart."""
    lab.says["b"] = ["No."]
    found = document(cli, "--since", "1h", *JUDGED)
    said = cli("replay", "--since", "1h", *JUDGED)

    assert (found["judged"], found["as_good"], found["prompts"]) == (3, 0, 3)
    assert 0.0 < found["high"] < 0.7
    assert found["cost_share"] == pytest.approx(0.1)
    assert found["judges_nano"] > 0
    assert found["known_nano"] == found["cost_nano"] + found["judges_nano"]
    assert "lab:b is as good or better on 0 of 3 prompts (0%, 95% interval 0% to" in said.out
    assert "at 10% of the cost\n" in said.out
    assert "worse on 3:" in said.out
    assert "lab:a: It is five.\n  now: No." in said.out


def test_who_is_as_good_half_of_the_time_is_told_so(cli: Cli, lab: Lab) -> None:
    """Better, as good and worse are three things."""
    lab.says["b"] = ["It is 391, and it is blue, by Rayleigh, and more."]
    found = document(cli, "--since", "1h", *JUDGED)

    assert (found["as_good"], found["better"]) == (3, 3)
    assert [case["share"] for case in found["cases"]] == [1.0, 1.0, 1.0]


def test_word_for_word_the_same_is_as_good_without_a_judge(cli: Cli, lab: Lab) -> None:
    """Space around it is no difference; the log keeps the run as it is."""
    lab.says["b"] = ["It is five.\n"]

    found = document(cli, "--since", "1h", *JUDGED)

    assert len(lab.told("judge")) == 4
    same = next(one for one in found["cases"] if one["prompt"] == "2 + 3?")
    assert (same["share"], same["why"], found["unjudged"]) == (0.5, "", 0)
    assert document(cli, "--since", "1h", *JUDGED)["cases"] == found["cases"]
    logged = cli("logs", "show", same["replay_id"])
    assert (logged.code, "a tie" in logged.out) == (0, True)
    assert len(rows(cli.home / "data" / "ultra.db", "SELECT * FROM ballots")) == 6


def test_a_second_time_nothing_is_sent_and_the_report_is_the_same(cli: Cli, lab: Lab) -> None:
    """What the log has of the same replay is not asked again, also when the span has moved on."""
    first = document(cli, "--limit", "2", *JUDGED)
    sent = len(lab.seen)
    again = document(cli, "--limit", "2", *JUDGED)
    same = len(lab.seen)
    more = document(cli, "--since", "1h", *JUDGED)

    assert (sent, same) == (4, 4)
    assert again["cases"] == first["cases"]
    assert more["done"] == 3
    assert len(lab.seen) == 7


def test_what_was_not_asked_yet_is_asked_by_the_same_command(cli: Cli, lab: Lab) -> None:
    """A bound below the first prompt refuses all; what was asked of three is one, then the rest."""
    read = ("-m", "cheap", "--extract", "exact")
    short = cli("replay", "--since", "1h", *read, "--max-cost", "0.0000001")
    done = cli("replay", "--limit", "1", *read)
    rest = document(cli, "--since", "1h", *read)

    assert (short.code, done.code) == (2, 0)
    assert "is less than this run needs" in short.err
    assert rest["done"] == 3
    assert len(lab.told("b")) == 3


def test_expectations_and_readings_need_no_judge(cli: Cli, lab: Lab) -> None:
    """Held to the same, or coming to the same; nobody but the model is asked."""
    lab.says["b"] = ["It is five."]
    held = document(cli, "--since", "1h", "-m", "cheap", "--expect", "contains:five")
    read = document(cli, "--since", "1h", "-m", "cheap", "--extract", "exact")

    assert lab.told("judge") == []
    assert (held["judged"], held["as_good"], held["better"]) == (3, 3, 2)
    assert (read["judged"], read["as_good"], read["better"]) == (3, 1, 0)
    assert "it comes to" in read["cases"][0]["remarks"][0]


def test_what_cannot_be_replayed_is_counted_and_said(cli: Cli, lab: Lab) -> None:
    """Words that were not kept, comparisons nobody picked from, and prompts asked again later."""
    cli("ask", "-n", "a secret")
    cli("compare", "-m", "dear", "-m", "cheap", "which?")
    cli("ask", "-s", "be brief", "2 + 3?")
    lab.seen.clear()

    found = document(cli, "--since", "1h", "-m", "cheap", "--extract", "exact")

    assert found["skipped"] == {
        "words were kept out of the log": 1,
        "a comparison that nobody picked from": 1,
        "asked again later": 1,
    }
    assert len(lab.told("b")) == 3


def test_a_picked_answer_is_one_to_hold_others_against(cli: Cli, lab: Lab) -> None:
    """A comparison with a pick has one answer."""
    cli("compare", "-m", "dear", "-m", "lab:c", "which?")
    cli("pick", "1")
    run = json.loads(cli("logs", "--json", "-n", "1").out)[0]["run_id"]
    lab.seen.clear()

    found = document(cli, run, "-m", "cheap", "--extract", "exact")

    assert [case["logged_model"] for case in found["cases"]] == ["lab:a"]
    assert found["prompts"] == 1


def test_tags_choose_and_a_seed_draws(cli: Cli, lab: Lab) -> None:
    """`--limit` takes the newest, with a seed the same ones every time."""
    cli("ask", "--tag", "task=sums", "1 + 1?")
    tagged = document(cli, "--tag", "task=sums", "-m", "cheap", "--extract", "exact")
    newest = document(cli, "--limit", "2", "-m", "cheap", "--extract", "exact")
    drawn = [
        document(cli, "--limit", "2", "--seed", "7", "-m", "cheap", "--extract", "exact")
        for _ in range(2)
    ]

    assert [case["prompt"] for case in tagged["cases"]] == ["1 + 1?"]
    assert [case["prompt"] for case in newest["cases"]] == ["1 + 1?", "which colour?"]
    assert drawn[0]["cases"] == drawn[1]["cases"]


def test_a_plan_sends_nothing_and_adds_all_up(cli: Cli, lab: Lab) -> None:
    """The calls of all prompts, and the bounds on their cost."""
    said = cli("replay", "--since", "1h", *JUDGED, "--dry-run")

    assert said.code == 0
    assert "3 x member" in said.out
    assert "6 x judge" in said.out
    assert "nothing was sent" in said.out
    assert lab.seen == []


def test_a_judge_that_fails_leaves_a_prompt_unjudged(cli: Cli, lab: Lab) -> None:
    """It is neither won nor lost, and the report counts it."""
    lab.says["judge"], lab.says["b"] = ["down"], ["No."]
    found = document(cli, "--since", "1h", *JUDGED)
    said = cli("replay", "--since", "1h", *JUDGED)

    assert (found["judged"], found["unjudged"], found["low"]) == (0, 3, None)
    assert "nothing could be held against a logged answer" in said.out


def test_an_answer_that_does_not_come_is_no_loss_of_quality(cli: Cli, lab: Lab) -> None:
    """It is a line of its own and the exit code of the failure."""
    lab.says["b"] = ["down"]
    said = cli("replay", "--since", "1h", "-m", "cheap", "--extract", "exact")

    assert said.code == 1
    assert "3 gave no answer" in said.out
    assert "`lab:b`: 3 answers lost: invalid_request" in said.err


def test_replays_count_in_the_ranking_and_are_not_replayed(cli: Cli, lab: Lab) -> None:
    """Judges' ballots between the logged and the new answer are evidence like any other."""
    document(cli, "--since", "1h", *JUDGED)
    part = json.loads(cli("stats", "--rank", "--json").out)["parts"][0]
    again = document(cli, "--since", "1h", "-m", "cheap", "--extract", "exact")

    models = {one["model"]: one for one in part["rankings"][0]["models"]}
    assert models["lab:a"]["judged"] == models["lab:b"]["judged"] == 6
    assert part["rankings"][0]["prompts"] == 3
    assert again["prompts"] == 3


def test_a_report_may_be_a_file_and_markdown(cli: Cli, lab: Lab, tmp_path: Path) -> None:
    """Both answers whole, fenced in."""
    lab.says["b"] = ["No.\n\n# not a heading"]
    place = tmp_path / "report.md"
    said = cli("replay", "--since", "1h", *JUDGED, "--format", "markdown", "--output", str(place))
    text = place.read_text(encoding="utf-8")

    assert (said.code, said.out) == (0, "")
    assert "# lab:b, replayed" in text
    assert "\n# not a heading" not in text


def test_every_replay_is_a_run_of_the_log(cli: Cli, lab: Lab) -> None:
    """With the call that it is held against as a tag, and shown like any other."""
    document(cli, "--limit", "1", *JUDGED)
    sql = "SELECT name, value FROM run_tags WHERE name = 'replay'"
    tags = dict(rows(cli.home / "data" / "ultra.db", sql))
    run = json.loads(cli("logs", "--json", "-n", "1").out)[0]
    shown = cli("logs", run["run_id"])

    assert run["verb"] == "replay"
    assert run["tags"]["replay"] == tags["replay"]
    assert shown.code == 0


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["-m", "cheap", "--judge", "judge"], "which prompts are to be replayed is not said"),
        (["--since", "1h", "--judge", "judge"], "name it with `-m`"),
        (["--since", "1h", "-m", "cheap"], "nothing says whether an answer is as good"),
        (["--since", "1h", *JUDGED, "--extract", "number"], "several things say"),
        (["--since", "1h", "-m", "cheap", "-m", "dear", "--judge", "judge"], "one model at a time"),
        (["--since", "1h", "-m", "cheap", "--judge", "dear"], "one of the answers is of the judge"),
        (["--since", "1h", "-m", "cheap", "--judge", "cheap"], "name another judge"),
        (["--tag", "task=none", *JUDGED], "there is nothing to replay"),
        (["--since", "soon", *JUDGED], "`--since soon` is no span of time"),
        (["--since", "1h", "--seed", "1", *JUDGED], "`--seed` draws as many as `--limit` says"),
        (["zzzz", *JUDGED], "no run has an id that begins with"),
        (["--since", "1h", *JUDGED, "--format", "csv"], "`--format csv` is not known"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_sent(
    cli: Cli, lab: Lab, argv: list[str], told: str
) -> None:
    """Exit 2, in words."""
    said = cli("replay", *argv)

    assert said.code == 2
    assert told in said.err
    assert lab.seen == []


def test_a_judge_may_be_let_to_judge_its_own(cli: Cli, lab: Lab) -> None:
    """Only if it is said."""
    said = cli("replay", "--limit", "1", "-m", "cheap", "--judge", "dear", "--allow-self-judge")

    assert said.code == 0
