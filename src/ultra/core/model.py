"""Who answers: providers, endpoints and models as the checked profile names them."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct, field

from ultra.core.cost import Price
from ultra.core.errors import UsageError
from ultra.core.expect import Expectation
from ultra.core.extract import Extractor

Environment = Literal["development", "testing", "production"]
Capability = Literal["vision", "files", "audio", "tools", "json_schema", "reasoning"]
AuthStyle = Literal["bearer", "x-api-key", "x-goog-api-key", "api-key", "sigv4", "none"]
"""How a key goes along: in which header, or (`sigv4`) as a bearer key where there is one and else
as a signature made with the AWS credentials of this machine."""


class ModelRef(Struct, frozen=True):
    """A model as everybody writes it: `provider:model`; the first colon splits."""

    provider: str
    model: str

    @classmethod
    def parse(cls, text: str) -> "ModelRef":
        """Read `provider:model`. Raises `UsageError` when either half is missing."""
        provider, colon, model = text.partition(":")
        if not (provider and colon and model):
            raise UsageError(
                f"`{text}` is not a model", hint="write `provider:model` or an alias of the profile"
            )
        return cls(provider, model)

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}"


class KeyRef(Struct, frozen=True):
    """Where a key comes from, never the key. `none` means that the endpoint wants no key.

    `default` looks in the variables named by the vendor's row first (`name` holds them, separated
    by commas), then in the keyring under the provider's name.
    """

    kind: Literal["default", "env", "keyring", "command", "file", "stdin", "none"]
    name: str = ""

    def __str__(self) -> str:
        return self.kind if self.kind in ("none", "stdin") else f"{self.kind}:{self.name}"


class Quirks(Struct, frozen=True, omit_defaults=True):
    """How a vendor departs from its protocol, as data.

    `max_tokens_field` is the body's name for the output cap; `stream_usage` asks for usage with
    `stream_options`; `query` is added to every URL; `schema` is how JSON Schema output is asked
    for; `seed` says whether a seed is accepted, `seed_field` under which name; `path` replaces the
    protocol's default path, where `{model}` stands for the model id; `models_path` is where models
    are listed, empty where they are not. `images`, `audio` and `files`
    (PDF) say whether and how attachments go along.
    """

    max_tokens_field: str = "max_tokens"
    stream_usage: bool = True
    query: dict[str, str] = field(default_factory=dict)
    schema: Literal["json_schema", "json_object", "none"] = "json_schema"
    seed: bool = True
    seed_field: str = "seed"
    images: bool = True
    audio: bool = True
    files: Literal["file", "document_url", "none"] = "file"
    path: str = ""
    models_path: str = "/models"
    system_role: Literal["system", "developer"] = "system"


class Timers(Struct, frozen=True):
    """How long to wait, in seconds. `first_token_s` is longer for models that reason first."""

    connect_s: float = 5.0
    first_token_s: float = 60.0
    reasoning_first_token_s: float = 180.0
    idle_s: float = 60.0
    run_s: float = 300.0


class Endpoint(Struct, frozen=True, omit_defaults=True):
    """One base URL and credential of a provider, spoken to in one protocol.

    `provider` is the profile's name for it, `vendor` the catalog row it came from (empty for a
    server known only by its URL). `options` are those of every model here; the simulated provider
    reads its dials there. `concurrency`, `requests_per_minute` and `tokens_per_minute` are limits
    of our own, None for none.
    """

    provider: str
    protocol: str
    base_url: str
    key: KeyRef
    vendor: str = ""
    auth: AuthStyle = "bearer"
    headers: dict[str, str] = field(default_factory=dict)
    quirks: Quirks = field(default_factory=Quirks)
    timers: Timers = field(default_factory=Timers)
    concurrency: int | None = None
    options: dict[str, object] = field(default_factory=dict)
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None

    @property
    def simulated(self) -> bool:
        """Whether answers are made up; every screen and JSON says so."""
        return self.protocol == "simulated"


class Target(Struct, frozen=True, omit_defaults=True):
    """One model at one endpoint, ready to be called. `name` is what the user calls it.

    Unknown windows, caps and capabilities are None: a model that no catalog knows passes through.
    `max_output_tokens` is what the model can, `output_cap` what the profile lets it, None leaving
    the length to the provider. `options` stand in for what a call does not say: see
    `core.request.settled`. `tier` is how good the user holds the model to be, from 1 to 4; None
    where nothing was said. `ensemble` is who answers in its place when the model is none.
    """

    name: str
    model: str
    endpoint: Endpoint
    price: Price | None = None
    context_window: int | None = None
    max_output_tokens: int | None = None
    capabilities: tuple[Capability, ...] | None = None
    options: dict[str, object] = field(default_factory=dict)
    output_cap: int | None = None
    tier: int | None = None
    ensemble: "Ensemble | None" = None

    @property
    def ref(self) -> ModelRef:
        """`provider:model`, whatever the user calls it."""
        return ModelRef(self.endpoint.provider, self.model)

    @property
    def reasons(self) -> bool:
        """Whether the catalog says that the model thinks before its first token."""
        return bool(self.capabilities and "reasoning" in self.capabilities)

    @property
    def models(self) -> "tuple[Target, ...]":
        """The models that a call may go to: itself, or everybody of its ensemble, each once."""
        return (self,) if self.ensemble is None else self.ensemble.everyone

    @property
    def voice(self) -> "Target":
        """The one model that writes or judges for it: itself, or who writes in its ensemble."""
        if self.ensemble is None:
            return self
        return (self.ensemble.synthesizer or self.ensemble.members[0]).voice

    @property
    def simulated(self) -> bool:
        """Whether any part of its answer would be made up."""
        return any(model.endpoint.simulated for model in self.models)


class Method(Struct, frozen=True, omit_defaults=True):
    """How a strategy goes about it; what one has no use for stands idle.

    `judges` rank answers by `criteria` (empty for the usual ones), beside a `reference` answer
    where there is one, in `duels` where they are to meet two by two; a judge ranks no answer of its
    own model unless `self_judging`. `extract` is what of an answer is compared, None its whole;
    numbers that differ by no more than `tolerance` (a share of the larger) are the same.
    `min_share` (0..1) is the share of votes below which there is no consensus; with `escalate` the
    answers are then fused. Votes weigh by `accuracies`, the measured share (0..1) of right answers
    of models by `provider:model`, empty for one vote each; `options` is how many answers there are
    to choose from, None for as many as were given. `layers` is how often answers are made of
    answers, `revisions` how often one may be sent back. A writer compares for itself with
    `one_call`, names the answers it draws on with `cite`, and adds nothing of its own with
    `sources_only`. `expect` is what every answer is held to. With `reading` the judges say
    which answers come to the same, and with `blind` the user is not to know who gave which.
    """

    judges: tuple[Target, ...] = ()
    criteria: str = ""
    reference: str = ""
    duels: bool = False
    self_judging: bool = False
    extract: Extractor | None = None
    tolerance: float = 0.0
    min_share: float = 0.5
    escalate: bool = False
    accuracies: dict[str, float] = field(default_factory=dict)
    options: int | None = None
    layers: int = 2
    revisions: int = 2
    one_call: bool = False
    cite: bool = False
    sources_only: bool = False
    expect: tuple[Expectation, ...] = ()
    reading: bool = False
    blind: bool = False


class Ensemble(Struct, frozen=True, omit_defaults=True):
    """A strategy with members, of which some may be ensembles, that is used like a model."""

    name: str
    strategy: str
    members: tuple[Target, ...]
    synthesizer: Target | None = None
    method: Method = Method()

    @property
    def everyone(self) -> tuple[Target, ...]:
        """The models that the prompt may go to, each once."""
        helpers = (*([self.synthesizer] if self.synthesizer else []), *self.method.judges)
        return tuple(unique(models_of((*self.members, *helpers))))

    @property
    def depth(self) -> int:
        """How many ensembles stand in one another; 1 for one of models alone."""
        inner = [member.ensemble.depth for member in self.members if member.ensemble]
        return 1 + max(inner, default=0)

    @property
    def target(self) -> Target:
        """The ensemble where a model stands."""
        nowhere = Endpoint(ENSEMBLE, ENSEMBLE, "", KeyRef("none"))
        return Target(self.name, self.name, nowhere, ensemble=self)


ENSEMBLE = "ensemble"
"""What stands where a model has its provider and protocol."""


Policy = Literal[
    "order", "cheapest", "fastest", "best", "balanced", "weighted", "round-robin", "explore"
]
"""How a route puts its candidates in order; `order` keeps the one written."""


Slo = Literal["p50", "p90"]
"""The share of answers that a time is to hold for."""


class RouteRules(Struct, frozen=True, omit_defaults=True):
    """What a policy is to go by.

    `weights` are shares of models by name for `weighted`, else what quality, cost and time count.
    `min_quality` (0..1) leaves out models held to be worse; `slo_s` puts those behind whose answers
    take longer in one case of ten; `slo` is the time by which one is `fastest`: the usual one, or
    that which nine in ten answers stay within; `allow_unpriced` lets models without a price be
    `cheapest`.
    """

    weights: dict[str, float] = field(default_factory=dict)
    min_quality: float | None = None
    slo_s: float | None = None
    slo: Slo = "p50"
    allow_unpriced: bool = False


class Route(Struct, frozen=True, omit_defaults=True):
    """An ordered choice among models: the first in the policy's order answers, the rest stand by.

    `on_failure` are asked after all candidates, as written. `on_context_length` and
    `on_content_filter` are asked after that class of failure alone, and nobody else after it.
    """

    name: str
    candidates: tuple[Target, ...]
    policy: Policy = "order"
    on_failure: tuple[Target, ...] = ()
    on_context_length: tuple[Target, ...] = ()
    on_content_filter: tuple[Target, ...] = ()
    rules: RouteRules = RouteRules()

    @property
    def usual(self) -> tuple[Target, ...]:
        """Whom an ordinary failure leads to, each once, in the order written."""
        return tuple(unique((*self.candidates, *self.on_failure)))

    @property
    def everyone(self) -> tuple[Target, ...]:
        """Whom a prompt may go to at all, each once."""
        return tuple(unique((*self.usual, *self.on_context_length, *self.on_content_filter)))


def models_of(targets: Iterable[Target]) -> tuple[Target, ...]:
    """The targets with the models of each ensemble in its place."""
    return tuple(model for target in targets for model in target.models)


def unique(targets: Iterable[Target]) -> list[Target]:
    """The targets in order, without those that stood before."""
    seen: list[Target] = []
    for target in targets:
        if target not in seen:
            seen.append(target)
    return seen


Choice = Target | Ensemble | Route
"""What one name of a profile stands for."""
