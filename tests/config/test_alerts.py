"""Alerts as a profile writes them: what they mean, and what is refused where."""

import pytest

from tests.support.config import Home
from ultra.config.choices import show
from ultra.core.alerts import Rule
from ultra.core.model import KeyRef


def alerts(home: Home, text: str) -> tuple[Rule, ...]:
    home.own("mine", f"alerts: {text}\n")
    return home.load("mine").alerts


def test_an_alert_is_what_it_says(home: Home) -> None:
    """Money exactly, a command in words, the usual for what is left out."""
    found = alerts(
        home,
        "{daily: {spend_usd: 4.20, per: week, scope: 'tag:team=a', command: notify-send 'over it'},"
        " slow: {p95_s: 30, window_s: 600, min_calls: 5, webhook: 'https://h.example/x',"
        " key: 'env:TOKEN', header: X-Key}}",
    )

    assert found == (
        Rule(
            "daily",
            "spend",
            4_200_000_000.0,
            "tag:team=a",
            "week",
            command=("notify-send", "over it"),
        ),
        Rule(
            "slow",
            "duration",
            30.0,
            window_s=600.0,
            min_calls=5,
            webhook="https://h.example/x",
            key=KeyRef("env", "TOKEN"),
            header="X-Key",
        ),
    )


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("{command: x}", "alerts.a", "no condition"),
        ("{spend_usd: 1, p95_s: 2, command: x}", "alerts.a", "several conditions"),
        ("{spend_usd: 1}", "alerts.a", "nobody to tell"),
        ("{spend_usd: 1, command: x, webhook: 'https://h'}", "alerts.a", "both"),
        ("{p95_s: 1, per: day, command: x}", "alerts.a.per", "`p95_s` does not go by it"),
        ("{spend_usd: 1, window_s: 9, command: x}", "alerts.a.window_s", "does not go by"),
        ("{spend_usd: 1, scope: run, command: x}", "alerts.a.scope", "no scope `run`"),
        ("{spend_usd: 1, scope: prov, command: x}", "alerts.a.scope", "no scope"),
        ("{breaker_open: true, scope: 'tag:a=b', command: x}", "alerts.a.scope", "no scope"),
        ('{spend_usd: 1, command: "a \'b"}', "alerts.a.command", "quote"),
        ("{spend_usd: 1, webhook: 'http://h.example/HUSH'}", "alerts.a.webhook", "plain http"),
        ("{spend_usd: 1, webhook: 'ftp://HUSH'}", "alerts.a.webhook", "not an `https` URL"),
        ("{spend_usd: 1, webhook: 'https://h', key: HUSH}", "alerts.a.key", "say where the key is"),
        ("{spend_usd: 1, command: x, key: 'env:X'}", "alerts.a.key", "goes with a `webhook`"),
        ("{spend_usd: 0, command: x}", "alerts.a.spend_usd", "is crossed always"),
        ("{spend_usd: 1, command: ['', x]}", "alerts.a.command", "is empty"),
        ("{spend_usd: 1, webhook: 'env:'}", "alerts.a.webhook", "not the name of a variable"),
        ("{spend_usd: 1, webhook: 'env:HUSH/x'}", "alerts.a.webhook", "name of a variable"),
        ("{budget_share: 80, command: x}", "alerts.a.budget_share", "10"),
        ("{spend: 1, command: x}", "alerts.a", "unknown key `spend`"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(home: Home, text: str, where: str, said: str) -> None:
    """File, line and column; never a URL or a key."""
    (problem,) = home.wrong(f"alerts:\n  a: {text}\n")

    assert problem.path == where
    assert said in problem.message
    assert problem.where.rsplit("/", 1)[-1].startswith("wrong.yaml:3:")
    assert "HUSH" not in problem.message + (problem.hint or "")


def test_an_untrusted_project_may_set_none(home: Home) -> None:
    """An alert runs a command."""
    home.default("providers: {openai: {}}\n")
    home.repo("alerts: {a: {spend_usd: 1, command: rm}}\n")

    (problem,) = home.problems()

    assert problem.path == "alerts"
    assert "runs commands" in problem.message


def test_a_profile_that_extends_another_changes_alerts_one_by_one(home: Home) -> None:
    """Each whole, the others as they were."""
    home.own("base", "alerts: {a: {spend_usd: 1, command: x}, b: {p95_s: 2, command: y}}\n")
    home.own("mine", "extends: base\nalerts: {a: {spend_usd: 9, command: z}}\n")

    found = {rule.name: rule.command for rule in home.load("mine").alerts}

    assert found == {"a": ("z",), "b": ("y",)}


def test_what_is_shown_hides_the_path_of_a_webhook(home: Home) -> None:
    """Some are secrets by themselves."""
    home.own(
        "mine",
        "alerts: {a: {spend_usd: 1.5, webhook: 'https://h.example/HUSH'},"
        " b: {breaker_open: true, command: [x, y]}, c: {error_rate: 0.2, webhook: 'env:HOOK'}}\n",
    )

    text = show(home.load("mine"))

    assert "HUSH" not in text
    assert "https://h.example/***" in text
    assert "spend_usd: 1.5" in text
    assert "env:HOOK" in text
