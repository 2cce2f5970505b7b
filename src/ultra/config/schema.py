"""What may stand in a profile: one table that the checker walks and the JSON Schema comes from."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, field

from ultra.config.fields import (
    Checked,
    Count,
    Dollars,
    Free,
    ModelText,
    Name,
    Protocol,
    Reference,
    Seconds,
    StrategyName,
    Words,
    as_shown,
)
from ultra.core.model import AuthStyle, Capability, Environment, Policy, Slo


class PriceSpec(Checked, frozen=True):
    """Dollars per million tokens, read exactly. A kind left out is billed as its wider kind."""

    input_per_mtok: Dollars
    output_per_mtok: Dollars
    cache_read_per_mtok: Dollars | None = None
    cache_write_per_mtok: Dollars | None = None
    cache_write_1h_per_mtok: Dollars | None = None
    audio_input_per_mtok: Dollars | None = None
    audio_output_per_mtok: Dollars | None = None
    reasoning_per_mtok: Dollars | None = None
    request_usd: Dollars | None = None


class ModelSpec(Checked, frozen=True):
    """One model under a short name. What is left out comes from the catalog, or is unknown."""

    model: ModelText
    price: Literal["free"] | PriceSpec | None = None
    context_window: Count | None = None
    max_output_tokens: Count | None = None
    capabilities: tuple[Capability, ...] | None = None
    options: dict[str, Free] = field(default_factory=dict)
    tier: Annotated[int, Meta(ge=1, le=4, description="How good, 4 the best")] | None = None


class LimitsSpec(Checked, frozen=True):
    """How much may be asked of a provider at once."""

    concurrency: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    requests_per_minute: Count | None = None
    tokens_per_minute: Count | None = None


class TimersSpec(Checked, frozen=True):
    """How long to wait; what is left out keeps its default."""

    connect_s: Seconds | None = None
    first_token_s: Seconds | None = None
    reasoning_first_token_s: Seconds | None = None
    idle_s: Seconds | None = None
    run_s: Seconds | None = None


class ProviderSpec(Checked, frozen=True):
    """One company, service or server. An empty one takes everything from the catalog row."""

    vendor: Annotated[str, Meta(description="Catalog row, when the name is another")] | None = None
    protocol: Protocol | None = None
    base_url: Annotated[str, Meta(max_length=2048, extra={"secret": True})] | None = None
    key: (
        Annotated[
            str,
            Meta(
                max_length=4096,
                extra={"secret": True},
                description="env:NAME, keyring:NAME, command:..., file:PATH, default or none",
            ),
        ]
        | None
    ) = None
    auth: AuthStyle | None = None
    headers: dict[
        Annotated[
            str,
            Meta(pattern=r"^[A-Za-z0-9-]+$", extra={"why": "a header has letters, digits, `-`"}),
        ],
        Annotated[str, Meta(max_length=4096, extra={"secret": True})],
    ] = field(default_factory=dict)
    limits: LimitsSpec | None = None
    timers: TimersSpec | None = None
    options: dict[str, Free] = field(default_factory=dict)


class EnsembleSpec(Checked, frozen=True):
    """A strategy with members that gives one answer and is used like a model."""

    members: Annotated[tuple[Reference, ...], Meta(min_length=1)]
    strategy: StrategyName = "fusion"
    synthesizer: Reference | None = None
    judges: Annotated[tuple[Reference, ...], Meta(min_length=1)] | None = None
    criteria: Words | None = None
    reference: Words | None = None
    duels: bool | None = None
    self_judging: bool | None = None
    extract: (
        Annotated[
            str,
            Meta(
                max_length=1024,
                description="number, choice, exact, json:PATH or regex:PATTERN",
            ),
        ]
        | None
    ) = None
    tolerance: Annotated[float, Meta(ge=0, le=1)] | None = None
    min_share: Annotated[float, Meta(ge=0, le=1)] | None = None
    escalate: bool | None = None
    accuracies: dict[Reference, Annotated[float, Meta(ge=0, le=1)]] = field(default_factory=dict)
    options: Annotated[int, Meta(ge=2, le=1_000_000)] | None = None
    layers: Annotated[int, Meta(ge=2, le=3)] | None = None
    revisions: Annotated[int, Meta(ge=0, le=5)] | None = None
    one_call: bool | None = None
    cite: bool | None = None
    sources_only: bool | None = None
    expect: tuple[
        Annotated[
            str,
            Meta(
                max_length=1024,
                description="exact:TEXT, contains:TEXT, regex:PATTERN or number:VALUE",
            ),
        ],
        ...,
    ] = ()


class RouteSpec(Checked, frozen=True):
    """An ordered choice among models."""

    candidates: Annotated[tuple[Reference, ...], Meta(min_length=1)]
    policy: Policy = "order"
    on_failure: tuple[Reference, ...] = ()
    on_context_length: tuple[Reference, ...] = ()
    on_content_filter: tuple[Reference, ...] = ()
    weights: dict[Reference, Annotated[float, Meta(ge=0, le=1_000_000)]] = field(
        default_factory=dict
    )
    min_quality: Annotated[float, Meta(ge=0, le=1)] | None = None
    slo_s: Seconds | None = None
    slo: Slo | None = None
    allow_unpriced: bool | None = None


class DefaultsSpec(Checked, frozen=True):
    """Which names serve when none is given."""

    ask: Reference | None = None
    compare: Reference | tuple[Reference, ...] | None = None
    synthesizer: Reference | None = None
    judge: Reference | None = None


class RetrySpec(Checked, frozen=True):
    """How often one request may be tried: in all, and at one target."""

    attempts: Annotated[int, Meta(ge=1, le=20)] | None = None
    per_target: Annotated[int, Meta(ge=1, le=20)] | None = None


class BreakerSpec(Checked, frozen=True):
    """When a failing endpoint is left alone for a while."""

    failures: Count | None = None
    window_s: Seconds | None = None


class BudgetSpec(Checked, frozen=True):
    """How much runs with this profile may spend. `soft` warns; `hard` refuses."""

    run_usd: Dollars | None = None
    day_usd: Dollars | None = None
    week_usd: Dollars | None = None
    month_usd: Dollars | None = None
    mode: Literal["soft", "hard"] | None = None
    cost_center: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class CacheSpec(Checked, frozen=True):
    """Whether a question that was answered before is answered the same again, without asking."""

    enabled: bool | None = None
    ttl_s: Count | None = None
    max_mb: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None


class LogSpec(Checked, frozen=True):
    """What of words is kept in the log, and for how long. What was spent always stays."""

    privacy: Literal["full", "hashed", "off"] | None = None
    keep_days: (
        Annotated[int, Meta(ge=1, le=36_500, description="After so many days its runs go")] | None
    ) = None


class GuardrailsSpec(Checked, frozen=True):
    """What may leave this machine, and to whom."""

    secrets: Literal["refuse", "redact", "allow"] | None = None
    local_only: bool | None = None
    providers: Annotated[tuple[Name, ...], Meta(min_length=1)] | None = None


class AlertSpec(Checked, frozen=True):
    """When somebody is told, and how: one condition, and a command or a webhook."""

    spend_usd: Dollars | None = None
    per: Literal["day", "week", "month"] | None = None
    budget_share: Annotated[float, Meta(gt=0, le=10, description="0.8 is 80%")] | None = None
    error_rate: Annotated[float, Meta(gt=0, le=1, description="0.2 is 20%")] | None = None
    p95_s: Seconds | None = None
    p95_first_token_s: Seconds | None = None
    breaker_open: bool | None = None
    scope: (
        Annotated[
            str,
            Meta(
                max_length=256,
                description="all, or profile:, cost_center:, provider:, tag: with a name",
            ),
        ]
        | None
    ) = None
    window_s: Seconds | None = None
    min_calls: Count | None = None
    timeout_s: Annotated[float, Meta(gt=0, le=50, description="Seconds")] | None = None
    command: (
        Annotated[str, Meta(min_length=1, max_length=4096, extra={"secret": True})]
        | Annotated[
            tuple[Annotated[str, Meta(max_length=4096, extra={"secret": True})], ...],
            Meta(min_length=1),
        ]
        | None
    ) = None
    webhook: (
        Annotated[
            str,
            Meta(max_length=2048, extra={"secret": True}, description="A URL, or env:NAME"),
        ]
        | None
    ) = None
    key: (
        Annotated[
            str,
            Meta(
                max_length=4096,
                extra={"secret": True},
                description="env:NAME, keyring:NAME, command:... or file:PATH",
            ),
        ]
        | None
    ) = None
    header: (
        Annotated[
            str,
            Meta(pattern=r"^[A-Za-z0-9-]+$", extra={"why": "a header has letters, digits, `-`"}),
        ]
        | None
    ) = None


class ProfileSpec(Checked, frozen=True):
    """A profile of ultra: providers and models by the names that you give them."""

    version: Literal[1]
    requires: Annotated[str, Meta(description='Such as ">=0.1"', max_length=64)] | None = None
    extends: Annotated[str, Meta(min_length=1, max_length=1024)] | None = None
    environment: Environment | None = None
    providers: dict[Name, ProviderSpec | None] = field(default_factory=dict)
    models: dict[Name, ModelText | ModelSpec | None] = field(default_factory=dict)
    groups: dict[Name, Annotated[tuple[Reference, ...], Meta(min_length=1)] | None] = field(
        default_factory=dict
    )
    ensembles: dict[Name, EnsembleSpec | None] = field(default_factory=dict)
    routes: dict[Name, RouteSpec | None] = field(default_factory=dict)
    defaults: DefaultsSpec | None = None
    retry: RetrySpec | None = None
    breaker: BreakerSpec | None = None
    budget: BudgetSpec | None = None
    cache: CacheSpec | None = None
    guardrails: GuardrailsSpec | None = None
    log: LogSpec | None = None
    alerts: dict[Name, AlertSpec | None] = field(default_factory=dict)
    timers: TimersSpec | None = None
    confirm_usd: Annotated[float, Meta(ge=0, le=1_000_000, description="US dollars")] | None = None


class AliasesSpec(Checked, frozen=True):
    """The user's own short names for models, kept by `ultra aliases`."""

    version: Literal[1]
    models: dict[Name, ModelText | ModelSpec | None] = field(default_factory=dict)


NAMED = ("models", "ensembles", "routes")
"""The sections that share one namespace."""

BY_NAME = ("providers", "models", "groups", "ensembles", "routes", "alerts")
"""The sections whose entries `extends` replaces one by one, each whole."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a profile, for editors that complete and check."""
    described = msgspec.json.schema(ProfileSpec)
    schema: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(as_shown(described)))
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "ultra profile"
    return schema
