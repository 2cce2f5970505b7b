"""`ultra compare --prompts` over a loopback server that answers sums, and counts who asked."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
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
  right: {{model: "lab:right", price: {{input_per_mtok: 100.0, output_per_mtok: 100.0}}}}
  wrong: {{model: "lab:wrong", price: {{input_per_mtok: 100.0, output_per_mtok: 100.0}}}}
  judge: "lab:judge"
retry: {{attempts: 1}}
"""
PAIR = ("-m", "right", "-m", "wrong")
SUMS = "prompt,expected,id\n1+1,2,first\n2+2,4,second\n3+3,6,third\n"
EVIL = "</script><script>alert(1)</script>\x1b[31m<b>"


class Lab:
    """`right` adds up, `wrong` is one too high; who says what can be changed. All is counted."""

    def __init__(self) -> None:
        self.asked: Counter[tuple[str, str]] = Counter()
        self.failing: set[tuple[str, str]] = set()
        self.says: dict[str, str] = {}

    async def __call__(self, exchange: Exchange) -> None:
        body = exchange.seen.json()
        assert isinstance(body, dict)
        model, words = str(body["model"]), str(body["messages"][-1]["content"])
        prompt = words.partition("\n")[0]  # below it may stand how to end
        self.asked[model, prompt] += 1
        if (model, prompt) in self.failing:
            await exchange.json({"error": {"message": "no such thing"}}, status=400)
            return
        text = self.says.get(prompt) or str(sum(map(int, prompt.split("+"))) + (model == "wrong"))
        await exchange.sse([chunk(text), chunk(finish="stop"), USAGE])

    @property
    def calls(self) -> int:
        return sum(self.asked.values())


@pytest.fixture
def lab(cli: Cli) -> Iterator[Lab]:
    made = Lab()
    with served(made) as server:
        cli.profile(PROFILE.format(url=server.url))
        yield made


@pytest.fixture
def sums(tmp_path: Path) -> str:
    return written(tmp_path, "sums.csv", SUMS)


def written(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def figures(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in document["models"]}


def test_every_prompt_goes_to_every_model_and_is_checked(cli: Cli, lab: Lab, sums: str) -> None:
    """A table with `expected` is checked without a word; exit 6, since one model is wrong."""
    said = cli("compare", *PAIR, "--prompts", sums)

    assert (said.code, lab.calls) == (6, 6)
    assert "3 prompts, 2 models" in said.out
    assert "100% (3/3)" in said.out
    assert "0% (0/3)" in said.out
    assert "0.44 to 1.00" in said.out  # Wilson for 3 of 3
    tags = rows(
        cli.home / "data" / "ultra.db", "SELECT name, count(*) FROM run_tags GROUP BY 1 ORDER BY 1"
    )
    assert tags == [("batch", 3), ("prompts", 3), ("row", 3)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plain.txt", "1+1\n\n2+2\n"),
        ("lines.jsonl", '{"prompt": "1+1"}\n{"prompt": "2+2", "tag": "kind=sum"}\n'),
        ("table.tsv", "id\tprompt\na\t1+1\nb\t2+2\n"),
    ],
)
def test_ways_to_write_prompts(cli: Cli, lab: Lab, tmp_path: Path, name: str, text: str) -> None:
    """Nothing is expected, so that whole answers are enough."""
    said = cli("compare", "-m", "right", "--prompts", written(tmp_path, name, text))

    assert (said.code, lab.asked) == (0, {("right", "1+1"): 1, ("right", "2+2"): 1})
    assert "ACCURACY" not in said.out


def test_prompts_come_from_stdin(cli: Cli, lab: Lab) -> None:
    """`--prompts -` reads lines, or JSON where they are such."""
    said = cli("compare", "-m", "right", "--prompts", "-", stdin='{"prompt":"4+4","expected":8}\n')

    assert (said.code, lab.calls) == (0, 1)
    assert "100% (1/1)" in said.out


