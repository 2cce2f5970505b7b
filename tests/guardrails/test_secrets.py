"""What is taken for a secret, what is not, and what looking for it costs."""

import base64
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.secrets_made import ALNUM, HEX, block, drawn, made
from ultra.guardrails import secrets
from ultra.guardrails.detectors import detector
from ultra.guardrails.kinds import KINDS
from ultra.guardrails.secrets import find, line_and_column, suspicious, without
from ultra.providers.keys import scrub

ALL = [(kind, value) for kind, values in made().items() for value in values]
AROUND = [
    ("", ""),
    ("KEY=", "\n"),
    ('{"key": "', '"}'),
    ("+ ", " "),
    ("(", ")."),
    ("https://x.example/?k%3D", "&a=b"),
    ("first\\n", "\\nlast"),
    ("é", "é"),
]


@pytest.mark.parametrize(("kind", "value"), ALL, ids=[f"{k}-{v[:6]}" for k, v in ALL])
@pytest.mark.parametrize("around", AROUND, ids=[repr(pair[0]) for pair in AROUND])
def test_every_kind_is_found_where_it_stands(
    kind: str, value: str, around: tuple[str, str]
) -> None:
    """The kind is named and the place is exact, whatever stands on either side."""
    text = around[0] + value + around[1]

    found = find(text)

    assert [(secret.kind, text[secret.start : secret.end]) for secret in found] == [(kind, value)]


@pytest.mark.parametrize(
    "line",
    [
        "aws_secret_access_key = {}",
        'AWS_SECRET_ACCESS_KEY="{}"',
        "export AWS_SECRET_ACCESS_KEY={}",
        '"SecretAccessKey": "{}"',
        "aws_key: '{}'",
    ],
)
def test_an_aws_secret_key_is_told_by_the_name_before_it(line: str) -> None:
    """Forty letters alone may be anything, so only the value behind such a name counts."""
    value = drawn(40, ALNUM + "/+")
    text = line.format(value)

    assert [(s.kind, text[s.start : s.end]) for s in find(text)] == [("aws secret key", value)]
    assert find(value) == []


def test_the_keys_of_storage_accounts_and_registries_are_told_by_what_stands_before() -> None:
    """Only the value is taken, so that what is left still says what it was."""
    azure = "AccountName=a;Account" + "Key=" + drawn(86, ALNUM + "+/") + "==;EndpointSuffix=x"
    npm = "//registry.example/:_auth" + "Token=" + "0fb2c1d4-77aa-4c1e-9b1f-3f0a6b2c5d7e"

    assert without(azure, find(azure)) == (
        "AccountName=a;AccountKey=[redacted: azure storage key];EndpointSuffix=x"
    )
    assert without(npm, find(npm)) == "//registry.example/:_authToken=[redacted: npm token]"


def test_a_private_key_is_taken_whole() -> None:
    """From its first line to its last, also with line breaks written out or cut off at the end."""
    whole = block("RSA")
    escaped = '{"private_key": "' + block("").replace("\n", "\\n") + '\\n"}'
    cut = whole[: whole.index("-----END") - 20]

    assert without(f"a\n{whole}\nb", find(f"a\n{whole}\nb")) == "a\n[redacted: private key]\nb"
    assert without(escaped, find(escaped)) == '{"private_key": "[redacted: private key]\\n"}'
    assert without(cut, find(cut)) == "[redacted: private key]"


