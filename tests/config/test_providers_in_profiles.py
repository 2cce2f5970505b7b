"""Providers as a profile writes them, and what keeps a key with its host."""

import pytest

from tests.support.config import Home
from ultra.config.load import resolve_target
from ultra.core.errors import ConfigError, UsageError


def _provider(home: Home, fields: str, name: str = "lab") -> list[str]:
    """Messages about one provider."""
    return [problem.message for problem in home.wrong(f"providers: {{{name}: {{{fields}}}}}\n")]


LAB = "protocol: openai-chat, base_url: 'http://127.0.0.1:1/v1'"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://h/v1", "not an `http` or `https` URL"),
        ("h/v1", "not an `http` or `https` URL"),
        ("https://", "not an `http` or `https` URL"),
        ("https://[::1", "is not a URL"),
        ("https://h:99999/", "is not a URL"),
        ("https://u:p@h/v1", "must not hold a user name"),
        ("https://h/v1?key=1", "must end before"),
        ("https://h/v1#a", "must end before"),
        ("https://h/v1?", "must end before"),
        ("https://h h/v1", "holds characters"),
        ("https://\u043epenai.com/v1", "holds characters"),
        ("https://h\\@evil/v1", "holds characters"),
    ],
)
def test_a_base_url_that_could_mislead_is_refused(home: Home, url: str, message: str) -> None:
    """The message does not repeat it: there may be a password in it."""
    messages = _provider(home, f"protocol: openai-chat, base_url: '{url}'")

    assert any(message in words for words in messages), messages
    assert not any("u:p" in words for words in messages)


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_a_vendors_key_is_not_sent_to_another_host_unasked(home: Home, kind: str) -> None:
    """A peer once leaked `OPENAI_API_KEY` to every compatible server."""
    messages = _provider(home, "base_url: 'https://proxy.example/v1'", name=kind)

    assert len(messages) == 1
    assert "its key is not sent there unasked" in messages[0]


def test_a_vendors_url_that_is_none_is_told_once(home: Home) -> None:
    """What cannot be read leads nowhere, so no key follows it."""
    messages = _provider(home, "base_url: 'https://[::1', key: env:K", name="openai")

    assert messages == ["is not a URL"]
    assert "is not a URL" in _provider(home, "base_url: 'https://[::1'", name="openai")


@pytest.mark.parametrize(
    "fields",
    [
        "base_url: 'https://proxy.example/v1', key: env:MINE",
        "base_url: 'https://proxy.example/v1', key: none",
        "base_url: 'https://proxy.example/v1', key: default",
        "base_url: 'https://api.openai.com/v2'",
    ],
    ids=["another key", "no key", "said so", "same host"],
)
def test_another_url_of_a_vendor_holds_when_the_key_is_named(home: Home, fields: str) -> None:
    """The user decides which key goes where."""
    assert _provider(home, fields, name="openai") == []


@pytest.mark.parametrize(
    "key",
    [
        "sk-verysecretkey",
        "env:",
        "secret:x",
        "env:A B",
        "command:'op read",
        "command: ' '",
        "command:''",
        "",
    ],
)
def test_a_key_that_is_no_reference_is_refused_and_never_repeated(home: Home, key: str) -> None:
    """Whoever pastes a key into a profile does not find it in a log."""
    problems = home.wrong(f'providers: {{lab: {{{LAB}, key: "{key}"}}}}\n')

    assert [problem.path for problem in problems] == ["providers.lab.key"]
    assert "verysecret" not in repr(problems)


@pytest.mark.parametrize("header", ["Authorization", "x-api-key", "Cookie", "Host", "X Y"])
def test_headers_carry_no_keys_and_replace_nothing_of_ours(home: Home, header: str) -> None:
    """A key in a header would stand in the file, in the cache and in `profiles show`."""
    assert _provider(home, f"{LAB}, headers: {{'{header}': secret}}")


def test_a_header_of_other_letters_is_refused(home: Home) -> None:
    """HTTP carries ASCII."""
    assert _provider(home, f"{LAB}, headers: {{X-Team: café}}")