@pytest.mark.parametrize(
    ("name", "text", "words", "told"),
    [
        ("x.txt", "\n \n", (), ["holds no prompt"]),
        ("x.csv", "question,expected\n1+1,2\n", (), ["no column `prompt`", "question, expected"]),
        ("x.csv", "prompt\n1+1\n", ("--expect", "exact"), ["no column `expected`"]),
        ("x.csv", 'prompt,n\n1+1,2,3\n"2+2', (), ["x.csv:2: 3 cells", "x.csv:3: not CSV"]),
        (
            "x.jsonl",
            '{"prompt":"1+1"}\n{"x":1}\nnope\n[]\n',
            (),
            ["has 3 lines", "x.jsonl:2: no `prompt`", "x.jsonl:3: not JSON", "x.jsonl:4: not a"],
        ),
        ("x.csv", "prompt,expected\n1+1,2\n2+2,\n", ("--expect", "number"), ["x.csv:3: no `exp"]),
        ("x.csv", "prompt,expected\n1+1,(\n", ("--expect", "regex"), ["x.csv:2:", "no pattern"]),
        ("x.csv", "id,prompt\na,1+1\na,2+2\n", (), ["x.csv:3: id `a` stands in line 2"]),
        ("x.txt", "key AKIAIOSFODNN7EXAMPLQ\n", (), ["x.txt:1` holds a secret"]),
    ],
)
def test_a_broken_file_names_its_lines_and_costs_nothing(
    cli: Cli,
    lab: Lab,
    tmp_path: Path,
    name: str,
    text: str,
    words: tuple[str, ...],
    told: list[str],
) -> None:
    """All that is wrong at once, and nothing sent."""
    said = cli("compare", *PAIR, "--prompts", written(tmp_path, name, text), *words)

    assert said.code in (2, 7)
    assert [line for line in told if line not in said.err] == []
    assert lab.calls == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--fail-if", "accuracy<baseline"), "name one with `--baseline FILE`"),
        (("--fail-if", "acuracy<0.9"), "did you mean `accuracy`"),
        (("--fail-if", "__import__('os')<1"), "is no condition"),
        (("--baseline", "gone.json", "--fail-if", "cost>baseline"), "cannot be read"),
        (("--resume",), "no batch of"),
        (("--blind",), "do not go together"),
        (("--tag", "batch=x"), "is given to each run"),
        (("--max-cost", "0.000001"), "less than this run needs"),
        (("two", "words"), "do not go together"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_sent(
    cli: Cli, lab: Lab, sums: str, words: tuple[str, ...], told: str
) -> None:
    said = cli("compare", *PAIR, "--prompts", sums, *words)

    assert said.code == 2
    assert told in said.err
    assert lab.calls == 0


def test_what_is_for_many_prompts_needs_them(cli: Cli, lab: Lab) -> None:
    for words in (("--resume",), ("--fail-if", "errors>0"), ("--format", "junit")):
        assert "--prompts" in cli("compare", *PAIR, *words, "1+1").err
    assert lab.calls == 0


def test_a_plan_is_of_the_whole_batch(cli: Cli, lab: Lab, sums: str) -> None:
    """`--dry-run` adds up the calls of all prompts."""
    said = cli("compare", *PAIR, "--prompts", sums, "--dry-run")
    planned = json.loads(cli("compare", *PAIR, "--prompts", sums, "--dry-run", "--json").out)

    assert said.code == lab.calls == 0
    assert "3 x member  lab:right" in said.out
    one = json.loads(cli("compare", *PAIR, "--dry-run", "--json", "1+1").out)
    assert planned["expected_nano"] == 3 * one["expected_nano"]


def test_what_is_there_is_not_asked_again(cli: Cli, lab: Lab, sums: str) -> None:
    """After a failure `--resume` asks for the one answer that is missing, then for nothing."""
    lab.failing.add(("right", "2+2"))
    first = cli("compare", *PAIR, "--prompts", sums)
    lab.failing.clear()
    second = cli("compare", *PAIR, "--prompts", sums, "--resume", "--json")
    third = cli("compare", *PAIR, "--prompts", sums, "--resume", "--json")

    assert first.code == 4
    assert "1 answer lost: invalid request" in first.err
    assert set(lab.asked.values()) == {1, 2}
    assert (lab.asked["right", "2+2"], lab.calls) == (2, 7)
    found = [json.loads(one.out) for one in (second, third)]
    assert [figures(one)["right"]["passed"] for one in found] == [3, 3]
    assert [len(row["cells"]) for row in found[1]["rows"]] == [2, 2, 2]
    assert found[0]["known_nano"] == found[1]["known_nano"]


def test_without_resume_all_is_asked_anew(cli: Cli, lab: Lab, sums: str) -> None:
    """A nightly run of the same file wants new answers."""
    cli("compare", *PAIR, "--prompts", sums)
    cli("compare", *PAIR, "--prompts", sums)

    assert set(lab.asked.values()) == {2}


def test_a_file_that_changed_cannot_be_resumed(cli: Cli, lab: Lab, sums: str) -> None:
    """Nor can other models; each says what to do, and nothing is sent."""
    cli("compare", *PAIR, "--prompts", sums)
    other = cli("compare", "-m", "right", "--prompts", sums, "--resume")
    Path(sums).write_text(SUMS.replace("3+3,6", "3+4,7"), encoding="utf-8")
    changed = cli("compare", *PAIR, "--prompts", sums, "--resume")

    assert (other.code, changed.code, lab.calls) == (2, 2, 6)
    assert "asked other models, or asked otherwise" in other.err
    assert "has changed since batch" in changed.err
    assert "leave out `--resume` to ask all of it" in changed.err


def test_money_ends_a_batch_and_more_money_goes_on(cli: Cli, lab: Lab, tmp_path: Path) -> None:
    """`--max-cost` bounds the batch, resumed or not; what is left unasked is no loss."""
    file = written(tmp_path, "many.txt", "".join(f"{n}+{n}\n" for n in range(40)))
    bound = ("--max-tokens", "64", "--max-cost", "0.05")
    first = cli("compare", *PAIR, "--prompts", file, *bound, "--json")
    again = cli("compare", *PAIR, "--prompts", file, *bound, "--resume", "--json")
    rest = cli("compare", *PAIR, "--prompts", file, "--max-tokens", "64", "--resume", "--json")

    document = json.loads(first.out)
    assert first.code == 5
    assert 0 < document["done"] < 40
    assert document["known_nano"] <= 50_000_000
    assert "goes on and pays for nothing twice" in first.err
    assert again.code in (2, 5)
    assert (rest.code, json.loads(rest.out)["done"]) == (0, 40)
    assert set(lab.asked.values()) == {1}


def test_a_table_can_be_read_back(cli: Cli, lab: Lab, tmp_path: Path) -> None:
    """CSV: a line an answer, and a cell that a spreadsheet would compute is made text."""
    lab.says["=1+1"] = "=cmd()"
    file = written(tmp_path, "x.txt", "=1+1\n2+2\n")
    said = cli("compare", *PAIR, "--prompts", file, "--format", "csv")

    read = list(csv.DictReader(io.StringIO(said.out)))
    assert [(one["row"], one["name"]) for one in read] == [
        ("1", "right"), ("1", "wrong"), ("2", "right"), ("2", "wrong"),
    ]  # fmt: skip
    assert (read[0]["prompt"], read[0]["text"]) == ("'=1+1", "'=cmd()")
    assert (read[3]["text"], read[3]["status"]) == ("5", "ok")


def test_json_and_its_lines_say_the_same(cli: Cli, lab: Lab, sums: str) -> None:
    whole = json.loads(cli("compare", *PAIR, "--prompts", sums, "--json").out)
    lines = cli("compare", *PAIR, "--prompts", sums, "--resume", "--format", "ndjson").out

    head, *others = map(json.loads, lines.splitlines())
    assert (head["type"], [one["type"] for one in others]) == ("batch", ["row"] * 3)
    assert [one["row"] for one in others] == [one["row"] for one in whole["rows"]]
    assert figures(head)["right"] == figures(whole)["right"]
    assert (figures(head)["right"]["accuracy"], head["better"]) == (1.0, [[0, 3], [0, 0]])


def test_junit_is_a_suite_a_model(cli: Cli, lab: Lab, tmp_path: Path) -> None:
    """Wrong answers fail, lost ones are errors, and characters that XML has not are replaced."""
    lab.failing.add(("right", "3+3"))
    lab.says["2+2"] = EVIL + "\x00\ufffe ]]>"
    file, out = written(tmp_path, "s.csv", SUMS), tmp_path / "junit.xml"
    words = ("--format", "junit", "--output", str(out), "--fail-if", "errors>0.1")
    said = cli("compare", *PAIR, "--prompts", file, *words)

    root = ET.fromstring(out.read_text(encoding="utf-8"))
    assert said.code == 4
    assert root.attrib["tests"] == "7"
    right, wrong, conditions = root.findall("testsuite")
    assert (right.attrib["failures"], right.attrib["errors"]) == ("1", "1")
    assert (wrong.attrib["failures"], wrong.attrib["errors"]) == ("3", "0")
    for suite in (right, wrong):
        cases = suite.findall("testcase")
        assert len({case.attrib["name"] for case in cases}) == len(cases) == 3
        assert len(suite.findall(".//failure")) == int(suite.attrib["failures"])
        assert len(suite.findall(".//error")) == int(suite.attrib["errors"])
    assert "expected: 2\nanswer: 3" in (wrong.find("testcase/failure").text or "")  # type: ignore[union-attr]
    failed = conditions.find("testcase/failure")
    assert failed is not None
    assert "right: errors is 0.333333" in failed.attrib["message"]


class Page(HTMLParser):
    """What a browser would run, load and see."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.loads: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.loads += [f"{name}={value}" for name, value in attrs if name in ("src", "href")]
        self.loads += [name for name, _ in attrs if name.startswith("on")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_stands_alone_and_models_cannot_write_into_it(
    cli: Cli, lab: Lab, tmp_path: Path
) -> None:
    """One script of ours by its hash, three plots, every answer as text, nothing loaded."""
    lab.says["2+2"] = EVIL
    file, out = written(tmp_path, "s.csv", SUMS), tmp_path / "report.html"
    cli("compare", *PAIR, "--prompts", file, "--format", "html", "--output", str(out))

    text = out.read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    page.close()
    assert (page.open, page.loads, page.tags["script"], page.tags["b"]) == ([], [], 1, 0)
    assert page.tags["svg"] == 3
    assert "alert(1)" in text
    assert "\x1b" not in text
    assert "script-src &#x27;sha256-" not in text
    assert "default-src 'none'" in text
    assert "script-src 'sha256-" in text


def test_a_baseline_decides_without_any_log(cli: Cli, lab: Lab, tmp_path: Path, sums: str) -> None:
    """An earlier result as a file: as good passes, worse fails, and unmet ones alone do not."""
    old = tmp_path / "old.json"
    cli("compare", *PAIR, "--prompts", sums, "--json", "--output", str(old))
    words = ("--prompts", sums, "--baseline", str(old))
    for path in cli.home.glob("data/*"):
        path.unlink()
    same = cli("compare", *PAIR, *words, "--fail-if", "accuracy<baseline-0.02")
    lab.says["1+1"] = "7"
    worse = cli("compare", *PAIR, *words, "--fail-if", "accuracy<baseline-2%")
    dearer = cli("compare", *PAIR, *words, "--fail-if", "cost>1.2*baseline")

    assert (same.code, worse.code, dearer.code) == (0, 6, 0)
    assert "`accuracy<baseline-2%`: right: accuracy is 0.666667, the baseline's is 1" in worse.err


def test_a_baseline_that_is_none_costs_nothing(
    cli: Cli, lab: Lab, tmp_path: Path, sums: str
) -> None:
    """Not JSON, another document, other models."""
    old = tmp_path / "old.json"
    cli("compare", "-m", "right", "--prompts", sums, "--json", "--output", str(old))
    asked = lab.calls
    words = ("--prompts", sums, "--fail-if", "accuracy<baseline", "--baseline")
    for text in ("not json", "{}", '{"version":1,"type":"other"}'):
        path = written(tmp_path, "x.json", text)
        assert cli("compare", *PAIR, *words, path).code == 2
    stranger = cli("compare", *PAIR, *words, str(old))

    assert (stranger.code, lab.calls) == (2, asked)
    assert "the baseline knows nothing of `wrong`" in stranger.err


def test_samples_of_a_prompt_count_as_one(cli: Cli, lab: Lab, sums: str) -> None:
    """`--runs 2`: six answers, three prompts; the interval is over prompts and not over answers."""
    document = json.loads(
        cli("compare", "-m", "right", "--prompts", sums, "--runs", "2", "--json").out
    )

    assert lab.calls == 6
    right = figures(document)["right"]
    assert (right["asked"], right["checked"], right["accuracy"]) == (6, 6, 1.0)
    assert (right["low"], right["high"]) == (1.0, 1.0)


def test_a_key_that_is_refused_ends_the_batch(cli: Cli, tmp_path: Path) -> None:
    """What every prompt would meet alike is met once or so, not a thousand times."""
    seen: list[str] = []

    async def refuse(exchange: Exchange) -> None:
        seen.append(exchange.seen.path)
        await exchange.json({"error": {"message": "wrong key"}}, status=401)

    file = written(tmp_path, "many.txt", "".join(f"{n}+{n}\n" for n in range(200)))
    with served(refuse) as server:
        cli.profile(PROFILE.format(url=server.url))
        said = cli("compare", "-m", "right", "--prompts", file)

    assert said.code == 3
    assert len(seen) < 64
    assert "stopped after" in said.err


SHOWN = re.compile(r"<answer-\w+ label=(\w+)>\n(.*?)\n</answer-", re.DOTALL)


async def judged(exchange: Exchange) -> None:
    """`long` says more than `short`, and a judge prefers what is longer."""
    body = exchange.seen.json()
    assert isinstance(body, dict)
    text = {"long": "a b c d e", "short": "a"}.get(str(body["model"]), "")
    if "response_format" in body:
        shown = dict(SHOWN.findall(body["messages"][-1]["content"]))
        best = max(shown, key=lambda label: len(shown[label]))
        reviews = [{"label": one, "strengths": [], "errors": []} for one in shown]
        text = json.dumps({"reviews": reviews, "winner": best})
    await exchange.sse([chunk(text), chunk(finish="stop"), USAGE])


def test_judges_say_who_wins_each_prompt(cli: Cli, tmp_path: Path) -> None:
    """Both orders of both prompts; what judges cost is told apart, and a row stands as a whole."""
    file = written(tmp_path, "two.txt", "one?\ntwo?\n")
    with served(judged) as server:
        cli.profile(PROFILE.format(url=server.url))
        models = ("-m", "lab:long", "-m", "lab:short", "--judge", "judge")
        document = json.loads(cli("compare", *models, "--prompts", file, "--json").out)
        calls = len(server.requests)
        again = json.loads(cli("compare", *models, "--prompts", file, "--resume", "--json").out)

    assert calls == len(server.requests) == 2 * (2 + 2)
    assert document["judges"] == ["lab:judge"]
    assert document["better"] == again["better"] == [[0, 2], [0, 0]]
    assert figures(document)["lab:long"]["wins"] == 2
    assert [row["winner"] for row in again["rows"]] == ["lab:long", "lab:long"]


def test_prompts_share_the_places_of_an_endpoint(cli: Cli, tmp_path: Path) -> None:
    """A limit of the profile holds over all prompts under way, not for each."""
    under_way, most = 0, 0

    async def watch(exchange: Exchange) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await exchange.sse([chunk("x"), chunk(finish="stop"), USAGE], delay_s=0.005)
        under_way -= 1

    file = written(tmp_path, "many.txt", "".join(f"number {n}\n" for n in range(30)))
    with served(watch) as server:
        limited = PROFILE.replace("key: none}}", "key: none, limits: {{concurrency: 3}}}}")
        cli.profile(limited.format(url=server.url))
        said = cli("compare", "-m", "right", "--prompts", file)

    assert said.code == 0
    assert 2 <= most <= 3


def test_agreement_is_asked_of_every_prompt(cli: Cli, lab: Lab, sums: str) -> None:
    """Exit 6 when the models part at one of them, and at how many."""
    lab.says["1+1"] = "2"
    words = ("--extract", "number", "--agree", "1", "--fail-if", "errors>0")
    said = cli("compare", *PAIR, "--prompts", sums, *words)

    assert said.code == 6
    assert "do not agree at 2 of 3 prompts" in said.err


def test_one_answer_a_prompt_cannot_agree(cli: Cli, lab: Lab, sums: str) -> None:
    """Refused before anything is sent, since it would always be the whole of one."""
    words = ("--extract", "number", "--agree", "0.8")
    said = cli("compare", *PAIR[:2], "--prompts", sums, *words)
    calls = lab.calls
    sampled = cli("compare", *PAIR[:2], "--runs", "2", "--prompts", sums, *words, "--dry-run")

    assert (said.code, calls, sampled.code) == (2, 0, 0)
    assert "nobody to agree with" in said.err


def test_a_log_that_cannot_be_read_costs_no_answer(cli: Cli, lab: Lab, sums: str) -> None:
    """The batch is made; going on with one is an error, since nothing tells what is there."""
    database = cli.home / "data" / "ultra.db"
    database.parent.mkdir(parents=True)
    database.write_bytes(b"no database" * 1000)
    resumed = cli("compare", *PAIR, "--prompts", sums, "--resume")
    asked = lab.calls
    made = cli("compare", *PAIR, "--prompts", sums)

    assert (resumed.code, asked) == (1, 0)
    assert (made.code, lab.calls) == (6, 6)
