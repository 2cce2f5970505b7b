"""The command line over simulated models, judges and writers: what is set is what is reported."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Cli
from tests.support.simulation import tolerance

PROFILE = """\
version: 1
environment: testing
providers:
  sim: {{protocol: simulated, options: {{verbosity: 8}}}}
models:
  good: {{model: "sim:good", options: {{quality: 2, claims: 3, latency_s: {first}}}}}
  fair: {{model: "sim:fair", options: {{quality: 1, claims: 3}}}}
  weak: {{model: "sim:weak", options: {{quality: 0, claims: 3, latency_s: {last}}}}}
  vain: {{model: "sim:vain", options: {{quality: 0, kappa: 100}}}}
  wrong: {{model: "sim:wrong", options: {{accuracy: 0, n_wrong: 1}}}}
  lost: {{model: "sim:lost", options: {{accuracy: 0, n_wrong: 1}}}}
  judge: {{model: "sim:judge", options: {{beta: 100}}}}
  swayed: {{model: "sim:swayed", options: {{gamma: 100}}}}
  strict: {{model: "sim:strict", options: {{beta: 100}}}}
  broken: {{model: "sim:broken", options: {{p_badjson: 1}}}}
  honest: {{model: "sim:honest"}}
  liar: {{model: "sim:liar", options: {{p_invent: 1}}}}
groups: {{all: [good, fair, weak]}}
defaults: {{ask: good, compare: "@all", synthesizer: honest, judge: judge}}
cache: {{enabled: true}}
"""
"""With a cache, orders and fences are drawn from the prompt, the same in every run."""

ALL = ("-m", "@all")
SUM = "What is 412 + 7?"


@pytest.fixture(autouse=True)
def _profile(cli: Cli) -> None:
    cli.profile(PROFILE.format(first=0, last=0))


def told(cli: Cli, *argv: str, code: int = 0) -> dict[str, Any]:
    """The JSON document of a command that ends with this code."""
    said = cli(*argv, "--json")
    assert said.code == code, said.err
    found = json.loads(said.out)
    assert isinstance(found, dict)
    return found


def names(document: dict[str, Any]) -> dict[str, str]:
    """Who made each call."""
    return {call["call_id"]: call["name"] for call in document["calls"]}


def test_a_judge_ranks_by_the_quality_that_is_set(cli: Cli) -> None:
    """Whatever the order shown; the best one wins and every ballot is consistent."""
    document = told(cli, "compare", *ALL, "--judge", "judge", "Name a risk.")

    verdict, who = document["verdict"], names(document)
    assert [who[one["call_id"]] for one in verdict["standings"]] == ["good", "fair", "weak"]
    assert [one["score"] for one in verdict["standings"]] == [1.0, 0.5, 0.0]
    assert verdict["swap_consistency"] == 1.0
    assert len({tuple(one["display_order"]) for one in verdict["ballots"]}) == 3


def test_a_judge_who_goes_by_the_order_prefers_nobody(cli: Cli) -> None:
    """Both orders cancel out, and the report says that no pair was judged alike."""
    document = told(cli, "compare", "-m", "good", "-m", "weak", "--judge", "swayed", "Name a risk.")

    assert [one["score"] for one in document["verdict"]["standings"]] == [0.5, 0.5]
    assert document["verdict"]["swap_consistency"] == 0.0


def test_a_judge_who_cannot_write_json_leaves_no_ballot(cli: Cli) -> None:
    """Asked twice for each order, then told as lost; the answer is a member's, and degraded."""
    document = told(cli, "ask", *ALL, "--strategy", "best-of", "--judge", "broken", "Name a risk.")

    spoken = [call for call in document["calls"] if call["role"] == "judge"]
    assert len(spoken) == 6
    assert document["degraded"]
    assert any("a ballot of sim:broken was lost" in reason for reason in document["reasons"])
    assert document["answer"] in [call["text"] for call in document["calls"][:3]]


@pytest.mark.parametrize(
    ("flags", "winner"), [((), "good"), (("--allow-self-judge",), "vain")], ids=["recused", "let"]
)
def test_a_vain_judge_wins_only_where_it_may_judge_itself(
    cli: Cli, flags: tuple[str, ...], winner: str
) -> None:
    """Recused from its own answer, it ranks the others by what they are."""
    members = ("-m", "vain", "-m", "good", "-m", "weak")
    judges = ("--judge", "vain", *(() if flags else ("--judge", "judge")))

    document = told(cli, "ask", *members, "--strategy", "best-of", *judges, *flags, "Name a risk.")

    assert document["provenance"] == [f"sim:{winner}"]


