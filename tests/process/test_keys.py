"""Keys as a process uses them: found where the profile says, sent to their host, told to nobody."""

import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.patience import in_time, until
from tests.support.process import USAGE, WORDS, Ultra, chunk, signal_code
from tests.support.proxy import proxy
from tests.support.server import Exchange, Loopback, loopback

KEY = "sk-live-0123456789abcdefghij"
OTHER = "zz9-plural-z-alpha"
"""A key that looks like none, so that only knowing it can hide it."""

ANSWER = "".join(WORDS)
REPOSITORY = Path(__file__).parents[2]

PROFILE = """\
version: 1
providers:
  lab: {{protocol: openai-chat, base_url: "{url}/v1", key: "{key}"}}
defaults: {{ask: "lab:good", compare: ["lab:good", "lab:better"], synthesizer: "lab:good"}}
"""


async def guarded(exchange: Exchange) -> None:
    """Answers whoever has a key; echoes what it got to whoever has another one."""
    sent = exchange.seen.headers.get("authorization", "no key at all")
    body = exchange.seen.json()
    assert isinstance(body, dict)
    if body["model"] == "silent":
        await exchange.stall()
    elif body["model"] == "echo":
        await exchange.json({"error": {"message": f"not a good key: {sent}"}}, status=401)
    elif body["model"] == "cut":
        await exchange.head(200, {"x-request-id": sent})
        await exchange.chunk(f"data: {json.dumps({'error': {'message': sent}})}\n\n".encode())
        await exchange.end()
    else:
        await exchange.sse([*[chunk(word) for word in WORDS], chunk(finish="stop"), USAGE])


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    """A server that says back what it was sent."""
    async with loopback(guarded) as running:
        yield running


@pytest.fixture(params=["httpx", "aiohttp"])
def transport(request: pytest.FixtureRequest) -> dict[str, str]:
    """Each of the two ways of sending."""
    return {"ULTRA_TRANSPORT": str(request.param)}


def keyed(folder: Path, url: str, key: str, **environ: str) -> Ultra:
    """A home whose profile finds its key there."""
    ultra = Ultra(folder, **environ)
    path = ultra.home / "config" / "ultra.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(PROFILE.format(url=url, key=key), encoding="utf-8")
    return ultra


def sent(server: Loopback) -> list[str]:
    """The keys that a server was sent."""
    return [seen.headers.get("authorization", "") for seen in server.requests]


def kept(ultra: Ultra, *secrets: str) -> list[str]:
    """The files below the home that hold any of the secrets."""
    files = [path for path in ultra.home.rglob("*") if path.is_file()]
    return [
        str(path)
        for path in files
        if any(secret.encode() in path.read_bytes() for secret in secrets)
    ]


def backend(ultra: Ultra) -> dict[str, str]:
    """The variables that choose a keyring in a file."""
    return {
        "PYTHONPATH": str(REPOSITORY),
        "PYTHON_KEYRING_BACKEND": "tests.support.keyring_file.FileKeyring",
        "TEST_KEYRING_FILE": str(ultra.folder / "keyring.json"),
    }


@pytest.mark.parametrize("source", ["env", "file", "command", "keyring"])
async def test_a_key_is_found_where_the_profile_says(
    tmp_path: Path, server: Loopback, source: str
) -> None:
    """The server gets it, and nothing that ultra writes holds it."""
    (tmp_path / "key").write_text(f"{KEY}\n")
    (tmp_path / "key").chmod(0o600)
    (tmp_path / "keyring.json").write_text(json.dumps({"ultra/mine": KEY}))
    reference = {
        "env": "env:LAB_KEY",
        "file": f"file:{tmp_path / 'key'}",
        "command": f"command:cat {tmp_path / 'key'}",
        "keyring": "keyring:mine",
    }[source]
    ultra = keyed(tmp_path, server.url, reference, LAB_KEY=KEY)

    ended = await ultra.run("ask", "hello there", environ=backend(ultra))

    assert (ended.code, ended.out, ended.err) == (0, ANSWER + "\n", "")
    assert sent(server) == [f"Bearer {KEY}"]
    assert kept(ultra, KEY) == []


async def test_a_key_is_stored_used_and_removed(tmp_path: Path, server: Loopback) -> None:
    """`keys set` from a pipe, `keys list` with a fingerprint, `ask` with it, `keys remove`."""
    ultra = keyed(tmp_path, server.url, "keyring:lab")
    environ = backend(ultra)

    stored = await ultra.run("keys", "set", "lab", stdin=f"{KEY}\n", environ=environ)
    listed = await ultra.run("keys", "list", environ=environ)
    asked = await ultra.run("ask", "hello there", environ=environ)
    removed = await ultra.run("keys", "remove", "lab", environ=environ)
    without = await ultra.run("ask", "hello there", environ=environ)

    assert [one.code for one in (stored, listed, asked, removed, without)] == [0, 0, 0, 0, 3]
    assert "keyring:lab" in listed.out
    assert sent(server) == [f"Bearer {KEY}"]
    assert not any(KEY in text for one in (stored, listed, asked) for text in (one.out, one.err))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
