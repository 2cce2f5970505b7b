"""Secrets and forbidden providers, as the command line meets them: what leaves, what is said."""

import json
from pathlib import Path

import pytest

from tests.support.process import Ultra
from tests.support.secrets_made import block, made
from tests.support.server import Loopback

GITHUB = made()["github token"][0]
AWS = made()["aws access key"][0]
MARK = "[redacted: github token]"


def sent(server: Loopback) -> str:
    """All that the server was told, as one text."""
    return "\n".join(exchange.body.decode() for exchange in server.requests)


def told(ultra: Ultra) -> str:
    """All that the log holds, as one text."""
    raw = b"".join(path.read_bytes() for path in (ultra.home / "data").glob("*"))
    return raw.decode("utf-8", "replace")


@pytest.mark.parametrize("verb", ["ask", "compare"])
async def test_a_secret_in_piped_text_stops_the_run(
    ultra: Ultra, server: Loopback, verb: str
) -> None:
    """Exit 7, kind and place, both ways out; nothing is sent, nothing logged, no value shown."""
    ended = await ultra.run(verb, "review this", stdin=f"a = 1\n  token = '{GITHUB}'\n")

    assert (ended.code, ended.out, server.requests) == (7, "", [])
    assert "error: `stdin:2:12` holds a secret (github token); nothing was sent" in ended.err
    assert "hint: `--redact` replaces what is found, `--allow-secrets` sends it" in ended.err
    assert GITHUB[4:12] not in ended.err
    assert not ultra.database.exists()


async def test_every_place_is_told_at_once(ultra: Ultra, server: Loopback, tmp_path: Path) -> None:
    """Words, stdin, files, attachments and system prompt."""
    (tmp_path / "notes.md").write_text(f"# notes\n\n{block('RSA')}\n")
    (tmp_path / "page.txt").write_text(f"see {AWS}")

    ended = await ultra.run(
        "ask", "-f", "notes.md", "-a", "page.txt", "-s", f"use {GITHUB}", f"is {AWS} mine?",
        stdin=f"x\n{GITHUB}\n",
    )  # fmt: skip

    assert (ended.code, server.requests) == (7, [])
    assert ended.err.splitlines()[:6] == [
        "error: the prompt holds 5 secrets; nothing was sent",
        "  the prompt: aws access key",
        "  stdin:2:1: github token",
        "  notes.md:3:1: private key",
        "  page.txt:1:5: aws access key",
        "  the system prompt: github token",
    ]


async def test_what_is_redacted_never_leaves_and_is_never_kept(
    ultra: Ultra, server: Loopback
) -> None:
    """Neither in the request nor in the log; stderr says what was replaced, even when quiet."""
    ended = await ultra.run("ask", "-q", "--redact", f"is {GITHUB} mine?", stdin=f"and {GITHUB}\n")

    assert ended.code == 0
    assert ended.err == (
        "warning: replaced before it is sent: github token in the prompt,"
        " github token in `stdin:1:5`\n"
    )
    assert sent(server).count(MARK) == 2
    assert GITHUB not in sent(server)
    assert GITHUB not in told(ultra)


async def test_what_is_allowed_is_sent_as_it_is(ultra: Ultra, server: Loopback) -> None:
    """Without a word: whoever says so knows."""
    ended = await ultra.run("ask", "--allow-secrets", f"is {GITHUB} mine?")

    assert (ended.code, ended.err) == (0, "")
    assert GITHUB in sent(server)


async def test_the_stricter_of_two_words_holds(ultra: Ultra, server: Loopback) -> None:
    """A variable may say the one and the command line the other."""
    ended = await ultra.run(
        "ask", "--redact", f"is {GITHUB} mine?", environ={"ULTRA_ALLOW_SECRETS": "1"}
    )

    assert ended.code == 0
    assert GITHUB not in sent(server)


