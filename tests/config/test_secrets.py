"""Keys: from where they are, once, and never on a screen."""

import asyncio
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from msgspec import structs

from tests.support.config import FakeCatalog, Home
from tests.support.keyrings import MemoryKeyring
from tests.support.patience import until
from ultra.config.keyref import parse_override
from ultra.config.secrets import Keys, KeyStatus, key_status, listing, remove_key, set_key
from ultra.config.sources import scrub_keys
from ultra.core.catalog import Vendor
from ultra.core.errors import ConfigError, UsageError
from ultra.core.model import Endpoint, KeyRef
from ultra.core.ports import KeySource


@pytest.fixture
def ring() -> Iterator[MemoryKeyring]:
    """A keyring of this test's own."""
    usual, mine = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(mine)
    yield mine
    mine.gate.set()
    keyring.set_keyring(usual)


def _endpoint(ref: KeyRef, provider: str = "openai") -> Endpoint:
    return Endpoint(provider, "openai-chat", "https://api.example/v1", ref)


async def _key(home: Home, ref: KeyRef, **variables: str) -> str:
    source: KeySource = Keys({**home.environ, **variables}, paths=home.paths)
    secret = await source.key(_endpoint(ref))
    return "" if secret is None else f"{secret.reveal()} from {secret.source}"


USUAL = KeyRef("default", "FIRST,SECOND")


async def test_the_first_variable_that_is_set_wins(home: Home) -> None:
    """Blank ones are not set, and blanks around a key are not part of it."""
    assert await _key(home, USUAL, FIRST=" ", SECOND="two\n") == "two from env:SECOND"
    assert await _key(home, USUAL, FIRST="one", SECOND="two") == "one from env:FIRST"


async def test_then_the_keyring_is_asked(home: Home, ring: MemoryKeyring) -> None:
    """Under the provider's name."""
    ring.entries["ultra", "openai"] = "kept"

    assert await _key(home, USUAL) == "kept from keyring:openai"


async def test_each_kind_of_reference_is_followed(home: Home, ring: MemoryKeyring) -> None:
    """Variable, entry, command, file, or none at all."""
    ring.entries["ultra", "other"] = "kept"
    file = home.write(home.root / "key", "in-file\n")
    file.chmod(0o600)
    home.write(home.root / "home" / "k", "at-home\n")

    assert await _key(home, KeyRef("env", "MINE"), MINE="k") == "k from env:MINE"
    assert await _key(home, KeyRef("keyring", "other")) == "kept from keyring:other"
    assert await _key(home, KeyRef("command", "echo 'a'b")) == "ab from command"
    assert await _key(home, KeyRef("file", str(file))) == f"in-file from file:{file}"
    assert await _key(home, KeyRef("file", "~/k")) == "at-home from file:~/k"
    assert await _key(home, KeyRef("none")) == ""


@pytest.mark.parametrize(
    ("ref", "hint"),
    [
        (USUAL, "set `FIRST` or `SECOND`, or `ultra keys set openai`"),
        (KeyRef("default"), "`ultra keys set openai` stores one"),
        (KeyRef("env", "MINE"), "set `MINE`"),
        (KeyRef("keyring", "other"), "no entry `other` of `ultra`: `ultra keys set other`"),
    ],
    ids=str,
)
async def test_a_missing_key_names_all_that_would_serve(
    home: Home, ring: MemoryKeyring, ref: KeyRef, hint: str
) -> None:
    """Which variable, which entry, which command."""
    with pytest.raises(ConfigError, match="there is no key for `openai`") as caught:
        await _key(home, ref)

    assert hint in (caught.value.hint or "")


async def test_a_missing_file_is_named(home: Home) -> None:
    """The path is no secret."""
    with pytest.raises(ConfigError, match="there is no key file `/none`"):
        await _key(home, KeyRef("file", "/none"))


@pytest.mark.parametrize("key", ["two lines\nhere", "a b", "caf\u00e9", "a\tb", "a\x00b"], ids=repr)
async def test_a_key_that_no_header_carries_is_refused(home: Home, key: str) -> None:
    """The key is not in the message."""
    with pytest.raises(ConfigError, match="that no key has") as caught:
        await _key(home, KeyRef("env", "MINE"), MINE=key)

    assert key not in caught.value.message


