"""What a profile may say, and how every mistake in it is told."""

import json
from decimal import Decimal

import pytest

from tests.support.config import Home
from ultra.config.schema import json_schema
from ultra.core.budget import Limit
from ultra.core.cost import FREE
from ultra.core.errors import ConfigError
from ultra.core.profile import BreakerRules, CacheRules, GuardRules, LogRules


def test_all_mistakes_are_told_at_once_each_with_its_place(home: Home) -> None:
    """File, line, column, key path, and the nearest name that would be right."""
    path = home.own(
        "bad",
        "enviroment: testing\n"
        "providers:\n  opnai: {}\n"
        "models:\n  fast: openai\n  smart: {model: openai:gpt, price: {input_per_mtok: nan}}\n"
        "defaults: {ask: fats}\n"
        "retry: {attempts: 0}\n",
    )

    problems = home.problems("bad")

    told = [(p.where.removeprefix(f"{path}:"), p.path, p.hint or "") for p in problems]
    assert [(where, key) for where, key, _ in told] == [
        ("2:1", ""),
        ("4:3", "providers.opnai"),
        ("6:9", "models.fast"),
        ("7:37", "models.smart.price"),
        ("7:54", "models.smart.price.input_per_mtok"),
        ("8:17", "defaults.ask"),
        ("9:19", "retry.attempts"),
    ]
    assert "`environment`" in told[0][2]
    assert "`openai`" in told[1][2]
    assert "`fast`" in told[5][2]


def test_one_error_counts_them(home: Home) -> None:
    """Exit 3 with one message and the list below it."""
    home.own("bad", "a: 1\nb: 2\n")

    with pytest.raises(ConfigError, match="profile `bad` has 2 mistakes"):
        home.load("bad")


def test_the_example_of_the_design_holds(home: Home) -> None:
    """The profile that documentation shows, resolved."""
    home.own(
        "full",
        """
requires: ">=0.1, <99"
environment: testing
providers:
  openai: {}
  anthropic: {key: "keyring:anthropic"}
  lab:
    protocol: openai-chat
    base_url: http://127.0.0.1:8000/v1/
    key: none
    limits: {concurrency: 4, requests_per_minute: 60, tokens_per_minute: 100000}
models:
  fast: openai:gpt
  smart:
    model: "anthropic:claude"
    max_output_tokens: 8000
    capabilities: [reasoning, vision]
    price: {input_per_mtok: 3.0, output_per_mtok: 15.0}
groups:
  council: [fast, smart, "gemini:pro"]
ensembles:
  panel: {strategy: fusion, members: ["@council"], synthesizer: smart}
routes:
  default: {policy: balanced, candidates: [fast, smart], on_failure: ["lab:llama"]}
defaults: {ask: default, compare: "@council", synthesizer: smart, judge: "openai:gpt-5"}
retry: {attempts: 3}
timers: {idle_s: 5}
breaker: {failures: 3, window_s: 60}
budget: {day_usd: 5, mode: soft, cost_center: research}
cache: {enabled: false, ttl_s: 86400}
confirm_usd: 1
""",
    )

    profile = home.load("full")

    lab = profile.providers["lab"]
    assert (lab.base_url, lab.key.kind, lab.concurrency) == ("http://127.0.0.1:8000/v1", "none", 4)
    assert str(profile.providers["anthropic"].key) == "keyring:anthropic"
    assert profile.providers["anthropic"].auth == "x-api-key"
    assert profile.models["fast"].context_window == 8000
    assert profile.models["smart"].reasons
    assert profile.models["smart"].max_output_tokens == 8000
    assert [m.name for m in profile.ensembles["panel"].members] == ["fast", "smart", "gemini:pro"]
    assert [t.name for t in profile.routes["default"].usual] == ["fast", "smart", "lab:llama"]
    assert profile.defaults.compare == ("@council",)
    assert (profile.retry.attempts, profile.retry.per_target) == (3, 2)
    assert (profile.timers.idle_s, lab.timers.idle_s, lab.timers.connect_s) == (5.0, 5.0, 5.0)
    assert profile.confirm_usd == 1.0
    assert profile.environment == "testing"