@pytest.mark.parametrize(
    ("voters", "answer"),
    [(("good", "fair", "wrong"), "419"), (("good", "wrong", "lost"), "420")],
    ids=["most are right", "most err alike"],
)
def test_a_vote_is_as_right_as_most_voters(cli: Cli, voters: tuple[str, ...], answer: str) -> None:
    """Errors that are shared win."""
    members = [word for name in voters for word in ("-m", name)]

    document = told(cli, "ask", *members, "--strategy", "vote", "--extract", "number", SUM)

    assert document["answer"] == answer
    assert document["verdict"]["share"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(("writer", "invents"), [("honest", False), ("liar", True)])
def test_what_the_writer_invents_is_warned_of(cli: Cli, writer: str, invents: bool) -> None:
    """Each number that no member stated, and only those."""
    words = ("ask", *ALL, "--strategy", "fusion", "--synthesizer", writer, "Name a risk.")

    document = told(cli, *words)
    warned = cli(*words).err

    listed = (document["verdict"] or {}).get("unsupported_tokens", [])
    texts = (call["text"] for call in document["calls"] if call["role"] == "member")
    stated = re.findall(r"\d+", " ".join(texts))
    assert bool(listed) == invents
    assert not {token.replace(",", "") for token in listed} & set(stated)
    assert all(token in document["answer"] and token in warned for token in listed)


STRATEGIES = {
    "fusion": ALL,
    "vote": (*ALL, "--extract", "number"),
    "usc": ALL,
    "best-of": (*ALL, "--judge", "judge"),
    "council": ALL,
    "moa": (*ALL, "--layers", "3"),
    "cascade": (*ALL, "--judge", "judge"),
    "debate": (*ALL, "--extract", "number"),
    "pipeline": ("-m", "good", "--judge", "judge", "--judge", "strict"),
}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_who_is_slow_changes_nothing_that_is_said(cli: Cli, strategy: str) -> None:
    """The same seed gives the same calls and the same answer, in whatever order they end."""
    words = ("ask", *STRATEGIES[strategy], "--strategy", strategy, SUM)
    texts = []
    for first, last in ((0, 0), (0.03, 0), (0, 0.03)):
        shutil.rmtree(cli.home / "data", ignore_errors=True)
        cli.profile(PROFILE.format(first=first, last=last))
        document = told(cli, *words)
        told_to = sorted(
            (call["role"], call["name"], call["text"], call["usage"]["text_input_tokens"])
            for call in document["calls"]
        )
        texts.append((document["answer"], document["reasons"], told_to))

    assert texts[0] == texts[1] == texts[2]
    assert texts[0][0] == "419"


ACCURACIES = {"sharp": 0.9, "usual": 0.7, "dull": 0.4}
PRICED = """\
version: 1
environment: testing
providers:
  sim: {protocol: simulated}
models:
""" + "".join(
    f'  {name}: {{model: "sim:{name}", options: {{accuracy: {share}}},'
    " price: {input_per_mtok: 1, output_per_mtok: 2}}\n"
    for name, share in ACCURACIES.items()
)


def test_a_file_of_prompts_finds_how_often_each_is_right_and_what_it_cost(
    cli: Cli, tmp_path: Path
) -> None:
    """Within three standard errors of what is set, and to the nano-dollar of the tokens."""
    count = 200
    rows = [f"What is {100 + at} * 7?,{(100 + at) * 7}" for at in range(count)]
    asked = tmp_path / "sums.csv"
    asked.write_text("\n".join(["prompt,expected", *rows]) + "\n", encoding="utf-8")
    cli.profile(PRICED)
    members = [word for name in ACCURACIES for word in ("-m", name)]

    document = told(cli, "compare", *members, "--prompts", str(asked), code=6)

    for model in document["models"]:
        share = ACCURACIES[model["name"]]
        assert model["checked"] == count
        assert model["accuracy"] == pytest.approx(share, abs=tolerance(share, count))
        assert model["low"] <= model["accuracy"] <= model["high"]
        # Five words in are seven tokens, one word out is one.
        assert (model["input_tokens"], model["output_tokens"]) == (7 * count, count)
        assert model["cost_nano"] == count * (7 * 1_000 + 2_000)
    assert document["cost_nano"] == 3 * count * 9_000


DUELS = """\
version: 1
environment: testing
providers:
  sim: {protocol: simulated, options: {verbosity: 1}}
models:
  better: {model: "sim:better", options: {quality: 1}}
  worse: {model: "sim:worse", options: {quality: 0}}
  swayed: {model: "sim:swayed", options: {beta: 1, gamma: 1.5}}
cache: {enabled: true}
"""


def test_the_ranking_tells_strength_from_being_shown_first(cli: Cli, tmp_path: Path) -> None:
    """A lead of 1.0 and an order effect of 1.5 are what the log's ballots come to."""
    asked = tmp_path / "risks.txt"
    asked.write_text("".join(f"Name risk {at}.\n" for at in range(400)), encoding="utf-8")
    cli.profile(DUELS)
    members = ("-m", "better", "-m", "worse")

    told(cli, "compare", *members, "--judge", "swayed", "--prompts", str(asked))
    ranking = told(cli, "stats", "--rank")["parts"][0]["rankings"][0]

    first, second = ranking["models"]
    assert (first["model"], second["model"]) == ("sim:better", "sim:worse")
    assert first["judged"] == second["judged"] == 800
    assert first["preferred"] == pytest.approx(0.651, abs=0.042)
    assert first["strength"] - second["strength"] == pytest.approx(1.0, abs=0.32)
    assert ranking["order_effect"] == pytest.approx(1.5, abs=0.32)
    assert first["low"] < first["strength"] < first["high"]