def test_headers_are_added_to_the_vendors_own(home: Home) -> None:
    """The vendor's stay."""
    home.own("h", "providers: {anthropic: {headers: {X-Team: blue}}}\n")

    assert home.load("h").providers["anthropic"].headers == {
        "anthropic-version": "2023-06-01",
        "X-Team": "blue",
    }


def test_one_vendor_can_be_two_providers(home: Home) -> None:
    """Two accounts, each with its own key."""
    home.own("two", "providers: {openai: {}, work: {vendor: openai, key: env:WORK}}\n")

    work = home.load("two").providers["work"]

    assert (work.provider, work.vendor, str(work.key)) == ("work", "openai", "env:WORK")
    assert work.base_url == "https://api.openai.com/v1"


def test_an_unknown_vendor_is_told_with_the_nearest(home: Home) -> None:
    """Beside what is missing without one."""
    problems = home.wrong("providers: {work: {vendor: opena, protocol: ollama}}\n")

    assert {problem.path for problem in problems} == {"providers.work.vendor", "providers.work"}
    assert problems[1].hint == "did you mean `openai`?"


def test_a_key_in_clear_text_is_warned_of(home: Home) -> None:
    """Loopback stays on this machine, everything else does not."""
    home.own(
        "clear",
        "providers:\n  far: {protocol: ollama, base_url: 'http://far.example', key: env:K}\n"
        f"  near: {{{LAB}, key: env:K}}\n",
    )

    (warning,) = home.load("clear").warnings

    assert "`far` travels in clear text" in warning


def test_a_key_file_is_found_from_the_profile(home: Home) -> None:
    """Relative to the file that names it; home and absolute paths stay."""
    home.own(
        "f",
        f"providers:\n  a: {{{LAB}, key: file:../keys/a}}\n  b: {{{LAB}, key: file:~/b}}\n"
        f"  c: {{{LAB}, key: file:/c}}\n",
    )

    providers = home.load("f").providers

    assert providers["a"].key.name == str(home.paths.config / "keys" / "a")
    assert (providers["b"].key.name, providers["c"].key.name) == ("~/b", "/c")


def test_a_provider_can_have_timers_of_its_own(home: Home) -> None:
    """Over the profile's, which stand over the usual ones."""
    home.own("t", f"timers: {{idle_s: 9}}\nproviders: {{lab: {{{LAB}, timers: {{run_s: 7}}}}}}\n")

    timers = home.load("t").providers["lab"].timers

    assert (timers.idle_s, timers.run_s, timers.connect_s) == (9.0, 7.0, 5.0)


@pytest.mark.parametrize(
    ("value", "message"),
    [("", "`AZ` is not set"), ("evil.example/", "not part of a host"), ("a@b", "not part of")],
)
def test_a_url_with_a_hole_needs_its_variable(home: Home, value: str, message: str) -> None:
    """And only something that is part of a host name fills it, or the key would go elsewhere."""
    home.own("az", "providers: {azure: {}}\n")

    (problem,) = home.problems("az", AZ=value)

    assert message in problem.message


def test_a_url_with_a_hole_is_filled(home: Home) -> None:
    """With the user's own resource."""
    home.own("az", "providers: {azure: {}}\n")

    assert home.load("az", AZ="mine").providers["azure"].base_url == "https://mine.azure.example/v1"


def test_any_model_of_a_known_provider_needs_no_alias(home: Home) -> None:
    """One that no catalog knows passes through with its price unknown."""
    home.own("p", f"timers: {{idle_s: 9}}\nproviders: {{lab: {{{LAB}}}}}\n")
    profile = home.load("p")

    lab = resolve_target(profile, "lab:new:model", home.catalog)
    gpt = resolve_target(profile, "openai:gpt", home.catalog)

    assert (lab.name, lab.model, lab.price) == ("lab:new:model", "new:model", None)
    assert (gpt.endpoint.vendor, gpt.context_window, gpt.endpoint.timers.idle_s) == (
        "openai",
        8000,
        9.0,
    )
    assert str(gpt.endpoint.key) == "default:OPENAI_KEY"


