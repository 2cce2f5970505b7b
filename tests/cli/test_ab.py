"""`ultra ab` over simulated worlds with known truths, and over a server that counts who asked."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Cli, served
from tests.support.ledger import rows
from tests.support.process import UNMEASURED, USAGE, chunk
from tests.support.server import Exchange

WORLD = """\
version: 1
environment: development
providers:
  sim: {protocol: simulated}
models:
  weak:
    model: sim:weak
    price: {input_per_mtok: 0.1, output_per_mtok: 0.4}
    options: {seed: 1, accuracy: 0.5}
  strong:
    model: sim:strong
    price: {input_per_mtok: 1, output_per_mtok: 4}
    options: {seed: 2, accuracy: 0.95}
  fair: {model: "sim:fair", options: {seed: 3, accuracy: 0.7}}
  even: {model: "sim:even", options: {seed: 8, accuracy: 0.7}}
  sure: {model: "sim:sure", options: {seed: 5, accuracy: 1.0}}
  safe: {model: "sim:safe", options: {seed: 6, accuracy: 1.0}}
  judge: {model: "sim:judge", options: {seed: 7, beta: 6.0, gamma: 1.0}}
groups: {both: [weak, strong]}
ensembles:
  panel: {strategy: vote, members: [sure, safe, strong], extract: number}
"""
LAB = """\
version: 1
providers:
  lab: {{protocol: openai-chat, base_url: "{url}/v1", key: none, limits: {{concurrency: 4}}}}
models:
  right: {{model: "lab:right", price: {{input_per_mtok: 100.0, output_per_mtok: 100.0}}}}
  wrong: {{model: "lab:wrong", price: {{input_per_mtok: 100.0, output_per_mtok: 100.0}}}}
  judge: "lab:judge"