def test_what_the_log_keeps_is_taken_over_key_by_key(home: Home) -> None:
    """What a profile does not say holds as in the one that it extends."""
    home.own("private", "log: {privacy: hashed, keep_days: 30}\n")
    home.own("more", "extends: private\nlog: {privacy: off}\n")

    assert home.load("private").log == LogRules("hashed", 30)
    assert home.load("more").log == LogRules("off", 30)


@pytest.mark.parametrize(
    ("said", "path", "column"),
    [
        ("{privacy: none}", "log.privacy", 16),
        ("{keep_days: 0}", "log.keep_days", 18),
        ("{keep_days: 9d}", "log.keep_days", 18),
        ("{keep: 9}", "log", 7),
    ],
)
def test_a_mistake_in_what_the_log_keeps_is_told_at_its_place(
    home: Home, said: str, path: str, column: int
) -> None:
    """With file, line and column."""
    file = home.own("wrong", f"log: {said}\n")

    (problem,) = home.problems("wrong")

    assert (problem.path, problem.where) == (path, f"{file}:2:{column}")


def test_what_bounds_a_run_comes_to_exact_rules(home: Home) -> None:
    """Money as nano-dollars in the scope of the profile, the rest with its usual values."""
    home.own(
        "bounded",
        "providers: {openai: {limits: {requests_per_minute: 60, tokens_per_minute: 9000}}}\n"
        "breaker: {failures: 5}\ncache: {enabled: true, ttl_s: 60}\n"
        "budget: {run_usd: 0.1, day_usd: 5, mode: hard, cost_center: research}\n"
        "guardrails: {secrets: redact, local_only: true, providers: [openai]}\n",
    )

    profile = home.load("bounded")

    assert profile.providers["openai"].requests_per_minute == 60
    assert profile.providers["openai"].tokens_per_minute == 9000
    assert profile.breaker == BreakerRules(5, 60.0)
    assert profile.cache == CacheRules(enabled=True, ttl_s=60.0)
    assert profile.guardrails == GuardRules("redact", local_only=True, providers=("openai",))
    assert profile.budget.cost_center == "research"
    assert profile.budget.limits == (
        Limit("run", "run", 100_000_000, "hard"),
        Limit("profile:bounded", "day", 5_000_000_000, "hard"),
    )


@pytest.mark.parametrize(
    ("written", "nano"),
    [
        ("3", 3_000_000_000),
        ("0.1", 100_000_000),
        ("0.000000001", 1),
        ("1e-9", 1),
        ("15.", 15_000_000_000),
        (".5", 500_000_000),
        ("999999.999999999", 999_999_999_999_999),
        ("0", 0),
    ],
)
def test_prices_are_read_exactly(home: Home, written: str, nano: int) -> None:
    """By their decimal digits, never through a float."""
    home.own(
        "p",
        f"models: {{m: {{model: openai:x, price: {{input_per_mtok: {written},"
        " output_per_mtok: 1, cache_read_per_mtok: 0.30, request_usd: 0.01}}}\n",
    )

    price = home.load("p").models["m"].price

    assert price is not None
    assert price.input.nano_per_mtok == nano
    assert price.cache_read is not None
    assert price.cache_read.nano_per_mtok == 300_000_000
    assert price.request_nano == 10_000_000
    assert (price.cache_write, price.source) == (None, "profile")


