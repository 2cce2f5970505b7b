"""Writes the first profile out of what `ultra init` found."""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from ultra.config.endpoints import Lookup, vendor_url
from ultra.config.files import shown, write_private
from ultra.core.catalog import Catalog, ModelFacts
from ultra.core.errors import ConfigError
from ultra.core.text import one_line

PREFERRED: dict[str, tuple[str, ...]] = {
    "openai": ("gpt-5-mini", "gpt-4.1-mini"),
    "anthropic": ("claude-sonnet-4-5", "claude-haiku-4-5"),
    "gemini": ("gemini-2.5-flash",),
    "mistral": ("mistral-medium-latest", "mistral-small-latest"),
    "groq": ("llama-3.3-70b-versatile", "openai/gpt-oss-120b"),
    "deepseek": ("deepseek-chat",),
    "xai": ("grok-4-fast-non-reasoning", "grok-4.5"),
    "together": ("openai/gpt-oss-120b",),
    "openrouter": ("openai/gpt-5-mini",),
    "fireworks": ("accounts/fireworks/models/gpt-oss-120b",),
    "perplexity": ("sonar",),
    "cerebras": ("gpt-oss-120b",),
}
"""General models of middling price, best first; one counts only while the catalog knows it."""

_NO_CHAT = re.compile(
    r"audio|image|embed|tts|realtime|transcribe|moderation|guard|live|ocr|whisper|preview"
    r"|search|research|vision|codex|instruct-|ft[:-]|:free|:batch"
)
_MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}")
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9._+-]+")
_MODELS_PER_SERVER = 3


class FoundKey(Struct, frozen=True):
    """A vendor whose key was found, and where (`env:NAME` or `keyring:NAME`)."""

    vendor: str
    source: str


class FoundServer(Struct, frozen=True):
    """A server on this machine that answered as `vendor` does, with the models it lists."""

    vendor: str
    base_url: str
    models: tuple[str, ...] = ()


class _Provider(Struct):
    name: str
    body: str
    remark: str
    models: dict[str, str]


def profile_text(
    keys: Sequence[FoundKey],
    servers: Sequence[FoundServer],
    catalog: Catalog,
    *,
    lookup: Lookup = os.environ.get,
) -> str:
    """A commented profile that our own checker passes; `lookup` finds what vendors' URLs need."""
    vendors = catalog.vendors()
    ready = [key for key in keys if key.vendor in vendors and _ready(key, catalog, lookup)]
    waiting = [key for key in keys if key.vendor in vendors and key not in ready]
    providers = [_keyed(key, catalog) for key in ready]
    for server in servers:
        providers.append(_local(server, catalog, {provider.name for provider in providers}))
    models = {alias: model for provider in providers for alias, model in provider.models.items()}
    return "\n".join([*_head(providers, waiting), *_models(models), *_foot(models)]) + "\n"


def write_profile(path: Path, text: str, *, force: bool = False) -> None:
    """Write the profile whole, for its owner only. Raises `ConfigError`, also when one is there."""
    if not force and os.path.lexists(path):
        raise ConfigError(
            f"`{shown(path)}` is there already", hint="`ultra init --force` replaces it"
        )
    write_private(path, text.encode())