retry: {{attempts: 1}}
breaker: {{failures: 1000}}
"""
ARMS = ("-m", "right", "-m", "wrong")
_WHOLE = """SELECT c.model, r.prompt FROM calls c JOIN runs r ON r.run_id = c.run_id
JOIN attempts a ON a.call_id = c.call_id WHERE a.status = 'ok'"""


class Lab:
    """`right` adds up, `wrong` is one too high; judges like the shorter answer, or the first."""

    def __init__(self) -> None:
        self.asked: Counter[tuple[str, str]] = Counter()
        self.order: list[str] = []
        self.systems: dict[str, list[str]] = {}
        self.failing: dict[tuple[str, str], int] = {}
        self.stop_after: int | None = None
        self.stop: Callable[[], None] = lambda: os.kill(os.getpid(), signal.SIGINT)
        self.judged: list[list[str]] = []
        self.unjudged = ""

    async def __call__(self, exchange: Exchange) -> None:
        body = exchange.seen.json()
        assert isinstance(body, dict)
        model, prompt = str(body["model"]), str(body["messages"][-1]["content"])
        prompt = prompt.partition("\n")[0]
        if model == "judge":
            await self._judge(exchange, body)
            return
        self.asked[model, prompt] += 1
        self.order.append(model)
        self.systems.setdefault(prompt, []).extend(
            one["content"] for one in body["messages"] if one["role"] == "system"
        )
        if self.stop_after is not None and self.calls > self.stop_after:
            if self.calls == self.stop_after + 1:  # a second signal would end the tests
                self.stop()
            await exchange.stall()
            return
        status = self.failing.get((model, prompt)) or self.failing.get((model, ""))
        if status:
            await exchange.json({"error": {"message": "no"}}, status=status)
            return
        said = str(sum(map(int, prompt.split("+"))) + (model == "wrong"))
        await exchange.sse([chunk(said), chunk(finish="stop"), USAGE])

    async def _judge(self, exchange: Exchange, body: dict[str, Any]) -> None:
        texts = [one["content"] for one in body["messages"]]
        sent = "".join(texts[1:])
        self.judged.append(texts)
        labels = [part.partition(">")[0] for part in sent.split(" label=")[1:]]
        said = json.dumps({"reviews": [], "winner": labels[0]})
        if self.unjudged and self.unjudged in sent:
            said = "no JSON"
        await exchange.sse([chunk(said), chunk(finish="stop"), USAGE])

    @property
    def calls(self) -> int:
        return sum(self.asked.values())


@pytest.fixture
def lab(cli: Cli) -> Iterator[Lab]:
    made = Lab()
    with served(made) as server:
        cli.profile(LAB.format(url=server.url))
        yield made


@pytest.fixture
def world(cli: Cli) -> Cli:
    cli.profile(WORLD)
    return cli


def sums(folder: Path, count: int, name: str = "sums.csv") -> str:
    """A file of sums with what they come to, each asked of the server as `3+4`."""
    rng = random.Random(1)
    path = folder / name
    lines = [(rng.randrange(100, 999), place) for place in range(count)]
    body = "".join(f"{one}+{other},{one + other}\n" for one, other in lines)
    path.write_text("prompt,expected\n" + body, encoding="utf-8")
    return str(path)


def products(folder: Path, count: int) -> str:
    """A file of products that simulated models know, with what they come to."""
    path = folder / "products.csv"
    lines = (
        f"What is {place + 11} * {place + 3}?,{(place + 11) * (place + 3)}"
        for place in range(count)
    )
    path.write_text("\n".join(("prompt,expected", *lines)) + "\n", encoding="utf-8")
    return str(path)


def found(cli: Cli, *argv: str, code: int = 0) -> Any:
    said = cli("ab", "run", *argv, "--json", "--yes")
    assert said.code == code, said.err
    return json.loads(said.out)


def test_a_world_in_which_b_is_better(world: Cli, tmp_path: Path) -> None:
    """The verdict, and every figure that must stand beside it."""
    report = found(
        world,
        "one",
        "-m",
        "weak",
        "-m",
        "strong",
        "--prompts",
        products(tmp_path, 100),
        "--expect",
        "number",
    )

    a, b = report["arms"]
    assert (report["verdict"], report["stage"]) == ("B", "done")
    assert (report["pairs"], report["planned"]) == (100, 100)
    assert a["mean"] < 0.7 < b["mean"]
    assert report["difference"] == pytest.approx(a["mean"] - b["mean"])
    assert report["low"] < report["difference"] < report["high"] < 0.0
    assert report["p"] < 0.001
    assert 0.0 < report["detectable"] < 0.4
    assert 0 < a["cost_nano"] < b["cost_nano"]
    assert report["only_a"] < report["only_b"]
    assert report["registration"]["simulated"] is True
    text = world("ab", "show", "one").out
    for word in (
        "one (simulated): B (strong) passes more often than A (weak)",
        "b (A did better)",
        "c (B did better)",
        "difference A - B",
        "95% interval",
        "(Bonett-Price)",
        "(Wilson)",
        "exact McNemar",
        "found at 80% power",
        "100 prompts of 100",
        "0 of 100",
    ):
        assert word in text
    assert "| c (B did better) |" in world("ab", "show", "one", "--format", "markdown").out


def test_arms_that_are_alike_are_never_told_apart_by_a_p(world: Cli, tmp_path: Path) -> None:
    """Two fair models: `inconclusive`, which is not `the same`; two sure ones are `equivalent`."""
    file = products(tmp_path, 100)
    unsure = found(
        world, "unsure", "-m", "fair", "-m", "even", "--prompts", file, "--expect", "number"
    )
    sure = found(world, "sure", "-m", "sure", "-m", "safe", "--prompts", file, "--expect", "number")

    assert (unsure["verdict"], sure["verdict"]) == ("inconclusive", "equivalent")
    assert sure["p"] == 1.0
    assert "equivalent" not in world("ab", "show", "unsure").out
    assert "within 10 points" in world("ab", "show", "sure").out


def test_a_sequential_one_stops_early_and_stops_spending(
    cli: Cli, lab: Lab, tmp_path: Path
) -> None:
    """Seven prompts are enough for what all would show; what was under way is the only waste."""
    report = found(cli, "early", *ARMS, "--prompts", sums(tmp_path, 200), "--sequential")

    assert (report["verdict"], report["pairs"], report["only_a"]) == ("A", 7, 7)
    assert report["e"] >= 20.0
    assert lab.calls <= 2 * (7 + 4)
    calls = lab.calls
    assert found(cli, "early")["verdict"] == "A"
    assert lab.calls == calls


def test_judges_see_both_orders_of_every_pair(cli: Cli, lab: Lab, tmp_path: Path) -> None:
    """One that always names the first is worth nothing: every pair is a tie."""
    report = found(cli, "liked", *ARMS, "--prompts", sums(tmp_path, 12), "--judge", "judge")

    assert len(lab.judged) == 24
    assert (report["only_a"], report["only_b"]) == (0, 0)
    assert [arm["mean"] for arm in report["arms"]] == [0.5, 0.5]
    assert report["verdict"] == "equivalent"
    assert report["judging_nano"] is None
    assert "lab:judge: unknown" in cli("ab", "show", "liked").out


def test_a_judge_with_quality_in_view_prefers_the_better(world: Cli, tmp_path: Path) -> None:
    """Although it also favours whoever stands first."""
    report = found(
        world,
        "liked",
        "-m",
        "weak",
        "-m",
        "strong",
        "--prompts",
        products(tmp_path, 80),
        "--judge",
        "judge",
    )

    assert report["verdict"] == "B"
    assert report["registration"]["test"] == "sign-flip permutation"
    assert report["registration"]["judge_models"] == ["sim:judge"]


def test_a_pair_that_lost_a_ballot_is_missing_and_asked_again(
    cli: Cli, lab: Lab, tmp_path: Path
) -> None:
    """One order alone favours whoever stood first."""
    file = sums(tmp_path, 12)
    lab.unjudged = Path(file).read_text().splitlines()[1].partition(",")[0]
    report = found(cli, "liked", *ARMS, "--prompts", file, "--judge", "judge", code=4)

    assert report["verdict"] == "inconclusive (missing data)"
    assert "ballots are missing" in report["losses"]
    lab.unjudged = ""
    assert found(cli, "liked")["verdict"] == "equivalent"
    assert set(lab.asked.values()) == {1}


def test_each_arm_is_told_its_own(cli: Cli, lab: Lab, tmp_path: Path) -> None:
    """The same model asked two ways; the judge is shown neither way, and the order is drawn."""
    file = sums(tmp_path, 12)
    report = found(
        cli,
        "brief",
        "-m",
        "right",
        "--system-a",
        "Be long.",
        "--system-b",
        "Be brief.",
        "--option-b",
        "temperature",
        "0",
        "--prompts",
        file,
        "--judge",
        "judge",
    )

    assert [arm["name"] for arm in report["arms"]] == ["right", "right"]
    assert {tuple(sorted(told)) for told in lab.systems.values()} == {("Be brief.", "Be long.")}
    assert len({tuple(told) for told in lab.systems.values()}) == 2
    assert not any("Be brief." in text for texts in lab.judged for text in texts)
    assert report["registration"]["design"]["b"]["options"] == ["temperature=0"]


def test_an_ensemble_can_be_an_arm(world: Cli, tmp_path: Path) -> None:
    report = found(
        world,
        "panel",
        "-m",
        "weak",
        "-m",
        "panel",
        "--prompts",
        products(tmp_path, 60),
        "--expect",
        "number",
    )

    assert report["verdict"] == "B"
    assert report["arms"][1]["models"] == ["sim:sure", "sim:safe", "sim:strong"]


def test_what_so_many_prompts_can_find_is_said_before_anything_is_sent(
    cli: Cli, lab: Lab, tmp_path: Path
) -> None:
    """Twenty find giants only; a dry run says so and what it costs, and registers nothing."""
    file = sums(tmp_path, 20)
    planned = cli("ab", "run", "few", *ARMS, "--prompts", file, "--dry-run")

    assert planned.code == 0
    assert "38.3 points or more, if the arms part on 40% of prompts" in planned.out
    assert "no difference at all, if the arms part on 20% of prompts" in planned.out
    assert "20 prompts, 40 answers to ask for: about $" in planned.out
    plan = json.loads(cli("ab", "run", "few", *ARMS, "--prompts", file, "--dry-run", "--json").out)
    assert (plan["type"], plan["prospect"]["answers"]) == ("ab_plan", 40)
    assert plan["prospect"]["finds"]["0.2"] is None
    assert lab.calls == 0
    assert cli("ab", "list").out == ""
    said = cli("ab", "run", "few", *ARMS, "--prompts", file)
    assert "20 prompts can only find giants" in said.err


def test_a_registration_is_never_changed(cli: Cli, lab: Lab, tmp_path: Path) -> None:
    """Neither by flags nor by the file; nothing is sent."""
    file = sums(tmp_path, 8)
    found(cli, "fixed", *ARMS, "--prompts", file)
    calls = lab.calls

    for flags in (
        ("-m", "wrong", "-m", "right"),
        (*ARMS, "--alpha", "0.1"),
        (*ARMS, "--sequential"),
        (*ARMS, "--size", "4"),
        (*ARMS, "--mde", "0.2"),
        (*ARMS, "--metric", "latency"),
    ):
        said = cli("ab", "run", "fixed", *flags, "--prompts", file)
        assert (said.code, said.out) == (2, "")
        assert "was registered otherwise" in said.err
    said = cli("ab", "run", "fixed", "--alpha", "0.1")
    assert (said.code, said.out) == (2, "")
    assert "`ultra ab run fixed` alone goes on with it" in said.err
    Path(file).write_text("prompt,expected\n1+1,2\n", encoding="utf-8")
    assert "has changed since" in cli("ab", "run", "fixed").err
    assert cli("ab", "run", "fixed", *ARMS, "--prompts", file).code == 2
    assert lab.calls == calls


def test_it_goes_on_after_ctrl_c_and_pays_for_nothing_twice(
    cli: Cli, lab: Lab, tmp_path: Path
) -> None:
    """A whole answer of a pair that was cut is used; until the end nothing tells how it goes."""
    file = sums(tmp_path, 30)
    lab.stop_after = 21
    stopped = cli("ab", "run", "cut", *ARMS, "--prompts", file, "--json")

    assert stopped.code == 130
    report = json.loads(stopped.out)
    assert (report["stage"], report["verdict"], report["p"]) == ("unfinished", None, None)
    assert "`ultra ab run cut` goes on" in stopped.err
    assert "no verdict yet" in cli("ab", "show", "cut").out
    whole = set(rows(cli.home / "data" / "ultra.db", _WHOLE))
    lab.stop_after = None
    lab.asked.clear()

    assert found(cli, "cut")["verdict"] == "A"
    assert len(whole) > 10
    assert not whole & set(lab.asked)
    assert len(whole) + lab.calls == 60


def test_a_kill_loses_nothing_that_was_whole(cli: Cli, lab: Lab, tmp_path: Path) -> None:
    """Another process is killed outright; this one goes on from what is on record."""
    file = sums(tmp_path, 30)
    lab.stop_after = 21
    process: list[subprocess.Popen[bytes]] = []

    def kill() -> None:
        process[0].kill()

    lab.stop = kill
    process.append(
        subprocess.Popen(
            [sys.executable, "-m", "ultra", "ab", "run", "cut", *ARMS, "--prompts", file],
            env={**os.environ, **UNMEASURED, "ULTRA_HOME": str(cli.home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    )
    assert process[0].wait(60) == -signal.SIGKILL
    whole = set(rows(cli.home / "data" / "ultra.db", _WHOLE))
    lab.stop_after = None
    lab.asked.clear()

    assert found(cli, "cut")["verdict"] == "A"
    assert len(whole) > 10
    assert not whole & set(lab.asked)
    assert len(whole) + lab.calls == 60


def test_two_processes_never_carry_out_the_same(cli: Cli, lab: Lab, tmp_path: Path) -> None:
    """The second one sends nothing; it may look."""
    file = sums(tmp_path, 5)
    begun = threading.Event()
    lab.stop_after, lab.stop = 0, begun.set
    with subprocess.Popen(
        [sys.executable, "-m", "ultra", "ab", "run", "twice", *ARMS, "--prompts", file],
        env={**os.environ, **UNMEASURED, "ULTRA_HOME": str(cli.home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as other:
        try:
            assert begun.wait(60)
            said = cli("ab", "run", "twice")
        finally:
            other.kill()

    assert said.code == 2
    assert "is under way in another process" in said.err


def test_what_failed_by_a_fault_that_heals_is_asked_again(
    cli: Cli, lab: Lab, tmp_path: Path
) -> None:
    """And nothing else is: the other arm's answer to the same prompt is there."""
    file = sums(tmp_path, 20)
    prompts = [line.partition(",")[0] for line in Path(file).read_text().splitlines()[1:4]]
    lab.failing = {("wrong", prompt): 503 for prompt in prompts}
    report = found(cli, "heals", *ARMS, "--prompts", file, code=4)

    assert report["verdict"] == "inconclusive (missing data)"
    assert [arm["missing"] for arm in report["arms"]] == [0, 3]
    lab.failing = {}
    lab.asked.clear()
    assert found(cli, "heals")["verdict"] == "A"
    assert lab.asked == Counter({("wrong", prompt): 1 for prompt in prompts})