async def test_an_empty_key_is_refused(home: Home, ring: MemoryKeyring) -> None:
    """From a command, a file or the keyring."""
    home.write(home.root / "empty", " \n")
    ring.entries["ultra", "openai"] = "  "

    for ref in (KeyRef("command", "true"), KeyRef("file", str(home.root / "empty")), USUAL):
        with pytest.raises(ConfigError, match="is empty"):
            await _key(home, ref)


async def test_a_command_sees_no_shell(home: Home) -> None:
    """What a shell would act on is only text."""
    assert await _key(home, KeyRef("command", "echo $HOME;ls|x")) == "$HOME;ls|x from command"


async def test_a_command_that_fails_is_told_without_keys(home: Home) -> None:
    """Its own words help, and may hold what it should not have printed."""
    script = home.write(
        home.root / "vault",
        "#!/bin/sh\necho mykey\necho no session mykey sk-abcdefghijk >&2\nexit 3\n",
    )
    script.chmod(0o700)

    with pytest.raises(ConfigError) as caught:
        await _key(home, KeyRef("command", f"{script} --token secret"))

    assert "ended with 3: no session *** ***" in caught.value.message
    assert "--token" not in caught.value.message


async def test_a_command_that_says_nothing_is_still_told(home: Home) -> None:
    """By its exit code."""
    with pytest.raises(ConfigError, match="`false` ended with 1: no message"):
        await _key(home, KeyRef("command", "false"))


async def test_a_command_that_is_not_there_is_told(home: Home) -> None:
    """By its name alone."""
    with pytest.raises(ConfigError, match="cannot run `no-such-program`"):
        await _key(home, KeyRef("command", "no-such-program read x"))


async def test_a_command_that_hangs_is_given_up(home: Home) -> None:
    """A vault that waits for a finger nobody lifts."""
    keys = Keys(home.environ, paths=home.paths, timeout_s=0.1)

    with pytest.raises(ConfigError, match=r"`sleep` did not end within 0.1 s"):
        await keys.key(_endpoint(KeyRef("command", "sleep 600")))


async def test_a_keyring_that_hangs_holds_up_nothing(home: Home, ring: MemoryKeyring) -> None:
    """Not the event loop, and not the end of the program."""
    ring.gate.clear()
    keys = Keys(home.environ, paths=home.paths, timeout_s=0.1)

    with pytest.raises(ConfigError, match="did not answer within"):
        await keys.key(_endpoint(USUAL))


async def test_a_wait_for_a_key_can_be_cancelled_at_once(home: Home, ring: MemoryKeyring) -> None:
    """Ctrl-C does not wait for a password dialogue."""
    ring.gate.clear()
    keys = Keys(home.environ, paths=home.paths)
    waiting = asyncio.create_task(keys.key(_endpoint(USUAL)))
    await until(lambda: ring.reads)

    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_key_is_looked_for_once(home: Home, ring: MemoryKeyring) -> None:
    """However many calls want it at the same time, or later."""
    ring.entries["ultra", "openai"] = "kept"
    keys = Keys(home.environ, paths=home.paths)

    await asyncio.gather(*(keys.key(_endpoint(USUAL)) for _ in range(20)))
    await keys.key(_endpoint(USUAL))

    assert ring.reads == 1


async def test_a_key_that_was_missing_is_looked_for_again(home: Home, ring: MemoryKeyring) -> None:
    """It may have been set in another terminal meanwhile."""
    keys = Keys(home.environ, paths=home.paths)
    with pytest.raises(ConfigError):
        await keys.key(_endpoint(USUAL))

    ring.entries["ultra", "openai"] = "kept"

    assert await keys.key(_endpoint(USUAL)) is not None


@pytest.mark.parametrize(
    "trouble",
    [RuntimeError("locked sk-abcdefghijk"), SystemExit(1), BaseException("panic")],
    ids=repr,
)
async def test_whatever_a_keyring_raises_is_one_clear_error(
    home: Home, ring: MemoryKeyring, trouble: BaseException
) -> None:
    """Backends raise what they like, a Rust panic among it."""
    ring.trouble = trouble

    with pytest.raises(ConfigError, match="the keyring refused") as caught:
        await _key(home, USUAL)

    assert "FIRST" in (caught.value.hint or "")
    assert "sk-abc" not in caught.value.message