@pytest.mark.parametrize(
    ("rule", "flags", "code", "marks"),
    [
        ("refuse", (), 7, 0),
        ("redact", (), 0, 1),
        ("allow", (), 0, 0),
        ("redact", ("--allow-secrets",), 0, 0),
        ("refuse", ("--redact",), 0, 1),
        ("allow", ("--redact",), 0, 1),
    ],
)
async def test_the_profile_says_what_is_usual_and_the_command_line_what_holds(
    ultra: Ultra, server: Loopback, rule: str, flags: tuple[str, ...], code: int, marks: int
) -> None:
    """`guardrails.secrets` where no flag is given."""
    guard(ultra, f"{{secrets: {rule}}}")

    ended = await ultra.run("ask", *flags, f"is {GITHUB} mine?")

    assert (ended.code, sent(server).count(MARK)) == (code, marks)


def guard(ultra: Ultra, rules: str) -> Path:
    """Put guardrails into the user's own profile."""
    path = ultra.home / "config" / "ultra.yaml"
    path.write_text(path.read_text() + f"guardrails: {rules}\n")
    return path


async def test_a_project_that_nobody_trusts_cannot_let_secrets_out(
    ultra: Ultra, server: Loopback, tmp_path: Path
) -> None:
    """It may only tighten: `allow` in it is refused with its place."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "ultra.yaml").write_text("version: 1\nguardrails: {secrets: allow}\n")

    ended = await ultra.run("ask", f"is {GITHUB} mine?")

    assert (ended.code, server.requests) == (3, [])
    assert "guardrails.secrets: an untrusted file may not loosen your own `refuse`" in ended.err


async def test_templates_are_looked_through_when_made_and_when_used(
    ultra: Ultra, server: Loopback
) -> None:
    """One that was allowed to be kept is refused when it is used; a parameter is named."""
    refused = await ultra.run("ask", "--save", "bad", f"use {GITHUB}: $input")
    redacted = await ultra.run("ask", "--redact", "--save", "clean", f"use {GITHUB}: $input")
    kept = await ultra.run("ask", "--allow-secrets", "--save", "bad", f"use {GITHUB}: $a $input")
    used = await ultra.run("ask", "-t", "bad", "-p", "a", AWS, "go")
    clean = await ultra.run("ask", "-t", "clean", "go")

    assert [ended.code for ended in (refused, redacted, kept, used, clean)] == [7, 0, 0, 7, 0]
    assert "`template bad` holds a secret" in refused.err
    assert GITHUB not in (ultra.home / "config" / "templates" / "clean.yaml").read_text()
    assert "  template bad: github token\n  parameter a: aws access key\n" in used.err
    assert f"use {MARK}: go" in sent(server)


async def test_a_run_that_keeps_no_words_is_guarded_alike(ultra: Ultra, server: Loopback) -> None:
    """`-n` is about the log, not about what leaves."""
    assert (await ultra.run("ask", "-n", f"is {GITHUB} mine?")).code == 7
    assert server.requests == []


async def test_what_was_sent_is_not_refused_again(ultra: Ultra, server: Loopback) -> None:
    """A conversation goes on; only what is new is looked through."""
    await ultra.run("ask", "--allow-secrets", f"is {GITHUB} mine?", environ={"ULTRA_SESSION": "t"})
    on = await ultra.run("ask", "-c", "why?", environ={"ULTRA_SESSION": "t"})
    new = await ultra.run("ask", "-c", f"and {AWS}?", environ={"ULTRA_SESSION": "t"})

    assert (on.code, new.code, len(server.requests)) == (0, 7, 2)


async def test_whoever_has_not_seen_the_turns_before_gets_them_looked_through(
    ultra: Ultra, server: Loopback
) -> None:
    """What one model was allowed to see goes to no other by continuing the conversation."""
    here = {"ULTRA_SESSION": "t"}
    await ultra.run("ask", "--allow-secrets", f"is {GITHUB} mine?", environ=here)

    other = await ultra.run("ask", "-c", "-m", "other", "why?", environ=here)
    both = await ultra.run("ask", "-c", "-m", "good", "-m", "other", "why?", environ=here)
    talk = await ultra.run("chat", "-c", stdin="why?\n/model other\nwhy?\n", environ=here)

    assert (other.code, both.code, talk.code) == (7, 7, 7)
    for ended in (other, both, talk):
        assert "error: the conversation so far holds a secret (github token)" in ended.err
    assert len(server.requests) == 2

    replaced = await ultra.run("ask", "-c", "--redact", "-m", "other", "why?", environ=here)
    assert replaced.code == 0
    assert MARK in server.requests[-1].body.decode()
    assert GITHUB not in server.requests[-1].body.decode()


async def test_options_that_go_to_the_provider_are_looked_through(
    ultra: Ultra, server: Loopback
) -> None:
    """In a run and in a talk."""
    run = await ultra.run("ask", "-o", f"metadata.team={GITHUB}", "hi")
    talk = await ultra.run("chat", "-o", f"stop={GITHUB}", stdin="hi\n")

    assert (run.code, talk.code, server.requests) == (7, 7, [])
    for ended in (run, talk):
        assert "error: the value of an option holds a secret (github token)" in ended.err


async def test_chat_looks_through_every_line(ultra: Ultra, server: Loopback) -> None:
    """A refused line is told and the talk goes on; the next turn does not hold it either."""
    ended = await ultra.run("chat", stdin=f"hello\nis {GITHUB} mine?\nwhy?\n")
    last = await ultra.run("chat", stdin=f"is {GITHUB} mine?\n")
    system = await ultra.run("chat", "-s", f"use {GITHUB}", stdin="hello\n")

    assert (ended.code, last.code, system.code) == (0, 7, 7)
    assert "the prompt holds a secret (github token)" in ended.err
    assert len(server.requests) == 2
    assert GITHUB not in sent(server)


async def test_chat_redacts_what_it_sends_and_what_it_remembers(
    ultra: Ultra, server: Loopback
) -> None:
    """The turn is sent again with the next one, and asked again, without its secret."""
    ended = await ultra.run("chat", "--redact", stdin=f"is {GITHUB} mine?\n/retry\nwhy?\n")

    assert (ended.code, len(server.requests)) == (0, 3)
    assert GITHUB not in sent(server)
    assert [exchange.body.decode().count(MARK) for exchange in server.requests] == [1, 1, 1]


ELSEWHERE = """\
  away:
    protocol: openai-chat
    base_url: http://192.0.2.1/v1
    key: none