def harmless() -> dict[str, str]:
    source = random.Random(11)
    noise = bytes(source.randrange(256) for _ in range(60_000))
    begin = "-----BEGIN RSA PRIVATE" + " KEY-----"
    return {
        "aws-example": "AKIA" + "IOSFODNN7EXAMPLE",
        "aws-example-secret": "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "dots": "export OPENAI_API_KEY=sk-...",
        "angle": "OPENAI_API_KEY=<your key>",
        "crossed": "sk-" + "x" * 32,
        "crossed-ant": "ANTHROPIC_API_KEY=sk-ant-api03-" + "x" * 95,
        "crossed-gh": "ghp_" + "x" * 36,
        "crossed-google": "AIza" + "X" * 35,
        "crossed-aws": "AKIA" + "X" * 16,
        "stars": "sk-proj-********************************",
        "named": "sk-your-api-key-goes-here-0123-4567-8901-2345",
        "sha1": "commit 3d258340fd4b1e6a2f9c7f1f10b0a9d84c3f2d1e",
        "sha256": "sha256:" + drawn(64, HEX),
        "sri": '"integrity": "sha512-' + base64.b64encode(noise[:64]).decode() + '"',
        "uuid": "api_key=550e8400-e29b-41d4-a716-446655440000",
        "hash-key": "key: " + drawn(64, HEX),
        "picture": f"![x](data:image/png;base64,{base64.b64encode(noise).decode()})",
        "blob": base64.b64encode(noise).decode(),
        "url-blob": base64.urlsafe_b64encode(noise).decode(),
        "jwt-docs": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6"
        "IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
        "jwt-like": "eyJhbGciOi...",
        "jwt-broken": "eyJub3QgYSB0b2tlbg.eyJhdGFsbA.c29tZXRoaW5nIGVsc2U",
        "pem-dots": f"{begin}\n...\n-----END RSA PRIVATE KEY-----",
        "pem-words": f"the file begins with `{begin}` and then base64",
        "pem-public": f"-----BEGIN PUBLIC KEY-----\n{drawn(64)}\n-----END PUBLIC KEY-----",
        "pem-certificate": f"-----BEGIN CERTIFICATE-----\n{drawn(64)}\n-----END CERTIFICATE-----",
        "ssh-public": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ" + drawn(300) + " me@host",
        "css": "sk-fading-circle sk-cube-grid sk-double-bounce-animated-spinner-container",
        "risk": "risk-assessmentandmitigationplanning2024forteams99and7",
        "task": "task-management-system-for-distributed-teams-v2-2024-01-01",
        "identifier": "hf_token_from_environment_or_cache_directory gsk_widget_set_visible",
        "stripe-test": "sk_test_" + "4eC39HqLyjWDarjtT1zdp7dc",
        "stripe-public": "pk_live_" + drawn(24),
        "diff": "index 83db48f..bf269f4 100644\n--- a/x\n+++ b/x",
        "log": "12345678:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b 2024-01-01T00:00:00Z",
        "telegram-docs": "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
        "github-docs": "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "region": "us-east-1 en-us12 focus-us2",
        "login": "http://user:password@localhost/",
        "words": "the api key, the token and the password of aws are secret: see the docs",
        "constant": "ASIAPACIFICHEADQUARTERSBUILDING",
    }


@pytest.mark.parametrize("name", harmless())
def test_what_is_no_secret_passes(name: str) -> None:
    """Hashes, ids, pictures, placeholders and documented examples stop nobody's work."""
    assert find(harmless()[name]) == []


@pytest.mark.parametrize(
    "value",
    [
        "sk-" + "1234567890abcdef" * 2,
        "ghp_" + "1234567890" + "abcdefghijklmnopqrstuvwxyz",
        "AKIA" + "1234567890" + "ABCDEF",
    ],
    ids=lambda value: value[:4],
)
def test_a_key_that_counts_has_the_form_of_one(value: str) -> None:
    """Nothing in it says that it is none, and a stop costs less than a leak."""
    assert [secret.kind for secret in find(value)] != []


def test_secrets_are_told_apart_and_in_order() -> None:
    """Two of a kind, another kind, and one that two rows know are three and one."""
    first, second = made(1)["github token"][0], made(2)["github token"][0]
    third = made()["anthropic key"][0]
    text = f"{third}\n{first},{second}"

    found = find(text)

    assert [secret.kind for secret in found] == ["anthropic key", "github token", "github token"]
    assert without(text, found) == (
        "[redacted: anthropic key]\n[redacted: github token],[redacted: github token]"
    )


@pytest.mark.parametrize(
    ("text", "offset", "place"),
    [("abc", 0, (1, 1)), ("abc", 2, (1, 3)), ("a\nbc\n\nd", 6, (4, 1)), ("é\n日本x", 4, (2, 3))],
)
def test_places_count_from_one(text: str, offset: int, place: tuple[int, int]) -> None:
    """Lines and columns as editors count them, in characters."""
    assert line_and_column(text, offset) == place


PLUGINS = sorted({kind.plugin for kind in KINDS if kind.plugin})
_LOOSE = {
    # Theirs are wider than any real token: every case, any tail after a colon, backslashes.
    "slack:SlackDetector": r"xox[abpors]-(?:[0-9]{1,14}-){1,3}[a-z0-9]{1,40}",
    "square_oauth:SquareOAuthDetector": r"sq0csp-[0-9A-Za-z_-]{43}",
    "telegram_token:TelegramBotTokenDetector": r"[0-9]{8,10}:AA[0-9A-Za-z_-]{33}",
}


def shapes(plugin: str) -> st.SearchStrategy[str]:
    """Texts that the patterns of a detector match, drawn from the patterns themselves."""
    if plugin in _LOOSE:
        return st.from_regex(re.compile(_LOOSE[plugin], re.ASCII), fullmatch=True)
    if plugin == "jwt:JwtTokenDetector":
        return st.sampled_from([made(seed)["json web token"][0] for seed in range(50)])
    if plugin == "private_key:PrivateKeyDetector":
        kinds = ("RSA", "EC", "DSA", "OPENSSH", "")
        return st.builds(block, st.sampled_from(kinds), st.integers(0, 99), st.integers(1, 9))
    patterns = detector(plugin).denylist  # type: ignore[attr-defined]
    ascii_only = st.characters(codec="ascii", exclude_characters="\n\r")
    return st.one_of(
        [st.from_regex(pattern, fullmatch=True, alphabet=ascii_only) for pattern in patterns]
    )