@pytest.mark.parametrize(("status", "code"), [(503, 75), (400, 1), (401, 3)])
def test_an_experiment_that_nobody_answers_fails_as_its_calls_do(
    cli: Cli, lab: Lab, tmp_path: Path, status: int, code: int
) -> None:
    lab.failing = {("right", ""): status, ("wrong", ""): status}

    said = cli("ab", "run", "down", *ARMS, "--prompts", sums(tmp_path, 6))

    assert said.code == code


def test_a_budget_ends_it_and_it_goes_on_with_another(cli: Cli, lab: Lab, tmp_path: Path) -> None:
    file = sums(tmp_path, 10)
    said = cli(
        "ab", "run", "dear", *ARMS, "--prompts", file, "--max-tokens", "10", "--max-cost", "0.012"
    )

    assert said.code == 5
    assert 0 < lab.calls < 20
    assert "ultra ab run dear" in said.err
    assert found(cli, "dear")["verdict"] == "A"
    assert lab.calls == 20


def test_repeats_and_sizes(cli: Cli, lab: Lab, tmp_path: Path) -> None:
    """Some of the prompts, drawn, each asked so often; the prompt stays the unit."""
    report = found(
        cli, "often", *ARMS, "--prompts", sums(tmp_path, 30), "--size", "6", "--repeats", "3"
    )

    assert set(lab.asked.values()) == {3}
    assert len(lab.asked) == 12
    assert (report["pairs"], report["only_a"]) == (6, 6)
    assert report["registration"]["test"] == "sign-flip permutation"