"""


def with_a_stranger(ultra: Ultra, rules: str, more: str = "") -> Path:
    """A profile that also names a provider on another host, and guards."""
    path = ultra.home / "config" / "ultra.yaml"
    text = path.read_text().replace("models:\n", f"{ELSEWHERE}models:\n  far: away:far\n", 1)
    path.write_text(f"{text}guardrails: {rules}\n{more}")
    return path


@pytest.mark.parametrize("rules", ["{local_only: true}", "{providers: [lab]}"])
@pytest.mark.parametrize(
    "argv",
    [
        ("ask", "-m", "far"),
        ("ask", "-m", "away:other"),
        ("ask", "-m", "good", "-m", "far"),
        ("ask", "-m", "panel"),
        ("ask", "-m", "written"),
        ("ask", "-m", "away"),
        ("ask", "-m", "@both", "--strategy", "first"),
        ("compare", "-m", "good", "-m", "far"),
        ("chat", "-m", "far"),
    ],
    ids=" ".join,
)
async def test_nobody_is_asked_whom_the_profile_forbids(
    ultra: Ultra, server: Loopback, rules: str, argv: tuple[str, ...]
) -> None:
    """Exit 7 before anything is sent to anybody; the error names model, file and key."""
    path = with_a_stranger(
        ultra,
        rules,
        "groups: {both: [good, far]}\n"
        "ensembles:\n"
        "  panel: {strategy: fusion, members: [good, far], synthesizer: good}\n"
        "  written: {strategy: fusion, members: [good, other], synthesizer: far}\n"
        "routes: {away: {candidates: [far]}}\n",
    )

    ended = await ultra.run(*argv, *(() if argv[0] == "chat" else ("hi",)), stdin="hi\n")

    assert (ended.code, server.requests) == (7, [])
    key = "local_only" if "local" in rules else "providers"
    assert f"`guardrails.{key}` of `{path}`" in ended.err
    assert "`away:" in ended.err


async def test_a_route_leaves_out_whom_the_profile_forbids(ultra: Ultra, server: Loopback) -> None:
    """The rest answers without a word, and the plan says why."""
    with_a_stranger(
        ultra,
        "{local_only: true}",
        "routes: {best: {candidates: [far, good], on_failure: [far]}}\n",
    )

    ended = await ultra.run("ask", "-m", "best", "hi")
    plan = await ultra.run("ask", "-m", "best", "--explain", "hi")

    assert (ended.code, ended.err, len(server.requests)) == (0, "", 1)
    assert "guardrails.local_only" in plan.out


async def test_a_conversation_never_moves_to_a_forbidden_provider(
    ultra: Ultra, server: Loopback
) -> None:
    """Its own model may be forbidden since; neither it nor a stand-in is asked."""
    await ultra.run("ask", "hi", environ={"ULTRA_SESSION": "t"})
    with_a_stranger(ultra, "{providers: [away]}")

    ended = await ultra.run("ask", "-c", "why?", environ={"ULTRA_SESSION": "t"})

    assert (ended.code, len(server.requests)) == (7, 1)
    assert "`lab:good` may not be asked" in ended.err


@pytest.mark.parametrize("flag", ["-a", "-f"])
async def test_local_only_fetches_nothing_from_elsewhere(
    ultra: Ultra, server: Loopback, flag: str
) -> None:
    """Neither a page for the prompt nor a picture that the provider would fetch."""
    guard(ultra, "{local_only: true}")

    ended = await ultra.run("ask", flag, "http://192.0.2.1/x.png", "what is it?")

    assert (ended.code, server.requests) == (7, [])
    assert "`192.0.2.1` may not be asked: `guardrails.local_only` of" in ended.err


async def test_cost_center_and_tags_are_kept_and_found(ultra: Ultra) -> None:
    """From the command line, a variable or the profile, in that order; in JSON and in the log."""
    path = ultra.home / "config" / "ultra.yaml"
    path.write_text(path.read_text() + "budget: {cost_center: lab}\n")
    flags = ("--cost-center", "research", "--tag", "job=nightly", "--tag", "env=ci")

    typed = await ultra.run("ask", "--json", *flags, "hi", environ={"ULTRA_COST_CENTER": "var"})
    variable = await ultra.run("ask", "--json", "hi", environ={"ULTRA_COST_CENTER": "var"})
    usual = await ultra.run("compare", "--json", "hi", environ={"ULTRA_TAG": "job=daily"})
    await ultra.run("chat", "--tag", "job=talk", stdin="hi\n")

    documents = [json.loads(ended.out) for ended in (typed, variable, usual)]
    assert [one["cost_center"] for one in documents] == ["research", "var", "lab"]
    assert [one["tags"] for one in documents] == [
        {"env": "ci", "job": "nightly"},
        {},
        {"job": "daily"},
    ]
    found = await ultra.run("logs", "--json", "-n", "0", "--tag", "job=nightly", "--tag", "env=ci")
    assert [run["run_id"] for run in json.loads(found.out)] == [documents[0]["run_id"]]
    found = await ultra.run("logs", "--json", "-n", "0", "--cost-center", "lab")
    assert [run["tags"] for run in json.loads(found.out)] == [{"job": "talk"}, {"job": "daily"}]
    shown = await ultra.run("logs", documents[0]["run_id"])
    assert "cost center: research\ntags: env=ci, job=nightly\n" in shown.out
    none = await ultra.run("logs", "--tag", "job=never")
    assert "no run marked `job=never` is in the log" in none.err


@pytest.mark.parametrize("flags", [("--tag", "job"), ("--tag", "a=1", "--tag", "a=2")])
@pytest.mark.parametrize("verb", ["ask", "compare", "chat"])
async def test_a_wrong_tag_stops_the_run(
    ultra: Ultra, server: Loopback, verb: str, flags: tuple[str, ...]
) -> None:
    """Exit 2 before anything is sent."""
    ended = await ultra.run(verb, *flags, *(() if verb == "chat" else ("hi",)), stdin="hi\n")

    assert (ended.code, server.requests) == (2, [])
    assert "error: tag `" in ended.err
