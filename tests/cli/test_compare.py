"""`ultra compare` and `pick` over a loopback server whose models say what the test has them say."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.cli import Cli, served
from tests.support.ledger import rows
from tests.support.process import USAGE, chunk
from tests.support.server import Exchange

PROFILE = """\
version: 1
providers:
  lab: {{protocol: openai-chat, base_url: "{url}/v1", key: none}}
models:
  a: "lab:a"
  b: "lab:b"
  c: "lab:c"
  judge: "lab:judge"
  other: "lab:other-judge"
defaults: {{ask: a, compare: [a, b]}}
retry: {{attempts: 1}}
"""
SHOWN = re.compile(r"<answer-\w+ label=(\w+)>\n(.*?)\n</answer-", re.DOTALL)
ABC = ("-m", "a", "-m", "b", "-m", "c")


class Lab:
    """What each model says, one answer a time; the last one stays. Judges prefer longer answers."""

    def __init__(self) -> None:
        self.says: dict[str, list[str]] = {
            "a": ["Take 400 mg a day."],
            "b": ["Take 4000 mg a day, as said."],
            "c": ["Take 400 mg, daily."],
        }
        self.seen: list[dict[str, Any]] = []

    def told(self, model: str) -> list[dict[str, Any]]:
        """What a model was sent, in order."""
        return [body for body in self.seen if body["model"] == model]

    def shown(self, model: str = "judge") -> list[list[str]]:
        """The texts that a judge was shown, call by call, first to last."""
        sent = [body["messages"][-1]["content"] for body in self.told(model)]
        return [[text for _, text in SHOWN.findall(content)] for content in sent]

    async def __call__(self, exchange: Exchange) -> None:
        body = exchange.seen.json()
        assert isinstance(body, dict)
        self.seen.append(body)
        model = str(body["model"])
        said = None if "response_format" in body else self.says.get(model)
        if self.says.get(model) == ["down"]:
            said = ["down"]
        if said == ["down"]:
            await exchange.json({"error": {"message": "no"}}, status=400)
            return
        turn = len(self.told(model)) - 1
        text = self._judged(body) if said is None else said[min(turn, len(said) - 1)]
        await exchange.sse([chunk(text), chunk(finish="stop"), USAGE])

    def _judged(self, body: dict[str, Any]) -> str:
        shown = dict(SHOWN.findall(body["messages"][-1]["content"]))
        ranked = sorted(shown, key=lambda label: -len(shown[label]))
        fields = body["response_format"]["json_schema"]["schema"]["properties"]
        if "groups" in fields:
            high = [label for label in ranked if "4000" in shown[label]]
            low = [label for label in ranked if label not in high]
            return json.dumps({"groups": [high, low]})
        reviews = [{"label": one, "strengths": ["clear"], "errors": []} for one in ranked]
        if "winner" in fields:
            return json.dumps({"reviews": reviews, "winner": ranked[0]})
        return json.dumps({"reviews": reviews, "ranking": ranked})


@pytest.fixture
def lab(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """Models on loopback, a profile that names them, and a terminal of our own."""
    made = Lab()
    monkeypatch.setenv("ULTRA_SESSION", "here")
    with served(made) as server:
        cli.profile(PROFILE.format(url=server.url))
        yield made


def document(cli: Cli, *argv: str) -> Any:
    return json.loads(cli("compare", *argv, "--json", "how much?").out)


def test_judges_see_both_orders_and_never_a_name(cli: Cli, lab: Lab) -> None:
    """Two answers are a pair; each judge sees it both ways round, and the log keeps the order."""
    found = document(cli, "--judge", "judge", "--judge", "other")

    verdict = found["verdict"]
    assert [sorted(lab.shown(judge)) for judge in ("judge", "other-judge")] == [
        sorted([[lab.says["a"][0], lab.says["b"][0]], [lab.says["b"][0], lab.says["a"][0]]])
    ] * 2
    assert "lab:" not in json.dumps([body["messages"] for body in lab.told("judge")])
    assert verdict["winner"] == verdict["call_ids"][1]
    assert verdict["swap_consistency"] == 1.0
    assert [one["name"] for one in verdict["contenders"]] == ["b", "a"]
    kept = rows(cli.home / "data" / "ultra.db", "SELECT display_order, ranking FROM ballots")
    assert len(kept) == 4
    assert {json.loads(ranking)[0] for _, ranking in kept} == {verdict["call_ids"][1]}
    assert {json.loads(order)[0] for order, _ in kept} == set(verdict["call_ids"])


def test_three_answers_are_shown_in_rotations(cli: Cli, lab: Lab) -> None:
    """Over the rotations each answer stands in each place once."""
    document(cli, *ABC, "--judge", "judge")

    shown = lab.shown()
    assert len(shown) == 3
    assert all(len({order[place] for order in shown}) == 3 for place in range(3))


def test_a_judge_is_recused_from_its_own_answer(cli: Cli, lab: Lab) -> None:
    """The others judge it; the report says so."""
    said = cli("compare", *ABC, "--judge", "c", "--judge", "judge", "how much?")

    assert said.code == 0
    assert "lab:c did not judge c: its own answer" in said.out
    shown = [text for texts in lab.shown("c")[1:] for text in texts]
    assert shown
    assert lab.says["c"][0] not in shown


def test_a_judge_that_fails_costs_its_ballot(cli: Cli, lab: Lab) -> None:
    """Without any ballot nobody is preferred, which is said; the answers are there."""
    lab.says["judge"] = ["down"]

    one = cli("compare", "--judge", "judge", "--judge", "other", "how much?")
    none = cli("compare", "--judge", "judge", "how much?")

    assert (one.code, none.code) == (0, 0)
    assert "winner: b (1 judge, 2 ballots)" in one.out
    assert "a ballot of lab:judge was lost" in one.err
    assert "no ballot was cast, so nobody is preferred" in none.err
    assert "winner" not in none.out


def test_criteria_and_reference_reach_the_judge(cli: Cli, lab: Lab) -> None:
    """As they were typed."""
    cli("compare", "--judge", "judge", "--criteria", "no jargon", "--reference", "400 mg", "x")

    system, user = (message["content"] for message in lab.told("judge")[0]["messages"])
    assert "Judge their answers by: no jargon." in system
    assert "400 mg\n</reference-" in user


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["-m", "a", "--judge", "a"], "against each other, and there is one"),
        (["-m", "a", "-m", "b", "--judge", "a"], "nobody may judge"),
        (["--expect", ""], "no expectation"),
        (["--expect", "contains:"], "says nothing to expect"),
        (["--expect", "regex:("], "is no pattern"),
        (["--expect", "number:many"], "it holds no number"),
        (["--expect", 'schema:{"type": 3}'], "the schema does not hold"),
        (["--extract", "regex:("], "is no pattern"),
        (["--extract", "words"], "says nothing to extract"),
        (["--agree", "0.8"], "has to know what answers come to"),
        (["--agree", "80", "--extract", "number"], "a share above 0 and up to 1"),
        (["-m", "a", "--agree", "0.8", "--extract", "number"], "nobody to agree with"),
        (["--criteria", "no jargon"], "`--criteria` is for judges"),
        (["--reference", "400"], "`--reference` is for judges"),
        (["--duels"], "`--duels` is for judges"),
        (["-m", "a", "--judge", "judge"], "against each other, and there is one"),
        (["--runs", "0"], "`--runs` takes 1 to"),
        (["--diff", "--dissent"], "do not go together"),
        (["--diff", "--json"], "`--diff` is for people"),
        (["--dissent", "--format", "csv"], "`--dissent` is for people"),
        (["--blind", "--json"], "`--blind` shows answers as text"),
        (["--blind", "--events"], "`--blind` shows answers as text"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_sent(
    cli: Cli, lab: Lab, argv: list[str], told: str
) -> None:
    """Exit 2, in words, with no call made."""
    said = cli("compare", *argv, "how much?")

    assert said.code == 2
    assert told in said.err
    assert lab.seen == []


def test_agreement_is_what_answers_come_to(cli: Cli, lab: Lab) -> None:
    """97% alike in words, two of three in what they say: exit 6 above that, 0 at it."""
    low = cli("compare", *ABC, "--extract", "number", "--agree", "0.6", "how much?")
    high = cli("compare", *ABC, "--extract", "number", "--agree", "0.8", "how much?")

    assert (low.code, high.code) == (0, 6)
    assert "67% agree, less than the 80% asked for" in high.err
    assert "numbers that conflict" in high.out
    assert "mass   400 mg   a, c" in high.out
    assert "ANSWER: " in lab.told("a")[0]["messages"][-1]["content"]


def test_a_judge_reads_what_no_extractor_can(cli: Cli, lab: Lab) -> None:
    """It groups the answers; what it prefers is another matter."""
    said = cli("compare", *ABC, "--judge", "judge", "--agree", "0.8", "how much?")

    assert said.code == 6
    assert "67% agree, by judges" in said.out
    assert "lab:judge reads as the same: a, c | b" in said.out or "c, a | b" in said.out


def test_agreement_that_cannot_be_read_is_not_met(cli: Cli, lab: Lab) -> None:
    """A judge that fails is no judge that nods."""
    lab.says["judge"] = ["down"]

    said = cli("compare", *ABC, "--judge", "judge", "--agree", "0.5", "how much?")

    assert said.code == 6
    assert "could not be read" in said.err


def test_an_expectation_that_is_not_met_is_exit_6(cli: Cli, lab: Lab) -> None:
    """Each answer is told with why; met by all, the exit code is 0."""
    unmet = cli("compare", *ABC, "--expect", "contains:400 mg", "how much?")
    met = cli("compare", *ABC, "--expect", "regex:^Take", "--expect", "contains:mg", "how much?")

    assert (unmet.code, met.code) == (6, 0)
    assert "`b` does not meet `contains:400 mg`: it is not in it" in unmet.err
    assert met.err == ""


def test_a_lost_member_is_told_before_what_was_not_met(cli: Cli, lab: Lab) -> None:
    """`compare` promises all; with `--allow-partial` the rest counts."""
    lab.says["b"] = ["down"]
    argv = ("compare", *ABC, "--expect", "contains:grams", "how much?")

    assert cli(*argv).code == 4
    assert cli(*argv, "--allow-partial").code == 6


def test_runs_are_samples_of_each_model(cli: Cli, lab: Lab) -> None:
    """Counted by model, with an interval where there are several."""
    lab.says["a"] = ["391", "391", "7"]

    said = cli("compare", "-m", "a", "--runs", "3", "--expect", "exact:391", "17 * 23?")

    assert said.code == 6
    assert len(lab.told("a")) == 3
    assert re.search(r"a +3 +2 of 3 +0\.21 to 0\.94", said.out)


def test_every_format_tells_what_was_found(cli: Cli, lab: Lab) -> None:
    """And so does the log."""
    argv = ("compare", *ABC, "--judge", "judge", "--extract", "number", "how much?")
    told = {form: cli(*argv, "--format", form).out for form in ("text", "markdown", "html")}
    found = json.loads(cli(*argv, "--json").out)
    logged = cli("logs", "show", found["run_id"]).out
    csv = cli(*argv, "--format", "csv").out.splitlines()

    for out in (*told.values(), logged):
        assert "winner: b (1 judge, 3 ballots)" in out
        assert "one judge on one prompt tells no interval" in out
        assert "lab:judge" in out
    assert found["verdict"]["agreed_on"] == "number"
    assert csv[0].endswith("extracted,score,met,picked,text")
    assert csv[2].split(",")[-6:-2] == ["4 g", "1.0", "", ""]


def test_diff_shows_words_and_nothing_that_is_the_same(cli: Cli, lab: Lab) -> None:
    """As wdiff writes it, against the answer most like the others, else the first."""
    said = cli("compare", "--diff", "how much?")
    page = cli("compare", "--diff", "--format", "markdown", "how much?")

    assert said.out == "b against a:\nTake [-400-] {+4000+} mg a day{+, as said+}.\n"
    assert "Take ~~400~~ **4000** mg a day**, as said**" in page.out


def test_dissent_shows_who_departs_from_most(cli: Cli, lab: Lab) -> None:
    """Whole answers where they were read, sentences where not."""
    read = cli("compare", *ABC, "--extract", "number", "--dissent", "how much?")
    lab.says = {"a": ["One. Two."], "b": ["One. Three."], "c": ["One. Two."]}
    unread = cli("compare", *ABC, "--dissent", "how much?")
    lab.says["b"] = ["One. Two."]
    none = cli("compare", *ABC, "--dissent", "how much?")

    assert read.out == "b:\nTake 4000 mg a day, as said.\n"
    assert unread.out == "b:\nThree.\n"
    assert none.out == "nobody dissents\n"


def test_blind_hides_the_names_until_one_is_picked(cli: Cli, lab: Lab) -> None:
    """In a pipe there are labels only; the pick tells whose it was and is marked as blind."""
    lab.says = {name: [f"answer of {name}"] for name in "abc"}
    said = cli("compare", *ABC, "--blind", "how much?")

    labels = dict(re.findall(r"=== (\w) ===\n\nanswer of (\w)", said.out))
    assert sorted(labels) == ["A", "B", "C"]
    assert sorted(labels.values()) == ["a", "b", "c"]
    assert "lab" not in said.out + said.err
    assert "ultra pick LABEL" in said.err

    assert cli("pick", "b").out == "b\n" if labels["B"] == "b" else True
    picked = cli("pick", "B")

    assert picked.out == f"{labels['B']}\n"
    assert rows(cli.home / "data" / "ultra.db", "SELECT blind FROM picks") == [(1,)]


def test_a_pick_goes_on_as_one_branch(cli: Cli, lab: Lab) -> None:
    """The model that was picked is asked, and is sent nothing of the other answers."""
    cli("compare", "how much?")
    refused = cli("ask", "-c", "and then?")

    assert cli("pick", "2").out == "b\n"
    first = cli("ask", "-c", "and then?")
    cli("ask", "-c", "sure?")

    assert refused.code == 2
    assert "`ultra pick N` says which it is" in refused.err
    assert first.code == 0
    turns = [message["content"] for message in lab.told("b")[-1]["messages"]]
    answer = lab.says["b"][0]
    assert turns == ["how much?", answer, "and then?", answer, "sure?"]
    assert len(lab.told("a")) == 1


def test_all_answers_go_on_each_from_its_own(cli: Cli, lab: Lab) -> None:
    """What comes is a comparison again, to pick from or to go on with."""
    cli("compare", "how much?")

    said = cli("ask", "-c", "--all", "and then?")
    cli("ask", "-c", "--all", "-s", "be brief", "sure?")

    assert said.code == 0
    for model in ("a", "b"):
        answer = lab.says[model][0]
        turns = [message["content"] for message in lab.told(model)[-1]["messages"]]
        assert turns == ["be brief", "how much?", answer, "and then?", answer, "sure?"]
    assert cli("pick", "1").out == "a\n"


def test_who_goes_on_is_still_whom_the_profile_names(cli: Cli, lab: Lab) -> None:
    """With its price and its options; a name that has come to mean another model is not taken."""
    own = "{model: 'lab:a', price: {input_per_mtok: 1, output_per_mtok: 2}, options: {seed: 5}}"
    profile = cli.home / "config" / "ultra.yaml"
    written = profile.read_text()
    profile.write_text(written.replace("models:\n", f"models:\n  mine: {own}\n", 1))
    cli("ask", "-m", "mine", "how much?")

    cli("ask", "-c", "and then?")
    profile.write_text(written.replace("models:\n", "models:\n  mine: lab:b\n", 1))
    cli("ask", "-c", "sure?")

    assert [body.get("seed") for body in lab.told("a")] == [5, 5, None]
    assert lab.told("b") == []
    costs = rows(cli.home / "data" / "ultra.db", "SELECT cost_nano FROM attempts ORDER BY rowid")
    assert [cost is None for (cost,) in costs] == [False, False, True]


def test_what_was_said_before_counts_in_the_estimate(cli: Cli, lab: Lab) -> None:
    """Each model is sent its own turns again."""
    long = "how much? " * 200
    cli("compare", long)

    before = json.loads(cli("compare", "--dry-run", "--json", "and?").out)["calls"]
    after = json.loads(cli("ask", "-c", "--all", "--dry-run", "--json", "and?").out)["calls"]

    assert [call["input_tokens"] > 400 for call in before] == [False, False]
    assert [call["input_tokens"] > 400 for call in after] == [True, True]
    assert len(lab.seen) == 2


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--all", "x"], "says whom to continue"),
        (["-c", "--all", "-m", "a", "x"], "as they are"),
    ],
)
def test_all_is_refused_where_it_means_nothing(
    cli: Cli, lab: Lab, argv: list[str], told: str
) -> None:
    """Before anything is sent."""
    said = cli("ask", *argv)

    assert (said.code, lab.seen) == (2, [])
    assert told in said.err


def test_all_needs_a_comparison(cli: Cli, lab: Lab) -> None:
    """One answer is continued without it."""
    cli("ask", "how much?")

    said = cli("ask", "-c", "--all", "and?")

    assert said.code == 2
    assert "leave out `--all`" in said.err


def test_a_pick_that_is_none_is_refused(cli: Cli, lab: Lab) -> None:
    """With what there is to pick from."""
    lab.says["b"] = ["down"]
    assert "nothing was compared in this terminal yet" in cli("pick", "1").err
    cli("compare", "-m", "a", "-m", "a", "-m", "b", "how much?")

    assert "has no answer `9`" in cli("pick", "9").err
    assert "`a` gave several answers" in cli("pick", "a").err
    assert "`b` gave no whole answer (error)" in cli("pick", "b").err
    assert cli("pick", "2").code == 0
    cli("ask", "how much?")
    last = json.loads(cli("logs", "--json", "-n", "1").out)[0]["run_id"]
    assert "compared nothing" in cli("pick", "1", last).err


def test_words_that_were_not_kept_cannot_be_continued(cli: Cli, lab: Lab) -> None:
    """The pick is kept all the same."""
    cli("compare", "-n", "how much?")

    assert cli("pick", "1").code == 0
    assert "kept out of the log" in cli("ask", "-c", "and?").err
    assert "kept out of the log" in cli("ask", "-c", "--all", "and?").err