def test_time_and_money(world: Cli, tmp_path: Path) -> None:
    """Less is better; both are told in their own unit."""
    file = products(tmp_path, 30)
    cost = found(
        world,
        "cost",
        "-m",
        "weak",
        "-m",
        "strong",
        "--prompts",
        file,
        "--metric",
        "cost",
        "--mde",
        "0.000001",
    )

    assert (cost["verdict"], cost["registration"]["better"]) == ("A", "lower")
    assert "A (weak) is cheaper than B (strong)" in world("ab", "show", "cost").out
    time = found(
        world,
        "time",
        "-m",
        "weak",
        "-m",
        "strong",
        "--prompts",
        file,
        "--metric",
        "latency",
        "--option-b",
        "latency_s",
        "0.4",
    )
    assert time["verdict"] == "A"
    assert "% time" in world("ab", "show", "time").out


def test_every_pair_is_a_run_that_can_be_found(cli: Cli, lab: Lab, tmp_path: Path) -> None:
    """By the tag; its figures outlive it."""
    found(cli, "kept", *ARMS, "--prompts", sums(tmp_path, 3))

    assert len(json.loads(cli("logs", "--tag", "ab=kept", "-n", "0", "--json").out)) == 3
    assert {verb for (verb,) in rows(cli.home / "data" / "ultra.db", "SELECT verb FROM runs")} == {
        "ab"
    }
    cli("logs", "prune", "--keep", "0", "--yes")
    assert json.loads(cli("ab", "show", "kept", "--json").out)["pairs"] == 3
    assert [one["name"] for one in json.loads(cli("ab", "--json").out)["experiments"]] == ["kept"]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("-m", "right"), "A and B are the same"),
        ((*ARMS, "-m", "right"), "two arms, not 3"),
        ((), "two arms, not 0"),
        (("-m", "right", "-m", "nobody"), "nobody"),
        ((*ARMS, "--metric", "beauty"), "`--metric beauty` is not known"),
        ((*ARMS, "--metric", "preference"), "what judges say"),
        ((*ARMS, "--metric", "cost"), "what difference matters"),
        ((*ARMS, "--metric", "latency", "--sequential"), "`--sequential` goes by"),
        ((*ARMS, "--metric", "latency", "--expect", "number"), "has no use for `--expect`"),
        ((*ARMS, "--judge", "judge", "--metric", "pass"), "has no use for a judge"),
        ((*ARMS, "--judge", "judge", "--expect", "number"), "is not clear"),
        ((*ARMS, "--mid-p", "--sequential"), "`--mid-p` is for passes"),
        ((*ARMS, "--alpha", "0"), "`--alpha` takes"),
        ((*ARMS, "--mde", "2"), "`--mde` takes"),
        ((*ARMS, "--repeats", "0"), "`--repeats` takes"),
        ((*ARMS, "--size", "9"), "`--size` takes 1 to 3"),
        (("-m", "right", "-m", "judge", "--metric", "cost", "--mde", "1"), "has no price"),
        ((*ARMS, "--judge", "right"), "nobody may judge"),
        ((*ARMS, "--tag", "ab=x"), "gives that tag"),
        ((*ARMS, "--format", "csv"), "`--format csv` is not known"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_tested_is_refused_before_anything_is_sent(
    cli: Cli, lab: Lab, tmp_path: Path, flags: tuple[str, ...], said: str
) -> None:
    ended = cli("ab", "run", "bad", *flags, "--prompts", sums(tmp_path, 3))

    assert ended.code == 2
    assert said in ended.err
    assert lab.calls == 0
    assert cli("ab", "list", "--json").out.count('"name"') == 0


def test_prompts_that_nothing_is_expected_of_are_listed(cli: Cli, lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "half.csv"
    file.write_text("prompt,expected\n1+1,2\n2+2,\n3+3,\n", encoding="utf-8")

    ended = cli("ab", "run", "half", *ARMS, "--prompts", str(file))

    assert (ended.code, lab.calls) == (2, 0)
    assert f"{file}:3" in ended.err
    assert f"{file}:4" in ended.err


def test_a_group_is_no_arm(world: Cli, tmp_path: Path) -> None:
    ended = world("ab", "run", "g", "-m", "@both", "-m", "weak", "--prompts", products(tmp_path, 3))

    assert ended.code == 2
    assert "an arm is one model or ensemble" in ended.err


def test_a_name_that_nobody_gave_is_told(cli: Cli, lab: Lab) -> None:
    assert "no experiment is called `what`" in cli("ab", "show", "what").err
    assert cli("ab", "show", "what").code == 2
    assert "is no name for an experiment" in cli("ab", "run", "a b", *ARMS).err
    assert "there is no experiment" in cli("ab").err


def test_without_scipy_it_says_how_to_get_it(cli: Cli, lab: Lab, tmp_path: Path) -> None:
    """Before anything is spent."""
    (tmp_path / "lib" / "scipy").mkdir(parents=True)
    (tmp_path / "lib" / "scipy" / "__init__.py").write_text("raise ImportError('none')")
    paths = os.pathsep.join([str(tmp_path / "lib"), os.environ.get("PYTHONPATH", "")])
    ended = subprocess.run(
        [sys.executable, "-m", "ultra", "ab", "run", "x", *ARMS, "--prompts", sums(tmp_path, 3)],
        env={**os.environ, "ULTRA_HOME": str(cli.home), "PYTHONPATH": paths},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert 'pip install "ultra-llm[stats]"' in ended.stderr
    assert lab.calls == 0
