"""`ultra init`: what it finds, what it writes, and what it leaves alone."""

import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.cli import ollama_lists, open_lists
from tests.support.process import Ultra
from tests.support.server import Exchange, Loopback, free_port, loopback

KEY = "sk-test-0123456789abcdef"


@pytest.fixture
async def ollama() -> AsyncIterator[Loopback]:
    async with loopback(ollama_lists) as running:
        yield running


def profile(ultra: Ultra) -> Path:
    return ultra.home / "config" / "ultra.yaml"


async def test_nothing_found_names_what_to_set(headless: Ultra) -> None:
    """Exit 3: variables, the keyring's command, a server, the demo; nothing is written."""
    ended = await headless.run("init")

    assert ended.code == 3
    for word in ("`OPENAI_API_KEY`", "`ultra keys set", "Ollama", "`ultra demo`", "no keyring"):
        assert word in ended.err
    assert not profile(headless).exists()


async def test_a_key_in_the_environment_becomes_a_profile_that_holds(headless: Ultra) -> None:
    """Written for the owner only, checked by our own checker, without the key in it."""
    headless.environ["OPENAI_API_KEY"] = KEY

    ended = await headless.run("init")

    text = profile(headless).read_text()
    assert ended.code == 0
    assert "`env:OPENAI_API_KEY`" in ended.err
    assert KEY not in ended.out + ended.err + text
    assert text.startswith("#")
    assert stat.S_IMODE(profile(headless).stat().st_mode) == 0o600
    assert (await headless.run("profiles", "check")).code == 0
    assert (await headless.run("ask", "--dry-run", "hello there")).code == 0


async def test_a_key_in_the_keyring_is_found(process: Ultra) -> None:
    """With its fingerprint, never the key."""
    await process.run("keys", "set", "anthropic", stdin=f"{KEY}\n")

    ended = await process.run("init", "--yes")

    assert ended.code == 0
    assert "`keyring:anthropic`" in ended.err
    assert KEY not in ended.out + ended.err + profile(process).read_text()


async def test_a_server_is_known_by_its_answers(headless: Ultra, ollama: Loopback) -> None:
    """Ollama on a port of its own becomes `ollama` with its models."""
    ended = await headless.run("init", "--server", ollama.url)

    assert ended.code == 0
    assert f"ollama at {ollama.url}: llama3.2:3b, qwen3:8b" in ended.err
    assert "llama3.2:3b" in (await headless.run("models")).out
    assert all("authorization" not in seen.headers for seen in ollama.requests)


async def test_a_server_of_no_known_kind_is_taken_by_its_protocol(headless: Ultra) -> None:
    """It lists models as OpenAI does, and that is enough."""
    async with loopback(open_lists) as server:
        ended = await headless.run("init", "--server", server.url.removeprefix("http://"))

    assert ended.code == 0
    assert "OpenAI-compatible" in ended.err
    assert "protocol" in profile(headless).read_text()


async def test_a_server_that_is_something_else_is_left_alone(headless: Ultra) -> None:
    """A page that answers everything is no model server."""

    async def page(exchange: Exchange) -> None:
        await exchange.body(b"<html>hello</html>", content_type="text/html")

    async with loopback(page) as server:
        ended = await headless.run("init", "--server", server.url)

    assert ended.code == 3


async def test_a_place_where_nobody_listens_is_no_failure_of_its_own(headless: Ultra) -> None:
    """Nothing is found, as without it."""
    ended = await headless.run("init", "--server", f"http://127.0.0.1:{free_port()}")

    assert ended.code == 3
    assert "no server on this machine" in ended.err


@pytest.mark.parametrize("place", ["http://10.0.0.1:8000", "ftp://localhost", "http://[::1"])
async def test_only_this_machine_is_probed(headless: Ultra, place: str) -> None:
    """Anything else is refused before a packet leaves."""
    assert (await headless.run("init", "--server", place)).code == 2


async def test_a_profile_of_the_user_is_not_replaced_unasked(headless: Ultra) -> None:
    """Exit 3 naming `--force`, which replaces it."""
    headless.environ["OPENAI_API_KEY"] = KEY
    profile(headless).parent.mkdir(parents=True)
    profile(headless).write_text("version: 1\n")

    refused = await headless.run("init")
    untouched = profile(headless).read_text()
    forced = await headless.run("init", "--force")

    assert (refused.code, forced.code) == (3, 0)
    assert "--force" in refused.err
    assert untouched == "version: 1\n"
    assert "openai" in profile(headless).read_text()


async def test_print_writes_nothing_and_leaves_stdout_to_the_profile(headless: Ultra) -> None:
    """What was found goes to stderr."""
    headless.environ["OPENAI_API_KEY"] = KEY

    ended = await headless.run("init", "--print")

    assert ended.code == 0
    assert ended.out.startswith("#")
    assert "openai" in ended.out
    assert "OpenAI: key from" in ended.err
    assert not profile(headless).exists()


async def test_at_a_terminal_it_asks_before_it_writes(headless: Ultra) -> None:
    """No means no."""
    headless.environ["OPENAI_API_KEY"] = KEY
    leader, follower = os.openpty()

    running = await headless.start("init", stdin=follower, stderr=follower)
    os.close(follower)
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(leader, 4096)
    os.write(leader, b"\n")
    await running.communicate()
    os.close(leader)

    assert running.returncode == 0
    assert not profile(headless).exists()


async def test_a_home_that_cannot_be_written_is_told(headless: Ultra) -> None:
    """Exit 3 with the reason and the variable that names another place."""
    headless.environ["OPENAI_API_KEY"] = KEY
    (headless.home / "config").write_text("a file where a folder should be")

    ended = await headless.run("init")

    assert ended.code == 3
    assert "ULTRA_HOME" in ended.err