async def test_a_command_that_hangs_does_not_hold_up_ctrl_c(
    tmp_path: Path, server: Loopback, number: signal.Signals
) -> None:
    """Neither the command nor what it started is waited for."""
    script = tmp_path / "vault"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path / 'asked'}\nsleep 600\n")
    script.chmod(0o755)
    ultra = keyed(tmp_path, server.url, f"command:{script}")
    process = await ultra.start("ask", "hello there")
    await until((tmp_path / "asked").exists)

    process.send_signal(number)

    out, err = await in_time(process.communicate())
    assert (process.returncode, out, b"Traceback" in err) == (signal_code(number), b"", False)
    assert server.requests == []


async def test_a_keyring_that_hangs_does_not_hold_up_ctrl_c(
    tmp_path: Path, server: Loopback
) -> None:
    """A password dialogue that nobody answers is left behind."""
    (tmp_path / "slow_keyring.py").write_text(
        "import pathlib, threading\n"
        "from keyring.backend import KeyringBackend\n"
        "class Slow(KeyringBackend):\n"
        "    priority = 1\n"
        "    def get_password(self, service, username):\n"
        f"        pathlib.Path({str(tmp_path / 'asked')!r}).touch()\n"
        "        threading.Event().wait()\n"
        "    set_password = delete_password = get_password\n"
    )
    environ = {"PYTHONPATH": str(tmp_path), "PYTHON_KEYRING_BACKEND": "slow_keyring.Slow"}
    ultra = keyed(tmp_path, server.url, "keyring:lab", **environ)
    process = await ultra.start("ask", "hello there")
    await until((tmp_path / "asked").exists)

    process.send_signal(signal.SIGINT)

    out, err = await in_time(process.communicate())
    assert (process.returncode, out, b"Traceback" in err) == (130, b"", False)
    assert server.requests == []


async def test_a_command_that_fails_is_told_without_its_key(
    tmp_path: Path, server: Loopback
) -> None:
    """Its program and its own words, the key in neither."""
    script = tmp_path / "vault"
    script.write_text(f"#!/bin/sh\necho {KEY}\necho 'locked: {KEY}' >&2\nexit 3\n")
    script.chmod(0o755)
    ultra = keyed(tmp_path, server.url, f"command:{script}")

    ended = await ultra.run("ask", "--debug", "hello there")

    assert (ended.code, server.requests) == (3, [])
    assert "ended with 3: locked" in ended.err
    assert KEY not in ended.err + ended.out


async def test_without_a_keyring_the_hint_names_the_variable(tmp_path: Path) -> None:
    """A headless machine: exit 3, what would serve, and nothing about backends of Python."""
    ultra = Ultra(tmp_path)

    ended = await ultra.run("ask", "-m", "openai:gpt-5-mini", "hello there")

    assert ended.code == 3
    assert "hint: set `OPENAI_API_KEY`" in ended.err
    assert "no keyring" in ended.err
    assert "keys set" not in ended.err
    assert "Traceback" not in ended.err
    assert "keyring.backends" not in ended.err


async def test_storing_without_a_keyring_says_what_serves_instead(tmp_path: Path) -> None:
    """`keys set` cannot keep it: exit 3 and a hint, the key in neither."""
    ended = await Ultra(tmp_path).run("keys", "set", "openai", stdin=KEY)

    assert ended.code == 3
    assert "hint:" in ended.err
    assert KEY not in ended.err


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_never_takes_the_key_along(
    tmp_path: Path, server: Loopback, transport: dict[str, str], status: int
) -> None:
    """Another port is another host: it gets no request, and the user is told of the redirect."""

    async def elsewhere(exchange: Exchange) -> None:
        place = {"location": f"{server.url}/v1/chat/completions", "content-length": "0"}
        await exchange.head(status, place, chunked=False)

    async with loopback(elsewhere) as first:
        ultra = keyed(tmp_path, first.url, "env:LAB_KEY", LAB_KEY=KEY, **transport)
        ended = await ultra.run("ask", "hello there")

    assert (ended.code, server.requests) == (1, [])
    assert "redirect" in ended.err.lower() or str(status) in ended.err
    assert KEY not in ended.err