async def test_a_key_file_that_others_can_read_is_warned_of(home: Home) -> None:
    """It is used all the same."""
    file = home.write(home.root / "key", "k")
    file.chmod(0o644)
    keys = Keys(home.environ, paths=home.paths)

    assert await keys.key(_endpoint(KeyRef("file", str(file)))) is not None

    assert len(keys.warnings) == 1
    assert "chmod 600" in keys.warnings[0]


async def test_a_key_can_come_from_elsewhere_for_one_provider(home: Home) -> None:
    """`--key`: nobody else's key changes."""
    keys = Keys({"A": "a", "B": "b"}, paths=home.paths, stdin=io.StringIO("typed\nprompt\n"))

    other = keys.overridden("openai", KeyRef("env", "B"))
    piped = other.overridden("openai", KeyRef("stdin"))

    mine, theirs = _endpoint(KeyRef("env", "A")), _endpoint(KeyRef("env", "A"), "anthropic")
    found = [await one.key(mine) for one in (keys, other, piped)]
    assert [secret and secret.reveal() for secret in found] == ["a", "b", "typed"]
    assert (secret := await piped.key(theirs)) is not None
    assert secret.reveal() == "a"


@pytest.mark.parametrize("text", ["env:A", "keyring:x", "-"])
def test_a_key_on_the_command_line_is_a_reference(text: str) -> None:
    """The three forms of `--key`."""
    assert str(parse_override(text)) == text.replace("-", "stdin")


@pytest.mark.parametrize("text", ["sk-secret", "command:x", "file:x", "none", "", "env:"])
def test_a_key_itself_is_refused_on_the_command_line(text: str) -> None:
    """And is not repeated."""
    with pytest.raises(UsageError) as caught:
        parse_override(text)

    assert "sk-secret" not in caught.value.message + (caught.value.hint or "")


def test_a_key_is_stored_and_removed(ring: MemoryKeyring) -> None:
    """Under the provider's name."""
    set_key("openai", " k \n")
    assert ring.entries == {("ultra", "openai"): "k"}

    assert remove_key("openai")
    assert not remove_key("openai")


@pytest.mark.parametrize("key", ["", " ", "two words", "a\nb"], ids=repr)
def test_a_key_that_is_none_is_not_stored(ring: MemoryKeyring, key: str) -> None:
    """A slip of the clipboard."""
    with pytest.raises(ConfigError):
        set_key("openai", key)

    assert ring.entries == {}


def test_a_keyring_that_hangs_is_given_up(ring: MemoryKeyring) -> None:
    """`ultra keys set` ends."""
    ring.gate.clear()

    with pytest.raises(ConfigError, match=r"the keyring did not answer within 0\.05 s"):
        set_key("openai", "k", timeout_s=0.05)


def test_the_list_says_where_each_key_would_come_from(home: Home, ring: MemoryKeyring) -> None:
    """With fingerprints, never keys; commands are not run."""
    home.write(home.root / "key", "k")
    ring.entries["ultra", "anthropic"] = "sk-hidden"
    lab = "protocol: ollama, base_url: 'http://127.0.0.1:1'"
    home.own(
        "p",
        f"providers:\n  openai: {{}}\n  a: {{{lab}, key: 'command:touch {home.root}/ran'}}\n"
        f"  b: {{{lab}, key: 'file:{home.root}/key'}}\n  c: {{{lab}}}\n"
        f"  d: {{{lab}, key: 'file:/none'}}\n  anthropic: {{}}\n",
    )

    found = listing(
        home.load("p"), home.catalog, environ={**home.environ, "OPENAI_KEY": "sk-hidden"}
    ).keys

    assert {one.provider: one.source for one in found} == {
        "openai": "env:OPENAI_KEY",
        "a": "command",
        "b": f"file:{home.root}/key",
        "c": "none",
        "d": None,
        "anthropic": "keyring:anthropic",
        "gemini": None,
        "azure": None,
    }
    prints = {one.provider: one.fingerprint for one in found}
    assert prints["openai"] == prints["anthropic"] is not None
    assert "hidden" not in repr(found)
    assert not (home.root / "ran").exists()


def test_a_key_in_the_environment_asks_no_keyring(home: Home, ring: MemoryKeyring) -> None:
    """220 ms less."""
    key_status(_endpoint(KeyRef("env", "A")), {"A": "k"})
    key_status(_endpoint(KeyRef("none")), {})

    assert ring.reads == 0