@pytest.mark.parametrize(
    "written",
    [
        ".nan",
        "nan",
        "-1",
        "-0.0000000001",
        ".inf",
        "1e999",
        "1e9999",
        "1e7",
        "0.0000000001",
        "1e-30",
        "'3'",
        "true",
        "1_000",
        "0x10",
        "1:30",
        "three",
        "~",
        "[]",
        "٣",
        "1" * 41,
    ],
)
def test_an_amount_that_is_none_is_refused(home: Home, written: str) -> None:
    """Not a number, negative, infinite, finer than a nano-dollar, or written as text."""
    problems = home.wrong(
        f"models: {{m: {{model: openai:x, price: {{input_per_mtok: {written},"
        " output_per_mtok: 1}}}\n"
    )

    assert "models.m.price.input_per_mtok" in {problem.path for problem in problems}


def test_a_free_model_is_said_to_be_free(home: Home) -> None:
    """And one that nobody knows has no price, rather than none to pay."""
    home.own("f", "models: {a: {model: openai:x, price: free}, b: openai:x, c: ollama:llama}\n")

    models = home.load("f").models

    assert (models["a"].price, models["b"].price, models["c"].price) == (FREE, None, FREE)


def test_a_simulated_model_costs_nothing_unless_a_price_is_set(home: Home) -> None:
    """Nothing is charged for made-up answers."""
    home.own("s", "providers: {sim: {protocol: simulated}}\nmodels: {a: 'sim:x'}\n")

    target = home.load("s").models["a"]

    assert target.price == FREE
    assert target.endpoint.simulated


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("models: {'a b': openai:x}", "models", "`a b` is not valid"),
        ("models: {'@a': openai:x}", "models", "`@a` is not valid"),
        ("models: {a: openai:x}\nroutes: {a: {candidates: [a]}}", "routes.a", "already the name"),
        ("models: {a: }", "models.a", "is empty"),
        ("models: [a]", "models", "expected a mapping"),
        ("models: {a: [openai:x]}", "models.a", "expected text or a mapping"),
        ("models: {a: opnai:x}", "models.a", "no provider `opnai`"),
        ("models: {a: {price: free}}", "models.a", "`model` is missing"),
        ("models: {a: {model: openai:x, price: cheap}}", "models.a.price", "`cheap`"),
        ("models: {a: {model: openai:x, context_window: 1.5}}", "models.a.context_window", "whole"),
        ("models: {a: {model: openai:x, capabilities: [sight]}}", "models.a.capabilities[0]", "si"),
        ("groups: {g: []}", "groups.g", "must not be empty"),
        ("groups: {g: [~]}", "groups.g[0]", "is empty"),
        ("groups: {g: one}", "groups.g", "expected a list"),
        ("groups: {g: [nobody]}", "groups.g[0]", "nothing is called `nobody`"),
        ("groups: {g: ['@none']}", "groups.g[0]", "nothing is called `@none`"),
        ("groups: {g: ['opnai:x']}", "groups.g[0]", "no provider `opnai`"),
        ("groups: {g: ['@g']}", "groups.g", "contains itself"),
        ("groups: {g: ['@h'], h: ['@g']}", "groups.g", "contains itself"),
        ("ensembles: {e: {members: ['openai:x']}}", "ensembles.e.members", "2 members"),
        ("ensembles: {e: {members: [a, b], strategy: all}}", "ensembles.e.strategy", "no single"),
        ("ensembles: {e: {members: [a, b], strategy: probe}}", "ensembles.e.strategy", "no single"),
        (
            "ensembles: {e: {members: [a, b], strategy: fushion}}",
            "ensembles.e.strategy",
            "there is",
        ),
        ("ensembles: {e: {strategy: first}}", "ensembles.e", "`members` is missing"),
        (
            "ensembles: {e: {strategy: first, members: ['openai:x'], synthesizer: 'openai:y'}}",
            "ensembles.e.synthesizer",
            "does not go by it",
        ),
        (
            "ensembles: {e: {strategy: first, members: [m]}}\nroutes: {r: {candidates: [e]}}",
            "routes.r.candidates[0]",
            "`e` is an ensemble",
        ),
        (
            "models: {m: openai:x}\nroutes: {r: {candidates: [m]}}\ndefaults: {judge: r}",
            "defaults.judge",
            "`r` is a route",
        ),
        ("routes: {r: {candidates: ['@none']}}", "routes.r.candidates[0]", "nothing is called"),
        ("defaults: {ask: nobody}", "defaults.ask", "nothing is called"),
        ("defaults: {compare: [nobody]}", "defaults.compare[0]", "nothing is called"),
        ("defaults: {compare: nobody}", "defaults.compare", "nothing is called"),
        ("defaults: {compare: {a: b}}", "defaults.compare", "expected"),
        ("timers: {run_s: 0}", "timers.run_s", "more than 0"),
        ("timers: {run_s: .nan}", "timers.run_s", "not a finite number"),
        ("timers: {run_s: 86401}", "timers.run_s", "at most"),
        ("timers: {run_s: '5'}", "timers.run_s", "is text"),
        ("retry: {attempts: 21}", "retry.attempts", "at most 20"),
        ("confirm_usd: -1", "confirm_usd", "at least 0"),
        ("confirm_usd: []", "confirm_usd", "expected a number"),
        ("environment: prod", "environment", "`prod` is not known"),
        ('environment: "a\\e[2Jb"', "environment", "not known"),
        ('extends: "a\\0b"', "extends", "control characters"),
        ("extends: ''", "extends", "is empty"),
        (f"budget: {{cost_center: {'x' * 65}}}", "budget.cost_center", "longer than 64"),
        ("version: 2", "version", "a second time"),
        ("extends: nobody", "extends", "does not exist"),
        ("requires: '>=99'", "requires", "needs ultra >=99, and this is"),
        ("requires: 'new'", "requires", "not a version requirement"),
    ],
)
def test_a_mistake_is_told_by_key_path(home: Home, text: str, path: str, message: str) -> None:
    """Each with the words for what is wrong."""
    problems = home.wrong(f"{text}\n")

    assert any(
        message in problem.message and path in (problem.path, "version") for problem in problems
    ), problems


