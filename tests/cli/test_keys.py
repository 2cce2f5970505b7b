"""`ultra keys`: stored, found, tried and removed, and never shown."""

import contextlib
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.cli import model_lists, open_lists
from tests.support.process import Ended, Ultra
from tests.support.server import Loopback, free_port, loopback

KEY = "right-key"
LAB = """\
version: 1
providers:
  lab: {{protocol: openai-chat, base_url: "{url}/v1", key: "keyring:lab"}}
  open: {{protocol: openai-chat, base_url: "{url}/v1", key: none}}
  sim: {{protocol: simulated}}
  told: {{protocol: openai-chat, base_url: "{url}/v1", key: "env:TOLD_KEY"}}
"""


def lab(ultra: Ultra, url: str) -> None:
    config = ultra.home / "config"
    config.mkdir(exist_ok=True)
    (config / "ultra.yaml").write_text(LAB.format(url=url), encoding="utf-8")


def kept(ultra: Ultra) -> dict[str, str]:
    path = ultra.folder / "keyring.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def everything(folder: Path) -> bytes:
    """All that is written below a folder, the keyring itself left out."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "keyring.json")
    return b"".join(path.read_bytes() for path in files)


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback(model_lists) as running:
        yield running


async def set_key(ultra: Ultra, provider: str, key: str = KEY) -> Ended:
    return await ultra.run("keys", "set", provider, stdin=f"{key}\n")


async def test_a_key_from_stdin_goes_into_the_keyring_and_nowhere_else(process: Ultra) -> None:
    """Nothing that is printed or written holds it."""
    ended = await set_key(process, "openai")

    assert ended.code == 0
    assert kept(process) == {"ultra/openai": KEY}
    assert KEY not in ended.out + ended.err
    assert KEY.encode() not in everything(process.folder)


async def test_a_key_as_an_argument_is_refused_without_repeating_it(process: Ultra) -> None:
    """After the provider and in its place; nothing is stored."""
    typed = "sk-proj-0123456789abcdefghij"
    for words in (["keys", "set", "openai", typed], ["keys", "set", typed]):
        ended = await process.run(*words, stdin="\n")

        assert ended.code == 2
        assert typed not in ended.out + ended.err
    assert kept(process) == {}


async def test_an_empty_key_is_refused(process: Ultra) -> None:
    """Exit 2, and the keyring is left alone."""
    assert (await set_key(process, "openai", "")).code == 2
    assert kept(process) == {}


async def test_a_key_that_no_header_can_carry_is_refused_without_repeating_it(
    process: Ultra,
) -> None:
    """Exit 3: more than the key was copied."""
    ended = await set_key(process, "openai", "two words")

    assert ended.code == 3
    assert "two words" not in ended.out + ended.err


async def test_the_list_tells_source_and_fingerprint_and_never_the_key(process: Ultra) -> None:
    """For the keyring and the environment; the same key has the same fingerprint everywhere."""
    await set_key(process, "openai")
    process.environ["ANTHROPIC_API_KEY"] = KEY

    table = await process.run("keys")
    document = json.loads((await process.run("keys", "--json")).out)

    rows = {row["provider"]: row for row in document["keys"]}
    assert rows["openai"]["source"] == "keyring:openai"
    assert rows["anthropic"]["source"] == "env:ANTHROPIC_API_KEY"
    assert rows["openai"]["fingerprint"] == rows["anthropic"]["fingerprint"]
    assert rows["gemini"]["source"] is None
    assert "GEMINI_API_KEY" in rows["gemini"]["detail"]
    assert KEY not in table.out + table.err + json.dumps(document)


async def test_a_removed_key_is_gone_and_a_second_removal_is_a_usage_error(
    process: Ultra,
) -> None:
    """Exit 0, then 2."""
    await set_key(process, "openai")

    first = await process.run("keys", "remove", "openai")
    second = await process.run("keys", "remove", "openai")

    assert (first.code, second.code) == (0, 2)
    assert kept(process) == {}


async def test_a_key_that_is_taken_is_tried_for_real(process: Ultra, server: Loopback) -> None:
    """The provider's own list of models, asked for with the key, and once more without it."""
    lab(process, server.url)
    await set_key(process, "lab")

    ended = await process.run("keys", "test", "lab")

    assert ended.code == 0
    assert "lab lists 2 models with `keyring:lab`" in ended.out
    assert "says nothing of the key" not in ended.err
    assert [seen.headers.get("authorization") for seen in server.requests] == [
        f"Bearer {KEY}",
        None,
    ]
    assert KEY not in ended.out + ended.err