@pytest.mark.parametrize("plugin", PLUGINS)
def test_whatever_a_detector_would_find_is_put_before_it(plugin: str) -> None:
    """The first step is a superset of the second: it never keeps a secret from its detector."""

    @settings(deadline=None, max_examples=60, derandomize=True)
    @given(shapes(plugin), st.sampled_from(AROUND))
    def holds(value: str, around: tuple[str, str]) -> None:
        text = around[0] + value + around[1]
        if any(True for _ in detector(plugin).analyze_string(value)):
            assert suspicious(text)

    holds()


@settings(deadline=None, max_examples=150, derandomize=True)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=40),
            st.sampled_from([mark for kind in KINDS for mark in kind.marks]),
            st.sampled_from([value for _, value in ALL]),
        ),
        max_size=12,
    )
)
def test_whatever_is_found_lies_apart_and_is_taken_out_for_good(pieces: list[str]) -> None:
    """Offsets are in order and within the text, and nothing is left to find afterwards."""
    text = " ".join(pieces)

    found = find(text)

    edges = [edge for secret in found for edge in (secret.start, secret.end)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= len(text) for edge in edges)
    assert find(without(text, found)) == []


def test_an_ordinary_prompt_asks_no_detector() -> None:
    """The library is imported for what looks like a secret, and for nothing else."""
    code = (
        "import sys; from ultra.guardrails.secrets import find;"
        "find('why is the sky blue? my task-list has sk-... and AKIA' * 50);"
        "print('detect_secrets' in sys.modules, 'requests' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False", "False"]


WORST = {
    "marks": "".join(mark for kind in KINDS for mark in kind.marks) + " ",
    **{mark: mark for kind in KINDS for mark in kind.marks},
    "headers": "-----BEGIN RSA PRIVATE" + " KEY-----\n",
    "half-headers": "-----BEGIN ",
    "half-keys": "sk-" + "a1B2" * 9 + " ",
    "half-jwt": "eyJabcdefghij.eyJabcd",
    "registry": "//a/:_authToken=",
    "path": "/a",
    "aws": "aws key ",
    "hex": HEX,
    "digits": "123456789:A",
}


def steps(text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How much is read while secrets are looked for: the characters of every candidate."""
    read = 0
    reach = secrets._reach

    def counted(kind: object, text: str, match: re.Match[str]) -> tuple[int, int]:
        nonlocal read
        start, end = reach(kind, text, match)  # type: ignore[arg-type]
        read += 1 + match.end() - match.start() + max(0, end - start)
        return start, end

    with monkeypatch.context() as patched:
        patched.setattr(secrets, "_reach", counted)
        find(text)
    return read


@pytest.mark.parametrize("name", WORST)
def test_the_work_grows_no_faster_than_the_text(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight times the text is at most about eight times the work, however it is made up."""
    piece = WORST[name]
    small = piece * (4_000 // len(piece) + 1)

    little, much = steps(small, monkeypatch), steps(small * 8, monkeypatch)

    assert much <= 9 * little + 1_000
    assert little <= 40 * len(small) + 1_000


def test_no_pattern_has_a_repetition_that_can_be_retried_without_end() -> None:
    """Every repetition of a row is possessive, or bounded by a number that is small."""
    for kind in KINDS:
        written = kind.pattern or kind.body
        bare = re.sub(r"\[[^\]]*\]|\\.", "x", written)
        assert not re.search(r"(?<![+*?}])[+*](?!\+)", bare.replace("++", "").replace("*+", "")), (
            written
        )
        for bound in re.findall(r"\{[0-9]+,([0-9]*)\}(?!\+)", bare):
            assert bound, written
            assert int(bound) <= 64, written


def test_every_kind_is_told() -> None:
    """`docs/safety.md` lists what is looked for, by the name that an error gives it."""
    page = Path(__file__).parents[2] / "docs" / "safety.md"
    told = set(
        re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8").replace("`,\n  `", "`, `"))
    )

    assert {kind.name for kind in KINDS} - told == set()


def test_what_is_found_of_model_vendors_is_scrubbed_from_their_errors() -> None:
    """A provider's error may quote the key that it refused."""
    vendors = ("openai", "anthropic", "openrouter", "groq", "xai", "perplexity", "cerebras")
    more = ("api", "google api", "together", "nvidia", "fireworks", "aws access", "aws bedrock")
    for name in (*vendors, *more):
        for value in made()[f"{name} key"]:
            assert value[8:] not in scrub(f"no such key: {value}", None), name