def default_model(vendor: str, catalog: Catalog) -> str | None:
    """A sensible model: a preferred one, else one of middling price; None when none is known."""
    for model in PREFERRED.get(vendor, ()):
        facts = catalog.facts(vendor, model)
        if facts is not None and not facts.deprecated:
            return model
    priced = sorted(
        (_size(facts), facts.model) for facts in catalog.models(vendor) if _usual(facts)
    )
    return priced[(len(priced) - 1) // 2][1] if priced else None


def _usual(facts: ModelFacts) -> bool:
    return (
        facts.price is not None
        and not facts.deprecated
        and _size(facts) > 0
        and bool(_MODEL_ID.fullmatch(facts.model))
        and not _NO_CHAT.search(facts.model.lower())
    )


def _size(facts: ModelFacts) -> int:
    price = facts.price
    return price.input.nano_per_mtok + price.output.nano_per_mtok if price else 0


def _ready(key: FoundKey, catalog: Catalog, lookup: Lookup) -> bool:
    try:
        vendor_url(catalog.vendors()[key.vendor], lookup)
    except ConfigError:
        return False
    return True


def _keyed(key: FoundKey, catalog: Catalog) -> _Provider:
    model = default_model(key.vendor, catalog)
    named = {key.vendor: f"{key.vendor}:{model}"} if model else {}
    return _Provider(key.vendor, "{}", f"key from {one_line(key.source, 80)}", named)


def _local(server: FoundServer, catalog: Catalog, taken: set[str]) -> _Provider:
    row = catalog.vendors().get(server.vendor)
    base = _NOT_IN_NAME.sub("-", server.vendor).strip("-._+") or "server"
    name = next(
        candidate
        for candidate in (base, *(f"{base}-{number}" for number in range(2, 100)))
        if candidate not in taken
    )
    fields = {"base_url": server.base_url}
    if row is None:
        fields = {"protocol": "openai-chat", **fields, "key": "none"}
    elif name != row.name:
        fields = {"vendor": row.name, **fields}
    elif server.base_url.rstrip("/") == row.base_url.rstrip("/"):
        fields = {}
    known = [model for model in server.models if _MODEL_ID.fullmatch(model)]
    models = {
        f"{name}-{_NOT_IN_NAME.sub('-', model).strip('-._+')}"[:64]: f"{name}:{model}"
        for model in known[:_MODELS_PER_SERVER]
    }
    return _Provider(name, _flow(fields), f"found at {one_line(server.base_url, 200)}", models)


def _head(providers: Sequence[_Provider], waiting: Sequence[FoundKey]) -> Iterable[str]:
    yield "# A profile of ultra: which models there are, and which serve when you name none."
    yield "# `ultra profiles check` says whether it holds, `ultra models` what it offers."
    yield "version: 1"
    yield ""
    yield "# Keys never stand in here: they come from the environment or from the keyring"
    yield "# (`ultra keys set PROVIDER`), or from where `key:` says (env:NAME, keyring:NAME,"
    yield "# command:..., file:PATH)."
    yield "providers:" if providers else "providers: {}"
    for provider in providers:
        yield f"  {provider.name}: {provider.body}  # {provider.remark}"
    for key in waiting:
        yield f"  # {key.vendor}: {{}}  # its URL needs a variable that is not set yet"
    yield "  # lab: {protocol: openai-chat, base_url: http://127.0.0.1:8000/v1, key: none}"
    yield ""


def _models(models: dict[str, str]) -> Iterable[str]:
    yield "# Short names. Any `provider:model` works without one."
    yield "models:" if models else "models: {}"
    for alias, model in models.items():
        yield f"  {alias}: {_quoted(model)}"
    yield ""


def _foot(models: dict[str, str]) -> Iterable[str]:
    first = next(iter(models), None)
    if first is not None:
        yield "# `@all` on the command line stands for all of these."
        yield "groups:"
        yield f"  all: {_flow_list(models)}"
        yield ""
        yield "# A strategy with members, used like a model (`ultra models --strategies`):"
        yield f'# ensembles: {{panel: {{members: ["@all"], synthesizer: {first}}}}}'
        yield ""
        yield "defaults:"
        yield f"  ask: {first}"
        yield '  compare: "@all"'
        yield f"  synthesizer: {first}"
        yield ""
    yield "# A terminal is asked before a run that may cost more than this (US dollars)."
    yield "confirm_usd: 0.25"
    yield ""
    yield "# A day's budget that warns at 80% and at 100% (`mode: hard` refuses instead):"
    yield "# budget: {day_usd: 5, mode: soft}"


def _flow(fields: dict[str, str]) -> str:
    inner = ", ".join(f"{name}: {_quoted(value)}" for name, value in fields.items())
    return f"{{{inner}}}"


def _flow_list(names: Iterable[str]) -> str:
    return f"[{', '.join(names)}]"


def _quoted(value: str) -> str:
    """A YAML double-quoted string, which JSON's ASCII strings are."""
    return msgspec.json.encode(value).decode()