def test_an_old_ultra_says_only_that_it_is_old(home: Home) -> None:
    """What a newer version means by other keys is not for this one to judge."""
    problems = home.wrong("requires: '>=99'\nfuture: {keys: 1}\nmodels: 7\n")

    assert [problem.path for problem in problems] == ["requires"]
    assert "upgrade" in (problems[0].hint or "")


@pytest.mark.parametrize("rule", ["==0.1", "<=99", ">0", "<99", ">=0.1,<2"])
def test_a_requirement_that_is_met_says_nothing(home: Home, rule: str) -> None:
    """Every operator counts, and a shorter version stands for all that begin so."""
    assert home.wrong(f"requires: '{rule}'\n") == []


def test_an_empty_requirement_is_none(home: Home) -> None:
    """A key that is left blank says nothing."""
    assert home.wrong("requires:\n") == []


def test_a_missing_version_is_told(tmp_path: object, home: Home) -> None:
    """It is what lets the format change."""
    home.write(home.paths.profiles_dir / "v.yaml", "models: {}\n")

    assert [problem.message for problem in home.problems("v")] == ["`version` is missing"]


def test_sections_that_are_commented_out_are_empty(home: Home) -> None:
    """`models:` with nothing below it is what editing leaves behind."""
    home.own("blank", "models:\ngroups:\ndefaults:\nconfirm_usd:\nproviders: {openai: }\n")

    profile = home.load("blank")

    assert (profile.models, profile.groups, list(profile.providers)) == ({}, {}, ["openai"])