async def test_a_key_that_is_refused_is_exit_3_and_says_where_it_came_from(
    process: Ultra, server: Loopback
) -> None:
    """With the provider's own words and the command that stores another, not the key."""
    lab(process, server.url)
    await set_key(process, "lab", "wrong-key-wrong-key")

    ended = await process.run("keys", "test", "lab")

    assert ended.code == 3
    assert "`lab` refused the key from `keyring:lab` (401)" in ended.err
    assert "`ultra keys set lab`" in ended.err
    assert "wrong-key-wrong-key" not in ended.out + ended.err


async def test_a_list_that_anybody_gets_proves_no_key(process: Ultra) -> None:
    """It is said, since OpenRouter and others list without a key."""
    async with loopback(open_lists) as anybody:
        lab(process, anybody.url)
        await set_key(process, "lab")

        ended = await process.run("keys", "test", "lab")
        free = await process.run("keys", "test", "open", "--json")

    assert ended.code == 0
    assert "says nothing of the key" in ended.err
    tried = json.loads(free.out)["tried"]
    assert (tried["models"], tried["source"], tried["proven"]) == (1, "none", False)


async def test_a_dead_server_is_not_a_refused_key(process: Ultra) -> None:
    """Exit 75: trying later may help."""
    lab(process, f"http://127.0.0.1:{free_port()}")

    ended = await process.run("keys", "test", "open")

    assert ended.code == 75
    assert "did not list its models" in ended.err


async def test_trying_a_provider_without_a_key_names_what_would_serve(process: Ultra) -> None:
    """Exit 3 with the variable and the command."""
    ended = await process.run("keys", "test", "openai")

    assert ended.code == 3
    assert "`OPENAI_API_KEY`" in ended.err
    assert "`ultra keys set openai`" in ended.err


@pytest.mark.parametrize("name", ["opnai", "sim"])
async def test_what_has_no_key_cannot_be_tried(process: Ultra, name: str) -> None:
    """Neither an unknown provider nor a simulated one."""
    lab(process, "http://127.0.0.1:1")

    assert (await process.run("keys", "test", name)).code == 2


async def test_a_name_that_no_provider_has_is_stored_and_said(process: Ultra) -> None:
    """A profile may say `keyring:NAME`; a typo would be found by the warning."""
    ended = await set_key(process, "opnai")

    assert ended.code == 0
    assert kept(process) == {"ultra/opnai": KEY}
    assert "did you mean `openai`" in ended.err


async def test_a_name_with_blanks_is_refused(process: Ultra) -> None:
    """Exit 2."""
    assert (await set_key(process, "two words")).code == 2


async def test_a_key_that_the_profile_takes_from_elsewhere_is_stored_with_a_warning(
    process: Ultra,
) -> None:
    """`env:` wins there, and silence would mislead."""
    lab(process, "http://127.0.0.1:1")

    ended = await set_key(process, "told")

    assert ended.code == 0
    assert "not used there" in ended.err


async def test_without_a_keyring_the_error_says_so_and_names_the_way_round(
    headless: Ultra,
) -> None:
    """Exit 3; the environment still works."""
    ended = await headless.run("keys", "set", "openai", stdin=f"{KEY}\n")

    assert ended.code == 3
    assert "no keyring" in ended.err
    assert "variable" in ended.err
    assert KEY not in ended.out + ended.err


async def test_without_a_keyring_variables_are_still_found(headless: Ultra) -> None:
    """The list tells both: what is set, and why the rest was not looked for."""
    headless.environ["OPENAI_API_KEY"] = KEY

    document = json.loads((await headless.run("keys", "--json")).out)

    rows = {row["provider"]: row for row in document["keys"]}
    assert rows["openai"]["source"] == "env:OPENAI_API_KEY"
    assert "no keyring" in document["trouble"]


async def test_that_there_is_no_keyring_is_said_once(headless: Ultra) -> None:
    """Below the table; each row says in a few words what would serve."""
    ended = await headless.run("keys")

    assert ended.code == 0
    assert ended.err == "note: the keyring was not asked: there is no keyring to look in\n"
    assert "keyring" not in ended.out
    assert "signed with AWS credentials, if there are any" in ended.out


async def test_at_a_terminal_the_key_is_asked_for_and_not_shown(process: Ultra) -> None:
    """What is typed does not come back on the screen."""
    leader, follower = os.openpty()
    running = await process.start("keys", "set", "openai", stdin=follower, stderr=follower)
    os.close(follower)
    shown = b""
    while b"key of openai" not in shown:
        shown += os.read(leader, 4096)
    os.write(leader, f"{KEY}\n".encode())

    code = await running.wait()
    os.set_blocking(leader, False)
    with contextlib.suppress(OSError):
        shown += os.read(leader, 65536)
    os.close(leader)

    assert code == 0
    assert kept(process) == {"ultra/openai": KEY}
    assert KEY.encode() not in shown