def test_a_keyring_in_trouble_is_said_in_the_list(ring: MemoryKeyring) -> None:
    """Beside what would serve."""
    ring.trouble = RuntimeError("locked")

    status = key_status(_endpoint(USUAL), {})

    assert status.source is None
    assert "set `FIRST`" in status.detail
    assert "locked" in status.detail


def test_a_keyring_in_trouble_is_said_once_for_a_whole_list(
    home: Home, ring: MemoryKeyring
) -> None:
    """Every row says only what would serve."""
    ring.trouble = RuntimeError("locked")

    found = listing(home.load(), home.catalog, environ=home.environ)

    assert "locked" in (found.trouble or "")
    assert {one.provider: one.detail for one in found.keys}["openai"] == "set `OPENAI_KEY`"
    assert not any("locked" in one.detail for one in found.keys)


@pytest.mark.parametrize("trouble", [None, RuntimeError("locked")])
def test_what_is_signed_without_a_key_misses_none(
    home: Home, ring: MemoryKeyring, trouble: RuntimeError | None
) -> None:
    """AWS credentials do; a key that is there or was asked for by name comes first."""
    ring.trouble = trouble
    row = Vendor("aws", "AWS", "bedrock-converse", "https://a", "d", ("BEARER",), auth="sigv4")
    catalog = FakeCatalog({"aws": row})
    named = structs.replace(_endpoint(KeyRef("env", "OTHER")), auth="sigv4")

    (unset,) = listing(home.load(), catalog, environ=home.environ).keys
    (told,) = listing(home.load(), catalog, environ={**home.environ, "BEARER": "k"}).keys

    assert unset == KeyStatus("aws", "aws", None, "signed with AWS credentials, if there are any")
    assert told.source == "env:BEARER"
    assert key_status(named, {}).source is None


@pytest.mark.parametrize(
    "text",
    [
        "sk-ant-api03-abcdefghijkl",
        "AIzaSyabcdefghijkl",
        "gsk_abcdefghijkl",
        "xai-abcdefghijkl",
        "AQ.Ab8abcdefghijkl",
        "a" * 40,
    ],
)
def test_what_looks_like_a_key_is_starred(text: str) -> None:
    """The shapes that vendors use."""
    assert scrub_keys(f"bad key {text}!") == "bad key ***!"


HEADLESS = """
import asyncio, sys
from pathlib import Path
from tests.support.config import make_home
from ultra.config.secrets import Keys, set_key, remove_key
from ultra.core.errors import ConfigError
from ultra.core.model import Endpoint, KeyRef
home = make_home(Path("/nonexistent"))
keys = Keys({"SET": "k"}, paths=home.paths)
def told(work):
    try:
        return work()
    except ConfigError as error:
        return f"{error.message} | {error.hint}"
def key(name):
    endpoint = Endpoint("openai", "openai-chat", "https://h", KeyRef("default", name))
    return told(lambda: asyncio.run(keys.key(endpoint)).reveal())
print(key("SET"))
print(key("UNSET"))
print(told(lambda: set_key("openai", "k")))
print(told(lambda: remove_key("openai")))
"""


def _headless(backend: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", HEADLESS],
        capture_output=True,
        text=True,
        check=True,
        env={
            "PYTHONPATH": os.pathsep.join(["src", "."]),
            "PATH": os.environ["PATH"],
            "PYTHON_KEYRING_BACKEND": backend,
        },
        cwd=Path(__file__).parents[2],
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_a_machine_without_a_keyring_says_so_and_variables_still_work() -> None:
    """Servers and containers have none."""
    from_env, missing, stored, removed = _headless("keyring.backends.fail.Keyring")

    assert from_env == "k"
    assert "there is no keyring to look in" in missing
    assert "set `UNSET`" in missing
    assert "set the variable instead" in stored
    assert "there is no keyring" in removed


def test_a_keyring_that_forgets_is_found_out() -> None:
    """The null backend takes every key and keeps none."""
    from_env, missing, stored, removed = _headless("keyring.backends.null.Keyring")

    assert from_env == "k"
    assert "there is no key for `openai`" in missing
    assert "did not keep the key" in stored
    assert removed == "False"


def test_a_status_of_stdin_is_just_that() -> None:
    """`--key -` is not read for a list."""
    assert key_status(_endpoint(KeyRef("stdin")), {}) == KeyStatus("openai", "stdin", None, "")
