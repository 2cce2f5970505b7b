"""From what a profile says of an alert to the rule that it means."""

import shlex
from typing import Any
from urllib.parse import urlsplit

from ultra.config.documents import Document
from ultra.config.dump import dollars
from ultra.config.keyref import is_variable, parse_key
from ultra.config.reader import KeyPath
from ultra.config.schema import AlertSpec
from ultra.core.alerts import MIN_CALLS, WINDOW_S, Measure, Rule, wrong_webhook
from ultra.core.budget import RUN, checked_scope
from ultra.core.errors import UsageError
from ultra.core.model import KeyRef

CONDITIONS: dict[str, Measure] = {
    "spend_usd": "spend",
    "budget_share": "budget",
    "error_rate": "errors",
    "p95_s": "duration",
    "p95_first_token_s": "first_token",
    "breaker_open": "breaker",
}

_GOES_WITH: dict[str, tuple[Measure, ...]] = {
    "per": ("spend",),
    "window_s": ("errors", "duration", "first_token"),
    "min_calls": ("errors", "duration", "first_token"),
}

_CALLS = ("all", "profile", "cost_center", "provider", "tag")
_SCOPES: dict[Measure, tuple[str, ...]] = {
    "breaker": ("all", "provider"),
    "budget": (*_CALLS, "key"),
}


def alert(found: Document, name: str, spec: AlertSpec, *, local_only: bool) -> Rule | None:
    """The rule; None where it is wrong, which is noted in `found`."""
    path: KeyPath = ("alerts", name)
    if any(f"{one.path}.".startswith(f"alerts.{name}.") for one in found.problems):
        return None  # what was taken for wrong is missing here
    said = [word for word in CONDITIONS if not _left_out(getattr(spec, word))]
    if len(said) != 1:
        what = "names no condition" if not said else "names several conditions"
        found.object_to(path, f"{what}, and an alert has one", f"one of: {', '.join(CONDITIONS)}")
        return None
    measure = CONDITIONS[said[0]]
    if spec.spend_usd == 0:
        found.object_to((*path, "spend_usd"), "is crossed always", "such as `0.01`")
    for word, measures in _GOES_WITH.items():
        if getattr(spec, word) is not None and measure not in measures:
            found.object_to((*path, word), f"`{said[0]}` does not go by it")
    return Rule(
        name,
        measure,
        over=float(getattr(spec, said[0])),
        scope=_scope(found, path, spec.scope or "all", measure),
        per=spec.per or "day",
        window_s=spec.window_s or WINDOW_S,
        min_calls=spec.min_calls or MIN_CALLS,
        timeout_s=spec.timeout_s,
        command=_command(found, path, spec),
        webhook=_webhook(found, path, spec.webhook or "", local_only=local_only),
        key=_key(found, path, spec),
        header=spec.header or "Authorization",
    )


def shown_alert(rule: Rule) -> dict[str, Any]:
    """The rule as a profile has it, but for the path of a webhook, which may be a secret."""
    word = next(word for word, measure in CONDITIONS.items() if measure == rule.measure)
    value: Any = True if rule.measure == "breaker" else rule.over
    said: dict[str, Any] = {word: dollars(int(rule.over)) if rule.measure == "spend" else value}
    usual = Rule("", rule.measure)
    for name in ("scope", "per", "window_s", "min_calls", "timeout_s", "header"):
        if getattr(rule, name) != getattr(usual, name):
            said[name] = getattr(rule, name)
    if rule.key is not None:
        said["key"] = str(rule.key)
    if rule.command:
        return {**said, "command": list(rule.command)}
    parts = urlsplit(rule.webhook)
    hidden = f"{parts.scheme}://{parts.hostname}/***"
    return {**said, "webhook": rule.webhook if rule.webhook.startswith("env:") else hidden}


def _left_out(value: object) -> bool:
    return value is None or value is False


def _scope(found: Document, path: KeyPath, text: str, measure: Measure) -> str:
    kinds = _SCOPES.get(measure, _CALLS)
    try:
        scope = checked_scope(text)
    except UsageError as error:
        found.object_to((*path, "scope"), error.message, error.hint)
        return "all"
    if scope == RUN or scope.partition(":")[0] not in kinds:
        shown = ", ".join(kind if kind == "all" else f"{kind}:" for kind in kinds)
        found.object_to((*path, "scope"), f"this alert has no scope `{scope}`", f"one of: {shown}")
    return scope


def _command(found: Document, path: KeyPath, spec: AlertSpec) -> tuple[str, ...]:
    if (spec.command is None) == (spec.webhook is None):
        what = "nobody to tell" if spec.command is None else "both a command and a webhook"
        found.object_to(path, f"has {what}", "write `command` or `webhook`")
    if spec.command is None:
        return ()
    try:
        words = tuple(shlex.split(spec.command)) if isinstance(spec.command, str) else spec.command
    except ValueError:
        found.object_to((*path, "command"), "has a quote that is not closed")
        return ()
    if not words or not words[0]:
        found.object_to((*path, "command"), "is empty")
    return words


def _webhook(found: Document, path: KeyPath, text: str, *, local_only: bool) -> str:
    if not text.startswith("env:"):
        wrong = wrong_webhook(text, local_only=local_only) if text else None
    elif is_variable(text.removeprefix("env:").strip()):
        wrong = None
    else:
        wrong = "has after `env:` what is not the name of a variable"
    if wrong:
        found.object_to((*path, "webhook"), wrong)
    return text


def _key(found: Document, path: KeyPath, spec: AlertSpec) -> KeyRef | None:
    for word in ("key", "header"):
        if getattr(spec, word) is not None and spec.webhook is None:
            found.object_to((*path, word), "goes with a `webhook`")
    if spec.key is None:
        return None
    try:
        return parse_key(spec.key, KeyRef("none"))
    except UsageError as error:
        found.object_to((*path, "key"), error.message, error.hint)
        return None