def test_a_broken_entry_is_not_told_twice(home: Home) -> None:
    """Names that lean on a wrong model or provider are not wrong for that."""
    problems = home.wrong(
        "providers: {bad: {protocol: telepathy}, worse: {protocol: ollama}}\n"
        "models: {m: {model: nonsense}, n: 'bad:x', o: 'worse:x'}\n"
        "groups: {g: [m, n], h: [~]}\n"
        "ensembles: {e: {members: [m, n]}, f: {}}\n"
        "routes: {r: {candidates: [o, 'bad:y', '@h']}, s: {}}\n"
        "defaults: {ask: f, judge: m}\n"
    )

    assert sorted(problem.path for problem in problems) == [
        "ensembles.f",
        "groups.h[0]",
        "models.m.model",
        "providers.bad.protocol",
        "providers.worse",
        "routes.s",
    ]


def test_a_group_that_grows_without_end_is_refused(home: Home) -> None:
    """Groups of groups double at each level."""
    groups = ["g0: [m, m]"] + [f"g{n}: ['@g{n - 1}', '@g{n - 1}']" for n in range(1, 30)]

    problems = home.wrong(f"models: {{m: openai:x}}\ngroups: {{{', '.join(groups)}}}\n")

    assert problems
    assert {problem.message for problem in problems} == {"expands to more than 256 names"}


def test_groups_may_stand_in_groups(home: Home) -> None:
    """In the order written, each member once per mention."""
    home.own(
        "g",
        "models: {a: openai:x, b: openai:y}\n"
        "groups: {one: [a], two: ['@one', b], three: ['@one', '@two']}\n"
        "routes: {r: {candidates: ['@three']}}\n",
    )

    assert [target.name for target in home.load("g").routes["r"].candidates] == ["a", "a", "b"]


def test_the_json_schema_comes_from_the_same_table() -> None:
    """Unknown keys are refused, money is a number, and refused choices are not offered."""
    schema = json_schema()

    definitions = schema["$defs"]
    assert json.loads(json.dumps(schema)) == schema
    assert definitions["ProfileSpec"]["additionalProperties"] is False
    assert definitions["PriceSpec"]["properties"]["input_per_mtok"]["type"] == "number"
    assert {"enum": ["hard", "soft"]} in definitions["BudgetSpec"]["properties"]["mode"]["anyOf"]
    ensemble = definitions["EnsembleSpec"]["properties"]
    assert {"type": "string"} in ensemble["strategy"]["anyOf"]
    assert "moa" in ensemble["strategy"]["anyOf"][0]["enum"]
    assert "all" not in ensemble["strategy"]["anyOf"][0]["enum"]
    assert set(definitions["ProfileSpec"]["properties"]) >= {"version", "extends", "confirm_usd"}


def test_a_decimal_is_never_rounded_on_its_way(home: Home) -> None:
    """Seventeen digits are more than a float holds."""
    home.own(
        "d",
        "models: {m: {model: 'openai:x', price: {input_per_mtok: 123456.123456789,"
        " output_per_mtok: 0}}}\n",
    )

    price = home.load("d").models["m"].price

    assert price is not None
    assert Decimal(price.input.nano_per_mtok) / 10**9 == Decimal("123456.123456789")


def test_an_option_of_the_wrong_kind_is_a_mistake(home: Home) -> None:
    """Of a model as of a provider, with its place; a simulation's dials are its own affair."""
    home.own(
        "bad",
        "providers:\n"
        "  openai: {}\n"
        "  anthropic: {options: {seed: soon}}\n"
        "  sim: {protocol: simulated, options: {seed: 3}}\n"
        "models:\n"
        '  fast: {model: "openai:gpt-5-mini", options: {temperature: hot, top_k: 5}}\n',
    )

    paths = [problem.path for problem in home.problems("bad")]
    assert paths == ["providers.anthropic.options.seed", "models.fast.options.temperature"]


def test_a_wrong_value_under_a_name_is_told_like_any_other(home: Home) -> None:
    """Also where nothing may stand in its place."""
    found = home.wrong("providers: {lab: {base_url: 'http://127.0.0.1/v1', headers: {X-A: [1]}}}")

    assert "providers.lab.headers.X-A" in [problem.path for problem in found]