@pytest.mark.parametrize(
    ("text", "hint"),
    [("opnai:x", "`openai`"), ("fats", "`fast`"), ("zzz:x", "`protocol`"), ("zzz", "ultra models")],
)
def test_an_unknown_name_is_told_with_the_nearest(home: Home, text: str, hint: str) -> None:
    """A typo is never sent anywhere."""
    home.own("p", "models: {fast: openai:x}\n")

    with pytest.raises(UsageError) as caught:
        resolve_target(home.load("p"), text, home.catalog)

    assert hint in (caught.value.hint or "")


def test_a_vendor_whose_url_has_a_hole_is_reached_by_its_variable(home: Home) -> None:
    """Without a profile too."""
    profile = home.load()

    target = resolve_target(profile, "azure:m", home.catalog, lookup=lambda _: "mine")

    assert target.endpoint.base_url == "https://mine.azure.example/v1"
    with pytest.raises(ConfigError, match="`AZ` is not set"):
        resolve_target(profile, "azure:m", home.catalog, lookup=lambda _: None)


def test_made_up_answers_are_never_reached_by_a_vendors_name(home: Home) -> None:
    """Only a profile that says so simulates."""
    from tests.support.config import VENDORS, FakeCatalog
    from ultra.core.catalog import Vendor

    catalog = FakeCatalog({**VENDORS, "sim": Vendor("sim", "Sim", "simulated", "", "d")})

    with pytest.raises(UsageError, match="makes its answers up"):
        resolve_target(home.load(), "sim:x", catalog)


def test_production_refuses_made_up_answers_and_missing_keys_all_at_once(home: Home) -> None:
    """With what would serve for each."""
    home.own(
        "prod",
        "environment: production\n"
        f"providers: {{openai: {{}}, sim: {{protocol: simulated}}, free: {{{LAB}}}}}\n"
        "models: {g: 'gemini:pro', s: 'sim:x', o: openai:x}\n"
        "ensembles: {e: {members: [g, 'anthropic:x']}}\n"
        "routes: {r: {candidates: [g, 'azure:x']}}\n",
    )

    problems = home.problems("prod", GEMINI_KEY="k", AZ="mine")

    told = {problem.path: problem for problem in problems}
    assert set(told) == {"providers.openai", "providers.sim", "models.s", "ensembles.e", "routes.r"}
    assert "OPENAI_KEY" in (told["providers.openai"].hint or "")
    assert "simulated" in told["providers.sim"].message


def test_production_with_every_key_holds(home: Home) -> None:
    """A command counts as a key without being run, a file by being there."""
    (home.root / "key").write_text("k")
    home.own(
        "prod",
        "environment: production\nproviders:\n  openai: {}\n"
        f"  a: {{{LAB}, key: env:MINE}}\n  b: {{{LAB}, key: 'command:/bin/false'}}\n"
        f"  c: {{{LAB}, key: 'file:{home.root}/key'}}\n",
    )

    assert home.problems("prod", OPENAI_KEY="k", MINE="k") == []
    assert len(home.problems("prod", OPENAI_KEY="  ")) == 2


def test_production_holds_where_requests_are_signed(home: Home) -> None:
    """AWS credentials stand in for the key, unless the profile names one."""
    bedrock = "protocol: bedrock-converse, base_url: 'https://a.example'"
    home.own("prod", f"environment: production\nproviders: {{b: {{{bedrock}, key: default}}}}\n")
    home.own("mine", f"environment: production\nproviders: {{b: {{{bedrock}, key: env:MINE}}}}\n")

    assert home.problems("prod") == []
    assert len(home.problems("mine")) == 1


def test_the_users_aliases_are_no_part_of_what_production_promises(home: Home) -> None:
    """A short name for a model elsewhere does not keep production from starting."""
    home.own("prod", "environment: production\n")
    home.write(home.paths.aliases_file, "version: 1\nmodels: {g: 'gemini:pro'}\n")

    assert list(home.load("prod").models) == ["g"]


def test_a_row_in_another_protocol_loses_what_its_own_one_means(home: Home) -> None:
    """The cap's field and the path are words of the row's protocol."""
    home.own("other", "providers:\n  gemini: {protocol: openai-chat}\n")

    endpoint = home.load("other").providers["gemini"]

    assert endpoint.protocol == "openai-chat"
    assert (endpoint.quirks.path, endpoint.quirks.max_tokens_field) == ("", "max_tokens")