async def test_a_proxy_passes_the_key_to_its_host_and_keeps_none(
    tmp_path: Path, server: Loopback, transport: dict[str, str]
) -> None:
    """Through `HTTP_PROXY` the key goes to the host of the profile; the proxy gets no login."""
    async with loopback(proxy) as between:
        host = f"http://model.test:{server.port}"
        ultra = keyed(tmp_path, host, "env:LAB_KEY", LAB_KEY=KEY, **transport)

        ended = await ultra.run("ask", "hello there", environ={"HTTP_PROXY": between.url})

    assert (ended.code, ended.out) == (0, ANSWER + "\n")
    assert "in clear text" in ended.err
    assert [seen.headers["host"] for seen in server.requests] == [f"model.test:{server.port}"]
    assert sent(server) == [f"Bearer {KEY}"]
    assert "proxy-authorization" not in between.requests[0].headers


@pytest.mark.parametrize("model", ["echo", "cut"])
@pytest.mark.parametrize("key", [KEY, OTHER], ids=["looks-like-one", "looks-like-none"])
async def test_a_key_that_the_server_echoes_is_told_to_nobody(
    tmp_path: Path, server: Loopback, transport: dict[str, str], model: str, key: str
) -> None:
    """Not in errors, traces, JSON, events, or the log, whatever the server says back."""
    ultra = keyed(tmp_path, server.url, "env:LAB_KEY", LAB_KEY=key, **transport)

    runs = []
    for flags in (["--debug", "--verbose"], ["--json"], ["--events"]):
        runs.append(await ultra.run("ask", "-m", f"lab:{model}", *flags, "hello there"))
        runs.append(await ultra.run("health", "reset", "--all"))
    runs.append(await ultra.run("compare", "-m", f"lab:{model}", "--format", "html", "hello"))
    runs.append(await ultra.run("logs", "--json"))

    assert len(server.requests) >= 4
    assert not any(key in one.out + one.err for one in runs)
    assert kept(ultra, key) == []


async def test_a_refused_key_is_exit_3_and_names_what_stores_another(
    tmp_path: Path, server: Loopback
) -> None:
    """The 401 says provider, model, status, the provider's words and where a new key goes."""
    ultra = keyed(tmp_path, server.url, "env:LAB_KEY", LAB_KEY=KEY)

    ended = await ultra.run("ask", "-m", "lab:echo", "hello there")

    assert ended.code == 3
    assert "`lab:echo`" in ended.err
    assert "401" in ended.err
    assert "not a good key" in ended.err
    assert "set `LAB_KEY` to a new one" in ended.err


async def test_a_key_for_one_run_comes_from_a_variable_or_stdin(
    tmp_path: Path, server: Loopback
) -> None:
    """`--key env:NAME` and `--key -` replace where the profile looks; nothing keeps it."""
    ultra = keyed(tmp_path, server.url, "keyring:nobody", MINE=OTHER)

    named = await ultra.run("ask", "--key", "env:MINE", "hello there")
    piped = await ultra.run("ask", "--key", "-", "hello there", stdin=f"{KEY}\n")

    assert [(one.code, one.out) for one in (named, piped)] == [(0, ANSWER + "\n")] * 2, piped.err
    assert sent(server) == [f"Bearer {OTHER}", f"Bearer {KEY}"]
    assert kept(ultra, KEY, OTHER) == []


async def test_a_key_for_one_run_is_for_one_provider(tmp_path: Path, server: Loopback) -> None:
    """With two providers asked nobody gets it: exit 2."""
    ultra = keyed(tmp_path, server.url, "none", MINE=OTHER)

    ended = await ultra.run(
        "compare", "-m", "lab:good", "-m", "openai:gpt-5", "--key", "env:MINE", "hello there"
    )

    assert (ended.code, server.requests) == (2, [])


async def test_a_key_typed_as_an_argument_is_refused_and_not_repeated(
    tmp_path: Path, server: Loopback
) -> None:
    """`--key KEY` and `keys set lab KEY`: exit 2, and the key is not said again."""
    ultra = keyed(tmp_path, server.url, "none")

    typed = await ultra.run("ask", "--key", KEY, "hello there")
    stored = await ultra.run("keys", "set", "lab", KEY)

    assert (typed.code, stored.code, server.requests) == (2, 2, [])
    assert KEY not in typed.err + stored.err


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="no /proc on this system")
async def test_no_process_shows_the_key(tmp_path: Path, server: Loopback) -> None:
    """Neither ultra nor the command that fetches the key has it among its arguments."""
    (tmp_path / "key").write_text(KEY)
    ultra = keyed(tmp_path, server.url, f"command:cat {tmp_path / 'key'}")
    process = await ultra.start("ask", "-m", "lab:silent", "hello there")
    await server.until(lambda seen: len(seen.requests) == 1)

    shown = [_cmdline(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    process.send_signal(signal.SIGINT)
    await in_time(process.wait())

    assert any(b"lab:silent" in line for line in shown)
    assert not any(KEY.encode() in line for line in shown)


def _cmdline(entry: Path) -> bytes:
    try:
        return (entry / "cmdline").read_bytes()
    except OSError:  # it ended meanwhile
        return b""
